//! What the runtime's numbers say of the heap, in the terms of its pacer.

use crate::ledger::Basis;
use fathom_goruntime::memstats::MemStats;
use fathom_goruntime::metrics::{Gogc, Metrics};
use fathom_profile::sampling::Estimate;

/// The smallest heap goal at GOGC=100 (Go 1.27.3, src/runtime/mgcpacer.go,
/// `defaultHeapMinimum`).
pub(crate) const HEAP_MINIMUM: u64 = 4 << 20;

/// Where the number of live bytes comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveSource {
    /// `/gc/heap/live:bytes`: what the last collection marked.
    Metric,
    /// The heap profile: what survived the collection before the last, by sampling.
    Profile,
    /// The next goal and an assumed GOGC of 100.
    Goal,
}

/// Live bytes: what the collector would keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// The estimate in bytes.
    pub bytes: u64,
    /// The fewest bytes that the source allows.
    pub low: u64,
    /// The most bytes that the source allows.
    pub high: u64,
    /// Where it comes from.
    pub source: LiveSource,
}

impl Live {
    /// Returns the basis that a ledger row of live bytes has.
    pub fn basis(&self) -> Basis {
        match self.source {
            LiveSource::Metric => Basis::Reported,
            LiveSource::Profile | LiveSource::Goal => Basis::Estimated,
        }
    }
}

/// The heap as the runtime and the pacer see it. All in bytes.
///
/// Identities: Go 1.27.3, src/runtime/mstats.go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapState {
    /// `HeapAlloc`: live objects, garbage not yet swept, and new objects.
    pub alloc: u64,
    /// What the collector would keep, where known.
    pub live: Option<Live>,
    /// `HeapInuse - HeapAlloc`: free slots in spans that hold objects.
    pub slack: u64,
    /// `HeapIdle - HeapReleased`: free spans that still have memory behind them.
    pub idle: u64,
    /// `StackInuse`.
    pub stacks: u64,
    /// `NextGC`: the heap size at which the next collection is due to end.
    pub goal: u64,
    /// `HeapInuse`.
    pub inuse: u64,
    /// `Sys - HeapReleased`: everything the runtime has memory behind it for.
    pub committed: u64,
}

impl HeapState {
    /// Derives the state; live bytes come from the best source at hand.
    ///
    /// Order: the metric; the profile, where it has samples; half the goal,
    /// which is right when GOGC is 100, no memory limit acts, and the goal is
    /// above its floor. Where a forced collection left surely more than that,
    /// the objects were new, not garbage, and its profile counts.
    pub(crate) fn new(
        memory: &MemStats,
        metrics: &Metrics,
        profile: Option<&Estimate>,
        after_gc: Option<&Estimate>,
    ) -> Self {
        let first = live(memory, metrics, profile);
        let forced = after_gc
            .filter(|after| first.is_some_and(|live| whole(after.low) > live.bytes))
            .and_then(|after| live(memory, &Metrics::default(), Some(after)));
        Self {
            alloc: memory.heap_alloc,
            live: forced.or(first),
            slack: memory.slack(),
            idle: memory.heap_free(),
            stacks: memory.stack_inuse,
            goal: memory.next_gc,
            inuse: memory.heap_inuse,
            committed: memory.committed(),
        }
    }

    /// Returns garbage and new objects: `HeapAlloc` less the live bytes.
    pub fn dead(&self) -> Option<u64> {
        self.live.map(|live| self.alloc.saturating_sub(live.bytes))
    }

    /// Returns how far the heap may grow above its live bytes before the next
    /// collection ends: the goal less the live bytes.
    pub fn headroom(&self) -> Option<u64> {
        self.live.map(|live| self.goal.saturating_sub(live.bytes))
    }
}

fn live(memory: &MemStats, metrics: &Metrics, profile: Option<&Estimate>) -> Option<Live> {
    let within = |bytes: u64, low: u64, high: u64, source| {
        let cap = memory.heap_alloc;
        Live {
            bytes: bytes.min(cap),
            low: low.min(cap),
            high: high.min(cap),
            source,
        }
    };
    if let Some(bytes) = metrics.heap_live() {
        return Some(within(bytes, bytes, bytes, LiveSource::Metric));
    }
    if let Some(estimate) = profile.filter(|estimate| estimate.samples > 0) {
        return Some(within(
            whole(estimate.value),
            whole(estimate.low),
            whole(estimate.high),
            LiveSource::Profile,
        ));
    }
    let percent = match metrics.gogc() {
        None => 100,
        Some(Gogc::Percent(percent)) => percent,
        Some(Gogc::Off) => return None,
    };
    if memory.next_gc <= HEAP_MINIMUM.saturating_mul(percent) / 100 {
        return None;
    }
    let bytes = u128::from(memory.next_gc) * 100 / u128::from(percent.saturating_add(100));
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Some(within(bytes, 0, memory.heap_alloc, LiveSource::Goal))
}

/// Rounds an estimate to whole bytes; negative values become 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a negative estimate of bytes means none"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value.round() as u64
}
