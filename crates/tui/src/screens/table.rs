//! The table of all lists.

use fathom_term::{shorten, visible, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Theme, bold, put, selected};

/// A column; the last takes what is left of the row.
pub(crate) struct Column {
    title: &'static str,
    cells: usize,
    is_right: bool,
}

impl Column {
    pub(crate) const fn left(title: &'static str, cells: usize) -> Self {
        Self {
            title,
            cells,
            is_right: false,
        }
    }

    pub(crate) const fn right(title: &'static str, cells: usize) -> Self {
        Self {
            title,
            cells,
            is_right: true,
        }
    }
}

pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) const fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Draws the head and as many rows as fit, so that the selected one is among them. Tells how
    /// many rows there was room for.
    pub(crate) fn draw(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        chosen: Option<usize>,
        theme: Theme,
    ) -> usize {
        let titles: Vec<String> = self
            .columns
            .iter()
            .map(|one| one.title.to_owned())
            .collect();
        let room = usize::from(area.height.saturating_sub(1));
        put(
            buffer,
            area,
            (0, 0),
            &self.line(&titles, area, theme),
            bold(),
        );
        let first = chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(room));
        for ((index, row), y) in self.rows.iter().enumerate().skip(first).take(room).zip(1..) {
            let style = if chosen == Some(index) {
                selected()
            } else {
                Style::new()
            };
            put(buffer, area, (0, y), &self.line(row, area, theme), style);
        }
        room
    }

    fn line(&self, cells: &[String], area: Rect, theme: Theme) -> String {
        let mut line = String::new();
        let last = self.columns.len().saturating_sub(1);
        for (index, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            let left = usize::from(area.width).saturating_sub(width(&line));
            let room = if index == last {
                left
            } else {
                column.cells.max(width(column.title)).min(left)
            };
            let shown = visible(cell);
            let shown = shorten(&shown, room, &theme.text(room));
            let space = " ".repeat(room.saturating_sub(width(&shown)));
            if column.is_right {
                line.push_str(&space);
                line.push_str(&shown);
            } else {
                line.push_str(&shown);
                if index != last {
                    line.push_str(&space);
                }
            }
            if index != last {
                line.push_str("  ");
            }
        }
        line
    }
}
