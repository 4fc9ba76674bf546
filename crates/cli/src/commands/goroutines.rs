//! `fathom goroutines`: who stands where, and for how long.

use fathom_evidence::Kind;
use fathom_explain::{GoroutinesAnswer, population};
use fathom_finding::Severity;
use fathom_goruntime::goroutine::{Form, GroupRow, Order, Population, compare};
use fathom_report::pattern;
use fathom_term::goroutines::{Extent, draw};

use crate::args::GoroutinesArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{Wanted, one};

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
        output.json(&GoroutinesAnswer::new(&origin, &report))?;
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
    let origin = artefact.origin.clone();
    let population =
        population(&artefact).map_err(|error| Failure::new(format!("{origin}: {error}")))?;
    Ok((origin, population))
}
