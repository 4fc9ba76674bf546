//! The file format of speedscope
//! (<https://www.speedscope.app/file-format-schema.json>).
//!
//! One "sampled" profile a sample type. Weights are in the sample type's unit where the
//! format has it (`bytes` and the units of time), else without one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::exchange::call_tree::CallTree;
use crate::exchange::rows::{ReadFrame, Rows};
use crate::exchange::{broken, bytes, check_positive, from_json, nanoseconds, rounded, to_json};
use crate::handle::LocationId;
use crate::limits::Limits;
use crate::profile::Profile;

const FORM: &str = "speedscope profile";
const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";
/// How files of ours are known: the profiles in them are sample types.
const EXPORTER: &str = "fathom";

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    shared: WrittenShared<'a>,
    profiles: Vec<WrittenPart<'a>>,
    name: &'a str,
    #[serde(rename = "activeProfileIndex")]
    active: usize,
    exporter: &'static str,
}

#[derive(Serialize)]
struct WrittenShared<'a> {
    frames: Vec<WrittenFrame<'a>>,
}

#[derive(Serialize)]
struct WrittenFrame<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    col: Option<i64>,
}

#[derive(Serialize)]
struct WrittenPart<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    unit: &'static str,
    #[serde(rename = "startValue")]
    start: i64,
    #[serde(rename = "endValue")]
    end: i64,
    samples: Vec<Vec<u32>>,
    weights: Vec<i64>,
}

/// The format's name for a unit, and how many of it one of ours is.
fn known_unit(unit: &str) -> (&'static str, f64) {
    for known in ["nanoseconds", "microseconds", "milliseconds", "seconds"] {
        if unit == known {
            return (known, 1.0);
        }
    }
    if let Some(factor) = bytes(unit) {
        ("bytes", factor)
    } else if let Some(factor) = nanoseconds(unit) {
        ("nanoseconds", factor)
    } else {
        ("none", 1.0)
    }
}

/// Writes a profile for speedscope, under a name that it shows.
///
/// Samples that are 0 in a column are left out of that column's profile; the default
/// column is the one it opens with.
///
/// # Errors
///
/// [`Error::Unsuitable`] when a value is below 0, which speedscope refuses.
pub fn write(profile: &Profile, name: &str) -> Result<String, Error> {
    let tree = CallTree::new(profile);
    let given = |number: i64| (number != 0).then_some(number);
    let frames = tree
        .frames
        .iter()
        .map(|frame| WrittenFrame {
            name: &frame.name,
            file: (!frame.file.is_empty()).then_some(frame.file),
            line: given(frame.line),
            col: given(frame.column),
        })
        .collect();
    let mut profiles = Vec::new();
    for column in 0..profile.sample_types().len() {
        check_positive(profile, column, "speedscope")?;
        let (kind, unit) = profile.sample_type(column);
        let (unit, factor) = known_unit(unit);
        let mut part = WrittenPart {
            kind: "sampled",
            name: kind,
            unit,
            start: 0,
            end: 0,
            samples: Vec::new(),
            weights: Vec::new(),
        };
        for (&value, &leaf) in profile.values(column).iter().zip(&tree.leaves) {
            let weight = if (factor - 1.0).abs() < f64::EPSILON {
                value
            } else {
                rounded(value as f64 * factor)
            };
            if weight == 0 {
                continue;
            }
            let mut stack = Vec::new();
            tree.stack(leaf, &mut stack);
            part.samples.push(stack);
            part.weights.push(weight);
            part.end = part.end.saturating_add(weight);
        }
        profiles.push(part);
    }
    to_json(&Written {
        schema: SCHEMA,
        shared: WrittenShared { frames },
        profiles,
        name,
        active: profile.default_column(),
        exporter: EXPORTER,
    })
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    shared: Shared<'a>,
    #[serde(borrow)]
    profiles: Vec<Part<'a>>,
    #[serde(borrow, default)]
    exporter: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Shared<'a> {
    #[serde(borrow)]
    frames: Vec<SharedFrame<'a>>,
}

#[derive(Deserialize)]
struct SharedFrame<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    file: Option<Cow<'a, str>>,
    #[serde(default)]
    line: Option<i64>,
    #[serde(default)]
    col: Option<i64>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    unit: Cow<'a, str>,
    #[serde(default)]
    samples: Vec<Vec<u32>>,
    #[serde(default)]
    weights: Vec<f64>,
    #[serde(borrow, default)]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    frame: u32,
    at: f64,
}

