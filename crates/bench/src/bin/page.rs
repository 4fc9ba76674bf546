//! Prints what one waits for on the page of `fathom open` beside that of `go tool pprof -http`,
//! over one generated profile, as a table of `docs/performance.md`, and whether the targets are
//! met.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin page -- [--alone] [SAMPLES]
//! ```
//!
//! Without a number the profile has 500,000 samples, 30 to 60 locations deep. Builds `fathom`
//! in release mode first. Needs Node.js, Chromium and what `cargo xtask fetch` installs; with
//! `--alone` the page of `go tool pprof` is not measured, which takes minutes.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use fathom_bench::program::{self, build_fathom};
use fathom_testkit::generator::Shape;
use fathom_testkit::pprof::Pprof;
use fathom_testkit::{GoVersion, chromium};

/// The targets: the first picture, hovering, zooming, memory beside the decompressed
/// profile, and a view that was asked for before, with 20 clients at once.
const FIRST: Duration = Duration::from_secs(2);
const HOVER: Duration = Duration::from_millis(16);
const ZOOM: Duration = Duration::from_millis(33);
const TIMES_PROFILE: f64 = 5.0;
const CACHED: Duration = Duration::from_millis(250);

const CLIENTS: usize = 20;
/// How often each client asks.
const QUESTIONS: usize = 25;
/// Pages are opened so often; the best counts.
const RUNS: usize = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    program::ended("page", compare(&arguments))
}

fn compare(arguments: &[String]) -> io::Result<bool> {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let samples = arguments.iter().find_map(|argument| argument.parse().ok());
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("profile.pb.gz");
    let shape = Shape {
        samples: samples.unwrap_or(500_000),
        ..Shape::large()
    };
    shape.write_gzip(BufWriter::new(File::create(&file)?))?;
    let size = decompressed(&file)?;
    let fathom = build_fathom()?;

    println!(
        "| {} samples | first picture | hover | zoom | memory |",
        shape.samples
    );
    println!("|---|---:|---:|---:|---:|");
    let once = || match Opened::new("fathom", &fathom, &file)? {
        Some(opened) => Ok(opened),
        None => Err(io::Error::other("the page of fathom shows no picture")),
    };
    let mut ours = once()?;
    for _ in 1..RUNS {
        ours = ours.best_with(&once()?);
    }
    println!("| `fathom open` | {ours} |");
    if !has("--alone") {
        let pprof = Pprof::build(GoVersion::GO_1_27, scratch.path()).map_err(io::Error::other)?;
        let program = PathBuf::from(pprof.command().get_program());
        match Opened::new("pprof", &program, &file)? {
            Some(theirs) => println!("| `go tool pprof -http` | {theirs} |"),
            None => println!("| `go tool pprof -http` | none in 5 minutes | | | |"),
        }
    }
    let times = ours.peak_bytes / size as f64;
    println!("\nThe server held {times:.1} times the decompressed profile at most.");

    let served = Served::start(&fathom, &file)?;
    let cached = "flame/columns";
    served.ask(cached)?;
    let mut took = served.ask_at_once(cached, QUESTIONS)?;
    took.sort_unstable();
    let at = |share: usize| {
        took.get(took.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    let (half, last) = (at(50), at(99));
    println!(
        "{CLIENTS} clients at once, a view that was made: median {}, p99 {}.",
        milliseconds(half),
        milliseconds(last)
    );
    let alone = served.ask("flame/columns?focus=Server2")?;
    let together = served.ask_at_once("flame/columns?focus=Server3", 1)?;
    let together = together.into_iter().max().unwrap_or_default();
    println!(
        "A view that was not: {} for one client, {} for the last of {CLIENTS}.",
        milliseconds(alone),
        milliseconds(together)
    );

    let is_met = ours.first <= FIRST
        && ours.hover <= HOVER
        && ours.zoom <= ZOOM
        && times <= TIMES_PROFILE
        && last <= CACHED;
    println!(
        "\nFirst picture within {} s, hover {} ms, zoom {} ms, {TIMES_PROFILE} times the profile, \
         p99 {} ms: {}",
        FIRST.as_secs(),
        HOVER.as_millis(),
        ZOOM.as_millis(),
        CACHED.as_millis(),
        if is_met { "met" } else { "MISSED" }
    );
    Ok(is_met)
}

/// What one waits for on a page, medians of hovers and zooms.
struct Opened {
    first: Duration,
    hover: Duration,
    zoom: Duration,
    peak_bytes: f64,
}

impl Opened {
    /// Opens a page in Chromium, as `web/tests/bench.mjs` does; `None` where it shows no
    /// picture in five minutes.
    fn new(kind: &str, program: &Path, profile: &Path) -> io::Result<Option<Self>> {
        let missing = || io::Error::other("there is no Chromium: apt-get install chromium");
        let output = Command::new("node")
            .args(["tests/bench.mjs", chromium().ok_or_else(missing)?, kind])
            .args([program, profile])
            .current_dir(fathom_testkit::repository().join("web"))
            .stderr(Stdio::inherit())
            .output()?;
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        if answer.get("first").is_some_and(serde_json::Value::is_null) {
            return Ok(None);
        }
        let number = |name: &str| {
            let missing = || io::Error::other(format!("the page's measurement lacks {name}"));
            answer
                .get(name)
                .and_then(serde_json::Value::as_f64)
                .ok_or_else(missing)
        };
        let time = |name: &str| Ok::<_, io::Error>(Duration::from_secs_f64(number(name)? / 1e3));
        Ok(Some(Self {
            first: time("first")?,
            hover: time("hover")?,
            zoom: time("zoom")?,
            peak_bytes: number("peak")?,
        }))
    }

    /// The shorter times and the larger memory of two.
    fn best_with(&self, other: &Self) -> Self {
        Self {
            first: self.first.min(other.first),
            hover: self.hover.min(other.hover),
            zoom: self.zoom.min(other.zoom),
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
        }
    }
}

impl std::fmt::Display for Opened {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:.2} s | {} | {} | {:.0} MB",
            self.first.as_secs_f64(),
            milliseconds(self.hover),
            milliseconds(self.zoom),
            self.peak_bytes / f64::from(1 << 20)
        )
    }
}

