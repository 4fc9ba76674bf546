//! Positions that keep all distances, and a spanning tree of edges that are as short as they
//! may be.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Constraint, Incident};
use crate::links::Links;

/// Returns for each node the first position that its predecessors allow.
pub(super) fn positions(nodes: usize, constraints: &[Constraint]) -> Vec<i64> {
    let out = Links::new(nodes, constraints.iter().map(|edge| edge.tail));
    let mut missing = vec![0_usize; nodes];
    for constraint in constraints {
        missing[constraint.head] += 1;
    }
    let mut ready: Vec<usize> = (0..nodes).filter(|&node| missing[node] == 0).collect();
    let mut positions = vec![0; nodes];
    while let Some(node) = ready.pop() {
        for &edge in out.of(node) {
            let Constraint { head, length, .. } = constraints[edge];
            positions[head] = positions[head].max(positions[node] + length);
            missing[head] -= 1;
            if missing[head] == 0 {
                ready.push(head);
            }
        }
    }
    positions
}

/// Moves nodes until a spanning tree of edges without slack exists; returns which edges are
/// in it, and the positions.
///
/// The tree grows from node 0 by the edge of least slack between it and the rest; the tree
/// moves as a whole to take that slack up.
pub(super) fn tight_tree(
    constraints: &[Constraint],
    incident: &Incident,
    mut positions: Vec<i64>,
) -> (Vec<bool>, Vec<i64>) {
    let nodes = positions.len();
    let mut in_tree = vec![false; constraints.len()];
    let mut joined = vec![false; nodes];
    // How far the tree has moved, and how far it had when each node joined.
    let mut moved = 0;
    let mut moved_before = vec![0; nodes];
    // Edges out of the tree by slack + moved, and into it by slack - moved: both stay the same
    // while the tree moves.
    let mut leaving: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut arriving: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut next = Some(0);
    while let Some(node) = next {
        joined[node] = true;
        moved_before[node] = moved;
        for &edge in incident.out.of(node) {
            let Constraint { head, length, .. } = constraints[edge];
            if !joined[head] {
                leaving.push(Reverse((
                    positions[head] - positions[node] - length + moved,
                    edge,
                )));
            }
        }
        for &edge in incident.into.of(node) {
            let Constraint { tail, length, .. } = constraints[edge];
            if !joined[tail] {
                arriving.push(Reverse((
                    positions[node] - positions[tail] - length - moved,
                    edge,
                )));
            }
        }
        while leaving
            .peek()
            .is_some_and(|Reverse((_, edge))| joined[constraints[*edge].head])
        {
            leaving.pop();
        }
        while arriving
            .peek()
            .is_some_and(|Reverse((_, edge))| joined[constraints[*edge].tail])
        {
            arriving.pop();
        }
        let out = leaving.peek().map(|Reverse((key, _))| key - moved);
        let into = arriving.peek().map(|Reverse((key, _))| key + moved);
        let outwards = match (out, into) {
            (None, None) => break,
            (Some(out), Some(into)) => out <= into,
            (out, None) => out.is_some(),
            (None, Some(_)) => false,
        };
        let entry = if outwards {
            leaving.pop()
        } else {
            arriving.pop()
        };
        next = entry.map(|Reverse((_, edge))| {
            in_tree[edge] = true;
            if outwards {
                moved += out.unwrap_or(0);
                constraints[edge].head
            } else {
                moved -= into.unwrap_or(0);
                constraints[edge].tail
            }
        });
    }
    for (position, before) in positions.iter_mut().zip(moved_before) {
        *position += moved - before;
    }
    (in_tree, positions)
}
