//! One module a command.

mod capture;
mod code;
mod completions;
mod convert;
mod demo;
mod diff;
mod explain;
mod flame;
mod gctrace;
mod goroutines;
mod graph;
mod leaks;
mod man;
mod merge;
mod open;
mod ps;
mod record;
mod serve;
mod top;
mod trace;
mod view;
mod watch;

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
        Command::Open(args) => open::run(&args, output),
        Command::Demo(args) => demo::run(&args, output),
        Command::Capture(args) => capture::run(&args, output),
        Command::Top(args) => top::run(&args, output),
        Command::Tree(args) => view::tree(&args, None, output),
        Command::Peek(args) => view::tree(&args.tree, Some(&args.pattern), output),
        Command::List(args) => code::list(&args, output),
        Command::Disasm(args) => code::disasm(&args, output),
        Command::Traces(args) => view::traces(&args, output),
        Command::Tags(args) => view::tags(&args, output),
        Command::Flame(args) => flame::run(&args, output),
        Command::Graph(args) => graph::run(&args, output),
        Command::Diff(args) => diff::run(&args, output),
        Command::Merge(args) => merge::run(&args, output),
        Command::Convert(args) => convert::run(&args, output),
        Command::Goroutines(args) => goroutines::run(&args, output),
        Command::Trace(args) => trace::run(&args, output),
        Command::Leaks(args) => leaks::run(&args, output),
        Command::Record(args) => record::run(&args, output),
        Command::Serve(args) => serve::run(&args, output),
        Command::Gctrace(args) => gctrace::run(&args, output),
        Command::Watch(args) => watch::run(&args, output),
        Command::Ps(args) => ps::run(&args, output),
        // They have flags and errors of their own, which `main` leaves to them.
        Command::Pprof(_) | Command::Shell(_) => Ok(Exit::Fine),
        Command::Completions(args) => completions::run(&args, output),
        Command::Man(args) => man::run(&args, output),
    }
}
