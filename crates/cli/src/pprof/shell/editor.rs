//! Where the shell's lines come from: an editor on a terminal, else standard input.

use std::borrow::Cow;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Behavior, CompletionType, Config, Context, Editor, Helper};

use super::complete::{Names, complete};

/// What the shell asks with.
const PROMPT: &str = "(pprof) ";

/// Most lines of history that are kept.
const HISTORY_LINES: usize = 5000;

/// A source of lines.
pub(crate) trait Lines {
    /// Returns the next line; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the source cannot be read.
    fn next_line(&mut self) -> io::Result<Option<String>>;
}

/// Standard input. The prompt goes to standard output, as scripts that drive pprof
/// expect it.
#[derive(Debug)]
pub(crate) struct PlainLines;

impl Lines for PlainLines {
    fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut output = io::stdout().lock();
        output.write_all(PROMPT.as_bytes())?;
        output.flush()?;
        drop(output);
        let mut line = Vec::new();
        let length = io::stdin().lock().read_until(b'\n', &mut line)?;
        Ok((length > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
    }
}

/// A terminal, with history and completion.
pub(crate) struct EditedLines {
    editor: Editor<Assistant, DefaultHistory>,
    history: Option<PathBuf>,
}

impl EditedLines {
    /// Opens the terminal; history is read from `history` if that exists.
    ///
    /// # Errors
    ///
    /// When there is no terminal to edit on.
    pub(crate) fn open(names: Names, history: Option<PathBuf>) -> rustyline::Result<Self> {
        let config = Config::builder()
            .behavior(Behavior::PreferTerm)
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_LINES)?
            .history_ignore_dups(true)?
            .history_ignore_space(true)
            .auto_add_history(true)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant {
            names,
            hinter: HistoryHinter::new(),
        }));
        if let Some(path) = &history {
            // The first time there is none.
            let _ = editor.load_history(path);
        }
        Ok(Self { editor, history })
    }
}

impl Lines for EditedLines {
    fn next_line(&mut self) -> io::Result<Option<String>> {
        loop {
            match self.editor.readline(PROMPT) {
                Ok(line) => {
                    if let Some(path) = &self.history {
                        // A shell without history is better than none.
                        let _ = self.editor.append_history(path);
                    }
                    return Ok(Some(line));
                }
                // The line is given up, not the shell.
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Io(error)) => return Err(error),
                Err(other) => return Err(io::Error::other(other.to_string())),
            }
        }
    }
}

/// Returns where history is kept: in the directory for state of the system, made if need
/// be.
pub(crate) fn history_file() -> Option<PathBuf> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let state = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else {
        let at_home = |below: &str| variable("HOME").map(|home| home.join(below));
        variable("XDG_STATE_HOME").or_else(|| {
            if cfg!(target_os = "macos") {
                at_home("Library/Application Support")
            } else {
                at_home(".local/state")
            }
        })
    };
    let folder = state?.join("fathom");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("shell_history"))
}

/// What helps at the prompt.
struct Assistant {
    names: Names,
    hinter: HistoryHinter,
}

impl Helper for Assistant {}
impl Validator for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..position).unwrap_or(line);
        let completion = complete(before, &self.names);
        let pairs = completion.candidates.into_iter().map(|candidate| Pair {
            display: candidate.shown,
            replacement: candidate.written,
        });
        Ok((completion.start, pairs.collect()))
    }
}

/// What is shown behind the cursor.
struct Shown {
    text: String,
    /// Whether it can be taken over: a line of history, not how a command is written.
    is_line: bool,
}

impl Hint for Shown {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.is_line.then_some(self.text.as_str())
    }
}

impl Hinter for Assistant {
    type Hint = Shown;

    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<Shown> {
        if position < line.len() || line.is_empty() {
            return None;
        }
        let command = line
            .strip_suffix(' ')
            .and_then(fathom_report::command::find);
        if let Some(command) = command.filter(|command| !command.usage.is_empty()) {
            return Some(Shown {
                text: command.usage.to_owned(),
                is_line: false,
            });
        }
        let text = self.hinter.hint(line, position, context)?;
        Some(Shown {
            text,
            is_line: true,
        })
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            Cow::Borrowed(hint)
        } else {
            Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
        }
    }
}
