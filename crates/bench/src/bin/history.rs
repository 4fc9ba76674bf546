//! Prints what the history costs on disk, in time and in memory, and whether the targets are met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin history -- [PROFILES [FOLDER]]
//! cargo run --release -p fathom-bench --bin history -- --ask FOLDER
//! ```
//!
//! With a folder, the day that was stored stays there, and can be asked again.
//!
//! A Go program with ten thousand stacks, of which a tenth changes between two scrapes
//! (`testbed/many_stacks`), gives the profiles; 240 without a number. They are stored beside gzip
//! files of the same profiles, replayed for a hundred targets, and repeated for a day.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use fathom_bench::child;
use fathom_bench::program;
use fathom_history::{
    At, Build, CurveQuery, Embedded, History, Labels, Merge, Options, Range, Scrape, Selector,
    Taken,
};
use fathom_profile::{Limits, Profile};
use fathom_series::{Look, Reading, Unit};
use fathom_testkit::GoVersion;
use fathom_testkit::pprof::Pprof;
use fathom_testkit::program::Program;

/// The first argument of the child that takes in the scrapes of a hundred targets.
const INGEST: &str = "--ingest";

/// The first argument that asks a day which an earlier run kept.
const ASK: &str = "--ask";

/// Between two scrapes of a target.
const SCRAPE_MS: i64 = 15_000;

/// Targets that are scraped at once, and how often.
const TARGETS: usize = 100;
const ROUNDS: usize = 12;

/// How many scrapes a day has.
const DAY_SCRAPES: usize = 5_760;

const DAY_MS: i64 = 86_400_000;

/// The day that is stored.
const FIRST_MS: i64 = 20_000 * DAY_MS;

/// How long the peer and the child may take.
const PATIENCE: Duration = Duration::from_mins(20);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, [folder, profiles])) if first == INGEST => {
            ingest(Path::new(folder), Path::new(profiles)).map(|()| true)
        }
        Some((first, [folder])) if first == ASK => Embedded::open(Path::new(folder), unthinned())
            .map_err(other)
            .and_then(|history| answers(&history, folder)),
        _ => compare(&arguments),
    };
    program::ended("history", result)
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}

fn compare(arguments: &[String]) -> io::Result<bool> {
    let count = match arguments.first() {
        Some(text) => text.parse().map_err(other)?,
        None => 240,
    };
    let scratch = tempfile::tempdir()?;
    let files = record(&scratch.path().join("profiles"), count)?;
    let mut is_met = storage(scratch.path(), &files)?;
    is_met &= hundred_targets(scratch.path())?;
    let day = match arguments.get(1) {
        Some(folder) => PathBuf::from(folder),
        None => scratch.path().join("day"),
    };
    is_met &= a_day(scratch.path(), &day, &files)?;
    Ok(is_met)
}

/// Takes the profiles of a live program.
fn record(folder: &Path, count: usize) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let running = Program::new("many_stacks", GoVersion::GO_1_27).start();
    let running = running.map_err(other)?;
    let mut files = Vec::new();
    for index in 0..count {
        running.get("/testbed/step").map_err(other)?;
        let profile = running.get("/debug/pprof/heap?gc=1").map_err(other)?;
        let file = folder.join(format!("{index:04}.pb.gz"));
        std::fs::write(&file, profile)?;
        files.push(file);
    }
    Ok(files)
}

fn read(file: &Path) -> io::Result<Profile> {
    Profile::parse_owned(std::fs::read(file)?, &Limits::default()).map_err(other)
}

fn append(
    history: &Embedded,
    target: &Labels,
    at_ms: i64,
    started_ms: i64,
    profile: &Profile,
) -> io::Result<()> {
    let look = Look {
        at_ms,
        started_ms: Some(started_ms),
        readings: vec![Reading::gauge("goroutines", Unit::Count, 7.0)],
    };
    let scrape = Scrape {
        target,
        look: &look,
        build: &Build::default(),
        profiles: &[Taken::new("heap", profile)],
        marks: &[],
    };
    history.append(&scrape).map_err(other)
}

