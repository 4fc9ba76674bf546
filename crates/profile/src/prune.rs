//! Leaving out the frames below a function: the profile's own `drop_frames` and
//! `keep_frames`, and pprof's `-prune_from` (`profile/prune.go`).
//!
//! Which names match is the caller's to say, who knows the syntax of expressions. Names
//! are shown to it [simplified].

use hashbrown::HashMap;

use crate::handle::{FunctionId, LocationId, StringId};
use crate::profile::Profile;
use crate::tables::LocationTable;

/// A name in parentheses that is none of parameters.
const NAMESPACE: &str = "(anonymous namespace)";

/// Simplifies a function's name as pprof does before it compares it: without the dot that
/// an old PowerPC linker puts in front, and without C++ parameters.
///
/// ```
/// use fathom_profile::prune::simplified;
///
/// assert_eq!(simplified(".ns::f(int, g())"), "ns::f");
/// assert_eq!(simplified("(anonymous namespace)::operator()(int)"),
///     "(anonymous namespace)::operator()");
/// ```
pub fn simplified(name: &str) -> &str {
    let name = name.strip_prefix('.').unwrap_or(name);
    let mut done = 0;
    while let Some(rest) = name.get(done..) {
        let Some(open) = rest.find('(') else { break };
        let is_operator = rest
            .get(..open)
            .is_some_and(|before| before.ends_with("operator"))
            && rest[open..].starts_with("()");
        done += open;
        if name[done..].starts_with(NAMESPACE) {
            done += NAMESPACE.len();
        } else if is_operator {
            done += "()".len();
        } else {
            return &name[..done];
        }
    }
    name
}

/// Removes what the profile itself calls uninteresting: each stack is cut at the function
/// nearest to the root that matches `drop_frames` and not `keep_frames`, the function
/// included. The functions above the first one that does not match stay, so that
/// something is left.
///
/// `compile` turns an anchored expression (`^(…)$`) into a test of simplified names.
///
/// # Errors
///
/// What `compile` fails with. `go tool pprof` then goes on with all frames.
pub fn remove_uninteresting<M: Fn(&str) -> bool, E>(
    profile: Profile,
    compile: impl Fn(&str) -> Result<M, E>,
) -> Result<Profile, E> {
    if profile.drop_frames().is_empty() {
        return Ok(profile);
    }
    let anchored = |pattern: &str| compile(&format!("^({pattern})$"));
    let drops = anchored(profile.drop_frames())?;
    if profile.keep_frames().is_empty() {
        return Ok(prune(profile, drops));
    }
    let keeps = anchored(profile.keep_frames())?;
    Ok(prune(profile, |name| drops(name) && !keeps(name)))
}

/// Cuts each stack at the function nearest to the root that `drops` says to drop, that
/// function and all it called left out; but the functions above the first one that is not
/// dropped stay.
#[must_use]
pub fn prune(mut profile: Profile, drops: impl Fn(&str) -> bool) -> Profile {
    let mut names = Names::new(drops);
    let cuts = cut_lines(&mut profile, |profile, functions| {
        // The outermost call that is dropped; what it was inlined into stays.
        let dropped = functions
            .iter()
            .rposition(|&function| names.matches(profile, function));
        dropped.map(|index| index + 1)
    });
    cut_stacks(&mut profile, |stack| {
        let mut seen_user = false;
        for (index, location) in stack.iter().enumerate().rev() {
            match cuts.get(location.index()) {
                Some(Cut::None) | None => seen_user = true,
                Some(_) if !seen_user => {}
                Some(Cut::Whole) => return index + 1,
                Some(Cut::Beneath) => return index,
            }
        }
        0
    });
    profile
}

/// Cuts each stack at the function nearest to the leaf that `matches`: what it called is
/// left out, it itself stays (`-prune_from`).
#[must_use]
pub fn prune_from(mut profile: Profile, matches: impl Fn(&str) -> bool) -> Profile {
    let mut names = Names::new(matches);
    let cuts = cut_lines(&mut profile, |profile, functions| {
        functions
            .iter()
            .position(|&function| names.matches(profile, function))
    });
    cut_stacks(&mut profile, |stack| {
        let found = stack
            .iter()
            .position(|location| cuts.get(location.index()) == Some(&Cut::Beneath));
        found.unwrap_or(0)
    });
    profile
}

/// What is cut off at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    None,
    /// What it called, and perhaps some of its lines.
    Beneath,
    /// All of it. Its lines stay as they are.
    Whole,
}

/// Answers about names, each asked for once.
struct Names<F> {
    matches: F,
    known: HashMap<StringId, bool>,
}

impl<F: Fn(&str) -> bool> Names<F> {
    fn new(matches: F) -> Self {
        Self {
            matches,
            known: HashMap::new(),
        }
    }

    fn matches(&mut self, profile: &Profile, function: Option<FunctionId>) -> bool {
        let Some(function) = function else {
            return false;
        };
        let id = profile.function_name_id(function);
        let name = profile.text(id);
        let matches = &self.matches;
        !name.is_empty()
            && *self
                .known
                .entry(id)
                .or_insert_with(|| matches(simplified(name)))
    }
}

/// Cuts the lines of each location before the index that `first_kept` returns for its
/// functions, which run from the innermost inlined call outwards.
fn cut_lines(
    profile: &mut Profile,
    mut first_kept: impl FnMut(&Profile, &[Option<FunctionId>]) -> Option<usize>,
) -> Vec<Cut> {
    let count = profile.location_count();
    let mut cuts = Vec::with_capacity(count);
    let mut table = LocationTable::new();
    let mut functions = Vec::new();
    for index in 0..count {
        let rows = profile.locations.line_range(index);
        functions.clear();
        functions.extend(rows.clone().map(|row| profile.locations.line(row).function));
        let (cut, skipped) = match first_kept(profile, &functions) {
            None => (Cut::None, 0),
            Some(kept) if kept == functions.len() => (Cut::Whole, 0),
            Some(kept) => (Cut::Beneath, kept),
        };
        cuts.push(cut);
        for row in rows.skip(skipped) {
            table
                .line_function
                .push(profile.locations.line_function[row]);
            table.line_number.push(profile.locations.line_number[row]);
            table.line_column.push(profile.locations.line_column[row]);
        }
        table.close();
    }
    let old = &mut profile.locations;
    old.line_starts = table.line_starts;
    old.line_function = table.line_function;
    old.line_number = table.line_number;
    old.line_column = table.line_column;
    cuts
}

/// Takes off the front of each stack as many locations as `skipped` says.
fn cut_stacks(profile: &mut Profile, skipped: impl Fn(&[LocationId]) -> usize) {
    let old = &profile.samples;
    let mut starts = Vec::with_capacity(old.stack_starts.len());
    let mut stacks = Vec::with_capacity(old.stacks.len());
    starts.push(0);
    for sample in 0..old.len() {
        let stack = old.stack(sample);
        stacks.extend_from_slice(stack.get(skipped(stack)..).unwrap_or_default());
        starts.push(u32::try_from(stacks.len()).unwrap_or(u32::MAX));
    }
    profile.samples.stack_starts = starts;
    profile.samples.stacks = stacks;
}
