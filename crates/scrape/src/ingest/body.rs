//! The body of a push: which form it has, and what its columns mean.

use std::collections::BTreeMap;

use fathom_profile::{Limits, Line, Profile, ProfileBuilder};
use serde::Deserialize;

use super::{Column, Meta, Push, Rejected, Semantics, form};

/// What an agent says of a column (`sample_type_config`). Keys that are not known are those of
/// other versions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SampleType {
    units: Option<String>,
    aggregation: Option<String>,
    #[serde(rename = "display-name")]
    display_name: Option<String>,
    cumulative: Option<bool>,
}

type Config = BTreeMap<String, SampleType>;

/// Most bytes of `sample_type_config`.
const MOST_CONFIG_BYTES: usize = 1 << 20;

/// What folded text holds on a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folded {
    /// A stack and how often it was seen.
    Groups,
    /// A stack that was seen once.
    Lines,
}

/// Reads the body in the form that query and content type say; the order of the questions is
/// Pyroscope's, so that `format=pprof` wins over a multipart content type.
pub(super) fn read(
    push: &Push<'_>,
    meta: &Meta,
    limits: &Limits,
) -> Result<(Profile, Vec<Column>), Rejected> {
    if push.body.is_empty() {
        return Err(Rejected::body("the body is empty"));
    }
    let is = |format: &str, content_type: &str| {
        meta.format == format || (!content_type.is_empty() && push.content_type == content_type)
    };
    let cannot = |form: &str| {
        Err(Rejected::body(format!(
            "the form {form} is not read: send pprof or folded stacks"
        )))
    };
    if is("trie", "binary/octet-stream+trie") {
        return cannot("trie");
    }
    if is("tree", "binary/octet-stream+tree") {
        return cannot("tree");
    }
    match meta.format.as_str() {
        "lines" => return folded(push.body, Folded::Lines, meta, limits),
        "jfr" => return cannot("jfr"),
        "pprof" => return pprof(push.body, &Config::new(), meta, limits),
        "speedscope" => {
            let profile = fathom_profile::exchange::speedscope::read(push.body, limits)
                .map_err(|error| Rejected::body(format!("speedscope: {error}")))?;
            let columns = columns(&profile, &Config::new(), meta);
            return Ok((profile, columns));
        }
        _ => {}
    }
    if push.content_type.contains("multipart/form-data") {
        return multipart(push, meta, limits);
    }
    folded(push.body, Folded::Groups, meta, limits)
}

fn multipart(
    push: &Push<'_>,
    meta: &Meta,
    limits: &Limits,
) -> Result<(Profile, Vec<Column>), Rejected> {
    let fields = form::fields(push.content_type, push.body).map_err(Rejected::body)?;
    let field = |name: &str| {
        let found = fields.iter().find(|field| field.name == name);
        found.map(|field| field.content)
    };
    if field("prev_profile").is_some_and(|content| !content.is_empty()) {
        return Err(Rejected::body(
            "unsupported client version: it sends prev_profile, update the agent",
        ));
    }
    let config = match field("sample_type_config") {
        None | Some(b"") => Config::new(),
        Some(text) if text.len() > MOST_CONFIG_BYTES => {
            return Err(Rejected::body(format!(
                "sample_type_config has more than {MOST_CONFIG_BYTES} bytes"
            )));
        }
        Some(text) => serde_json::from_slice(text)
            .map_err(|error| Rejected::body(format!("sample_type_config: {error}")))?,
    };
    let profile = field("profile").unwrap_or_default();
    if profile.is_empty() {
        return Err(Rejected::body("the form has no field called profile"));
    }
    pprof(profile, &config, meta, limits)
}

fn pprof(
    bytes: &[u8],
    config: &Config,
    meta: &Meta,
    limits: &Limits,
) -> Result<(Profile, Vec<Column>), Rejected> {
    let profile = Profile::parse(bytes, limits)
        .map_err(|error| Rejected::body(format!("profile: {error}")))?;
    let columns = columns(&profile, config, meta);
    Ok((profile, columns))
}

