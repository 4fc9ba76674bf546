//! Other tools' formats: JSON of speedscope, of the Firefox Profiler and of Chrome's
//! `DevTools`, and callgrind's text.
//!
//! They hold less than profile.proto: no addresses, mappings or labels, and inlined calls
//! are calls like others. What they hold comes back as it was. A frame without a name is
//! its address.
//!
//! [`Profile::parse`] knows all of them by their beginning.

use crate::error::Error;
use crate::limits::Limits;
use crate::measurement;
use crate::profile::Profile;

mod call_tree;
pub mod callgrind;
pub mod chrome;
pub mod firefox;
mod form;
mod rows;
pub mod speedscope;

pub use form::Form;

/// Reads JSON of any of these formats.
pub(crate) fn read_json(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let kinds: Kinds = from_json(bytes, "JSON")?;
    if kinds.shared.is_some() && kinds.profiles.is_some() {
        speedscope::read(bytes, limits)
    } else if kinds.threads.is_some() && kinds.meta.is_some() {
        firefox::read(bytes, limits)
    } else if kinds.nodes.is_some() {
        chrome::read(bytes, limits)
    } else {
        let reason = match kinds.trace_events {
            Some(_) => "it is a Chrome trace, of which only .cpuprofile files are read",
            None => "it is JSON of an unknown kind",
        };
        Err(Error::Unrecognized {
            reason: reason.to_owned(),
        })
    }
}

/// The keys by which the formats are told apart.
#[derive(serde::Deserialize)]
struct Kinds {
    shared: Option<serde::de::IgnoredAny>,
    profiles: Option<serde::de::IgnoredAny>,
    threads: Option<serde::de::IgnoredAny>,
    meta: Option<serde::de::IgnoredAny>,
    nodes: Option<serde::de::IgnoredAny>,
    #[serde(rename = "traceEvents")]
    trace_events: Option<serde::de::IgnoredAny>,
}

/// Parses JSON into the parts that are looked at.
fn from_json<'a, T: serde::Deserialize<'a>>(
    bytes: &'a [u8],
    form: &'static str,
) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let reason = error.to_string();
        // The line is told apart from it.
        let end = reason.rfind(" at line ").unwrap_or(reason.len());
        Error::Text {
            form,
            line: error.line() as u64,
            reason: reason.get(..end).unwrap_or_default().to_owned(),
        }
    })
}

/// Makes JSON of what can always be written.
fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Unsuitable {
        reason: format!("it cannot be written as JSON: {error}"),
    })
}

/// Makes an error about parts that do not fit together.
fn broken(form: &'static str, reason: impl Into<String>) -> Error {
    Error::Structure {
        form,
        reason: reason.into(),
    }
}

/// How many nanoseconds a unit of time has; `None` when it is no unit of time.
fn nanoseconds(unit: &str) -> Option<f64> {
    measurement::same_family(unit, "nanoseconds").then(|| measurement::ratio(unit, "nanoseconds"))
}

/// How many bytes a unit of memory has; `None` when it is no unit of memory.
fn bytes(unit: &str) -> Option<f64> {
    measurement::same_family(unit, "bytes").then(|| measurement::ratio(unit, "bytes"))
}

/// Rounds a value of JSON; what does not fit saturates.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded; what does not fit saturates"
)]
fn rounded(value: f64) -> i64 {
    value.round() as i64
}

/// Refuses a column that has values below 0, which the format does not know.
fn check_positive(profile: &Profile, column: usize, format: &str) -> Result<(), Error> {
    if profile.values(column).iter().all(|&value| value >= 0) {
        return Ok(());
    }
    let (kind, _) = profile.sample_type(column);
    Err(Error::Unsuitable {
        reason: format!("{kind} has values below 0, which {format} does not know"),
    })
}
