//! runtime/metrics by name, from wherever a process shows them.
//!
//! A process exports them as a JSON map (by its own choice, under any key of
//! expvar) or as the series of Prometheus' Go collector. A series that has no
//! runtime/metrics name keeps its own: `go_threads`, `go_memstats_sys_bytes`,
//! `process_resident_memory_bytes`.

pub mod exposition;
mod json;
pub mod names;
mod prometheus;

use std::collections::BTreeMap;

use serde::Serialize;

pub use json::from_json;
pub(crate) use json::{collect, looks_like_metric};
pub use prometheus::from_prometheus;

/// Holds a histogram: `counts[i]` values lie in `[buckets[i], buckets[i + 1])`.
///
/// The first boundary may be minus infinity and the last plus infinity.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Holds one boundary more than there are counts.
    pub buckets: Vec<f64>,
    /// Holds the number of values in each bucket.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts all values.
    pub fn total(&self) -> u64 {
        self.counts.iter().copied().fold(0, u64::saturating_add)
    }

    /// Is the upper boundary of the bucket that holds the quantile `q` (0 to 1);
    /// the lower one if the upper is infinite. `None` if there are no values.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = q.clamp(0.0, 1.0) * total as f64;
        let mut seen = 0_u64;
        for (index, count) in self.counts.iter().enumerate() {
            seen = seen.saturating_add(*count);
            if *count > 0 && seen as f64 >= wanted {
                let lower = self.buckets.get(index).copied()?;
                let upper = self.buckets.get(index.checked_add(1)?).copied()?;
                return Some(if upper.is_finite() { upper } else { lower });
            }
        }
        None
    }
}

/// Holds the value of one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum MetricValue {
    /// A whole number.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// A histogram.
    Histogram(Histogram),
}

/// Is the value of GOGC.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gogc {
    /// GOGC=off: only the memory limit and forced collections collect.
    Off,
    /// How much the heap may grow over what was live, in percent.
    Percent(u64),
}

/// Is the value of GOMEMLIMIT.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryLimit {
    /// None is set (the runtime shows the largest int64).
    Unlimited,
    /// Is the limit in bytes on `Sys - HeapReleased`.
    Bytes(u64),
}

/// Counts what was queued for the runtime to run and what of it has run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Queue {
    /// Counts what was ever queued.
    pub queued: u64,
    /// Counts what was ever executed.
    pub executed: u64,
}

impl Queue {
    /// Counts what waits now. Go's own description subtracts in the wrong
    /// order (`runtime/metrics/description.go`, Go 1.26 and 1.27).
    pub fn waiting(&self) -> u64 {
        self.queued.saturating_sub(self.executed)
    }
}

/// Holds Prometheus' summary `go_gc_duration_seconds`: the pauses.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GcDurations {
    /// Counts the collections.
    pub count: u64,
    /// Is the sum of all pauses in seconds.
    pub sum_seconds: f64,
    /// Holds (quantile, seconds) of recent pauses.
    pub quantiles: Vec<(f64, f64)>,
}

/// Holds the metrics of one process at one instant, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metrics {
    pub(crate) values: BTreeMap<String, MetricValue>,
    pub(crate) gc_durations: Option<GcDurations>,
    pub(crate) go_version: Option<String>,
    pub(crate) instances: usize,
}

