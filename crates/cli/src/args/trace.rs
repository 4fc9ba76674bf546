//! The arguments of `fathom trace`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::FailOn;
use crate::sources::{ConnectionArgs, duration};

/// What of a trace is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// What matters, in a screen
    Summary,
    /// Goroutines by entry function and creation site: where their time went
    Goroutines,
    /// Where goroutines were blocked, open waits too; who woke whom; the longest
    Blocked,
    /// How long goroutines waited for a P, from creation to the first run too
    Sched,
    /// System calls, C and the network, by stack
    Syscalls,
    /// The heap, goroutines, Ps and threads over time
    Heap,
    /// Mark phases, the collector's share of the CPU, assists, stops of the world
    Gc,
    /// The least of the processors that the collector left, by window
    Mmu,
    /// The user's tasks: percentiles, the slowest with what its time hung on
    Tasks,
    /// The user's regions
    Regions,
    /// Every event in its order
    Events,
    /// A timeline for Perfetto's or Chrome's viewer
    Export,
    /// What changed between two traces
    Diff,
}

/// The form of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Timeline {
    /// Perfetto's protocol buffers, for ui.perfetto.dev
    Perfetto,
    /// Chrome's JSON, which many viewers read
    Chrome,
}

/// What `go tool trace -d` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Debug {
    /// Every event in its order, with all that it says
    Parsed,
    /// Every event as it stands in the file
    Wire,
    /// How many bytes each kind of event takes
    Footprint,
}

/// The waits of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Waits {
    /// For the network
    Net,
    /// For channels, locks, conditions, selects
    Sync,
    /// In system calls and C
    Syscall,
    /// For a P
    Sched,
}

/// Say what a Go execution trace holds: who ran, who waited, for what and how long
#[derive(Debug, Args)]
#[command(after_help = "\
Views: summary (without a word), goroutines, blocked, sched, syscalls, heap, gc, \
mmu, tasks, regions, events, export, diff; and pprof=net, pprof=sync, pprof=syscall, \
pprof=sched, which write a profile of waits.

Traces of Go 1.22 to 1.27 are read, one generation (about a second) at a time, \
so that memory does not grow with their length. A damaged trace is read up to \
the damage, and what is lost is told.

The flags of go tool trace are understood: -pprof=sync, -d=parsed, -d=wire and \
-d=footprint answer as it does. The views count what it leaves out: the first wait of a \
goroutine, and waits that go on at the trace's end. With --compat they do not.

Examples:
  fathom trace trace.out
  fathom trace goroutines trace.out
  fathom trace blocked trace.out                   who waits for whom
  fathom trace localhost:6060 --seconds 5          record one now
  curl -s host:6060/debug/pprof/trace?seconds=5 | fathom trace -
  fathom trace tasks trace.out --json
  fathom trace pprof=sync trace.out -o sync.pb.gz
  fathom trace pprof=sched trace.out -o - | fathom top -
  fathom trace events trace.out --goroutine 18 --from 1.5s --to 1.6s
  fathom trace events trace.out --kind GoBlock --json
  fathom trace export trace.out -o trace.pftrace --from 2s --to 3s
  fathom trace diff before.trace after.trace
  fathom trace -d=parsed trace.out | less

Exit codes: 0 fine, 1 the trace is damaged and --fail-on is given, 2 an error")]
pub(crate) struct TraceArgs {
    /// A view, if not the summary, and a trace: a file, a bundle, an address, or -
    #[arg(required = true, value_name = "[VIEW] SOURCE", num_args = 1..=3)]
    pub(crate) words: Vec<String>,
    /// Write a profile of waits as go tool trace does
    #[arg(long, value_name = "KIND")]
    pub(crate) pprof: Option<Waits>,
    /// Print what go tool trace -d does
    #[arg(
        short = 'd',
        long = "debug",
        value_name = "MODE",
        conflicts_with = "pprof"
    )]
    pub(crate) debug: Option<Debug>,
    /// Count as go tool trace of Go 1.27 does
    #[arg(long)]
    pub(crate) compat: bool,
    /// Of a live process, record so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) seconds: u32,
    /// At most so many rows; 0 for all
    #[arg(long, short = 'n', value_name = "ROWS", default_value_t = 20)]
    pub(crate) limit: usize,
    /// The form of an export; without it Chrome's where the file is named .json
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<Timeline>,
    /// Write a profile or an export to this file, - for standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Of events, those on this goroutine or about it
    #[arg(long, value_name = "ID")]
    pub(crate) goroutine: Option<i64>,
    /// Of events, those of a kind, as `GoBlock` or `Log`; may be repeated
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// Of events and exports, from this moment on, as 1.5s since the trace began
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) from: Option<Duration>,
    /// Of events and exports, up to this moment
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) to: Option<Duration>,
    /// Print fathom.trace/1 as JSON; of events, an object a line
    #[arg(long, conflicts_with_all = ["pprof", "debug"])]
    pub(crate) json: bool,
    /// Exit with 1 if something is at least this severe; a damaged trace is a warning
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Gives the long flags of `go tool trace`, which have one dash, the second that is ours.
pub(crate) fn with_go_flags(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_none_or(|command| command != "trace") {
        return arguments;
    }
    for argument in arguments.iter_mut().skip(2) {
        let is_of_go = argument
            .to_str()
            .is_some_and(|text| text.starts_with("-pprof"));
        if is_of_go {
            let mut ours = OsString::from("-");
            ours.push(&argument);
            *argument = ours;
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(arguments: &[&str]) -> Vec<OsString> {
        with_go_flags(arguments.iter().map(OsString::from))
    }

    #[test]
    fn flags_of_go_get_their_second_dash() {
        assert_eq!(
            normalised(&["fathom", "trace", "-pprof=net", "t.out"]),
            ["fathom", "trace", "--pprof=net", "t.out"]
        );
        assert_eq!(
            normalised(&["fathom", "trace", "-d=parsed", "-o", "x"]),
            ["fathom", "trace", "-d=parsed", "-o", "x"]
        );
        assert_eq!(
            normalised(&["fathom", "top", "-pprof=net"]),
            ["fathom", "top", "-pprof=net"]
        );
    }
}
