//! `fathom capture`: everything that can be known, in one file.

use std::fmt::Write as _;
use std::io::Cursor;
use std::path::Path;

use fathom_evidence::{Capture, Missing, Target};
use serde::Serialize;

use crate::args::CaptureArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place::{Existing, exists, write};
use crate::sources::gather;

/// The contract of `fathom capture --json`.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    schema: &'static str,
    path: &'a Path,
    bytes: usize,
    target: &'a Target,
    artefacts: Vec<Row<'a>>,
    missing: &'a [Missing],
    notes: &'a [String],
}

/// One artefact of the bundle.
#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    kind: &'static str,
    origin: &'a str,
    bytes: usize,
    taken_at_unix_nanos: u64,
    duration_nanos: u64,
}

pub(crate) fn run(args: &CaptureArgs, output: &Output) -> anyhow::Result<Exit> {
    let path = args.output.as_path();
    let to_stdout = path == Path::new("-");
    if to_stdout && args.json {
        return Err(Failure::new("--json and -o - both want standard output")
            .hint("write the bundle to a file")
            .into());
    }
    // Before minutes are spent on gathering.
    if !to_stdout && !args.force && path.exists() {
        return Err(exists(path));
    }
    let mut options = args.connection.options();
    args.take.apply(&mut options);
    options.profiles.clone_from(&args.profiles);
    let capture = gather(&args.sources, &options, output)?;
    let mut bundle = Cursor::new(Vec::new());
    capture.write_bundle(&mut bundle)?;
    let bundle = bundle.into_inner();
    if to_stdout {
        output.bytes(&bundle)?;
        output.note(&told(&capture, "standard output", bundle.len()));
        return Ok(Exit::Fine);
    }
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    write(path, &bundle, existing)?;
    if args.json {
        output.json(&summary(&capture, path, bundle.len()))?;
    } else {
        output.data(&told(&capture, &path.display().to_string(), bundle.len()))?;
    }
    Ok(Exit::Fine)
}

/// Says what was saved, what is missing and why, and what to type next.
fn told(capture: &Capture, place: &str, bytes: usize) -> String {
    let size = fathom_explain::bytes(bytes as u64);
    let count = capture.artefacts.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut text = format!("{place}: {count} artefact{plural}, {size}");
    let target = &capture.target;
    let about = [
        target.pid.map(|pid| format!("pid {pid}")),
        target.url.clone(),
        target.exe.clone(),
        target.go_version.clone(),
    ];
    let about: Vec<String> = about.into_iter().flatten().collect();
    if !about.is_empty() {
        let _ = write!(text, ", of {}", about.join(", "));
    }
    text.push('\n');
    for note in &capture.notes {
        let _ = writeln!(text, "note: {note}");
    }
    for missing in &capture.missing {
        let _ = write!(text, "missing: {}: {}", missing.what, missing.why);
        if let Some(hint) = &missing.hint {
            let _ = write!(text, " ({hint})");
        }
        text.push('\n');
    }
    if place != "standard output" {
        let _ = writeln!(text, "next: fathom explain {place}");
    }
    text
}

fn summary<'a>(capture: &'a Capture, path: &'a Path, bytes: usize) -> Summary<'a> {
    let row = |artefact: &'a fathom_evidence::Artefact| Row {
        name: &artefact.name,
        kind: artefact.kind.name(),
        origin: &artefact.origin,
        bytes: artefact.bytes.len(),
        taken_at_unix_nanos: artefact.taken_at_unix_nanos,
        duration_nanos: artefact.duration_nanos,
    };
    Summary {
        schema: "fathom.capture/1",
        path,
        bytes,
        target: &capture.target,
        artefacts: capture.artefacts.iter().map(row).collect(),
        missing: &capture.missing,
        notes: &capture.notes,
    }
}
