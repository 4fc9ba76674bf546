//! `fathom pprof`: what `go tool pprof` does, flag for flag, and its shell.
//!
//! Arguments are understood by [`flags`], given a meaning by [`invocation`]; [`load`]
//! makes one profile of all sources; a command's report goes where [`deliver()`] puts it,
//! and without a command [`shell`] answers. The reports themselves are `fathom-report`'s.
//! With `-compat` everything is as in `go tool pprof`, mistakes included; the errors of
//! the command line and the exit codes always are.

mod address;
pub(crate) mod code;
mod deliver;
pub(crate) mod flags;
mod graphviz;
mod http;
mod invocation;
pub(crate) mod load;
pub(crate) mod numbered;
pub(crate) mod report;
mod shell;
pub(crate) mod symbolize;
pub(crate) mod talk;
mod usage;

use std::process::ExitCode;

use self::deliver::{Asked, Place, Temporary, deliver};
use self::flags::FlagError;
use self::invocation::{Environment, Invocation, InvocationError, resolve};
use self::report::Reporter;
use self::talk::{Streams, Talk};
use crate::exit::ERROR;
use crate::failure::describe;
use crate::output::{Output, is_closed};

pub(crate) use self::deliver::browsers;
pub(crate) use self::usage::{shell_usage, usage};

/// By which name the command was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    /// `fathom pprof`: a report, or the shell.
    Pprof,
    /// `fathom shell`: the shell.
    Shell,
}

/// Does what the arguments, those after the command's name, ask for.
pub(crate) fn run(called: Called, arguments: &[String], output: &Output) -> ExitCode {
    let streams = Streams {
        output,
        red: shell::edits_lines() && output.is_coloured_on_error(),
    };
    let environment = environment();
    let given = match flags::parse(arguments) {
        Ok(given) => given,
        Err(FlagError::Help) => {
            let text = match called {
                Called::Pprof => usage(),
                Called::Shell => shell_usage(),
            };
            return match output.data(&text) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => ended(&error, false, &streams),
            };
        }
        Err(error) => {
            streams.say(&error.to_string());
            streams.say(&usage());
            return ERROR.into();
        }
    };
    let mut invocation = match resolve(&given, &environment, &code::is_binary) {
        Ok(invocation) => invocation,
        Err(error) => {
            if error == InvocationError::NoSource {
                streams.say(&usage());
            }
            streams.say(&error.to_string());
            if let Some(hint) = error.hint() {
                streams.say(&format!("hint: {hint}"));
            }
            return ERROR.into();
        }
    };
    if called == Called::Shell && invocation.chosen.take().is_some() {
        streams.say("fathom shell takes no command: type it in the shell, or use fathom pprof");
        return ERROR.into();
    }
    match act(&invocation, &streams, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&error, invocation.options.compat, &streams),
    }
}

fn ended(error: &anyhow::Error, compat: bool, streams: &Streams<'_>) -> ExitCode {
    if is_closed(error) {
        return ExitCode::SUCCESS;
    }
    streams.say(&told(error, compat));
    ERROR.into()
}

/// Words an error as pprof would: without a prefix; a hint follows unless it is to be
/// matched.
fn told(error: &anyhow::Error, compat: bool) -> String {
    let text = describe(error);
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    // What there was to tell before the report failed.
    let notes = error
        .downcast_ref::<fathom_report::Failure>()
        .map(|failure| failure.notes.join("\n"))
        .filter(|notes| !notes.is_empty());
    let text = &notes.map_or_else(|| text.to_owned(), |notes| format!("{notes}\n{text}"));
    match text.split_once("\nhint: ") {
        Some((text, _)) if compat => text.to_owned(),
        _ => text.to_owned(),
    }
}

fn act(invocation: &Invocation, talk: &dyn Talk, output: &Output) -> anyhow::Result<()> {
    for warning in &invocation.warnings {
        talk.error(warning);
    }
    if let Some((host, port)) = &invocation.http {
        return http::serve(invocation, host, *port, talk, output);
    }
    let profile = load::load(invocation, talk)?;
    let options = &invocation.options;
    let Some(chosen) = &invocation.chosen else {
        let takes_stdin = |source: &String| matches!(source.as_str(), "-" | "/dev/stdin");
        if invocation.sources.iter().any(takes_stdin) && !options.compat {
            talk.error(
                "standard input held the profile, so there are no commands: give one, as -top",
            );
        }
        return shell::run(profile, options.clone(), talk);
    };
    let temporary = Temporary::default();
    let reporter = Reporter::new(options.compat);
    let argument = chosen.argument.as_deref();
    let report = reporter.report_aloud(&profile, chosen.command, argument, options, talk)?;
    let place = if options.output.is_empty() {
        Place::None
    } else {
        Place::Replace(&options.output)
    };
    deliver(
        &report,
        chosen.command,
        place,
        Asked::Once,
        talk,
        &temporary,
    )
}

/// Whether the environment wants `go tool pprof` to be matched everywhere.
pub(crate) fn compat_by_environment() -> bool {
    let compat = std::env::var("FATHOM_PPROF_COMPAT").unwrap_or_default();
    !matches!(compat.as_str(), "" | "0" | "false" | "no")
}

fn environment() -> Environment {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    Environment {
        compat: compat_by_environment(),
        user: variable("FATHOM_USER"),
        bearer: variable("FATHOM_BEARER"),
    }
}
