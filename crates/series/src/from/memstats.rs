//! MemStats, each field under its Go name after `memstats.`.

use fathom_goruntime::memstats::MemStats;

use super::{Collection, milliseconds};
use crate::Unit::{Bytes, Count, Fraction, Seconds};
use crate::{Histogram, Reading, Unit};

/// Makes readings of all fields. Times are seconds, where Go has nanoseconds.
pub(super) fn readings(stats: &MemStats) -> Vec<Reading> {
    let gauge = |name: &str, unit: Unit, value: u64| {
        Reading::gauge(format!("memstats.{name}"), unit, value as f64)
    };
    let counter = |name: &str, unit: Unit, value: u64| {
        Reading::counter(format!("memstats.{name}"), unit, value as f64)
    };
    let mut readings = vec![
        gauge("Alloc", Bytes, stats.heap_alloc),
        counter("TotalAlloc", Bytes, stats.total_alloc),
        gauge("Sys", Bytes, stats.sys),
        counter("Mallocs", Count, stats.mallocs),
        counter("Frees", Count, stats.frees),
        gauge("HeapAlloc", Bytes, stats.heap_alloc),
        gauge("HeapSys", Bytes, stats.heap_sys),
        gauge("HeapIdle", Bytes, stats.heap_idle),
        gauge("HeapInuse", Bytes, stats.heap_inuse),
        gauge("HeapReleased", Bytes, stats.heap_released),
        gauge("HeapObjects", Count, stats.heap_objects),
        gauge("StackInuse", Bytes, stats.stack_inuse),
        gauge("StackSys", Bytes, stats.stack_sys),
        gauge("MSpanInuse", Bytes, stats.mspan_inuse),
        gauge("MSpanSys", Bytes, stats.mspan_sys),
        gauge("MCacheInuse", Bytes, stats.mcache_inuse),
        gauge("MCacheSys", Bytes, stats.mcache_sys),
        gauge("BuckHashSys", Bytes, stats.buck_hash_sys),
        gauge("GCSys", Bytes, stats.gc_sys),
        gauge("OtherSys", Bytes, stats.other_sys),
        gauge("NextGC", Bytes, stats.next_gc),
        counter("NumGC", Count, stats.num_gc),
    ];
    let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    if stats.last_gc > 0 {
        readings.push(Reading::gauge(
            "memstats.LastGC",
            Seconds,
            seconds(stats.last_gc),
        ));
    }
    readings.extend(stats.lookups.map(|count| counter("Lookups", Count, count)));
    readings.extend(
        stats
            .num_forced_gc
            .map(|count| counter("NumForcedGC", Count, count)),
    );
    readings.extend(
        stats
            .gc_cpu_fraction
            .map(|share| Reading::gauge("memstats.GCCPUFraction", Fraction, share)),
    );
    readings.extend(
        stats
            .pause_total_ns
            .map(|total| Reading::counter("memstats.PauseTotal", Seconds, seconds(total))),
    );
    if let Some(last) = last_index(stats).and_then(|index| stats.pause_ns.get(index)) {
        readings.push(Reading::gauge("memstats.Pause", Seconds, seconds(*last)));
    }
    readings.extend(by_size(stats));
    readings
}

/// The place of the last collection in the rings of 256 (`runtime/mstats.go`, Go 1.27).
fn last_index(stats: &MemStats) -> Option<usize> {
    let length = u64::try_from(stats.pause_ns.len()).ok()?;
    let last = stats.num_gc.checked_sub(1)?;
    usize::try_from(last.checked_rem(length)?).ok()
}

/// Makes two distributions of the size classes: what was allocated and what was freed. Bounds are
/// those of runtime/metrics' `by-size` metrics: one byte above each class.
/// How long before a moment, in milliseconds since 1970, the last collection ended: a number that
/// can be drawn. A collection that ended during the look ended just now.
pub(super) fn since_last_collection(stats: &MemStats, at_ms: i64) -> Option<Reading> {
    if stats.last_gc == 0 {
        return None;
    }
    let seconds = at_ms as f64 / 1e3 - stats.last_gc as f64 / 1e9;
    Some(Reading::gauge(
        "memstats.SinceLastGC",
        Seconds,
        seconds.max(0.0),
    ))
}

