//! `fathom trace`: what an execution trace holds.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use fathom_evidence::Kind;
use fathom_exectrace::export::{Canvas, Chrome, Perfetto, Timeline};
use fathom_exectrace::findings::findings;
use fathom_exectrace::text::{
    EventFilter, EventLines, Footprint, JsonEvents, Parsed, Printed, RawEvent, RawEvents,
    TextEvents,
};
use fathom_exectrace::{
    Analyses, Damage, GoroutineId, ProfileFilter, Reader, Rules, Selection, SummaryOptions, Tail,
    TraceView, Visitor, WaitKind, WaitProfile, difference,
};
use fathom_finding::{Finding, Severity};
use fathom_term::trace;

use super::merge::{check_place, proto};
use crate::args::{Debug, Timeline as Form, TraceArgs, View, Waits};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::place::{self, Existing};
use crate::sources::{Wanted, one};

/// How often progress is told.
const BEAT: Duration = Duration::from_millis(200);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    View(View),
    Profile(WaitKind, Rules),
    Debug(Debug),
}

pub(crate) fn run(args: &TraceArgs, output: &Output) -> anyhow::Result<Exit> {
    if let [word, before, after] = args.words.as_slice() {
        if word != "diff" || args.pprof.is_some() || args.debug.is_some() {
            let failure = Failure::new(format!("{word} is of one trace"));
            return Err(failure
                .hint("fathom trace diff BEFORE AFTER compares two")
                .into());
        }
        return diff(before, after, args, output);
    }
    let (asked, source) = asked(args)?;
    match asked {
        Asked::View(View::Diff) => Err(Failure::new("a second trace is missing")
            .hint("fathom trace diff BEFORE AFTER")
            .into()),
        Asked::Profile(kind, rules) => profile(kind, rules, source, args, output),
        Asked::View(View::Events) => events(source, args, output),
        Asked::View(View::Export) => export(source, args, output),
        Asked::Debug(Debug::Parsed) => {
            let lines = Parsed::new(Box::new(local_offset));
            lines_of(source, lines, Tail::Drop, args, output)
        }
        Asked::Debug(form) => raw(form, source, args, output),
        Asked::View(view) => analyse(view, source, args, output),
    }
}

fn rules(compat: bool) -> Rules {
    if compat {
        Rules::Reference
    } else {
        Rules::Corrected
    }
}

/// Understands the words and Go's flags.
fn asked(args: &TraceArgs) -> anyhow::Result<(Asked, &str)> {
    let (word, source) = match args.words.as_slice() {
        [source] => (None, source),
        [word, source] => (Some(word.as_str()), source),
        _ => return Err(Failure::new("a trace is missing").into()),
    };
    if let Some(waits) = args.pprof {
        if let Some(word) = word {
            return Err(Failure::new(format!("{word} and -pprof ask for two things")).into());
        }
        let kind = match waits {
            Waits::Net => WaitKind::Network,
            Waits::Sync => WaitKind::Sync,
            Waits::Syscall => WaitKind::Syscall,
            Waits::Sched => WaitKind::Scheduler,
        };
        return Ok((Asked::Profile(kind, Rules::Reference), source));
    }
    if let Some(form) = args.debug {
        if let Some(word) = word {
            return Err(Failure::new(format!("{word} and -d ask for two things")).into());
        }
        return Ok((Asked::Debug(form), source));
    }
    let Some(word) = word else {
        return Ok((Asked::View(View::Summary), source));
    };
    if let Some(kind) = word.strip_prefix("pprof=") {
        let kind = WaitKind::ALL.into_iter().find(|known| known.name() == kind);
        let kind = kind.ok_or_else(|| {
            Failure::new(format!("{word} is no profile of a trace"))
                .hint("pprof=net, pprof=sync, pprof=syscall and pprof=sched are")
        })?;
        return Ok((Asked::Profile(kind, rules(args.compat)), source));
    }
    let view = View::from_str(word, false).map_err(|_| {
        let views: Vec<String> = View::value_variants()
            .iter()
            .filter_map(|view| Some(view.to_possible_value()?.get_name().to_owned()))
            .collect();
        Failure::new(format!("{word} is no view of a trace"))
            .hint(format!("there are {} and pprof=KIND", views.join(", ")))
    })?;
    Ok((Asked::View(view), source))
}

