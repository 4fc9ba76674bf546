//! The DuckDB that `cargo xtask test` puts into a Python environment of its own.

use std::path::PathBuf;

use crate::repository;
use crate::toolchain::TOOLS_VARIABLE;

/// The directory of the Python environment.
pub fn duckdb_directory() -> PathBuf {
    let tools = std::env::var_os(TOOLS_VARIABLE).map(PathBuf::from);
    let tools = tools.unwrap_or_else(|| repository().join("target"));
    tools.join("duckdb")
}

/// The Python in it.
pub fn duckdb_python() -> PathBuf {
    let inner = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    duckdb_directory().join(inner)
}
