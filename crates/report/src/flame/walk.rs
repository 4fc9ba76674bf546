//! Along the stacks: where samples begin, and what comes next, towards the leaf or the root.

use fathom_profile::LocationId;

use super::facts::Facts;
use super::window::{Walk, Window};
use crate::node::NodeTable;
use crate::scope::Scope;

/// What the new profile and the base hold.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) value: i64,
    pub(super) base: i64,
}

impl Sums {
    pub(super) const fn add(&mut self, other: Self) {
        self.value = self.value.saturating_add(other.value);
        self.base = self.base.saturating_add(other.base);
    }

    pub(super) fn larger(self) -> i64 {
        self.value.max(self.base)
    }
}

/// A sample on its way along its stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) sample: u32,
    /// Towards the leaf: how many locations, and frames of the next one, are still to come.
    /// Towards the root: how many have been passed.
    pub(super) locations: u32,
    pub(super) frames: u32,
    /// Towards the leaf: how many locations have been passed since the cursor began.
    pub(super) passed: u32,
    /// What it holds; negative for a sample of the base.
    pub(super) value: i64,
}

impl Cursor {
    pub(super) const fn sums(&self) -> Sums {
        if self.value < 0 {
            Sums {
                value: 0,
                base: self.value.saturating_neg(),
            }
        } else {
            Sums {
                value: self.value,
                base: 0,
            }
        }
    }
}

/// Where samples begin.
pub(super) struct Starts<'a> {
    scope: &'a Scope<'a>,
    table: &'a NodeTable<'a>,
    walk: Walk,
    /// By node: whether it is the function to begin at; empty to begin at the end.
    pivot: Vec<bool>,
}

impl<'a> Starts<'a> {
    pub(super) fn new(
        scope: &'a Scope<'a>,
        table: &'a NodeTable<'a>,
        facts: &Facts,
        window: &Window,
    ) -> Self {
        let is_pivot = |name: &str| window.pivot.as_deref() == Some(name);
        let nodes = (0_u32..).take(table.len());
        let pivot = if window.pivot.is_some() {
            nodes.map(|node| is_pivot(facts.name(node))).collect()
        } else {
            Vec::new()
        };
        Self {
            scope,
            table,
            walk: window.walk,
            pivot,
        }
    }

    /// The locations and frames of a sample's cursor at first; `None` if it has no part in
    /// the graph.
    pub(super) fn of(&self, sample: usize) -> Option<(u32, u32)> {
        let stack = self.scope.profile.stack(sample);
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        if self.pivot.is_empty() {
            return Some(match self.walk {
                Walk::Callees => (number(stack.len()), 0),
                Walk::Callers => (0, 0),
            });
        }
        // The outermost call, so that recursion counts once.
        for (location, id) in stack.iter().enumerate().rev() {
            let frames = self.table.frames(*id);
            let is_pivot = |node: &u32| self.pivot.get(*node as usize).copied().unwrap_or(false);
            if let Some(frame) = frames.iter().rposition(is_pivot) {
                return Some(match self.walk {
                    Walk::Callees => (number(location + 1), number(frame + 1)),
                    Walk::Callers => (number(location), number(frame)),
                });
            }
        }
        None
    }
}

/// How many locations of each stack are read in advance.
const READ_AHEAD: usize = 8;

/// The locations at which cursors begin, those of all samples side by side.
///
/// Near the root each step goes through nearly all samples, whose stacks lie far apart in
/// memory; these do not.
pub(super) struct Heads {
    /// By the number of locations that were passed, and by sample.
    levels: Vec<Vec<LocationId>>,
}

impl Heads {
    pub(super) fn new(samples: usize) -> Self {
        // Any location stands for those that are not there: cursors end before them.
        let none = LocationId::from_index(0).into_iter();
        let levels = none.flat_map(|none| vec![vec![none; samples]; READ_AHEAD]);
        Self {
            levels: levels.collect(),
        }
    }

    /// Reads where a cursor goes towards the leaf.
    pub(super) fn read(&mut self, stack: &[LocationId], at: &Cursor) {
        let ahead = stack.get(..at.locations as usize).unwrap_or_default();
        for (level, location) in self.levels.iter_mut().zip(ahead.iter().rev()) {
            if let Some(slot) = level.get_mut(at.sample as usize) {
                *slot = *location;
            }
        }
    }

    /// The next location of a sample towards the leaf.
    fn next(&self, scope: &Scope<'_>, at: &Cursor) -> Option<LocationId> {
        // The root is the last location of a stack.
        let place = at.locations.checked_sub(1)? as usize;
        let sample = at.sample as usize;
        match self.levels.get(at.passed as usize) {
            Some(level) => level.get(sample).copied(),
            None => scope.profile.stack(sample).get(place).copied(),
        }
    }
}

/// The next frame of a sample, whether it is inlined, and where the sample then stands.
pub(super) fn advance(
    scope: &Scope<'_>,
    table: &NodeTable<'_>,
    heads: &Heads,
    at: Cursor,
) -> Option<(u32, bool, Cursor)> {
    let mut at = at;
    loop {
        let frames = table.frames(heads.next(scope, &at)?);
        if at.frames == 0 {
            at.frames = u32::try_from(frames.len()).unwrap_or(u32::MAX);
        }
        let place = (at.frames as usize).checked_sub(1);
        at.frames = at.frames.saturating_sub(1);
        if at.frames == 0 {
            at.locations -= 1;
            at.passed += 1;
        }
        // The innermost call is the first.
        if let Some(place) = place {
            return Some((*frames.get(place)?, place + 1 != frames.len(), at));
        }
    }
}

/// The next frame of a sample towards the root, as [`advance`] does towards the leaf.
pub(super) fn retreat(
    scope: &Scope<'_>,
    table: &NodeTable<'_>,
    at: Cursor,
) -> Option<(u32, bool, Cursor)> {
    let stack = scope.profile.stack(at.sample as usize);
    let mut at = at;
    loop {
        // The innermost call is the first.
        let frames = table.frames(*stack.get(at.locations as usize)?);
        let place = at.frames as usize;
        if let Some(&node) = frames.get(place) {
            at.frames += 1;
            return Some((node, place + 1 != frames.len(), at));
        }
        at.locations += 1;
        at.frames = 0;
    }
}

/// A short name of a function's name: FNV-1a of 32 bits, which a page computes as well.
pub(super) fn name_hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
