//! The `fathom` binary: arguments, dispatch and exit codes.
//!
//! Nothing is computed here. Arguments are parsed ([`args`]) and resolved into
//! the options of the crates that do the work ([`sources`] and each command);
//! what these return is drawn by `fathom-term` or serialised. Data goes to
//! standard output, talk to standard error, and a reader that has seen enough
//! (a broken pipe) is no error.

mod args;
mod commands;
mod exit;
mod failure;
mod output;
mod sources;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let output = output::Output::resolve(&cli.output, cli.command.tells_progress());
    match commands::run(cli.command, &output) {
        Ok(exit) => exit.into(),
        Err(error) if output::is_closed(&error) => exit::Exit::Fine.into(),
        Err(error) => {
            output.error(&failure::describe(&error));
            exit::ERROR.into()
        }
    }
}
