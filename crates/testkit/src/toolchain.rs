//! The Go toolchains that live tests build with.
//!
//! `cargo xtask test` puts each version into a directory of its own below one directory:
//! `$FATHOM_GO_DIR`, or else `$FATHOM_TOOLS/go`, or else `target/go`. A version's directory
//! (`1.27.3` or `go1.27.3`) is the toolchain's root or has it as `go`. Nothing here downloads.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, GoVersion, repository};

/// Names the variable that says where the toolchains are.
pub const GO_DIR_VARIABLE: &str = "FATHOM_GO_DIR";

/// Names the variable that says where fetched tools are kept.
pub const TOOLS_VARIABLE: &str = "FATHOM_TOOLS";

/// A Go toolchain on this machine.
#[derive(Clone, Debug)]
pub struct Toolchain {
    version: GoVersion,
    root: PathBuf,
}

/// Whether a program is built with cgo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cgo {
    /// `CGO_ENABLED=0`: no C, no libc.
    Off,
    /// `CGO_ENABLED=1`: needs a C compiler.
    On,
}

impl Toolchain {
    /// Finds the toolchain of a version.
    ///
    /// # Errors
    ///
    /// [`Error::NoToolchain`], which says what to do.
    pub fn find(version: GoVersion) -> Result<Self, Error> {
        let directory = directory();
        Self::find_in(&directory, version).ok_or(Error::NoToolchain {
            version,
            searched: directory,
        })
    }

    /// Finds the toolchain of a version below a directory.
    pub fn find_in(directory: &Path, version: GoVersion) -> Option<Self> {
        let named = [version.to_string(), format!("go{version}")];
        let roots = named.iter().flat_map(|name| {
            let base = directory.join(name);
            [base.join("go"), base]
        });
        roots
            .map(|root| Self { version, root })
            .find(Toolchain::is_complete)
    }

    /// The toolchain's version.
    pub fn version(&self) -> GoVersion {
        self.version
    }

    /// The path of the `go` command.
    pub fn go(&self) -> PathBuf {
        self.root
            .join("bin")
            .join(format!("go{}", std::env::consts::EXE_SUFFIX))
    }

    /// Starts a `go` command line that depends on nothing of this machine's settings and fetches
    /// nothing.
    pub fn command(&self, cgo: Cgo) -> Command {
        let mut command = Command::new(self.go());
        command
            .env("GOROOT", &self.root)
            .env("GOTOOLCHAIN", "local")
            // Without paths of this machine in what is built; and the same flag everywhere, so
            // that the standard library is compiled once.
            .env("GOFLAGS", "-mod=mod -trimpath")
            .env("GOPROXY", "off")
            .env("GOENV", "off")
            .env("GOWORK", "off")
            .env("GOTELEMETRY", "off")
            .env("GOCACHE", directory().join("cache"))
            .env("GOPATH", directory().join("path"))
            .env(
                "CGO_ENABLED",
                match cgo {
                    Cgo::Off => "0",
                    Cgo::On => "1",
                },
            )
            .env_remove("GOEXPERIMENT")
            .env_remove("GODEBUG");
        command
    }

    /// Builds a command of the toolchain's own sources, such as `cmd/pprof`, from within a
    /// directory that has no Go module.
    pub(crate) fn build_tool(
        &self,
        package: &str,
        program: &Path,
        directory: &Path,
    ) -> Result<(), Error> {
        let output = self
            .command(Cgo::Off)
            .args(["build", "-o"])
            .arg(program)
            .arg(package)
            .current_dir(directory)
            .output()
            .map_err(|source| Error::Spawn {
                command: self.go(),
                source,
            })?;
        if output.status.success() {
            Ok(())
        } else {
            Err(Error::Build {
                name: package.to_owned(),
                version: self.version,
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            })
        }
    }

    /// Whether the directory holds this version, not a part of it or another one. A wheel's
    /// `bin/go` beside the real one is a script and has no `VERSION` above it.
    fn is_complete(&self) -> bool {
        let stated = std::fs::read_to_string(self.root.join("VERSION")).unwrap_or_default();
        stated.lines().next() == Some(&format!("go{}", self.version)) && self.go().is_file()
    }
}

/// Returns the directory that has a subdirectory for each toolchain.
pub fn directory() -> PathBuf {
    if let Some(directory) = std::env::var_os(GO_DIR_VARIABLE) {
        return PathBuf::from(directory);
    }
    match std::env::var_os(TOOLS_VARIABLE) {
        Some(tools) => PathBuf::from(tools).join("go"),
        None => repository().join("target").join("go"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_toolchain_tells_the_remedy() {
        let nowhere = Path::new("/nowhere");
        assert!(Toolchain::find_in(nowhere, GoVersion::GO_1_27).is_none());
        let error = Error::NoToolchain {
            version: GoVersion::GO_1_27,
            searched: nowhere.to_path_buf(),
        };
        let message = error.to_string();
        assert!(message.contains("cargo xtask test"), "{message}");
        assert!(message.contains("FATHOM_GO_DIR"), "{message}");
        assert!(message.contains("1.27.3"), "{message}");
    }
}
