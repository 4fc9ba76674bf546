//! The arguments as they are typed.

mod keep;
mod open;
mod options;
mod report;
mod trace;
mod watch;

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::exit::FailOn;
use crate::output::OutputArgs;
use crate::pprof::flags::{Holds, all};
use crate::pprof::{shell_usage, usage};
pub(crate) use crate::sources::ConnectionArgs;
use crate::sources::{TakeArgs, size};

pub(crate) use self::keep::{KeepingArgs, RecordArgs, ServeArgs};
pub(crate) use self::open::OpenArgs;
pub(crate) use self::options::OptionArgs;
pub(crate) use self::report::{
    ConvertArgs, DiffArgs, DisasmArgs, FlameArgs, FlameFormat, GraphArgs, GraphFormat, ListArgs,
    ManArgs, MergeArgs, PeekArgs, ProfileName, ReadingArgs, TagsArgs, TopArgs, TracesArgs,
    TreeArgs, ViewArgs,
};
pub(crate) use self::trace::{Debug, Timeline, TraceArgs, View, Waits, with_go_flags};
pub(crate) use self::watch::WatchArgs;

/// Tells a Go developer where a process's memory, time and goroutines went, and why.
#[derive(Debug, Parser)]
#[command(
    name = "fathom",
    version = env!("FATHOM_VERSION"),
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
A source is a pid, host:port, a URL, unix:/path.sock, a file, a folder, a \
bundle or - for standard input.

Examples:
  fathom explain 4711                     where every resident byte is, and why
  fathom explain localhost:6060           the same by its pprof address
  fathom open 4711                        the same as a page in the browser
  fathom watch localhost:6060             live: curves, sites, goroutines
  fathom capture 4711 -o incident.fathom  save the evidence for later
  fathom top incident.fathom              its heap, as go tool pprof -top
  fathom diff before.pb.gz after.pb.gz    what each function holds more or less
  fathom pprof -list=main.work cpu.pb.gz  everything else that pprof does
  fathom trace trace.out                  an execution trace: what matters in it
  fathom demo                             a recorded incident explained

Exit codes:
  0  fine
  1  a finding at or above --fail-on
  2  an error
  3  some of several sources could not be read; the rest was"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Explain(ExplainArgs),
    Open(OpenArgs),
    Capture(CaptureArgs),
    Top(TopArgs),
    Tree(TreeArgs),
    Peek(PeekArgs),
    List(ListArgs),
    Disasm(DisasmArgs),
    Traces(TracesArgs),
    Tags(TagsArgs),
    Flame(FlameArgs),
    Graph(GraphArgs),
    Diff(DiffArgs),
    Merge(MergeArgs),
    Convert(ConvertArgs),
    Pprof(PprofArgs),
    Shell(ShellArgs),
    Goroutines(GoroutinesArgs),
    Trace(TraceArgs),
    Leaks(LeaksArgs),
    Record(RecordArgs),
    Serve(ServeArgs),
    Gctrace(GctraceArgs),
    Watch(WatchArgs),
    Ps(PsArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    /// Tells whether the work itself is what the user wants to hear of: a line
    /// for each artefact, which the other commands show for a moment only.
    pub(crate) const fn tells_progress(&self) -> bool {
        matches!(self, Self::Capture(_))
    }
}

/// Say where the memory and the time of a process went, what is wrong, and what to do
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom explain 4711                           a process of this machine
  fathom explain localhost:6060                 its net/http/pprof address
  fathom explain 4711 localhost:6060            both: the whole picture
  fathom explain incident.fathom                a bundle that a colleague saved
  fathom explain heap.pb.gz smaps.txt           loose files, whatever they are
  fathom explain 4711 --profile-seconds 10      who uses the CPU, who waits
  fathom explain --base before.fathom after.fathom
  curl -s host:6060/debug/pprof/heap?debug=1 | fathom explain -

