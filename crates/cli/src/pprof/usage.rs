//! Help for `fathom pprof` and its shell, made of the tables of commands and options.

use std::fmt::Write as _;

use fathom_report::command::{COMMANDS, Command};
use fathom_report::options::{Kind, OPTIONS, Spec};

use super::flags::{Flag, Holds, SELECTORS, SOURCE_FLAGS};

const HEAD: &str = "\
usage:

  fathom pprof <command> [flags] [binary] <source>...   print a report
  fathom pprof [flags] [binary] <source>...             start a shell

Does what go tool pprof does, with the same flags, commands and numbers. Flags
are written -x, --x, -x=value or -x value; the first argument that is none ends
them.

A source is a file, host:port or a URL, unix:/path.sock[:/path], a bundle or
folder that fathom saved, a pid, or - for standard input. Several sources are
merged.

Examples:
  fathom pprof -top heap.pb.gz
  fathom pprof -list='^main\\.' app cpu.pb.gz
  fathom pprof -svg -output=cpu.svg -seconds=10 localhost:6060
  fathom pprof -top -base=before.pb.gz after.pb.gz
  fathom pprof http://localhost:6060/debug/pprof/heap      (a shell)

";

const TAIL: &str = "
Environment:
  PPROF_TMPDIR          Where fetched profiles are saved [$HOME/pprof]
  PPROF_BINARY_PATH     Where binaries are sought [$HOME/pprof/binaries]: by
                        build id, name and path
  PPROF_TOOLS           Nothing: binaries are read without other programs
  DEBUGINFOD_URLS       Servers for -debuginfod, separated by spaces
  FATHOM_PPROF_COMPAT   1 does what -compat does
  FATHOM_USER, FATHOM_BEARER   Credentials, as -user and -bearer
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY   The way to servers

Exit codes:
  0  fine
  2  an error
";

/// Returns the whole help of the command line.
pub(crate) fn usage() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("Commands (at most one):\n");
    for command in COMMANDS {
        match command.argument {
            Some(argument) => row(
                &mut text,
                &format!("-{}={argument}", command.name),
                command.help,
            ),
            None => row(&mut text, &format!("-{}", command.name), command.help),
        }
    }
    text.push_str("\nOptions:\n");
    for spec in plain_options() {
        row(&mut text, &format!("-{}", spec.name), spec.summary());
    }
    for spec in OPTIONS.iter().filter(|spec| spec.kind == Kind::Choice) {
        let _ = writeln!(text, "\n{}: {} (at most one)", title(spec), spec.summary());
        for choice in spec.choices {
            let written = if spec.is_ours {
                format!("-{}={}", spec.name, choice.name)
            } else {
                format!("-{}", choice.name)
            };
            row(&mut text, &written, choice.help);
        }
    }
    for (heading, is_ours) in [
        ("\nSources:\n", false),
        ("\nSources, beyond go tool pprof:\n", true),
    ] {
        text.push_str(heading);
        for flag in SOURCE_FLAGS.iter().filter(|flag| flag.is_ours == is_ours) {
            row(&mut text, &written(flag), flag.help);
        }
    }
    text.push_str("\nSample types:\n");
    for (flag, _) in SELECTORS {
        row(&mut text, &written(flag), flag.help);
    }
    text.push_str(TAIL);
    if std::env::var_os("PPROF_TOOLS").is_some_and(|value| !value.is_empty()) {
        text.push_str("\nPPROF_TOOLS is set, and ignored: nothing of it is needed.\n");
    }
    text
}

const SHELL_HEAD: &str = "\
usage:

  fathom shell [flags] [binary] <source>...

Loads a profile once and answers commands about it; fathom pprof without a
command does the same. Flags are those of fathom pprof (fathom pprof -h).
Without a terminal, commands are read from standard input:

  echo 'top 5' | fathom shell heap.pb.gz
  fathom shell heap.pb.gz < script

In the shell:
";

/// Returns the help of `fathom shell`.
pub(crate) fn shell_usage() -> String {
    let mut text = SHELL_HEAD.to_owned();
    for (written, meaning) in SYNTAX {
        row(&mut text, written, meaning);
    }
    text.push_str(
        "\nHistory is kept across runs; Tab completes commands, options and functions.\n",
    );
    text
}

