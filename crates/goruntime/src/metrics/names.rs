//! The names of runtime/metrics.
//!
//! The table is `runtime/metrics/description.go` of Go 1.27.3, without the 42
//! `/godebug/non-default-behavior/<name>:events`, which are whole numbers and
//! cumulative. The names of the series are made by the rule of Prometheus' Go
//! collector (`client_golang` 1.12 and later).

use std::collections::HashMap;
use std::sync::LazyLock;

/// Says what a metric's value is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// A whole number.
    U64,
    /// A floating-point number.
    F64,
    /// A histogram.
    Histogram,
}

/// Describes one metric.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Description {
    /// Is the name with its unit, as `/gc/heap/live:bytes`.
    pub name: &'static str,
    /// Says what its value is.
    pub kind: Kind,
    /// Tells whether it only grows.
    pub cumulative: bool,
    /// Is the minor version of Go 1 that brought it.
    pub since: u8,
}

const fn metric(name: &'static str, kind: Kind, cumulative: bool, since: u8) -> Description {
    Description {
        name,
        kind,
        cumulative,
        since,
    }
}

/// Lists the metrics of Go 1.27.3, sorted by name.
pub static METRICS: [Description; 66] = [
    metric("/cgo/go-to-c-calls:calls", Kind::U64, true, 19),
    metric(
        "/cpu/classes/gc/mark/assist:cpu-seconds",
        Kind::F64,
        true,
        20,
    ),
    metric(
        "/cpu/classes/gc/mark/dedicated:cpu-seconds",
        Kind::F64,
        true,
        20,
    ),
    metric("/cpu/classes/gc/mark/idle:cpu-seconds", Kind::F64, true, 20),
    metric("/cpu/classes/gc/pause:cpu-seconds", Kind::F64, true, 20),
    metric("/cpu/classes/gc/total:cpu-seconds", Kind::F64, true, 20),
    metric("/cpu/classes/idle:cpu-seconds", Kind::F64, true, 20),
    metric(
        "/cpu/classes/scavenge/assist:cpu-seconds",
        Kind::F64,
        true,
        20,
    ),
    metric(
        "/cpu/classes/scavenge/background:cpu-seconds",
        Kind::F64,
        true,
        20,
    ),
    metric(
        "/cpu/classes/scavenge/total:cpu-seconds",
        Kind::F64,
        true,
        20,
    ),
    metric("/cpu/classes/total:cpu-seconds", Kind::F64, true, 20),
    metric("/cpu/classes/user:cpu-seconds", Kind::F64, true, 20),
    metric("/gc/cleanups/executed:cleanups", Kind::U64, true, 26),
    metric("/gc/cleanups/queued:cleanups", Kind::U64, true, 26),
    metric("/gc/cycles/automatic:gc-cycles", Kind::U64, true, 16),
    metric("/gc/cycles/forced:gc-cycles", Kind::U64, true, 16),
    metric("/gc/cycles/total:gc-cycles", Kind::U64, true, 16),
    metric("/gc/finalizers/executed:finalizers", Kind::U64, true, 26),
    metric("/gc/finalizers/queued:finalizers", Kind::U64, true, 26),
    metric("/gc/gogc:percent", Kind::U64, false, 21),
    metric("/gc/gomemlimit:bytes", Kind::U64, false, 21),
    metric("/gc/heap/allocs-by-size:bytes", Kind::Histogram, true, 16),
    metric("/gc/heap/allocs:bytes", Kind::U64, true, 17),
    metric("/gc/heap/allocs:objects", Kind::U64, true, 17),
    metric("/gc/heap/frees-by-size:bytes", Kind::Histogram, true, 16),
    metric("/gc/heap/frees:bytes", Kind::U64, true, 17),
    metric("/gc/heap/frees:objects", Kind::U64, true, 17),
    metric("/gc/heap/goal:bytes", Kind::U64, false, 16),
    metric("/gc/heap/live:bytes", Kind::U64, false, 21),
    metric("/gc/heap/objects:objects", Kind::U64, false, 16),
    metric("/gc/heap/tiny/allocs:objects", Kind::U64, true, 17),
    metric("/gc/limiter/last-enabled:gc-cycle", Kind::U64, false, 19),
    metric("/gc/pauses:seconds", Kind::Histogram, true, 16),
    metric("/gc/scan/globals:bytes", Kind::U64, false, 21),
    metric("/gc/scan/heap:bytes", Kind::U64, false, 21),
    metric("/gc/scan/stack:bytes", Kind::U64, false, 21),
    metric("/gc/scan/total:bytes", Kind::U64, false, 21),
    metric("/gc/stack/starting-size:bytes", Kind::U64, false, 19),
    metric("/memory/classes/heap/free:bytes", Kind::U64, false, 16),
    metric("/memory/classes/heap/objects:bytes", Kind::U64, false, 16),
    metric("/memory/classes/heap/released:bytes", Kind::U64, false, 16),
    metric("/memory/classes/heap/stacks:bytes", Kind::U64, false, 16),
    metric("/memory/classes/heap/unused:bytes", Kind::U64, false, 16),
    metric(
        "/memory/classes/metadata/mcache/free:bytes",
        Kind::U64,
        false,
        16,
    ),
    metric(
        "/memory/classes/metadata/mcache/inuse:bytes",
        Kind::U64,
        false,
        16,
    ),
    metric(
        "/memory/classes/metadata/mspan/free:bytes",
        Kind::U64,
        false,
        16,
    ),
    metric(
        "/memory/classes/metadata/mspan/inuse:bytes",
        Kind::U64,
        false,
        16,
    ),
    metric("/memory/classes/metadata/other:bytes", Kind::U64, false, 16),
    metric("/memory/classes/os-stacks:bytes", Kind::U64, false, 16),
    metric("/memory/classes/other:bytes", Kind::U64, false, 16),
    metric(
        "/memory/classes/profiling/buckets:bytes",
        Kind::U64,
        false,
        16,
    ),
    metric("/memory/classes/total:bytes", Kind::U64, false, 16),
    metric("/sched/gomaxprocs:threads", Kind::U64, false, 19),
    metric("/sched/goroutines-created:goroutines", Kind::U64, true, 26),
    metric(
        "/sched/goroutines/not-in-go:goroutines",
        Kind::U64,
        false,
        26,
    ),
    metric(
        "/sched/goroutines/runnable:goroutines",
        Kind::U64,
        false,
        26,
    ),
    metric("/sched/goroutines/running:goroutines", Kind::U64, false, 26),
    metric("/sched/goroutines/waiting:goroutines", Kind::U64, false, 26),
    metric("/sched/goroutines:goroutines", Kind::U64, false, 16),
    metric("/sched/latencies:seconds", Kind::Histogram, true, 17),
    metric(
        "/sched/pauses/stopping/gc:seconds",
        Kind::Histogram,
        true,
        22,
    ),
    metric(
        "/sched/pauses/stopping/other:seconds",
        Kind::Histogram,
        true,
        22,
    ),
    metric("/sched/pauses/total/gc:seconds", Kind::Histogram, true, 22),
    metric(
        "/sched/pauses/total/other:seconds",
        Kind::Histogram,
        true,
        22,
    ),
    metric("/sched/threads/total:threads", Kind::U64, false, 26),
    metric("/sync/mutex/wait/total:seconds", Kind::F64, true, 20),
];

