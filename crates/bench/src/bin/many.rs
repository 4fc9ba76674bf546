//! Prints what merging many profiles costs, beside `go tool pprof -proto` on the same
//! files, and whether the target is met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin many -- [PROFILES [SAMPLES]]
//! ```
//!
//! Without numbers, 200 profiles of 10,000 samples are generated. Ours reads them in
//! parallel, merges, and writes the result to a file, as the other does.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use fathom_bench::child::{self, Cost};
use fathom_bench::program;
use fathom_profile::merge::merge;
use fathom_profile::{Limits, Profile, encode};
use fathom_testkit::GoVersion;
use fathom_testkit::generator::Shape;
use fathom_testkit::pprof::Pprof;
use rayon::prelude::*;

/// `go tool pprof` takes at least so many times longer.
const LEAST_SPEEDUP: f64 = 30.0;
/// How long `go tool pprof` may take; what it used until then is then told as the least.
const PATIENCE: Duration = Duration::from_mins(10);
/// The first argument of the child that does the measured work.
const CHILD: &str = "--measured-child";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, files)) if first == CHILD => merge_files(files).map(|()| true),
        _ => compare(&arguments),
    };
    program::ended("many", result)
}

/// What the child does: the first file is written, the others are read.
fn merge_files(files: &[String]) -> io::Result<()> {
    let (output, inputs) = files
        .split_first()
        .ok_or_else(|| io::Error::other("no files"))?;
    let profiles: Vec<Profile> = inputs
        .par_iter()
        .map(|input| {
            Profile::parse_owned(std::fs::read(input)?, &Limits::default())
                .map_err(io::Error::other)
        })
        .collect::<io::Result<_>>()?;
    let sources: Vec<&Profile> = profiles.iter().collect();
    let merged = merge(&sources).map_err(io::Error::other)?;
    std::fs::write(output, encode::write_proto(&merged))
}

fn compare(arguments: &[String]) -> io::Result<bool> {
    let number = |at: usize, otherwise: u32| match arguments.get(at) {
        Some(text) => text.parse().map_err(io::Error::other),
        None => Ok(otherwise),
    };
    let (count, samples) = (number(0, 200)?, number(1, 10_000)?);
    let scratch = tempfile::tempdir()?;
    let pprof = Pprof::build(GoVersion::GO_1_27, scratch.path()).map_err(io::Error::other)?;
    // How many of the profiles have stacks of their own; the others repeat these.
    let mut is_met = true;
    for different in [1, count.div_ceil(10), count] {
        let files: Vec<PathBuf> = (0..count)
            .map(|index| write(scratch.path(), samples, index, different))
            .collect::<io::Result<_>>()?;
        println!("{count} profiles of {samples} samples, {different} of them different");
        is_met &= measured(scratch.path(), &pprof, &files)? >= LEAST_SPEEDUP;
    }
    Ok(is_met)
}

/// Merges with both, prints what it costs and returns how many times longer the other
/// takes.
fn measured(scratch: &Path, pprof: &Pprof, files: &[PathBuf]) -> io::Result<f64> {
    let own = std::env::current_exe()?;
    let ours = || {
        let mut command = Command::new(&own);
        command
            .arg(CHILD)
            .arg(scratch.join("ours.pb.gz"))
            .args(files);
        child::measure(&mut command, PATIENCE)
    };
    let best = ours()?.best_with(ours()?).best_with(ours()?);
    line("fathom", best);
    let output = scratch.join("theirs.pb.gz");
    let mut command = pprof.command();
    command.args(["-proto", &format!("-output={}", output.display())]);
    let theirs = child::measure(command.args(files), PATIENCE)?;
    line("go tool pprof -proto", theirs);
    let speedup = theirs.wall.as_secs_f64() / best.wall.as_secs_f64();
    println!("time of go tool pprof to ours: {speedup:.1}, target at least {LEAST_SPEEDUP}");
    Ok(speedup)
}

fn write(directory: &Path, samples: u32, index: u32, different: u32) -> io::Result<PathBuf> {
    let file = directory.join(format!("{index}.pb.gz"));
    let shape = Shape {
        samples,
        seed: u64::from(index % different),
        ..Shape::medium()
    };
    shape.write_gzip(BufWriter::new(File::create(&file)?))?;
    Ok(file)
}

fn line(name: &str, cost: Cost) {
    let least = if cost.finished { "" } else { "at least " };
    let megabytes = cost.peak_bytes as f64 / f64::from(1 << 20);
    println!(
        "{name:<22} {least}{:.2} s {megabytes:.0} MB",
        cost.wall.as_secs_f64()
    );
}
