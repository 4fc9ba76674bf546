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
    // Before the first collection nothing was ever marked.
    let marked = metrics.heap_live().filter(|_| memory.num_gc > 0);
    if let Some(bytes) = marked {
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

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_goruntime::metrics::MetricValue;

    fn memory(num_gc: u64) -> MemStats {
        let text = format!(
            "{{\"memstats\":{{\"Sys\":400,\"HeapAlloc\":100,\"HeapSys\":300,\"HeapIdle\":150,\
             \"HeapInuse\":150,\"HeapReleased\":50,\"HeapObjects\":1,\"StackInuse\":20,\
             \"StackSys\":20,\"MSpanInuse\":1,\"MSpanSys\":10,\"MCacheInuse\":1,\"MCacheSys\":10,\
             \"BuckHashSys\":20,\"GCSys\":20,\"OtherSys\":20,\"NextGC\":200,\"LastGC\":0,\
             \"NumGC\":{num_gc},\"TotalAlloc\":100,\"Mallocs\":2,\"Frees\":1}}}}"
        );
        fathom_goruntime::memstats::from_expvar(text.as_bytes())
            .unwrap()
            .unwrap()
    }

    fn metrics(live: u64) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.insert("/gc/heap/live:bytes", MetricValue::U64(live));
        metrics
    }

    fn estimate(value: f64) -> Estimate {
        Estimate {
            value,
            low: value - 10.0,
            high: value + 10.0,
            standard_error: 5.0,
            samples: 3,
        }
    }

    #[test]
    fn the_metric_is_believed_first_but_not_before_a_collection() {
        let live = |num_gc| HeapState::new(&memory(num_gc), &metrics(60), None, None).live;
        assert_eq!(live(1).map(|live| live.bytes), Some(60));
        assert_eq!(live(0), None);
    }

    #[test]
    fn what_a_forced_collection_leaves_beyond_the_metric_was_new_and_live() {
        let state = |after| HeapState::new(&memory(1), &metrics(60), None, Some(&estimate(after)));
        assert_eq!(state(90.0).live.map(|live| live.bytes), Some(90));
        assert_eq!(state(90.0).dead(), Some(10));
        // Less, or equal within the error, changes nothing.
        assert_eq!(state(65.0).live.map(|live| live.bytes), Some(60));
    }

    #[test]
    fn without_the_metric_the_profile_bounds_what_is_live() {
        let state = HeapState::new(&memory(1), &Metrics::default(), Some(&estimate(80.0)), None);
        let live = state.live.unwrap();
        assert_eq!((live.low, live.bytes, live.high), (70, 80, 90));
        assert_eq!(live.source, LiveSource::Profile);
        assert_eq!(state.headroom(), Some(120));
    }
}
