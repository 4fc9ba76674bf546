//! `runtime.MemStats`, from wherever a process shows it.
//!
//! The same numbers come as the tail of a text heap profile, as `memstats` of
//! expvar, as Prometheus' `go_memstats_*`, or can be put together from
//! runtime/metrics. All sizes are bytes. The identities between the fields are
//! those of Go 1.27 (`runtime/mstats.go:438,495,510,531,547`); they hold since
//! Go 1.10.

mod from_metrics;
mod heap_text;
mod json;

use serde::Serialize;

pub use from_metrics::from_metrics;
pub use heap_text::from_heap_text;
pub use json::from_expvar;
pub(crate) use json::from_value;

/// Says where a [`MemStats`] was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The tail of `/debug/pprof/heap?debug=1` or allocs. Exact: the world was
    /// stopped for it.
    HeapText,
    /// The key `memstats` of `/debug/vars`. Exact: the world was stopped for it.
    ExpVar,
    /// Prometheus' `go_memstats_*`. Newer collectors read them without
    /// stopping the world, so the parts may be a few spans apart.
    Prometheus,
    /// Sums over runtime/metrics, which are read without stopping the world.
    RuntimeMetrics,
}

/// Counts the objects of one size class.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct SizeClass {
    /// Is the slot size in bytes.
    pub size: u64,
    /// Counts the objects ever allocated.
    pub mallocs: u64,
    /// Counts the objects ever freed.
    pub frees: u64,
}

/// Holds the memory statistics of a Go process at one instant.
///
/// Sizes are bytes. A field that the source does not tell is `None`, or empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MemStats {
    /// Says where the numbers were read.
    pub source: Source,
    /// Is all that the runtime obtained from the system, released or not.
    pub sys: u64,
    /// Is live objects plus dead ones not yet swept, in slot sizes.
    pub heap_alloc: u64,
    /// Is the address space of the heap that was ever in use.
    pub heap_sys: u64,
    /// Is spans without objects.
    pub heap_idle: u64,
    /// Is spans with at least one object.
    pub heap_inuse: u64,
    /// Is the part of idle that was returned to, or never asked of, the system.
    pub heap_released: u64,
    /// Counts the objects in `heap_alloc`.
    pub heap_objects: u64,
    /// Is spans used for stacks.
    pub stack_inuse: u64,
    /// Is `stack_inuse` plus stacks taken from the system for threads.
    pub stack_sys: u64,
    /// Is the span structures in use.
    pub mspan_inuse: u64,
    /// Is what was obtained for span structures.
    pub mspan_sys: u64,
    /// Is the per-P caches in use.
    pub mcache_inuse: u64,
    /// Is what was obtained for per-P caches.
    pub mcache_sys: u64,
    /// Is the buckets of the memory, block and mutex profiles.
    pub buck_hash_sys: u64,
    /// Is the collector's own structures.
    pub gc_sys: u64,
    /// Is the runtime's other structures.
    pub other_sys: u64,
    /// Is the heap size that ends the next cycle.
    pub next_gc: u64,
    /// Is when the last collection ended, in Unix nanoseconds; 0 if there was
    /// none or the source does not tell (runtime/metrics).
    pub last_gc: u64,
    /// Counts completed collections.
    pub num_gc: u64,
    /// Is the bytes ever allocated.
    pub total_alloc: u64,
    /// Counts the objects ever allocated, tiny ones included.
    pub mallocs: u64,
    /// Counts the objects ever freed, tiny ones included.
    pub frees: u64,
    /// Counts pointer lookups, which no runtime since Go 1.8 does.
    pub lookups: Option<u64>,
    /// Counts the collections that the program asked for.
    pub num_forced_gc: Option<u64>,
    /// Is the collector's share of the CPU since the start, 0 to 1.
    pub gc_cpu_fraction: Option<f64>,
    /// Holds the pauses of the last 256 collections in nanoseconds; collection
    /// `n` stands at `(n + 255) % 256`.
    pub pause_ns: Vec<u64>,
    /// Holds the ends of those pauses in Unix nanoseconds.
    pub pause_end: Vec<u64>,
    /// Is the sum of all pauses in nanoseconds.
    pub pause_total_ns: Option<u64>,
    /// Counts objects by size class, up to 18432 bytes only (Go 1.27).
    pub by_size: Vec<SizeClass>,
    /// Is the peak resident size that the kernel reported to the process.
    pub max_rss: Option<u64>,
    /// Is always false in Go 1.27.
    pub debug_gc: Option<bool>,
}

