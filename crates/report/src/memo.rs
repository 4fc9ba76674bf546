//! What one report found in the samples and the next can use.
//!
//! A report of a large profile spends its time in passes over all samples: what fell to
//! each node, and which calls there were. The shell and the browser ask for one report
//! after the other of one profile, most with the same filters. What the passes find does
//! not depend on how a report shows it.

use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fathom_profile::Profile;

use crate::edge::Edge;
use crate::options::Options;
use crate::tally::Tally;

/// How many filters, and for each how many choices of nodes, are remembered.
const REMEMBERED: usize = 8;

/// A profile that a report is to be made of, perhaps one that remembers what earlier ones
/// found in it.
#[derive(Clone, Copy)]
pub struct Subject<'p> {
    pub(crate) profile: &'p Profile,
    pub(crate) memo: Option<&'p Memo>,
}

impl<'p> Subject<'p> {
    /// The profile.
    pub const fn profile(&self) -> &'p Profile {
        self.profile
    }
}

impl<'p> From<&'p Profile> for Subject<'p> {
    fn from(profile: &'p Profile) -> Self {
        Self {
            profile,
            memo: None,
        }
    }
}

impl<'p> From<&'p Memoized> for Subject<'p> {
    fn from(memoized: &'p Memoized) -> Self {
        Self {
            profile: &memoized.profile,
            memo: Some(&memoized.memo),
        }
    }
}

/// A profile with what reports found in its samples. May be used by several threads.
///
/// It remembers what the last few filters and choices of nodes gave: at most some hundred
/// bytes for each function and call of the profile.
#[derive(Debug)]
pub struct Memoized {
    profile: Profile,
    memo: Memo,
}

impl From<Profile> for Memoized {
    fn from(profile: Profile) -> Self {
        let memo = Memo::default();
        Self { profile, memo }
    }
}

impl Deref for Memoized {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.profile
    }
}

/// What reports found in the samples of one profile.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// What was used last comes last.
    entries: Mutex<Vec<(Key, Arc<Findings>)>>,
}

impl Memo {
    /// Returns what is known under these options.
    pub(crate) fn findings(&self, options: &Options, has_objects: bool) -> Arc<Findings> {
        let key = Key::new(options, has_objects);
        recall(&self.entries, |known| *known == key).unwrap_or_else(|| {
            let findings = Arc::new(Findings::default());
            remember(&self.entries, key, &findings);
            findings
        })
    }
}

/// The options on which it depends what a pass over the samples finds.
#[derive(Debug, PartialEq)]
struct Key {
    options: Options,
    /// Whether functions of different binaries are different.
    has_objects: bool,
}

impl Key {
    fn new(options: &Options, has_objects: bool) -> Self {
        let shown = Options::default();
        let options = Options {
            output: shown.output,
            call_tree: shown.call_tree,
            relative_percentages: shown.relative_percentages,
            unit: shown.unit,
            compact_labels: shown.compact_labels,
            intel_syntax: shown.intel_syntax,
            divide_by: shown.divide_by,
            sort: shown.sort,
            drop_negative: shown.drop_negative,
            nodecount: shown.nodecount,
            nodefraction: shown.nodefraction,
            edgefraction: shown.edgefraction,
            trim: shown.trim,
            layout: shown.layout,
            ..options.clone()
        };
        Self {
            options,
            has_objects,
        }
    }
}

/// What the passes found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    tallies: OnceLock<Vec<Tally>>,
    calls: Mutex<Vec<(Kept, Arc<Vec<Edge>>)>>,
}

/// Between which nodes calls were looked for.
#[derive(Debug, PartialEq)]
struct Kept {
    /// Nodes that take part; `None` when all do.
    nodes: Option<Vec<bool>>,
    /// Whether only calls that may be inlined were of interest.
    only_inlined: bool,
}

impl Findings {
    /// What fell to each node.
    pub(crate) fn tallies(&self, find: impl FnOnce() -> Vec<Tally>) -> Vec<Tally> {
        if let Some(known) = self.tallies.get() {
            return known.clone();
        }
        let found = find();
        // Another thread may have found the same meanwhile.
        let _ = self.tallies.set(found.clone());
        found
    }

