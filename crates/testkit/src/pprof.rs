//! The real `go tool pprof`, built from a toolchain's own sources, against which ours is
//! compared.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::toolchain::Toolchain;
use crate::{Error, GoVersion};

/// The built tool.
#[derive(Clone, Debug)]
pub struct Pprof {
    program: PathBuf,
    scratch: PathBuf,
}

/// What the tool answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether it ended well.
    pub is_success: bool,
    /// What it wrote to standard output.
    pub output: Vec<u8>,
    /// What it wrote to standard error.
    pub errors: String,
}

impl Pprof {
    /// Builds the tool into `directory`, which should outlive the test: the first build
    /// takes a minute.
    ///
    /// # Errors
    ///
    /// [`Error::NoToolchain`], [`Error::Spawn`] or [`Error::Build`].
    pub fn build(version: GoVersion, directory: &Path) -> Result<Self, Error> {
        let scratch = directory.join("pprof-home");
        std::fs::create_dir_all(&scratch).map_err(|source| Error::File {
            path: scratch.clone(),
            source,
        })?;
        let program = directory.join(format!("pprof-{version}"));
        Toolchain::find(version)?.build_tool("cmd/pprof", &program, &scratch)?;
        Ok(Self { program, scratch })
    }

    /// Returns the command of the tool, which finds no binary, no settings and no
    /// terminal, in UTC.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("-symbolize=none")
            .env_clear()
            .env("HOME", &self.scratch)
            .env("TZ", "UTC")
            .env("PPROF_BINARY_PATH", "/nonexistent")
            .env("PPROF_TMPDIR", &self.scratch)
            .current_dir(&self.scratch);
        command
    }

    /// Runs the tool.
    ///
    /// # Errors
    ///
    /// [`Error::Spawn`] when it cannot be started.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Answer, Error> {
        self.run_reading(arguments, &[])
    }

    /// Runs the tool as [`Pprof::run`] does, with something to read on standard input:
    /// the commands of its shell.
    ///
    /// # Errors
    ///
    /// [`Error::Spawn`] when it cannot be started.
    pub fn run_reading<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> Result<Answer, Error> {
        let failed = |source| Error::Spawn {
            command: self.program.clone(),
            source,
        };
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A tool that fails early reads nothing, which its answer tells.
            let _ = stdin.write_all(input);
        }
        let output = child.wait_with_output().map_err(failed)?;
        Ok(Answer {
            is_success: output.status.success(),
            output: output.stdout,
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
