//! One value of one moment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Histogram;

/// What may be done with a value over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Holds at its moment. It is never summed over time: mean, minimum, maximum or last.
    Gauge,
    /// Counts since the process started, and so only grows until a restart. Its increase over an
    /// interval is what matters.
    Counter,
    /// Counts values by bucket since the process started; shown as the increase over an interval.
    Histogram,
}

/// What a value is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds, of wall clock or of CPU.
    Seconds,
    /// Things: objects, goroutines, cycles.
    Count,
    /// A share, 1 for all.
    Fraction,
    /// Percent, 100 for all.
    Percent,
    /// Not known.
    Unknown,
}

/// The number or the distribution that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A distribution: cumulative counts by bucket.
    Histogram(Histogram),
}

/// One value of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Names the series.
    pub name: String,
    /// Says what may be done with it over time.
    pub kind: Kind,
    /// Says what it is measured in.
    pub unit: Unit,
    /// Holds what was read; a [`Value::Histogram`] if and only if the kind is
    /// [`Kind::Histogram`].
    pub value: Value,
}

/// The readings of one moment, of one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// When the process started, in milliseconds since 1970 (UTC), if that is known.
    pub started_ms: Option<i64>,
    /// Holds each name once.
    pub readings: Vec<Reading>,
}

impl Reading {
    /// Makes a gauge.
    pub fn gauge(name: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Gauge,
            unit,
            value: Value::Number(value),
        }
    }

    /// Makes a counter.
    pub fn counter(name: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self {
            kind: Kind::Counter,
            ..Self::gauge(name, unit, value)
        }
    }

    /// Makes a distribution of values measured in `unit`.
    pub fn histogram(name: impl Into<String>, unit: Unit, value: Histogram) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Histogram,
            unit,
            value: Value::Histogram(value),
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(number) => Some(*number),
            Value::Histogram(_) => None,
        }
    }
}

impl Look {
    /// Finds a reading by its name.
    pub fn get(&self, name: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.name == name)
    }

    /// Finds a number by its name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Reading::number)
    }
}

impl Kind {
    /// Its name, as it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

impl Unit {
    /// Its name, as it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Count => "count",
            Self::Fraction => "fraction",
            Self::Percent => "percent",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No kind or unit has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName(
    /// The name.
    pub String,
);

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no kind or unit of a series is called {:?}", self.0)
    }
}

impl std::error::Error for UnknownName {}

impl FromStr for Kind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::Gauge, Self::Counter, Self::Histogram]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownName(name.to_owned()))
    }
}

impl FromStr for Unit {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [
            Self::Bytes,
            Self::Seconds,
            Self::Count,
            Self::Fraction,
            Self::Percent,
            Self::Unknown,
        ]
        .into_iter()
        .find(|unit| unit.name() == name)
        .ok_or_else(|| UnknownName(name.to_owned()))
    }
}
