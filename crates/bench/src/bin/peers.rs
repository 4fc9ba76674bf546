//! Prints what reading a profile and its `top` cost, beside `gunzip` and
//! `go tool pprof -top` on the same file, and whether the targets are met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin peers -- [--quick] [--runs N] [FILE.pb.gz]
//! cargo run --release -p fathom-bench --bin peers -- --write FILE.pb.gz
//! ```
//!
//! Without a file, a heap profile of 500,000 samples (50,000 with `--quick`), 30 to 60
//! locations deep, is generated. `go tool pprof` comes from the toolchain that
//! `cargo xtask test` prepared; its line is left out when there is none.
//! `--write` only generates.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use fathom_bench::child::{self, Cost};
use fathom_bench::program;
use fathom_profile::{Limits, Profile};
use fathom_report::options::Options;
use fathom_report::top::{Intervals, TextOptions, Top, render_text};
use fathom_testkit::GoVersion;
use fathom_testkit::generator::Shape;
use fathom_testkit::pprof::Pprof;

/// `top` may take at most so many times what decompression alone takes.
const MOST_GUNZIPS: f64 = 2.0;
/// `go tool pprof` takes at least so many times longer.
const LEAST_SPEEDUP: f64 = 50.0;
/// The peak of memory is at most so many times the decompressed profile.
const MOST_MEMORY: f64 = 4.0;
/// How long `go tool pprof` may take; what it used until then is then told as the least.
const PATIENCE: Duration = Duration::from_mins(10);
/// The first argument of the child that does the measured work.
const CHILD: &str = "--measured-child";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [first, file] if first == CHILD => print_top(Path::new(file)).map(|()| true),
        [first, file] if first == "--write" => write_large(Path::new(file), 500_000).map(|()| true),
        _ => compare(&arguments),
    };
    program::ended("peers", result)
}

/// What the child does: everything that `fathom top FILE` has to.
fn print_top(file: &Path) -> io::Result<()> {
    let bytes = std::fs::read(file)?;
    let profile = Profile::parse_owned(bytes, &Limits::default()).map_err(io::Error::other)?;
    let top = Top::new(&profile, &Options::default(), Intervals::Omit).map_err(io::Error::other)?;
    io::stdout().write_all(render_text(&top, &TextOptions::default()).as_bytes())
}

fn write_large(file: &Path, samples: u32) -> io::Result<()> {
    let shape = Shape {
        samples,
        ..Shape::large()
    };
    shape
        .write_gzip(BufWriter::new(File::create(file)?))
        .map(drop)
}

struct Settings {
    samples: u32,
    runs: u32,
    file: Option<PathBuf>,
}

fn settings(arguments: &[String]) -> io::Result<Settings> {
    let mut settings = Settings {
        samples: 500_000,
        runs: 5,
        file: None,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--quick" => settings.samples = 50_000,
            "--runs" => {
                let runs = rest.next().and_then(|runs| runs.parse().ok());
                settings.runs = runs.ok_or_else(|| io::Error::other("--runs wants a number"))?;
            }
            file if !file.starts_with('-') => settings.file = Some(file.into()),
            other => return Err(io::Error::other(format!("unknown option {other}"))),
        }
    }
    Ok(settings)
}

