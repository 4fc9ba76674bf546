//! The steps that are cargo commands.

use std::process::Command;

use fathom_testkit::{repository, toolchain};

use crate::{duckdb, go, web};

/// Fetches what the tests need and runs all of them, documentation tests too.
pub(crate) fn test(arguments: &[String]) -> Result<(), String> {
    go::need_c_compiler()?;
    go::fetch_all()?;
    web::fetch()?;
    duckdb::fetch()?;
    web::need_browser()?;
    let mut command = cargo(&["test", "--workspace"]);
    command
        .args(arguments)
        .env(toolchain::GO_DIR_VARIABLE, toolchain::directory());
    run(&mut command)
}

/// Checks formatting, lints, documentation and the types of the page.
pub(crate) fn lint() -> Result<(), String> {
    web::fetch()?;
    web::check()?;
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    run(&mut documentation)
}

/// Returns a cargo command line at the root of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(repository());
    command
}

/// Says what is run, runs it, and fails as it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    eprintln!("xtask: {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{line}: {status}")),
        Err(error) => Err(format!("{line}: {error}")),
    }
}
