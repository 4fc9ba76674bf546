//! The reconciliations: pairs of numbers that people expect to be equal, and
//! where the difference lies.

use crate::heap_state::whole;
use crate::ledger::Basis;
use crate::situation::{Closure, Situation, difference};
use serde::Serialize;

/// How far the off-heap closure may miss in a pure Go process: chunks that are
/// mapped but not yet handed out (Go 1.27.3, src/runtime/malloc.go,
/// `persistentChunkSize` = 256 KiB).
pub const OFF_HEAP_TOLERANCE: u64 = 256 << 10;

/// A number and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The name that its source gives it.
    pub name: &'static str,
    /// The bytes.
    pub bytes: u64,
}

/// A part of a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The stable id.
    pub id: &'static str,
    /// What it is.
    pub label: String,
    /// What it adds to the left side on the way to the right; negative where it
    /// takes away.
    pub bytes: i64,
    /// Where the number comes from.
    pub basis: Basis,
}

/// Two numbers, the gap between them, and its causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// The stable id.
    pub id: &'static str,
    /// The number to start from.
    pub left: Side,
    /// The number to arrive at.
    pub right: Side,
    /// `right - left`.
    pub gap_bytes: i64,
    /// What makes up the gap.
    pub causes: Vec<Cause>,
    /// The gap less its causes.
    pub unexplained_bytes: i64,
    /// One sentence that says what it means.
    pub note: String,
}

impl Reconciliation {
    fn new(id: &'static str, left: (&'static str, u64), right: (&'static str, u64)) -> Self {
        let gap = difference(right.1, left.1);
        Self {
            id,
            left: Side {
                name: left.0,
                bytes: left.1,
            },
            right: Side {
                name: right.0,
                bytes: right.1,
            },
            gap_bytes: gap,
            causes: Vec::new(),
            unexplained_bytes: gap,
            note: String::new(),
        }
    }

