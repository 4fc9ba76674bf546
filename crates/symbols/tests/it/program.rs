//! Go programs that the tests build.

use std::path::PathBuf;

use fathom_testkit::toolchain::Cgo;
use tempfile::TempDir;

use crate::objdump::go_1_27;

/// A built program, removed when dropped.
pub(crate) struct Program {
    directory: TempDir,
}

impl Program {
    /// Builds a package `main` of these files for an architecture.
    pub(crate) fn build(files: &[(&str, &str)], architecture: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        std::fs::write(
            directory.path().join("go.mod"),
            "module program\n\ngo 1.22\n",
        )
        .expect("go.mod");
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).expect("a source file");
        }
        let output = go_1_27()
            .command(Cgo::Off)
            .env("GOOS", "linux")
            .env("GOARCH", architecture)
            .args(["build", "-o", "program", "."])
            .current_dir(directory.path())
            .output()
            .expect("the go command runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self { directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("program")
    }
}
