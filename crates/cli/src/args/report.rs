//! The commands over profiles, as they are typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use fathom_profile::exchange::Form;

use super::options::OptionArgs;
use crate::sources::ConnectionArgs;

/// Which profile of a process or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// Memory in use, and allocated since the start
    Heap,
    /// The same counted from allocations
    Allocs,
    /// Goroutines
    Goroutine,
    /// Waiting for channels, locks and the network
    Block,
    /// Holding locks that others wait for
    Mutex,
    /// Processor time
    Cpu,
    /// Threads by what started them
    Threadcreate,
}

/// How sources are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sources")]
pub(crate) struct ReadingArgs {
    /// The profile to take from a process, bundle or folder [default: heap, or the only one]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<ProfileName>,
    /// Fail if one of several sources cannot be read, instead of going on without it
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What a profile is compared with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sources")]
pub(crate) struct BaseArgs {
    /// Subtract a profile: growth between two readings of one process; may be repeated
    #[arg(long, value_name = "SOURCE", conflicts_with = "diff_base", value_hint = ValueHint::AnyPath)]
    pub(crate) base: Vec<String>,
    /// Compare with a profile, percentages of it; may be repeated
    #[arg(long, visible_alias = "diff_base", value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub(crate) diff_base: Vec<String>,
}

/// Profiles and how they are shown.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// Profiles, bundles, folders, pids, addresses, or - for standard input; several are merged
    #[arg(required = true, value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub(crate) sources: Vec<String>,
    #[command(flatten)]
    pub(crate) bases: BaseArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) options: OptionArgs,
}

/// Print the functions that hold or use most, as `go tool pprof -top` does
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "\
Numbers, order and text are those of go tool pprof -top, to the byte, unless \
--interval or --handles adds to them. Patterns are regular expressions in Go's \
syntax, or the handles of functions (@k3f9x0aq). --profile cpu of a live \
process takes 10 seconds.

