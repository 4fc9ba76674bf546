//! The text of Prometheus' Go collector.
//!
//! The grammar is the text exposition format 0.0.4; `OpenMetrics` additions
//! (exemplars after `#`, `# EOF`) are tolerated.

use std::collections::{BTreeMap, HashSet};

use super::exposition::{Sample as Series, parse_series};
use super::names::{Kind, describe_series};
use super::{GcDurations, Histogram, MetricValue, Metrics, whole};
use crate::line::Lines;
use crate::{Error, Result};

const INPUT: &str = "Prometheus text";
/// Bounds the series that are read, so that hostile text costs no memory.
const MAX_SERIES: usize = 1 << 20;
const MAX_IDENTITIES: usize = 1024;

/// Reads what Prometheus' Go and process collectors export; all other series
/// are passed over.
///
/// Labels such as `pod` and `instance` may stand on every series. Where they
/// differ the text holds several processes: the first is kept, and
/// [`Metrics::instances`] tells their number.
///
/// # Errors
///
/// [`Error::Line`] for a series of these collectors that does not parse;
/// [`Error::Limit`] past a million of them. A text without any is empty metrics.
pub fn from_prometheus(text: &[u8]) -> Result<Metrics> {
    let mut reader = Reader::default();
    for (index, (line, _)) in Lines::new(text).enumerate() {
        let line = line.trim_ascii();
        if line.starts_with(b"go_") || line.starts_with(b"process_") {
            let parsed = std::str::from_utf8(line).ok().and_then(parse_series);
            let series = parsed.ok_or_else(|| Error::Line {
                input: INPUT,
                line: index.saturating_add(1),
                reason: "not `name{labels} value`".to_owned(),
            })?;
            reader.count = reader.count.saturating_add(1);
            if reader.count > MAX_SERIES {
                return Err(Error::Limit {
                    input: INPUT,
                    what: "series",
                    limit: MAX_SERIES as u64,
                });
            }
            reader.add(&series);
        }
    }
    Ok(reader.finish())
}

#[derive(Default)]
struct Reader {
    count: usize,
    metrics: Metrics,
    /// The labels that tell processes apart, of the first series.
    identity: Option<String>,
    identities: HashSet<String>,
    /// Cumulative counts by upper boundary, in the order of the text.
    histograms: BTreeMap<&'static str, Vec<(f64, f64)>>,
}

/// Labels that belong to the series rather than to the process.
const OWN_LABELS: [&str; 3] = ["le", "quantile", "version"];

impl Reader {
    fn add(&mut self, series: &Series<'_>) {
        let mut process: Vec<String> = series
            .labels
            .iter()
            .filter(|(name, _)| !OWN_LABELS.contains(name))
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        process.sort_unstable();
        let identity = process.join(",");
        let first = self.identity.get_or_insert_with(|| identity.clone());
        let is_first = *first == identity;
        if self.identities.len() < MAX_IDENTITIES {
            self.identities.insert(identity);
        }
        if is_first {
            self.keep(series);
        }
    }

