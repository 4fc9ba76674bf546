//! Why a graph cannot be laid out.

/// Says why a graph cannot be laid out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An edge that begins or ends at a node that is not there.
    #[error("edge {edge} names node {node}, but there are only {count}")]
    NoSuchNode {
        /// The edge's index.
        edge: usize,
        /// The node it names.
        node: u32,
        /// How many nodes there are.
        count: usize,
    },
    /// A node whose width or height is negative, not a number, or beyond all paper.
    #[error("node {node} cannot be {width} by {height} points large")]
    NodeSize {
        /// The node's index.
        node: usize,
        /// Points.
        width: f64,
        /// Points.
        height: f64,
    },
    /// A label whose width or height is negative, not a number, or beyond all paper.
    #[error("the label of edge {edge} cannot be {width} by {height} points large")]
    LabelSize {
        /// The edge's index.
        edge: usize,
        /// Points.
        width: f64,
        /// Points.
        height: f64,
    },
    /// A distance among the options that is negative, not a number, or beyond all paper.
    #[error("the {what} cannot be {value} points")]
    Option {
        /// The option.
        what: &'static str,
        /// Its value, in points.
        value: f64,
    },
    /// The graph is larger than it may be.
    #[error("the graph has {found} {what}, more than {limit}")]
    Limit {
        /// What there are too many of.
        what: &'static str,
        /// How many there are, or how many there are at least.
        found: usize,
        /// The limit.
        limit: usize,
    },
}
