//! runtime/metrics, each under its own name.

use fathom_goruntime::metrics::{MetricValue, Metrics, names};

use crate::{Kind, Reading, Unit, Value};

/// Makes readings of the metrics that have a name of runtime/metrics.
///
/// What Prometheus' collectors name otherwise is read with the rest of their page.
pub(super) fn readings(metrics: &Metrics) -> Vec<Reading> {
    metrics
        .iter()
        .filter(|(name, value)| name.starts_with('/') && !is_unset(name, value))
        .map(|(name, value)| reading(name, value))
        .collect()
}

/// Whether it is a setting that sets nothing: without GOMEMLIMIT the limit is the largest int64,
/// and with GOGC=off the percentage the largest uint64.
fn is_unset(name: &str, value: &MetricValue) -> bool {
    let is_setting = matches!(name, "/gc/gomemlimit:bytes" | "/gc/gogc:percent");
    is_setting && matches!(value, MetricValue::U64(value) if *value >= i64::MAX.unsigned_abs())
}

fn reading(name: &str, value: &MetricValue) -> Reading {
    let (number, kind) = match value {
        MetricValue::U64(value) => (*value as f64, number_kind(name)),
        MetricValue::F64(value) => (*value, number_kind(name)),
        MetricValue::Histogram(histogram) => {
            return Reading::histogram(name, unit(name), histogram.clone());
        }
        // A value of a kind that is not known yet.
        _ => (f64::NAN, Kind::Gauge),
    };
    Reading {
        name: name.to_owned(),
        kind,
        unit: unit(name),
        value: Value::Number(number),
    }
}

/// A metric newer than the table is a gauge, of which nothing is claimed.
fn number_kind(name: &str) -> Kind {
    match names::describe(name) {
        Some(known) if known.cumulative => Kind::Counter,
        _ if name.starts_with("/godebug/non-default-behavior/") => Kind::Counter,
        _ => Kind::Gauge,
    }
}

/// The unit is the part after the colon.
fn unit(name: &str) -> Unit {
    match name.rsplit_once(':').map(|(_, unit)| unit) {
        Some("bytes") => Unit::Bytes,
        Some("seconds" | "cpu-seconds") => Unit::Seconds,
        Some("percent") => Unit::Percent,
        Some(_) => Unit::Count,
        None => Unit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_the_table() {
        let text = br#"{"/gc/heap/live:bytes": 5, "/gc/heap/allocs:bytes": 7,
            "/cpu/classes/total:cpu-seconds": 1.5, "/new/one:things": 2,
            "/gc/gomemlimit:bytes": 9223372036854775807, "/gc/gogc:percent": 18446744073709551615,
            "/sched/latencies:seconds": {"counts": [1], "buckets": [0, 1]}}"#;
        let metrics = fathom_goruntime::metrics::from_json(text).unwrap();
        let found: Vec<_> = readings(&metrics)
            .into_iter()
            .map(|one| (one.name, one.kind, one.unit))
            .collect();
        let expected = [
            (
                "/cpu/classes/total:cpu-seconds",
                Kind::Counter,
                Unit::Seconds,
            ),
            ("/gc/heap/allocs:bytes", Kind::Counter, Unit::Bytes),
            ("/gc/heap/live:bytes", Kind::Gauge, Unit::Bytes),
            ("/new/one:things", Kind::Gauge, Unit::Count),
            ("/sched/latencies:seconds", Kind::Histogram, Unit::Seconds),
        ]
        .map(|(name, kind, unit)| (name.to_owned(), kind, unit));
        assert_eq!(found, expected);
    }
}
