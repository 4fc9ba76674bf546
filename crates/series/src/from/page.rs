//! The samples of a Prometheus page that have no name of runtime/metrics.

use std::collections::HashMap;

use fathom_goruntime::metrics::exposition::{Exposition, Sample, Type};
use fathom_goruntime::metrics::names;

use super::MAX_READINGS;
use crate::{Histogram, Kind, Reading, Unit, Value};

/// A histogram in the making.
struct Buckets {
    name: String,
    unit: Unit,
    /// Counts up to each bound.
    rows: Vec<(f64, f64)>,
}

/// Makes readings of all other samples, named as they are written: `name{label="value"}` with
/// labels in order. The buckets of a histogram are put together.
pub(super) fn readings(text: &[u8]) -> Vec<Reading> {
    let page = Exposition::parse(text, MAX_READINGS);
    let mut found = Vec::new();
    let mut histograms: Vec<Buckets> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for sample in &page.samples {
        let (family, declared) = page.family(sample.name);
        if names::describe_series(family).is_some() || names::describe_series(sample.name).is_some()
        {
            continue;
        }
        if declared == Type::Histogram && sample.name.ends_with("_bucket") {
            if let Some(bound) = sample.label("le").and_then(|bound| bound.parse().ok()) {
                let name = written(family, sample, &["le"]);
                let place = *places.entry(name.clone()).or_insert_with(|| {
                    histograms.push(Buckets {
                        name,
                        unit: unit(family),
                        rows: Vec::new(),
                    });
                    histograms.len() - 1
                });
                if let Some(buckets) = histograms.get_mut(place) {
                    buckets.rows.push((bound, sample.value));
                }
            }
            continue;
        }
        if !sample.value.is_finite() {
            continue;
        }
        found.push(Reading {
            name: written(sample.name, sample, &[]),
            kind: kind(sample.name, declared),
            unit: unit(sample.name),
            value: Value::Number(sample.value),
        });
    }
    for Buckets { name, unit, rows } in histograms {
        if let Some(histogram) = histogram(rows) {
            found.push(Reading::histogram(name, unit, histogram));
        }
    }
    found
}

fn written(name: &str, sample: &Sample<'_>, without: &[&str]) -> String {
    let mut labels: Vec<String> = sample
        .labels
        .iter()
        .filter(|(label, _)| !without.contains(label))
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    if labels.is_empty() {
        return name.to_owned();
    }
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

fn kind(name: &str, declared: Type) -> Kind {
    let adds_up = match declared {
        Type::Counter => true,
        Type::Histogram | Type::Summary => name.ends_with("_sum") || name.ends_with("_count"),
        Type::Untyped => name.ends_with("_total"),
        _ => false,
    };
    if adds_up { Kind::Counter } else { Kind::Gauge }
}

/// Names say their base unit, as the naming rules of Prometheus ask.
fn unit(name: &str) -> Unit {
    let stem = ["_total", "_sum", "_bucket"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name);
    if name.ends_with("_count") {
        Unit::Count
    } else if stem.ends_with("_bytes") {
        Unit::Bytes
    } else if stem.ends_with("_seconds") {
        Unit::Seconds
    } else if stem.ends_with("_ratio") {
        Unit::Fraction
    } else {
        Unit::Unknown
    }
}

/// Turns counts up to each bound into counts of each bucket.
fn histogram(mut rows: Vec<(f64, f64)>) -> Option<Histogram> {
    rows.retain(|(bound, _)| !bound.is_nan());
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut histogram = Histogram {
        buckets: vec![f64::NEG_INFINITY],
        counts: Vec::with_capacity(rows.len()),
    };
    let mut before = 0.0;
    for (bound, cumulative) in rows {
        let here = cumulative - before;
        if !(here >= 0.0 && here.is_finite()) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count that is finite and not negative; saturates"
        )]
        histogram.counts.push(here as u64);
        histogram.buckets.push(bound);
        before = cumulative;
    }
    (!histogram.counts.is_empty()).then_some(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_sample_is_a_series() {
        let text = b"# TYPE go_goroutines gauge\ngo_goroutines 7\n\
            # TYPE go_gc_heap_live_bytes gauge\ngo_gc_heap_live_bytes 1\n\
            # TYPE http_requests_total counter\nhttp_requests_total{path=\"/x\",code=\"200\"} 12\n\
            # TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"0.1\"} 2\n\
            wait_seconds_bucket{le=\"+Inf\"} 5\nwait_seconds_sum 1.5\nwait_seconds_count 5\n\
            queue NaN\n";
        let found = readings(text);
        let names: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.kind))
            .collect();
        assert_eq!(
            names,
            [
                ("go_goroutines", Kind::Gauge),
                (
                    "http_requests_total{code=\"200\",path=\"/x\"}",
                    Kind::Counter
                ),
                ("wait_seconds_sum", Kind::Counter),
                ("wait_seconds_count", Kind::Counter),
                ("wait_seconds", Kind::Histogram),
            ]
        );
        assert_eq!(
            found.last().unwrap().value,
            Value::Histogram(Histogram {
                buckets: vec![f64::NEG_INFINITY, 0.1, f64::INFINITY],
                counts: vec![2, 3]
            })
        );
    }
}
