//! Goroutines by where they stand.

use fathom_explain::{count, is_standard_library};
use fathom_goruntime::goroutine::GroupRow;
use fathom_profile::site::is_runtime;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::table::{Column, Table};
use super::{bold, put};
use crate::app::{App, Page, Sorting};

/// The rows for the stack of the selected group.
const STACK: u16 = 7;

pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &mut App) {
    let Some(report) = &app.session.goroutines.report else {
        let text = "no goroutine profile yet: it is taken over HTTP, see --profiles";
        put(buffer, area, (0, 0), text, app.theme.dim());
        return;
    };
    let states: Vec<String> = report
        .states
        .iter()
        .map(|row| format!("{} {}", count(row.count), row.state))
        .collect();
    let growth = report.base_total.map_or(String::new(), |base| {
        format!(" ({} since {})", signed(report.total, base), since(app))
    });
    let head = format!(
        "{} goroutines{growth}: {}",
        count(report.total),
        states.join(", ")
    );
    put(buffer, area, (0, 0), &head, bold());
    let filter = app.filter.to_lowercase();
    let mut rows: Vec<&GroupRow> = report
        .groups
        .iter()
        .filter(|row| {
            let mut texts = row.stack.iter().chain(&row.created_by).chain([&row.state]);
            texts.any(|text| text.to_lowercase().contains(&filter))
        })
        .collect();
    let grown = |row: &GroupRow| {
        let base = row.base_count.unwrap_or(row.count);
        i128::from(row.count) - i128::from(base)
    };
    if app.sorting == Sorting::Growth {
        rows.sort_by_key(|row| std::cmp::Reverse((grown(row), row.count)));
    } else {
        rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    }
    let chosen = app.row.get(&Page::Goroutines).copied().unwrap_or(0);
    let chosen = chosen.min(rows.len().saturating_sub(1));
    let mut table = Table::new(vec![
        Column::right("count", 9),
        Column::right("growth", 9),
        Column::left("state", 14),
        Column::left("where", 0),
    ]);
    for row in &rows {
        let growth = row
            .base_count
            .map_or("-".to_owned(), |base| signed(row.count, base));
        table.row(vec![
            count(row.count),
            growth,
            row.state.clone(),
            place(row),
        ]);
    }
    let stack_rows = if area.height > STACK + 8 { STACK } else { 0 };
    let list = Rect {
        y: area.y + 1,
        height: area.height - 1 - stack_rows,
        ..area
    };
    let room = table.draw(buffer, list, Some(chosen), app.theme);
    let all = rows.len();
    if let Some(row) = rows.get(chosen).filter(|_| stack_rows > 0) {
        let below = Rect {
            y: area.y + area.height - stack_rows,
            height: stack_rows,
            ..area
        };
        stack(buffer, below, row);
    }
    app.rows = (room, all);
}

fn since(app: &App) -> &'static str {
    if app.session.marked_ms().is_some() {
        "the mark"
    } else {
        "the first look"
    }
}

/// The innermost frame that is the program's or a library's, else who started it, with the name
/// of the file alone.
fn place(row: &GroupRow) -> String {
    let name = |frame: &str| frame.split(' ').next().unwrap_or(frame).to_owned();
    let mut known = row.stack.iter().chain(&row.created_by);
    let own = known.find(|frame| !is_standard_library(&name(frame)));
    let outside = || row.stack.iter().find(|frame| !is_runtime(&name(frame)));
    let Some(frame) = own.or_else(outside).or(row.stack.first()) else {
        return String::new();
    };
    match frame.rsplit_once(['/', '\\']) {
        Some((_, file)) if frame.contains(' ') => format!("{} ({file})", name(frame)),
        _ => frame.clone(),
    }
}

fn stack(buffer: &mut Buffer, area: Rect, row: &GroupRow) {
    put(
        buffer,
        area,
        (0, 0),
        "stack of the selected group (↑ ↓)",
        bold(),
    );
    let mut lines: Vec<String> = row.stack.clone();
    lines.extend(row.created_by.iter().map(|who| format!("created by {who}")));
    let room = usize::from(area.height.saturating_sub(1));
    let further = lines.len().saturating_sub(room);
    for (line, y) in lines.iter().take(room).zip(1..) {
        put(buffer, area, (2, y), line, Style::new());
    }
    if further > 0 {
        let text = format!("  … {further} more frames");
        let y = area.height - 1;
        let blank = " ".repeat(usize::from(area.width));
        put(buffer, area, (0, y), &blank, Style::new());
        put(buffer, area, (0, y), &text, Style::new());
    }
}

fn signed(now: u64, base: u64) -> String {
    match now.cmp(&base) {
        std::cmp::Ordering::Greater => format!("+{}", count(now - base)),
        std::cmp::Ordering::Less => format!("-{}", count(base - now)),
        std::cmp::Ordering::Equal => "0".to_owned(),
    }
}
