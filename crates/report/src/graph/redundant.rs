//! Residual calls that a picture can do without.

use super::Graph;

impl Graph<'_> {
    /// Removes residual calls between nodes that other calls connect as well, the
    /// lightest first (google/pprof `internal/graph/graph.go`, `RemoveRedundantEdges`).
    pub(super) fn remove_redundant_edges(&mut self) {
        for place in (0..self.shown.len()).rev() {
            let Some(&node) = self.shown.get(place) else {
                continue;
            };
            let incoming = self
                .incoming
                .get(node as usize)
                .cloned()
                .unwrap_or_default();
            let mut places = incoming;
            places.sort_by(|&left, &right| {
                let edges = (
                    self.edges.get(left as usize),
                    self.edges.get(right as usize),
                );
                let (Some(left), Some(right)) = edges else {
                    return std::cmp::Ordering::Equal;
                };
                let weight = |edge: &crate::edge::Edge| edge.weight.value.unsigned_abs();
                weight(right)
                    .cmp(&weight(left))
                    .then_with(|| self.label(left.from).cmp(&self.label(right.from)))
            });
            for edge_place in places.into_iter().rev() {
                let residual = self
                    .edges
                    .get(edge_place as usize)
                    .is_some_and(|edge| edge.residual);
                if !residual {
                    // Nothing heavier than a call that stays is removed.
                    break;
                }
                if self.is_redundant(edge_place) {
                    self.remove_edge(edge_place);
                }
            }
        }
    }

    /// Whether another path leads from a call's caller to its callee.
    fn is_redundant(&self, place: u32) -> bool {
        let Some(edge) = self.edges.get(place as usize) else {
            return false;
        };
        let mut seen = vec![false; self.tallies.len()];
        let mut queue = std::collections::VecDeque::from([edge.to]);
        if let Some(slot) = seen.get_mut(edge.to as usize) {
            *slot = true;
        }
        while let Some(node) = queue.pop_front() {
            let incoming = self.incoming.get(node as usize).map(Vec::as_slice);
            for &other in incoming.unwrap_or_default() {
                let Some(from) = self.edges.get(other as usize).map(|edge| edge.from) else {
                    continue;
                };
                let known = seen.get(from as usize).copied().unwrap_or(true);
                if other == place || known {
                    continue;
                }
                if from == edge.from {
                    return true;
                }
                if let Some(slot) = seen.get_mut(from as usize) {
                    *slot = true;
                }
                queue.push_back(from);
            }
        }
        false
    }
}
