//! A layered drawing of a directed graph: where each box stands, how each arrow runs.
//!
//! For call graphs, whose callers stand above their callees. Sizes and connections in,
//! coordinates out; names, colours and formats are the caller's. The result depends on
//! nothing but the arguments.
//!
//! The method is that of Sugiyama, as `dot` of Graphviz refined it (Gansner, Koutsofios, North,
//! Vo, "A Technique for Drawing Directed Graphs", IEEE Transactions on Software Engineering,
//! 1993):
//!
//! 1. of each cycle an edge is turned around;
//! 2. a network simplex puts nodes on ranks so that the weighted length of all edges is least;
//! 3. long edges get a bend on each rank they pass, one of which holds the label; sweeps of
//!    medians and exchanges order each rank so that few edges cross;
//! 4. columns of bends and heavy paths are placed so that edges are short and heavy ones
//!    straight;
//! 5. edges become smooth curves through their bends that touch no box.
//!
//! Components that no edge connects stand side by side.
//!
//! Not here: clusters, edges within a rank, other directions than downwards.
//!
//! ```
//! use fathom_layout::{Edge, Graph, Node, Options, lay_out};
//!
//! let edge = |from, to| Edge { from, to, weight: 1, min_length: 1, label: None };
//! let graph = Graph {
//!     nodes: vec![Node { width: 54.0, height: 36.0 }; 3],
//!     edges: vec![edge(0, 1), edge(0, 2)],
//! };
//! let drawing = lay_out(&graph, &Options::default())?;
//! // Both callees stand on one rank below the caller, half an inch apart from it.
//! assert_eq!(drawing.nodes[1].y, drawing.nodes[2].y);
//! assert_eq!(drawing.nodes[1].y - drawing.nodes[0].y, 36.0 + 36.0);
//! # Ok::<(), fathom_layout::Error>(())
//! ```

mod acyclic;
mod component;
mod components;
mod crossings;
mod drawing;
mod error;
mod graph;
mod layers;
mod links;
mod order;
mod place;
mod rank;
mod route;
mod simplex;

pub use crossings::{Crossings, crossings};
pub use drawing::{Arrow, Drawing, Point, Route};
pub use error::Error;
pub use graph::{Edge, Graph, Limits, Node, Options, Size};

/// Places the nodes and edges of a graph.
///
/// A graph of 500 nodes and 800 edges takes some tens of milliseconds; time grows a little
/// faster than nodes and bends together.
///
/// # Errors
///
/// Errs when an edge names a node that is not there, when a size or distance is negative, not
/// a number or larger than 100,000 points, and when the graph is larger than the limits among
/// the options.
pub fn lay_out(graph: &Graph, options: &Options) -> Result<Drawing, Error> {
    graph::check(graph, options)?;
    let ends = graph
        .edges
        .iter()
        .map(|edge| (edge.from as usize, edge.to as usize));
    let members = components::split(graph.nodes.len(), ends);
    let labels = graph.edges.iter().any(|edge| edge.label.is_some());
    let mut most_bends = options.limits.bends;
    let parts = Part::divide(graph, members);
    let mut drawings = Vec::with_capacity(parts.len());
    for part in &parts {
        drawings.push(component::lay_out(
            &part.graph,
            options,
            labels,
            &mut most_bends,
        )?);
    }
    let sizes: Vec<(f64, f64)> = drawings.iter().map(|it| (it.width, it.height)).collect();
    let (corners, width, height) = components::pack(&sizes, 2.0 * options.node_separation);
    let mut whole = Drawing {
        width: width + 2.0 * options.margin,
        height: height + 2.0 * options.margin,
        nodes: vec![Point::default(); graph.nodes.len()],
        edges: vec![Route::default(); graph.edges.len()],
    };
    for ((part, mut drawing), corner) in parts.iter().zip(drawings).zip(corners) {
        drawing.shift(corner.x + options.margin, corner.y + options.margin);
        for (&node, place) in part.nodes.iter().zip(drawing.nodes) {
            whole.nodes[node] = place;
        }
        for (&edge, route) in part.edges.iter().zip(drawing.edges) {
            whole.edges[edge] = route;
        }
    }
    Ok(whole)
}

/// A component as a graph of its own, with the indices that its nodes and edges have in the
/// whole.
struct Part {
    graph: Graph,
    nodes: Vec<usize>,
    edges: Vec<usize>,
}

impl Part {
    fn divide(graph: &Graph, members: Vec<Vec<usize>>) -> Vec<Self> {
        let mut homes = vec![(0_usize, 0_u32); graph.nodes.len()];
        let mut parts: Vec<Self> = Vec::with_capacity(members.len());
        for (index, nodes) in members.into_iter().enumerate() {
            for (local, &node) in (0_u32..).zip(&nodes) {
                homes[node] = (index, local);
            }
            parts.push(Self {
                graph: Graph {
                    nodes: nodes.iter().map(|&node| graph.nodes[node]).collect(),
                    edges: Vec::new(),
                },
                nodes,
                edges: Vec::new(),
            });
        }
        for (index, edge) in graph.edges.iter().enumerate() {
            let (part, from) = homes[edge.from as usize];
            let (_, to) = homes[edge.to as usize];
            parts[part].graph.edges.push(Edge { from, to, ..*edge });
            parts[part].edges.push(index);
        }
        parts
    }
}