/// Says which identity of [`MemStats`] does not hold, and by how much.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Violation {
    /// Is the identity as a formula over MemStats' field names.
    pub identity: &'static str,
    /// Is the left side.
    pub left: u64,
    /// Is the right side.
    pub right: u64,
}

impl MemStats {
    /// Is what the heap keeps from the system although nothing is in it:
    /// `HeapIdle - HeapReleased`.
    pub fn heap_free(&self) -> u64 {
        self.heap_idle.saturating_sub(self.heap_released)
    }

    /// Is free slots and tails in spans that hold objects:
    /// `HeapInuse - HeapAlloc`.
    pub fn slack(&self) -> u64 {
        self.heap_inuse.saturating_sub(self.heap_alloc)
    }

    /// Is what GOMEMLIMIT bounds: `Sys - HeapReleased` (`runtime/mstats.go:495`).
    pub fn committed(&self) -> u64 {
        self.sys.saturating_sub(self.heap_released)
    }

    /// Is what the runtime holds outside the heap's arenas: span and cache
    /// structures, profile buckets, the collector's and other structures. The
    /// stacks that lie in arenas are not in it, stacks of the system are.
    pub fn off_heap_sys(&self) -> u64 {
        [
            self.os_stacks(),
            self.mspan_sys,
            self.mcache_sys,
            self.buck_hash_sys,
            self.gc_sys,
            self.other_sys,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// Is the stacks that the runtime took from the system outside the heap's
    /// arenas: `StackSys - StackInuse`.
    pub fn os_stacks(&self) -> u64 {
        self.stack_sys.saturating_sub(self.stack_inuse)
    }

    /// Checks the identities that hold in a consistent reading.
    ///
    /// Readings that did not stop the world ([`Source::Prometheus`],
    /// [`Source::RuntimeMetrics`]) may break them by a few spans; more, or a
    /// violation in the other sources, is a damaged or an edited input.
    pub fn check(&self) -> Vec<Violation> {
        let classes = [
            self.heap_sys,
            self.stack_sys,
            self.mspan_sys,
            self.mcache_sys,
        ];
        let more = [self.buck_hash_sys, self.gc_sys, self.other_sys];
        let sum = classes.into_iter().chain(more).fold(0, u64::saturating_add);
        let equal = [
            (
                "Sys = HeapSys + StackSys + MSpanSys + MCacheSys + BuckHashSys + GCSys + OtherSys",
                self.sys,
                sum,
            ),
            (
                "HeapSys = HeapInuse + HeapIdle",
                self.heap_sys,
                self.heap_inuse.saturating_add(self.heap_idle),
            ),
            (
                "HeapObjects = Mallocs - Frees",
                self.heap_objects,
                self.mallocs.saturating_sub(self.frees),
            ),
        ];
        let at_most = [
            (
                "HeapReleased <= HeapIdle",
                self.heap_released,
                self.heap_idle,
            ),
            ("HeapAlloc <= HeapInuse", self.heap_alloc, self.heap_inuse),
            ("StackInuse <= StackSys", self.stack_inuse, self.stack_sys),
            ("MSpanInuse <= MSpanSys", self.mspan_inuse, self.mspan_sys),
            (
                "MCacheInuse <= MCacheSys",
                self.mcache_inuse,
                self.mcache_sys,
            ),
        ];
        let broken_equal = equal.into_iter().filter(|(_, left, right)| left != right);
        let broken_order = at_most.into_iter().filter(|(_, left, right)| left > right);
        broken_equal
            .chain(broken_order)
            .map(|(identity, left, right)| Violation {
                identity,
                left,
                right,
            })
            .collect()
    }
}