fn target(index: usize) -> Labels {
    Labels::new([
        ("job", "shop".to_owned()),
        ("instance", format!("{index}:6060")),
    ])
}

/// Nothing is thinned, so that each profile stays what it was.
fn unthinned() -> Options {
    Options {
        thinning: Vec::new(),
        ..Options::default()
    }
}

fn judged(what: &str, value: f64, unit: &str, at_most: f64) -> bool {
    let is_met = value <= at_most;
    let verdict = if is_met { "met" } else { "missed" };
    println!("  {what}: {value:.2} {unit}, target at most {at_most} {unit}: {verdict}");
    is_met
}

fn storage(scratch: &Path, files: &[PathBuf]) -> io::Result<bool> {
    let folder = scratch.join("storage");
    let history = Embedded::open(&folder, unthinned()).map_err(other)?;
    let mut samples = 0;
    let mut changed = 0;
    let mut before: Option<Profile> = None;
    for (at_ms, file) in (FIRST_MS..).step_by(15_000).zip(files) {
        let profile = read(file)?;
        samples += profile.sample_count();
        if let Some(before) = &before {
            changed += different(before, &profile)?;
        }
        append(&history, &target(0), at_ms, FIRST_MS - 1, &profile)?;
        before = Some(profile);
    }
    let gzip: u64 = files
        .iter()
        .map(|file| std::fs::metadata(file).map(|metadata| metadata.len()))
        .sum::<io::Result<u64>>()?;
    let head = history.usage().map_err(other)?;
    history.maintain(FIRST_MS + 2 * DAY_MS).map_err(other)?;
    drop(history);
    let history = Embedded::open(&folder, unthinned()).map_err(other)?;
    let usage = history.usage().map_err(other)?;
    let count = files.len() as f64;
    println!(
        "{} profiles of {} samples, {:.1} % of which change from one to the next",
        files.len(),
        samples / files.len(),
        100.0 * changed as f64 / samples as f64
    );
    println!("  gzip pprof      {:>9.0} B a profile", gzip as f64 / count);
    println!(
        "  head            {:>9.0} B a profile",
        head.total() as f64 / count
    );
    for (file, bytes) in &usage.blocks {
        println!("  {file:<20} {:>9.0} B a profile", *bytes as f64 / count);
    }
    println!(
        "  catalogue       {:>9.0} B a profile",
        usage.catalogue as f64 / count
    );
    let ours = usage.total() as f64 / count;
    println!("  gzip to all told: {:.1}", gzip as f64 / count / ours);
    Ok(judged("all told, a profile", ours / 1000.0, "kB", 10.0))
}

/// How many samples of a profile are not the same in the one before.
fn different(before: &Profile, now: &Profile) -> io::Result<usize> {
    let difference = fathom_profile::diff::subtract(
        now,
        before,
        fathom_profile::diff::DiffMode::Base,
        fathom_profile::diff::Normalize::No,
    )
    .map_err(other)?;
    Ok(difference.sample_count())
}

fn hundred_targets(scratch: &Path) -> io::Result<bool> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(INGEST)
        .arg(scratch.join("ingest"))
        .arg(scratch.join("profiles"));
    let cost = child::measure(&mut command, PATIENCE)?;
    let simulated = ROUNDS as f64 * SCRAPE_MS as f64 / 1000.0;
    println!("{TARGETS} targets every 15 s, {ROUNDS} times, one heap profile each");
    let cores = cost.cpu.as_secs_f64() / simulated;
    let megabytes = cost.peak_bytes as f64 / f64::from(1 << 20);
    let is_cheap = judged("parsing and storing", cores, "cores", 1.0);
    Ok(judged("peak memory", megabytes, "MiB", 512.0) && is_cheap)
}

/// What the child does.
fn ingest(folder: &Path, profiles: &Path) -> io::Result<()> {
    let history = Embedded::open(folder, Options::default()).map_err(other)?;
    for round in 0..ROUNDS {
        let at_ms = FIRST_MS + SCRAPE_MS * i64::try_from(round).map_err(other)?;
        let file = profiles.join(format!("{round:04}.pb.gz"));
        for index in 0..TARGETS {
            append(&history, &target(index), at_ms, FIRST_MS - 1, &read(&file)?)?;
        }
    }
    history.maintain(FIRST_MS + DAY_MS / 2).map_err(other)?;
    Ok(())
}

