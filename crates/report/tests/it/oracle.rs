//! The real `go tool pprof`, built once from the toolchain that the tests use.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{Cgo, Toolchain};
use tempfile::TempDir;

/// A place for the tool's caches and whatever it leaves in a home directory.
static SCRATCH: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a scratch directory"));

static PPROF: LazyLock<PathBuf> = LazyLock::new(|| {
    // Kept between runs: building takes a minute.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = kept.join("pprof");
    let go = Toolchain::find(GoVersion::GO_1_27).expect("the toolchain of Go 1.27.3");
    let output = go
        .command(Cgo::Off)
        .args(["build", "-o"])
        .arg(&program)
        .arg("cmd/pprof")
        .current_dir(SCRATCH.path())
        .output()
        .expect("the go command runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
});

/// Runs `go tool pprof -top` with further arguments and returns what it prints.
pub(crate) fn top(arguments: &[String], profile: &Path) -> String {
    let output = Command::new(&*PPROF)
        .args(["-symbolize=none", "-top"])
        .args(arguments)
        .arg(profile)
        .env_clear()
        .env("HOME", SCRATCH.path())
        .env("TZ", "UTC")
        .env("PPROF_BINARY_PATH", "/nonexistent")
        .env("PPROF_TMPDIR", SCRATCH.path())
        .current_dir(SCRATCH.path())
        .output()
        .expect("pprof runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{arguments:?} {}: {errors}",
        profile.display()
    );
    String::from_utf8(output.stdout).expect("pprof prints UTF-8")
}
