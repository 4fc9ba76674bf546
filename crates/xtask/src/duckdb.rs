//! DuckDB, with which the files of the history are read as users would.

use std::process::{Command, Stdio};

use fathom_testkit::{duckdb_directory, duckdb_python};

use crate::steps::run;

/// The version that the documented queries are tested with.
const VERSION: &str = "2.0.0";

/// Makes a Python environment with DuckDB, unless there is one.
pub(crate) fn fetch() -> Result<(), String> {
    let check = format!("import duckdb; assert duckdb.__version__ == '{VERSION}'");
    let is_there = Command::new(duckdb_python())
        .args(["-c", &check])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if is_there {
        return Ok(());
    }
    let python = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(python)
        .args(["-m", "venv"])
        .arg(duckdb_directory()))
    .map_err(|error| {
        format!(
            "{error}\nthe files of the history are tested with DuckDB for Python (Debian, Ubuntu: \
             apt-get install python3-venv)"
        )
    })?;
    let package = format!("duckdb=={VERSION}");
    run(Command::new(duckdb_python()).args(["-m", "pip", "install", "--quiet", &package]))
}
