//! `fathom gctrace`: the collections of a log or of a command.

pub(super) mod child;
mod csv;
mod findings;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
use fathom_finding::Finding;
use fathom_goruntime::gctrace::{Event, GcCycle, Parser, Scavenge, Summary, summary};
use serde::Serialize;

use crate::args::GctraceArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The longest line that is kept; what is longer is passed over in parts.
const MAX_LINE: u64 = 1 << 20;

/// What was read.
#[derive(Debug, Default)]
struct Record {
    parser: Parser,
    cycles: Vec<GcCycle>,
    scavenges: Vec<Scavenge>,
}

impl Record {
    /// Takes a line; tells whether it was one of the runtime's.
    fn line(&mut self, line: &[u8]) -> bool {
        match self.parser.line(line) {
            Some(Event::Cycle(cycle)) => self.cycles.push(cycle),
            Some(Event::Scavenge(scavenge)) => self.scavenges.push(scavenge),
            Some(_) => {}
            None => return false,
        }
        true
    }
}

/// How a command that was run ended.
#[derive(Debug, Serialize)]
struct Ended {
    command: Vec<String>,
    /// None if a signal ended it.
    exit_code: Option<i32>,
    /// In words, as the system says it.
    status: String,
    /// Whether the user ended it.
    interrupted: bool,
}

/// The contract of `fathom gctrace --json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    command: Option<&'a Ended>,
    summary: &'a Summary,
    findings: &'a [Finding],
    cycles: &'a [GcCycle],
    scavenges: &'a [Scavenge],
    lines: u64,
    torn_lines: u64,
}

pub(crate) fn run(args: &GctraceArgs, output: &Output) -> anyhow::Result<Exit> {
    let mut record = Record::default();
    let mut ended = None;
    match &args.file {
        Some(path) if path == Path::new("-") => read_stdin(&mut record)?,
        Some(path) => read_file(path, &mut record)?,
        None => ended = Some(child::watch(&args.command, &mut record, output)?),
    }
    if record.cycles.is_empty() {
        return Err(nothing(args, ended.as_ref()));
    }
    let summary = summary(&record.cycles);
    let findings = findings::of(&summary);
    if args.json {
        output.json(&Answer {
            schema: "fathom.gctrace/1",
            command: ended.as_ref(),
            summary: &summary,
            findings: &findings,
            cycles: &record.cycles,
            scavenges: &record.scavenges,
            lines: record.parser.lines(),
            torn_lines: record.parser.torn(),
        })?;
    } else if args.csv {
        output.data(&csv::table(&record.cycles))?;
    } else {
        output.data(&text(
            &record,
            &summary,
            &findings,
            ended.as_ref(),
            args.limit,
            output,
        ))?;
    }
    let severities = findings.iter().map(|finding| finding.severity);
    Ok(Exit::by(severities, args.fail_on))
}

fn text(
    record: &Record,
    summary: &Summary,
    findings: &[Finding],
    ended: Option<&Ended>,
    limit: usize,
    output: &Output,
) -> String {
    let style = &output.style;
    let mut text = fathom_term::gctrace::summary(summary, style);
    for finding in findings {
        text.push('\n');
        text.push_str(&fathom_term::finding::draw(finding, style));
    }
    text.push('\n');
    text.push_str(&fathom_term::gctrace::cycles(
        &record.cycles,
        limit,
        "-n",
        style,
    ));
    if record.parser.torn() > 0 {
        let torn = record.parser.torn();
        let lines = if torn == 1 { "line was" } else { "lines were" };
        let _ = writeln!(text, "{torn} {lines} torn by other output and left out.");
    }
    if let Some(ended) = ended {
        let _ = writeln!(text, "The command ended with {}.", ended.status);
    }
    text
}

fn nothing(args: &GctraceArgs, ended: Option<&Ended>) -> anyhow::Error {
    match (ended, &args.file) {
        (Some(ended), _) => Failure::new(format!(
            "{}: no collection was seen; the command ended with {}",
            args.command.first().map_or("", String::as_str),
            ended.status
        ))
        .hint("a program that allocates less than 4 MB never collects; GODEBUG is read by Go programs alone"),
        (None, path) => Failure::new(format!(
            "{}: no line of gctrace in it",
            path.as_deref().map_or("-".into(), Path::to_string_lossy)
        ))
        .hint("run the program with GODEBUG=gctrace=1; the lines go to its standard error"),
    }
    .into()
}

fn read_file(path: &Path, record: &mut Record) -> anyhow::Result<()> {
    let context = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(context)?;
    each_line(file, |line| {
        record.line(line);
        true
    })
    .with_context(context)
}

/// Reads until the end, or until the user has seen enough: the first Ctrl-C
/// ends what writes the log, the second the waiting for it.
fn read_stdin(record: &mut Record) -> anyhow::Result<()> {
    enum Message {
        Line(Vec<u8>),
        End(io::Result<()>),
        Interrupt,
    }
    let (sender, messages) = mpsc::sync_channel(1024);
    let interrupts = sender.clone();
    // Without a handler Ctrl-C ends us as it ends anyone.
    let _ = ctrlc::set_handler(move || {
        let _ = interrupts.try_send(Message::Interrupt);
    });
    thread::spawn(move || {
        let lines = sender.clone();
        let end = each_line(io::stdin().lock(), |line| {
            lines.send(Message::Line(line.to_vec())).is_ok()
        });
        // Nobody waits for it after a second Ctrl-C.
        let _ = sender.send(Message::End(end));
    });
    let mut interrupts = 0;
    for message in messages {
        match message {
            Message::Line(line) => {
                record.line(&line);
            }
            Message::End(end) => return end.context("cannot read standard input"),
            Message::Interrupt => interrupts += 1,
        }
        if interrupts >= 2 {
            break;
        }
    }
    Ok(())
}

/// Hands over line by line, until `wanted` says that it has enough.
fn each_line(stream: impl Read, mut wanted: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = stream
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        if length == 0 || !wanted(&line) {
            return Ok(());
        }
    }
}
