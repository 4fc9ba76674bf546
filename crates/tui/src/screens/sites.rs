//! Allocation sites: what they hold, and what they grew by.

use fathom_explain::{SiteGrowth, bytes, count, signed_bytes};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::{Column, Table};
use super::{bold, put, spark};
use crate::app::{App, Page, Sorting};
use crate::plain::clock;

/// The cells of a small curve, and the width from which on there is room for it.
const CURVE: usize = 16;
const WIDE: u16 = 100;

pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &mut App) {
    let heaps = &app.session.heaps;
    let Some(base_ms) = heaps.base_ms() else {
        let text = "no heap profile yet: it is taken over HTTP, see --profiles";
        put(buffer, area, (0, 0), text, app.theme.dim());
        return;
    };
    let live: u64 = heaps.growth.iter().map(|row| row.last_bytes).sum();
    let what = if app.session.marked_ms().is_some() {
        "the mark"
    } else {
        "the first profile"
    };
    let trend = match &heaps.trend {
        Some(trend) if trend.leaks => "; it leaks",
        Some(_) => "; no leak is shown",
        None => "",
    };
    let head = format!(
        "live heap {} by its profiles; growth since {what} at {}{trend}",
        bytes(live),
        clock(base_ms, &app.zone)
    );
    put(buffer, area, (0, 0), &head, bold());
    let filter = app.filter.to_lowercase();
    let mut rows: Vec<&SiteGrowth> = heaps
        .growth
        .iter()
        .filter(|row| {
            let texts = [&row.place, &row.allocated_by];
            texts
                .iter()
                .any(|text| text.to_lowercase().contains(&filter))
        })
        .collect();
    if app.sorting == Sorting::Growth {
        // What is more than noise first.
        rows.sort_by_key(|row| std::cmp::Reverse((row.is_significant, row.growth_bytes)));
    }
    let has_curves = area.width >= WIDE && heaps.trend.is_some();
    let mut columns = vec![
        Column::right("now", 8),
        Column::right("growth", 9),
        Column::left("by sampling", 12),
        Column::right("objects", 9),
    ];
    if has_curves {
        columns.push(Column::left("", CURVE));
    }
    columns.push(Column::left("allocated at", 0));
    let mut table = Table::new(columns);
    for row in &rows {
        let sure = match (row.growth_bytes, row.is_significant) {
            (0, _) => String::new(),
            (_, true) => "sure".to_owned(),
            (_, false) => format!("±{} noise", bytes(row.deviation_bytes)).replace(" noise", ""),
        };
        let growth = match row.growth_bytes {
            0 => "0".to_owned(),
            bytes => signed_bytes(bytes),
        };
        let mut cells = vec![bytes(row.last_bytes), growth, sure, count(row.objects)];
        if has_curves {
            cells.push(curve(app, row));
        }
        cells.push(row.place.clone());
        table.row(cells);
    }
    let all = rows.len();
    let chosen = app.row.get(&Page::Sites).copied().unwrap_or(0);
    let chosen = chosen.min(all.saturating_sub(1));
    let list = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let room = table.draw(buffer, list, Some(chosen), app.theme);
    app.rows = (room, all);
}

/// The course of a site that grows by more than sampling explains.
fn curve(app: &App, row: &SiteGrowth) -> String {
    let trend = app.session.heaps.trend.as_ref();
    let site = trend.and_then(|trend| {
        let same = |site: &&fathom_explain::GrowingSite| {
            site.place == row.place && site.allocated_by == row.allocated_by
        };
        trend.sites.iter().find(same)
    });
    let Some(site) = site else {
        return String::new();
    };
    let length = site.bytes.len();
    let values: Vec<Option<f64>> = (0..CURVE.min(length))
        .filter_map(|cell| site.bytes.get(cell * length / CURVE.min(length)))
        .map(|bytes| Some(*bytes as f64))
        .collect();
    spark::spark(&values, app.theme.unicode)
}
