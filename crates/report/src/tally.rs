//! Flat and cumulative values of all nodes, in one pass over the samples.
//!
//! Flat goes to the node of the innermost frame; cum goes once per sample to every node
//! on its stack, however often recursion repeats it (google/pprof
//! `internal/graph/graph.go`, `newGraph`). A node remembers the last sample that touched
//! it, so that no set is built for a sample. Large profiles are split between threads.

use fathom_profile::Profile;

use crate::filter::Selection;
use crate::node::NodeTable;
use crate::parallel::in_parts;

/// What fell to one node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) flat: i64,
    pub(crate) cum: i64,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    flat: i64,
    cum: i64,
    /// One more than the last sample that counted towards `cum`.
    mark: u32,
}

/// Adds up a column over the samples that stay, one tally for each node.
pub(crate) fn tally(
    profile: &Profile,
    nodes: &NodeTable<'_>,
    column: usize,
    selection: &Selection,
) -> Vec<Tally> {
    let cells = in_parts(
        profile.sample_count(),
        |samples| tally_range(profile, nodes, column, selection, samples),
        |into: &mut Vec<Cell>, from| {
            for (into, from) in into.iter_mut().zip(from) {
                into.flat = into.flat.wrapping_add(from.flat);
                into.cum = into.cum.wrapping_add(from.cum);
            }
        },
    );
    cells
        .into_iter()
        .map(|cell| Tally {
            flat: cell.flat,
            cum: cell.cum,
        })
        .collect()
}

fn tally_range(
    profile: &Profile,
    nodes: &NodeTable<'_>,
    column: usize,
    selection: &Selection,
    samples: std::ops::Range<usize>,
) -> Vec<Cell> {
    let mut cells = vec![Cell::default(); nodes.len()];
    let values = profile.values(column);
    for sample in samples {
        let value = values.get(sample).copied().unwrap_or(0);
        if value == 0 || !selection.keeps(sample) {
            continue;
        }
        let mark = u32::try_from(sample + 1).unwrap_or(u32::MAX);
        let stack = profile.stack(sample);
        for &location in stack {
            for &node in nodes.frames(location) {
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
            .and_then(|&location| nodes.frames(location).first());
        if let Some(cell) = leaf.and_then(|&node| cells.get_mut(node as usize)) {
            cell.flat = cell.flat.wrapping_add(value);
        }
    }
    cells
}
