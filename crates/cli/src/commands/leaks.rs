//! `fathom leaks`: which lines grow over a series of heap profiles.

use std::path::Path;

use fathom_collect::growth_of;
use fathom_evidence::{Artefact, Kind};
use fathom_explain::{DatedHeap, Growth, leaks};
use fathom_finding::Severity;
use fathom_history::{Embedded, History as _, Labels, Range};
use fathom_profile::{Limits, Profile};
use serde::Serialize;

use crate::args::LeaksArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{gather, is_text_form};

/// The file by which the folder of a recording is known.
const CATALOGUE: &str = "catalog.sqlite";

pub(crate) fn run(args: &LeaksArgs, output: &Output) -> anyhow::Result<Exit> {
    if let [folder] = args.sources.as_slice()
        && is_recording(Path::new(folder))
    {
        return of_recording(Path::new(folder), args, output);
    }
    let mut heaps = Vec::new();
    for source in expanded(&args.sources)? {
        heaps.extend(read(&source, args, output)?);
    }
    let found = leaks(heaps, args.limit).map_err(|error| {
        Failure::new(error.to_string())
            .hint("fathom explain --base compares two captures; fathom capture takes one")
    })?;
    if args.json {
        output.json(&found)?;
    } else {
        output.data(&fathom_term::leaks(&found, args.limit_sites, &output.style))?;
    }
    Ok(Exit::by(
        found.leaks.then_some(Severity::Warning),
        args.fail_on,
    ))
}

/// Whether a folder is what `fathom record` keeps.
fn is_recording(folder: &Path) -> bool {
    folder.join(CATALOGUE).is_file()
}

/// What one process of a recording does.
#[derive(Serialize)]
struct Judged {
    target: Labels,
    #[serde(flatten)]
    growth: Growth,
}

/// All processes of a recording.
#[derive(Serialize)]
struct Recording {
    schema: &'static str,
    targets: Vec<Judged>,
}

/// Judges every process of a recording, by the last hours of each.
fn of_recording(folder: &Path, args: &LeaksArgs, output: &Output) -> anyhow::Result<Exit> {
    let history = Embedded::open_read_only(folder)?;
    let mut judged = Vec::new();
    for target in history.targets()? {
        let to_ms = target.last_ms.saturating_add(1);
        let length = i64::try_from(args.last.as_millis()).unwrap_or(i64::MAX);
        let range = Range::new(to_ms.saturating_sub(length), to_ms);
        judged.push(Judged {
            growth: growth_of(&history, &target.labels, range)?,
            target: target.labels,
        });
    }
    if judged.is_empty() {
        return Err(
            Failure::new(format!("{}: nothing is recorded there", folder.display())).into(),
        );
    }
    let severities: Vec<Severity> = judged
        .iter()
        .flat_map(|one| &one.growth.findings)
        .map(|finding| finding.severity)
        .collect();
    if args.json {
        output.json(&Recording {
            schema: "fathom.recording-growth/1",
            targets: judged,
        })?;
    } else {
        let reports: Vec<String> = judged
            .iter()
            .map(|one| {
                let name = one.target.get("instance").unwrap_or("the process");
                fathom_term::growth(name, &one.growth, args.limit_sites, &output.style)
            })
            .collect();
        output.data(&reports.join("\n"))?;
    }
    Ok(Exit::by(severities, args.fail_on))
}

/// The sources, of a folder the files in it.
fn expanded(sources: &[String]) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for source in sources {
        let path = Path::new(source);
        if !path.is_dir() {
            all.push(source.clone());
            continue;
        }
        let failed = |error: std::io::Error| Failure::new(format!("{source}: {error}"));
        for entry in path.read_dir().map_err(failed)? {
            let file = entry.map_err(failed)?.path();
            // Hidden files and folders are not what the user collected.
            let is_hidden = file
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if file.is_file() && !is_hidden {
                all.push(file.to_string_lossy().into_owned());
            }
        }
    }
    all.sort();
    Ok(all)
}

/// The heap profile of a source with its time; of a bundle its first one.
fn read(source: &str, args: &LeaksArgs, output: &Output) -> anyhow::Result<Option<DatedHeap>> {
    let capture = gather(
        std::slice::from_ref(&source.to_owned()),
        &args.connection.options(),
        output,
    )?;
    let of = |kind: Kind| {
        let mut all: Vec<&Artefact> = capture.all(kind).collect();
        all.sort_by_key(|artefact| is_text_form(artefact));
        all.first().copied()
    };
    let Some(artefact) = [Kind::Heap, Kind::Allocs].into_iter().find_map(of) else {
        output.note(&format!("{source}: no heap profile in it, left out"));
        return Ok(None);
    };
    let profile = Profile::parse(&artefact.bytes, &Limits::default())
        .map_err(|error| Failure::new(format!("{}: {error}", artefact.origin)))?;
    let told = profile.time_nanos();
    // Go's text form does not say when it was made.
    let unix_nanos = if told > 0 {
        told
    } else {
        i64::try_from(artefact.taken_at_unix_nanos).unwrap_or(i64::MAX)
    };
    let heap = DatedHeap::read(&profile, unix_nanos);
    if heap.is_none() {
        output.note(&format!("{source}: it does not tell live bytes, left out"));
    }
    Ok(heap)
}
