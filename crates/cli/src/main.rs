//! The `fathom` binary: arguments, dispatch and exit codes.
//!
//! Nothing is computed here. Arguments are parsed ([`args`]) and resolved into
//! the options of the crates that do the work ([`sources`] and each command);
//! what these return is drawn by `fathom-term` or serialised. Data goes to
//! standard output, talk to standard error, and a reader that has seen enough
//! (a broken pipe) is no error.

mod args;
mod browser;
mod collecting;
mod commands;
mod exit;
mod failure;
mod output;
mod place;
mod pprof;
mod profiles;
mod serving;
mod sources;

use std::process::ExitCode;

use clap::FromArgMatches as _;

fn main() -> ExitCode {
    // Flags in Go's syntax are none of clap's.
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    let called = match first.as_ref().and_then(|first| first.to_str()) {
        Some("pprof") => Some(pprof::Called::Pprof),
        Some("shell") => Some(pprof::Called::Shell),
        _ => None,
    };
    if let Some(called) = called {
        let arguments: Vec<String> = arguments
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let output = output::Output::resolve(&output::OutputArgs::default(), false);
        return pprof::run(called, &arguments, &output);
    }
    let matches = args::command().get_matches_from(args::with_go_flags(std::env::args_os()));
    let cli = args::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let output = output::Output::resolve(&cli.output, cli.command.tells_progress());
    let (called, arguments) = match &cli.command {
        args::Command::Pprof(args) => (pprof::Called::Pprof, &args.arguments),
        args::Command::Shell(args) => (pprof::Called::Shell, &args.arguments),
        _ => return finish(commands::run(cli.command, &output), &output),
    };
    pprof::run(called, arguments, &output)
}

fn finish(done: anyhow::Result<exit::Exit>, output: &output::Output) -> ExitCode {
    match done {
        Ok(exit) => exit.into(),
        Err(error) if output::is_closed(&error) => exit::Exit::Fine.into(),
        Err(error) => {
            output.error(&failure::describe(&error));
            exit::ERROR.into()
        }
    }
}
