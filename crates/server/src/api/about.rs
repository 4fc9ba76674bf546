//! What the page is about.

use axum::body::Bytes;
use fathom_profile::Profile;
use fathom_report::options::{Kind, OPTIONS};
use serde::Serialize;

use super::{Work, json};
use crate::problem::Problem;
use crate::query::is_parameter;
use crate::shelf::base_name;
use crate::subject::{NamedProfile, Role, Subject};

/// One kind of value of a profile.
#[derive(Debug, Serialize)]
pub(super) struct SampleType {
    name: String,
    unit: String,
    /// The sum of its absolute values.
    total: i64,
}

impl SampleType {
    pub(super) fn all(profile: &Profile) -> Vec<Self> {
        let columns = 0..profile.sample_types().len();
        let of = |column| {
            let (name, unit) = profile.sample_type(column);
            Self {
                name: name.to_owned(),
                unit: unit.to_owned(),
                total: profile.column_total(column),
            }
        };
        columns.map(of).collect()
    }
}

#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what there is to show is told view by view, each on its own"
)]
struct About<'a> {
    schema: &'static str,
    /// `loading`, or `ready` with all else.
    state: &'static str,
    title: &'a str,
    base_title: &'a str,
    version: &'static str,
    has_explanation: bool,
    has_difference: bool,
    has_goroutines: bool,
    has_memory_map: bool,
    has_history: bool,
    profiles: Vec<AboutProfile<'a>>,
    options: Vec<AboutOption>,
    notes: &'a [String],
    /// The most bytes of a file that can be brought; 0 where none can.
    most_dropped_bytes: usize,
}

#[derive(Debug, Serialize)]
struct AboutProfile<'a> {
    name: &'a str,
    origin: &'a str,
    samples: usize,
    sample_types: Vec<SampleType>,
    /// The sample type that is shown unless another is asked for.
    default: usize,
    /// The same of the base; nothing without one.
    base: Option<Vec<SampleType>>,
    /// The name by which its base can be chosen.
    base_name: Option<String>,
    role: Role,
    time_unix_nanos: i64,
    duration_nanos: i64,
    has_labels: bool,
}

#[derive(Debug, Serialize)]
struct AboutOption {
    name: &'static str,
    summary: &'static str,
    detail: String,
    group: &'static str,
    kind: &'static str,
    default: String,
    choices: Vec<&'static str>,
}

pub(super) fn subject(work: &Work<'_>) -> Result<Bytes, Problem> {
    let subject = &work.shelf.subject;
    let mut profiles = work.shelf.all();
    // Those of a history are as many as its moments: the ones that are shown are told.
    for name in ["profile", "base"].map(|name| work.query.own(name)) {
        if let Some(name) = name
            && let Some(past) = &subject.past
            && let Some(kept) = past.profile(name)?
            && profiles.iter().all(|known| known.name() != name)
        {
            profiles.push(kept);
        }
    }
    json(&About {
        state: "ready",
        title: &subject.title,
        base_title: &subject.base_title,
        has_explanation: subject.explanation.is_some(),
        has_difference: subject.difference.is_some(),
        has_goroutines: subject.goroutines.is_some(),
        has_memory_map: subject.memory_map.is_some(),
        has_history: subject.past.is_some(),
        profiles: profiles.iter().map(|named| profile(named)).collect(),
        options: options(),
        notes: &subject.notes,
        most_dropped_bytes: work.most_dropped_bytes,
        ..about()
    })
}

/// What is told of a subject that is still being read.
pub(crate) fn loading() -> Result<Bytes, Problem> {
    json(&about())
}

const fn about<'a>() -> About<'a> {
    About {
        schema: "fathom.subject/1",
        state: "loading",
        title: "",
        base_title: "",
        version: env!("CARGO_PKG_VERSION"),
        has_explanation: false,
        has_difference: false,
        has_goroutines: false,
        has_memory_map: false,
        has_history: false,
        profiles: Vec::new(),
        options: Vec::new(),
        notes: &[],
        most_dropped_bytes: 0,
    }
}

fn profile(named: &NamedProfile) -> AboutProfile<'_> {
    let profile = named.profile();
    AboutProfile {
        name: named.name(),
        origin: named.origin(),
        samples: profile.sample_count(),
        sample_types: SampleType::all(profile),
        default: profile.default_column(),
        base: named.base().map(|base| SampleType::all(base)),
        base_name: named.base().map(|_| base_name(named.name())),
        role: named.role(),
        time_unix_nanos: profile.time_nanos(),
        duration_nanos: profile.duration_nanos(),
        has_labels: (0..profile.sample_count())
            .any(|sample| profile.labels(sample).next().is_some()),
    }
}

fn options() -> Vec<AboutOption> {
    let specs = OPTIONS.iter().filter(|spec| is_parameter(spec));
    let of = |spec: &fathom_report::options::Spec| AboutOption {
        name: spec.name,
        summary: spec.summary(),
        detail: spec.detail(),
        group: spec.group().heading(),
        kind: kind(spec.kind),
        default: spec.default_text(),
        choices: spec.choices.iter().map(|choice| choice.name).collect(),
    };
    specs.map(of).collect()
}

/// What an option holds, in a word.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Number => "number",
        Kind::Real => "real",
        Kind::Text => "text",
        Kind::Choice => "choice",
    }
}

pub(super) fn explain(work: &Work<'_>) -> Result<Bytes, Problem> {
    there(
        &work.shelf.subject,
        work.shelf.subject.explanation.as_ref(),
        "was explained",
    )
}

pub(super) fn difference(work: &Work<'_>) -> Result<Bytes, Problem> {
    there(
        &work.shelf.subject,
        work.shelf.subject.difference.as_ref(),
        "was compared",
    )
}

fn there<T: Serialize>(subject: &Subject, view: Option<&T>, done: &str) -> Result<Bytes, Problem> {
    let missing = || Problem::not_found(format!("nothing of {} {done}", subject.title));
    json(view.ok_or_else(missing)?)
}
