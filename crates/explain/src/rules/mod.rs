//! The rules: one file a cause, each with what it checks, what it says, and the
//! recorded cases that trigger it and spare it.
//!
//! Thresholds: a cause is worth a finding when it explains more than 5 % of the
//! resident memory and more than 8 MiB ([`Situation::floor`]), unless its file
//! says otherwise.

use crate::missing::Gaps;
use crate::situation::Situation;
use fathom_finding::{Finding, Rule, RuleDoc};

/// Evidence that a rule cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Every mapping with its resident bytes.
    Mappings,
    /// `/proc/PID/status`.
    Status,
    /// `/proc/PID/status` or the mappings.
    Kernel,
    /// The runtime's own account.
    MemStats,
    /// GOGC, GOMEMLIMIT, live bytes and the collector's CPU time.
    Metrics,
    /// A heap profile.
    HeapProfile,
    /// A goroutine profile or dump.
    Goroutines,
    /// The memory controller's numbers.
    Cgroup,
    /// A CPU profile.
    CpuProfile,
    /// A mutex profile, or the locks of a block profile.
    MutexProfile,
    /// A block profile.
    BlockProfile,
}

impl Need {
    const ALL: [Self; 11] = [
        Self::Mappings,
        Self::Status,
        Self::Kernel,
        Self::MemStats,
        Self::Metrics,
        Self::HeapProfile,
        Self::Goroutines,
        Self::Cgroup,
        Self::CpuProfile,
        Self::MutexProfile,
        Self::BlockProfile,
    ];

    fn is_met(self, s: &Situation) -> bool {
        match self {
            Self::Mappings => s.has_mappings(),
            Self::Status => s.status.is_some(),
            Self::Kernel => s.status.is_some() || s.has_mappings(),
            Self::MemStats => s.memstats.is_some(),
            Self::Metrics => s.metrics.heap_live().is_some(),
            Self::HeapProfile => s.heap.is_some(),
            Self::Goroutines => s.goroutines.is_some(),
            Self::Cgroup => s.cgroup.is_some(),
            Self::CpuProfile => s.time.cpu.is_some(),
            Self::MutexProfile => s.time.mutex.is_some() || s.time.block.is_some(),
            Self::BlockProfile => s.time.block.is_some(),
        }
    }

    /// Says what is lacking, and how to get it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Mappings => (
                "the process's mappings (smaps)",
                "give the pid, and run as its user or as root",
            ),
            Self::Status => ("/proc/PID/status", "give the pid"),
            Self::Kernel => ("the process as the kernel sees it", "give the pid"),
            Self::MemStats => (
                "the runtime's MemStats",
                "give the address of net/http/pprof or expvar, or a heap profile with debug=1",
            ),
            Self::Metrics => (
                "runtime/metrics: the live heap, GOGC, GOMEMLIMIT and the collector's CPU time",
                "publish runtime/metrics (expvar, or the Go collector of Prometheus with all metrics)",
            ),
            Self::HeapProfile => (
                "a heap profile",
                "import net/http/pprof in the program, or give a saved profile",
            ),
            Self::Goroutines => (
                "a goroutine profile",
                "give the address of net/http/pprof, or a goroutine dump",
            ),
            Self::Cgroup => ("the cgroup's memory controller", "give the pid"),
            Self::CpuProfile => (
                "a CPU profile",
                "take one with --profile-seconds 10, or give a saved profile",
            ),
            Self::MutexProfile => (
                "a mutex profile",
                "give the address of net/http/pprof, or a saved profile",
            ),
            Self::BlockProfile => (
                "a block profile",
                "give the address of net/http/pprof, or a saved profile",
            ),
        }
    }
}

/// One rule as data.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The constant words.
    pub doc: RuleDoc,
    /// What it cannot decide without.
    pub needs: &'static [Need],
    /// The recorded case that triggers the rule.
    pub triggered_by: &'static str,
    /// A recorded case that must not trigger it.
    pub spared: &'static str,
    find: fn(&Situation) -> Option<Finding>,
}

impl Rule<Situation> for Check {
    fn doc(&self) -> &RuleDoc {
        &self.doc
    }

    fn check(&self, situation: &Situation) -> Option<Finding> {
        (self.find)(situation)
    }
}

macro_rules! rules {
    ($($module:ident),+ $(,)?) => {
        $(pub(crate) mod $module;)+

        /// All rules, in the order of their ids.
        pub const RULES: &[&Check] = &[$(&$module::RULE),+];
    };
}

rules! {
    backing_array_retention,
    blocked_site,
    contention_profiling_off,
    cpu_hot_spot,
    dominant_allocation_site,
    file_mapped,
    finalizer_backlog,
    gc_cpu_limited,
    gc_headroom,
    goroutine_leak,
    heap_idle_retained,
    large_object_allocation,
    lazy_free,
    lock_contention,
    many_threads,
    map_not_shrinking,
    memory_limit_thrash,
    near_cgroup_limit,
    non_go_memory,
    page_cache_charged,
    pool_retention,
    profile_stale,
    profiling_buckets,
    profiling_rate,
    runtime_metadata,
    sampling_error,
    shared_memory,
    span_fragmentation,
    stack_memory,
    swapped,
    timer_growth,
    transparent_huge_pages,
    untouched_heap,
    virtual_reservation,
}

/// Runs all rules. `healthy` looks at what the others found, so it comes last.
pub(crate) fn run(situation: &Situation) -> Vec<Finding> {
    let rules: Vec<&dyn Rule<Situation>> = RULES.iter().map(|rule| *rule as _).collect();
    let mut findings = fathom_finding::run(&rules, situation);
    findings.extend(situation.traced.iter().cloned());
    findings.extend(crate::healthy::check(situation, &findings));
    fathom_finding::rank(findings)
}

/// Names the rules that the evidence cannot decide, grouped by what they lack.
pub(crate) fn note_undecidable(situation: &Situation, gaps: &mut Gaps) {
    for need in Need::ALL.into_iter().filter(|need| !need.is_met(situation)) {
        let rules: Vec<&str> = RULES
            .iter()
            .filter(|rule| rule.needs.contains(&need))
            .map(|rule| rule.doc.id)
            .collect();
        let (lacking, hint) = need.words();
        gaps.undecidable(
            lacking,
            &format!(
                "not in the evidence, so it cannot say: {}",
                rules.join(", ")
            ),
            hint,
        );
    }
}