    /// The calls between the nodes kept.
    pub(crate) fn calls(
        &self,
        nodes: Option<&[bool]>,
        only_inlined: bool,
        find: impl FnOnce() -> Vec<Edge>,
    ) -> Arc<Vec<Edge>> {
        let is_known =
            |kept: &Kept| kept.only_inlined == only_inlined && kept.nodes.as_deref() == nodes;
        recall(&self.calls, is_known).unwrap_or_else(|| {
            let found = Arc::new(find());
            let nodes = nodes.map(<[bool]>::to_vec);
            remember(
                &self.calls,
                Kept {
                    nodes,
                    only_inlined,
                },
                &found,
            );
            found
        })
    }
}

type Entries<K, V> = Mutex<Vec<(K, Arc<V>)>>;

fn recall<K, V>(entries: &Entries<K, V>, is_wanted: impl Fn(&K) -> bool) -> Option<Arc<V>> {
    let mut entries = entries.lock().unwrap_or_else(PoisonError::into_inner);
    let place = entries.iter().position(|(key, _)| is_wanted(key))?;
    let entry = entries.remove(place);
    let found = Arc::clone(&entry.1);
    entries.push(entry);
    Some(found)
}

fn remember<K, V>(entries: &Entries<K, V>, key: K, value: &Arc<V>) {
    let mut entries = entries.lock().unwrap_or_else(PoisonError::into_inner);
    if entries.len() >= REMEMBERED {
        entries.remove(0);
    }
    entries.push((key, Arc::clone(value)));
}

#[cfg(test)]
mod tests {
    use fathom_profile::Limits;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::callgraph::CallGraph;
    use crate::top::{Intervals, TextOptions, Top, render_text};
    use crate::tree::Tree;

    const FOLDED: &[u8] = b"main;a;b;a;c 5\nmain;b;c 7\nmain;a 1\nmain;d;a;c 2\nmain;d;b 90\n";

    fn all(subject: Subject<'_>, options: &Options) -> Vec<String> {
        let top = Top::new(subject, options, Intervals::Omit).unwrap();
        let tree = Tree::new(subject, options, None).unwrap();
        let peek = Tree::new(subject, options, Some("a|c")).unwrap();
        let graph = CallGraph::new(subject, options).unwrap();
        vec![
            render_text(&top, &TextOptions::default()),
            tree.render_text(&TimeZone::UTC),
            peek.render_text(&TimeZone::UTC),
            graph.render_dot(&TimeZone::UTC),
        ]
    }

    #[test]
    fn reports_are_the_same_with_and_without() {
        let profile = Profile::parse(FOLDED, &Limits::default()).unwrap();
        let memoized = Memoized::from(profile.clone());
        let text = |name: &str| name.to_owned();
        let plain = Options::default();
        let cases = [
            plain.clone(),
            Options {
                nodefraction: 0.1,
                ..plain.clone()
            },
            Options {
                nodecount: 2,
                sort: text("cum"),
                ..plain.clone()
            },
            Options {
                focus: text("b"),
                relative_percentages: true,
                ..plain.clone()
            },
            Options {
                hide: text("^a$"),
                ..plain.clone()
            },
            Options {
                granularity: text("lines"),
                ..plain.clone()
            },
            Options {
                call_tree: true,
                divide_by: 2.0,
                unit: text("auto"),
                ..plain
            },
        ];
        // Once to fill it, once to use it.
        for _ in 0..2 {
            for options in &cases {
                assert_eq!(
                    all((&memoized).into(), options),
                    all((&profile).into(), options),
                    "{options:?}"
                );
            }
        }
        assert_eq!(memoized.memo.entries.lock().unwrap().len(), 4);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let memo = Memo::default();
        let options = |focus: usize| Options {
            focus: focus.to_string(),
            ..Options::default()
        };
        let first = memo.findings(&options(0), false);
        for number in 1..REMEMBERED {
            memo.findings(&options(number), false);
        }
        assert!(Arc::ptr_eq(&first, &memo.findings(&options(0), false)));
        memo.findings(&options(REMEMBERED), false);
        assert!(Arc::ptr_eq(&first, &memo.findings(&options(0), false)));
        assert_eq!(memo.entries.lock().unwrap().len(), REMEMBERED);
    }
}
