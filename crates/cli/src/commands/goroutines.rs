//! `fathom goroutines`: who stands where, and for how long.

use fathom_evidence::Kind;
use fathom_finding::Severity;
use fathom_goruntime::goroutine::{
    Dump, Form, Frame, GroupRow, Order, Population, Report, Stack, compare,
};
use fathom_profile::{LabelRefValue, Limits, Profile};
use fathom_report::pattern;
use fathom_term::goroutines::{Extent, draw};
use serde::Serialize;

use crate::args::GoroutinesArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{Wanted, one};

/// The contract of `fathom goroutines --json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    source: &'a str,
    #[serde(flatten)]
    report: &'a Report,
}

pub(crate) fn run(args: &GoroutinesArgs, output: &Output) -> anyhow::Result<Exit> {
    let focus = args
        .focus
        .as_deref()
        .map(|focus| pattern::compile("focus", focus))
        .transpose()?;
    let (origin, now) = read(&args.source, args, output)?;
    let base = args
        .base
        .as_deref()
        .map(|base| read(base, args, output))
        .transpose()?;
    if let Some((base_origin, base)) = &base
        && base.form != now.form
    {
        return Err(Failure::new(format!(
            "{base_origin} is a {}, {origin} a {}: their groups do not match",
            word(base.form),
            word(now.form)
        ))
        .hint("compare two dumps (debug=2) or two profiles")
        .into());
    }
    let order = if args.by_count {
        Order::Count
    } else {
        Order::Wait
    };
    let mut report = compare(&now, base.as_ref().map(|(_, base)| base), order);
    let candidates = report.candidates();
    report.keep(|row| {
        let stands = args.state.as_ref().is_none_or(|state| *state == row.state);
        let matches = |focus: &regex::Regex| places(row).any(|place| focus.is_match(place));
        stands && focus.as_ref().is_none_or(matches)
    });
    if args.json {
        let answer = Answer {
            schema: "fathom.goroutines/1",
            source: &origin,
            report: &report,
        };
        output.json(&answer)?;
    } else if args.leak && report.total == 0 {
        output.data("No goroutine is leaked: whatever one waits for can still be reached.\n")?;
    } else {
        let extent = Extent {
            groups: args.limit,
            frames: args.frames,
        };
        output.data(&draw(&report, extent, &output.style))?;
    }
    let severities = (candidates > 0).then_some(Severity::Warning);
    Ok(Exit::by(severities, args.fail_on))
}

fn places(row: &GroupRow) -> impl Iterator<Item = &str> {
    row.stack.iter().chain(&row.created_by).map(String::as_str)
}

const fn word(form: Form) -> &'static str {
    match form {
        Form::Dump => "dump",
        Form::Profile => "profile",
    }
}

/// Reads the goroutines of a source, and says where they came from.
fn read(
    source: &str,
    args: &GoroutinesArgs,
    output: &Output,
) -> anyhow::Result<(String, Population)> {
    let (query, kinds, noun): (_, &[Kind], _) = match (args.leak, args.dump) {
        (true, true) => (
            "goroutineleak?debug=2",
            &[Kind::GoroutineDump],
            "goroutine dump",
        ),
        (true, false) => (
            "goroutineleak",
            &[Kind::GoroutineLeak],
            "goroutineleak profile",
        ),
        (false, true) => (
            "goroutine?debug=2",
            &[Kind::GoroutineDump],
            "goroutine dump",
        ),
        (false, false) => (
            "goroutine",
            &[Kind::GoroutineDump, Kind::Goroutine, Kind::GoroutineLeak],
            "goroutine dump or profile",
        ),
    };
    let wanted = Wanted {
        query,
        kinds,
        any_profile: false,
        noun,
    };
    let artefact = one(source, &wanted, &args.connection.options(), output)?;
    if args.leak && artefact.origin.contains("://") {
        output.note("the process ran a garbage collection to find leaked goroutines");
    }
    let origin = artefact.origin;
    let population = if artefact.kind == Kind::GoroutineDump {
        let dump = Dump::parse(&artefact.bytes, &fathom_goruntime::Limits::default());
        dump.map(|dump| Population::of_dump(&dump))
            .map_err(anyhow::Error::from)
    } else {
        let profile = Profile::parse_owned(artefact.bytes, &Limits::default());
        profile
            .map(|profile| of_profile(&profile))
            .map_err(anyhow::Error::from)
    };
    let population = population.map_err(|error| Failure::new(format!("{origin}: {error}")))?;
    Ok((origin, population))
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