/// What the columns of a profile mean.
fn columns(profile: &Profile, config: &Config, meta: &Meta) -> Vec<Column> {
    // The label says whether the receiver is to make the difference: then values are cumulative.
    let is_cumulative = meta.labels.get("__delta__") == "true";
    (0..profile.sample_types().len())
        .map(|index| {
            let (kind, unit) = profile.sample_type(index);
            let said = config.get(kind);
            let averaged = said.and_then(|said| said.aggregation.as_deref()) == Some("average")
                || meta.aggregation == "average";
            let semantics = if averaged || is_level(kind) {
                Semantics::Level
            } else if said
                .and_then(|said| said.cumulative)
                .unwrap_or(is_cumulative)
            {
                Semantics::Cumulative
            } else {
                Semantics::Delta
            };
            let text = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
            Column {
                kind: kind.to_owned(),
                display_name: text(said.and_then(|said| said.display_name.as_ref())),
                unit: text(said.and_then(|said| said.units.as_ref()))
                    .unwrap_or_else(|| unit.to_owned()),
                semantics,
            }
        })
        .collect()
}

/// Whether a type counts what there is, whoever sends it.
fn is_level(kind: &str) -> bool {
    kind.starts_with("inuse_")
        || matches!(
            kind,
            "goroutine" | "goroutines" | "goroutineleak" | "threadcreate"
        )
}

/// Reads folded stacks. Samples of the processor become time as well, by the rate.
fn folded(
    body: &[u8],
    form: Folded,
    meta: &Meta,
    limits: &Limits,
) -> Result<(Profile, Vec<Column>), Rejected> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Rejected::body(format!(
            "byte {}: the folded stacks are no UTF-8",
            error.valid_up_to()
        ))
    })?;
    let profile = stacks(text, form, meta, limits)?;
    let columns = columns(&profile, &Config::new(), meta);
    Ok((profile, columns))
}

fn stacks(text: &str, form: Folded, meta: &Meta, limits: &Limits) -> Result<Profile, Rejected> {
    let failed = |line: usize| {
        move |error: fathom_profile::Error| Rejected::body(format!("line {line}: {error}"))
    };
    let mut builder = ProfileBuilder::new(limits);
    let period = if meta.units == "samples" {
        let period = 1_000_000_000 / i64::from(meta.sample_rate);
        builder
            .add_sample_type("samples", "count")
            .map_err(failed(1))?;
        builder
            .add_sample_type("cpu", "nanoseconds")
            .map_err(failed(1))?;
        builder
            .set_period("cpu", "nanoseconds", period)
            .map_err(failed(1))?;
        Some(period)
    } else {
        let (kind, unit) = folded_type(&meta.units);
        builder.add_sample_type(kind, unit).map_err(failed(1))?;
        None
    };
    let mut stack = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        let (frames, count) = match form {
            Folded::Lines => (line, 1),
            Folded::Groups => line
                .rsplit_once(' ')
                .and_then(|(frames, count)| Some((frames.trim_end(), count.parse::<i64>().ok()?)))
                .filter(|(frames, _)| !frames.is_empty())
                .ok_or_else(|| {
                    Rejected::body(format!("line {number}: this is no stack with a count"))
                })?,
        };
        stack.clear();
        for name in frames.split(';').rev() {
            let function = builder
                .function(name, name, "", 0)
                .map_err(failed(number))?;
            let line = Line {
                function: Some(function),
                line: 0,
                column: 0,
            };
            let location = builder.location(0, None, &[line], false);
            stack.push(location.map_err(failed(number))?);
        }
        let time = period.map(|period| count.saturating_mul(period));
        let values: Vec<i64> = std::iter::once(count).chain(time).collect();
        builder
            .add_sample(&stack, &values, &[])
            .map_err(failed(number))?;
    }
    let profile = builder.finish();
    if profile.sample_count() == 0 {
        return Err(Rejected::body("the body holds no stack"));
    }
    Ok(profile)
}

/// The type and unit of what folded stacks count, by Pyroscope's `units`.
fn folded_type(units: &str) -> (&str, &str) {
    match units {
        "objects" => ("alloc_objects", "count"),
        "bytes" => ("alloc_space", "bytes"),
        "goroutines" => ("goroutines", "count"),
        "lock_samples" => ("contentions", "count"),
        "lock_nanoseconds" => ("delay", "nanoseconds"),
        other => (other, other),
    }
}
