//! What is to be drawn: sizes and connections, no names.

use serde::{Deserialize, Serialize};

use crate::Error;

/// A directed graph whose nodes and labels have sizes.
///
/// Self-loops, parallel edges, cycles and several components are all welcome.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The nodes; edges name them by index.
    pub nodes: Vec<Node>,
    /// The edges, in any order.
    pub edges: Vec<Edge>,
}

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Points from its left to its right border.
    pub width: f64,
    /// Points from its upper to its lower border.
    pub height: f64,
}

/// An arrow from one box to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// The index of the node at its tail.
    pub from: u32,
    /// The index of the node at its head.
    pub to: u32,
    /// How much it matters that the edge is short and straight; an edge of weight 0 is
    /// indifferent to its length.
    pub weight: u32,
    /// The fewest ranks between tail and head; 0 is taken as 1.
    pub min_length: u32,
    /// The size of the text that stands beside it, if any.
    pub label: Option<Size>,
}

/// The size of a text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Points.
    pub width: f64,
    /// Points.
    pub height: f64,
}

/// How far things stay apart, and how hard the layout tries.
///
/// The defaults are those of Graphviz's `dot`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Points between the boxes of one rank and those of the next.
    pub rank_separation: f64,
    /// Points between neighbours of one rank.
    pub node_separation: f64,
    /// Points between an edge's last control point and the tip of its arrow.
    pub arrow_length: f64,
    /// Points that stay free around the whole drawing.
    pub margin: f64,
    /// The most sweeps of crossing reduction from each initial order.
    pub rounds: u32,
    /// What is too large to be laid out.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rank_separation: 36.0,
            node_separation: 18.0,
            arrow_length: 10.0,
            margin: 4.0,
            rounds: 24,
            limits: Limits::default(),
        }
    }
}

/// The largest graph that is laid out; past it the layout is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The most nodes.
    pub nodes: usize,
    /// The most edges.
    pub edges: usize,
    /// The most points at which long edges pass a rank, all edges together. Time and memory
    /// grow with it.
    pub bends: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes: 20_000,
            edges: 100_000,
            bends: 1_000_000,
        }
    }
}

/// The largest size or distance, in points: some thirty metres of paper.
const LARGEST: f64 = 100_000.0;

/// Checks that every index is valid and every number is a sensible size.
pub(crate) fn check(graph: &Graph, options: &Options) -> Result<(), Error> {
    let limits = &options.limits;
    within(graph.nodes.len(), limits.nodes, "nodes")?;
    within(graph.edges.len(), limits.edges, "edges")?;
    for (what, value) in [
        ("rank separation", options.rank_separation),
        ("node separation", options.node_separation),
        ("arrow length", options.arrow_length),
        ("margin", options.margin),
    ] {
        if !is_size(value) {
            return Err(Error::Option { what, value });
        }
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        if !(is_size(node.width) && is_size(node.height)) {
            return Err(Error::NodeSize {
                node: index,
                width: node.width,
                height: node.height,
            });
        }
    }
    let count = graph.nodes.len();
    for (index, edge) in graph.edges.iter().enumerate() {
        for node in [edge.from, edge.to] {
            if node as usize >= count {
                return Err(Error::NoSuchNode {
                    edge: index,
                    node,
                    count,
                });
            }
        }
        if let Some(label) = edge.label
            && !(is_size(label.width) && is_size(label.height))
        {
            return Err(Error::LabelSize {
                edge: index,
                width: label.width,
                height: label.height,
            });
        }
    }
    Ok(())
}

/// Errs when there are more of something than allowed.
pub(crate) fn within(found: usize, limit: usize, what: &'static str) -> Result<(), Error> {
    if found > limit {
        return Err(Error::Limit { what, found, limit });
    }
    Ok(())
}

fn is_size(value: f64) -> bool {
    (0.0..=LARGEST).contains(&value)
}
