//! Flat and cumulative values of all nodes, in one pass over the samples.
//!
//! Flat goes to the node of the innermost frame; cum goes once per sample to every node
//! on its stack, however often recursion repeats it (google/pprof
//! `internal/graph/graph.go`, `newGraph`). A node remembers the last sample that touched
//! it, so that no set is built for a sample. Large profiles are split between threads.

use fathom_profile::{LocationId, Profile};

use crate::node::Frames;
use crate::parallel::in_parts;
use crate::scope::{Scope, Weight};

/// What fell to one node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) flat: Weight,
    pub(crate) cum: Weight,
}

impl Tally {
    /// Whether nothing fell to the node, or everything cancelled out.
    pub(crate) const fn is_empty(&self) -> bool {
        self.flat.value == 0 && self.cum.value == 0
    }

    /// Whether a difference shows that it shrank.
    pub(crate) const fn is_negative(&self) -> bool {
        self.flat.value < 0 || (self.flat.value == 0 && self.cum.value < 0)
    }
}

/// What fell to each node, in one column.
struct Sums {
    flat: Vec<i64>,
    cum: Vec<Cum>,
}

/// Looked at for every frame of every stack: all of them should fit into a cache.
#[derive(Clone, Copy, Default)]
struct Cum {
    value: i64,
    /// One more than the last sample that counted.
    mark: u32,
}

/// Stands for the node of a location that has none or several.
const SEVERAL: u32 = u32::MAX;

/// Adds up what fell to each node, or to each group of nodes.
pub(crate) fn tally(scope: &Scope<'_>, nodes: &impl Frames) -> Vec<Tally> {
    tally_column(scope, nodes, scope.column)
}

/// Adds it up in another column than that of the report.
pub(crate) fn tally_column(scope: &Scope<'_>, nodes: &impl Frames, column: usize) -> Vec<Tally> {
    let values = sums(&scope.profile, nodes, column);
    let divisors = scope
        .divisor
        .map(|column| sums(&scope.profile, nodes, column));
    let weight = |values: &[i64], divisors: Option<&[i64]>, node: usize| Weight {
        value: values.get(node).copied().unwrap_or(0),
        divisor: divisors.and_then(|it| it.get(node)).copied().unwrap_or(0),
    };
    let (flat, cum) = values;
    let (flat_divisors, cum_divisors) = divisors.unzip();
    (0..nodes.count())
        .map(|node| Tally {
            flat: weight(&flat, flat_divisors.as_deref(), node),
            cum: weight(&cum, cum_divisors.as_deref(), node),
        })
        .collect()
}

/// Flat and cum of each node.
fn sums(profile: &Profile, nodes: &impl Frames, column: usize) -> (Vec<i64>, Vec<i64>) {
    let only: Vec<u32> = (0..profile.location_count())
        .filter_map(LocationId::from_index)
        .map(|location| match nodes.of(location) {
            &[only] => only,
            _ => SEVERAL,
        })
        .collect();
    let sums = in_parts(
        profile.sample_count(),
        |samples| tally_range(profile, nodes, &only, column, samples),
        |into: &mut Sums, from| {
            for (into, from) in into.flat.iter_mut().zip(from.flat) {
                *into = into.wrapping_add(from);
            }
            for (into, from) in into.cum.iter_mut().zip(from.cum) {
                into.value = into.value.wrapping_add(from.value);
            }
        },
    );
    let cum = sums.cum.into_iter().map(|cum| cum.value).collect();
    (sums.flat, cum)
}

/// `only` is the node of each location, or [`SEVERAL`].
fn tally_range(
    profile: &Profile,
    nodes: &impl Frames,
    only: &[u32],
    column: usize,
    samples: std::ops::Range<usize>,
) -> Sums {
    let mut flat = vec![0_i64; nodes.count()];
    let mut cum = vec![Cum::default(); nodes.count()];
    let values = profile.values(column);
    for sample in samples {
        let value = values.get(sample).copied().unwrap_or(0);
        if value == 0 {
            continue;
        }
        let mark = u32::try_from(sample + 1).unwrap_or(u32::MAX);
        let mut count = |node: u32| {
            if let Some(cum) = cum.get_mut(node as usize)
                && cum.mark != mark
            {
                cum.mark = mark;
                cum.value = cum.value.wrapping_add(value);
            }
        };
        let stack = profile.stack(sample);
        for &location in stack {
            match only.get(location.index()) {
                Some(&SEVERAL) => nodes.of(location).iter().copied().for_each(&mut count),
                Some(&node) => count(node),
                None => {}
            }
        }
        let leaf = stack
            .first()
            .and_then(|&location| nodes.of(location).first());
        if let Some(flat) = leaf.and_then(|&node| flat.get_mut(node as usize)) {
            *flat = flat.wrapping_add(value);
        }
    }
    Sums { flat, cum }
}
