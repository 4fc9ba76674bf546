//! The execution traces under `fixtures/`, recorded again.

use std::path::Path;

use fathom_testkit::tracing::{Reference, SCENARIOS, Scenario};
use fathom_testkit::{GoVersion, repository};

use crate::go;

/// The largest that a fixture may be. What the scheduler and the collector do varies, and so
/// does a trace's size.
const LIMIT: u64 = 60_000;

/// How often a scenario is recorded until its trace is small enough.
const ATTEMPTS: u32 = 20;

/// Records every scenario with every version, or with one.
pub(crate) fn record(arguments: &[String]) -> Result<(), String> {
    let versions = match arguments {
        [] => GoVersion::TRACED.to_vec(),
        [version] => {
            let known = GoVersion::TRACED.into_iter();
            let chosen: Vec<_> = known
                .filter(|known| known.to_string() == *version)
                .collect();
            if chosen.is_empty() {
                return Err(format!(
                    "traces are not kept of Go {version:?}; GoVersion::TRACED has the versions"
                ));
            }
            chosen
        }
        _ => return Err("usage: cargo xtask traces [version], such as 1.27.3".to_owned()),
    };
    go::need_c_compiler()?;
    go::fetch(GoVersion::GO_1_27)?;
    let reference = Reference::build().map_err(|error| error.to_string())?;
    for version in versions {
        go::fetch(version)?;
        let directory = repository().join(format!("fixtures/traces/go{version}"));
        std::fs::create_dir_all(&directory)
            .map_err(|error| format!("{}: {error}", directory.display()))?;
        for scenario in SCENARIOS {
            if scenario.since <= version.minor() {
                let file = directory.join(format!("{}.trace", scenario.name));
                let bytes = record_small(scenario, version, &file, &reference)?;
                eprintln!("xtask: {} ({bytes} bytes)", file.display());
            }
        }
    }
    Ok(())
}

/// Records one scenario until the trace is small enough and shows what it is for; the real tool
/// must read each.
fn record_small(
    scenario: Scenario,
    version: GoVersion,
    file: &Path,
    reference: &Reference,
) -> Result<u64, String> {
    for _ in 0..ATTEMPTS {
        let recorded = scenario.record_fixture(version, file);
        recorded.map_err(|error| error.to_string())?;
        reference.parsed(file).map_err(|error| error.to_string())?;
        let metadata = file.metadata();
        let bytes = metadata
            .map_err(|error| format!("{}: {error}", file.display()))?
            .len();
        if bytes <= LIMIT && shows_all(scenario, file, reference)? {
            return Ok(bytes);
        }
    }
    Err(format!(
        "{}: over {LIMIT} bytes, or without one of {:?}, in {ATTEMPTS} attempts; change the \
         scenario or its arguments",
        file.display(),
        scenario.shows
    ))
}

fn shows_all(scenario: Scenario, file: &Path, reference: &Reference) -> Result<bool, String> {
    if scenario.shows.is_empty() {
        return Ok(true);
    }
    let counts = reference.counts(file);
    let counts = counts.map_err(|error| error.to_string())?;
    let mut shown = scenario.shows.iter();
    Ok(shown.all(|&event| counts.contains_key(event)))
}
