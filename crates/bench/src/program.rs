//! The program that is measured.

use std::io;
use std::path::PathBuf;
use std::process::Command;

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