fn by_size(stats: &MemStats) -> Vec<Reading> {
    let classes: Vec<_> = stats.by_size.iter().filter(|row| row.size > 0).collect();
    if classes.is_empty() {
        return Vec::new();
    }
    let buckets: Vec<f64> = std::iter::once(1.0)
        .chain(classes.iter().map(|row| (row.size + 1) as f64))
        .collect();
    let of = |counts: Vec<u64>| Histogram {
        buckets: buckets.clone(),
        counts,
    };
    vec![
        Reading::histogram(
            "memstats.BySize.Mallocs",
            Bytes,
            of(classes.iter().map(|row| row.mallocs).collect()),
        ),
        Reading::histogram(
            "memstats.BySize.Frees",
            Bytes,
            of(classes.iter().map(|row| row.frees).collect()),
        ),
    ]
}

/// The collections in the rings, the oldest first.
pub(super) fn collections(stats: &MemStats) -> Vec<Collection> {
    let mut found: Vec<Collection> = stats
        .pause_end
        .iter()
        .zip(&stats.pause_ns)
        .filter(|(end, _)| **end > 0)
        .map(|(end, pause)| Collection {
            ended_ms: milliseconds(*end),
            pause_ns: *pause,
        })
        .collect();
    found.sort_by_key(|collection| collection.ended_ms);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_names_and_kinds() {
        let text = br#"{"memstats": {"Sys": 10, "HeapAlloc": 1, "HeapSys": 2, "HeapIdle": 3,
            "HeapInuse": 4, "HeapReleased": 5, "HeapObjects": 6, "StackInuse": 1, "StackSys": 1,
            "MSpanInuse": 1, "MSpanSys": 1, "MCacheInuse": 1, "MCacheSys": 1, "BuckHashSys": 1,
            "GCSys": 1, "OtherSys": 1, "NextGC": 9, "LastGC": 1700000000500000000, "NumGC": 2,
            "TotalAlloc": 77, "Mallocs": 8, "Frees": 7, "Lookups": 0, "PauseTotalNs": 3000,
            "PauseNs": [1000, 2000, 0], "PauseEnd": [1700000000000000000, 1700000000500000000, 0],
            "BySize": [{"Size": 0, "Mallocs": 0, "Frees": 0}, {"Size": 8, "Mallocs": 5, "Frees": 4},
                {"Size": 16, "Mallocs": 3, "Frees": 3}]}}"#;
        let stats = fathom_goruntime::memstats::from_expvar(text)
            .unwrap()
            .unwrap();
        let look = crate::Look {
            readings: readings(&stats),
            ..Default::default()
        };
        assert_eq!(look.number("memstats.HeapAlloc"), Some(1.0));
        assert_eq!(look.number("memstats.Lookups"), Some(0.0));
        assert_eq!(look.number("memstats.Pause"), Some(2e-6));
        assert_eq!(look.number("memstats.PauseTotal"), Some(3e-6));
        assert_eq!(look.number("memstats.LastGC"), Some(1_700_000_000.5));
        let since = |at_ms| since_last_collection(&stats, at_ms)?.number();
        assert_eq!(since(1_700_000_002_000), Some(1.5));
        // The clock of the look may be behind that of the process.
        assert_eq!(since(1_700_000_000_000), Some(0.0));
        let mut never = stats.clone();
        never.last_gc = 0;
        assert_eq!(since_last_collection(&never, 5), None);
        assert_eq!(
            look.get("memstats.TotalAlloc").unwrap().kind,
            crate::Kind::Counter
        );
        let sizes = look.get("memstats.BySize.Mallocs").unwrap();
        assert_eq!(
            sizes.value,
            crate::Value::Histogram(Histogram {
                buckets: vec![1.0, 9.0, 17.0],
                counts: vec![5, 3]
            })
        );
        let ends: Vec<i64> = collections(&stats).iter().map(|one| one.ended_ms).collect();
        assert_eq!(ends, [1_700_000_000_000, 1_700_000_000_500]);
    }
}
