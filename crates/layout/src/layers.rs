//! A component with its long edges cut at every rank that they pass.

use crate::Error;
use crate::graph::{Size, within};
use crate::links::Links;

/// An edge of a component that points downwards, as the layering sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DownEdge {
    pub(crate) upper: usize,
    pub(crate) lower: usize,
    pub(crate) weight: u32,
    pub(crate) label: Option<Size>,
}

/// The piece of an edge between two ranks that follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) upper: usize,
    pub(crate) lower: usize,
    pub(crate) weight: u32,
}

/// The vertices on their ranks: first the nodes, then the bends of long edges.
pub(crate) struct Layers {
    /// How many vertices are nodes.
    pub(crate) nodes: usize,
    /// The rank of each vertex.
    pub(crate) ranks: Vec<usize>,
    /// How many ranks there are.
    pub(crate) rank_count: usize,
    /// What each vertex occupies.
    pub(crate) extents: Vec<Extent>,
    pub(crate) segments: Vec<Segment>,
    /// The segments below each vertex.
    pub(crate) below: Links,
    uppers: Links,
    lowers: Links,
    /// The vertices of each edge from its upper to its lower node.
    pub(crate) chains: Vec<Vec<usize>>,
    /// The bend of each edge that holds its label.
    pub(crate) labels: Vec<Option<usize>>,
}

/// What a vertex occupies about its place, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) height: f64,
}

/// How far apart an edge and its label stand, in points.
pub(crate) const LABEL_GAP: f64 = 4.0;

impl Layers {
    /// Cuts the edges.
    ///
    /// # Errors
    ///
    /// Errs when there would be more than `most_bends` bends.
    pub(crate) fn new(
        nodes: &[Extent],
        node_ranks: Vec<usize>,
        edges: &[DownEdge],
        most_bends: usize,
    ) -> Result<Self, Error> {
        let mut bends = 0_usize;
        for edge in edges {
            bends = bends.saturating_add(node_ranks[edge.lower] - node_ranks[edge.upper] - 1);
        }
        within(bends, most_bends, "bends of long edges")?;
        let rank_count = node_ranks.iter().max().map_or(0, |last| last + 1);
        let mut ranks = node_ranks;
        let mut extents = nodes.to_vec();
        let mut segments = Vec::with_capacity(edges.len() + bends);
        let mut chains = Vec::with_capacity(edges.len());
        let mut labels = Vec::with_capacity(edges.len());
        for edge in edges {
            let (first, last) = (ranks[edge.upper], ranks[edge.lower]);
            let label_rank = usize::midpoint(first, last);
            let mut chain = vec![edge.upper];
            let mut label = None;
            for rank in first + 1..last {
                let vertex = ranks.len();
                ranks.push(rank);
                let mut extent = Extent {
                    left: 0.0,
                    right: 0.0,
                    height: 0.0,
                };
                if let Some(size) = edge.label
                    && rank == label_rank
                {
                    label = Some(vertex);
                    extent.right = LABEL_GAP + size.width;
                    extent.height = size.height;
                }
                extents.push(extent);
                chain.push(vertex);
            }
            chain.push(edge.lower);
            for pair in chain.windows(2) {
                segments.push(Segment {
                    upper: pair[0],
                    lower: pair[1],
                    weight: edge.weight,
                });
            }
            chains.push(chain);
            labels.push(label);
        }
        let vertices = ranks.len();
        let below = Links::new(vertices, segments.iter().map(|segment| segment.upper));
        let above = Links::new(vertices, segments.iter().map(|segment| segment.lower));
        Ok(Self {
            nodes: nodes.len(),
            rank_count,
            uppers: above.map(|segment| segments[segment].upper),
            lowers: below.map(|segment| segments[segment].lower),
            below,
            ranks,
            extents,
            segments,
            chains,
            labels,
        })
    }

    /// Says whether a vertex is a bend, not a node.
    pub(crate) fn is_bend(&self, vertex: usize) -> bool {
        vertex >= self.nodes
    }

    /// Returns the vertices at the upper ends of the segments above `vertex`.
    pub(crate) fn uppers(&self, vertex: usize) -> impl Iterator<Item = usize> + '_ {
        self.uppers.of(vertex).iter().copied()
    }

    /// Returns the vertices at the lower ends of the segments below `vertex`.
    pub(crate) fn lowers(&self, vertex: usize) -> impl Iterator<Item = usize> + '_ {
        self.lowers.of(vertex).iter().copied()
    }
}
