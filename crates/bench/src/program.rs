//! The program that is measured, and how one that measures ends.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// How a program ends that compares: 0 where the targets are met, 1 where not, 2 with the error
/// after its name.
pub fn ended(name: &str, is_met: io::Result<bool>) -> ExitCode {
    match is_met {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let _ = writeln!(io::stderr(), "{name}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Builds `fathom` in release mode; it lies beside the program that runs.
///
/// # Errors
///
/// When it cannot be built.
pub fn build_fathom() -> io::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "-p", "fathom"])
        .status()?;
    let program = std::env::current_exe()?;
    let built = program.with_file_name(format!("fathom{}", std::env::consts::EXE_SUFFIX));
    if !status.success() || !built.exists() {
        return Err(io::Error::other(
            "fathom could not be built in release mode",
        ));
    }
    Ok(built)
}
