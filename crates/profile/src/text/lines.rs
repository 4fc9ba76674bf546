//! The lines of a text, numbered.

use crate::error::Error;

/// One line without its end and without blanks at its ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextLine<'a> {
    pub(crate) text: &'a [u8],
    /// Counted from 1.
    pub(crate) number: u64,
}

impl TextLine<'_> {
    pub(crate) fn error(&self, form: &'static str, reason: impl Into<String>) -> Error {
        Error::Text {
            form,
            line: self.number,
            reason: reason.into(),
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// Reads lines one after another.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    number: u64,
}

impl<'a> Lines<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            number: 0,
        }
    }

    /// Returns the next line that is not blank.
    pub(crate) fn next_filled(&mut self) -> Option<TextLine<'a>> {
        self.find(|line| !line.is_blank())
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = TextLine<'a>;

    fn next(&mut self) -> Option<TextLine<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        self.number += 1;
        Some(TextLine {
            text: line.trim_ascii(),
            number: self.number,
        })
    }
}
