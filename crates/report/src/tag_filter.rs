//! Filters over labels: `tagfocus` and `tagignore`.
//!
//! The grammar is that of google/pprof `internal/driver/driver_focus.go`: an optional
//! `key=`, then a number or a range of numbers with units, or else patterns separated by
//! commas.

use fathom_profile::{LabelRefValue, Profile, measurement};
use regex::Regex;

use crate::label_units::LabelUnits;
use crate::{Error, pattern};

/// Decides by a sample's labels.
pub(crate) enum TagFilter {
    /// Any number under the key lies in the range; under any key without one.
    Range {
        key: Option<String>,
        range: Range,
        units: LabelUnits,
    },
    /// Any text under the key matches any pattern.
    Values { key: String, patterns: Vec<Regex> },
    /// Each pattern matches some `key:value`.
    Pairs { patterns: Vec<Regex> },
}

impl TagFilter {
    /// Reads a filter; `None` for an empty text. Says in `notes` what it took for a range.
    pub(crate) fn new(
        option: &'static str,
        text: &str,
        units: &LabelUnits,
        notes: &mut Vec<String>,
    ) -> Result<Option<Self>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (Some(key.to_owned()), value),
            None => (None, text),
        };
        // pprof takes an empty key for none.
        let key = key.filter(|key| !key.is_empty());
        if let Some(range) = Range::parse(value) {
            notes.push(format!(
                "{option}:Interpreted '{value}' as range, not regexp"
            ));
            let units = units.clone();
            return Ok(Some(Self::Range { key, range, units }));
        }
        let patterns = value
            .split(',')
            .map(|text| pattern::compile(option, text))
            .collect::<Result<Vec<Regex>, Error>>()?;
        Ok(Some(match key {
            Some(key) => Self::Values { key, patterns },
            None => Self::Pairs { patterns },
        }))
    }

    /// Whether a sample has such a label.
    pub(crate) fn matches(&self, profile: &Profile, sample: usize) -> bool {
        match self {
            Self::Range { key, range, units } => profile.labels(sample).any(|label| {
                let LabelRefValue::Number { value, .. } = label.value else {
                    return false;
                };
                key.as_ref().is_none_or(|key| key == label.key)
                    && range.contains(value, units.of(label.key))
            }),
            Self::Values { key, patterns } => profile.labels(sample).any(|label| {
                let LabelRefValue::Text(text) = label.value else {
                    return false;
                };
                label.key == key && patterns.iter().any(|pattern| pattern.is_match(text))
            }),
            Self::Pairs { patterns } => patterns.iter().all(|pattern| {
                profile.labels(sample).any(|label| match label.value {
                    LabelRefValue::Text(text) => pattern.is_match(&format!("{}:{text}", label.key)),
                    LabelRefValue::Number { .. } => false,
                })
            }),
        }
    }
}

/// A range of numbers in a unit, both ends included.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range {
    low: f64,
    high: f64,
    unit: String,
}

impl Range {
    /// Reads `32kb`, `:64kb`, `4mb:` or `12kb:64mb`; anything else is none.
    fn parse(text: &str) -> Option<Self> {
        if let Some(number) = Number::parse(text) {
            let (value, unit) = number.scaled(None);
            return Some(Self {
                low: value,
                high: value,
                unit,
            });
        }
        let (first, second) = text.split_once(':')?;
        match (first, second) {
            ("", second) => {
                let (value, unit) = Number::parse(second)?.scaled(None);
                Some(Self {
                    low: f64::NEG_INFINITY,
                    high: value,
                    unit,
                })
            }
            (first, "") => {
                let (value, unit) = Number::parse(first)?.scaled(None);
                Some(Self {
                    low: value,
                    high: f64::INFINITY,
                    unit,
                })
            }
            (first, second) => {
                let (low, unit) = Number::parse(first)?.scaled(None);
                let (high, other) = Number::parse(second)?.scaled(Some(&unit));
                (unit == other).then_some(Self { low, high, unit })
            }
        }
    }

    fn contains(&self, value: i64, unit: &str) -> bool {
        let (value, unit) = measurement::scale(value, unit, &self.unit);
        unit == self.unit.as_str() && value >= self.low && value <= self.high
    }
}

/// A whole number and the letters behind it.
struct Number<'a> {
    value: i64,
    unit: &'a str,
}

impl<'a> Number<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let digits = unsigned.len()
            - unsigned
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let end = text.len() - unsigned.len() + digits;
        let (number, unit) = text.split_at_checked(end)?;
        if digits == 0 || !unit.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        // A number too large for pprof makes it panic; here it is a pattern.
        let value = number.parse().ok()?;
        Some(Self { value, unit })
    }

    /// The number in `to`, or else in its own unit's written form.
    fn scaled(&self, to: Option<&str>) -> (f64, String) {
        let (value, unit) = measurement::scale(self.value, self.unit, to.unwrap_or(self.unit));
        (value, unit.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_from_patterns() {
        let range = |text| Range::parse(text).map(|range| (range.low, range.high, range.unit));
        assert_eq!(range("32kb"), Some((32.0, 32.0, "kB".to_owned())));
        assert_eq!(
            range(":64kb"),
            Some((f64::NEG_INFINITY, 64.0, "kB".to_owned()))
        );
        assert_eq!(range("4mb:"), Some((4.0, f64::INFINITY, "MB".to_owned())));
        assert_eq!(range("12kb:1mb"), Some((12.0, 1024.0, "kB".to_owned())));
        assert_eq!(range("12kb:1s"), None);
        assert_eq!(range("a1"), None);
        assert_eq!(range("1.5"), None);
        assert_eq!(range("1:2:3"), None);
        assert_eq!(range("-5:5"), Some((-5.0, 5.0, String::new())));
    }

    #[test]
    fn values_are_compared_in_one_unit() {
        let range = Range::parse("1kb:2kb").expect("a range");
        assert!(range.contains(1024, "bytes"));
        assert!(range.contains(2048, "bytes"));
        assert!(!range.contains(2049, "bytes"));
        assert!(!range.contains(1, "seconds"));
    }
}