impl Part<'_> {
    /// Calls `take` with each stack, root first, and its weight.
    fn each(&self, mut take: impl FnMut(&[u32], f64) -> Result<(), Error>) -> Result<(), Error> {
        match &*self.kind {
            "sampled" => {
                if self.samples.len() != self.weights.len() {
                    let (samples, weights) = (self.samples.len(), self.weights.len());
                    let reason = format!("{samples} samples have {weights} weights");
                    return Err(broken(FORM, reason));
                }
                for (stack, &weight) in self.samples.iter().zip(&self.weights) {
                    take(stack, weight)?;
                }
                Ok(())
            }
            "evented" => {
                let mut stack = Vec::new();
                let mut since = 0.0;
                for event in &self.events {
                    if !stack.is_empty() && event.at > since {
                        take(&stack, event.at - since)?;
                    }
                    since = event.at;
                    match &*event.kind {
                        "O" => stack.push(event.frame),
                        "C" if stack.last() == Some(&event.frame) => {
                            stack.pop();
                        }
                        _ => {
                            let reason = format!("frame {} is closed out of order", event.frame);
                            return Err(broken(FORM, reason));
                        }
                    }
                }
                Ok(())
            }
            other => Err(broken(FORM, format!("unknown profile type \"{other}\""))),
        }
    }
}

/// How a profile of a file becomes a column.
struct Column {
    kind: String,
    unit: String,
    /// Values are multiplied by this.
    factor: f64,
}

impl Column {
    /// The column of a profile that another program wrote: what its unit says.
    fn of_unit(unit: &str, has_fractions: bool) -> Self {
        let (kind, unit, factor) = match (unit, nanoseconds(unit)) {
            ("bytes", _) => ("space", "bytes", 1.0),
            (_, Some(factor)) if has_fractions => ("time", "nanoseconds", factor),
            (unit, Some(_)) => ("time", unit, 1.0),
            _ => ("samples", "count", 1.0),
        };
        Self {
            kind: kind.to_owned(),
            unit: unit.to_owned(),
            factor,
        }
    }
}

/// Reads a speedscope file.
///
/// In a file of ours each profile is a sample type. In others the profiles are threads:
/// each unit becomes a sample type, and the thread's name the label `profile` when there
/// are several. Fractions of a time become nanoseconds; other values are rounded.
///
/// # Errors
///
/// [`Error::Text`] for what breaks the format, [`Error::Limit`] when a limit is passed.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let file: File<'_> = from_json(bytes, FORM)?;
    let is_ours = file.exporter.as_deref() == Some(EXPORTER);
    let fractions = |part: &Part<'_>| {
        part.weights.iter().any(|weight| weight.fract() != 0.0)
            || part.events.iter().any(|event| event.at.fract() != 0.0)
    };
    let has_fractions = file.profiles.iter().any(fractions);
    let mut columns: Vec<Column> = Vec::new();
    let mut column_of = Vec::new();
    for part in &file.profiles {
        let column = if is_ours {
            Column {
                kind: part.name.to_string(),
                unit: if part.unit == "none" {
                    "count".to_owned()
                } else {
                    part.unit.to_string()
                },
                factor: 1.0,
            }
        } else {
            Column::of_unit(&part.unit, has_fractions)
        };
        let known = columns
            .iter()
            .position(|known| known.kind == column.kind && known.unit == column.unit);
        column_of.push(known.unwrap_or(columns.len()));
        if known.is_none() {
            columns.push(column);
        }
    }
    let kinds: Vec<(&str, &str)> = columns
        .iter()
        .map(|column| (column.kind.as_str(), column.unit.as_str()))
        .collect();
    let mut rows = Rows::new(limits, &kinds)?;
    let mut locations: Vec<Option<LocationId>> = vec![None; file.shared.frames.len()];
    let mut stack = Vec::new();
    let has_labels = !is_ours && file.profiles.len() > 1;
    for (part, &column) in file.profiles.iter().zip(&column_of) {
        let label = if has_labels {
            Some(rows.builder.text_label("profile", &part.name)?)
        } else {
            None
        };
        let factor = columns.get(column).map_or(1.0, |column| column.factor);
        part.each(|frames, weight| {
            stack.clear();
            for &frame in frames.iter().rev() {
                let at = frame as usize;
                let (Some(known), Some(shared)) =
                    (locations.get_mut(at), file.shared.frames.get(at))
                else {
                    let reason = format!("a stack refers to missing frame {frame}");
                    return Err(broken(FORM, reason));
                };
                let location = match *known {
                    Some(location) => location,
                    None => rows.location(ReadFrame {
                        name: &shared.name,
                        file: shared.file.as_deref().unwrap_or_default(),
                        line: shared.line.unwrap_or(0),
                        column: shared.col.unwrap_or(0),
                    })?,
                };
                *known = Some(location);
                stack.push(location);
            }
            rows.add(&stack, label, column, rounded(weight * factor))
        })?;
    }
    Ok(rows.finish())
}
