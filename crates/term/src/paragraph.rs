//! Paragraphs and headings, one below the other.

use crate::wrap::hanging;
use crate::{Ink, Style, bold, dim, paint, width};

/// A page of text under construction.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) style: Style,
    out: String,
}

impl Page {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            out: String::new(),
        }
    }

    /// Returns what was written.
    pub(crate) fn text(self) -> String {
        self.out
    }

    /// Writes one line as it is, without spaces at its end.
    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Writes an empty line and a heading.
    pub(crate) fn heading(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let text = bold(text, &self.style);
        self.line(&text);
    }

    /// Writes a paragraph: `first` before its first line, `rest` before the others.
    pub(crate) fn plain(&mut self, first: &str, rest: &str, text: &str) {
        self.paragraph(first, rest, text, |line, _| line.to_owned());
    }

    /// Writes a paragraph in bold.
    pub(crate) fn bold(&mut self, first: &str, rest: &str, text: &str) {
        self.paragraph(first, rest, text, bold);
    }

    /// Writes a paragraph that steps back.
    pub(crate) fn dim(&mut self, first: &str, rest: &str, text: &str) {
        self.paragraph(first, rest, text, dim);
    }

    /// Writes a paragraph in bold behind a coloured tag as wide as `rest`.
    pub(crate) fn tagged(&mut self, tag: &str, ink: Ink, rest: &str, text: &str) {
        let wrapped = hanging(rest, rest, text, self.style.width);
        for (number, line) in wrapped.lines().enumerate() {
            let words = bold(line.strip_prefix(rest).unwrap_or(line), &self.style);
            let lead = if number == 0 {
                paint(tag, ink, &self.style)
            } else {
                rest.to_owned()
            };
            self.line(&format!("{lead}{words}"));
        }
    }

    fn paragraph(
        &mut self,
        first: &str,
        rest: &str,
        text: &str,
        dress: impl Fn(&str, &Style) -> String,
    ) {
        for line in hanging(first, rest, text, self.style.width).lines() {
            let line = dress(line.trim_end(), &self.style);
            self.line(&line);
        }
    }
}

/// Fills a text with spaces to a width in cells.
pub(crate) fn pad(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}
