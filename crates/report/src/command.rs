//! The reports of `go tool pprof`: one table of commands that drives flags, the shell,
//! help and completions.
//!
//! Names and behaviour are those of google/pprof `internal/driver/commands.go`.

/// What a command makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Costs and calls for `KCachegrind`.
    Callgrind,
    /// The profile's comments.
    Comments,
    /// Annotated instructions.
    Disassembly,
    /// A call graph for Graphviz.
    Dot,
    /// Annotated source.
    List,
    /// The profile itself.
    Proto,
    /// All of the profile as text.
    Raw,
    /// The values of each label.
    Tags,
    /// The table of entries.
    Text,
    /// The table of entries as a profile.
    TopProto,
    /// Every stack.
    Traces,
    /// Entries with their callers and callees.
    Tree,
    /// Annotated source with instructions as a web page.
    WebList,
    /// A call graph as a picture.
    Picture(Picture),
}

impl Format {
    /// Whether entries of different binaries are told apart.
    pub(crate) const fn has_objects(self) -> bool {
        matches!(
            self,
            Self::Raw | Self::List | Self::WebList | Self::Disassembly | Self::Callgrind
        )
    }

    /// Whether the report is made of a call graph.
    pub const fn is_graph(self) -> bool {
        matches!(self, Self::Dot | Self::Picture(_))
    }
}

/// The file format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Picture {
    /// Scalable vector graphics, which a browser pans and zooms.
    Svg,
    /// Pixels.
    Png,
    /// Pixels of few colours.
    Gif,
    /// A page.
    Pdf,
    /// A page for a printer.
    PostScript,
}

impl Picture {
    /// The name by which `dot -T` knows the format; also the suffix of files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Pdf => "pdf",
            Self::PostScript => "ps",
        }
    }
}

/// Where the result of a command goes unless the option `output` says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A numbered file with this suffix where standard output is a terminal.
    AwayFromTerminal(&'static str),
    /// A temporary file with this suffix, shown by the first program that starts.
    Viewer(&'static str, Viewer),
}

/// Programs that show a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Viewer {
    /// A web browser.
    Browser,
    /// This program, with these arguments.
    Program(&'static str),
}

/// A command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// The name, as in a flag and in the shell.
    pub name: &'static str,
    /// What it makes.
    pub format: Format,
    /// Where that goes.
    pub destination: Destination,
    /// What its one argument is called, if it needs one.
    pub argument: Option<&'static str>,
    /// What it does, one line.
    pub help: &'static str,
    /// How it is written in the shell.
    pub usage: &'static str,
}

const TABLE_USAGE: &str = "[n] [focus_regex]* [-ignore_regex]* [-cum] [>file]";
const GRAPH_USAGE: &str = "[n] [focus_regex]* [-ignore_regex]* [>file]";
const SHOWN_USAGE: &str = "[n] [focus_regex]* [-ignore_regex]*";

const fn command(
    name: &'static str,
    format: Format,
    destination: Destination,
    help: &'static str,
    usage: &'static str,
) -> Command {
    Command {
        name,
        format,
        destination,
        argument: None,
        help,
        usage,
    }
}

const fn about(
    name: &'static str,
    format: Format,
    argument: &'static str,
    help: &'static str,
    usage: &'static str,
) -> Command {
    Command {
        name,
        format,
        destination: Destination::Stdout,
        argument: Some(argument),
        help,
        usage,
    }
}

use Destination::{AwayFromTerminal, Stdout, Viewer as Shown};
use Picture::{Gif, Pdf, Png, PostScript, Svg};
use Viewer::{Browser, Program};

