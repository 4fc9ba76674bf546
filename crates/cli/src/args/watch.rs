//! The arguments of `fathom watch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::sources::{ConnectionArgs, duration};

/// How often, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Every(pub(crate) Option<Duration>);

/// Show a live process: curves, the ledger, sites and goroutines that grow
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal there are screens (? tells the keys). Elsewhere, or with --plain, \
there is a line of numbers a look; with --json an object (fathom.watch/1) a line.

With -- a command is run with gctrace=1 added to its GODEBUG. Its standard \
output stays its own, as does its standard error but for the lines of its \
collector; under screens both go to a log. Signals are handed on, and its exit \
code is ours. With --gctrace a log is read, and followed while it grows and is \
rotated.

A target that is lost is looked for until it is back.

Examples:
  fathom watch localhost:6060
  fathom watch 4711
  fathom watch -- ./server -listen :8080
  fathom watch --gctrace app.log
  fathom watch localhost:6060 --plain --plots resident,goroutines
  fathom watch localhost:6060 --json --count 3

Exit codes: 0 it was watched, 2 an error; with --, that of the command")]
pub(crate) struct WatchArgs {
    /// A pid, an address, or both
    #[arg(
        value_name = "SOURCE",
        required_unless_present_any = ["command", "gctrace"],
        conflicts_with = "gctrace"
    )]
    pub(crate) sources: Vec<String>,
    /// A command to run and its arguments
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "gctrace")]
    pub(crate) command: Vec<String>,
    /// Follow a log with lines of GODEBUG=gctrace=1; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) gctrace: Option<PathBuf>,
    /// Print a line a look, on a terminal too
    #[arg(long, conflicts_with = "json")]
    pub(crate) plain: bool,
    /// Print fathom.watch/1 as JSON, an object a line and a look
    #[arg(long)]
    pub(crate) json: bool,
    /// End after so many looks; not with screens
    #[arg(long, value_name = "LOOKS")]
    pub(crate) count: Option<u64>,
    /// Time between looks
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "1s")]
    pub(crate) interval: Duration,
    /// Time between heap and goroutine profiles; 0 for none
    #[arg(long, value_name = "TIME", value_parser = every, default_value = "10s")]
    pub(crate) profiles: Every,
    /// Time between ledgers, for which the kernel walks the page tables of the process; 0 for none
    #[arg(long, value_name = "TIME", value_parser = every, default_value = "30s")]
    pub(crate) ledger: Every,
    /// The plots whose lines are columns of --plain
    #[arg(long, value_name = "PLOT", value_delimiter = ',')]
    pub(crate) plots: Vec<String>,
    /// Write lines to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Under screens, the file for what the command prints
    #[arg(long, value_name = "FILE", requires = "command")]
    pub(crate) log: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

fn every(text: &str) -> Result<Every, String> {
    if text == "0" {
        return Ok(Every(None));
    }
    duration(text).map(|length| Every(Some(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_a_pace_too() {
        assert_eq!(every("0"), Ok(Every(None)));
        assert_eq!(every("500ms"), Ok(Every(Some(Duration::from_millis(500)))));
        assert!(every("0s").is_err());
    }
}
