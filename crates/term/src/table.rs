//! The one table.

use crate::cells::{shorten, shorten_start, visible, width};
use crate::style::{Emphasis, Style, dress};
use crate::{Ink, wrap};

/// The cells between two columns.
const GAP: usize = 2;

/// Says on which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// Says what happens to text that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// The column is never narrowed: numbers.
    #[default]
    Keep,
    /// The end is cut: names.
    CutEnd,
    /// The start is cut: paths.
    CutStart,
    /// It goes on in further lines: sentences, in the last column.
    Wrap,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    header: String,
    align: Align,
    overflow: Overflow,
}

impl Column {
    /// Makes a column of text that is never narrowed.
    pub fn left(header: impl Into<String>) -> Self {
        Self {
            header: header.into(),
            align: Align::Left,
            overflow: Overflow::Keep,
        }
    }

    /// Makes a column of numbers.
    pub fn right(header: impl Into<String>) -> Self {
        Self {
            align: Align::Right,
            ..Self::left(header)
        }
    }

    /// Says what happens to text that does not fit.
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

/// The text of one row in one column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    ink: Option<Ink>,
    emphasis: Emphasis,
}

impl Cell {
    /// Makes a cell; control characters in it are made visible.
    pub fn new(text: &str) -> Self {
        Self {
            text: visible(text).into_owned(),
            ink: None,
            emphasis: Emphasis::Plain,
        }
    }

    /// Returns its text as it is shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Colours it.
    #[must_use]
    pub fn ink(mut self, ink: Ink) -> Self {
        self.ink = Some(ink);
        self
    }

    /// Gives it weight.
    #[must_use]
    pub fn emphasis(mut self, emphasis: Emphasis) -> Self {
        self.emphasis = emphasis;
        self
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::new(&number.to_string())
    }
}

/// Rows under a header, as wide as the style allows.
///
/// Columns that may be narrowed share what the others leave; the widest gives
/// first. Nothing is narrowed below the width of its header.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Makes a table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; cells that are missing are empty, cells too many are left out.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut row: Vec<Cell> = cells.into_iter().collect();
        row.resize_with(self.columns.len(), Cell::default);
        self.rows.push(row);
    }

    /// Tells whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Draws it: the header, unless all of it is empty, and the rows, each line
    /// ended by a line feed and without spaces before it.
    pub fn render(&self, style: &Style) -> String {
        let widths = self.widths(style.width);
        let mut out = String::new();
        if self.columns.iter().any(|column| !column.header.is_empty()) {
            let header: Vec<Cell> = self
                .columns
                .iter()
                .map(|column| Cell::new(&column.header).emphasis(Emphasis::Bold))
                .collect();
            self.draw(&mut out, &header, &widths, style);
        }
        for row in &self.rows {
            self.draw(&mut out, row, &widths, style);
        }
        out
    }

    fn widths(&self, limit: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(index));
                let widest = cells.map(|cell| width(&cell.text)).max().unwrap_or(0);
                widest.max(width(&column.header))
            })
            .collect();
        let gaps = widths.len().saturating_sub(1) * GAP;
        let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(limit);
        while over > 0 {
            // The widest that may give, the later of two.
            let widest = widths
                .iter()
                .zip(&self.columns)
                .enumerate()
                .filter(|(_, (wide, column))| {
                    column.overflow != Overflow::Keep && **wide > width(&column.header).max(1)
                })
                .max_by_key(|(_, (wide, _))| **wide)
                .map(|(index, _)| index);
            let Some(wide) = widest.and_then(|index| widths.get_mut(index)) else {
                break;
            };
            *wide -= 1;
            over -= 1;
        }
        widths
    }

    fn draw(&self, out: &mut String, row: &[Cell], widths: &[usize], style: &Style) {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&self.columns)
            .zip(widths)
            .map(|((cell, column), &wide)| match column.overflow {
                Overflow::Keep => vec![cell.text.clone()],
                Overflow::CutEnd => vec![shorten(&cell.text, wide, style).into_owned()],
                Overflow::CutStart => vec![shorten_start(&cell.text, wide, style).into_owned()],
                Overflow::Wrap => wrap::lines(&cell.text, wide),
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            // Spaces wait until something follows them.
            let mut waiting = 0;
            for (((cell, lines), column), &wide) in
                row.iter().zip(&cells).zip(&self.columns).zip(widths)
            {
                let text = lines.get(line).map_or("", String::as_str);
                let padding = wide.saturating_sub(width(text));
                let before = if column.align == Align::Right {
                    padding
                } else {
                    0
                };
                if text.is_empty() {
                    waiting += wide + GAP;
                    continue;
                }
                out.extend(std::iter::repeat_n(' ', waiting + before));
                out.push_str(&dress(text, cell.ink, cell.emphasis, style));
                waiting = padding - before + GAP;
            }
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new([
            Column::right("count"),
            Column::left("function").overflow(Overflow::CutEnd),
            Column::left("what").overflow(Overflow::Wrap),
        ]);
        table.row([
            "20000".into(),
            "main.(*Worker).loop".into(),
            "waits on a channel for ever".into(),
        ]);
        table.row(["3".into(), "内存.Run".into(), Cell::default()]);
        table
    }

    #[test]
    fn fits_as_it_is() {
        let text = sample().render(&Style::plain(80));
        assert_eq!(
            text,
            "count  function             what\n\
             20000  main.(*Worker).loop  waits on a channel for ever\n    \
                 3  内存.Run\n"
        );
    }

    #[test]
    fn shortens_and_wraps_to_the_width() {
        let text = sample().render(&Style::plain(40));
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| width(line) <= 40), "{text}");
    }

    #[test]
    fn nothing_is_narrower_than_its_header() {
        let text = sample().render(&Style::plain(1));
        assert_eq!(text.lines().next(), Some("count  function  what"));
    }

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        let mut table = Table::new([Column::left("name")]);
        table.row(["\x1b[2Jx".into()]);
        assert_eq!(table.render(&Style::plain(80)), "name\n␛[2Jx\n");
    }
}
