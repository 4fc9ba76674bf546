//! Which nodes make a picture worth looking at.
//!
//! The score is that of google/pprof `internal/graph/graph.go` (`entropyScore`): a node
//! through which everything merely passes tells little, one where calls come together or
//! part tells much.

use super::Graph;
use crate::edge::Edge;
use crate::order;

impl Graph<'_> {
    /// Orders the nodes shown, the most telling first.
    pub(super) fn sort_by_entropy(&mut self) {
        let scores: Vec<u64> = (0..self.tallies.len())
            .map(|node| u32::try_from(node).map_or(0, |node| rank(self.score(node))))
            .collect();
        let mut shown = std::mem::take(&mut self.shown);
        order::sort(
            &mut shown,
            |node| self.info(node),
            |node| {
                let score = scores.get(node as usize).copied().unwrap_or(0);
                (score, self.tally(node).flat.value.unsigned_abs())
            },
        );
        self.shown = shown;
    }

    fn score(&self, node: u32) -> i64 {
        let tally = self.tally(node);
        let edges = |lists: &[Vec<u32>]| -> Vec<Edge> {
            let places = lists.get(node as usize).map(Vec::as_slice);
            let edge = |&place: &u32| self.edges.get(place as usize).copied();
            places.unwrap_or_default().iter().filter_map(edge).collect()
        };
        // Entries and leaves are of interest by themselves.
        let side = |edges: &[Edge], own: i64| {
            if edges.is_empty() {
                1.0
            } else {
                entropy(edges, own)
            }
        };
        let score =
            side(&edges(&self.incoming), 0) + side(&edges(&self.outgoing), tally.flat.value);
        whole(score * tally.cum.value as f64).wrapping_add(tally.flat.value)
    }
}

/// A score as a number to order by: its size, but least where it has none.
fn rank(score: i64) -> u64 {
    score
        .checked_abs()
        .map_or(0, |size| size.unsigned_abs() + 1)
}

/// Cuts off a fraction as Go does on amd64: what is no number becomes the least.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit is told apart"
)]
fn whole(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// The information, in bits, in how weight is spread over calls and the node itself.
fn entropy(edges: &[Edge], own: i64) -> f64 {
    let total = edges.iter().fold(own, |total, edge| {
        // pprof leaves calls that shrank out of the total.
        total.wrapping_add(edge.weight.value.max(0))
    });
    if total == 0 {
        return 0.0;
    }
    let part = |value: u64| {
        let part = value as f64 / total as f64;
        -part * part.log2()
    };
    let calls: f64 = edges
        .iter()
        .map(|edge| part(edge.weight.value.unsigned_abs()))
        .sum();
    if own > 0 {
        calls + part(own.unsigned_abs())
    } else {
        calls
    }
}