Exit codes: 0 fine, 1 a finding at or above --fail-on, 2 an error")]
pub(crate) struct ExplainArgs {
    /// Pids, addresses, files, folders, bundles, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// Compare with an earlier bundle, file or folder: what changed, and what became of each finding
    #[arg(long, value_name = "SOURCE")]
    pub(crate) base: Vec<String>,
    /// Print fathom.explain/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 1 if a finding is at least this severe
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    /// Show everything: small rows, all evidence, what was not seen
    #[arg(long, short = 'v', visible_alias = "verbose")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) take: TakeArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Save everything that can be known of a process into one file
#[derive(Debug, Args)]
#[command(after_help = "\
A bundle is a zip of the evidence as it came, under telling names, with a \
manifest. It holds no credentials, no environment and no arguments of the \
command line.

Examples:
  fathom capture 4711 -o incident.fathom
  fathom capture 4711 localhost:6060 -o incident.fathom
  FATHOM_USER=me:secret fathom capture https://web:6060 -o web.fathom
  fathom capture 4711 --profile-seconds 10 -o busy.fathom   time, too
  fathom capture 4711 --gc -o after.fathom    with what a collection leaves

Exit codes: 0 saved, 2 an error")]
pub(crate) struct CaptureArgs {
    /// A pid, an address, or both; files and folders are packed
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// The file to write, - for standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace the file if it exists
    #[arg(long, short)]
    pub(crate) force: bool,
    /// Take a further profile: allocs, one of your own
    #[arg(long = "profile", value_name = "NAME")]
    pub(crate) profiles: Vec<String>,
    /// Print what was taken as JSON (fathom.capture/1)
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) take: TakeArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Do what go tool pprof does: every flag, command and number of it
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct PprofArgs {
    /// Flags in Go's syntax, then sources; fathom pprof -h tells them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    pub(crate) arguments: Vec<String>,
}

/// Load a profile and answer commands about it, as go tool pprof does
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct ShellArgs {
    /// Flags in Go's syntax, then sources; fathom shell -h tells more
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENT"
    )]
    pub(crate) arguments: Vec<String>,
}

/// Returns the command line with the help of the commands that parse on their own.
pub(crate) fn command() -> clap::Command {
    Cli::command()
        .mut_subcommand("pprof", |command| command.override_help(usage()))
        .mut_subcommand("shell", |command| command.override_help(shell_usage()))
}

/// Returns the command line with every flag that can be completed.
pub(crate) fn command_for_completions() -> clap::Command {
    let with_flags = |mut command: clap::Command| {
        for flag in all() {
            let action = match flag.holds {
                Holds::Bool => ArgAction::SetTrue,
                _ => ArgAction::Append,
            };
            let arg = Arg::new(flag.name).long(flag.name).help(flag.help);
            command = command.arg(arg.action(action));
        }
        command
    };
    command()
        .mut_subcommand("pprof", with_flags)
        .mut_subcommand("shell", with_flags)
}

/// Show goroutines by where they stand, the longest wait first
#[derive(Debug, Args)]
#[command(after_help = "\
A dump (debug=2) knows states, waits and creators; taking one stops the \
program while it is printed, and so it is taken only with --dump. A profile \
knows stacks and counts.

Examples:
  fathom goroutines localhost:6060
  fathom goroutines 4711 --dump                  states, waits, creators
  fathom goroutines crash.log                    a panic's traceback, amid a log
  fathom goroutines after.txt --base before.txt  what grew
  fathom goroutines localhost:6060 --leak        Go 1.27: what nothing can wake

Exit codes: 0 fine, 1 a group may be a leak and --fail-on is warning or info, \
2 an error")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct GoroutinesArgs {
    /// A dump, a crash log, a profile, a bundle, a pid, an address, or -
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,
    /// An earlier reading of the same form: show what grew
    #[arg(long, value_name = "SOURCE")]
    pub(crate) base: Option<String>,
    /// Take a dump from a live process; it stops while its stacks are printed
    #[arg(long)]
    pub(crate) dump: bool,
    /// Take the goroutineleak profile, for which the process runs a collection
    #[arg(long)]
    pub(crate) leak: bool,
    /// At most so many groups
    #[arg(
        long = "limit",
        short = 'n',
        value_name = "GROUPS",
        default_value_t = 20
    )]
    pub(crate) limit: usize,
    /// At most so many frames of each
    #[arg(long, value_name = "FRAMES", default_value_t = 12)]
    pub(crate) frames: usize,
    /// The most goroutines first, instead of the longest wait
    #[arg(long)]
    pub(crate) by_count: bool,
    /// Only this state, as `chan receive`
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<String>,
    /// Only stacks with a frame or creator that matches
    #[arg(long, value_name = "REGEX")]
    pub(crate) focus: Option<String>,
    /// Print fathom.goroutines/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 1 if a group may be a leak (a warning)
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Tell which lines grow over a series of heap profiles, how fast, and whether it is a leak
#[derive(Debug, Args)]
#[command(after_help = "\
Takes heap profiles of one process (text or protobuf), or bundles with one, in \
any order: each says when it was taken. Of a folder it takes every file. Where \
the process started anew between two of them, those before are left out.

