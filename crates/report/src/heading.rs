//! What a report says of its profile before the first row.

use fathom_profile::{Profile, measurement};
use serde::Serialize;

use crate::paths;
use crate::scope::{ratio, scaled};

/// What a profile says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// The base name of the main binary; empty when unknown.
    pub file: String,
    /// The build id of the main binary; empty when unknown.
    pub build_id: String,
    /// Comments meant for readers (those that do not start with `#`).
    pub comments: Vec<String>,
    /// The kind of value shown, for example `inuse_space`.
    pub sample_type: String,
    /// Its unit, for example `bytes`.
    pub sample_unit: String,
    /// Where the profile is documented; empty when it does not say.
    pub doc_url: String,
    /// When it was taken, in nanoseconds since 1970.
    pub time_unix_nanos: Option<i64>,
    /// Over how many nanoseconds it was taken.
    pub duration_nanos: Option<i64>,
}

impl Heading {
    /// Writes a value of the column in a unit, divided as the option `divide_by` says, as
    /// pprof does.
    pub(crate) fn format(&self, value: i64, divide_by: f64, unit: &str) -> String {
        let value = ratio(divide_by).map_or(value, |ratio| scaled(value, ratio));
        measurement::scaled_label(value, &self.sample_unit, unit)
    }

    /// Collects the heading for one column.
    pub(crate) fn new(profile: &Profile, column: usize, mean: bool) -> Self {
        let (sample_type, sample_unit) = profile.sample_type(column);
        let main = profile.mappings().first();
        let text = |id| profile.text(id);
        let file = main.map_or("", |mapping| text(mapping.file));
        Self {
            file: if file.is_empty() {
                String::new()
            } else {
                paths::base(file).to_owned()
            },
            build_id: main.map_or("", |mapping| text(mapping.build_id)).to_owned(),
            comments: profile
                .comments()
                .filter(|comment| !comment.starts_with('#'))
                .map(str::to_owned)
                .collect(),
            sample_type: if mean {
                format!("mean_{sample_type}")
            } else {
                sample_type.to_owned()
            },
            sample_unit: sample_unit.to_owned(),
            doc_url: profile.doc_url().to_owned(),
            time_unix_nanos: Some(profile.time_nanos()).filter(|&nanos| nanos != 0),
            duration_nanos: Some(profile.duration_nanos()).filter(|&nanos| nanos != 0),
        }
    }
}
