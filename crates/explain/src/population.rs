//! The goroutines of one artefact, whatever its form, grouped as `fathom-goruntime` groups them.

use fathom_evidence::{Artefact, Kind};
use fathom_goruntime::goroutine::{Dump, Frame, Population, Report, Stack};
use fathom_profile::{LabelRefValue, Limits, Profile};
use serde::Serialize;

/// Reads and groups the goroutines of a dump (`debug=2`, a crash), or of a goroutine or
/// goroutineleak profile in any form.
///
/// # Errors
///
/// What is wrong with the bytes, and where; the caller names the artefact.
pub fn population(artefact: &Artefact) -> Result<Population, PopulationError> {
    if artefact.kind == Kind::GoroutineDump {
        let dump = Dump::parse(&artefact.bytes, &fathom_goruntime::Limits::default())?;
        return Ok(Population::of_dump(&dump));
    }
    let profile = Profile::parse_owned(artefact.bytes.clone(), &Limits::default())?;
    Ok(of_profile(&profile))
}

/// The contract of grouped goroutines, `fathom.goroutines/1`.
#[derive(Debug, Serialize)]
pub struct GoroutinesAnswer<'a> {
    schema: &'static str,
    source: &'a str,
    #[serde(flatten)]
    report: &'a Report,
}

impl<'a> GoroutinesAnswer<'a> {
    /// Of a report and what it was read from.
    pub const fn new(source: &'a str, report: &'a Report) -> Self {
        Self {
            schema: "fathom.goroutines/1",
            source,
            report,
        }
    }
}

/// Why an artefact tells no goroutines.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PopulationError {
    /// It is no dump.
    #[error(transparent)]
    Dump(#[from] fathom_goruntime::Error),
    /// It is no profile.
    #[error(transparent)]
    Profile(#[from] fathom_profile::Error),
}

/// Hands the stacks of a profile over to the crate that groups them.
fn of_profile(profile: &Profile) -> Population {
    let column = profile.default_column();
    let (kind, _) = profile.sample_type(column);
    let leaked = kind == "goroutineleak";
    let stack = |sample: usize| Stack {
        count: u64::try_from(profile.value(sample, column)).unwrap_or(0),
        frames: profile
            .frames(sample)
            .map(|frame| {
                let line = u32::try_from(frame.line).unwrap_or(0);
                if frame.function.is_empty() {
                    let address = format!("{:#x}", frame.address);
                    return Frame::of_profile(&address, frame.file, line, frame.inlined);
                }
                Frame::of_profile(frame.function, frame.file, line, frame.inlined)
            })
            .collect(),
        labels: profile
            .labels(sample)
            .map(|label| {
                let value = match label.value {
                    LabelRefValue::Text(text) => text.to_owned(),
                    LabelRefValue::Number { value, unit } => format!("{value}{unit}"),
                };
                (label.key.to_owned(), value)
            })
            .collect(),
        leaked,
    };
    Population::of_stacks((0..profile.sample_count()).map(stack))
}