/// A trace as it is read: from where, and how long it is, if that is known.
struct Opened {
    name: String,
    bytes: Option<u64>,
    input: Box<dyn Read>,
}

fn open(source: &str, args: &TraceArgs, output: &Output) -> anyhow::Result<Opened> {
    if source == "-" {
        return Ok(Opened {
            name: "standard input".to_owned(),
            bytes: None,
            input: Box::new(io::stdin().lock()),
        });
    }
    let path = Path::new(source);
    if path.is_file() {
        let mut file = File::open(path)
            .map_err(|error| Failure::new(format!("{source} cannot be read: {error}")))?;
        let mut head = Vec::new();
        (&mut file).take(4).read_to_end(&mut head)?;
        // A bundle is a zip, and its trace is one of its parts.
        if !head.starts_with(b"PK") {
            let bytes = file.metadata().ok().map(|metadata| metadata.len());
            return Ok(Opened {
                name: source.to_owned(),
                bytes,
                input: Box::new(io::Cursor::new(head).chain(file)),
            });
        }
    }
    let query = format!("trace?seconds={}", args.seconds);
    let wanted = Wanted {
        query: &query,
        kinds: &[Kind::Trace],
        any_profile: false,
        noun: "execution trace",
    };
    let artefact = one(source, &wanted, &args.connection.options(), output)?;
    Ok(Opened {
        name: artefact.origin.clone(),
        bytes: Some(artefact.bytes.len() as u64),
        input: Box::new(io::Cursor::new(artefact.bytes)),
    })
}

/// Reads a trace and hands its events to a visitor; tells how far it is.
fn read<V: Visitor>(
    opened: Opened,
    tail: Tail,
    visitor: &mut V,
    output: &Output,
) -> anyhow::Result<Reader<Box<dyn Read>>> {
    let Opened { name, bytes, input } = opened;
    let failed = |error: fathom_exectrace::Error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let why = source.map_or_else(String::new, |source| format!(": {source}"));
        anyhow::Error::from(Failure::new(format!("{name}: {error}{why}")))
    };
    let mut reader = Reader::new(input).map_err(failed)?.tail(tail);
    let mut told = Instant::now();
    while let Some(progress) = reader.next_generation(visitor).map_err(failed)? {
        if told.elapsed() >= BEAT {
            told = Instant::now();
            let read = fathom_explain::bytes(progress.bytes);
            let of = bytes.map_or_else(String::new, |bytes| {
                format!(" of {}", fathom_explain::bytes(bytes))
            });
            output.progress(&format!("read {read}{of} of {name}"));
        }
    }
    output.progress("");
    Ok(reader)
}

/// A damaged trace is told, and is a warning.
fn exit(damage: Option<&Damage>, name: &str, args: &TraceArgs, output: &Output) -> Exit {
    if let Some(damage) = damage {
        output.note(&format!("{name}: {damage}"));
    }
    Exit::by(damage.map(|_| Severity::Warning), args.fail_on)
}

fn analyse(view: View, source: &str, args: &TraceArgs, output: &Output) -> anyhow::Result<Exit> {
    let (name, seen, damage) = see(source, selection(view, args.json), args, output)?;
    let found = findings(&seen);
    if args.json {
        output.json(&Answer {
            view: &seen,
            findings: &found,
        })?;
    } else {
        output.data(&draw(view, &name, &seen, &found, args.limit, output))?;
    }
    if let Some(damage) = &damage {
        output.note(&format!("{name}: {damage}"));
    }
    let severities = found.iter().map(|finding| finding.severity);
    Ok(Exit::by(severities, args.fail_on))
}

/// What a trace says, with what was found in it.
#[derive(serde::Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    view: &'a TraceView,
    findings: &'a [Finding],
}

/// The analyses that a view needs.
fn selection(view: View, json: bool) -> Selection {
    if json {
        return Selection::ALL;
    }
    // Findings rest on these, and the summary shows them.
    let is_summary = view == View::Summary;
    Selection {
        blocking: is_summary || view == View::Blocked,
        latency: is_summary || view == View::Sched,
        calls: view == View::Syscalls,
        load: is_summary || view == View::Heap,
        utilisation: view == View::Mmu,
    }
}

