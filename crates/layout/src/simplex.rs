//! Integer positions that keep minimum distances and make the weighted sum of the distances
//! smallest: the network simplex.
//!
//! After Gansner, Koutsofios, North, Vo, "A Technique for Drawing Directed Graphs" (1993),
//! section 2: a spanning tree of edges at their minimum length determines all positions; as
//! long as an edge of the tree has a negative cut value, it is exchanged for one that
//! shortens the total.

mod feasible;

use crate::links::Links;

/// Demands that `head` lies at least `length` behind `tail`, and that it be not far behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Constraint {
    pub(crate) tail: usize,
    pub(crate) head: usize,
    pub(crate) length: i64,
    pub(crate) weight: i64,
}

impl Constraint {
    fn slack(&self, positions: &[i64]) -> i64 {
        positions[self.head] - positions[self.tail] - self.length
    }
}

/// Returns the position of each node, the smallest 0.
///
/// The constraints must be acyclic and connect all nodes. The work is bounded by
/// `exchanges`; when they are used up, the positions are valid but perhaps not the best.
pub(crate) fn solve(nodes: usize, constraints: &[Constraint], exchanges: usize) -> Vec<i64> {
    solve_from(
        feasible::positions(nodes, constraints),
        constraints,
        exchanges,
    )
}

/// Does the same, beginning with positions that already keep all distances: the better they
/// are, the less is to be done.
pub(crate) fn solve_from(
    positions: Vec<i64>,
    constraints: &[Constraint],
    exchanges: usize,
) -> Vec<i64> {
    let nodes = positions.len();
    if nodes == 0 {
        return positions;
    }
    let incident = Incident {
        out: Links::new(nodes, constraints.iter().map(|edge| edge.tail)),
        into: Links::new(nodes, constraints.iter().map(|edge| edge.head)),
    };
    let (in_tree, positions) = feasible::tight_tree(constraints, &incident, positions);
    let mut tree = vec![Vec::new(); nodes];
    for (edge, constraint) in constraints.iter().enumerate() {
        if in_tree[edge] {
            tree[constraint.tail].push(edge);
            tree[constraint.head].push(edge);
        }
    }
    let mut simplex = Simplex {
        constraints,
        incident: &incident,
        positions,
        in_tree,
        cut: vec![0; constraints.len()],
        parent: vec![None; nodes],
        low: vec![0; nodes],
        last: vec![0; nodes],
        numbered: vec![0; nodes],
        tree,
        path: Vec::new(),
        search_from: 0,
    };
    simplex.root_at(0);
    simplex.compute_cuts();
    for _ in 0..exchanges {
        let Some(leaving) = simplex.leaving() else {
            break;
        };
        let Some(entering) = simplex.entering(leaving) else {
            break;
        };
        simplex.exchange(leaving, entering);
    }
    let mut positions = simplex.positions;
    let first = positions.iter().copied().min().unwrap_or(0);
    for position in &mut positions {
        *position -= first;
    }
    positions
}

/// The constraints at each node.
struct Incident {
    out: Links,
    into: Links,
}

struct Simplex<'a> {
    constraints: &'a [Constraint],
    incident: &'a Incident,
    positions: Vec<i64>,
    in_tree: Vec<bool>,
    /// By constraint; valid for those of the tree.
    cut: Vec<i64>,
    /// The tree edge towards the root.
    parent: Vec<Option<usize>>,
    /// The nodes below a node are those whose `last` lies in `low..=last` of it.
    low: Vec<usize>,
    last: Vec<usize>,
    /// The node of each number.
    numbered: Vec<usize>,
    /// The edges of the tree at each node.
    tree: Vec<Vec<usize>>,
    /// Kept to spare allocations: the way from the root to a node, with how many of the edges
    /// at each have been followed.
    path: Vec<(usize, usize)>,
    search_from: usize,
}

/// One of the two parts that a tree falls into without one of its edges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Below,
    Rest,
}

/// How many edges of negative cut value are compared before the worst of them leaves.
const CANDIDATES: usize = 30;