    fn cause(mut self, id: &'static str, label: &str, bytes: i64, basis: Basis) -> Self {
        if bytes != 0 {
            self.causes.push(Cause {
                id,
                label: label.to_owned(),
                bytes,
                basis,
            });
            self.unexplained_bytes = self.unexplained_bytes.saturating_sub(bytes);
        }
        self
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Computes every reconciliation that the evidence allows.
pub(crate) fn all(s: &Situation) -> Vec<Reconciliation> {
    [
        profile_against_heap(s),
        heap_against_heap_sys(s),
        closure(
            "arena-size",
            s.arena_closure(),
            "HeapSys + StackInuse + work buffers",
            "writable size of the Go arenas",
            "The kernel's and the runtime's account of the same addresses; 0 when nothing moved in between.",
        ),
        closure(
            "off-heap-size",
            s.off_heap_closure(),
            "heap index + off-heap classes of Sys",
            "writable anonymous size outside the arenas",
            "Within 256 kB in a pure Go process; what is beyond belongs to C or to mmap.",
        ),
        arenas_against_rss(s),
        sys_against_rss(s),
        rss_against_cgroup(s),
        status_against_smaps(s),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn profile_against_heap(s: &Situation) -> Option<Reconciliation> {
    let memory = s.memstats.as_ref()?;
    let heap = s.heap.as_ref().filter(|heap| heap.rate > 0)?;
    let shown = whole(heap.total.value);
    let row = Reconciliation::new(
        "profile-heap-alloc",
        ("profile in use", shown),
        ("HeapAlloc", memory.heap_alloc),
    );
    let metric = s.metrics.heap_live();
    let (row, note) = match metric {
        Some(live) => {
            let sampled = difference(live, shown);
            let within = live >= whole(heap.total.low) && live <= whole(heap.total.high);
            let (id, label) = if within {
                ("sampling-error", "sampling error, within the 95 % interval")
            } else {
                (
                    "older-snapshot",
                    "the profile is one collection older, or sampling error",
                )
            };
            (
                row.cause(id, label, sampled, Basis::Estimated).cause(
                    "garbage-and-new",
                    "garbage, and objects newer than the last collection",
                    difference(memory.heap_alloc, live),
                    Basis::Reported,
                ),
                "The profile shows what survived the collection before the last; HeapAlloc counts garbage and new objects too.",
            )
        }
        None => (
            row.cause(
                "garbage-and-new",
                "garbage, newer objects, and sampling error",
                difference(memory.heap_alloc, shown),
                Basis::Estimated,
            ),
            "Without /gc/heap/live:bytes the parts cannot be told apart.",
        ),
    };
    Some(row.note(note))
}

fn heap_against_heap_sys(s: &Situation) -> Option<Reconciliation> {
    let memory = s.memstats.as_ref()?;
    Some(
        Reconciliation::new(
            "heap-alloc-heap-sys",
            ("HeapAlloc", memory.heap_alloc),
            ("HeapSys", memory.heap_sys),
        )
        .cause(
            "slack",
            "free slots in spans in use",
            signed(memory.slack()),
            Basis::Reported,
        )
        .cause(
            "idle",
            "free spans kept",
            signed(memory.heap_free()),
            Basis::Reported,
        )
        .cause(
            "released",
            "free spans given back to the kernel, or never used",
            signed(memory.heap_released),
            Basis::Reported,
        )
        .note("Address space of the heap; only what is not released can be resident."),
    )
}

fn closure(
    id: &'static str,
    closure: Option<Closure>,
    accounted: &'static str,
    mapped: &'static str,
    note: &str,
) -> Option<Reconciliation> {
    let closure = closure?;
    Some(Reconciliation::new(id, (accounted, closure.right), (mapped, closure.left)).note(note))
}

fn arenas_against_rss(s: &Situation) -> Option<Reconciliation> {
    let committed = s.arena_committed()?;
    let resident = s.arena_resident()?;
    let untouched = committed.saturating_sub(resident);
    let swapped = s
        .memory
        .as_ref()
        .map_or(0, |memory| memory.swap)
        .min(untouched);
    Some(
        Reconciliation::new(
            "arena-committed-resident",
            ("committed in arenas", committed),
            ("resident in arenas", resident),
        )
        .cause("swapped", "swapped out", -signed(swapped), Basis::Measured)
        .cause(
            "untouched",
            "never touched",
            -signed(untouched - swapped),
            Basis::Estimated,
        )
        .cause(
            "released-lazily",
            "given back, not yet taken (MADV_FREE)",
            signed(s.ledger.bytes("released-lazily")),
            Basis::Measured,
        )
        .cause(
            "huge-page-excess",
            "kept by huge pages",
            signed(s.ledger.bytes("huge-page-excess")),
            Basis::Estimated,
        )
        .note(
            "The kernel counts a page from its first write; the runtime counts what it set aside.",
        ),
    )
}

fn sys_against_rss(s: &Situation) -> Option<Reconciliation> {
    let memory = s.memstats.as_ref()?;
    let resident = s.rss()?;
    let ledger = &s.ledger;
    let go = ledger.row("go")?.bytes;
    Some(
        Reconciliation::new("sys-rss", ("Sys", memory.sys), ("RSS", resident))
            .cause(
                "released",
                "released to the kernel",
                -signed(memory.heap_released),
                Basis::Reported,
            )
            .cause(
                "untouched",
                "committed and not resident, or resident beyond it",
                difference(go, memory.committed()),
                Basis::Estimated,
            )
            .cause(
                "non-go",
                "memory outside Go",
                signed(ledger.bytes("non-go")),
                Basis::Estimated,
            )
            .cause(
                "binary",
                "program binary",
                signed(ledger.bytes("binary")),
                Basis::Measured,
            )
            .cause(
                "files",
                "mapped files",
                signed(ledger.bytes("files")),
                Basis::Measured,
            )
            .cause(
                "shared-memory",
                "shared memory",
                signed(ledger.bytes("shared-memory")),
                Basis::Measured,
            )
            .cause(
                "kernel-pages",
                "kernel pages",
                signed(ledger.bytes("kernel-pages")),
                Basis::Measured,
            )
            .note("Sys is what the Go runtime obtained; RSS is what the kernel backs with memory."),
    )
}

fn rss_against_cgroup(s: &Situation) -> Option<Reconciliation> {
    let cgroup = s.cgroup.as_ref()?;
    let charged = cgroup.current?;
    let resident = s.rss()?;
    let row = Reconciliation::new("rss-cgroup", ("RSS", resident), ("cgroup charge", charged));
    if s.cgroup_is_shared() {
        return Some(
            row.note("The cgroup holds other processes, so its charge says little about this one."),
        );
    }
    let split = s.resident_split()?;
    let stat = &cgroup.stat;
    let anonymous = stat
        .anon
        .map_or(0, |anon| difference(anon, split.anonymous));
    let shared = stat
        .shmem
        .map_or(0, |shmem| difference(shmem, split.shared));
    let cache = cgroup
        .page_cache()
        .map_or(0, |cache| difference(cache, split.file));
    let kernel = cgroup.kernel.or(stat.kernel_or_parts()).map_or(0, signed);
    let sockets = stat.sock.map_or(0, signed);
    Some(
        row.cause(
            "page-cache",
            "page cache that is not mapped, less file pages charged elsewhere",
            cache,
            Basis::Measured,
        )
        .cause("shared-memory", "shared memory not mapped", shared, Basis::Measured)
        .cause("anonymous", "anonymous memory of other processes", anonymous, Basis::Measured)
        .cause("kernel", "kernel memory (page tables, sockets, dentries)", kernel, Basis::Measured)
        .cause("sockets", "socket buffers", sockets, Basis::Measured)
        .note("A page is charged to the cgroup that touched it first; counters lag by some pages a CPU."),
    )
}

fn status_against_smaps(s: &Situation) -> Option<Reconciliation> {
    let exact = s.memory.as_ref()?.rss;
    let status = s.status_after.as_ref().or(s.status.as_ref())?.vm_rss?;
    Some(
        Reconciliation::new(
            "smaps-status",
            ("Rss in smaps", exact),
            ("VmRSS in status", status),
        )
        .cause(
            "drift",
            "growth between the readings, and counters that lag",
            difference(status, exact),
            Basis::Measured,
        )
        .note(
            "smaps walks the page tables and is exact; the two are not read at the same instant.",
        ),
    )
}
