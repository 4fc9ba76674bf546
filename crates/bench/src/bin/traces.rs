//! Prints what the whole summary of an execution trace costs, beside `go tool trace -pprof=sync`
//! on the same file, and whether the targets are met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin traces -- [--quick] [--no-peer] [FILE.trace...]
//! ```
//!
//! Without a file one is recorded: about 150 MB with 27 million events (a tenth of it with
//! `--quick`), of `testbed/tracing service`, which takes two minutes the first time. Of several
//! files each is measured, so that it shows whether memory grows with the length of a trace.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use fathom_bench::child::{self, Cost};
use fathom_bench::program;
use fathom_exectrace::{Analyses, Event, Reader, Selection, SummaryOptions, Tables, Visitor};
use fathom_testkit::GoVersion;
use fathom_testkit::tracing::{Reference, record};

/// The processor seconds that a summary of 27 million events may take.
const MOST_SECONDS: f64 = 4.0;
/// What a summary may take of memory, in MB.
const MOST_MEGABYTES: f64 = 300.0;
/// `go tool trace` takes at least so many times more of the processor.
const LEAST_SPEEDUP: f64 = 15.0;
/// `go tool trace` takes at least so many times more memory.
const LEAST_MEMORY: f64 = 40.0;
/// The events for which the seconds are allowed.
const EVENTS: f64 = 27e6;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(15);
/// The first argument of the child that does the measured work.
const CHILD: &str = "--measured-child";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [first, work, file] if first == CHILD => read(work, Path::new(file)).map(|()| true),
        _ => compare(&arguments),
    };
    program::ended("traces", result)
}

/// Counts events and does nothing else.
struct Count(u64);

impl Visitor for Count {
    #[inline]
    fn event(&mut self, _: &Event, _: &Tables) {
        self.0 += 1;
    }
}

/// What the child does.
fn read(work: &str, file: &Path) -> io::Result<()> {
    let mut reader = Reader::new(File::open(file)?).map_err(io::Error::other)?;
    if work == "order" {
        let mut count = Count(0);
        reader.run(&mut count).map_err(io::Error::other)?;
        println!("{}", count.0);
        return Ok(());
    }
    let selected = if work == "all" {
        Selection::ALL
    } else {
        Selection::default()
    };
    let mut analyses = Analyses::new(SummaryOptions::default(), selected);
    let outcome = reader.run(&mut analyses).map_err(io::Error::other)?.clone();
    let view = analyses.finish(&outcome, reader.tables());
    println!("{}", serde_json::to_string(&view)?.len());
    Ok(())
}

fn compare(arguments: &[String]) -> io::Result<bool> {
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let has_peer = arguments.iter().all(|argument| argument != "--no-peer");
    let mut files: Vec<PathBuf> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .map(PathBuf::from)
        .collect();
    if files.is_empty() {
        let requests = if is_quick { "18200" } else { "182000" };
        let flags = ["-n", requests, "-for", "10m"];
        let file = record(GoVersion::GO_1_27, "service", &flags).map_err(io::Error::other)?;
        files.push(file);
    }
    let mut is_met = true;
    for file in &files {
        is_met &= compare_one(file, has_peer)?;
    }
    Ok(is_met)
}

fn compare_one(file: &Path, has_peer: bool) -> io::Result<bool> {
    let mut count = Count(0);
    let mut reader = Reader::new(File::open(file)?).map_err(io::Error::other)?;
    let outcome = reader.run(&mut count).map_err(io::Error::other)?;
    println!(
        "{}: {}, {} events in {} generations",
        file.file_name().unwrap_or_default().display(),
        megabytes(outcome.bytes),
        outcome.events,
        outcome.generations
    );
    let program = std::env::current_exe()?;
    let ours = |work: &str| {
        let run = || {
            child::measure(
                Command::new(&program).args([CHILD, work]).arg(file),
                PATIENCE,
            )
        };
        Ok::<_, io::Error>(run()?.best_with(run()?))
    };
    let (order, summary, all) = (ours("order")?, ours("summary")?, ours("all")?);
    line("fathom, the order alone", order);
    line("fathom, the summary", summary);
    line("fathom, every analysis", all);
    let scale = (count.0 as f64 / EVENTS).max(0.05);
    let mut is_met = told(
        "summary, CPU seconds for 27 million events",
        summary.cpu.as_secs_f64() / scale,
        MOST_SECONDS,
        true,
    );
    is_met &= told(
        "summary, peak MB",
        summary.peak_bytes as f64 / 1e6,
        MOST_MEGABYTES,
        true,
    );
    if has_peer {
        let tool = Reference::build().map_err(io::Error::other)?;
        let theirs = child::measure(tool.command().arg("-pprof=sync").arg(file), PATIENCE)?;
        line("go tool trace -pprof=sync", theirs);
        let speed = theirs.cpu.as_secs_f64() / summary.cpu.as_secs_f64().max(0.01);
        let memory = theirs.peak_bytes as f64 / summary.peak_bytes.max(1) as f64;
        is_met &= told("go tool trace / fathom, CPU", speed, LEAST_SPEEDUP, false);
        is_met &= told(
            "go tool trace / fathom, memory",
            memory,
            LEAST_MEMORY,
            false,
        );
    }
    Ok(is_met)
}

fn told(what: &str, value: f64, target: f64, is_most: bool) -> bool {
    let (is_met, sign) = if is_most {
        (value <= target, "<=")
    } else {
        (value >= target, ">=")
    };
    let verdict = if is_met { "met" } else { "MISSED" };
    println!("{what:<44} {value:>8.2}   target {sign} {target:<6} {verdict}");
    is_met
}

fn line(what: &str, cost: Cost) {
    println!(
        "{what:<28} {:>8.2} s CPU {:>8.2} s   peak {:>10}{}",
        cost.cpu.as_secs_f64(),
        cost.wall.as_secs_f64(),
        megabytes(cost.peak_bytes),
        if cost.finished { "" } else { "   stopped" }
    );
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