A line is named when its growth is more than the sampling of the profiler \
explains. The live heap leaks when it grows steadily, by 5 MB and 2 % at least, \
for half an hour at least, and neither in one step nor ever more slowly; what \
of this does not hold is told.

Examples:
  fathom leaks heaps/                          every profile in a folder
  fathom leaks heap-*.pb.gz --limit 2GB        and when it will be 2 GB
  fathom leaks mon.fathom tue.fathom wed.fathom thu.fathom
  fathom leaks heaps/ --json --fail-on warning
  fathom leaks history/                        what fathom record kept: also memory
                                               outside the heap, and goroutines

Exit codes: 0 fine, 1 it leaks and --fail-on is warning or info, 2 an error")]
pub(crate) struct LeaksArgs {
    /// Heap profiles, bundles, folders of them; or the folder of fathom record
    #[arg(value_name = "SOURCE", required = true)]
    pub(crate) sources: Vec<String>,
    /// Of a recording, judge so much of its end
    #[arg(long, value_name = "TIME", value_parser = keep::time, default_value = "12h")]
    pub(crate) last: std::time::Duration,
    /// What the live heap must not reach, as 512MB or 2GB: tell when it will
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) limit: Option<u64>,
    /// At most so many lines; 0 for all
    #[arg(long, short = 'n', value_name = "LINES", default_value_t = 10)]
    pub(crate) limit_sites: usize,
    /// Print fathom.leaks/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 1 if the live heap leaks (a warning)
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Read or watch a program's garbage collections: a table, a summary, findings
#[derive(Debug, Args)]
#[command(after_help = "\
Reads the lines of GODEBUG=gctrace=1 of every Go version, amid other lines.

With -- it runs a command with gctrace=1 added to its GODEBUG. All else that \
the command prints, to standard output too, goes to standard error, so that \
standard output holds the report alone. Ctrl-C ends the command (it has 5 \
seconds; Ctrl-C again ends it at once) and prints the report, which tells how \
the command ended; the exit code is fathom's own. Run a built program: under \
go run the Go tools print their own collections too.

Examples:
  fathom gctrace service.log
  kubectl logs web-1 | fathom gctrace -
  fathom gctrace -- ./service -listen :8080
  fathom gctrace --csv service.log > cycles.csv

Exit codes: 0 fine, 1 a finding at or above --fail-on, 2 an error")]
pub(crate) struct GctraceArgs {
    /// A log, or - for standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "command",
        conflicts_with = "command"
    )]
    pub(crate) file: Option<PathBuf>,
    /// A command to run and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Show the last so many collections
    #[arg(
        long = "limit",
        short = 'n',
        value_name = "CYCLES",
        default_value_t = 20
    )]
    pub(crate) limit: usize,
    /// Print fathom.gctrace/1 as JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print one line a collection as CSV
    #[arg(long)]
    pub(crate) csv: bool,
    /// Exit with 1 if a finding is at least this severe
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,
}

/// List the Go processes of this machine
#[derive(Debug, Args)]
#[command(after_help = "\
Each listening socket of each Go process is asked once for /debug/pprof/, \
unless --no-probe.

Examples:
  fathom ps
  fathom ps --json

Exit codes: 0 fine, 2 an error")]
pub(crate) struct PsArgs {
    /// Print fathom.ps/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask no port for its pprof index
    #[arg(long)]
    pub(crate) no_probe: bool,
}

/// Explain a recorded incident, and say what to type for a live process
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Print fathom.explain/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print a script that completes fathom's arguments in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom completions bash > /etc/bash_completion.d/fathom
  fathom completions zsh > ~/.zfunc/_fathom
  fathom completions fish > ~/.config/fish/completions/fathom.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}
