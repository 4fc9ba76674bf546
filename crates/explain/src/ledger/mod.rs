//! The ledger: a tree whose leaves sum to what the kernel says is resident.
//!
//! Which tree is built depends on the evidence: with `smaps` every mapping has
//! its place; with `status` alone only anonymous, file and shared memory are
//! known; without the kernel the root is the runtime's own total.

mod apportion;
mod coarse;
mod mapped;
mod runtime;
mod tree;

pub use tree::{Basis, Beside, Class, Ledger, Row, is_leaf, leaves};

use crate::heap_state::HeapState;
use crate::situation::Situation;
use apportion::apportion;
use tree::Node;

/// Builds the fullest ledger that the evidence allows.
pub(crate) fn build(situation: &Situation) -> Ledger {
    let tree = if let Some(space) = situation
        .space
        .as_ref()
        .filter(|_| situation.has_mappings())
    {
        Some(mapped::tree(space, situation))
    } else if let Some(root) = coarse::tree(situation) {
        Some(root)
    } else {
        runtime::tree(situation)
    };
    Ledger {
        rows: tree.map(Node::rows).unwrap_or_default(),
        beside: crate::beside::rows(situation),
    }
}

/// The parts of the Go arenas that the runtime committed, as nodes that wait
/// for their resident bytes.
struct Part {
    id: &'static str,
    label: &'static str,
    class: Class,
    committed: u64,
    /// Bounds of the committed bytes themselves.
    low: u64,
    high: u64,
}

impl Part {
    fn exact(id: &'static str, label: &'static str, class: Class, committed: u64) -> Self {
        Self {
            id,
            label,
            class,
            committed,
            low: committed,
            high: committed,
        }
    }
}

/// Lists what the runtime commits inside its arenas. The parts sum to
/// `HeapInuse + (HeapIdle - HeapReleased) + StackInuse + work_buffers`.
fn arena_parts(state: &HeapState, work_buffers: u64) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(live) = state.live {
        parts.push(Part {
            low: live.low,
            high: live.high,
            ..Part::exact("heap-live", "live objects", Class::HeapLive, live.bytes)
        });
        parts.push(Part {
            low: state.alloc.saturating_sub(live.high),
            high: state.alloc.saturating_sub(live.low),
            ..Part::exact(
                "heap-dead",
                "garbage and new objects",
                Class::HeapDead,
                state.alloc.saturating_sub(live.bytes),
            )
        });
    } else {
        parts.push(Part::exact(
            "heap-objects",
            "objects, live or garbage",
            Class::HeapLive,
            state.alloc,
        ));
    }
    parts.extend([
        Part::exact(
            "heap-slack",
            "free slots in spans in use",
            Class::HeapFree,
            state.slack,
        ),
        Part::exact("heap-idle", "free spans kept", Class::HeapFree, state.idle),
        Part::exact(
            "goroutine-stacks",
            "goroutine stacks",
            Class::Stacks,
            state.stacks,
        ),
        Part::exact(
            "gc-work-buffers",
            "GC work buffers",
            Class::Runtime,
            work_buffers,
        ),
    ]);
    parts
}

/// Gives every part its share of the resident bytes. Returns the nodes and what
/// is resident beyond all that was committed.
fn share(resident: u64, parts: Vec<Part>) -> (Vec<Node>, u64) {
    let committed: Vec<u64> = parts.iter().map(|part| part.committed).collect();
    let (shares, rest) = apportion(resident, &committed);
    let nodes = parts
        .into_iter()
        .zip(shares)
        .map(|(part, share)| {
            let low = share.low.min(part.low);
            let high = share.high.max(part.high.min(resident));
            Node::leaf(
                part.id,
                part.label,
                part.class,
                share.bytes,
                Basis::Reported,
            )
            .between(low, high)
        })
        .collect();
    (nodes, rest)
}

/// Lists the runtime's tables outside its arenas, as `MemStats` counts them.
fn metadata_parts(memory: &fathom_goruntime::memstats::MemStats, work_buffers: u64) -> Vec<Part> {
    let class = Class::Runtime;
    vec![
        Part::exact(
            "profiling-buckets",
            "profiling buckets",
            class,
            memory.buck_hash_sys,
        ),
        Part::exact("span-metadata", "span tables", class, memory.mspan_sys),
        Part::exact("mcache", "per-P caches", class, memory.mcache_sys),
        Part::exact(
            "gc-metadata",
            "GC metadata",
            class,
            memory.gc_sys.saturating_sub(work_buffers),
        ),
        Part::exact(
            "os-stacks",
            "OS thread stacks",
            Class::Stacks,
            memory.os_stacks(),
        ),
        Part::exact(
            "runtime-other",
            "other runtime memory",
            class,
            memory.other_sys,
        ),
    ]
}