/// Runs analyses over a trace.
fn see(
    source: &str,
    selection: Selection,
    args: &TraceArgs,
    output: &Output,
) -> anyhow::Result<(String, TraceView, Option<Damage>)> {
    let opened = open(source, args, output)?;
    let name = opened.name.clone();
    let options = SummaryOptions {
        rules: rules(args.compat),
        ..SummaryOptions::default()
    };
    let mut analyses = Analyses::new(options, selection);
    let tail = if args.compat {
        Tail::Drop
    } else {
        Tail::Salvage
    };
    let reader = read(opened, tail, &mut analyses, output)?;
    let outcome = reader.outcome().clone();
    let seen = analyses.finish(&outcome, reader.tables());
    Ok((name, seen, outcome.damage))
}

/// Says what changed between two traces.
fn diff(before: &str, after: &str, args: &TraceArgs, output: &Output) -> anyhow::Result<Exit> {
    let (before_name, before, before_damage) = see(before, Selection::ALL, args, output)?;
    let (after_name, after, after_damage) = see(after, Selection::ALL, args, output)?;
    let change = difference(&before, &after);
    if args.json {
        output.json(&change)?;
    } else {
        output.data(&trace::difference(&change, args.limit, &output.style))?;
    }
    let ends = [
        exit(before_damage.as_ref(), &before_name, args, output),
        exit(after_damage.as_ref(), &after_name, args, output),
    ];
    Ok(if ends.contains(&Exit::Found) {
        Exit::Found
    } else {
        Exit::Fine
    })
}

fn draw(
    view: View,
    name: &str,
    seen: &TraceView,
    found: &[Finding],
    limit: usize,
    output: &Output,
) -> String {
    let style = &output.style;
    let other = match view {
        View::Goroutines => Some(trace::goroutine_groups(&seen.goroutines, limit, style)),
        View::Gc => Some(trace::collector(
            &seen.collections,
            &seen.pauses,
            limit,
            style,
        )),
        View::Tasks => Some(trace::tasks(&seen.tasks, limit, style)),
        View::Regions => Some(trace::regions(&seen.regions, limit, style)),
        View::Blocked => {
            let blocking = seen.blocking.as_ref();
            blocking.map(|blocking| trace::blocked(blocking, limit, style))
        }
        View::Sched => {
            let latency = seen.latency.as_ref();
            latency.map(|latency| trace::scheduling(latency, limit, style))
        }
        View::Syscalls => {
            let calls = seen.calls.as_ref();
            calls.map(|calls| trace::syscalls(calls, limit, style))
        }
        View::Heap => seen.load.as_ref().map(|load| trace::load(load, style)),
        View::Mmu => {
            let utilisation = seen.utilisation.as_ref();
            utilisation.map(|utilisation| trace::utilisation(utilisation, style))
        }
        View::Summary | View::Events | View::Export | View::Diff => None,
    };
    other.unwrap_or_else(|| trace::overview(name, seen, found, style))
}

fn profile(
    kind: WaitKind,
    rules: Rules,
    source: &str,
    args: &TraceArgs,
    output: &Output,
) -> anyhow::Result<Exit> {
    let place = args.output.as_deref().map(Path::to_string_lossy);
    let place = place.as_deref().unwrap_or_default();
    check_place(place, args.json)?;
    let opened = open(source, args, output)?;
    let name = opened.name.clone();
    let mut waits = WaitProfile::new(kind, rules, ProfileFilter::default());
    let tail = match rules {
        Rules::Reference => Tail::Drop,
        Rules::Corrected => Tail::Salvage,
    };
    let reader = read(opened, tail, &mut waits, output)?;
    let profile = waits.finish(reader.tables())?;
    place::put(&proto(&profile, place), place, output)?;
    Ok(exit(reader.outcome().damage.as_ref(), &name, args, output))
}

/// The window that is asked for, in nanoseconds since the trace began.
fn window(args: &TraceArgs) -> (i64, i64) {
    let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
    (
        args.from.map_or(0, nanoseconds),
        args.to.map_or(i64::MAX, nanoseconds),
    )
}

