//! The ledger of a process whose mappings are known (`smaps`).

use super::tree::{Basis, Class, Node};
use super::{arena_parts, metadata_parts, share};
use crate::amount::bytes;
use crate::mapped_files::mapped_files;
use crate::situation::Situation;
use fathom_osmem::classify::{AddressSpace, RegionClass};

/// Mapped files that get a row of their own; the rest share one.
const FILES_SHOWN: usize = 5;

/// Pages of the heap index and the page summaries that a process touches: they
/// are resident but in no `MemStats` field (Go 1.27.3, src/runtime/malloc.go,
/// `mpagealloc_64bit.go`). Seen: 40 to 200 kB.
const UNCOUNTED_METADATA: u64 = 1 << 20;

/// Builds the tree. Its leaves sum to the Rss of all mappings, to the byte.
pub(super) fn tree(space: &AddressSpace, situation: &Situation) -> Node {
    let resident = |class| space.class_total(class).memory.rss;
    let measured = |id: &str, label: &str, class, region| {
        Node::leaf(id, label, class, resident(region), Basis::Measured)
    };
    let (metadata, foreign) = off_heap(space, situation);
    let go = Node::sum(
        "go",
        "Go runtime",
        Class::Total,
        Basis::Measured,
        vec![arenas(space, situation), metadata],
    );
    let binary = Node::sum(
        "binary",
        "program binary",
        Class::Binary,
        Basis::Measured,
        vec![
            measured(
                "binary-text",
                "code and constants",
                Class::Binary,
                RegionClass::BinaryText,
            ),
            measured(
                "binary-data",
                "initialised data",
                Class::Binary,
                RegionClass::BinaryData,
            ),
            measured(
                "binary-bss",
                "zeroed data (bss)",
                Class::Binary,
                RegionClass::BinaryBss,
            ),
            measured(
                "libraries",
                "shared libraries",
                Class::Binary,
                RegionClass::LibraryFile,
            ),
        ],
    );
    let outside = Node::sum(
        "non-go",
        "memory outside Go",
        Class::NonGo,
        Basis::Measured,
        vec![
            measured("c-heap", "C heap (brk)", Class::NonGo, RegionClass::CHeap),
            measured(
                "c-arenas",
                "C heap (malloc arenas)",
                Class::NonGo,
                RegionClass::CArena,
            ),
            measured(
                "thread-stacks",
                "C thread stacks",
                Class::NonGo,
                RegionClass::ThreadStack,
            ),
            measured(
                "main-stack",
                "main thread stack",
                Class::NonGo,
                RegionClass::MainStack,
            ),
            foreign,
        ],
    );
    Node::sum(
        "rss",
        "resident memory (RSS)",
        Class::Total,
        Basis::Measured,
        vec![
            go,
            outside,
            binary,
            files(space),
            measured(
                "shared-memory",
                "shared memory",
                Class::Shared,
                RegionClass::SharedMemory,
            ),
            measured(
                "kernel-pages",
                "kernel pages (vdso)",
                Class::Binary,
                RegionClass::Kernel,
            ),
        ],
    )
}

fn arenas(space: &AddressSpace, situation: &Situation) -> Node {
    let total = space.class_total(RegionClass::GoArena);
    let resident = total.memory.rss;
    let label = "Go heap and stacks";
    let Some(state) = situation.heap_state else {
        return Node::leaf("go-heap", label, Class::HeapLive, resident, Basis::Measured);
    };
    let parts = arena_parts(&state, situation.work_buffers);
    let (mut nodes, beyond) = share(resident, parts);
    let lazy = beyond.min(total.memory.lazy_free);
    let huge = (beyond - lazy).min(total.memory.anon_huge_pages);
    let rest = beyond - lazy - huge;
    let meanwhile = rest.min(released_meanwhile(situation));
    nodes.extend([
        Node::leaf(
            "released-meanwhile",
            "given back while this was read",
            Class::HeapFree,
            meanwhile,
            Basis::Estimated,
        )
        .between(0, rest),
        Node::leaf(
            "released-lazily",
            "released, not yet taken back (MADV_FREE)",
            Class::HeapFree,
            lazy,
            Basis::Measured,
        )
        .between(0, beyond),
        Node::leaf(
            "huge-page-excess",
            "released, kept by huge pages",
            Class::HeapFree,
            huge,
            Basis::Estimated,
        )
        .between(0, beyond),
        Node::leaf(
            "unattributed",
            "arena pages beyond the runtime's account",
            Class::Unattributed,
            rest - meanwhile,
            Basis::Measured,
        ),
    ]);
    Node::sum("go-heap", label, Class::Total, Basis::Measured, nodes)
}

