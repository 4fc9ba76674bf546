//! The orders that crossing reduction begins with.

use std::collections::VecDeque;

use crate::layers::Layers;

/// Returns sequences of all vertices; a rank begins with its vertices in that order.
pub(super) fn sequences(layers: &Layers) -> impl Iterator<Item = Vec<usize>> + '_ {
    [
        (Start::Top, Reach::Breadth),
        (Start::Bottom, Reach::Breadth),
        (Start::Top, Reach::Depth),
        (Start::Bottom, Reach::Depth),
    ]
    .into_iter()
    .map(|(start, reach)| traverse(layers, start, reach))
}

/// Where a traversal begins: at vertices with nothing above, or with nothing below.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Top,
    Bottom,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Breadth,
    Depth,
}

/// Lists the vertices as a search meets them that follows the edges away from its start.
fn traverse(layers: &Layers, start: Start, reach: Reach) -> Vec<usize> {
    let vertices = layers.ranks.len();
    let mut met = vec![false; vertices];
    let mut sequence = Vec::with_capacity(vertices);
    let is_start = |vertex: usize| match start {
        Start::Top => layers.uppers(vertex).next().is_none(),
        Start::Bottom => layers.lowers(vertex).next().is_none(),
    };
    let starts = (0..vertices).filter(|&vertex| is_start(vertex));
    for first in starts.chain(0..vertices) {
        let mut waiting = VecDeque::from([first]);
        while let Some(vertex) = match reach {
            Reach::Breadth => waiting.pop_front(),
            Reach::Depth => waiting.pop_back(),
        } {
            if std::mem::replace(&mut met[vertex], true) {
                continue;
            }
            sequence.push(vertex);
            let before = waiting.len();
            match start {
                Start::Top => waiting.extend(layers.lowers(vertex)),
                Start::Bottom => waiting.extend(layers.uppers(vertex)),
            }
            if reach == Reach::Depth {
                waiting.make_contiguous()[before..].reverse();
            }
        }
    }
    sequence
}
