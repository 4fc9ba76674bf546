//! Prints what `fathom pprof` costs beside `go tool pprof`, command by command over the same
//! generated profiles, as the table of `docs/performance.md`, and whether the targets are met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin pprof -- [--quick] [SAMPLES…]
//! ```
//!
//! Without numbers, profiles of 100,000 and 500,000 samples (20,000 with `--quick`), 30 to 60
//! locations deep, are generated. Builds `fathom` in release mode first. What the shell needs
//! for a command after the first one is measured too.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use fathom_bench::child::{self, Cost};
use fathom_bench::program::{self, build_fathom};
use fathom_testkit::GoVersion;
use fathom_testkit::generator::Shape;
use fathom_testkit::pprof::Pprof;

/// `go tool pprof` takes at least so many times longer.
const LEAST_SPEEDUP: f64 = 50.0;
/// `go tool pprof` takes at least so many times as much memory.
const LEAST_MEMORY: f64 = 5.0;
/// The most that a further command in the shell may take.
const MOST_SHELL: Duration = Duration::from_millis(100);
/// How long `go tool pprof` may take; what it used until then is then told as the least.
const PATIENCE: Duration = Duration::from_mins(20);
/// Ours is run so often; the shortest time and the largest memory count.
const RUNS: u32 = 3;
/// How many further commands the shell is given.
const QUESTIONS: u32 = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    program::ended("pprof", compare(&arguments))
}

fn compare(arguments: &[String]) -> io::Result<bool> {
    let mut sizes = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--quick" => sizes.push(20_000),
            number => sizes.push(number.parse().map_err(io::Error::other)?),
        }
    }
    if sizes.is_empty() {
        sizes = vec![100_000, 500_000];
    }
    let scratch = tempfile::tempdir()?;
    let peers = Peers {
        fathom: build_fathom()?,
        pprof: Pprof::build(GoVersion::GO_1_27, scratch.path()).map_err(io::Error::other)?,
        scratch: scratch.path(),
    };
    println!(
        "| samples | command | fathom | go tool pprof | times faster | memory | go tool pprof | times less |"
    );
    println!("|---:|---|---:|---:|---:|---:|---:|---:|");
    let mut is_met = true;
    let mut shell = Vec::new();
    for samples in sizes {
        let file = scratch.path().join(format!("{samples}.pb.gz"));
        let shape = Shape {
            samples,
            ..Shape::large()
        };
        shape.write_gzip(BufWriter::new(File::create(&file)?))?;
        let base = format!("-diff_base={}", file.display());
        for flags in [
            &["-top"][..],
            &["-tree"],
            &["-dot"],
            &["-traces"],
            &["-top", &base],
        ] {
            is_met &= peers.row(samples, flags, &file)?;
        }
        for command in ["top N", "tree N", "peek ServerN.*serve", "nodecount=N; dot"] {
            shell.push((samples, command, peers.in_the_shell(command, &file)?));
        }
    }
    println!("\n| samples | in the shell | a further command takes |\n|---:|---|---:|");
    for (samples, command, took) in shell {
        println!(
            "| {samples} | `{command}` | {:.0} ms |",
            took.as_secs_f64() * 1e3
        );
        is_met &= took <= MOST_SHELL;
    }
    let verdict = if is_met { "met" } else { "MISSED" };
    println!(
        "\nAt least {LEAST_SPEEDUP} times faster, {LEAST_MEMORY} times less memory, at most {} ms \
         in the shell: {verdict}",
        MOST_SHELL.as_millis()
    );
    Ok(is_met)
}

struct Peers<'a> {
    fathom: PathBuf,
    pprof: Pprof,
    scratch: &'a Path,
}

impl Peers<'_> {
    /// Measures one command with both and prints a row; whether it meets the targets.
    fn row(&self, samples: u32, flags: &[&str], file: &Path) -> io::Result<bool> {
        let once = || {
            let mut command = self.ours();
            child::measure(command.args(flags).arg(file), PATIENCE)
        };
        let mut ours = once()?;
        for _ in 1..RUNS {
            ours = ours.best_with(once()?);
        }
        let theirs = child::measure(self.pprof.command().args(flags).arg(file), PATIENCE)?;
        let speedup = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
        let memory = theirs.peak_bytes as f64 / ours.peak_bytes.max(1) as f64;
        let name = flags
            .iter()
            .map(|flag| flag.split('=').next().unwrap_or_default());
        let name: Vec<&str> = name.collect();
        let least = if theirs.finished { "" } else { "> " };
        println!(
            "| {samples} | `{}` | {} | {least}{} | {least}{speedup:.0} | {} | {} | {memory:.1} |",
            name.join(" "),
            seconds(ours),
            seconds(theirs),
            megabytes(ours),
            megabytes(theirs)
        );
        Ok(speedup >= LEAST_SPEEDUP && memory >= LEAST_MEMORY)
    }

    /// How long a command takes in a shell that has answered `top`: what a session of many
    /// costs more than a session without it. Each time `N` is another number, so that no
    /// command is asked twice.
    fn in_the_shell(&self, command: &str, file: &Path) -> io::Result<Duration> {
        let session = |count: u32| {
            let mut best = Duration::MAX;
            for _ in 0..RUNS {
                let begin = Instant::now();
                let mut child = self
                    .ours()
                    .arg(file)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()?;
                if let Some(mut stdin) = child.stdin.take() {
                    writeln!(stdin, "top")?;
                    for number in 0..count {
                        let command = command.replace('N', &(20 + number).to_string());
                        writeln!(stdin, "{}", command.replace("; ", "\n"))?;
                    }
                }
                if !child.wait()?.success() {
                    return Err(io::Error::other("the shell failed"));
                }
                best = best.min(begin.elapsed());
            }
            Ok(best)
        };
        let (none, many) = (session(0)?, session(QUESTIONS)?);
        Ok(many.saturating_sub(none) / QUESTIONS)
    }

    fn ours(&self) -> Command {
        let mut command = Command::new(&self.fathom);
        command
            .args(["pprof", "-symbolize=none"])
            .env_remove("FATHOM_PPROF_COMPAT")
            .env("HOME", self.scratch)
            .env("PPROF_BINARY_PATH", "/nonexistent")
            .env("PPROF_TMPDIR", self.scratch);
        command
    }
}

fn seconds(cost: Cost) -> String {
    format!("{:.2} s", cost.wall.as_secs_f64())
}

fn megabytes(cost: Cost) -> String {
    format!("{:.0} MB", cost.peak_bytes as f64 / f64::from(1 << 20))
}