impl Simplex<'_> {
    /// Numbers the nodes of the subtree at `root` in postorder, its parent being known.
    fn root_at(&mut self, root: usize) {
        let mut next = self.low[root];
        let mut path = std::mem::take(&mut self.path);
        path.push((root, 0));
        while let Some(top) = path.last_mut() {
            let (node, index) = *top;
            let Some(&edge) = self.tree[node].get(index) else {
                self.last[node] = next;
                self.numbered[next] = node;
                next += 1;
                path.pop();
                continue;
            };
            top.1 += 1;
            if self.parent[node] != Some(edge) {
                let child = self.other_end(edge, node);
                self.parent[child] = Some(edge);
                self.low[child] = next;
                path.push((child, 0));
            }
        }
        self.path = path;
    }

    fn other_end(&self, edge: usize, node: usize) -> usize {
        let constraint = self.constraints[edge];
        constraint.tail ^ constraint.head ^ node
    }

    fn is_below(&self, node: usize, ancestor: usize) -> bool {
        (self.low[ancestor]..=self.last[ancestor]).contains(&self.last[node])
    }

    /// Returns the end of a tree edge that is farther from the root.
    fn lower_end(&self, edge: usize) -> usize {
        let constraint = self.constraints[edge];
        if self.parent[constraint.tail] == Some(edge) {
            constraint.tail
        } else {
            constraint.head
        }
    }

    /// Computes the cut value of every tree edge: the weights that cross from the part of its
    /// tail to the part of its head, less those that cross back.
    ///
    /// Whatever runs within a part counts once each way, so the value is the sum over the
    /// part's nodes of what leaves each less what enters it.
    fn compute_cuts(&mut self) {
        let mut leaving = vec![0; self.last.len()];
        for constraint in self.constraints {
            leaving[constraint.tail] += constraint.weight;
            leaving[constraint.head] -= constraint.weight;
        }
        for number in 0..self.numbered.len() {
            let node = self.numbered[number];
            if let Some(edge) = self.parent[node] {
                let Constraint { tail, head, .. } = self.constraints[edge];
                self.cut[edge] = if tail == node {
                    leaving[node]
                } else {
                    -leaving[node]
                };
                leaving[tail ^ head ^ node] += leaving[node];
            }
        }
    }

    /// Chooses a tree edge whose cut value is negative.
    fn leaving(&mut self) -> Option<usize> {
        let count = self.constraints.len();
        let mut worst: Option<usize> = None;
        let mut found = 0;
        for step in 0..count {
            let edge = (self.search_from + step) % count;
            if self.in_tree[edge] && self.cut[edge] < 0 {
                if worst.is_none_or(|other| self.cut[edge] < self.cut[other]) {
                    worst = Some(edge);
                }
                found += 1;
                if found == CANDIDATES {
                    self.search_from = edge + 1;
                    return worst;
                }
            }
        }
        self.search_from = 0;
        worst
    }

    /// Chooses the edge of least slack that connects the two parts in the other direction.
    fn entering(&self, leaving: usize) -> Option<usize> {
        let lower = self.lower_end(leaving);
        let part = self.smaller_part(lower);
        // The entering edge leads out of the part that the leaving edge leads into.
        let tail_is_lower = self.constraints[leaving].tail == lower;
        let leads_in = tail_is_lower == (part == Part::Below);
        let mut best: Option<(i64, usize)> = None;
        for number in self.numbers_of(lower, part) {
            let node = self.numbered[number];
            let edges = if leads_in {
                self.incident.into.of(node)
            } else {
                self.incident.out.of(node)
            };
            for &edge in edges {
                let other = self.other_end(edge, node);
                if self.is_below(other, lower) == (part == Part::Below) {
                    continue;
                }
                let slack = self.constraints[edge].slack(&self.positions);
                if best.is_none_or(|(least, _)| slack < least) {
                    best = Some((slack, edge));
                    if slack == 0 {
                        return Some(edge);
                    }
                }
            }
        }
        best.map(|(_, edge)| edge)
    }

    /// Chooses the part of the tree that has fewer nodes: that below and with `lower`, or the
    /// rest.
    fn smaller_part(&self, lower: usize) -> Part {
        let below = self.last[lower] + 1 - self.low[lower];
        if 2 * below <= self.numbered.len() {
            Part::Below
        } else {
            Part::Rest
        }
    }

    /// Returns the numbers of the nodes of a part.
    fn numbers_of(&self, lower: usize, part: Part) -> impl Iterator<Item = usize> + use<> {
        let (low, end) = (self.low[lower], self.last[lower] + 1);
        let (first, second) = match part {
            Part::Below => (low..end, 0..0),
            Part::Rest => (0..low, end..self.numbered.len()),
        };
        first.chain(second)
    }

    fn exchange(&mut self, leaving: usize, entering: usize) {
        let lower = self.lower_end(leaving);
        let slack = self.constraints[entering].slack(&self.positions);
        if slack != 0 {
            let part = self.smaller_part(lower);
            let head_is_below = self.is_below(self.constraints[entering].head, lower);
            let shift = if head_is_below == (part == Part::Below) {
                -slack
            } else {
                slack
            };
            for number in self.numbers_of(lower, part) {
                self.positions[self.numbered[number]] += shift;
            }
        }
        let cut = self.cut[leaving];
        let top = self.shift_cuts(cut, entering);
        self.in_tree[leaving] = false;
        self.in_tree[entering] = true;
        let Constraint { tail, head, .. } = self.constraints[leaving];
        for end in [tail, head] {
            self.tree[end].retain(|&edge| edge != leaving);
        }
        let Constraint { tail, head, .. } = self.constraints[entering];
        for end in [tail, head] {
            self.tree[end].push(entering);
        }
        self.cut[entering] = -cut;
        // Which way is up changes between the two edges; the edge above `top` remains.
        self.root_at(top);
    }

    /// Adds the leaving edge's cut value along the tree path between the ends of the entering
    /// edge, and returns the path's highest node.
    fn shift_cuts(&mut self, cut: i64, entering: usize) -> usize {
        let Constraint { tail, head, .. } = self.constraints[entering];
        let mut top = tail;
        while !self.is_below(head, top) {
            let Some(edge) = self.parent[top] else { break };
            // Walking from the tail towards the head: an edge met tail first points along.
            let along = self.constraints[edge].tail == top;
            self.cut[edge] += if along { cut } else { -cut };
            top = self.other_end(edge, top);
        }
        let mut node = head;
        while node != top {
            let Some(edge) = self.parent[node] else { break };
            let along = self.constraints[edge].head == node;
            self.cut[edge] += if along { cut } else { -cut };
            node = self.other_end(edge, node);
        }
        top
    }
}

