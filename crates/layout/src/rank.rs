//! Which rank each node stands on.

use crate::Error;
use crate::acyclic::Arc;
use crate::graph::within;
use crate::links::Links;
use crate::simplex::{self, Constraint};

/// Returns the rank of each node of one component, the first rank 0.
///
/// `lengths` are the least distances in ranks of `edges`, whose directions have no cycle. The
/// weighted sum of all distances is as small as possible; nodes that could stand on several
/// ranks at the same cost take the one with the least on it.
///
/// # Errors
///
/// Errs when the ranks are so many that some edges must have more than `most_bends` bends.
pub(crate) fn assign(
    widths: &[f64],
    edges: &[Arc],
    lengths: &[usize],
    most_bends: usize,
) -> Result<Vec<usize>, Error> {
    let constraints = merged(edges, lengths);
    let exchanges = EXCHANGES_A_NODE * widths.len();
    let positions = simplex::solve(widths.len(), &constraints, exchanges);
    let mut ranks: Vec<usize> = positions
        .into_iter()
        .map(|position| usize::try_from(position).unwrap_or(0))
        .collect();
    // In a component there is a node or a bend on every rank.
    let last = ranks.iter().copied().max().unwrap_or(0);
    let bends = last.saturating_sub(widths.len());
    within(bends, most_bends, "bends of long edges")?;
    balance(widths, &constraints, &mut ranks);
    Ok(ranks)
}

/// Real graphs need about one exchange a node; the bound is for those that are built to be
/// slow.
const EXCHANGES_A_NODE: usize = 20;

/// Joins parallel edges: the longest length, the sum of the weights.
fn merged(edges: &[Arc], lengths: &[usize]) -> Vec<Constraint> {
    let mut constraints: Vec<Constraint> = edges
        .iter()
        .zip(lengths)
        .map(|(&(tail, head, weight), &length)| Constraint {
            tail,
            head,
            length: i64::try_from(length).unwrap_or(i64::MAX),
            weight: i64::from(weight),
        })
        .collect();
    constraints.sort_by_key(|edge| (edge.tail, edge.head));
    constraints.dedup_by(|next, kept| {
        let same = (next.tail, next.head) == (kept.tail, kept.head);
        if same {
            kept.length = kept.length.max(next.length);
            kept.weight += next.weight;
        }
        same
    });
    constraints
}

/// Moves each node whose edges pull equally both ways to the emptiest rank within reach.
fn balance(widths: &[f64], constraints: &[Constraint], ranks: &mut [usize]) {
    let nodes = widths.len();
    let out = Links::new(nodes, constraints.iter().map(|edge| edge.tail));
    let into = Links::new(nodes, constraints.iter().map(|edge| edge.head));
    let mut crowd = vec![0.0; ranks.iter().max().map_or(0, |last| last + 1)];
    for (node, &rank) in ranks.iter().enumerate() {
        crowd[rank] += widths[node];
    }
    let weight =
        |edges: &[usize]| -> i64 { edges.iter().map(|&edge| constraints[edge].weight).sum() };
    let length = |edge: usize| usize::try_from(constraints[edge].length).unwrap_or(0);
    for node in 0..nodes {
        let (above, below) = (into.of(node), out.of(node));
        if above.is_empty() || below.is_empty() || weight(above) != weight(below) {
            continue;
        }
        let first = above
            .iter()
            .map(|&edge| ranks[constraints[edge].tail] + length(edge))
            .max();
        let last = below
            .iter()
            .map(|&edge| ranks[constraints[edge].head] - length(edge))
            .min();
        let (Some(first), Some(last)) = (first, last) else {
            continue;
        };
        let mut best = ranks[node];
        for rank in first..=last {
            if crowd[rank] + widths[node] < crowd[best] {
                best = rank;
            }
        }
        crowd[ranks[node]] -= widths[node];
        crowd[best] += widths[node];
        ranks[node] = best;
    }
}

#[cfg(test)]
mod tests {
    use super::assign;

    #[test]
    fn a_callee_stands_close_to_the_caller_that_matters() {
        // main -> a -> b -> c, main -> c (light), a -> c is heavy: c stays below b anyway.
        let ranks = assign(
            &[10.0; 4],
            &[(0, 1, 1), (1, 2, 1), (2, 3, 1), (0, 3, 1)],
            &[1; 4],
            10,
        )
        .unwrap();
        assert_eq!(ranks, [0, 1, 2, 3]);
    }

    #[test]
    fn of_parallel_edges_the_longest_counts() {
        let ranks = assign(&[10.0; 2], &[(0, 1, 1), (0, 1, 1)], &[1, 3], 10).unwrap();
        assert_eq!(ranks, [0, 3]);
    }

    #[test]
    fn a_node_without_preference_takes_the_emptier_rank() {
        // 0 -> 1 -> 2 -> 3 is the long way, 0 -> 4 -> 3 the short one; rank 1 has a wide node.
        let ranks = assign(
            &[10.0, 90.0, 10.0, 10.0, 10.0],
            &[(0, 1, 1), (1, 2, 1), (2, 3, 1), (0, 4, 1), (4, 3, 1)],
            &[1; 5],
            10,
        )
        .unwrap();
        assert_eq!(ranks[4], 2);
    }
}
