//! Draws the bends of long edges into line.

use crate::layers::Layers;
use crate::order::Order;

use super::separation_between;

/// Passes down and up. More make long edges straighter, but hug boxes.
const PASSES: usize = 8;

/// Moves each bend to the straight line between its neighbours on its edge, as far as its
/// neighbours on its rank allow, and leaves nodes and labels where they are: beside its label
/// an edge is upright, best in line with one of its ends.
///
/// The sum of horizontal distances, which places were chosen by, does not mind whether an edge
/// takes one long step or many short ones; a reader does. `down` is the y of every rank.
pub(crate) fn straighten(
    layers: &Layers,
    order: &Order,
    separation: f64,
    down: &[f64],
    across: &mut [f64],
) {
    for pass in 0..PASSES {
        for step in 0..layers.rank_count {
            let rank = if pass % 2 == 0 {
                step
            } else {
                layers.rank_count - 1 - step
            };
            let vertices = &order.ranks[rank];
            for (place, &vertex) in vertices.iter().enumerate() {
                if !layers.is_bend(vertex) || layers.extents[vertex].right > 0.0 {
                    continue;
                }
                let (Some(upper), Some(lower)) =
                    (layers.uppers(vertex).next(), layers.lowers(vertex).next())
                else {
                    continue;
                };
                let (above, below) = (down[rank] - down[rank - 1], down[rank + 1] - down[rank]);
                let mut x = (across[upper] * below + across[lower] * above) / (above + below);
                if let Some(&right) = vertices.get(place + 1) {
                    x = x
                        .min(across[right] - separation_between(layers, vertex, right, separation));
                }
                if place > 0 {
                    let left = vertices[place - 1];
                    x = x.max(across[left] + separation_between(layers, left, vertex, separation));
                }
                if x.is_finite() {
                    across[vertex] = x;
                }
            }
        }
    }
}