/// Writes a timeline for other viewers.
fn export(source: &str, args: &TraceArgs, output: &Output) -> anyhow::Result<Exit> {
    let path = args.output.as_deref();
    let shown = path.map(Path::to_string_lossy).unwrap_or_default();
    check_place(&shown, args.json)?;
    let is_json = path
        .and_then(Path::extension)
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let form = args.format.unwrap_or(if is_json {
        Form::Chrome
    } else {
        Form::Perfetto
    });
    let mut result = None;
    let write = |stream: &mut dyn Write| match form {
        Form::Chrome => draw_on(Chrome::new(stream), source, args, output),
        Form::Perfetto => draw_on(Perfetto::new(stream), source, args, output),
    };
    match path {
        Some(path) if shown != "-" => {
            let written = place::write_with(path, Existing::Replace, &mut |file| {
                let mut stream = io::BufWriter::with_capacity(1 << 18, file);
                let done = write(&mut stream).and_then(|exit| {
                    stream.flush()?;
                    Ok(exit)
                });
                let failed = done.is_err();
                result = Some(done);
                if failed {
                    Err(io::Error::other("it is not whole"))
                } else {
                    Ok(())
                }
            });
            match result {
                // What made writing fail says more than that it did.
                Some(Err(error)) => Err(error),
                Some(Ok(exit)) => written.map(|()| exit),
                None => written.map(|()| Exit::Fine),
            }
        }
        _ => {
            let mut stream = io::BufWriter::with_capacity(1 << 18, io::stdout().lock());
            let exit = write(&mut stream)?;
            written(stream.flush())?;
            Ok(exit)
        }
    }
}

fn draw_on(
    canvas: impl Canvas,
    source: &str,
    args: &TraceArgs,
    output: &Output,
) -> anyhow::Result<Exit> {
    let (from, to) = window(args);
    let opened = open(source, args, output)?;
    let name = opened.name.clone();
    let mut timeline = Timeline::new(canvas, from, to);
    let reader = read(opened, Tail::Salvage, &mut timeline, output)?;
    written(timeline.finish(reader.tables()))?;
    Ok(exit(reader.outcome().damage.as_ref(), &name, args, output))
}

/// Our own lines of events, those that are asked for.
fn events(source: &str, args: &TraceArgs, output: &Output) -> anyhow::Result<Exit> {
    let (from, to) = window(args);
    let filter = EventFilter {
        goroutine: args.goroutine.map(GoroutineId),
        kinds: args.kind.clone(),
        window: Some((from, to)),
    };
    let tail = if args.compat {
        Tail::Drop
    } else {
        Tail::Salvage
    };
    if args.json {
        lines_of(source, JsonEvents::new(filter), tail, args, output)
    } else {
        lines_of(source, TextEvents::new(filter), tail, args, output)
    }
}

/// How far the local time is ahead of UTC.
fn local_offset(second: i64) -> i32 {
    let moment = jiff::Timestamp::from_second(second).unwrap_or_default();
    jiff::tz::TimeZone::system().to_offset(moment).seconds()
}

/// Writes lines of events to standard output.
fn lines_of(
    source: &str,
    lines: impl EventLines,
    tail: Tail,
    args: &TraceArgs,
    output: &Output,
) -> anyhow::Result<Exit> {
    let opened = open(source, args, output)?;
    let name = opened.name.clone();
    let mut printed = Printed::new(lines, io::stdout().lock());
    let reader = read(opened, tail, &mut printed, output)?;
    written(printed.finish().and_then(|mut stream| stream.flush()))?;
    Ok(exit(reader.outcome().damage.as_ref(), &name, args, output))
}

/// A reader that has seen enough is no error.
fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::from(error).context("cannot write to standard output"))
        }
        _ => Ok(()),
    }
}

/// Prints events as they stand in the file, or how many bytes they take.
fn raw(form: Debug, source: &str, args: &TraceArgs, output: &Output) -> anyhow::Result<Exit> {
    let Opened { name, input, .. } = open(source, args, output)?;
    let failed = |error| anyhow::Error::from(Failure::new(format!("{name}: {error}")));
    let mut events = RawEvents::new(input).map_err(failed)?;
    let mut event = RawEvent::default();
    let mut footprint = Footprint::default();
    let mut stream = io::BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let mut line = Vec::new();
    loop {
        match events.next(&mut event) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                written(stream.flush())?;
                return Err(failed(error));
            }
        }
        if form == Debug::Footprint {
            footprint.add(&event);
            continue;
        }
        line.clear();
        event.push(&mut line);
        if let Err(error) = stream.write_all(&line) {
            written(Err(error))?;
            return Ok(Exit::Fine);
        }
    }
    written(stream.flush())?;
    drop(stream);
    if form == Debug::Footprint {
        output.data(&footprint.table(events.version(), events.offset()))?;
    }
    Ok(Exit::Fine)
}
