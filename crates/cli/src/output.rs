//! Where text goes and what can be shown there.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::{Args, ValueEnum};
use fathom_gather::Event;
use fathom_term::Style;

/// The width of a line where nothing says otherwise.
const DEFAULT_WIDTH: usize = 80;

/// Returns to the start of a terminal's line and empties it.
const CLEAR_LINE: &str = "\r\x1b[2K";

/// How to talk.
#[derive(Debug, Default, Args)]
pub(crate) struct OutputArgs {
    #[arg(
        long,
        help = "When to use colours; NO_COLOR and CLICOLOR_FORCE are respected",
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        help_heading = "Output"
    )]
    pub(crate) color: When,
    /// Tell what was taken, a line each, and how long it took
    #[arg(long, global = true, help_heading = "Output", conflicts_with = "quiet")]
    pub(crate) progress: bool,
    /// Tell nothing but results and errors
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// When to use colours.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What the environment says, so that decisions can be tested.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the environment says these independently"
)]
struct Surroundings {
    terminal: bool,
    no_color: bool,
    force_color: bool,
    dumb: bool,
}

impl Surroundings {
    fn of(terminal: bool) -> Self {
        let says = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
        Self {
            terminal,
            no_color: says("NO_COLOR"),
            force_color: says("CLICOLOR_FORCE")
                && std::env::var("CLICOLOR_FORCE").is_ok_and(|value| value != "0"),
            dumb: std::env::var("TERM").is_ok_and(|value| value == "dumb"),
        }
    }

    fn colour(self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Never => false,
            When::Auto if self.no_color => false,
            When::Auto if self.force_color => true,
            When::Auto => self.terminal && !self.dumb,
        }
    }
}

/// How the progress of gathering is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Not at all.
    Silent,
    /// What is being taken stands on one line of the terminal, until it is there.
    Passing,
    /// One line an artefact, which stays.
    Lines,
}

impl Progress {
    fn of(args: &OutputArgs, surroundings: Surroundings, lines: bool) -> Self {
        if args.quiet {
            Self::Silent
        } else if args.progress || (lines && surroundings.terminal) {
            Self::Lines
        } else if surroundings.terminal && !surroundings.dumb {
            Self::Passing
        } else {
            Self::Silent
        }
    }
}

/// The two streams of the program.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// What standard output can show.
    pub(crate) style: Style,
    error_style: Style,
    progress: Progress,
    quiet: bool,
}

impl Output {
    /// Decides by the flags, the environment and what the streams are; `lines`
    /// are commands that tell their progress line by line.
    pub(crate) fn resolve(args: &OutputArgs, lines: bool) -> Self {
        let style = |terminal: bool| Style {
            colour: Surroundings::of(terminal).colour(args.color),
            width: line_width(terminal),
            unicode: !terminal || speaks_unicode(),
        };
        let talks_to_terminal = io::stderr().is_terminal();
        Self {
            style: style(io::stdout().is_terminal()),
            error_style: style(talks_to_terminal),
            progress: Progress::of(args, Surroundings::of(talks_to_terminal), lines),
            quiet: args.quiet,
        }
    }

    /// Whether errors may be coloured.
    pub(crate) const fn is_coloured_on_error(&self) -> bool {
        self.error_style.colour
    }

