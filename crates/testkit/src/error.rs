//! Why a toolchain or a program is not to be had.

use std::path::PathBuf;

use crate::GoVersion;

/// A failure to find a toolchain, or to build, start or ask a program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The toolchain is in none of the places where it may be.
    #[error(
        "go {version} is not in {}: run `cargo xtask test`, which fetches it, or set {} to a directory that has it",
        searched.display(),
        crate::toolchain::GO_DIR_VARIABLE
    )]
    NoToolchain {
        /// The version that was asked for.
        version: GoVersion,
        /// The directory that was searched.
        searched: PathBuf,
    },
    /// A page of the reference's web server is not as it was when its parser was written.
    #[error("{page}: {reason}")]
    Page {
        /// Which page.
        page: &'static str,
        /// What it lacks.
        reason: String,
    },
    /// `testbed/` has no program of that name.
    #[error("testbed has no program {name:?}")]
    NoProgram {
        /// The name that was asked for.
        name: String,
    },
    /// A file or directory could not be read, made or removed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A command could not be started.
    #[error("cannot run {}: {source}", command.display())]
    Spawn {
        /// The command.
        command: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `go build` failed.
    #[error("go {version} does not build {name}:\n{output}")]
    Build {
        /// The program.
        name: String,
        /// The toolchain.
        version: GoVersion,
        /// What the toolchain wrote to standard error.
        output: String,
    },
    /// The program ended, or waited too long, before it was ready.
    #[error("{name} ended or hung before it was ready:\n{output}")]
    NotReady {
        /// The program.
        name: String,
        /// What the program wrote to standard error.
        output: String,
    },
    /// The program ended badly, or did not do what it was started for.
    #[error("{name} failed:\n{output}")]
    Failed {
        /// The program.
        name: String,
        /// What the program wrote to standard error.
        output: String,
    },
    /// A request to the program failed.
    #[error("GET {url}: {reason}")]
    Http {
        /// What was asked for.
        url: String,
        /// The status line, or what the system said.
        reason: String,
    },
}

impl Error {
    /// Names the file that an input or output error concerns.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