/// What is written in the shell, and what it does.
const SYNTAX: [(&str, &str); 13] = [
    (
        "top 20 http -json",
        "20 entries; stacks with http, without json",
    ),
    ("top -cum", "ordered by what an entry and all it calls hold"),
    (
        "list main.work",
        "annotated source; patterns are regular expressions",
    ),
    (
        "focus=http",
        "set an option for all that follows; focus= clears it",
    ),
    ("lines", "one of an option's choices: entries are lines"),
    ("alloc_space", "one of the profile's sample types"),
    (":", "clear focus, ignore, hide, tagfocus, tagignore"),
    ("top >file, top >>file", "write, append to a file"),
    ("top | grep x", "through another program"),
    (
        "source file",
        "run the commands of a file; # begins a comment",
    ),
    ("options, o", "all options with their values"),
    ("help, help top", "all commands, one of them"),
    ("quit, q, ^D", "leave"),
];

/// Returns what `help` prints in the shell.
pub(crate) fn shell_help() -> String {
    let mut text = "Commands:\n".to_owned();
    for command in COMMANDS {
        row(&mut text, command.name, command.help);
    }
    text.push_str("\nOptions (name=value):\n");
    for spec in OPTIONS {
        row(&mut text, spec.name, spec.summary());
    }
    text.push_str("\nExamples:\n");
    for (written, meaning) in SYNTAX {
        row(&mut text, written, meaning);
    }
    text.push_str("\nhelp <command or option> tells more.\n");
    text
}

/// Explains a command, an option or a choice; `None` for anything else.
pub(crate) fn topic(name: &str) -> Option<String> {
    if let Some(command) = fathom_report::command::find(name) {
        return Some(about_command(command));
    }
    if let Some(spec) = fathom_report::options::find(name) {
        return Some(about_option(spec));
    }
    if let Some(spec) = fathom_report::options::spec_of_choice(name) {
        let choice = spec.choices.iter().find(|choice| choice.name == name)?;
        let set = if spec.is_ours {
            format!("{}={name}", spec.name)
        } else {
            name.to_owned()
        };
        return Some(format!(
            "{}.\nA choice of {}: {}.\n\nExample:\n  {set}\n",
            choice.help,
            spec.name,
            spec.summary()
        ));
    }
    Some(match name {
        "o" | "options" => "Lists all options with their values.\n".to_owned(),
        "q" | "quit" | "exit" => "Leaves the shell; so does ^D.\n".to_owned(),
        ":" => "Clears focus, ignore, hide, tagfocus and tagignore.\n".to_owned(),
        "source" => "source FILE\nRuns the commands of a file, a line each; # begins a comment.\n".to_owned(),
        "help" => "help [command or option]\nTells what there is, or more of one.\n".to_owned(),
        "|" => "report | program\nLets another program read the report:\n\n  top | grep http\n  traces | less\n".to_owned(),
        ">" => "report >FILE, report >>FILE\nWrites the report to a file, or appends it.\n".to_owned(),
        _ => return None,
    })
}

fn about_command(command: &Command) -> String {
    let usage = format!("{} {}", command.name, command.usage);
    let mut text = format!("{}.\n\nUsage:\n  {}\n", command.help, usage.trim_end());
    let has = |part: &str| command.usage.contains(part);
    for (is_there, written, meaning) in [
        (
            command.argument.is_some(),
            command.argument.unwrap_or_default(),
            "which functions; case matters, any part of the name will do",
        ),
        (has("[n]"), "n", "at most so many entries"),
        (
            has("focus_regex"),
            "focus_regex",
            "only stacks with a frame that matches one of these",
        ),
        (
            has("tag_regex"),
            "tag_regex",
            "only samples with a label, key:value, that matches",
        ),
        (
            has("-ignore_regex"),
            "-ignore_regex",
            "nothing that matches one of these",
        ),
        (
            has("-cum"),
            "-cum",
            "order by what an entry and all it calls hold",
        ),
        (
            has(">file"),
            ">file",
            "write to a file; >>file appends, | program pipes",
        ),
    ] {
        if is_there {
            row(&mut text, written, meaning);
        }
    }
    let examples = examples(command);
    if !examples.is_empty() {
        text.push_str("\nExamples:\n");
        for example in examples {
            let _ = writeln!(text, "  {}", example.trim_end());
        }
    }
    text
}

/// Lines that a user could type.
fn examples(command: &Command) -> Vec<String> {
    let name = command.name;
    let mut lines = Vec::new();
    match command.argument {
        Some(_) => {
            lines.push(format!("{name} main.work"));
            lines.push(format!("{name} ^net/http\\. -json"));
        }
        None if command.usage.contains("[n]") => {
            lines.push(format!("{name} 20"));
            lines.push(format!("{name} 20 net/http -encoding/json"));
        }
        None if command.usage.contains("tag_regex") => lines.push(format!("{name} request:.*")),
        None if command.usage.contains("focus_regex") => lines.push(format!("{name} net/http")),
        None => lines.push(name.to_owned()),
    }
    if command.usage.contains(">file") {
        lines.push(format!("{name} >{name}.out").replace(
            " >",
            if command.argument.is_some() {
                " main >"
            } else {
                " >"
            },
        ));
    }
    lines
}

