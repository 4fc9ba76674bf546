//! The totals that people compare.

use crate::contention::Contention;
use crate::heap_state::whole;
use crate::situation::Situation;
use serde::Serialize;

/// The sums of the process, in bytes; `None` where unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Resident memory.
    pub rss_bytes: Option<u64>,
    /// Resident memory, each page divided by the processes that map it.
    pub pss_bytes: Option<u64>,
    /// Resident memory that no other process maps.
    pub uss_bytes: Option<u64>,
    /// Resident memory that other processes map too.
    pub shared_bytes: Option<u64>,
    /// What is swapped out.
    pub swap_bytes: Option<u64>,
    /// Address space.
    pub vsz_bytes: Option<u64>,
    /// `Sys`: what the Go runtime obtained from the kernel.
    pub go_sys_bytes: Option<u64>,
    /// `HeapAlloc`.
    pub heap_alloc_bytes: Option<u64>,
    /// `HeapInuse`.
    pub heap_inuse_bytes: Option<u64>,
    /// Live bytes by the heap profile.
    pub profile_inuse_bytes: Option<u64>,
    /// What the cgroup is charged.
    pub cgroup_current_bytes: Option<u64>,
    /// The cgroup's limit; `None` also where there is none.
    pub cgroup_limit_bytes: Option<u64>,
}

impl Totals {
    pub(crate) fn of(s: &Situation) -> Self {
        let memory = s.memory.as_ref();
        let stats = s.memstats.as_ref();
        Self {
            rss_bytes: s.rss(),
            pss_bytes: memory.map(|memory| memory.pss),
            uss_bytes: memory.map(|memory| memory.uss),
            shared_bytes: memory.map(|memory| memory.shared),
            swap_bytes: s.swap(),
            vsz_bytes: s.virtual_size(),
            go_sys_bytes: stats.map(|stats| stats.sys),
            heap_alloc_bytes: stats.map(|stats| stats.heap_alloc),
            heap_inuse_bytes: stats.map(|stats| stats.heap_inuse),
            profile_inuse_bytes: s.heap.as_ref().map(|heap| whole(heap.total.value)),
            cgroup_current_bytes: s.cgroup.as_ref().and_then(|cgroup| cgroup.current),
            cgroup_limit_bytes: s.cgroup_limit,
        }
    }
}

/// What the profiles of time add up to; `None` where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TimeTotals {
    /// CPU time used.
    pub cpu: Option<Span>,
    /// Waiting for locks, by the mutex profile.
    pub locks: Option<Span>,
    /// Waiting for channels, locks and the like, by the block profile.
    pub blocks: Option<Span>,
}

/// A sum of time, and the time in which it came together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// The sum.
    pub seconds: f64,
    /// Over how long; `None` where unknown.
    pub over_seconds: Option<f64>,
}

impl TimeTotals {
    pub(crate) fn of(s: &Situation) -> Self {
        let waited = |contention: &Contention| Span {
            seconds: contention.total.seconds,
            over_seconds: contention.window.seconds(),
        };
        Self {
            cpu: s.time.cpu.as_ref().map(|cpu| Span {
                seconds: cpu.seconds,
                over_seconds: cpu.duration,
            }),
            locks: s.time.mutex.as_ref().map(waited),
            blocks: s.time.block.as_ref().map(waited),
        }
    }
}
