//! The text exposition of Prometheus, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{SeriesName, cumulative, joined, number, series_name, unit_words};
use crate::{Kind, Look, Reading, Value};

/// The content type of what [`write()`] gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes looks as one page, each with its labels: a family after the other, with `HELP` and
/// `TYPE`, sorted by name.
///
/// Samples carry no time, as of any page that is scraped: they are as of now. A distribution has
/// no `_sum`: what Go counts by bucket has none, and an estimate would pass for a measurement.
///
/// ```
/// use fathom_series::{Look, Reading, Unit, export::prometheus};
///
/// let look = Look {
///     readings: vec![Reading::gauge("/gc/heap/live:bytes", Unit::Bytes, 5e6)],
///     ..Look::default()
/// };
/// let page = prometheus::write([(&[("job", "api")][..], &look)]);
/// assert_eq!(
///     page,
///     "# HELP go_gc_heap_live_bytes /gc/heap/live:bytes, in bytes\n\
///      ## TYPE go_gc_heap_live_bytes gauge\n\
///      go_gc_heap_live_bytes{job=\"api\"} 5000000\n"
/// );
/// ```
pub fn write<'a>(looks: impl IntoIterator<Item = (&'a [(&'a str, &'a str)], &'a Look)>) -> String {
    let mut families: BTreeMap<String, Family<'a>> = BTreeMap::new();
    for (labels, look) in looks {
        for reading in &look.readings {
            let SeriesName { name, labels: own } = series_name(reading);
            let family = families.entry(name).or_insert_with(|| Family {
                first: reading,
                samples: Vec::new(),
            });
            // One type a family: what contradicts the first cannot be told.
            if family.first.kind == reading.kind {
                family.samples.push((joined(labels, &own), &reading.value));
            }
        }
    }
    let mut page = String::new();
    for (name, family) in &families {
        family.write(name, &mut page);
    }
    page
}

/// The series of one name.
struct Family<'a> {
    first: &'a Reading,
    samples: Vec<(Vec<(String, String)>, &'a Value)>,
}

impl Family<'_> {
    fn write(&self, name: &str, page: &mut String) {
        let said = self.first.name.split('{').next().unwrap_or_default();
        let help = format!("{said}, {}", unit_words(self.first.unit));
        let kind = match self.first.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(page, "# HELP {name} {}", escaped(&help, false));
        let _ = writeln!(page, "# TYPE {name} {kind}");
        for (labels, value) in &self.samples {
            match value {
                Value::Number(value) => {
                    line(page, name, labels, None, &number(*value));
                }
                Value::Histogram(histogram) => {
                    let buckets = cumulative(histogram);
                    let bucket = format!("{name}_bucket");
                    for (upper, count) in &buckets {
                        let upper = number(*upper);
                        line(page, &bucket, labels, Some(&upper), &count.to_string());
                    }
                    let total = buckets.last().map_or(0, |(_, count)| *count);
                    line(
                        page,
                        &format!("{name}_count"),
                        labels,
                        None,
                        &total.to_string(),
                    );
                }
            }
        }
    }
}

fn line(page: &mut String, name: &str, labels: &[(String, String)], le: Option<&str>, value: &str) {
    page.push_str(name);
    let labels = labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .filter(|(key, _)| le.is_none() || *key != "le")
        .chain(le.map(|upper| ("le", upper)));
    let mut open = "{";
    for (key, value) in labels {
        let _ = write!(page, "{open}{key}=\"{}\"", escaped(value, true));
        open = ",";
    }
    if open == "," {
        page.push('}');
    }
    let _ = writeln!(page, " {value}");
}

/// Escapes backslashes and line breaks, and in the value of a label quotation marks.
fn escaped(text: &str, quotes: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '"' if quotes => escaped.push_str("\\\""),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Histogram, Unit};

    #[test]
    fn families_stand_together_with_types_and_escapes() {
        let one = Look {
            readings: vec![
                Reading::counter("requests_total{code=\"200\"}", Unit::Count, 3.0),
                Reading::gauge("memstats.HeapAlloc", Unit::Bytes, 1.5e9),
                Reading::gauge("odd", Unit::Unknown, f64::NAN),
            ],
            ..Look::default()
        };
        let two = Look {
            readings: vec![
                Reading::counter("requests_total{code=\"500\"}", Unit::Count, 1e18),
                Reading::gauge("odd", Unit::Unknown, f64::NEG_INFINITY),
            ],
            ..Look::default()
        };
        let page = write([
            (&[("instance", "a\"b\\c\nd")][..], &one),
            (&[("instance", "b"), ("empty", "")][..], &two),
        ]);
        let expected = "\
# HELP go_memstats_heap_alloc_bytes memstats.HeapAlloc, in bytes
# TYPE go_memstats_heap_alloc_bytes gauge
go_memstats_heap_alloc_bytes{instance=\"a\\\"b\\\\c\\nd\"} 1500000000
# HELP odd odd, of a unit that is not known
# TYPE odd gauge
odd{instance=\"a\\\"b\\\\c\\nd\"} NaN
odd{instance=\"b\"} -Inf
# HELP requests_total requests_total, a number
# TYPE requests_total counter
requests_total{code=\"200\",instance=\"a\\\"b\\\\c\\nd\"} 3
requests_total{code=\"500\",instance=\"b\"} 1000000000000000000
";
        assert_eq!(page, expected);
    }

    #[test]
    fn a_distribution_is_cumulative_and_ends_at_infinity() {
        let look = Look {
            readings: vec![Reading::histogram(
                "/gc/pauses:seconds",
                Unit::Seconds,
                Histogram {
                    buckets: vec![f64::NEG_INFINITY, 0.5, 1.0],
                    counts: vec![2, 3],
                },
            )],
            ..Look::default()
        };
        let page = write([(&[][..], &look)]);
        let expected = "\
# HELP go_gc_pauses_seconds /gc/pauses:seconds, in seconds
# TYPE go_gc_pauses_seconds histogram
go_gc_pauses_seconds_bucket{le=\"0.5\"} 2
go_gc_pauses_seconds_bucket{le=\"1\"} 5
go_gc_pauses_seconds_bucket{le=\"+Inf\"} 5
go_gc_pauses_seconds_count 5
";
        assert_eq!(page, expected);
    }
}
