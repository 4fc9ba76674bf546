//! MemStats put together from runtime/metrics or Prometheus' series.

use super::{MemStats, Source};
use crate::metrics::Metrics;
use crate::{Error, Result};

/// Puts MemStats together from runtime/metrics, or from Prometheus'
/// `go_memstats_*` if the metrics hold those.
///
/// The correspondence is that of `runtime/metrics/description.go` and
/// `runtime/mstats.go` (Go 1.27); the last collection's time is in
/// `go_memstats_last_gc_time_seconds` alone.
///
/// # Errors
///
/// [`Error::MissingField`] if some, but not all of the core is there. Metrics
/// without any memory class are `None`.
pub fn from_metrics(metrics: &Metrics) -> Result<Option<MemStats>> {
    if metrics.u64("go_memstats_sys_bytes").is_some() {
        return from_prometheus(metrics).map(Some);
    }
    if metrics.u64("/memory/classes/total:bytes").is_none()
        && metrics.u64("/memory/classes/heap/objects:bytes").is_none()
    {
        return Ok(None);
    }
    from_classes(metrics).map(Some)
}

fn from_prometheus(metrics: &Metrics) -> Result<MemStats> {
    let core = |field: &'static str| {
        metrics.u64(field).ok_or(Error::MissingField {
            input: "Prometheus go_memstats",
            field,
        })
    };
    Ok(MemStats {
        source: Source::Prometheus,
        sys: core("go_memstats_sys_bytes")?,
        heap_alloc: core("go_memstats_heap_alloc_bytes")?,
        heap_sys: core("go_memstats_heap_sys_bytes")?,
        heap_idle: core("go_memstats_heap_idle_bytes")?,
        heap_inuse: core("go_memstats_heap_inuse_bytes")?,
        heap_released: core("go_memstats_heap_released_bytes")?,
        heap_objects: core("go_memstats_heap_objects")?,
        stack_inuse: core("go_memstats_stack_inuse_bytes")?,
        stack_sys: core("go_memstats_stack_sys_bytes")?,
        mspan_inuse: core("go_memstats_mspan_inuse_bytes")?,
        mspan_sys: core("go_memstats_mspan_sys_bytes")?,
        mcache_inuse: core("go_memstats_mcache_inuse_bytes")?,
        mcache_sys: core("go_memstats_mcache_sys_bytes")?,
        buck_hash_sys: core("go_memstats_buck_hash_sys_bytes")?,
        gc_sys: core("go_memstats_gc_sys_bytes")?,
        other_sys: core("go_memstats_other_sys_bytes")?,
        next_gc: core("go_memstats_next_gc_bytes")?,
        last_gc: metrics
            .f64("go_memstats_last_gc_time_seconds")
            .map_or(0, nanoseconds),
        num_gc: metrics
            .gc_durations()
            .map(|durations| durations.count)
            .or_else(|| metrics.u64("/gc/cycles/total:gc-cycles"))
            .ok_or(Error::MissingField {
                input: "Prometheus go_memstats",
                field: "go_gc_duration_seconds_count",
            })?,
        total_alloc: core("go_memstats_alloc_bytes_total")?,
        mallocs: core("go_memstats_mallocs_total")?,
        frees: core("go_memstats_frees_total")?,
        lookups: metrics.u64("go_memstats_lookups_total"),
        num_forced_gc: metrics.u64("/gc/cycles/forced:gc-cycles"),
        gc_cpu_fraction: metrics.f64("go_memstats_gc_cpu_fraction"),
        pause_ns: Vec::new(),
        pause_end: Vec::new(),
        pause_total_ns: metrics
            .gc_durations()
            .map(|durations| nanoseconds(durations.sum_seconds)),
        by_size: Vec::new(),
        max_rss: None,
        debug_gc: None,
    })
}

fn from_classes(metrics: &Metrics) -> Result<MemStats> {
    let core = |field: &'static str| {
        metrics.u64(field).ok_or(Error::MissingField {
            input: "runtime/metrics",
            field,
        })
    };
    let objects = core("/memory/classes/heap/objects:bytes")?;
    let heap_inuse = objects.saturating_add(core("/memory/classes/heap/unused:bytes")?);
    let heap_released = core("/memory/classes/heap/released:bytes")?;
    let heap_idle = core("/memory/classes/heap/free:bytes")?.saturating_add(heap_released);
    let stack_inuse = core("/memory/classes/heap/stacks:bytes")?;
    let mspan_inuse = core("/memory/classes/metadata/mspan/inuse:bytes")?;
    let mcache_inuse = core("/memory/classes/metadata/mcache/inuse:bytes")?;
    // MemStats counts each tiny object, runtime/metrics the blocks that hold
    // them and the tiny objects apart (runtime/mstats.go, readmemstats_m).
    let tiny = metrics.u64("/gc/heap/tiny/allocs:objects").unwrap_or(0);
    Ok(MemStats {
        source: Source::RuntimeMetrics,
        sys: core("/memory/classes/total:bytes")?,
        heap_alloc: objects,
        heap_sys: heap_inuse.saturating_add(heap_idle),
        heap_idle,
        heap_inuse,
        heap_released,
        heap_objects: core("/gc/heap/objects:objects")?,
        stack_inuse,
        stack_sys: stack_inuse.saturating_add(core("/memory/classes/os-stacks:bytes")?),
        mspan_inuse,
        mspan_sys: mspan_inuse.saturating_add(core("/memory/classes/metadata/mspan/free:bytes")?),
        mcache_inuse,
        mcache_sys: mcache_inuse
            .saturating_add(core("/memory/classes/metadata/mcache/free:bytes")?),
        buck_hash_sys: core("/memory/classes/profiling/buckets:bytes")?,
        gc_sys: core("/memory/classes/metadata/other:bytes")?,
        other_sys: core("/memory/classes/other:bytes")?,
        next_gc: core("/gc/heap/goal:bytes")?,
        last_gc: 0,
        num_gc: core("/gc/cycles/total:gc-cycles")?,
        total_alloc: core("/gc/heap/allocs:bytes")?,
        mallocs: core("/gc/heap/allocs:objects")?.saturating_add(tiny),
        frees: core("/gc/heap/frees:objects")?.saturating_add(tiny),
        lookups: None,
        num_forced_gc: metrics.u64("/gc/cycles/forced:gc-cycles"),
        gc_cpu_fraction: None,
        pause_ns: Vec::new(),
        pause_end: Vec::new(),
        pause_total_ns: None,
        by_size: Vec::new(),
        max_rss: None,
        debug_gc: None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of nanoseconds since 1970 first"
)]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round().clamp(0.0, 9.2e18) as u64
}
