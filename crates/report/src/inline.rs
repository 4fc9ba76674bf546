//! Which nodes were inlined into their callers.
//!
//! A call edge is inline when every call along it was; a node is marked by its incoming
//! edges (google/pprof `internal/report/report.go`, `TextItems`). Edges lighter than a
//! fraction of the total do not count, so their weights must be known, but only where a
//! mark is possible at all: no edge is kept for a node that never stands inside another's
//! code.

use std::ops::Range;

use fathom_profile::{LocationId, Profile};
use hashbrown::HashMap;
use serde::Serialize;

use crate::filter::Selection;
use crate::node::NodeTable;
use crate::parallel::in_parts;

/// How a node's code got into its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Inlining {
    /// Every call was inlined.
    Inline,
    /// Some calls were inlined.
    Partial,
}

impl Inlining {
    /// Returns what a row carries behind its name, as pprof writes it.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Inline => "(inline)",
            Self::Partial => "(partial-inline)",
        }
    }
}

struct Edge {
    weight: i64,
    inline: bool,
    /// One more than the last sample that crossed the edge.
    mark: u32,
}

/// What the marks are made of.
pub(crate) struct Calls<'a, 'p> {
    pub(crate) profile: &'a Profile,
    pub(crate) nodes: &'a NodeTable<'p>,
    pub(crate) column: usize,
    pub(crate) selection: &'a Selection,
    /// Nodes that take part in the graph; calls across others count as direct.
    pub(crate) kept: &'a [bool],
    /// Edges with a smaller absolute weight do not count.
    pub(crate) cutoff: u64,
}

impl Calls<'_, '_> {
    /// Returns the mark of every node.
    pub(crate) fn marks(&self) -> Vec<Option<Inlining>> {
        let candidates = self.candidates();
        let mut found = vec![(false, false); self.nodes.len()];
        if candidates.contains(&true) {
            for (key, edge) in self.edges(&candidates) {
                if edge.weight.unsigned_abs() < self.cutoff {
                    continue;
                }
                if let Some(seen) = found.get_mut(destination(key)) {
                    if edge.inline {
                        seen.0 = true;
                    } else {
                        seen.1 = true;
                    }
                }
            }
        }
        let mark = |(inline, direct): (bool, bool)| match (inline, direct) {
            (true, true) => Some(Inlining::Partial),
            (true, false) => Some(Inlining::Inline),
            (false, _) => None,
        };
        found.into_iter().map(mark).collect()
    }

    fn is_kept(&self, node: u32) -> bool {
        self.kept.get(node as usize).copied().unwrap_or(false)
    }

    /// Nodes that some location has inside the code of another function.
    fn candidates(&self) -> Vec<bool> {
        let mut candidates = vec![false; self.nodes.len()];
        for frames in self.nodes.all_frames() {
            let Some((_outermost, inlined)) = frames.split_last() else {
                continue;
            };
            for &node in inlined {
                if self.is_kept(node)
                    && let Some(candidate) = candidates.get_mut(node as usize)
                {
                    *candidate = true;
                }
            }
        }
        candidates
    }

    /// The kept frames of every location.
    fn paths(&self, candidates: &[bool]) -> Paths {
        let mut paths = Paths {
            starts: vec![0],
            frames: Vec::new(),
        };
        for frames in self.nodes.all_frames() {
            // From the outermost caller inwards, as the stack is walked.
            for (place, &node) in frames.iter().enumerate().rev() {
                if self.is_kept(node) {
                    let candidate = candidates.get(node as usize).copied().unwrap_or(false);
                    let inline = place + 1 != frames.len();
                    paths.frames.push(Frame {
                        node,
                        candidate,
                        inline,
                    });
                }
            }
            paths
                .starts
                .push(u32::try_from(paths.frames.len()).unwrap_or(u32::MAX));
        }
        paths
    }

    fn edges(&self, candidates: &[bool]) -> Edges {
        let paths = self.paths(candidates);
        in_parts(
            self.profile.sample_count(),
            |samples| self.edges_of(&paths, samples),
            |into, from| {
                for (key, edge) in from {
                    let known = into.entry(key).or_insert(Edge { weight: 0, ..edge });
                    known.weight = known.weight.wrapping_add(edge.weight);
                    known.inline &= edge.inline;
                }
            },
        )
    }

    fn edges_of(&self, paths: &Paths, samples: Range<usize>) -> Edges {
        let mut edges = Edges::new();
        let values = self.profile.values(self.column);
        for sample in samples {
            let value = values.get(sample).copied().unwrap_or(0);
            if value == 0 || !self.selection.keeps(sample) {
                continue;
            }
            let mark = u32::try_from(sample + 1).unwrap_or(u32::MAX);
            let mut caller: Option<u32> = None;
            for &location in self.profile.stack(sample).iter().rev() {
                for &Frame {
                    node,
                    candidate,
                    inline,
                } in paths.of(location)
                {
                    if candidate
                        && let Some(from) = caller
                        && from != node
                    {
                        cross(&mut edges, key(from, node), value, inline, mark);
                    }
                    caller = Some(node);
                }
            }
        }
        edges
    }
}

type Edges = HashMap<u64, Edge>;

/// A kept frame of a location.
#[derive(Clone, Copy)]
struct Frame {
    node: u32,
    /// Whether the node may get a mark.
    candidate: bool,
    /// Whether the frame's code lies inside its caller's.
    inline: bool,
}

/// The kept frames of every location, the outermost caller first.
struct Paths {
    starts: Vec<u32>,
    frames: Vec<Frame>,
}

impl Paths {
    #[inline]
    fn of(&self, location: LocationId) -> &[Frame] {
        let index = location.index();
        let Some(&[start, end]) = self.starts.get(index..index + 2) else {
            return &[];
        };
        self.frames
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

/// Counts a call once per sample.
fn cross(edges: &mut Edges, key: u64, value: i64, inline: bool, mark: u32) {
    let edge = edges.entry(key).or_insert(Edge {
        weight: 0,
        inline: true,
        mark: 0,
    });
    if edge.mark != mark {
        edge.mark = mark;
        edge.weight = edge.weight.wrapping_add(value);
        edge.inline &= inline;
    }
}

const fn key(from: u32, to: u32) -> u64 {
    ((from as u64) << 32) | to as u64
}

const fn destination(key: u64) -> usize {
    (key & 0xffff_ffff) as usize
}
