//! Which nodes become rows, and in which order.

use std::borrow::Cow;

use super::{Hidden, Sort, TopOptions};
use crate::node::NodeTable;
use crate::tally::Tally;

/// The nodes that become rows (google/pprof `internal/report/report.go`,
/// `newTrimmedGraph`).
pub(super) struct Trimmed {
    /// Rows in order.
    pub(super) shown: Vec<usize>,
    /// Nodes across which calls are not skipped. Without any trimming these are all, even
    /// those whose values cancel out.
    pub(super) kept: Vec<bool>,
    /// Below this weight a call does not count.
    pub(super) edge_cutoff: u64,
    /// What was left out; without the label's cutoff.
    pub(super) hidden: Hidden,
}

impl Trimmed {
    pub(super) fn new(nodes: &NodeTable<'_>, tallies: &[Tally], options: &TopOptions) -> Self {
        let tally = |node: usize| tallies.get(node).copied().unwrap_or_default();
        let counts = |node: &usize| {
            let Tally { flat, cum } = tally(*node);
            let negative = flat < 0 || (flat == 0 && cum < 0);
            (flat != 0 || cum != 0) && !(options.drop_negative && negative)
        };
        let all: Vec<usize> = (0..nodes.len()).filter(counts).collect();
        let sum = all
            .iter()
            .fold(0_i64, |sum, &node| sum.wrapping_add(tally(node).flat));
        let cutoff = fraction_of(sum, options.node_fraction);
        let is_large = |node: &usize| tally(*node).cum.unsigned_abs() >= cutoff.unsigned_abs();
        let (mut shown, small): (Vec<usize>, Vec<usize>) = all.into_iter().partition(is_large);
        sort(&mut shown, nodes, tallies, options.sort);
        let limit = options
            .node_count
            .filter(|&count| count > 0)
            .unwrap_or(usize::MAX);
        let further = shown.split_off(limit.min(shown.len()));

        let kept = if small.is_empty() && further.is_empty() {
            vec![true; nodes.len()]
        } else {
            let mut kept = vec![false; nodes.len()];
            for &node in &shown {
                if let Some(slot) = kept.get_mut(node) {
                    *slot = true;
                }
            }
            kept
        };
        let flat = |nodes: &[usize]| {
            nodes.iter().fold(0_i64, |sum, &node| {
                sum.saturating_add(tally(node).flat.saturating_abs())
            })
        };
        Self {
            kept,
            edge_cutoff: fraction_of(sum, options.edge_fraction).unsigned_abs(),
            hidden: Hidden {
                small_rows: small.len(),
                small_flat: flat(&small),
                small_cutoff: 0,
                further_rows: further.len(),
                further_flat: flat(&further),
            },
            shown,
        }
    }
}

/// A fraction of a value, without sign, cut to a whole number.
#[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
pub(super) fn fraction_of(value: i64, fraction: f64) -> i64 {
    ((value as f64 * fraction) as i64).wrapping_abs()
}

/// Orders by absolute value, then by name, then by the other value.
fn sort(shown: &mut [usize], nodes: &NodeTable<'_>, tallies: &[Tally], sort: Sort) {
    let labels: Vec<Option<Cow<'_, str>>> = {
        let mut labels = vec![None; nodes.len()];
        for &node in shown.iter() {
            if let (Some(slot), Some(info)) = (labels.get_mut(node), nodes.info(node)) {
                *slot = Some(info.label());
            }
        }
        labels
    };
    let values = |node: usize| {
        let Tally { flat, cum } = tallies.get(node).copied().unwrap_or_default();
        let (flat, cum) = (flat.unsigned_abs(), cum.unsigned_abs());
        match sort {
            Sort::Flat => (flat, cum),
            Sort::Cum => (cum, flat),
        }
    };
    let label = |node: usize| labels.get(node).and_then(Option::as_deref);
    shown.sort_unstable_by(|&left, &right| {
        let (first, second) = values(left);
        let (other_first, other_second) = values(right);
        let rank = |node: usize| nodes.info(node).map(crate::node::NodeInfo::rank);
        other_first
            .cmp(&first)
            .then_with(|| label(left).cmp(&label(right)))
            .then_with(|| other_second.cmp(&second))
            .then_with(|| rank(left).cmp(&rank(right)))
    });
}