/// Returns by how much resident memory fell between the first and the last
/// reading: the scavenger gave it back before MemStats were read, so that they
/// no longer count what the mappings still show.
fn released_meanwhile(situation: &Situation) -> u64 {
    let before = situation.memory.as_ref().map_or(0, |memory| memory.rss);
    let after = situation.rss_after.unwrap_or(before);
    before.saturating_sub(after)
}

/// Tells the runtime's own tables from memory that Go did not allocate, among
/// the anonymous mappings outside the arenas. Returns both nodes.
///
/// In a pure Go process the writable anonymous mappings outside the arenas have
/// the size of the heap index and the runtime's classes, within 256 KiB
/// (measured on Go 1.27.3 with 22 programs). What is mapped beyond that is not
/// Go's; how much of it is resident follows within bounds.
fn off_heap(space: &AddressSpace, situation: &Situation) -> (Node, Node) {
    let named = space.class_total(RegionClass::GoMetadata).memory.rss;
    let other = space.class_total(RegionClass::OtherAnonymous).memory.rss;
    let Some(memory) = &situation.memstats else {
        let metadata = Node::leaf(
            "go-runtime",
            "runtime tables",
            Class::Runtime,
            named,
            Basis::Measured,
        );
        let rest = Node::leaf(
            "other-anonymous",
            "runtime tables, or memory outside Go",
            Class::Unattributed,
            other,
            Basis::Measured,
        );
        return (metadata, rest);
    };
    let foreign = foreign_resident(space, situation).unwrap_or_default();
    let own = named + other - foreign.bytes;
    let (mut nodes, beyond) = share(own, metadata_parts(memory, situation.work_buffers));
    let index = beyond.min(UNCOUNTED_METADATA);
    nodes.push(Node::leaf(
        "heap-index",
        "heap index and page summaries",
        Class::Runtime,
        index,
        Basis::Estimated,
    ));
    nodes.push(Node::leaf(
        "unattributed-anonymous",
        "anonymous memory that nothing explains",
        Class::Unattributed,
        beyond - index,
        Basis::Measured,
    ));
    let metadata = Node::sum(
        "go-runtime",
        "runtime tables",
        Class::Runtime,
        Basis::Estimated,
        nodes,
    );
    let outside = Node::leaf(
        "anonymous-non-go",
        "anonymous mappings (mmap, C)",
        Class::NonGo,
        foreign.bytes,
        Basis::Estimated,
    )
    .between(foreign.low, foreign.high);
    (metadata, outside)
}

/// Resident anonymous memory outside arenas, C heap and thread stacks that is
/// not the runtime's.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Foreign {
    pub(crate) bytes: u64,
    pub(crate) low: u64,
    pub(crate) high: u64,
}

/// Estimates it from the excess of mapped over accounted size; `None` without
/// `MemStats`.
///
/// At most the excess can be resident, and at most what is there; at least what
/// is there less all that the runtime accounts for.
pub(crate) fn foreign_resident(space: &AddressSpace, situation: &Situation) -> Option<Foreign> {
    let excess = situation.off_heap_closure()?.gap;
    let other = space.class_total(RegionClass::OtherAnonymous).memory.rss;
    let accounted = situation.off_heap_accounted()? + UNCOUNTED_METADATA;
    let known_elsewhere: u64 = [RegionClass::CArena, RegionClass::ThreadStack]
        .iter()
        .map(|&class| space.class_total(class).readable_writable_size)
        .sum();
    let excess = u64::try_from(excess).unwrap_or(0);
    let excess = excess.saturating_sub(known_elsewhere);
    if excess <= crate::reconcile::OFF_HEAP_TOLERANCE {
        // Nothing foreign is mapped; more resident than accounted cannot be.
        return Some(Foreign::default());
    }
    let high = other.min(excess);
    let low = other.saturating_sub(accounted).min(high);
    Some(Foreign {
        bytes: high,
        low,
        high,
    })
}

fn files(space: &AddressSpace) -> Node {
    let files = mapped_files(space);
    let mut nodes: Vec<Node> = files
        .iter()
        .take(FILES_SHOWN)
        .map(|file| {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            let deleted = if file.deleted { " (deleted)" } else { "" };
            Node::leaf(
                format!("file:{}", file.path),
                format!("{name}{deleted}, {} mapped", bytes(file.size)),
                Class::Files,
                file.resident,
                Basis::Measured,
            )
        })
        .collect();
    let rest = files
        .iter()
        .skip(FILES_SHOWN)
        .map(|file| file.resident)
        .sum();
    nodes.push(Node::leaf(
        "other-files",
        "other mapped files",
        Class::Files,
        rest,
        Basis::Measured,
    ));
    Node::sum(
        "files",
        "mapped files",
        Class::Files,
        Basis::Measured,
        nodes,
    )
}
