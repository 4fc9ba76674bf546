//! The binary as users run it: on recorded evidence, in the folder `fixtures`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod capture;
mod contracts;
mod convert;
mod diff;
mod explain;
mod flame;
mod gctrace;
mod goroutines;
mod help;
#[cfg(all(feature = "page", target_os = "linux"))]
mod history_page;
mod leaks;
mod live;
mod merge;
mod options;
mod page;
mod pprof;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod series;
mod shell;
mod surroundings;
#[cfg(target_os = "linux")]
mod symbolize;
mod top;
mod trace;
mod viewers;
mod views;
#[cfg(target_os = "linux")]
mod watch;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const LEAK: &str = "causes/go1.27.3/goroutine_leak";
const FORMATS: &str = "formats/go1.27.3";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Makes a command whose environment decides nothing.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fathom"));
    command
        .args(arguments)
        .current_dir(fixtures())
        .env("COLUMNS", "80")
        .env("TZ", "UTC");
    for name in [
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "GODEBUG",
        "FATHOM_USER",
        "FATHOM_BEARER",
        "FATHOM_PPROF_COMPAT",
        "BROWSER",
    ] {
        command.env_remove(name);
    }
    command
}

/// What a command did.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// Returns standard output of a command that went well.
    #[track_caller]
    fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Returns standard error of a command that failed, and printed no data.
    #[track_caller]
    fn failed(self) -> String {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (Some(2), ""),
            "{}",
            self.stderr
        );
        self.stderr
    }
}

fn fathom(arguments: &[&str]) -> Done {
    command(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into()
}

fn fathom_reading(arguments: &[&str], stdin: &[u8]) -> Done {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(stdin).unwrap();
    drop(pipe);
    child.wait_with_output().unwrap().into()
}

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&fathom(arguments).fine()).unwrap()
}