impl Metrics {
    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Counts the metrics.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Yields all metrics, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetricValue)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Is a metric's value by its runtime/metrics name, or by that of its
    /// series if it has no other.
    pub fn get(&self, name: &str) -> Option<&MetricValue> {
        self.values.get(name)
    }

    /// Adds a metric, or replaces it.
    pub fn insert(&mut self, name: impl Into<String>, value: MetricValue) {
        self.values.insert(name.into(), value);
    }

    /// Is a whole number by name. A float that is a whole number counts, as
    /// Prometheus knows no other; what lies beyond `u64` is its maximum.
    pub fn u64(&self, name: &str) -> Option<u64> {
        match self.values.get(name)? {
            MetricValue::U64(value) => Some(*value),
            MetricValue::F64(value) => whole(*value),
            MetricValue::Histogram(_) => None,
        }
    }

    /// Is a number by name.
    pub fn f64(&self, name: &str) -> Option<f64> {
        match self.values.get(name)? {
            MetricValue::U64(value) => Some(*value as f64),
            MetricValue::F64(value) => Some(*value),
            MetricValue::Histogram(_) => None,
        }
    }

    /// Is a histogram by name.
    pub fn histogram(&self, name: &str) -> Option<&Histogram> {
        match self.values.get(name)? {
            MetricValue::Histogram(value) => Some(value),
            _ => None,
        }
    }

    /// Is the bytes that the last collection found live (Go 1.21).
    pub fn heap_live(&self) -> Option<u64> {
        self.u64("/gc/heap/live:bytes")
    }

    /// Is the heap size in bytes that ends the next cycle.
    pub fn heap_goal(&self) -> Option<u64> {
        self.u64("/gc/heap/goal:bytes")
    }

    /// Is GOGC (Go 1.21). Off is shown as a number beyond every percentage.
    pub fn gogc(&self) -> Option<Gogc> {
        let percent = self.u64("/gc/gogc:percent")?;
        let off = i64::try_from(percent).is_err();
        Some(if off {
            Gogc::Off
        } else {
            Gogc::Percent(percent)
        })
    }

    /// Is GOMEMLIMIT (Go 1.21); `None` is unknown, not unlimited.
    pub fn memory_limit(&self) -> Option<MemoryLimit> {
        let bytes = self.u64("/gc/gomemlimit:bytes")?;
        // A float near the largest int64 is rounded up to 2^63.
        let unlimited = i64::try_from(bytes).map_or(true, |bytes| bytes == i64::MAX);
        Some(if unlimited {
            MemoryLimit::Unlimited
        } else {
            MemoryLimit::Bytes(bytes)
        })
    }

    /// Counts goroutines.
    pub fn goroutines(&self) -> Option<u64> {
        self.u64("/sched/goroutines:goroutines")
            .or_else(|| self.u64("go_goroutines"))
    }

    /// Counts threads: those the runtime owns now (Go 1.26), or by Prometheus'
    /// `go_threads` those it ever created; it ends hardly any.
    pub fn threads(&self) -> Option<u64> {
        self.u64("/sched/threads/total:threads")
            .or_else(|| self.u64("go_threads"))
    }

    /// Is the last GC cycle in which the CPU limiter was on; 0 is never (Go 1.19).
    pub fn last_limiter_cycle(&self) -> Option<u64> {
        self.u64("/gc/limiter/last-enabled:gc-cycle")
    }

    /// Counts the completed collections.
    pub fn gc_cycles(&self) -> Option<u64> {
        self.u64("/gc/cycles/total:gc-cycles")
            .or_else(|| self.gc_durations.as_ref().map(|durations| durations.count))
    }

    /// Counts the collections that the program asked for.
    pub fn forced_gc_cycles(&self) -> Option<u64> {
        self.u64("/gc/cycles/forced:gc-cycles")
    }

    /// Counts finalizers queued and executed (Go 1.26).
    pub fn finalizers(&self) -> Option<Queue> {
        self.queue(
            "/gc/finalizers/queued:finalizers",
            "/gc/finalizers/executed:finalizers",
        )
    }

    /// Counts cleanups queued and executed (Go 1.26).
    pub fn cleanups(&self) -> Option<Queue> {
        self.queue(
            "/gc/cleanups/queued:cleanups",
            "/gc/cleanups/executed:cleanups",
        )
    }

    fn queue(&self, queued: &str, executed: &str) -> Option<Queue> {
        Some(Queue {
            queued: self.u64(queued)?,
            executed: self.u64(executed)?,
        })
    }

    /// Is the collector's share of the CPU time that was used, 0 to 1:
    /// `(gc/total - gc/mark/idle) / (total - idle)` over `/cpu/classes` (Go
    /// 1.20). The classes are refreshed by collections only, so that the share
    /// of an idle process is that of its last busy time.
    pub fn gc_cpu_share(&self) -> Option<f64> {
        let gc = self.f64("/cpu/classes/gc/total:cpu-seconds")?;
        let idle_mark = self.f64("/cpu/classes/gc/mark/idle:cpu-seconds")?;
        let total = self.f64("/cpu/classes/total:cpu-seconds")?;
        let idle = self.f64("/cpu/classes/idle:cpu-seconds")?;
        let used = total - idle;
        (used > 0.0).then(|| ((gc - idle_mark) / used).clamp(0.0, 1.0))
    }

    /// Is GOMAXPROCS (Go 1.19).
    pub fn gomaxprocs(&self) -> Option<u64> {
        self.u64("/sched/gomaxprocs:threads")
    }

    /// Counts calls from Go to C (Go 1.19); 0 means that cgo allocates nothing.
    pub fn cgo_calls(&self) -> Option<u64> {
        self.u64("/cgo/go-to-c-calls:calls")
    }

    /// Is the bytes of stacks that the last collection scanned (Go 1.21).
    pub fn scan_stack(&self) -> Option<u64> {
        self.u64("/gc/scan/stack:bytes")
    }

    /// Is the bytes of globals that a collection scans (Go 1.21).
    pub fn scan_globals(&self) -> Option<u64> {
        self.u64("/gc/scan/globals:bytes")
    }

    /// Is the resident size in bytes as `process_resident_memory_bytes` tells.
    pub fn process_resident_memory(&self) -> Option<u64> {
        self.u64("process_resident_memory_bytes")
    }

    /// Is the virtual size in bytes as `process_virtual_memory_bytes` tells.
    pub fn process_virtual_memory(&self) -> Option<u64> {
        self.u64("process_virtual_memory_bytes")
    }

    /// Is when the process started, in seconds since 1970.
    pub fn process_start_seconds(&self) -> Option<f64> {
        self.f64("process_start_time_seconds")
    }

    /// Counts open file descriptors as `process_open_fds` tells.
    pub fn process_open_files(&self) -> Option<u64> {
        self.u64("process_open_fds")
    }

    /// Is Prometheus' summary of GC pauses.
    pub fn gc_durations(&self) -> Option<&GcDurations> {
        self.gc_durations.as_ref()
    }

    /// Is the version in Prometheus' `go_info`, as `go1.27.3`.
    pub fn go_version(&self) -> Option<&str> {
        self.go_version.as_deref()
    }

    /// Counts the processes whose series were in the text, told apart by their
    /// labels. Only the first is kept; more than one means that the numbers are
    /// those of whichever came first.
    pub fn instances(&self) -> usize {
        self.instances
    }
}

/// Turns a float that holds a whole number into it; saturates.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, not negative and within the range, or saturated on purpose"
)]
pub(crate) fn whole(value: f64) -> Option<u64> {
    (value.is_finite() && value >= 0.0 && value.fract() == 0.0).then_some(value as u64)
}
