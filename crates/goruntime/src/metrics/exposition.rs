//! The text exposition format of Prometheus (0.0.4): what any program may export.
//!
//! `OpenMetrics` additions (exemplars after `#`, `# EOF`) are tolerated.

use std::collections::HashMap;

use crate::line::Lines;

/// What a `# TYPE` line says of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// Only grows until the process restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Has series `_bucket`, `_sum` and `_count`.
    Histogram,
    /// Has series by `quantile`, `_sum` and `_count`.
    Summary,
    /// Is not said.
    Untyped,
}

/// One line of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Names the series.
    pub name: &'a str,
    /// Holds the labels, in the order of the text.
    pub labels: Vec<(&'a str, String)>,
    /// Holds the value.
    pub value: f64,
}

impl Sample<'_> {
    /// Finds the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(label, _)| *label == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The types that a text declares, and its samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposition<'a> {
    /// Holds the type of each family that has one.
    pub types: HashMap<&'a str, Type>,
    /// Holds the samples in the order of the text.
    pub samples: Vec<Sample<'a>>,
    /// Counts the lines that are no samples.
    pub damaged: usize,
    /// Counts the samples beyond the limit, which are not kept.
    pub beyond: usize,
}

impl<'a> Exposition<'a> {
    /// Reads a text, and keeps at most `limit` samples of it.
    ///
    /// A line that does not parse is counted and passed over: one broken series must not hide
    /// the others.
    pub fn parse(text: &'a [u8], limit: usize) -> Self {
        let mut found = Self::default();
        for (line, _) in Lines::new(text) {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let Ok(line) = std::str::from_utf8(line) else {
                found.damaged = found.damaged.saturating_add(1);
                continue;
            };
            if let Some(comment) = line.strip_prefix('#') {
                found.types.extend(type_line(comment));
            } else if found.samples.len() >= limit {
                found.beyond = found.beyond.saturating_add(1);
            } else if let Some(sample) = parse_series(line) {
                found.samples.push(sample);
            } else {
                found.damaged = found.damaged.saturating_add(1);
            }
        }
        found
    }

    /// Returns the family that a sample belongs to, and its type.
    ///
    /// `x_bucket`, `x_sum` and `x_count` belong to `x` if that is a histogram or a summary, and
    /// `x_total` to the counter `x` of `OpenMetrics`.
    pub fn family<'n>(&self, name: &'n str) -> (&'n str, Type) {
        if let Some(own) = self.types.get(name) {
            return (name, *own);
        }
        for (suffix, of) in [
            ("_bucket", &[Type::Histogram][..]),
            ("_sum", &[Type::Histogram, Type::Summary]),
            ("_count", &[Type::Histogram, Type::Summary]),
            ("_total", &[Type::Counter]),
        ] {
            if let Some(family) = name.strip_suffix(suffix)
                && let Some(found) = self.types.get(family).filter(|found| of.contains(found))
            {
                return (family, *found);
            }
        }
        (name, Type::Untyped)
    }
}

/// Reads ` TYPE name type`.
fn type_line(comment: &str) -> Option<(&str, Type)> {
    let mut words = comment.split_ascii_whitespace();
    if words.next() != Some("TYPE") {
        return None;
    }
    let name = words.next()?;
    let kind = match words.next()? {
        "counter" => Type::Counter,
        "gauge" => Type::Gauge,
        "histogram" => Type::Histogram,
        "summary" => Type::Summary,
        _ => Type::Untyped,
    };
    Some((name, kind))
}

pub(super) fn parse_series(line: &str) -> Option<Sample<'_>> {
    let name_end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, mut rest) = line.split_at_checked(name_end)?;
    let mut labels = Vec::new();
    if let Some(inner) = rest.trim_start().strip_prefix('{') {
        rest = parse_labels(inner, &mut labels)?;
    }
    let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Sample {
        name,
        labels,
        value,
    })
}

/// Reads `name="value",...}` and returns what follows.
fn parse_labels<'a>(mut rest: &'a str, labels: &mut Vec<(&'a str, String)>) -> Option<&'a str> {
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some(after);
        }
        let (name, after) = rest.split_once('=')?;
        let mut chars = after.trim_start().strip_prefix('"')?.char_indices();
        let quoted = chars.as_str();
        let mut value = String::new();
        rest = loop {
            match chars.next()? {
                (_, '\\') => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (end, '"') => break quoted.get(end.checked_add(1)?..)?,
                (_, other) => value.push(other),
            }
        };
        labels.push((name.trim(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_the_type_that_the_text_says() {
        let text = b"# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n\
            http_requests_total{code=\"200\",path=\"/a{b\"} 3\nnonsense\n\
            # TYPE wait_seconds histogram\nwait_seconds_bucket{le=\"+Inf\"} 2 1700000000000\n\
            wait_seconds_sum 0.5\nqueue 7\n";
        let found = Exposition::parse(text, 10);
        assert_eq!(found.damaged, 1);
        assert_eq!(found.samples.len(), 4);
        let first = &found.samples[0];
        assert_eq!(first.label("path"), Some("/a{b"));
        assert!((first.value - 3.0).abs() < f64::EPSILON);
        assert_eq!(
            found.family("http_requests_total"),
            ("http_requests_total", Type::Counter)
        );
        assert_eq!(
            found.family("wait_seconds_bucket"),
            ("wait_seconds", Type::Histogram)
        );
        assert_eq!(
            found.family("wait_seconds_sum"),
            ("wait_seconds", Type::Histogram)
        );
        assert_eq!(found.family("queue"), ("queue", Type::Untyped));
    }

    #[test]
    fn no_more_than_the_limit_is_kept() {
        let found = Exposition::parse(b"a 1\nb 2\nc 3\n", 2);
        assert_eq!((found.samples.len(), found.beyond), (2, 1));
    }
}
