//! What was found, in full; and what a child writes.

use fathom_term::finding::severity_word;
use fathom_term::{severity_colour, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{bold, put};
use crate::app::{App, Page};

/// A line, and how it looks.
type Written = (String, Style);

pub(crate) fn draw(buffer: &mut Buffer, area: Rect, app: &mut App) {
    let lines = written(app, usize::from(area.width));
    scrolled(buffer, area, app, Page::Findings, &lines);
}

fn written(app: &App, width: usize) -> Vec<Written> {
    let mut lines: Vec<Written> = Vec::new();
    let mut add = |first: &str, rest: &str, text: &str, style: Style| {
        let wrapped = wrap::hanging(first, rest, text, width);
        lines.extend(wrapped.lines().map(|line| (line.to_owned(), style)));
    };
    let findings = app.session.findings();
    for finding in &findings {
        let word = severity_word(finding.severity);
        let style = app
            .theme
            .ink(severity_colour(finding.severity))
            .patch(bold());
        add("", "  ", &format!("{word}: {}", finding.title), style);
        let parts = [
            ("  ", &finding.detail),
            ("  do:    ", &finding.action),
            ("  check: ", &finding.verify),
        ];
        for (first, text) in parts {
            let rest = " ".repeat(first.len());
            if !text.is_empty() {
                add(first, &rest, text, Style::new());
            }
        }
        add("", "", "", Style::new());
    }
    if let Some(explanation) = &app.session.explanation {
        if findings.is_empty() {
            add("", "", "Nothing was found to be wrong.", bold());
        }
        if !explanation.missing.is_empty() {
            add("", "", "Not seen", bold());
        }
        for row in &explanation.missing {
            let hint = row
                .hint
                .as_deref()
                .map_or(String::new(), |hint| format!("; {hint}"));
            let text = format!("{}: {}{hint}", row.what, row.why);
            add("  ", "    ", &text, app.theme.dim());
        }
    } else if findings.is_empty() {
        let text = "Nothing was looked for yet: findings come with the ledger, see --ledger.";
        add("", "", text, app.theme.dim());
    }
    lines
}

/// What a child writes, the newest line last.
pub(crate) fn output(buffer: &mut Buffer, area: Rect, app: &mut App) {
    let head = match &app.log {
        Some(log) => {
            format!("standard error of the command, without gctrace; all output is in {log}")
        }
        None => "standard error of the command, without gctrace".to_owned(),
    };
    put(buffer, area, (0, 0), &head, bold());
    let room = usize::from(area.height.saturating_sub(1));
    let filter = app.filter.to_lowercase();
    let lines: Vec<&String> = app
        .session
        .output
        .iter()
        .filter(|line| line.to_lowercase().contains(&filter))
        .collect();
    let last = lines.len().saturating_sub(room);
    for (line, y) in lines.iter().skip(last).zip(1..) {
        put(buffer, area, (0, y), line, Style::new());
    }
}

fn scrolled(buffer: &mut Buffer, area: Rect, app: &mut App, page: Page, lines: &[Written]) {
    let room = usize::from(area.height);
    let last = lines.len().saturating_sub(room);
    let first = app.row.get(&page).copied().unwrap_or(0).min(last);
    for ((line, style), y) in lines.iter().skip(first).take(room).zip(0..) {
        put(buffer, area, (0, y), line, *style);
    }
    app.rows = (room, last + 1);
}