    fn keep(&mut self, series: &Series<'_>) {
        let label = |wanted: &str| {
            let found = series.labels.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        match series.name {
            "go_info" => self.metrics.go_version = label("version").map(str::to_owned),
            "go_gc_duration_seconds" => {
                let quantile = label("quantile").and_then(|quantile| quantile.parse().ok());
                if let Some(quantile) = quantile
                    && series.value.is_finite()
                {
                    self.durations().quantiles.push((quantile, series.value));
                }
            }
            "go_gc_duration_seconds_sum" => self.durations().sum_seconds = series.value,
            "go_gc_duration_seconds_count" => {
                self.durations().count = whole(series.value).unwrap_or(0);
            }
            name => self.keep_value(name, label("le"), series.value),
        }
    }

    fn durations(&mut self) -> &mut GcDurations {
        self.metrics.gc_durations.get_or_insert_default()
    }

    fn keep_value(&mut self, series: &str, boundary: Option<&str>, value: f64) {
        if let Some(family) = series.strip_suffix("_bucket") {
            if let Some(metric) =
                describe_series(family).filter(|metric| metric.kind == Kind::Histogram)
                && let Some(boundary) = boundary.and_then(|boundary| boundary.parse::<f64>().ok())
            {
                self.histograms
                    .entry(metric.name)
                    .or_default()
                    .push((boundary, value));
            }
            return;
        }
        let known = describe_series(series).filter(|metric| metric.kind != Kind::Histogram);
        if known.is_none() && is_part_of_histogram(series) {
            return;
        }
        let name = known.map_or(series, |metric| metric.name);
        let float = known.is_some_and(|metric| metric.kind == Kind::F64);
        let kept = match whole(value).filter(|_| !float) {
            Some(value) => MetricValue::U64(value),
            None => MetricValue::F64(value),
        };
        self.metrics.values.entry(name.to_owned()).or_insert(kept);
    }

    fn finish(mut self) -> Metrics {
        for (name, rows) in self.histograms {
            if let Some(histogram) = histogram(rows) {
                self.metrics
                    .values
                    .insert(name.to_owned(), MetricValue::Histogram(histogram));
            }
        }
        self.metrics.instances = self.identities.len();
        self.metrics
    }
}

fn is_part_of_histogram(series: &str) -> bool {
    let family = series
        .strip_suffix("_sum")
        .or_else(|| series.strip_suffix("_count"));
    family
        .and_then(describe_series)
        .is_some_and(|metric| metric.kind == Kind::Histogram)
}

/// Turns cumulative counts into counts of each bucket.
fn histogram(mut rows: Vec<(f64, f64)>) -> Option<Histogram> {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut buckets = vec![f64::NEG_INFINITY];
    let mut counts = Vec::with_capacity(rows.len());
    let mut before = 0_u64;
    for (boundary, cumulative) in rows {
        let cumulative = whole(cumulative)?;
        counts.push(cumulative.checked_sub(before)?);
        buckets.push(boundary);
        before = cumulative;
    }
    Some(Histogram { buckets, counts })
}

#[cfg(test)]
mod tests {
    use super::super::{Gogc, MemoryLimit};
    use super::*;

    const TEXT: &str = r#"# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines{pod="a\"b,}c",instance="10.0.0.1:80"} 42
go_info{version="go1.22.10",instance="10.0.0.1:80",pod="a\"b,}c"} 1
go_gc_duration_seconds{pod="a\"b,}c",instance="10.0.0.1:80",quantile="0.5"} 1.5e-05
go_gc_duration_seconds_sum{pod="a\"b,}c",instance="10.0.0.1:80"} 0.25
go_gc_duration_seconds_count{pod="a\"b,}c",instance="10.0.0.1:80"} 100
go_gc_heap_live_bytes{pod="a\"b,}c",instance="10.0.0.1:80"} 1.048576e+06 1700000000000
go_gc_gogc_percent{pod="a\"b,}c",instance="10.0.0.1:80"} 1.8446744073709552e+19
go_gc_gomemlimit_bytes{pod="a\"b,}c",instance="10.0.0.1:80"} 9.223372036854776e+18
go_sched_latencies_seconds_bucket{pod="a\"b,}c",instance="10.0.0.1:80",le="0.001"} 3
go_sched_latencies_seconds_bucket{pod="a\"b,}c",instance="10.0.0.1:80",le="+Inf"} 5
go_sched_latencies_seconds_sum{pod="a\"b,}c",instance="10.0.0.1:80"} NaN
go_sched_latencies_seconds_count{pod="a\"b,}c",instance="10.0.0.1:80"} 5
go_goroutines{pod="other",instance="10.0.0.1:80"} 7
http_requests_total{code="200"} nonsense
"#;

    #[test]
    fn labels_are_tolerated_and_other_processes_counted() {
        let metrics = from_prometheus(TEXT.as_bytes()).unwrap();
        assert_eq!(metrics.goroutines(), Some(42));
        assert_eq!(metrics.go_version(), Some("go1.22.10"));
        assert_eq!(metrics.heap_live(), Some(1 << 20));
        assert_eq!(metrics.gogc(), Some(Gogc::Off));
        assert_eq!(metrics.memory_limit(), Some(MemoryLimit::Unlimited));
        assert_eq!(metrics.gc_cycles(), Some(100));
        assert_eq!(metrics.gc_durations().unwrap().quantiles, [(0.5, 1.5e-5)]);
        assert_eq!(
            metrics
                .histogram("/sched/latencies:seconds")
                .unwrap()
                .counts,
            [3, 2]
        );
        assert_eq!(metrics.instances(), 2);
    }

    #[test]
    fn a_damaged_series_is_named_by_line() {
        let error = from_prometheus(b"# x\ngo_goroutines{pod=\"a\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Prometheus text: line 2: not `name{labels} value`"
        );
    }
}
