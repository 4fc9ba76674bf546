//! Calls between nodes and what went through them.
//!
//! A call counts once per sample, however often recursion repeats it; calls of a node to
//! itself do not count. A call across nodes that are left out is residual. It is inline
//! when every frame that made it lay inside its caller's code (google/pprof
//! `internal/graph/graph.go`, `newGraph`).

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;
use serde::Serialize;

use crate::node::NodeTable;
use crate::order::mask;
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
        let edges = self
            .scope
            .calls(self.kept, false, || self.collect(&|_| true));
        Arc::unwrap_or_clone(edges)
    }

    /// Returns for every node, if it is of interest as `shown`, whether its code was
    /// inlined, judged by the calls of at least `cutoff`. Looks only at calls that may be
    /// inlined.
    pub(crate) fn inlining(&self, shown: &[u32], cutoff: u64) -> Vec<Option<Inlining>> {
        let mut found = vec![(false, false); self.nodes.len()];
        let candidates = self.candidates(&mask(shown, self.nodes.len()));
        if candidates.contains(&true) {
            let is_candidate = |node: u32| candidates.get(node as usize).copied().unwrap_or(false);
            let find = || self.collect(&is_candidate);
            for edge in self.scope.calls(self.kept, true, find).iter() {
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

    /// Nodes shown that some location has inside the code of another function.
    fn candidates(&self, shown: &[bool]) -> Vec<bool> {
        let mut candidates = vec![false; self.nodes.len()];
        for frames in self.nodes.all_frames() {
            let Some((_outermost, inlined)) = frames.split_last() else {
                continue;
            };
            for &node in inlined {
                if shown.get(node as usize).copied().unwrap_or(false)
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
        let mut paths = Paths::new(self.nodes.all_frames().count());
        let mut kept: Vec<Frame> = Vec::new();
        for (location, frames) in self.nodes.all_frames().enumerate() {
            kept.clear();
            for (place, &node) in frames.iter().enumerate().rev() {
                if self.is_kept(node) {
                    let inline = place + 1 != frames.len();
                    kept.push(Frame::new(node, counts(node), inline));
                } else if kept.last().is_none_or(|it| it.node != LEFT_OUT) {
                    kept.push(Frame::LEFT_OUT);
                }
            }
            paths.set(location, &kept);
        }
        paths
    }

    /// Collects the calls of nodes for which `counts`.
    fn collect(&self, counts: &dyn Fn(u32) -> bool) -> Vec<Edge> {
        let paths = self.paths(counts);
        let crossed = in_parts(
            self.scope.profile.sample_count(),
            |samples| self.cross(&paths, samples),
            |into: &mut CallTable, from| {
                for (key, crossed) in from.keys.into_iter().zip(from.crossed) {
                    let known = into.place(key);
                    if let Some(known) = into.crossed.get_mut(known as usize) {
                        known.weight.add(crossed.weight);
                        known.residual |= crossed.residual;
                        known.direct |= crossed.direct;
                    }
                }
            },
        );
        let mut edges: Vec<Edge> = crossed
            .keys
            .into_iter()
            .zip(crossed.crossed)
            .map(|(key, crossed)| Edge {
                from: high(key),
                to: low(key),
                weight: crossed.weight,
                residual: crossed.residual,
                inline: !crossed.direct,
            })
            .collect();
        edges.sort_unstable_by_key(|edge| key(edge.from, edge.to));
        edges
    }

    fn cross(&self, paths: &Paths, samples: Range<usize>) -> CallTable {
        let mut pass = Pass {
            calls: CallTable::default(),
            // Frames remember their last callee: each thread has its own.
            frames: paths.frames.clone(),
            weight: Weight::default(),
            mark: 0,
            caller: None,
            residual: false,
        };
        for sample in samples {
            pass.weight = self.scope.weight(sample);
            if pass.weight.is_zero() {
                continue;
            }
            pass.mark = u32::try_from(sample + 1).unwrap_or(u32::MAX);
            pass.caller = None;
            pass.residual = false;
            for &location in self.scope.profile.stack(sample).iter().rev() {
                pass.location(location.index());
            }
        }
        pass.calls
    }
}

/// The way through the samples, each from its root to its leaf.
struct Pass {
    calls: CallTable,
    /// As in [`Paths`].
    frames: Vec<Frame>,
    weight: Weight,
    /// One more than the sample.
    mark: u32,
    /// The last kept frame's node and its place in `frames`.
    caller: Option<(u32, usize)>,
    /// Whether frames were left out since.
    residual: bool,
}

impl Pass {
    #[inline]
    fn location(&mut self, location: usize) {
        let Some(&frame) = self.frames.get(location) else {
            return;
        };
        if frame.node == SEVERAL {
            for place in frame.callee as usize..frame.call as usize {
                if let Some(&frame) = self.frames.get(place) {
                    self.frame(frame, place);
                }
            }
        } else {
            self.frame(frame, location);
        }
    }

    #[inline]
    fn frame(&mut self, frame: Frame, place: usize) {
        if frame.node == LEFT_OUT {
            self.residual = true;
            return;
        }
        let node = frame.node & NODE;
        if frame.node & COUNTS != 0
            && let Some((caller, at)) = self.caller
            && caller != node
            && let Some(site) = self.frames.get_mut(at)
        {
            if site.callee != node {
                site.callee = node;
                site.call = self.calls.place(key(caller, node));
            }
            if let Some(call) = self.calls.crossed.get_mut(site.call as usize)
                && call.mark != self.mark
            {
                call.mark = self.mark;
                call.weight.add(self.weight);
                call.residual |= self.residual;
                call.direct |= frame.node & INLINE == 0;
            }
        }
        self.caller = Some((node, place));
        self.residual = false;
    }
}

/// What went through each call.
#[derive(Default)]
struct CallTable {
    places: HashMap<u64, u32>,
    /// Caller and callee of each call.
    keys: Vec<u64>,
    crossed: Vec<Crossed>,
}

impl CallTable {
    /// Returns the place of a call, a new one if need be.
    fn place(&mut self, key: u64) -> u32 {
        *self.places.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.crossed.push(Crossed::default());
            u32::try_from(self.keys.len() - 1).unwrap_or(u32::MAX)
        })
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

/// Stands for the node of a location of none or several frames.
const SEVERAL: u32 = u32::MAX - 1;

/// The bits of a frame's node.
const NODE: u32 = (1 << 30) - 1;

/// The bit of nodes whose calls are counted.
const COUNTS: u32 = 1 << 30;

/// The bit of frames whose code lies inside their caller's.
const INLINE: u32 = 1 << 31;

/// A frame of a location.
#[derive(Clone, Copy)]
struct Frame {
    /// With the bits above.
    node: u32,
    /// The callee that the frame had last: a call site has few.
    callee: u32,
    /// The place of their call.
    call: u32,
}

impl Frame {
    const LEFT_OUT: Self = Self {
        node: LEFT_OUT,
        callee: LEFT_OUT,
        call: 0,
    };

    const fn new(node: u32, counts: bool, inline: bool) -> Self {
        let counts = if counts { COUNTS } else { 0 };
        let inline = if inline { INLINE } else { 0 };
        Self {
            node: (node & NODE) | counts | inline,
            ..Self::LEFT_OUT
        }
    }
}

struct Paths {
    /// The only frame of each location, then those of locations that have several: these
    /// have where theirs begin and end in place of callee and call.
    frames: Vec<Frame>,
}

impl Paths {
    fn new(locations: usize) -> Self {
        Self {
            frames: vec![Frame::LEFT_OUT; locations],
        }
    }

    /// Gives a location its frames.
    fn set(&mut self, location: usize, kept: &[Frame]) {
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let frame = if let &[only] = kept {
            only
        } else {
            let begin = place(self.frames.len());
            self.frames.extend_from_slice(kept);
            Frame {
                node: SEVERAL,
                callee: begin,
                call: place(self.frames.len()),
            }
        };
        if let Some(slot) = self.frames.get_mut(location) {
            *slot = frame;
        }
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