Examples:
  fathom top heap.pb.gz
  fathom top heap.pb.gz --sample-index alloc_objects -n 20
  fathom top localhost:6060 --interval            what sampling leaves open
  fathom top after.pb.gz --diff-base before.pb.gz
  fathom top incident.fathom --profile goroutine
  curl -s host:6060/debug/pprof/heap | fathom top - --focus 'net/http'

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct TopArgs {
    /// Add the 95 % interval of each number of a sampled heap; ~ marks a row that the noise cannot tell from the next
    #[arg(long)]
    pub(crate) interval: bool,
    /// Print the handle of each function, which later commands take as a pattern
    #[arg(long)]
    pub(crate) handles: bool,
    /// Print fathom.top/1 as JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print the rows as CSV
    #[arg(long)]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Print each entry with its callers and callees, as `go tool pprof -tree` does
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom tree cpu.pb.gz
  fathom tree cpu.pb.gz --focus 'main\\.handle' --cum
  fathom tree heap.pb.gz --csv | head

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct TreeArgs {
    /// Print the handle of each entry's function behind its name
    #[arg(long)]
    pub(crate) handles: bool,
    /// Print fathom.tree/1 as JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print a row for each entry and each of its calls as CSV
    #[arg(long)]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Print callers and callees of matching functions, as `go tool pprof -peek` does
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom peek 'json\\.Unmarshal' cpu.pb.gz
  fathom peek @k3f9x0aq cpu.pb.gz          a handle that --handles or --json told

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct PeekArgs {
    /// Which entries: a regular expression or a handle
    #[arg(value_name = "PATTERN")]
    pub(crate) pattern: String,
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
}

/// Print the source of matching functions with their values, as `go tool pprof -list` does
#[derive(Debug, Args)]
#[command(after_help = "\
Sources are sought where the profile says, under --source-path, in GOROOT, in \
the module cache and in vendor.

Examples:
  fathom list 'main\\.work$' cpu.pb.gz
  fathom list @k3f9x0aq heap.pb.gz --sample-index alloc_space
  fathom list main. cpu.pb.gz --source-path ~/src/app

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct ListArgs {
    /// Which functions: a regular expression or a handle
    #[arg(value_name = "PATTERN")]
    pub(crate) pattern: String,
    /// Print fathom.list/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Print the instructions of matching functions, as `go tool pprof -disasm` does
#[derive(Debug, Args)]
#[command(after_help = "\
The first of several sources may be the binary that the profile is of; else it \
is sought where the profile says and in PPROF_BINARY_PATH.

Examples:
  fathom disasm 'main\\.work$' ./app cpu.pb.gz
  fathom disasm @k3f9x0aq cpu.pb.gz --intel-syntax

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct DisasmArgs {
    /// Which functions: a regular expression, a handle or an address
    #[arg(value_name = "PATTERN")]
    pub(crate) pattern: String,
    /// Print fathom.disasm/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Print every stack with its value, as `go tool pprof -traces` does
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom traces goroutine.pb.gz
  fathom traces cpu.pb.gz --tagfocus request=GET
  fathom traces heap.pb.gz --json | jq '.traces[0]'

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct TracesArgs {
    /// Print the handle of each frame's function behind its name
    #[arg(long)]
    pub(crate) handles: bool,
    /// Print fathom.traces/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Print the values of all labels, as `go tool pprof -tags` does
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom tags cpu.pb.gz
  fathom tags heap.pb.gz --tagshow bytes --csv

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct TagsArgs {
    /// Print fathom.tags/1 as JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print a row for each value of each label as CSV
    #[arg(long)]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// In which format a call graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// The language of Graphviz
    Dot,
    /// A picture that a browser pans and zooms
    Svg,
    /// Pixels
    Png,
    /// A page
    Pdf,
    /// A page for a printer
    Ps,
    /// Pixels of few colours
    Gif,
}

/// Draw the call graph
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom graph cpu.pb.gz -o cpu.svg
  fathom graph cpu.pb.gz --format dot | dot -Tpng -o cpu.png
  fathom graph cpu.pb.gz --json

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct GraphArgs {
    /// The format [default: what the name of --output ends in, else svg]
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    pub(crate) format: Option<GraphFormat>,
    /// Print fathom.graph/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// In which format a flame graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlameFormat {
    /// A page to search, zoom and turn around
    Html,
    /// A picture that a browser zooms
    Svg,
}

/// Draw a flame graph as one file that stands for itself
#[derive(Debug, Args)]
#[command(after_help = "\
The file needs nothing beside it and no network. With --compare, widths are \
what is now, and colours what changed.

Examples:
  fathom flame cpu.pb.gz -o cpu.html
  fathom flame heap.pb.gz --sample-index alloc_space -o alloc.svg
  fathom flame after.pb.gz --compare before.pb.gz -o change.html
  fathom flame localhost:6060 --profile cpu --focus 'net/http' -o http.html

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct FlameArgs {
    /// The format [default: what the name of --output ends in, else html]
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    pub(crate) format: Option<FlameFormat>,
    /// Show what changed since this profile, bundle or folder
    #[arg(long, value_name = "OLD", value_hint = ValueHint::AnyPath, conflicts_with_all = ["base", "diff_base"])]
    pub(crate) compare: Option<String>,
    /// The title of the page
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Let frames grow upwards from the root, as flames do
    #[arg(long)]
    pub(crate) root_at_the_bottom: bool,
    /// Print fathom.flame/1 as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}

/// Show what each function holds more or less than before, the largest change first
#[derive(Debug, Args)]
#[command(after_help = "\
Both profiles go through the same options. --nodefraction is of the larger \
total; --normalize scales NEW to the total of OLD; --cum orders by the change \
of what a function and all it calls hold. For one profile subtracted from \
another in any report, use --base and --diff-base of that report.

Examples:
  fathom diff before.pb.gz after.pb.gz
  fathom diff before.fathom after.fathom --profile goroutine
  fathom diff before.pb.gz localhost:6060 --sample-index inuse_objects -n 20
  fathom diff old.pb.gz new.pb.gz --csv > changes.csv

Exit codes: 0 fine, 2 an error")]
pub(crate) struct DiffArgs {
    /// What was: a profile, bundle, folder, pid or address
    #[arg(value_name = "OLD", value_hint = ValueHint::AnyPath)]
    pub(crate) old: String,
    /// What is now; - is standard input
    #[arg(value_name = "NEW", value_hint = ValueHint::AnyPath)]
    pub(crate) new: String,
    /// Print the handle of each function, which other commands take as a pattern
    #[arg(long)]
    pub(crate) handles: bool,
    /// Print fathom.diff/1 as JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print the rows as CSV
    #[arg(long)]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) options: OptionArgs,
}

/// Make one profile of several
#[derive(Debug, Args)]
#[command(after_help = "\
Values of equal stacks are added up. Filters apply to the result. Sources are \
read side by side; one that cannot be read is told and left out, and the exit \
code is 3, unless --strict makes that an error.

Examples:
  fathom merge cpu-*.pb.gz -o day.pb.gz
  fathom merge web-1:6060 web-2:6060 --profile heap -o fleet.pb.gz
  fathom merge *.pb.gz --focus 'main\\.' --strict -o ours.pb.gz

Exit codes: 0 fine, 2 an error, 3 some sources could not be read, the rest was \
merged")]
pub(crate) struct MergeArgs {
    /// Profiles, bundles, folders, pids, addresses, or - for standard input
    #[arg(required = true, value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub(crate) sources: Vec<String>,
    /// Print what was merged as JSON (fathom.merge/1)
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) options: OptionArgs,
}

/// Write a profile in another tool's format
#[derive(Debug, Args)]
#[command(after_help = "\
Formats: pprof, folded, speedscope, firefox (profiler.firefox.com), chrome \
(.cpuprofile, time alone), callgrind. All are read by their content, and \
written by --to or the ending of --output: .pb.gz, .pb, .folded, \
.speedscope.json, .firefox.json, .cpuprofile, .callgrind; with .gz behind it, \
compressed. What a format cannot hold is told. Filters apply first; --sample-index chooses the value where the \
format holds one.

Examples:
  fathom convert cpu.pb.gz -o cpu.speedscope.json.gz
  fathom convert heap.pb.gz --sample-index alloc_space --to folded | flamegraph.pl
  fathom convert trace.cpuprofile -o trace.pb.gz
  perf script | stackcollapse-perf.pl | fathom convert - -o perf.pb.gz

Exit codes: 0 fine, 2 an error, 3 some of several sources could not be read")]
pub(crate) struct ConvertArgs {
    /// A profile in any of the formats, a bundle, an address, - for standard input; several are merged
    #[arg(required = true, value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub(crate) sources: Vec<String>,
    /// The format that files have [default: what they look like]
    #[arg(long, value_name = "FORMAT", value_parser = form_values())]
    pub(crate) from: Option<String>,
    /// The format to write [default: what the name of --output ends in]
    #[arg(long, value_name = "FORMAT", value_parser = form_values())]
    pub(crate) to: Option<String>,
    /// Print what was converted as JSON (fathom.convert/1); needs --output
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) options: OptionArgs,
}

fn form_values() -> clap::builder::PossibleValuesParser {
    let values =
        Form::ALL.map(|form| clap::builder::PossibleValue::new(form.name()).help(form.summary()));
    clap::builder::PossibleValuesParser::new(values)
}

/// Print the manual page of fathom or of a command
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fathom man | man -l -
  fathom man top | man -l -
  fathom man --dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The command
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(crate) command: Option<String>,
    /// Write all pages into this directory instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
}
