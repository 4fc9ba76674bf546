//! The collector: its plots, and its last collections.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::{Column, Table};
use super::{bold, page, put};
use crate::amount::amount;
use crate::app::App;
use crate::plain::clock;
use fathom_series::Unit::{Bytes, Seconds};

/// The rows of the table, with its head.
const ROWS: u16 = 6;

pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &mut App) {
    let rows = if area.height >= 18 { ROWS } else { 0 };
    let plots = Rect {
        height: area.height - rows,
        ..area
    };
    page::draw(buffer, plots, app);
    if rows == 0 {
        return;
    }
    let below = Rect {
        y: area.y + plots.height,
        height: rows,
        ..area
    };
    if app.session.cycles.is_empty() {
        pauses(buffer, below, app);
    } else {
        cycles(buffer, below, app);
    }
}

/// The last collections by gctrace, the newest first.
fn cycles(buffer: &mut Buffer, area: Rect, app: &App) {
    let mut table = Table::new(vec![
        Column::right("collection", 10),
        Column::left("at", 8),
        Column::right("pause", 8),
        Column::right("mark", 8),
        Column::right("before", 8),
        Column::right("live", 8),
        Column::right("goal", 8),
        Column::left("", 6),
    ]);
    let mib = |mib: u64| amount(mib as f64 * 1_048_576.0, Bytes, false);
    for (at_ms, cycle) in app
        .session
        .cycles
        .iter()
        .rev()
        .take(usize::from(area.height))
    {
        table.row(vec![
            cycle.number.to_string(),
            clock(*at_ms, &app.zone),
            amount(cycle.pause_ms() / 1e3, Seconds, false),
            amount(cycle.mark_ms / 1e3, Seconds, false),
            mib(cycle.heap_start_mib),
            mib(cycle.heap_live_mib),
            cycle.goal_mib.map_or("-".to_owned(), mib),
            if cycle.forced { "forced" } else { "" }.to_owned(),
        ]);
    }
    table.draw(buffer, area, None, app.theme);
}

/// The last collections by MemStats, which know less.
fn pauses(buffer: &mut Buffer, area: Rect, app: &App) {
    let mut table = Table::new(vec![
        Column::left("collection at", 13),
        Column::right("pause", 8),
        Column::left("", 0),
    ]);
    for one in app
        .session
        .collections
        .iter()
        .rev()
        .take(usize::from(area.height))
    {
        table.row(vec![
            clock(one.ended_ms, &app.zone),
            amount(one.pause_ns as f64 / 1e9, Seconds, false),
            String::new(),
        ]);
    }
    if app.session.collections.is_empty() {
        put(
            buffer,
            area,
            (0, 0),
            "no collection was seen yet",
            app.theme.dim(),
        );
        return;
    }
    table.draw(buffer, area, None, app.theme);
    let note = "GODEBUG=gctrace=1 tells more";
    if area.width > 60 {
        put(buffer, area, (30, 0), note, app.theme.dim().patch(bold()));
    }
}
