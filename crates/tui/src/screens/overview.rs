//! Everything at a glance: small curves, the ledger, what was found.

use fathom_explain::{Row, bytes, leaves, percent};
use fathom_series::plots::Plot;
use fathom_term::{Ink, bar, class_colour, class_letter, severity_colour};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{bold, put, spark};
use crate::amount::amount;
use crate::app::App;
use crate::live::tracks;
use crate::plain::clock;

/// A small curve: its title, and the lines that may show it, the first that has values.
struct Glance {
    title: &'static str,
    lines: &'static [(&'static str, &'static str)],
    /// What it is measured against.
    beside: &'static [(&'static str, &'static str, &'static str)],
}

const GLANCES: [Glance; 8] = [
    Glance {
        title: "RSS",
        lines: &[("resident", "RSS")],
        beside: &[
            ("limit", "resident", "limit"),
            ("peak", "resident", "peak RSS"),
        ],
    },
    Glance {
        title: "heap",
        lines: &[("heap", "HeapAlloc")],
        beside: &[("of", "heap", "HeapSys")],
    },
    Glance {
        title: "live heap",
        lines: &[("gc-memory", "live heap")],
        beside: &[("goal", "gc-memory", "goal")],
    },
    Glance {
        title: "allocated",
        lines: &[("allocation-rate", "allocated")],
        beside: &[],
    },
    Glance {
        title: "goroutines",
        lines: &[("goroutines", "goroutines")],
        beside: &[("threads", "threads", "threads")],
    },
    Glance {
        title: "CPUs busy",
        lines: &[("process-cpu", "all")],
        beside: &[("of", "threads", "CPUs")],
    },
    Glance {
        title: "GC CPU",
        lines: &[("cpu-overall", "GC"), ("gc-cpu-fraction", "GCCPUFraction")],
        beside: &[],
    },
    Glance {
        title: "collections",
        lines: &[("gc-cycles", "all")],
        beside: &[("pause", "gc-pause", "pause")],
    },
];

pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &App) {
    let mut y = 0;
    for glance in &GLANCES {
        y += glanced(buffer, area, app, glance, y);
    }
    if y == 0 {
        put(buffer, area, (0, 0), "no numbers yet", app.theme.dim());
        y = 1;
    }
    y = ledger(buffer, area, app, y + 1);
    found(buffer, area, app, y + 1);
}

/// Draws one small curve, if it has values; tells how many rows it took.
fn glanced(buffer: &mut Buffer, area: Rect, app: &App, glance: &Glance, y: u16) -> u16 {
    let at = |id: &str, label: &str| {
        let track = tracks::named(id, label)?;
        let point = match app.paused {
            Some(paused) => app.session.timeline.at(paused.cursor_ms),
            None => app.session.latest(),
        };
        let plot = Plot::find(id)?;
        let value = point?.band(track)?.mean;
        Some(amount(value, plot.unit, plot.per_second))
    };
    let cells = usize::from(area.width.saturating_sub(44)).max(8);
    let chosen = glance.lines.iter().find_map(|(id, label)| {
        let track = tracks::named(id, label)?;
        let means = spark::means(&app.session.timeline, track, app.window(), cells);
        means
            .iter()
            .any(Option::is_some)
            .then_some((*id, *label, means))
    });
    let Some((id, label, means)) = chosen else {
        return 0;
    };
    let value = at(id, label).unwrap_or_else(|| "-".to_owned());
    put(buffer, area, (0, y), glance.title, Style::new());
    put(buffer, area, (12, y), &format!("{value:>9}"), bold());
    let curve = spark::spark(&means, app.theme.unicode);
    put(buffer, area, (22, y), &curve, app.theme.ink(Ink::Blue));
    let beside = glance
        .beside
        .iter()
        .find_map(|(word, id, label)| Some(format!("{word} {}", at(id, label)?)));
    let x = 23 + u16::try_from(cells).unwrap_or(0);
    put(
        buffer,
        area,
        (x, y),
        &beside.unwrap_or_default(),
        app.theme.dim(),
    );
    1
}

/// Draws the ledger: a bar of all parts, then the largest, each with its own.
fn ledger(buffer: &mut Buffer, area: Rect, app: &App, y: u16) -> u16 {
    let Some(explanation) = &app.session.explanation else {
        return y.saturating_sub(1);
    };
    let Some(root) = explanation.ledger.first() else {
        return y.saturating_sub(1);
    };
    let taken = explanation.target.taken_at_unix_nanos.unwrap_or_default();
    let taken = clock(i64::try_from(taken / 1_000_000).unwrap_or(0), &app.zone);
    let title = format!("Where {} are, at {taken}", bytes(root.bytes));
    put(buffer, area, (0, y), &title, bold());
    let mut rows: Vec<&Row> = leaves(&explanation.ledger).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    let free = area.height.saturating_sub(y + 1);
    // What was found has a heading and two rows at least.
    let most = usize::from(free.saturating_sub(4)).min(12);
    let label_cells = (area.width / 2).min(44);
    let mut below = y + 1;
    for row in rows.iter().filter(|row| row.bytes > 0).take(most) {
        let numbers = format!(
            "{:>9} {:>6}",
            bytes(row.bytes),
            percent(row.bytes, root.bytes)
        );
        put(buffer, area, (0, below), &numbers, Style::new());
        put(
            buffer,
            Rect {
                width: label_cells.min(area.width),
                ..area
            },
            (18, below),
            &row.label,
            Style::new(),
        );
        let x = label_cells + 1;
        let cells = usize::from(area.width.saturating_sub(x + 1));
        let style = class_colour(row.class).map_or(Style::new(), |ink| app.theme.ink(ink));
        let drawn = if app.theme.colour {
            bar::bar(row.bytes, root.bytes, cells, None, &app.theme.text(cells))
        } else {
            let part = bar::bar(
                row.bytes,
                root.bytes,
                cells,
                None,
                &fathom_term::Style {
                    unicode: false,
                    ..app.theme.text(cells)
                },
            );
            class_letter(row.class).to_string().repeat(part.len())
        };
        put(buffer, area, (x, below), &drawn, style);
        below += 1;
    }
    let left: u64 = rows.iter().skip(most).map(|row| row.bytes).sum();
    if left > 0 && below < area.height {
        let text = format!(
            "{:>9} {:>6} in smaller parts",
            bytes(left),
            percent(left, root.bytes)
        );
        put(buffer, area, (0, below), &text, app.theme.dim());
        below += 1;
    }
    below
}

fn found(buffer: &mut Buffer, area: Rect, app: &App, y: u16) {
    let findings = app.session.findings();
    if app.session.explanation.is_none() && findings.is_empty() {
        return;
    }
    let title = match findings.len() {
        0 => "Nothing was found to be wrong".to_owned(),
        1 => "1 finding".to_owned(),
        number => format!("{number} findings (7 tells them in full)"),
    };
    put(buffer, area, (0, y), &title, bold());
    for (finding, row) in findings.iter().zip(y + 1..area.height) {
        let word = fathom_term::finding::severity_word(finding.severity);
        let style = app
            .theme
            .ink(severity_colour(finding.severity))
            .patch(bold());
        put(buffer, area, (0, row), word, style);
        put(buffer, area, (10, row), &finding.title, Style::new());
    }
}
