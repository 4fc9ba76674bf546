//! The shell: one profile, many questions.

mod complete;
mod editor;
mod grammar;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command as Process, Stdio};

use anyhow::Context as _;
use fathom_profile::Profile;
use fathom_report::Memoized;
use fathom_report::options::{Kind, OPTIONS, Options};

use self::complete::Names;
use self::editor::{EditedLines, Lines, PlainLines, history_file};
use self::grammar::{Dialect, Line, Request, Write, expand, parse, set};
use super::deliver::{Asked, Place, Temporary, deliver};
use super::numbered::go_reason;
use super::report::{Report, Reporter};
use super::talk::Talk;
use super::usage::{shell_help, topic};
use crate::output::is_closed;

/// How deep scripts may run scripts.
const MOST_SCRIPTS: usize = 16;

/// Answers commands from the terminal or standard input until they end.
///
/// # Errors
///
/// When commands cannot be read, or nobody reads the answers any more.
pub(crate) fn run(profile: Profile, options: Options, talk: &dyn Talk) -> anyhow::Result<()> {
    let profile = Memoized::from(profile);
    let mut shell = Shell::new(&profile, options, talk);
    shell.greet();
    let mut edited;
    let mut plain = PlainLines;
    let lines: &mut dyn Lines = if edits_lines() {
        match EditedLines::open(names(&profile), history_file()) {
            Ok(lines) => {
                edited = lines;
                &mut edited
            }
            Err(_) => &mut plain,
        }
    } else {
        &mut plain
    };
    shell.answer(lines)
}

/// Whether lines are edited: on a terminal that can move its cursor.
pub(crate) fn edits_lines() -> bool {
    let term = std::env::var("TERM").unwrap_or_default().to_lowercase();
    let is_dumb = term == "dumb" || (term.is_empty() && !cfg!(windows));
    std::io::stdin().is_terminal() && !is_dumb
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Continue,
    Quit,
}

struct Shell<'a> {
    profile: &'a Memoized,
    options: Options,
    dialect: Dialect,
    reporter: Reporter,
    temporary: Temporary,
    talk: &'a dyn Talk,
}

impl<'a> Shell<'a> {
    fn new(profile: &'a Memoized, options: Options, talk: &'a dyn Talk) -> Self {
        let compat = options.compat;
        Self {
            profile,
            options: Options {
                compact_labels: true,
                ..options
            },
            dialect: if compat {
                Dialect::Pprof
            } else {
                Dialect::Fathom
            },
            reporter: Reporter::new(compat),
            temporary: Temporary::default(),
            talk,
        }
    }

    /// Says what the profile is.
    fn greet(&self) {
        if let Ok(column) = self.profile.select_column(&self.options.sample_index) {
            match self.reporter.labels(self.profile, &self.options) {
                Ok(labels) => self.talk.say(&labels.join("\n")),
                Err(error) => self.talk.error(&error.to_string()),
            }
            if self.profile.column_total(column) == 0 && self.profile.sample_types().len() > 1 {
                self.talk
                    .say("No samples were found with the default sample value type.");
                self.talk
                    .say("Try \"sample_index\" command to analyze different sample values.\n");
            }
        }
        self.talk
            .say("Entering interactive mode (type \"help\" for commands, \"o\" for options)");
    }

    fn answer(&mut self, lines: &mut dyn Lines) -> anyhow::Result<()> {
        while let Some(line) = lines.next_line().context("cannot read commands")? {
            if self.run_line(&line, 0)? == Flow::Quit {
                break;
            }
        }
        Ok(())
    }