/// Runs all and prints the table; whether every target is met.
fn compare(arguments: &[String]) -> io::Result<bool> {
    let settings = settings(arguments)?;
    let scratch = tempfile::tempdir()?;
    let file = if let Some(file) = settings.file {
        file
    } else {
        let file = scratch.path().join("large.pb.gz");
        write_large(&file, settings.samples)?;
        file
    };
    let raw_bytes = decompressed_bytes(&file)?;
    println!(
        "{}: {} compressed, {} decompressed",
        file.display(),
        megabytes(std::fs::metadata(&file)?.len()),
        megabytes(raw_bytes)
    );

    let (gunzip, ours) = gunzip_and_ours(settings.runs, &file)?;
    line("gunzip -c", gunzip);
    line("fathom top", ours);
    let theirs = go_tool_pprof(scratch.path())?
        .map(|pprof| child::measure(pprof.command().arg("-top").arg(&file), PATIENCE))
        .transpose()?;
    let memory = ours.peak_bytes as f64 / raw_bytes.max(1) as f64;
    let mut verdicts = vec![
        at_most(
            "fathom top / gunzip, time",
            ratio(ours.wall, gunzip.wall),
            MOST_GUNZIPS,
        ),
        at_most("peak memory / decompressed profile", memory, MOST_MEMORY),
    ];
    if let Some(theirs) = theirs {
        line("go tool pprof -top", theirs);
        let speedup = ratio(theirs.wall, ours.wall);
        verdicts.push(at_least(
            "go tool pprof / fathom top, time",
            speedup,
            LEAST_SPEEDUP,
        ));
        let factor = theirs.peak_bytes as f64 / ours.peak_bytes.max(1) as f64;
        verdicts.push(at_least(
            "go tool pprof / fathom top, peak memory",
            factor,
            1.0,
        ));
    } else {
        println!("go tool pprof -top   not measured: no Go 1.27.3 (cargo xtask test fetches it)");
    }
    for Verdict {
        what,
        value,
        target,
        met,
    } in &verdicts
    {
        let verdict = if *met { "met" } else { "MISSED" };
        println!("{what:<40} {value:>8.2}   target {target:<9} {verdict}");
    }
    Ok(verdicts.iter().all(|verdict| verdict.met))
}

/// Measures `gunzip` and our child in turn, so that what else the machine does falls on
/// both; the best of all runs.
fn gunzip_and_ours(runs: u32, file: &Path) -> io::Result<(Cost, Cost)> {
    let program = std::env::current_exe()?;
    let both = || {
        let gunzip = child::measure(Command::new("gunzip").arg("-c").arg(file), PATIENCE)?;
        let ours = child::measure(Command::new(&program).arg(CHILD).arg(file), PATIENCE)?;
        Ok::<_, io::Error>((gunzip, ours))
    };
    let mut best = both()?;
    for _ in 1..runs {
        let (gunzip, ours) = both()?;
        best = (best.0.best_with(gunzip), best.1.best_with(ours));
    }
    Ok(best)
}

/// A ratio, and whether it is what it should be.
struct Verdict {
    what: &'static str,
    value: f64,
    target: String,
    met: bool,
}

fn at_most(what: &'static str, value: f64, target: f64) -> Verdict {
    Verdict {
        what,
        value,
        target: format!("<= {target}"),
        met: value <= target,
    }
}

fn at_least(what: &'static str, value: f64, target: f64) -> Verdict {
    Verdict {
        what,
        value,
        target: format!(">= {target}"),
        met: value >= target,
    }
}

fn line(what: &str, cost: Cost) {
    let wall = cost.wall.as_secs_f64();
    let stopped = if cost.finished {
        ""
    } else {
        "   stopped, so more than that"
    };
    println!(
        "{what:<20} {wall:>9.3} s   peak {:>10}{stopped}",
        megabytes(cost.peak_bytes)
    );
}

fn ratio(left: Duration, right: Duration) -> f64 {
    left.as_secs_f64() / right.as_secs_f64().max(1e-9)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1_048_576.0)
}

fn decompressed_bytes(file: &Path) -> io::Result<u64> {
    let mut decoder = flate2::read::MultiGzDecoder::new(File::open(file)?);
    io::copy(&mut decoder, &mut io::sink())
}

/// Builds `go tool pprof` from the toolchain of the tests, if there is one.
fn go_tool_pprof(scratch: &Path) -> io::Result<Option<Pprof>> {
    match Pprof::build(GoVersion::GO_1_27, scratch) {
        Ok(pprof) => Ok(Some(pprof)),
        Err(fathom_testkit::Error::NoToolchain { .. }) => Ok(None),
        Err(error) => Err(io::Error::other(error)),
    }
}