fn a_day(scratch: &Path, folder: &Path, files: &[PathBuf]) -> io::Result<bool> {
    let history = Embedded::open(folder, unthinned()).map_err(other)?;
    // Each time the profiles begin again, the process did too.
    let mut started_ms = FIRST_MS - 1;
    let begin = Instant::now();
    for (index, at_ms) in (FIRST_MS..).step_by(15_000).take(DAY_SCRAPES).enumerate() {
        if index % files.len() == 0 {
            started_ms = at_ms - 5_000;
        }
        let profile = read(&files[index % files.len()])?;
        append(&history, &target(0), at_ms, started_ms, &profile)?;
    }
    println!(
        "{DAY_SCRAPES} profiles of one target, stored in {:.0} s",
        begin.elapsed().as_secs_f64()
    );
    let mut is_met = answers(&history, "in blocks of two hours")?;
    let begin = Instant::now();
    history
        .maintain(FIRST_MS + DAY_MS + DAY_MS / 2)
        .map_err(other)?;
    println!("  made one block in {:.1} s", begin.elapsed().as_secs_f64());
    is_met &= answers(&history, "in the block of a day")?;
    let bytes = history.usage().map_err(other)?.total();
    println!(
        "  {:.1} kB a profile on disk",
        bytes as f64 / 1000.0 / DAY_SCRAPES as f64
    );

    let pprof = Pprof::build(GoVersion::GO_1_27, scratch).map_err(other)?;
    let mut command = pprof.command();
    let output = format!("-output={}", scratch.join("merged.pb.gz").display());
    command.args(["-proto", &output]).args(files);
    let theirs = child::measure(&mut command, PATIENCE)?;
    println!(
        "  go tool pprof -proto on {} of these profiles: {:.1} s",
        files.len(),
        theirs.wall.as_secs_f64()
    );
    Ok(is_met)
}

fn answers(history: &Embedded, where_stored: &str) -> io::Result<bool> {
    println!("  {where_stored}:");
    let day = Range::new(FIRST_MS, FIRST_MS + DAY_MS);
    let selector = Selector::of(&target(0));
    let merged = shortest(|| {
        history
            .merged(&selector, "heap", day, Merge::Default)
            .map(|_| ())
    })?;
    let query = CurveQuery {
        selector: selector.clone(),
        kind: "heap".to_owned(),
        sample_type: Some("inuse_space".to_owned()),
        range: day,
        step_ms: 60_000,
    };
    // Four of five stacks pass it; each profile changes many of these.
    let of = |sample_type: Option<&str>| {
        let query = CurveQuery {
            sample_type: sample_type.map(str::to_owned),
            ..query.clone()
        };
        shortest(|| history.function_curve(&query, "main.render").map(|_| ()))
    };
    let curve = of(Some("inuse_space"))?;
    let allocated = of(Some("alloc_space"))?;
    let all = of(None)?;
    let place = shortest(|| history.stack_curve(&query, &["runtime.main"]).map(|_| ()))?;
    let noon = At::Nearest(FIRST_MS + DAY_MS / 2);
    let single = shortest(|| history.profile_at(&target(0), "heap", noon).map(|_| ()))?;
    println!(
        "    a single profile {single:.0} ms, the curve of a place of few stacks {place:.0} ms"
    );
    println!("    a function's alloc_space {allocated:.0} ms, its four sample types {all:.0} ms");
    let is_fast = judged("  a day's flame graph", merged, "ms", 300.0);
    Ok(judged("  one function's inuse_space", curve, "ms", 100.0) && is_fast)
}

/// The shortest of three times, in milliseconds.
fn shortest(run: impl Fn() -> fathom_history::Result<()>) -> io::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let begin = Instant::now();
        run().map_err(other)?;
        best = best.min(begin.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(best)
}