    /// Writes a result to standard output.
    ///
    /// # Errors
    ///
    /// [`Closed`] when nobody reads on, else what the system says.
    pub(crate) fn data(&self, text: &str) -> anyhow::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes bytes to standard output, as [`Output::data`] does.
    #[expect(
        clippy::unused_self,
        reason = "whoever was handed no output prints nothing"
    )]
    pub(crate) fn bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut stream = io::stdout().lock();
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
            Err(error) => {
                Err(anyhow::Error::from(error).context("cannot write to standard output"))
            }
        }
    }

    /// Writes a value as JSON, indented, to standard output.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.data(&text)
    }

    /// Tells the user something about the work; not when they want quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            talk(&fathom_term::visible(text));
        }
    }

    /// Tells the user an error, its hint on a second line.
    #[expect(clippy::unused_self, reason = "as for `bytes`")]
    pub(crate) fn error(&self, text: &str) {
        talk(text);
    }

    /// Tells the progress of gathering.
    pub(crate) fn gathering(&self, event: &Event<'_>) {
        match self.progress {
            Progress::Silent => {}
            Progress::Passing => self.passing(event),
            Progress::Lines => self.lines(event),
        }
    }

    /// Shows how far the work is, in one line that the next one replaces; an empty one ends it.
    pub(crate) fn progress(&self, text: &str) {
        if matches!(self.progress, Progress::Passing) {
            let width = self.error_style.width.saturating_sub(1);
            let shown = fathom_term::shorten(text, width, &self.error_style);
            // Nobody is left to tell if this fails.
            let _ = write!(io::stderr().lock(), "{CLEAR_LINE}{shown}");
        }
    }

    /// Shows what is being taken until it is there.
    fn passing(&self, event: &Event<'_>) {
        let shown = match event {
            Event::Started { name, .. } => {
                let line = format!("taking {}", fathom_term::visible(name));
                let width = self.error_style.width.saturating_sub(1);
                fathom_term::shorten(&line, width, &self.error_style).into_owned()
            }
            Event::Finished { .. } | Event::Failed { .. } => String::new(),
            _ => return,
        };
        // Nobody is left to tell if this fails.
        let _ = write!(io::stderr().lock(), "{CLEAR_LINE}{shown}");
    }

    fn lines(&self, event: &Event<'_>) {
        let line = match event {
            Event::Finished {
                name,
                bytes,
                duration,
            } => format!(
                "took {name}  {}, {}",
                fathom_explain::bytes(*bytes),
                milliseconds(*duration)
            ),
            Event::Failed { missing, .. } => format!("no   {}  {}", missing.what, missing.why),
            Event::Note(text) => (*text).to_owned(),
            _ => return,
        };
        let shown = fathom_term::visible(&line);
        talk(&fathom_term::dim(&shown, &self.error_style));
    }
}

fn talk(text: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

/// Standard output was closed by its reader, which is no error.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the reader of standard output has gone")
    }
}

impl std::error::Error for Closed {}

/// Tells whether a command ended because nobody reads its output any more.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Closed>().is_some()
}

/// COLUMNS says it, else the terminal; what is no terminal has 80.
fn line_width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let said = columns.and_then(|columns| columns.parse::<usize>().ok());
    let measured = || {
        let (terminal_size::Width(columns), _) = terminal_size::terminal_size()?;
        Some(usize::from(columns))
    };
    said.filter(|columns| *columns >= 20)
        .or_else(|| if terminal { measured() } else { None })
        .unwrap_or(DEFAULT_WIDTH)
}

/// A locale that names another encoding has no blocks and ellipses.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_uppercase();
        locale.contains("UTF-8") || locale.contains("UTF8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_passes_by_unless_it_is_the_point() {
        let terminal = Surroundings {
            terminal: true,
            ..Surroundings::default()
        };
        let pipe = Surroundings::default();
        let args = |progress, quiet| OutputArgs {
            color: When::Auto,
            progress,
            quiet,
        };
        let plain = args(false, false);
        assert_eq!(Progress::of(&plain, terminal, false), Progress::Passing);
        assert_eq!(Progress::of(&plain, terminal, true), Progress::Lines);
        assert_eq!(Progress::of(&plain, pipe, true), Progress::Silent);
        assert_eq!(
            Progress::of(&args(true, false), pipe, false),
            Progress::Lines
        );
        assert_eq!(
            Progress::of(&args(false, true), terminal, true),
            Progress::Silent
        );
        let dumb = Surroundings {
            dumb: true,
            ..terminal
        };
        assert_eq!(Progress::of(&plain, dumb, false), Progress::Silent);
    }

    #[test]
    fn colours_follow_the_flag_then_the_environment_then_the_stream() {
        let terminal = Surroundings {
            terminal: true,
            ..Surroundings::default()
        };
        let pipe = Surroundings::default();
        assert!(terminal.colour(When::Auto));
        assert!(!pipe.colour(When::Auto));
        assert!(
            !Surroundings {
                no_color: true,
                force_color: true,
                ..terminal
            }
            .colour(When::Auto)
        );
        assert!(
            Surroundings {
                force_color: true,
                ..pipe
            }
            .colour(When::Auto)
        );
        assert!(
            !Surroundings {
                dumb: true,
                ..terminal
            }
            .colour(When::Auto)
        );
        assert!(
            Surroundings {
                no_color: true,
                ..pipe
            }
            .colour(When::Always)
        );
        assert!(!terminal.colour(When::Never));
    }
}