#[cfg(test)]
mod tests {
    use super::{Constraint, solve};

    fn constraint(tail: usize, head: usize, weight: i64) -> Constraint {
        Constraint {
            tail,
            head,
            length: 1,
            weight,
        }
    }

    fn total(constraints: &[Constraint], positions: &[i64]) -> i64 {
        constraints
            .iter()
            .map(|edge| {
                assert!(edge.slack(positions) >= 0, "{edge:?} {positions:?}");
                edge.weight * (positions[edge.head] - positions[edge.tail])
            })
            .sum()
    }

    #[test]
    fn the_example_of_the_paper_is_solved() {
        // a b c d e f g h; figure 2-3 of the paper.
        let edges: Vec<_> = [
            (0, 1),
            (1, 2),
            (2, 3),
            (3, 7),
            (0, 4),
            (0, 5),
            (4, 6),
            (5, 6),
            (6, 7),
        ]
        .map(|(tail, head)| constraint(tail, head, 1))
        .into();
        let positions = solve(8, &edges, 1000);
        assert_eq!(total(&edges, &positions), 10);
    }

    #[test]
    fn no_assignment_of_a_small_graph_is_better() {
        let mut random = fathom_testkit::Random::seeded(7);
        for _ in 0..60 {
            let mut below = |bound: usize| usize::try_from(random.below(bound as u64)).unwrap();
            let weights = [0, 1, 2, 3, 4];
            let mut edges = Vec::new();
            for head in 1..5 {
                edges.push(constraint(below(head), head, 1 + weights[below(4)]));
                if below(2) == 0 {
                    edges.push(Constraint {
                        length: 1 + weights[below(2)],
                        ..constraint(below(head), head, weights[below(5)])
                    });
                }
            }
            let positions = solve(5, &edges, 1000);
            let found = total(&edges, &positions);
            let best = (0..9_i64.pow(5))
                .filter_map(|mut code| {
                    let trial: Vec<i64> = (0..5)
                        .map(|_| {
                            let digit = code % 9;
                            code /= 9;
                            digit
                        })
                        .collect();
                    edges
                        .iter()
                        .all(|edge| edge.slack(&trial) >= 0)
                        .then(|| total(&edges, &trial))
                })
                .min();
            assert_eq!(Some(found), best, "{edges:?}");
        }
    }
}
