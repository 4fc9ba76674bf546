//! Flat and cumulative values of all nodes, in one pass over the samples.
//!
//! Flat goes to the node of the innermost frame; cum goes once per sample to every node
//! on its stack, however often recursion repeats it (google/pprof
//! `internal/graph/graph.go`, `newGraph`). A node remembers the last sample that touched
//! it, so that no set is built for a sample. Large profiles are split between threads.

use fathom_profile::Profile;

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

#[derive(Clone, Copy, Default)]
struct Cell {
    flat: i64,
    cum: i64,
    /// One more than the last sample that counted towards `cum`.
    mark: u32,
}

/// Adds up what fell to each node, or to each group of nodes.
pub(crate) fn tally(scope: &Scope<'_>, nodes: &impl Frames) -> Vec<Tally> {
    let values = tally_column(&scope.profile, nodes, scope.column);
    let divisors = scope
        .divisor
        .map(|column| tally_column(&scope.profile, nodes, column));
    let weight = |value, divisor| Weight { value, divisor };
    let tallies = values.iter().enumerate().map(|(node, cell)| {
        let divisor = divisors.as_ref().and_then(|cells| cells.get(node).copied());
        let divisor = divisor.unwrap_or_default();
        Tally {
            flat: weight(cell.flat, divisor.flat),
            cum: weight(cell.cum, divisor.cum),
        }
    });
    tallies.collect()
}

fn tally_column(profile: &Profile, nodes: &impl Frames, column: usize) -> Vec<Cell> {
    in_parts(
        profile.sample_count(),
        |samples| tally_range(profile, nodes, column, samples),
        |into: &mut Vec<Cell>, from| {
            for (into, from) in into.iter_mut().zip(from) {
                into.flat = into.flat.wrapping_add(from.flat);
                into.cum = into.cum.wrapping_add(from.cum);
            }
        },
    )
}

fn tally_range(
    profile: &Profile,
    nodes: &impl Frames,
    column: usize,
    samples: std::ops::Range<usize>,
) -> Vec<Cell> {
    let mut cells = vec![Cell::default(); nodes.count()];
    let values = profile.values(column);
    for sample in samples {
        let value = values.get(sample).copied().unwrap_or(0);
        if value == 0 {
            continue;
        }
        let mark = u32::try_from(sample + 1).unwrap_or(u32::MAX);
        let stack = profile.stack(sample);
        for &location in stack {
            for &node in nodes.of(location) {
                if let Some(cell) = cells.get_mut(node as usize)
                    && cell.mark != mark
                {
                    cell.mark = mark;
                    cell.cum = cell.cum.wrapping_add(value);
                }
            }
        }
        let leaf = stack
            .first()
            .and_then(|&location| nodes.of(location).first());
        if let Some(cell) = leaf.and_then(|&node| cells.get_mut(node as usize)) {
            cell.flat = cell.flat.wrapping_add(value);
        }
    }
    cells
}
