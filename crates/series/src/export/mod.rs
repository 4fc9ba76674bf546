//! Readings in the forms that other tools take.
//!
//! - [`prometheus`]: the text that Prometheus scrapes.
//! - [`influx`]: lines for `InfluxDB` under the names of go-runtime-metrics, so that its
//!   dashboards show our readings.
//! - [`remote_write`]: what Prometheus' remote write sends.
//!
//! All three give a reading the name that Prometheus' Go collector gives it where there is one
//! ([`series_name`] says how), and the labels that the caller hands in.

pub mod influx;
pub mod prometheus;
pub mod remote_write;

use crate::{Kind, Reading, Unit};

/// A reading's name as Prometheus has it, and the labels that were part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesName {
    /// The name: letters, digits, `_` and `:`.
    pub name: String,
    /// The labels, as they were written.
    pub labels: Vec<(String, String)>,
}

/// The fields of `MemStats` that the Go collector exports, by its names.
const MEMSTATS: [(&str, &str); 24] = [
    ("Alloc", "go_memstats_alloc_bytes"),
    ("TotalAlloc", "go_memstats_alloc_bytes_total"),
    ("Sys", "go_memstats_sys_bytes"),
    ("Lookups", "go_memstats_lookups_total"),
    ("Mallocs", "go_memstats_mallocs_total"),
    ("Frees", "go_memstats_frees_total"),
    ("HeapAlloc", "go_memstats_heap_alloc_bytes"),
    ("HeapSys", "go_memstats_heap_sys_bytes"),
    ("HeapIdle", "go_memstats_heap_idle_bytes"),
    ("HeapInuse", "go_memstats_heap_inuse_bytes"),
    ("HeapReleased", "go_memstats_heap_released_bytes"),
    ("HeapObjects", "go_memstats_heap_objects"),
    ("StackInuse", "go_memstats_stack_inuse_bytes"),
    ("StackSys", "go_memstats_stack_sys_bytes"),
    ("MSpanInuse", "go_memstats_mspan_inuse_bytes"),
    ("MSpanSys", "go_memstats_mspan_sys_bytes"),
    ("MCacheInuse", "go_memstats_mcache_inuse_bytes"),
    ("MCacheSys", "go_memstats_mcache_sys_bytes"),
    ("BuckHashSys", "go_memstats_buck_hash_sys_bytes"),
    ("GCSys", "go_memstats_gc_sys_bytes"),
    ("OtherSys", "go_memstats_other_sys_bytes"),
    ("NextGC", "go_memstats_next_gc_bytes"),
    ("GCCPUFraction", "go_memstats_gc_cpu_fraction"),
    ("NumGC", "go_memstats_gc_cycles_total"),
];

/// Names a reading as Prometheus would: a name with labels is split, `memstats.HeapAlloc` and the
/// names of runtime/metrics become those of the Go collector (`/gc/heap/live:bytes` is
/// `go_gc_heap_live_bytes`, a counter ends in `_total`), and in all others what no name may have
/// becomes `_`.
pub fn series_name(reading: &Reading) -> SeriesName {
    if let Some((name, labels)) = split_labels(&reading.name) {
        return SeriesName {
            name: cleaned(name),
            labels,
        };
    }
    let known = reading.name.strip_prefix("memstats.").and_then(|field| {
        let found = MEMSTATS.iter().find(|(name, _)| *name == field);
        found.map(|(_, series)| (*series).to_owned())
    });
    let name = known.unwrap_or_else(|| match reading.name.strip_prefix('/') {
        Some(path) => of_runtime_metric(path, reading),
        None => cleaned(&reading.name),
    });
    SeriesName {
        name,
        labels: Vec::new(),
    }
}

fn of_runtime_metric(path: &str, reading: &Reading) -> String {
    let mut name = format!("go_{}", cleaned(path).replace(':', "_"));
    if reading.kind == Kind::Counter && !name.ends_with("_total") {
        name.push_str("_total");
    }
    name
}

/// Replaces what no name of Prometheus may have.
fn cleaned(name: &str) -> String {
    let mut cleaned = String::with_capacity(name.len());
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        cleaned.push('_');
    }
    cleaned.extend(name.chars().map(|character| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | ':' => character,
        _ => '_',
    }));
    cleaned
}

/// Splits `name{key="value",…}`; `None` if there are no labels or they are not well formed.
fn split_labels(text: &str) -> Option<(&str, Vec<(String, String)>)> {
    let (name, rest) = text.split_once('{')?;
    let mut rest = rest.strip_suffix('}')?.trim();
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (_, other) => value.push(other),
            }
        };
        labels.push((cleaned(key.trim()), value));
        rest = after.get(end + 1..)?.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some((name, labels))
}

/// The labels of a series: those of the caller, and above them those of its name.
fn joined(given: &[(&str, &str)], own: &[(String, String)]) -> Vec<(String, String)> {
    let mut all = std::collections::BTreeMap::new();
    for (name, value) in given {
        all.insert(cleaned(name), (*value).to_owned());
    }
    for (name, value) in own {
        all.insert(name.clone(), value.clone());
    }
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// What a unit is called in a sentence.
fn unit_words(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "in bytes",
        Unit::Seconds => "in seconds",
        Unit::Count => "a number",
        Unit::Fraction => "a share of 1",
        Unit::Percent => "in percent",
        Unit::Unknown => "of a unit that is not known",
    }
}

/// A number as Prometheus writes it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{value}")
    }
}

/// The cumulative counts of a distribution by upper boundary, the last of them infinite.
///
/// A boundary of Prometheus belongs to the bucket below it, one of Go's to the bucket above:
/// nothing better can be said of values that lie on it.
fn cumulative(histogram: &crate::Histogram) -> Vec<(f64, u64)> {
    let mut sum = 0_u64;
    let mut buckets = Vec::new();
    let uppers = histogram.buckets.iter().skip(1);
    for (upper, count) in uppers.zip(&histogram.counts) {
        sum = sum.saturating_add(*count);
        buckets.push((*upper, sum));
    }
    if buckets
        .last()
        .is_none_or(|(upper, _)| *upper != f64::INFINITY)
    {
        buckets.push((f64::INFINITY, sum));
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_go_collector() {
        let named = |reading: Reading| series_name(&reading).name;
        let gauge = |name: &str| named(Reading::gauge(name, Unit::Count, 1.0));
        let counter = |name: &str| named(Reading::counter(name, Unit::Count, 1.0));
        assert_eq!(gauge("memstats.HeapAlloc"), "go_memstats_heap_alloc_bytes");
        assert_eq!(gauge("/gc/heap/live:bytes"), "go_gc_heap_live_bytes");
        assert_eq!(
            counter("/cgo/go-to-c-calls:calls"),
            "go_cgo_go_to_c_calls_calls_total"
        );
        assert_eq!(gauge("process.cpus"), "process_cpus");
        assert_eq!(gauge("9lives"), "_9lives");
        assert_eq!(counter("http_requests_total"), "http_requests_total");
    }

    #[test]
    fn labels_in_a_name_are_split_off() {
        let reading = Reading::counter(
            r#"http_requests_total{code="200",path="/a\"b\\c\n"}"#,
            Unit::Count,
            1.0,
        );
        let series = series_name(&reading);
        assert_eq!(series.name, "http_requests_total");
        let expected = [("code", "200"), ("path", "/a\"b\\c\n")];
        assert_eq!(
            series.labels,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        // What is no list of labels is part of the name.
        let odd = Reading::gauge("x{y", Unit::Count, 1.0);
        assert_eq!(series_name(&odd).name, "x_y");
    }
}
