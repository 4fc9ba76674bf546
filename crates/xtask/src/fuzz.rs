//! Running the fuzz targets of `fuzz/`.

use std::path::Path;

use fathom_testkit::repository;

use crate::go::answers;
use crate::steps::{self, cargo};

/// How long each target runs unless told otherwise, in seconds.
const SECONDS: u32 = 60;

/// Runs every target, or the one that is named, for a number of seconds each.
fn run_targets(targets: &[String], seconds: u32) -> Result<(), String> {
    for target in targets {
        let seeds = repository().join("fuzz").join("seeds").join(target);
        let corpus = repository().join("fuzz").join("corpus").join(target);
        std::fs::create_dir_all(&corpus)
            .map_err(|error| format!("{}: {error}", corpus.display()))?;
        let mut command = cargo(&["fuzz", "run", target]);
        command.arg(&corpus);
        if seeds.is_dir() {
            command.arg(&seeds);
        }
        command
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            // Fuzzing needs instrumentation that stable compilers keep behind this.
            .env("RUSTC_BOOTSTRAP", "1");
        steps::run(&mut command)?;
    }
    Ok(())
}

/// Reads the task's arguments and runs what they ask for.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let mut seconds = SECONDS;
    let mut chosen = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            let value = rest.next().map_or("", String::as_str);
            seconds = value
                .parse()
                .map_err(|_| format!("--seconds needs a number, not {value:?}"))?;
        } else if argument.starts_with('-') {
            return Err(format!("fuzz has no option {argument:?}"));
        } else {
            chosen = Some(argument.clone());
        }
    }
    let targets = targets(&repository().join("fuzz").join("fuzz_targets"))?;
    let selected = match chosen {
        None => targets,
        Some(name) if targets.contains(&name) => vec![name],
        Some(name) => {
            return Err(format!(
                "no fuzz target {name:?}; there are {}",
                targets.join(", ")
            ));
        }
    };
    if !answers("cargo", &["fuzz", "--version"]) {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz".to_owned());
    }
    run_targets(&selected, seconds)
}

/// Returns the names of the targets, sorted.
fn targets(directory: &Path) -> Result<Vec<String>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|kind| kind == "rs")
            && let Some(name) = path.file_stem()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}