/// A fathom that serves, ended with this.
struct Served {
    child: Child,
    host: String,
    token: String,
}

impl Served {
    fn start(fathom: &Path, profile: &Path) -> io::Result<Self> {
        let mut child = Command::new(fathom)
            .args(["open", "--no-browser"])
            .arg(profile)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let strange = || io::Error::other(format!("no address in {line:?}"));
        let rest = line.trim().strip_prefix("http://").ok_or_else(strange)?;
        let (host, below) = rest.split_once('/').ok_or_else(strange)?;
        Ok(Self {
            child,
            host: host.to_owned(),
            token: below.split('/').next().unwrap_or_default().to_owned(),
        })
    }

    /// How long an answer takes.
    fn ask(&self, path: &str) -> io::Result<Duration> {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(&self.host)?;
        write!(
            stream,
            "GET /{}/api/v1/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.token, self.host
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        if !answer.starts_with(b"HTTP/1.1 200 ") {
            return Err(io::Error::other(format!("{path} is not answered")));
        }
        Ok(begin.elapsed())
    }

    /// How long each of the answers takes that all clients ask for, one after the other.
    fn ask_at_once(&self, path: &str, times: usize) -> io::Result<Vec<Duration>> {
        std::thread::scope(|scope| {
            let ask = || {
                (0..times)
                    .map(|_| self.ask(path))
                    .collect::<io::Result<Vec<_>>>()
            };
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
            let mut all = Vec::new();
            for client in clients {
                let failed = |_| Err(io::Error::other("a client failed"));
                all.extend(client.join().unwrap_or_else(failed)?);
            }
            Ok(all)
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn decompressed(file: &Path) -> io::Result<u64> {
    io::copy(
        &mut flate2::read::GzDecoder::new(File::open(file)?),
        &mut io::sink(),
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
