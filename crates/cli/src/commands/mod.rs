//! One module a command.

mod capture;
mod completions;
mod demo;
mod explain;
mod gctrace;
mod goroutines;
mod ps;
pub(crate) mod top;

use crate::args::Command;
use crate::exit::Exit;
use crate::output::Output;

/// Does what was asked.
///
/// # Errors
///
/// What kept it from being done.
pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Exit> {
    match command {
        Command::Explain(args) => explain::run(&args, output),
        Command::Demo(args) => demo::run(&args, output),
        Command::Capture(args) => capture::run(&args, output),
        Command::Top(args) => top::run(&args, output),
        Command::Goroutines(args) => goroutines::run(&args, output),
        Command::Gctrace(args) => gctrace::run(&args, output),
        Command::Ps(args) => ps::run(&args, output),
        // They have flags and errors of their own, which `main` leaves to them.
        Command::Pprof(_) | Command::Shell(_) => Ok(Exit::Fine),
        Command::Completions(args) => completions::run(&args, output),
    }
}
