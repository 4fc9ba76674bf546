//! Records live Go programs whose course is known, and prints what is said of each.
//!
//! ```text
//! cargo run --release -p fathom-bench --bin growth -- [MINUTES [FATHOM]]
//! ```
//!
//! Each kind of `testbed/course` runs for 45 minutes without a number: a leak is found in half an
//! hour after ten minutes of warm-up. The innocent ones must not be accused.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;
use serde_json::Value;

/// The kinds, each with its arguments, the finding that is due, and the line that it must name.
const KINDS: [(&str, &[&str], &str, &str); 11] = [
    ("flat", &[], "", ""),
    ("cache", &[], "", ""),
    ("saw", &[], "", ""),
    ("pool", &[], "", ""),
    ("load", &[], "", ""),
    ("step", &[], "growth-step", "main.collect"),
    ("map", &[], "growth-step", "main.remember"),
    ("goroutines", &[], "growth-goroutines", "main.wait"),
    ("leak", &["-rate", "10e3"], "growth-live-heap", "main.leak"),
    ("leak", &["-rate", "100e3"], "growth-live-heap", "main.leak"),
    ("leak", &["-rate", "1e6"], "growth-live-heap", "main.leak"),
];

/// A program that ends with this one.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let minutes: u32 = arguments.next().map_or(Ok(45), |text| text.parse())?;
    let fathom = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => fathom_bench::program::build_fathom()?,
    };
    let program = Program::new("course", GoVersion::GO_1_27).build()?;
    let folder = tempfile::tempdir()?;
    let mut running = Vec::new();
    let mut config = "scrape_configs:\n  - job_name: course\n    static_configs:\n".to_owned();
    for (number, (kind, flags, ..)) in KINDS.iter().enumerate() {
        let (child, address) = start(&program, kind, flags)?;
        running.push(child);
        writeln!(
            config,
            "      - targets: [{address:?}]\n        labels: {{number: \"{number}\"}}"
        )?;
    }
    let path = folder.path().join("fathom.yaml");
    std::fs::write(&path, config)?;
    let kept = folder.path().join("kept");
    let status = Command::new(&fathom)
        .arg("record")
        .arg("-c")
        .arg(&path)
        .arg("-o")
        .arg(&kept)
        .args(["--for", &format!("{minutes}m")])
        .status()?;
    if !status.success() {
        return Err("fathom record failed".into());
    }
    drop(running);
    let told = Command::new(&fathom)
        .args(["leaks", "--json"])
        .arg(&kept)
        .output()?;
    let told: Value = serde_json::from_slice(&told.stdout)?;
    if report(&told)? {
        Ok(())
    } else {
        Err("not all were judged as is right".into())
    }
}

fn start(program: &Path, kind: &str, flags: &[&str]) -> Result<(Running, String), Box<dyn Error>> {
    let mut child = Command::new(program)
        .args(["-kind", kind])
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no standard output")?;
    let running = Running(child);
    let ready = BufReader::new(stdout).lines().next();
    let ready = ready.ok_or("the program said nothing")??;
    let address = ready.strip_prefix("READY ").ok_or("it is not ready")?;
    Ok((running, address.to_owned()))
}

/// Prints a line for each program, and says whether all are as they should be.
fn report(told: &Value) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    writeln!(out, "| program | found | |")?;
    writeln!(out, "|---|---|---|")?;
    let empty = Vec::new();
    let mut all = true;
    for (number, (kind, flags, due, line)) in KINDS.iter().enumerate() {
        let number = number.to_string();
        let targets = told["targets"].as_array().unwrap_or(&empty);
        let target = targets
            .iter()
            .find(|target| target["target"]["number"] == number.as_str());
        let findings = target.and_then(|target| target["findings"].as_array());
        let findings = findings.unwrap_or(&empty);
        let first = findings.first();
        let title = first.map_or("", |finding| finding["title"].as_str().unwrap_or(""));
        let id = first.map_or("", |finding| finding["id"].as_str().unwrap_or(""));
        let is_right = target.is_some() && id == *due && title.contains(line);
        all &= is_right;
        let verdict = if is_right { "right" } else { "wrong" };
        let name = [&[*kind], *flags].concat().join(" ");
        writeln!(out, "| {name} | {title} | {verdict} |")?;
    }
    Ok(all)
}