fn about_option(spec: &Spec) -> String {
    let mut text = format!("{}.\n", spec.summary());
    let detail = spec.detail();
    if !detail.is_empty() {
        fill(&mut text, 0, 0, &detail);
    }
    if !spec.choices.is_empty() {
        text.push_str("\nChoices:\n");
        for choice in spec.choices {
            row(&mut text, choice.name, choice.help);
        }
    }
    let default = match spec.default_text() {
        empty if empty.is_empty() => "nothing".to_owned(),
        text => text,
    };
    let _ = writeln!(text, "\nDefault: {default}");
    let example = match (spec.kind, spec.name) {
        (Kind::Flag, name) => format!("{name}=true"),
        (Kind::Number, name) => format!("{name}=40"),
        (Kind::Real, name) => format!("{name}=0.01"),
        (Kind::Choice, name) => {
            let last = spec.choices.last().map_or("", |choice| choice.name);
            format!("{name}={last}")
        }
        (Kind::Text, "unit") => "unit=MB".to_owned(),
        (Kind::Text, "sample_index") => "sample_index=alloc_space".to_owned(),
        (Kind::Text, name @ ("tagfocus" | "tagignore")) => format!("{name}=bytes=1kb:64kb"),
        (Kind::Text, name) if name.starts_with("tag") => format!("{name}=request"),
        (Kind::Text, name) if name.ends_with("path") => format!("{name}=/home/me/src"),
        (Kind::Text, "output") => "output=report.txt".to_owned(),
        (Kind::Text, name) => format!("{name}=^net/http\\."),
    };
    let _ = writeln!(text, "Example:\n  {example}");
    text
}

fn plain_options() -> impl Iterator<Item = &'static Spec> {
    OPTIONS.iter().filter(|spec| spec.kind != Kind::Choice)
}

fn title(spec: &Spec) -> String {
    let mut characters = spec.name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn written(flag: &Flag) -> String {
    let value = match flag.holds {
        Holds::Bool => "",
        Holds::Int | Holds::Real => "=N",
        Holds::Text | Holds::Texts => "=...",
    };
    format!("-{}{value}", flag.name)
}

/// Writes a row of two columns, the second one wrapped.
fn row(text: &mut String, left: &str, right: &str) {
    const LEFT: usize = 22;
    let start = text.len();
    let _ = write!(text, "  {left:LEFT$}");
    if left.chars().count() >= LEFT {
        text.truncate(start + 2 + left.len());
        text.push('\n');
        text.push_str(&" ".repeat(LEFT + 2));
    }
    fill(text, LEFT + 2, LEFT + 2, right);
}

/// Writes words behind `used` characters of a line; lines that follow are indented.
fn fill(text: &mut String, mut used: usize, indent: usize, words: &str) {
    const WIDTH: usize = 80;
    let mut is_first = true;
    for word in words.split(' ') {
        let length = word.chars().count();
        if !is_first && used + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            used = indent;
        } else if !is_first {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += length;
        is_first = false;
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::flags::all;
    use super::*;

    #[test]
    fn help_knows_every_flag_and_fits_the_terminal() {
        let text = usage();
        for flag in all() {
            let name = format!("  -{}", flag.name);
            let told = text.lines().any(|line| {
                line.strip_prefix(&name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '=']))
            });
            assert!(told, "{}", flag.name);
        }
        let topics = OPTIONS.iter().map(|spec| spec.name);
        let topics = topics.chain(COMMANDS.iter().map(|command| command.name));
        let topics = topics.filter_map(topic);
        for text in topics.chain([usage(), shell_usage(), shell_help()]) {
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
                assert!(!line.ends_with(' '), "{line:?}");
            }
        }
    }

    #[test]
    fn every_command_and_option_is_a_topic() {
        for command in COMMANDS {
            let text = topic(command.name).unwrap();
            assert!(text.contains("Examples:"), "{text}");
        }
        for spec in OPTIONS {
            assert!(
                topic(spec.name).unwrap().contains("Default: "),
                "{}",
                spec.name
            );
            for choice in spec.choices {
                assert!(topic(choice.name).unwrap().contains(spec.name));
            }
        }
        assert_eq!(topic("nosuch"), None);
    }
}
