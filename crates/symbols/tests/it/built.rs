//! Programs that the tests build with a Go toolchain.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use fathom_symbols::{Image, Limits};
use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{Cgo, Toolchain};
use tempfile::TempDir;

/// A directory for what is built, gone after the tests.
static SCRATCH: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a scratch directory"));

/// How a program is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build {
    pub(crate) version: GoVersion,
    pub(crate) system: &'static str,
    pub(crate) architecture: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) linker_flags: &'static str,
}

impl Build {
    pub(crate) fn host(version: GoVersion) -> Self {
        Self {
            version,
            system: "linux",
            architecture: "amd64",
            arguments: &[],
            linker_flags: "",
        }
    }

    fn toolchain(&self) -> Toolchain {
        Toolchain::find(self.version).expect("the Go toolchain")
    }

    /// Builds a program of these tests' own and returns its path.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it")
            .join(name);
        self.run(&source, &["."])
    }

    /// Builds a command of the toolchain itself.
    pub(crate) fn command(&self, package: &str) -> PathBuf {
        self.run(SCRATCH.path(), &[package])
    }

    fn run(&self, directory: &Path, packages: &[&str]) -> PathBuf {
        // Not in a shared place: tests run at the same time.
        let target = tempfile::Builder::new()
            .disable_cleanup(true)
            .tempdir_in(SCRATCH.path())
            .expect("a directory")
            .path()
            .join("program");
        let output = self
            .toolchain()
            .command(Cgo::Off)
            .env("GOOS", self.system)
            .env("GOARCH", self.architecture)
            .args(["build", "-o"])
            .arg(&target)
            .args(self.arguments)
            .arg(format!("-ldflags={}", self.linker_flags))
            .args(packages)
            .current_dir(directory)
            .output()
            .expect("the go command runs");
        assert!(
            output.status.success(),
            "{self:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        target
    }

    /// Runs a tool of the toolchain and returns what it prints.
    pub(crate) fn tool(&self, arguments: &[&str], program: &Path, input: &str) -> String {
        use std::io::Write;
        use std::process::Stdio;
        let mut child = self
            .toolchain()
            .command(Cgo::Off)
            .arg("tool")
            .args(arguments)
            .arg(program)
            .current_dir(SCRATCH.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the go command runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("the tool ends");
        writer.join().expect("no panic").expect("the tool reads");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("the tool prints UTF-8")
    }
}

/// Reads a binary.
pub(crate) fn image(path: &Path) -> Image {
    let bytes = fs::read(path).expect("the binary");
    Image::parse(bytes, &Limits::default()).expect("a binary")
}

/// Runs a program and returns what it prints.
pub(crate) fn output_of(program: &Path) -> String {
    let output = Command::new(program).output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}
