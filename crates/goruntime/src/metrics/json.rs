//! A JSON map from runtime/metrics names to values.

use serde_json::{Map, Value};

use super::names::{Kind, describe};
use super::{Histogram, MetricValue, Metrics, whole};
use crate::Result;

/// Bounds the metrics of one map; Go 1.27 has 108.
const MAX_METRICS: usize = 4096;

/// Reads a JSON map from runtime/metrics names to values, at the top of the
/// text or under any of its keys.
///
/// Only keys that look like `/path:unit` are taken. A histogram is an object
/// with `counts` and `buckets`, as Go's `Float64Histogram` is written.
///
/// # Errors
///
/// [`crate::Error::Json`] if the text is no JSON object.
pub fn from_json(text: &[u8]) -> Result<Metrics> {
    Ok(collect(&crate::expvar::object(text)?))
}

/// Tells whether a key is a runtime/metrics name.
pub(crate) fn looks_like_metric(key: &str) -> bool {
    let Some((path, unit)) = key.split_once(':') else {
        return false;
    };
    path.len() > 1 && path.starts_with('/') && !unit.is_empty() && !unit.contains([' ', '/', ':'])
}

/// Collects the metrics at the top of a map and one level below.
pub(crate) fn collect(map: &Map<String, Value>) -> Metrics {
    let mut metrics = Metrics::default();
    add(&mut metrics, map);
    for value in map.values() {
        if let Value::Object(inner) = value {
            add(&mut metrics, inner);
        }
    }
    metrics.instances = usize::from(!metrics.is_empty());
    metrics
}

fn add(metrics: &mut Metrics, map: &Map<String, Value>) {
    let named = map.iter().filter(|(key, _)| looks_like_metric(key));
    for (key, value) in named {
        if metrics.values.len() >= MAX_METRICS {
            return;
        }
        if let Some(value) = metric(key, value) {
            metrics.values.entry(key.clone()).or_insert(value);
        }
    }
}

fn metric(name: &str, value: &Value) -> Option<MetricValue> {
    match value {
        Value::Number(number) => match (describe(name).map(|known| known.kind), number.as_u64()) {
            (Some(Kind::F64), _) => number.as_f64().map(MetricValue::F64),
            (_, Some(value)) => Some(MetricValue::U64(value)),
            (Some(Kind::U64), None) => number.as_f64().and_then(whole).map(MetricValue::U64),
            (_, None) => number.as_f64().map(MetricValue::F64),
        },
        Value::Object(map) => histogram(map).map(MetricValue::Histogram),
        _ => None,
    }
}

fn histogram(map: &Map<String, Value>) -> Option<Histogram> {
    let array = |lower: &str, upper: &str| map.get(lower).or_else(|| map.get(upper))?.as_array();
    let counts: Option<Vec<u64>> = array("counts", "Counts")?
        .iter()
        .map(Value::as_u64)
        .collect();
    let boundaries: Option<Vec<f64>> = array("buckets", "Buckets")?.iter().map(boundary).collect();
    let (counts, buckets) = (counts?, boundaries?);
    (buckets.len() == counts.len().checked_add(1)?).then_some(Histogram { buckets, counts })
}

/// JSON has no infinity, so that programs write it as they like.
fn boundary(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok().filter(|value: &f64| !value.is_nan()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_of_the_table() {
        let text = br#"{"/cpu/classes/total:cpu-seconds": 8, "/gc/heap/live:bytes": 1.5e3,
            "/gc/gomemlimit:bytes": 9.223372036854775807e18, "/new/one:things": 2, "x": {"/new/two:s": 0.5}, "y:z": 1}"#;
        let metrics = from_json(text).unwrap();
        assert_eq!(
            metrics.get("/cpu/classes/total:cpu-seconds"),
            Some(&MetricValue::F64(8.0))
        );
        assert_eq!(
            metrics.get("/gc/heap/live:bytes"),
            Some(&MetricValue::U64(1500))
        );
        assert_eq!(
            metrics.memory_limit(),
            Some(super::super::MemoryLimit::Unlimited)
        );
        assert_eq!(metrics.u64("/new/one:things"), Some(2));
        assert_eq!(metrics.f64("/new/two:s"), Some(0.5));
        assert_eq!(metrics.len(), 5);
    }

    #[test]
    fn histograms_need_one_boundary_more() {
        let good =
            br#"{"/gc/pauses:seconds": {"Counts": [1, 2], "Buckets": ["-Inf", 0.1, "+Inf"]}}"#;
        let metrics = from_json(good).unwrap();
        let pauses = metrics.histogram("/gc/pauses:seconds").unwrap();
        assert_eq!(pauses.total(), 3);
        assert_eq!(pauses.quantile(0.3), Some(0.1));
        assert_eq!(pauses.quantile(1.0), Some(0.1));
        let bad = br#"{"/gc/pauses:seconds": {"Counts": [1, 2], "Buckets": [0.1]}}"#;
        assert!(from_json(bad).unwrap().is_empty());
    }
}
