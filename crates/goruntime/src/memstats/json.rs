//! The key `memstats` of expvar's JSON.

use serde_json::Value;

use super::{MemStats, SizeClass, Source};
use crate::{Error, Result};

const INPUT: &str = "expvar memstats";

/// Reads the key `memstats` of `/debug/vars`.
///
/// # Errors
///
/// [`Error::Json`] if the text is no JSON object, [`Error::MissingField`] if a
/// core field is missing, [`Error::Kind`] if one is no number of bytes. No key
/// `memstats` is `None`.
pub fn from_expvar(text: &[u8]) -> Result<Option<MemStats>> {
    let vars = crate::expvar::object(text)?;
    vars.get("memstats").map(from_value).transpose()
}

/// Reads the value of the key `memstats`.
pub(crate) fn from_value(value: &Value) -> Result<MemStats> {
    let map = value.as_object().ok_or_else(|| Error::Kind {
        input: INPUT,
        field: "memstats".to_owned(),
        expected: "an object",
    })?;
    let optional = |field: &'static str| match map.get(field) {
        None => Ok(None),
        Some(number) => number.as_u64().map(Some).ok_or_else(|| Error::Kind {
            input: INPUT,
            field: field.to_owned(),
            expected: "a whole number",
        }),
    };
    let core = |field: &'static str| {
        optional(field)?.ok_or(Error::MissingField {
            input: INPUT,
            field,
        })
    };
    let array = |field: &str| -> Vec<u64> {
        let items = map.get(field).and_then(Value::as_array);
        items
            .map(|items| items.iter().filter_map(Value::as_u64).collect())
            .unwrap_or_default()
    };
    let by_size = map
        .get("BySize")
        .and_then(Value::as_array)
        .map(|rows| rows.iter().filter_map(size_class).collect());
    Ok(MemStats {
        source: Source::ExpVar,
        sys: core("Sys")?,
        heap_alloc: core("HeapAlloc")?,
        heap_sys: core("HeapSys")?,
        heap_idle: core("HeapIdle")?,
        heap_inuse: core("HeapInuse")?,
        heap_released: core("HeapReleased")?,
        heap_objects: core("HeapObjects")?,
        stack_inuse: core("StackInuse")?,
        stack_sys: core("StackSys")?,
        mspan_inuse: core("MSpanInuse")?,
        mspan_sys: core("MSpanSys")?,
        mcache_inuse: core("MCacheInuse")?,
        mcache_sys: core("MCacheSys")?,
        buck_hash_sys: core("BuckHashSys")?,
        gc_sys: core("GCSys")?,
        other_sys: core("OtherSys")?,
        next_gc: core("NextGC")?,
        last_gc: core("LastGC")?,
        num_gc: core("NumGC")?,
        total_alloc: core("TotalAlloc")?,
        mallocs: core("Mallocs")?,
        frees: core("Frees")?,
        lookups: optional("Lookups")?,
        num_forced_gc: optional("NumForcedGC")?,
        gc_cpu_fraction: map.get("GCCPUFraction").and_then(Value::as_f64),
        pause_ns: array("PauseNs"),
        pause_end: array("PauseEnd"),
        pause_total_ns: optional("PauseTotalNs")?,
        by_size: by_size.unwrap_or_default(),
        max_rss: None,
        debug_gc: map.get("DebugGC").and_then(Value::as_bool),
    })
}

fn size_class(row: &Value) -> Option<SizeClass> {
    let field = |name: &str| row.get(name).and_then(Value::as_u64);
    Some(SizeClass {
        size: field("Size")?,
        mallocs: field("Mallocs")?,
        frees: field("Frees")?,
    })
}