    fn kinds(&self) -> Vec<&'a str> {
        let columns = 0..self.profile.sample_types().len();
        columns
            .map(|column| self.profile.sample_type(column).0)
            .collect()
    }

    /// Runs a line; what is wrong with it is told, and only a closed output is an error.
    fn run_line(&mut self, line: &str, scripts: usize) -> anyhow::Result<Flow> {
        let kinds = self.kinds();
        for line in expand(line, &kinds) {
            let parsed = match parse(&line, self.dialect) {
                Ok(parsed) => parsed,
                Err(error) => {
                    self.talk.error(&error.to_string());
                    continue;
                }
            };
            match parsed {
                Line::Nothing => {}
                Line::Quit => return Ok(Flow::Quit),
                Line::Options => self
                    .talk
                    .say(&list_options(&self.options, &kinds, self.dialect)),
                Line::Help(name) => self.help(&name),
                Line::Set { name, value } => self.set(name, value, &kinds),
                Line::Source(file) => {
                    if self.source(file, scripts)? == Flow::Quit {
                        return Ok(Flow::Quit);
                    }
                }
                Line::Report(request) => self.report(&request)?,
            }
        }
        Ok(Flow::Continue)
    }

    fn set(&mut self, name: &str, value: Option<&str>, kinds: &[&str]) {
        // Without a name the profile's own choice is meant.
        let value = match (name, value) {
            ("sample_index", Some("")) => kinds.get(self.profile.default_column()).copied(),
            _ => value,
        };
        let before = self.options.compat;
        if let Err(text) = set(&mut self.options, name, value, kinds, self.dialect) {
            self.talk.error(&text);
        }
        if self.options.compat != before {
            self.reporter = Reporter::new(self.options.compat);
        }
    }

    fn help(&self, name: &str) {
        if name.is_empty() {
            self.talk.say(&shell_help());
        } else if let Some(text) = topic(name) {
            self.talk.say(&text);
        } else {
            self.talk.error(&format!("Unknown command: {name}"));
        }
    }

    fn source(&mut self, file: &str, scripts: usize) -> anyhow::Result<Flow> {
        if scripts >= MOST_SCRIPTS {
            self.talk.error(&format!(
                "{file}: more than {MOST_SCRIPTS} scripts run each other"
            ));
            return Ok(Flow::Continue);
        }
        let text = match std::fs::read(Path::new(file)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                self.talk
                    .error(&format!("open {file}: {}", go_reason(&error)));
                return Ok(Flow::Continue);
            }
        };
        for line in text.lines() {
            if self.run_line(line, scripts + 1)? == Flow::Quit {
                return Ok(Flow::Quit);
            }
        }
        Ok(Flow::Continue)
    }

    fn report(&mut self, request: &Request) -> anyhow::Result<()> {
        match self.try_report(request) {
            Err(error) if is_closed(&error) => Err(error),
            Err(error) => {
                self.talk
                    .error(&super::told(&error, self.dialect == Dialect::Pprof));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn try_report(&self, request: &Request) -> anyhow::Result<()> {
        let options = request.options(&self.options);
        let argument = request.argument.as_deref();
        let report = self.reporter.report_aloud(
            self.profile,
            request.command,
            argument,
            &options,
            self.talk,
        )?;
        if let Some(pipe) = &request.pipe {
            for note in report.notes() {
                self.talk.error(note);
            }
            return through(pipe, &report);
        }
        let place = match &request.file {
            Some((file, Write::Append)) => Place::Append(file),
            _ if options.output.is_empty() => Place::None,
            _ => Place::Replace(&options.output),
        };
        deliver(
            &report,
            request.command,
            place,
            Asked::InShell,
            self.talk,
            &self.temporary,
        )
    }
}

/// Lets a command of the system's shell read a report.
fn through(command: &str, report: &Report<'_>) -> anyhow::Result<()> {
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let mut child = Process::new(shell)
        .args([flag, command])
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {shell}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A reader that has seen enough is no error.
        let _ = report.write(&mut |bytes: &[u8]| input.write_all(bytes));
    }
    child.wait().context("cannot wait for the pipe")?;
    Ok(())
}

/// Lists the options with their values, as pprof does.
fn list_options(options: &Options, kinds: &[&str], dialect: Dialect) -> String {
    let mut lines = Vec::new();
    for spec in OPTIONS {
        let is_shown = spec.name != "source_path" || dialect == Dialect::Fathom;
        if !is_shown || (spec.is_ours && dialect == Dialect::Pprof) {
            continue;
        }
        let mut value = spec.get(options);
        let mut comment = String::new();
        if spec.kind == Kind::Choice {
            let mut choices: Vec<&str> = spec.choices.iter().map(|choice| choice.name).collect();
            choices.sort_unstable();
            comment = format!("[{}]", choices.join(" | "));
            if value.is_empty() {
                "(default)".clone_into(&mut value);
            }
        } else if spec.name == "sample_index" {
            if value.is_empty() {
                kinds
                    .last()
                    .copied()
                    .unwrap_or_default()
                    .clone_into(&mut value);
            }
            comment = format!("[{}]", kinds.join(" | "));
        } else if spec.name == "nodecount" && value == "-1" {
            "default".clone_into(&mut comment);
        } else if value.is_empty() {
            "\"\"".clone_into(&mut value);
        }
        if !comment.is_empty() {
            comment.insert_str(0, "//: ");
        }
        lines.push(format!("  {:25} = {value:20} {comment}", spec.name));
    }
    lines.sort();
    lines.join("\n")
}

/// Collects what can be completed.
fn names(profile: &Profile) -> Names {
    let functions = 0..profile.function_count();
    let functions = functions.filter_map(fathom_profile::FunctionId::from_index);
    let mut functions: Vec<String> = functions
        .map(|function| profile.function_name(function).to_owned())
        .collect();
    functions.sort_unstable();
    functions.dedup();
    let mut labels: Vec<String> = (0..profile.sample_count())
        .flat_map(|sample| profile.label_rows(sample))
        .map(|label| label.key)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(|key| profile.text(key).to_owned())
        .collect();
    labels.sort_unstable();
    labels.dedup();
    let columns = 0..profile.sample_types().len();
    Names {
        functions,
        kinds: columns
            .map(|column| profile.sample_type(column).0.to_owned())
            .collect(),
        labels,
    }
}

#[cfg(test)]
mod tests;
