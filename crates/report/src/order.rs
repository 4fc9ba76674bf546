//! The order of nodes and which of them are shown.
//!
//! The rules are those of google/pprof `internal/report/report.go` (`newTrimmedGraph`) and
//! `internal/graph/graph.go` (`SortNodes`). Ties that it leaves to chance have an order
//! here: that of first appearance.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::node::{NodeInfo, NodeTable};
use crate::scope::Scope;
use crate::tally::Tally;

/// Nodes that remain after the small ones are left out.
pub(crate) struct Large {
    /// In the order of the table.
    pub(crate) nodes: Vec<u32>,
    /// How many were left out, and the sum of their absolute flat values.
    pub(crate) small: usize,
    pub(crate) small_flat: i64,
    pub(crate) cutoffs: Cutoffs,
}

/// Below which weight things are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cutoffs {
    /// Nodes and labels.
    pub(crate) node: u64,
    /// Calls.
    pub(crate) edge: u64,
}

impl Large {
    /// Whether a node takes part at all: it holds something, and shrank only where that
    /// may be seen.
    pub(crate) const fn counts(scope: &Scope<'_>, tally: &Tally) -> bool {
        let is_unwanted = scope.options.drop_negative && tally.is_negative();
        !tally.is_empty() && !is_unwanted
    }

    /// Leaves out what holds nothing, what a difference shrank if so wished, and what is
    /// below the fraction of the sum of flat values.
    pub(crate) fn new(scope: &Scope<'_>, tallies: &[Tally]) -> Self {
        let all = (0_u32..)
            .zip(tallies)
            .filter(|(_, tally)| Self::counts(scope, tally));
        let sum = all
            .clone()
            .fold(0_i64, |sum, (_, tally)| sum.wrapping_add(tally.flat.value));
        let node_cutoff = fraction_of(sum, scope.options.nodefraction).unsigned_abs();
        let is_large = |tally: &Tally| tally.cum.value.unsigned_abs() >= node_cutoff;
        let (mut small, mut small_flat) = (0, 0_i64);
        let mut nodes = Vec::new();
        for (node, tally) in all {
            if is_large(tally) {
                nodes.push(node);
            } else {
                small += 1;
                small_flat = small_flat.saturating_add(tally.flat.value.saturating_abs());
            }
        }
        Self {
            nodes,
            small,
            small_flat,
            cutoffs: Cutoffs {
                node: node_cutoff,
                edge: fraction_of(sum, scope.options.edgefraction).unsigned_abs(),
            },
        }
    }
}

/// A fraction of a value, without sign, cut to a whole number.
#[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
pub(crate) fn fraction_of(value: i64, fraction: f64) -> i64 {
    ((value as f64 * fraction) as i64).wrapping_abs()
}

/// How many nodes an option allows; 0 and less are all.
pub(crate) fn limit(nodecount: i64) -> usize {
    usize::try_from(nodecount)
        .ok()
        .filter(|&count| count > 0)
        .unwrap_or(usize::MAX)
}

/// Orders by flat, or by cum if the options say so.
pub(crate) fn by_value(
    nodes: &mut [u32],
    table: &NodeTable<'_>,
    tallies: &[Tally],
    cum_first: bool,
) {
    let values = |node: u32| {
        let tally = tallies.get(node as usize).copied().unwrap_or_default();
        let (flat, cum) = (
            tally.flat.value.unsigned_abs(),
            tally.cum.value.unsigned_abs(),
        );
        if cum_first { (cum, flat) } else { (flat, cum) }
    };
    sort(nodes, |node| table.info(node as usize), values);
}

/// Orders by the first value, then by name, then by the second value.
pub(crate) fn sort<'i, 'p: 'i>(
    nodes: &mut [u32],
    info: impl Fn(u32) -> Option<&'i NodeInfo<'p>>,
    values: impl Fn(u32) -> (u64, u64),
) {
    struct Key<'a> {
        node: u32,
        values: (u64, u64),
        label: Cow<'a, str>,
    }
    let mut keys: Vec<Key<'_>> = nodes
        .iter()
        .map(|&node| Key {
            node,
            values: values(node),
            label: info(node).map(NodeInfo::label).unwrap_or_default(),
        })
        .collect();
    let by_rank = |left: u32, right: u32| match (info(left), info(right)) {
        (Some(left), Some(right)) if left != right => left.rank().cmp(&right.rank()),
        _ => Ordering::Equal,
    };
    keys.sort_by(|left, right| {
        right
            .values
            .0
            .cmp(&left.values.0)
            .then_with(|| left.label.cmp(&right.label))
            .then_with(|| right.values.1.cmp(&left.values.1))
            .then_with(|| by_rank(left.node, right.node))
    });
    for (slot, key) in nodes.iter_mut().zip(keys) {
        *slot = key.node;
    }
}

/// A mask of the nodes in a list.
pub(crate) fn mask(nodes: &[u32], length: usize) -> Vec<bool> {
    let mut kept = vec![false; length];
    for &node in nodes {
        if let Some(slot) = kept.get_mut(node as usize) {
            *slot = true;
        }
    }
    kept
}
