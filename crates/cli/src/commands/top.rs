//! `fathom top`: the functions that hold or use most.

use fathom_evidence::Kind;
use fathom_gather::Options;
use fathom_profile::diff::{DiffMode, Normalize, subtract};
use fathom_profile::merge::merge;
use fathom_profile::{Limits, Profile};
use fathom_report::options::Options as ReportOptions;
use fathom_report::top::{Intervals, TextOptions, Top, render_text};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::args::{ProfileName, TopArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{Wanted, one};

/// The contract of `fathom top --json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    #[serde(flatten)]
    top: &'a Top,
}

pub(crate) fn run(args: &TopArgs, output: &Output) -> anyhow::Result<Exit> {
    let gathering = args.connection.options();
    let wanted = wanted(args.profile);
    let read = |source: &str| read(source, &wanted, &gathering, output);
    let mut profile = read(&args.source)?;
    let (bases, mode) = match args.diff_base.as_slice() {
        [] => (&args.base, DiffMode::Base),
        _ => (&args.diff_base, DiffMode::DiffBase),
    };
    if !bases.is_empty() {
        let bases: Vec<Profile> = bases
            .iter()
            .map(|base| read(base))
            .collect::<Result<_, _>>()?;
        let base = merge(&bases.iter().collect::<Vec<_>>())?;
        profile = subtract(&profile, &base, mode, Normalize::No)?;
    }
    let intervals = if args.interval || args.json {
        Intervals::Compute
    } else {
        Intervals::Omit
    };
    let top = Top::new(&profile, &options(args), intervals)?;
    if args.json {
        output.json(&Answer {
            schema: "fathom.top/1",
            top: &top,
        })?;
        return Ok(Exit::Fine);
    }
    for note in &top.notes {
        output.note(note);
    }
    let zone = TimeZone::system();
    output.data(&render_text(
        &top,
        &TextOptions {
            zone,
            ..TextOptions::default()
        },
    ))?;
    if let Some(hidden) = top.hidden_summary() {
        output.note(&hidden);
    }
    Ok(Exit::Fine)
}

fn options(args: &TopArgs) -> ReportOptions {
    ReportOptions {
        sample_index: args.sample.clone(),
        nodecount: args
            .node_count
            .map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX)),
        nodefraction: args.node_fraction,
        focus: args.focus.clone(),
        ignore: args.ignore.clone(),
        sort: if args.cum { "cum" } else { "flat" }.to_owned(),
        granularity: args.granularity.clone(),
        unit: args.unit.clone(),
        relative_percentages: args.relative_percentages,
        drop_negative: args.drop_negative,
        ..ReportOptions::default()
    }
}

/// Which artefact a profile's name means; without a name any profile will do,
/// heap profiles first.
pub(crate) fn wanted(name: Option<ProfileName>) -> Wanted<'static> {
    let (query, kinds, noun): (_, &[Kind], _) = match name {
        None => (
            "heap",
            &[Kind::Heap, Kind::HeapAfterGc, Kind::Allocs],
            "profile",
        ),
        Some(ProfileName::Heap) => ("heap", &[Kind::Heap, Kind::HeapAfterGc], "heap profile"),
        Some(ProfileName::Allocs) => ("allocs", &[Kind::Allocs], "allocs profile"),
        Some(ProfileName::Goroutine) => ("goroutine", &[Kind::Goroutine], "goroutine profile"),
        Some(ProfileName::Block) => ("block", &[Kind::Block], "block profile"),
        Some(ProfileName::Mutex) => ("mutex", &[Kind::Mutex], "mutex profile"),
        Some(ProfileName::Cpu) => ("profile?seconds=10", &[Kind::Cpu], "CPU profile"),
        Some(ProfileName::Threadcreate) => (
            "threadcreate",
            &[Kind::ThreadCreate],
            "threadcreate profile",
        ),
    };
    Wanted {
        query,
        kinds,
        any_profile: name.is_none(),
        noun,
    }
}

/// Reads the profile of a source.
fn read(
    source: &str,
    wanted: &Wanted<'_>,
    options: &Options,
    output: &Output,
) -> anyhow::Result<Profile> {
    let artefact = one(source, wanted, options, output)?;
    let origin = artefact.origin;
    let profile = Profile::parse_owned(artefact.bytes, &Limits::default());
    profile.map_err(|error| {
        let failure = Failure::new(format!("{origin}: {error}"));
        let cut = matches!(error, fathom_profile::Error::Decompress { .. });
        let hint = if cut {
            "the file was not written or copied completely: take the profile again"
        } else {
            "go tool pprof -raw on the same file shows what another reader makes of it"
        };
        failure.hint(hint).into()
    })
}
