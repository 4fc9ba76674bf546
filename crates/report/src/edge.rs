//! Calls between nodes and what went through them.
//!
//! A call counts once per sample, however often recursion repeats it; calls of a node to
//! itself do not count. A call across nodes that are left out is residual. It is inline
//! when every frame that made it lay inside its caller's code (google/pprof
//! `internal/graph/graph.go`, `newGraph`).

use std::ops::Range;

use fathom_profile::LocationId;
use hashbrown::HashMap;
use serde::Serialize;

use crate::node::NodeTable;
use crate::parallel::in_parts;
use crate::scope::{Scope, Weight};

/// A call from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) weight: Weight,
    pub(crate) residual: bool,
    pub(crate) inline: bool,
}

impl Edge {
    /// What a table says went through the call. pprof forgets to divide it for averages.
    pub(crate) const fn weight_of(&self, scope: &Scope<'_>) -> i64 {
        if scope.options.compat {
            self.weight.value
        } else {
            self.weight.mean()
        }
    }
}

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

/// Which calls are counted.
pub(crate) struct Calls<'a, 'p> {
    pub(crate) scope: &'a Scope<'p>,
    pub(crate) nodes: &'a NodeTable<'a>,
    /// Nodes that take part; `None` when all do.
    pub(crate) kept: Option<&'a [bool]>,
}

impl Calls<'_, '_> {
    /// Returns all calls, ordered by their nodes.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        self.collect(&|_| true)
    }

    /// Returns for every node whether its code was inlined, judged by the calls of at
    /// least `cutoff`. Looks only at calls that may be inlined.
    pub(crate) fn inlining(&self, cutoff: u64) -> Vec<Option<Inlining>> {
        let mut found = vec![(false, false); self.nodes.len()];
        let candidates = self.candidates();
        if candidates.contains(&true) {
            let is_candidate = |node: u32| candidates.get(node as usize).copied().unwrap_or(false);
            for edge in self.collect(&is_candidate) {
                if edge.weight.value.unsigned_abs() < cutoff {
                    continue;
                }
                if let Some(seen) = found.get_mut(edge.to as usize) {
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
        self.kept
            .is_none_or(|kept| kept.get(node as usize).copied().unwrap_or(false))
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

    /// The kept frames of every location, the outermost caller first; what is left out
    /// between them is one frame without a node.
    fn paths(&self, counts: &dyn Fn(u32) -> bool) -> Paths {
        let mut paths = Paths {
            starts: vec![0],
            frames: Vec::new(),
        };
        for frames in self.nodes.all_frames() {
            let first = paths.frames.len();
            for (place, &node) in frames.iter().enumerate().rev() {
                if self.is_kept(node) {
                    paths.frames.push(Frame {
                        node,
                        counts: counts(node),
                        inline: place + 1 != frames.len(),
                    });
                } else if paths
                    .frames
                    .get(first..)
                    .and_then(<[_]>::last)
                    .is_none_or(|it| it.node != LEFT_OUT)
                {
                    paths.frames.push(Frame {
                        node: LEFT_OUT,
                        counts: false,
                        inline: false,
                    });
                }
            }
            paths
                .starts
                .push(u32::try_from(paths.frames.len()).unwrap_or(u32::MAX));
        }
        paths
    }

    /// Collects the calls of nodes for which `counts`.
    fn collect(&self, counts: &dyn Fn(u32) -> bool) -> Vec<Edge> {
        let paths = self.paths(counts);
        let crossed = in_parts(
            self.scope.profile.sample_count(),
            |samples| self.cross(&paths, samples),
            |into: &mut HashMap<u64, Crossed>, from| {
                for (key, crossed) in from {
                    let known = into.entry(key).or_default();
                    known.weight.add(crossed.weight);
                    known.residual |= crossed.residual;
                    known.direct |= crossed.direct;
                }
            },
        );
        let mut keys: Vec<(u64, Crossed)> = crossed.into_iter().collect();
        keys.sort_unstable_by_key(|(key, _)| *key);
        let edge = |(key, crossed): (u64, Crossed)| Edge {
            from: high(key),
            to: low(key),
            weight: crossed.weight,
            residual: crossed.residual,
            inline: !crossed.direct,
        };
        keys.into_iter().map(edge).collect()
    }

    fn cross(&self, paths: &Paths, samples: Range<usize>) -> HashMap<u64, Crossed> {
        let mut edges: HashMap<u64, Crossed> = HashMap::new();
        for sample in samples {
            let weight = self.scope.weight(sample);
            if weight.is_zero() {
                continue;
            }
            let mark = u32::try_from(sample + 1).unwrap_or(u32::MAX);
            let mut caller: Option<u32> = None;
            let mut residual = false;
            for &location in self.scope.profile.stack(sample).iter().rev() {
                for frame in paths.of(location) {
                    if frame.node == LEFT_OUT {
                        residual = true;
                        continue;
                    }
                    if frame.counts
                        && let Some(from) = caller
                        && from != frame.node
                    {
                        let edge = edges.entry(key(from, frame.node)).or_default();
                        if edge.mark != mark {
                            edge.mark = mark;
                            edge.weight.add(weight);
                            edge.residual |= residual;
                            edge.direct |= !frame.inline;
                        }
                    }
                    caller = Some(frame.node);
                    residual = false;
                }
            }
        }
        edges
    }
}

/// What went through a call so far.
#[derive(Clone, Copy, Default)]
struct Crossed {
    weight: Weight,
    /// One more than the last sample that went through.
    mark: u32,
    residual: bool,
    /// Whether any call was not inlined.
    direct: bool,
}

/// The node of frames that are left out.
const LEFT_OUT: u32 = u32::MAX;

/// A frame of a location.
#[derive(Clone, Copy)]
struct Frame {
    node: u32,
    /// Whether calls of the node are counted.
    counts: bool,
    /// Whether the frame's code lies inside its caller's.
    inline: bool,
}

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

const fn key(from: u32, to: u32) -> u64 {
    ((from as u64) << 32) | to as u64
}

const fn low(key: u64) -> u32 {
    (key & 0xffff_ffff) as u32
}

const fn high(key: u64) -> u32 {
    (key >> 32) as u32
}
