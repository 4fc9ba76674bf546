//! Where each vertex stands on its rank.
//!
//! Some bends of a long edge stand exactly below each other, as a [block](blocks), which makes
//! the edge straight and the problem smaller; every other vertex is a block of its own. Blocks
//! keep their distances and are drawn to what they are connected with: first one by one
//! towards the mean of their neighbours, then by the network simplex to where the weighted sum
//! of all horizontal distances is smallest. So heavy edges are upright. At last the bends of
//! each edge are drawn into line.

mod blocks;
mod relax;
mod straighten;

use crate::layers::Layers;
use crate::order::Order;
use crate::simplex::{self, Constraint};

use blocks::Blocks;

pub(crate) use straighten::straighten;

/// Returns the x of every vertex in points, such that the leftmost border is at 0.
pub(crate) fn across(layers: &Layers, order: &Order, separation: f64) -> Vec<f64> {
    let blocks = Blocks::new(layers, order, separation);
    let mut places = blocks.compact();
    relax::towards_neighbours(&blocks, &mut places);
    polish(&blocks, &mut places);
    let mut across: Vec<f64> = blocks.of.iter().map(|&block| places[block]).collect();
    let border = across
        .iter()
        .zip(&layers.extents)
        .map(|(x, extent)| x - extent.left)
        .fold(f64::INFINITY, f64::min);
    for x in &mut across {
        *x -= border;
    }
    across
}

/// Returns the least distance of two neighbours on a rank. Edges may run closer together than
/// boxes stand.
fn separation_between(layers: &Layers, left: usize, right: usize, separation: f64) -> f64 {
    let free = if layers.is_bend(left) || layers.is_bend(right) {
        separation / 2.0
    } else {
        separation
    };
    layers.extents[left].right + free + layers.extents[right].left
}

/// Exchanges times constraints, at most. Graphs of some hundred nodes need a tenth of it.
const WORK: usize = 100_000_000;

/// Minimises the weighted sum of the horizontal distances, to the point.
///
/// After Gansner and others (1993), section 4.2: a helper for each pair of connected blocks
/// that stands left of both, by as little as possible.
fn polish(blocks: &Blocks, places: &mut [f64]) {
    let count = places.len();
    let mut constraints = Vec::with_capacity(blocks.gaps.len() + 2 * blocks.pulls.len());
    let mut positions = vec![0_i64; count];
    for &block in &blocks.from_left {
        positions[block] = whole(places[block].round());
        for &gap in blocks.gaps_left.of(block) {
            let gap = &blocks.gaps[gap];
            positions[block] =
                positions[block].max(positions[gap.left] + whole(gap.distance.ceil()));
        }
    }
    for gap in &blocks.gaps {
        constraints.push(Constraint {
            tail: gap.left,
            head: gap.right,
            length: whole(gap.distance.ceil()),
            weight: 0,
        });
    }
    for pull in &blocks.pulls {
        let helper = positions.len();
        positions.push(positions[pull.one].min(positions[pull.other]));
        for end in [pull.one, pull.other] {
            constraints.push(Constraint {
                tail: helper,
                head: end,
                length: 0,
                weight: pull.weight,
            });
        }
    }
    let exchanges = WORK / constraints.len().max(1);
    let polished = simplex::solve_from(positions, &constraints, exchanges);
    for (place, position) in places.iter_mut().zip(polished) {
        *place = position as f64;
    }
}

/// A coordinate as a whole number of points. Sizes are limited, so it fits.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
fn whole(points: f64) -> i64 {
    points as i64
}
