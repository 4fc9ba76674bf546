//! Profiles without names become named: of Go programs, of C++, by their servers.

mod cgo;
mod foreign;
mod go;
mod messages;
mod native;
mod remote;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fathom_profile::encode::write_proto;
use fathom_profile::{Limits, Profile, ProfileBuilder};
use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{Cgo, Toolchain};
use tempfile::TempDir;

use crate::{Done, command};

/// Runs ours with nothing of this machine around it but `variables`.
fn ours(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let home = TempDir::new().unwrap();
    let mut command = command(&["pprof"]);
    command
        .args(arguments)
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("PPROF_TMPDIR", home.path())
        .env("PPROF_BINARY_PATH", "/nonexistent")
        .env_remove("DEBUGINFOD_URLS")
        .env_remove("PPROF_TOOLS")
        .envs(variables.iter().copied());
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// A Go program of these tests, built.
struct Built {
    directory: TempDir,
    program: PathBuf,
}

fn build(name: &str, version: GoVersion, arguments: &[&str]) -> Built {
    build_for(name, version, arguments, Cgo::Off, &[])
}

/// Builds with further variables in the environment, such as another system.
fn build_for(
    name: &str,
    version: GoVersion,
    arguments: &[&str],
    cgo: Cgo,
    variables: &[(&str, &str)],
) -> Built {
    let directory = TempDir::new().unwrap();
    let program = directory.path().join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/symbolize");
    let output = Toolchain::find(version)
        .unwrap()
        .command(cgo)
        .args(["build", "-buildvcs=false", "-o"])
        .arg(&program)
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(sources.join(name))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
    Built { directory, program }
}

fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str], directory: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn parsed(path: &Path) -> Profile {
    Profile::parse(&fs::read(path).unwrap(), &Limits::default()).unwrap()
}

/// Writes a profile without functions and lines: addresses and mappings stay.
fn write_bare(profile: &Profile, path: &Path) {
    let mut builder = ProfileBuilder::new(&Limits::default());
    for column in 0..profile.sample_types().len() {
        let (kind, unit) = profile.sample_type(column);
        builder.add_sample_type(kind, unit).unwrap();
    }
    if let Some((kind, unit)) = profile.period_type() {
        builder.set_period(kind, unit, profile.period()).unwrap();
    }
    let mut mappings = Vec::new();
    for mapping in profile.mappings() {
        let mut bare = *mapping;
        bare.file = builder.string(profile.text(mapping.file)).unwrap();
        bare.build_id = builder.string(profile.text(mapping.build_id)).unwrap();
        bare.symbols = fathom_profile::Symbolization::default();
        mappings.push(builder.add_mapping(bare).unwrap());
    }
    let mut locations = Vec::new();
    for id in profile.location_ids() {
        let mapping = profile.location_mapping(id).map(|it| mappings[it.index()]);
        let bare = builder.another_location(profile.address(id), mapping, &[], false);
        locations.push(bare.unwrap());
    }
    for sample in 0..profile.sample_count() {
        let stack: Vec<_> = profile
            .stack(sample)
            .iter()
            .map(|id| locations[id.index()])
            .collect();
        let columns = 0..profile.sample_types().len();
        let values: Vec<i64> = columns
            .map(|column| profile.value(sample, column))
            .collect();
        builder.add_sample(&stack, &values, &[]).unwrap();
    }
    fs::write(path, write_proto(&builder.finish())).unwrap();
}

/// The lines of each location: function, system name, start line, file and line.
fn lines(profile: &Profile) -> Vec<String> {
    let each = profile.location_ids().map(|id| {
        let mut told = format!("{:#x}", profile.address(id));
        for line in profile.lines(id) {
            let function = line.function.unwrap();
            write!(
                told,
                " | {} {} {} {}:{}",
                profile.function_name(function),
                profile.function_system_name(function),
                profile.function_start_line(function),
                profile.function_file(function),
                line.line
            )
            .unwrap();
        }
        told
    });
    each.collect()
}
