//! Reading a text line by line with the current line at hand.

use crate::error::{Error, Position};

/// Steps through the lines of a text. Before the first line and after the last, the
/// current line is empty.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    rest: &'a str,
    line: &'a str,
    number: u64,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: "",
            number: 0,
        }
    }

    /// Goes to the next line; `false` when there is none.
    pub(crate) fn advance(&mut self) -> bool {
        if self.rest.is_empty() {
            self.line = "";
            return false;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.line = line.strip_suffix('\r').unwrap_or(line);
        self.rest = rest;
        self.number += 1;
        true
    }

    /// Returns the current line without its end.
    pub(crate) const fn line(&self) -> &'a str {
        self.line
    }

    /// Returns where the current line is.
    pub(crate) const fn position(&self) -> Position {
        Position::Line(self.number)
    }

    /// Goes on to the first line that is neither blank nor a comment.
    pub(crate) fn skip_comments(&mut self) {
        while self.advance() && is_blank_or_comment(self.line) {}
    }

    /// Makes an error about the current line.
    pub(crate) fn error(&self, form: &'static str, reason: impl Into<String>) -> Error {
        Error::Text {
            form,
            line: self.number,
            reason: reason.into(),
        }
    }
}

/// Whether a line is blank or begins with `#`.
pub(crate) fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}
