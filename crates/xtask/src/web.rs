//! The page: its packages, its types, the browser that tests it.

use std::path::{Path, PathBuf};
use std::process::Command;

use fathom_testkit::{chromium, repository};

use crate::steps::run;

fn web() -> PathBuf {
    repository().join("web")
}

/// Installs what the lock file says, tests' packages too, unless that was done.
pub(crate) fn fetch() -> Result<(), String> {
    let web = web();
    let read = |path: &Path| std::fs::read(path).map_err(|error| at(path, &error));
    let lock = read(&web.join("package-lock.json"))?;
    // The build of the server leaves the same mark, and installs less.
    let mark = web.join("node_modules/.fathom-lock");
    let is_there = web.join("node_modules/typescript").is_dir();
    if is_there && read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(npm);
    command.args(["ci", "--ignore-scripts", "--loglevel=error"]);
    run(command.current_dir(&web)).map_err(|error| {
        format!("{error}\nthe page needs Node.js 18 or later with npm (Debian, Ubuntu: apt-get install nodejs npm)")
    })?;
    std::fs::write(&mark, lock).map_err(|error| at(&mark, &error))
}

/// Checks the types of the page.
pub(crate) fn check() -> Result<(), String> {
    let mut command = Command::new("node");
    command.args(["node_modules/typescript/bin/tsc", "--noEmit"]);
    run(command.current_dir(web()))
}

/// Fails where there is no browser for the tests of the page.
pub(crate) fn need_browser() -> Result<(), String> {
    if chromium().is_some() || !cfg!(target_os = "linux") {
        return Ok(());
    }
    Err(
        "no Chromium, in which the page is tested (Debian, Ubuntu: apt-get install chromium)"
            .to_owned(),
    )
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