/// Finds a metric by its name.
pub fn describe(name: &str) -> Option<&'static Description> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Description>> =
        LazyLock::new(|| METRICS.iter().map(|metric| (metric.name, metric)).collect());
    BY_NAME.get(name).copied()
}

/// Finds a metric by the name of its Prometheus series.
///
/// A histogram is found by its family's name, without `_bucket`, `_sum` and
/// `_count`; `_total` after it, as `client_golang` 1.12 wrote, is accepted.
pub fn describe_series(series: &str) -> Option<&'static Description> {
    static BY_SERIES: LazyLock<HashMap<String, &'static Description>> = LazyLock::new(|| {
        METRICS
            .iter()
            .map(|metric| (series_name(metric), metric))
            .collect()
    });
    let histogram_of_old = || {
        let found = BY_SERIES.get(series.strip_suffix("_total")?)?;
        (found.kind == Kind::Histogram).then_some(found)
    };
    BY_SERIES.get(series).or_else(histogram_of_old).copied()
}

/// Makes the name of a metric's Prometheus series: `go_`, the path with `_` for
/// `/` and `-`, the unit, and `_total` for what only grows and is no histogram.
pub fn series_name(metric: &Description) -> String {
    let (path, unit) = metric.name.split_once(':').unwrap_or((metric.name, ""));
    let path = path.trim_start_matches('/').replace(['/', '-'], "_");
    let unit = unit.replace(['-', '*'], "_").replace('/', "_per_");
    let total = if metric.cumulative && metric.kind != Kind::Histogram {
        "_total"
    } else {
        ""
    };
    format!("go_{path}_{unit}{total}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_follow_the_collectors_rule() {
        let name = |metric: &str| series_name(describe(metric).unwrap());
        assert_eq!(name("/gc/heap/live:bytes"), "go_gc_heap_live_bytes");
        assert_eq!(
            name("/sched/goroutines:goroutines"),
            "go_sched_goroutines_goroutines"
        );
        assert_eq!(
            name("/memory/classes/heap/free:bytes"),
            "go_memory_classes_heap_free_bytes"
        );
        assert_eq!(name("/gc/gogc:percent"), "go_gc_gogc_percent");
        assert_eq!(name("/gc/gomemlimit:bytes"), "go_gc_gomemlimit_bytes");
        assert_eq!(
            name("/cgo/go-to-c-calls:calls"),
            "go_cgo_go_to_c_calls_calls_total"
        );
        assert_eq!(
            name("/gc/limiter/last-enabled:gc-cycle"),
            "go_gc_limiter_last_enabled_gc_cycle"
        );
        assert_eq!(
            name("/cpu/classes/idle:cpu-seconds"),
            "go_cpu_classes_idle_cpu_seconds_total"
        );
        assert_eq!(
            name("/sched/latencies:seconds"),
            "go_sched_latencies_seconds"
        );
    }

    #[test]
    fn series_and_names_are_unique_and_sorted() {
        assert!(METRICS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for metric in &METRICS {
            assert_eq!(describe_series(&series_name(metric)), Some(metric));
        }
        assert_eq!(
            describe_series("go_gc_pauses_seconds_total").map(|metric| metric.name),
            Some("/gc/pauses:seconds")
        );
        assert_eq!(describe_series("go_gc_heap_live_bytes_total"), None);
    }
}
