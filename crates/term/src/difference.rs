//! Two explanations compared, in a terminal.

use crate::paragraph::{Page, pad};
use crate::{Style, class_colour, dim, paint, shorten};
use fathom_explain::{Change, Difference, Fate, LedgerChange, bytes, signed_bytes};

/// The cells of a ledger row's label.
const LABEL: usize = 42;

/// Draws a comparison.
pub fn difference(difference: &Difference, style: &Style) -> String {
    let mut page = Page::new(*style);
    page.bold("", "", &answer(difference));
    for note in &difference.notes {
        page.dim("note: ", "      ", note);
    }
    for finding in &difference.findings {
        page.heading(&finding.title);
        page.plain("  ", "  ", &finding.detail);
        page.plain("  do:    ", "         ", &finding.action);
        page.plain("  check: ", "         ", &finding.verify);
    }
    page.heading("Where the difference is");
    let head = format!(
        "{}{:>12}{:>12}{:>12}",
        " ".repeat(LABEL),
        "before",
        "after",
        "change"
    );
    page.line(&dim(&head, style));
    let root = difference.ledger.first().map(|row| row.id.as_str());
    let moved = |row: &&LedgerChange| row.delta_bytes != 0 || Some(row.id.as_str()) == root;
    for row in difference.ledger.iter().filter(moved) {
        page.line(&ledger_row(row, depth(difference, row), style));
    }
    let still = difference.ledger.iter().filter(|row| !moved(row)).count();
    if still > 0 {
        page.dim(
            "  ",
            "  ",
            &format!("{still} rows without change not shown."),
        );
    }
    if !difference.changes.is_empty() {
        page.heading("What became of the findings");
        for change in &difference.changes {
            page.plain("", "  ", &changed(change));
        }
    }
    page.text()
}

fn answer(difference: &Difference) -> String {
    let root = difference.ledger.first();
    let (before, after) = root.map_or((0, 0), |row| (row.before_bytes, row.after_bytes));
    let largest = difference
        .leaves()
        .max_by_key(|row| row.delta_bytes.unsigned_abs())
        .filter(|row| row.delta_bytes != 0)
        .map(|row| {
            format!(
                ", most of it {} ({})",
                row.label,
                signed_bytes(row.delta_bytes)
            )
        })
        .unwrap_or_default();
    format!(
        "{} before, {} after: {}{largest}.",
        bytes(before),
        bytes(after),
        signed_bytes(difference.delta_bytes),
    )
}

fn depth(difference: &Difference, row: &LedgerChange) -> usize {
    let mut depth = 0;
    let mut above = row.parent.as_deref();
    while let Some(parent) = above.and_then(|id| difference.ledger.iter().find(|row| row.id == id))
    {
        depth += 1;
        above = parent.parent.as_deref();
    }
    depth
}

fn ledger_row(row: &LedgerChange, depth: usize, style: &Style) -> String {
    let label = format!("{}{}", "  ".repeat(depth), row.label);
    let label = pad(&shorten(&label, LABEL, style), LABEL);
    let change = format!("{:>12}", signed_bytes(row.delta_bytes));
    let change = match class_colour(row.class) {
        _ if row.delta_bytes == 0 => dim(&change, style),
        Some(ink) => paint(&change, ink, style),
        None => change,
    };
    format!(
        "{label}{:>12}{:>12}{change}",
        bytes(row.before_bytes),
        bytes(row.after_bytes)
    )
}

fn changed(change: &Change) -> String {
    let size = |side: Option<u64>| side.map_or_else(String::new, bytes);
    let (before, after) = (size(change.before_bytes), size(change.after_bytes));
    let fate = match change.fate {
        Fate::New => "new".to_owned(),
        // Some findings are about no bytes.
        Fate::Gone if change.before_bytes.is_none_or(|size| size == 0) => "gone".to_owned(),
        Fate::Gone => format!("gone (was {before})"),
        Fate::Grown => format!("grown from {before} to {after}"),
        Fate::Shrunk => format!("shrunk from {before} to {after}"),
        Fate::Same => "unchanged".to_owned(),
    };
    format!("{}: {fate}. {}", change.id, change.title)
}
