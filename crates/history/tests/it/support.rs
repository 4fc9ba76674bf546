//! Made-up programs that are looked at over and over.

use fathom_history::{Build, Embedded, History, Labels, Mark, Scrape, Taken};
use fathom_profile::{Label, LabelRefValue, Limits, Line, LocationId, Profile, ProfileBuilder};
use fathom_series::{Look, Reading, Unit};

/// Frames of one stack, outermost first; `/` before a name: inlined into the one before.
pub(crate) type Path = &'static [&'static str];

/// A sample: its stack, its size label, an address that tells it from its twins, its values.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) path: Vec<String>,
    pub(crate) size: Option<i64>,
    pub(crate) address: u64,
    pub(crate) values: Vec<i64>,
}

impl Sample {
    pub(crate) fn new(path: Path, values: &[i64]) -> Self {
        Self {
            path: path.iter().map(ToString::to_string).collect(),
            size: None,
            address: 0,
            values: values.to_vec(),
        }
    }
}

/// The sample types of heap profiles.
pub(crate) const HEAP: &[(&str, &str)] = &[
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
];

/// Makes a profile.
pub(crate) fn profile(types: &[(&str, &str)], time_nanos: i64, samples: &[Sample]) -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::default());
    for (name, unit) in types {
        builder.add_sample_type(name, unit).unwrap();
    }
    builder.set_default_sample_type(types[0].0).unwrap();
    builder.set_period("space", "bytes", 512).unwrap();
    builder.set_time(time_nanos, 3);
    for sample in samples {
        let mut locations: Vec<LocationId> = Vec::new();
        let mut lines: Vec<Line> = Vec::new();
        for (depth, name) in sample.path.iter().enumerate().rev() {
            let (name, inlined) = match name.strip_prefix('/') {
                Some(name) if depth > 0 => (name, true),
                _ => (name.as_str(), false),
            };
            let function = builder.function(name, name, "main.go", 7).unwrap();
            lines.push(Line {
                function: Some(function),
                line: name.len() as i64,
                column: 0,
            });
            if !inlined {
                let address = sample.address + 0x1000 + depth as u64;
                locations.push(builder.location(address, None, &lines, false).unwrap());
                lines.clear();
            }
        }
        let labels: Vec<Label> = sample
            .size
            .map(|size| builder.number_label("bytes", size, "bytes").unwrap())
            .into_iter()
            .collect();
        builder
            .add_sample(&locations, &sample.values, &labels)
            .unwrap();
    }
    builder.finish()
}

/// What a profile says of its samples: frames, labels and values, sorted. Samples whose values
/// are all 0 say nothing.
pub(crate) fn content(profile: &Profile) -> Vec<(Vec<String>, Vec<String>, Vec<i64>)> {
    let columns = profile.sample_types().len();
    let rows = (0..profile.sample_count()).map(|sample| {
        let frames = profile.frames(sample).map(|frame| {
            let start = frame.function_id.map(|id| profile.function_start_line(id));
            let (function, file) = (frame.function, frame.file);
            format!(
                "{function} {file}:{} {start:?} {}",
                frame.line, frame.inlined
            )
        });
        let labels = profile.labels(sample).map(|label| match label.value {
            LabelRefValue::Text(text) => format!("{}={text}", label.key),
            LabelRefValue::Number { value, unit } => format!("{}={value}{unit}", label.key),
        });
        let values = (0..columns).map(|column| profile.value(sample, column));
        (
            frames.collect(),
            labels.collect(),
            values.collect::<Vec<i64>>(),
        )
    });
    let mut rows: Vec<_> = rows.collect();
    rows.retain(|(_, _, values)| values.iter().any(|value| *value != 0));
    rows.sort();
    rows
}

/// The labels of the only target.
pub(crate) fn target() -> Labels {
    Labels::new([("job", "shop"), ("instance", "a:6060")])
}

/// Appends a scrape of one profile and one number.
pub(crate) fn append(
    history: &Embedded,
    at_ms: i64,
    started_ms: i64,
    profiles: &[(&str, &Profile)],
) -> fathom_history::Result<()> {
    append_to(history, &target(), at_ms, started_ms, profiles)
}

/// Appends a scrape of a target.
pub(crate) fn append_to(
    history: &Embedded,
    target: &Labels,
    at_ms: i64,
    started_ms: i64,
    profiles: &[(&str, &Profile)],
) -> fathom_history::Result<()> {
    let look = Look {
        at_ms,
        started_ms: Some(started_ms),
        readings: vec![
            Reading::gauge("level", Unit::Bytes, at_ms as f64),
            Reading::counter("count", Unit::Count, (at_ms - started_ms) as f64),
        ],
    };
    let taken: Vec<Taken<'_>> = profiles
        .iter()
        .map(|(kind, profile)| Taken::new(kind, profile))
        .collect();
    let marks: [Mark; 0] = [];
    history.append(&Scrape {
        target,
        look: &look,
        build: &Build::default(),
        profiles: &taken,
        marks: &marks,
    })
}