/// All commands, by name.
pub static COMMANDS: &[Command] = &[
    command(
        "callgrind",
        Format::Callgrind,
        AwayFromTerminal("callgraph.out"),
        "Write costs and calls in the format of callgrind",
        GRAPH_USAGE,
    ),
    command(
        "comments",
        Format::Comments,
        Stdout,
        "Print the profile's comments",
        "",
    ),
    about(
        "disasm",
        Format::Disassembly,
        "regex|address",
        "Print the instructions of matching functions with their values",
        "regex|address [focus_regex]* [-ignore_regex]* [>file]",
    ),
    command(
        "dot",
        Format::Dot,
        Stdout,
        "Print a call graph in the language of Graphviz",
        GRAPH_USAGE,
    ),
    command(
        "eog",
        Format::Picture(Svg),
        Shown("svg", Program("eog")),
        "Show a call graph in eog",
        SHOWN_USAGE,
    ),
    command(
        "evince",
        Format::Picture(Pdf),
        Shown("pdf", Program("evince")),
        "Show a call graph in evince",
        SHOWN_USAGE,
    ),
    command(
        "gif",
        Format::Picture(Gif),
        AwayFromTerminal("gif"),
        "Draw a call graph as GIF",
        GRAPH_USAGE,
    ),
    command(
        "gv",
        Format::Picture(PostScript),
        Shown("ps", Program("gv --noantialias")),
        "Show a call graph in gv",
        SHOWN_USAGE,
    ),
    command(
        "kcachegrind",
        Format::Callgrind,
        Shown("grind", Program("kcachegrind")),
        "Show costs and calls in KCachegrind",
        SHOWN_USAGE,
    ),
    about(
        "list",
        Format::List,
        "regex",
        "Print the source of matching functions with their values",
        "regex [focus_regex]* [-ignore_regex]* [>file]",
    ),
    command(
        "pdf",
        Format::Picture(Pdf),
        AwayFromTerminal("pdf"),
        "Draw a call graph as PDF",
        GRAPH_USAGE,
    ),
    about(
        "peek",
        Format::Tree,
        "regex",
        "Print callers and callees of matching entries",
        "regex [focus_regex]* [-ignore_regex]* [>file]",
    ),
    command(
        "png",
        Format::Picture(Png),
        AwayFromTerminal("png"),
        "Draw a call graph as PNG",
        GRAPH_USAGE,
    ),
    command(
        "proto",
        Format::Proto,
        AwayFromTerminal("pb.gz"),
        "Write the filtered profile as compressed profile.proto",
        "[>file]",
    ),
    command(
        "ps",
        Format::Picture(PostScript),
        AwayFromTerminal("ps"),
        "Draw a call graph as PostScript",
        GRAPH_USAGE,
    ),
    command(
        "raw",
        Format::Raw,
        Stdout,
        "Print all of the profile as text",
        "[>file]",
    ),
    command(
        "svg",
        Format::Picture(Svg),
        AwayFromTerminal("svg"),
        "Draw a call graph as SVG",
        GRAPH_USAGE,
    ),
    command(
        "tags",
        Format::Tags,
        Stdout,
        "Print the values of all labels",
        "[tag_regex]* [-ignore_regex]* [>file]",
    ),
    command(
        "text",
        Format::Text,
        Stdout,
        "Print the entries that hold most",
        TABLE_USAGE,
    ),
    command(
        "top",
        Format::Text,
        Stdout,
        "Print the entries that hold most",
        TABLE_USAGE,
    ),
    command(
        "topproto",
        Format::TopProto,
        AwayFromTerminal("pb.gz"),
        "Write the entries that hold most as compressed profile.proto",
        "[>file]",
    ),
    command(
        "traces",
        Format::Traces,
        Stdout,
        "Print every stack with its value",
        "[focus_regex]* [-ignore_regex]* [>file]",
    ),
    command(
        "tree",
        Format::Tree,
        Stdout,
        "Print entries with their callers and callees",
        TABLE_USAGE,
    ),
    command(
        "web",
        Format::Picture(Svg),
        Shown("svg", Browser),
        "Show a call graph in a web browser",
        SHOWN_USAGE,
    ),
    Command {
        name: "weblist",
        format: Format::WebList,
        destination: Shown("html", Browser),
        argument: Some("regex|address"),
        help: "Show the source of matching functions with their instructions in a web browser",
        usage: "regex|address [focus_regex]* [-ignore_regex]*",
    },
];

/// Finds a command by its name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_pprof() {
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        assert_eq!(
            names.join(" "),
            "callgrind comments disasm dot eog evince gif gv kcachegrind list pdf peek png \
             proto ps raw svg tags text top topproto traces tree web weblist"
        );
        assert!(names.is_sorted());
        for command in COMMANDS {
            let needs = matches!(command.name, "disasm" | "list" | "peek" | "weblist");
            assert_eq!(command.argument.is_some(), needs, "{}", command.name);
        }
    }
}
