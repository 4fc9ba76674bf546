//! The repository's tasks: `cargo xtask <task>`.
//!
//! Errors are sentences with a remedy; what a task starts writes straight to the terminal.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that talks to the developer"
)]

mod duckdb;
mod fuzz;
mod go;
mod steps;
mod traces;
mod web;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  test [args]          fetch what the tests need (Go 1.22 and 1.27, the page's packages, DuckDB
                       for Python), then cargo test --workspace; args go to cargo test
  lint                 formatting, clippy, documentation and the page's types, warnings denied
  fetch                only fetch what the tests need
  go <version>         print the path of that Go version's go command, fetching it if needed
  traces [version]     record the execution traces under fixtures/ again, of all Go versions or
                       one, fetching what is needed
  fuzz [--seconds N] [target]
                       run every fuzz target, or one, for N seconds each (60)

environment:
  FATHOM_GO_DIR        a directory that has a subdirectory per Go version (1.27.3/bin/go); what it
                       lacks is put there
  FATHOM_TOOLS         where to keep fetched tools instead of target/ (Go goes to its go/)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("", [].as_slice()),
    };
    let outcome = match task {
        "test" => steps::test(rest),
        "lint" => steps::lint(),
        "fetch" => go::fetch_all()
            .and_then(|()| web::fetch())
            .and_then(|()| duckdb::fetch()),
        "go" => go::print_path(rest),
        "traces" => traces::record(rest),
        "fuzz" => fuzz::run(rest),
        "help" | "-h" | "--help" => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("no task {task:?}\n\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
