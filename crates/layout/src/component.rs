//! The layout of one component: ranks, order, places, courses.

use crate::Error;
use std::collections::BTreeMap;

use crate::acyclic;
use crate::drawing::{Drawing, Point, Route};
use crate::graph::{Edge, Graph, Node, Options};
use crate::layers::{DownEdge, Extent, Layers};
use crate::order;
use crate::place;
use crate::rank;
use crate::route::{Head, Loops, Places, RankSpan};

/// Lays out a connected graph, with the upper left corner of everything at the origin.
///
/// `most_bends` is what the limit leaves for this component; `labels` says whether any edge of
/// the whole graph has one, so that all components have the same distances.
pub(crate) fn lay_out(
    graph: &Graph,
    options: &Options,
    labels: bool,
    most_bends: &mut usize,
) -> Result<Drawing, Error> {
    let mut loops: BTreeMap<usize, Loops> = BTreeMap::new();
    for edge in graph.edges.iter().filter(|edge| edge.from == edge.to) {
        loops
            .entry(edge.from as usize)
            .or_default()
            .push(edge.label);
    }
    let mut extents: Vec<Extent> = graph.nodes.iter().map(extent).collect();
    for (&node, loops) in &loops {
        extents[node].right += loops.reach(options.arrow_length);
        extents[node].height = extents[node].height.max(loops.label_height());
    }
    // The edges that are layered, with their indices in the graph.
    let layered: Vec<(usize, Edge)> = graph
        .edges
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, edge)| edge.from != edge.to)
        .collect();
    let (down, turned) = downwards(&layered, graph.nodes.len());
    let lengths = lengths(&layered, labels);
    let arcs: Vec<acyclic::Arc> = down
        .iter()
        .map(|edge| (edge.upper, edge.lower, edge.weight))
        .collect();
    let widths: Vec<f64> = extents.iter().map(|it| it.left + it.right).collect();
    let node_ranks = rank::assign(&widths, &arcs, &lengths, *most_bends)?;
    let layers = Layers::new(&extents, node_ranks, &down, *most_bends)?;
    *most_bends -= layers.ranks.len() - layers.nodes;
    let order = order::reduce_crossings(&layers, options.rounds);
    let mut across = place::across(&layers, &order, options.node_separation);
    let separation = if labels {
        options.rank_separation / 2.0
    } else {
        options.rank_separation
    };
    let ranks = rank_spans(&layers, separation);
    let down: Vec<f64> = ranks.iter().map(|rank| rank.centre()).collect();
    place::straighten(&layers, &order, options.node_separation, &down, &mut across);
    let places = Places {
        layers: &layers,
        order: &order,
        across: &across,
        ranks: &ranks,
        boxes: &graph.nodes,
        arrow_length: options.arrow_length,
        clearance: options.node_separation / 4.0,
    };
    let nodes: Vec<Point> = (0..graph.nodes.len())
        .map(|node| Point::new(across[node], ranks[layers.ranks[node]].centre()))
        .collect();
    let mut edges = vec![Route::default(); graph.edges.len()];
    let heads: Vec<Head> = turned
        .into_iter()
        .map(|turned| if turned { Head::Upper } else { Head::Lower })
        .collect();
    for ((edge, _), route) in layered.iter().zip(places.routes(&heads)) {
        edges[*edge] = route;
    }
    for (&node, loops) in &loops {
        let own = (0..edges.len()).filter(|&edge| {
            let ends = graph.edges[edge];
            ends.from == ends.to && ends.from as usize == node
        });
        let routes = loops.routes(nodes[node], graph.nodes[node], options.arrow_length);
        for (edge, route) in own.zip(routes) {
            edges[edge] = route;
        }
    }
    let width = across
        .iter()
        .zip(&layers.extents)
        .map(|(x, extent)| x + extent.right)
        .fold(0.0, f64::max);
    Ok(Drawing {
        width,
        height: ranks.last().map_or(0.0, |rank| rank.bottom),
        nodes,
        edges,
    })
}

fn extent(node: &Node) -> Extent {
    Extent {
        left: node.width / 2.0,
        right: node.width / 2.0,
        height: node.height,
    }
}

/// Turns edges so that there is no cycle; says which were turned.
fn downwards(layered: &[(usize, Edge)], nodes: usize) -> (Vec<DownEdge>, Vec<bool>) {
    let arcs: Vec<acyclic::Arc> = layered
        .iter()
        .map(|(_, edge)| (edge.from as usize, edge.to as usize, edge.weight))
        .collect();
    let turned = acyclic::reversed(nodes, &arcs);
    let down = layered
        .iter()
        .zip(&turned)
        .map(|((_, edge), &turned)| {
            let (from, to) = (edge.from as usize, edge.to as usize);
            let (upper, lower) = if turned { (to, from) } else { (from, to) };
            DownEdge {
                upper,
                lower,
                weight: edge.weight,
                label: edge.label,
            }
        })
        .collect();
    (down, turned)
}

/// Returns the least length in ranks of each edge.
///
/// With labels there is a rank between any two, on which the labels stand. Of several edges
/// between the same two nodes all but the first have a bend, so that they do not coincide.
fn lengths(layered: &[(usize, Edge)], labels: bool) -> Vec<usize> {
    let mut seen = std::collections::BTreeSet::new();
    layered
        .iter()
        .map(|(_, edge)| {
            let is_first = seen.insert((edge.from.min(edge.to), edge.from.max(edge.to)));
            let length = edge.min_length.max(1) as usize;
            if labels {
                2 * length
            } else if is_first {
                length
            } else {
                length.max(2)
            }
        })
        .collect()
}

fn rank_spans(layers: &Layers, separation: f64) -> Vec<RankSpan> {
    let mut heights = vec![0.0_f64; layers.rank_count];
    for (extent, &rank) in layers.extents.iter().zip(&layers.ranks) {
        heights[rank] = heights[rank].max(extent.height);
    }
    let mut top = 0.0;
    heights
        .into_iter()
        .map(|height| {
            let span = RankSpan {
                top,
                bottom: top + height,
            };
            top = span.bottom + separation;
            span
        })
        .collect()
}
