//! An explanation in a terminal: the answer first, then the ledger as a bar
//! chart, then what it rests on.

use crate::bar::bar;
use crate::paragraph::{Page, pad};
use crate::{Style, bold, class_colour, paint, severity_colour, width};
use fathom_explain::{
    Beside, Cause, Explanation, MissingRow, Reconciliation, Row, Site, TimeTotals, bytes, count,
    is_leaf, leaves, percent, seconds, signed_bytes,
};
use fathom_finding::{Confidence, Finding, Severity, Value};

/// How much to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a person in a hurry needs.
    Brief,
    /// Everything: evidence rows, every reconciliation, every site.
    Full,
}

/// Rows of allocation sites in the brief form.
const SITES: usize = 5;

/// Draws an explanation.
pub fn explanation(explanation: &Explanation, detail: Detail, style: &Style) -> String {
    let mut page = Page::new(*style);
    head(&mut page, explanation);
    findings(&mut page, &explanation.findings, detail);
    ledger(&mut page, &explanation.ledger, detail);
    beside(&mut page, &explanation.beside);
    sites(&mut page, &explanation.sites, detail);
    reconciliations(&mut page, &explanation.reconciliations, detail);
    missing(&mut page, &explanation.missing);
    page.text()
}

fn head(page: &mut Page, explanation: &Explanation) {
    let target = &explanation.target;
    let mut who = Vec::new();
    if let Some(pid) = target.pid {
        who.push(format!("pid {pid}"));
    }
    who.extend(target.url.clone());
    who.extend(target.exe.clone());
    who.extend(target.go_version.clone());
    if let Some(goroutines) = target.goroutines {
        who.push(counted(goroutines, "goroutine"));
    }
    if let Some(threads) = target.threads {
        who.push(counted(threads, "thread"));
    }
    if !who.is_empty() {
        page.dim("", "", &who.join(", "));
    }
    page.bold("", "", &answer(explanation));
}

/// Writes a count and what is counted, in the singular or plural.
fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// The answer in one sentence: how much, and what most of it is.
fn answer(explanation: &Explanation) -> String {
    let Some(root) = explanation.ledger.first() else {
        return without_memory(&explanation.time);
    };
    let mut rows: Vec<&Row> = leaves(&explanation.ledger).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    let largest: Vec<String> = rows
        .iter()
        .take(2)
        .filter(|row| row.bytes >= root.bytes / 10 && row.id != root.id)
        .map(|row| format!("{} {}", bytes(row.bytes), row.label))
        .collect();
    let what = match root.id.as_str() {
        "rss" => "resident",
        "go-total" => "held by the Go runtime (the kernel's side was not seen)",
        _ => "live by the heap profile",
    };
    let most = if largest.is_empty() {
        String::new()
    } else {
        format!(": {}", largest.join(", "))
    };
    format!("{} {what}{most}.", bytes(root.bytes))
}

/// The answer where nothing is known of memory: what the profiles of time add up to.
fn without_memory(time: &TimeTotals) -> String {
    let sums = [
        (time.cpu, "of CPU time"),
        (time.locks, "of waiting for locks"),
        (time.blocks, "of blocking"),
    ];
    let told: Vec<String> = sums
        .into_iter()
        .filter_map(|(span, what)| {
            let span = span?;
            let over = span
                .over_seconds
                .map_or_else(String::new, |over| format!(" in {}", seconds(over)));
            Some(format!("{} {what}{over}", seconds(span.seconds)))
        })
        .collect();
    if told.is_empty() {
        return "The evidence does not say how much memory the process has.".to_owned();
    }
    format!("{}. Nothing was given of its memory.", told.join(", "))
}

fn findings(page: &mut Page, findings: &[Finding], detail: Detail) {
    if findings.is_empty() {
        return;
    }
    page.heading("Findings");
    for finding in findings {
        one_finding(page, finding, detail);
    }
}

const INDENT: &str = "          ";

fn one_finding(page: &mut Page, finding: &Finding, detail: Detail) {
    let word = match finding.severity {
        Severity::Info => "info",
        Severity::Warning => "WARNING",
        Severity::Critical => "CRITICAL",
    };
    let sure = match finding.confidence {
        Confidence::Possible => "possible",
        Confidence::Likely => "likely",
        Confidence::Certain => "certain",
    };
    let tag = pad(word, INDENT.len());
    let title = format!("{} [{}, {sure}]", finding.title, finding.id);
    page.tagged(&tag, severity_colour(finding.severity), INDENT, &title);
    if finding.severity > Severity::Info || detail == Detail::Full {
        page.plain(INDENT, INDENT, &finding.detail);
        page.plain(
            &format!("{INDENT}do:    "),
            &format!("{INDENT}       "),
            &finding.action,
        );
        page.plain(
            &format!("{INDENT}check: "),
            &format!("{INDENT}       "),
            &finding.verify,
        );
    }
    if detail == Detail::Full {
        for row in &finding.evidence {
            let value = evidence_value(&row.value, row.unit);
            let text = format!("{} = {value} ({})", row.name, row.artefact);
            page.dim(&format!("{INDENT}- "), &format!("{INDENT}  "), &text);
        }
    }
}

fn evidence_value(value: &Value, unit: &str) -> String {
    let with_unit = |number: String| {
        if unit.is_empty() {
            number
        } else {
            format!("{number} {unit}")
        }
    };
    match value {
        Value::Integer(number) => match u64::try_from(*number) {
            Ok(number) if unit == "bytes" => bytes(number),
            Ok(number) => with_unit(count(number)),
            Err(_) => with_unit(number.to_string()),
        },
        Value::Real(number) if unit == "percent" => format!("{number:.1} %"),
        Value::Real(number) => with_unit(format!("{number:.3}")),
        Value::Text(word) => word.clone(),
    }
}

/// The widths of the numbers: bytes, share, basis.
const NUMBERS: usize = 9 + 7 + 11;

fn ledger(page: &mut Page, all: &[Row], detail: Detail) {
    let Some(root) = all.first() else {
        return;
    };
    page.heading("Where the memory is");
    let (rows, hidden) = match detail {
        Detail::Brief => without_small(all, root.bytes),
        Detail::Full => (all.to_vec(), None),
    };
    let rows = rows.as_slice();
    let space = page.style.width.saturating_sub(NUMBERS);
    let longest = (0..rows.len())
        .map(|index| width(&branch(rows, index, &page.style)) + width(&rows[index].label))
        .max()
        .unwrap_or(0);
    let label_width = longest.min((space * 4 / 5).max(20));
    let bar_width = space.saturating_sub(label_width + 1).min(30);
    for (index, row) in rows.iter().enumerate() {
        let label = format!("{}{}", branch(rows, index, &page.style), row.label);
        let label = pad(
            &crate::shorten(&label, label_width, &page.style),
            label_width,
        );
        let leaf = is_leaf(rows, row);
        let drawn = if leaf && index > 0 {
            let drawn = pad(
                &bar(row.bytes, root.bytes, bar_width, None, &page.style),
                bar_width,
            );
            class_colour(row.class).map_or(drawn.clone(), |ink| paint(&drawn, ink, &page.style))
        } else {
            " ".repeat(bar_width)
        };
        let numbers = format!(
            "{:>9}{:>7}  {}",
            bytes(row.bytes),
            percent(row.bytes, root.bytes),
            row.basis.word(),
        );
        let text = format!("{label} {drawn}{numbers}");
        page.line(&if leaf { text } else { bold(&text, &page.style) });
    }
    if let Some(hidden) = hidden {
        page.dim("  ", "  ", &hidden);
    }
    bounds(page, rows, root.bytes);
}

/// Leaves out leaves below a two-hundredth, and parents that only had such.
/// Says how many they were and what they held.
fn without_small(rows: &[Row], whole: u64) -> (Vec<Row>, Option<String>) {
    let is_small = |row: &Row| row.parent.is_some() && row.bytes < whole / 200;
    let shown: Vec<Row> = rows.iter().filter(|row| !is_small(row)).cloned().collect();
    let hidden: Vec<&Row> = leaves(rows).filter(|row| is_small(row)).collect();
    let held: u64 = hidden.iter().map(|row| row.bytes).sum();
    let words = (!hidden.is_empty()).then(|| {
        format!(
            "{} rows with {} ({}) not shown; -v shows them.",
            hidden.len(),
            bytes(held),
            percent(held, whole),
        )
    });
    (shown, words)
}

/// Says the bounds of the rows whose bounds matter.
fn bounds(page: &mut Page, rows: &[Row], whole: u64) {
    let wide: Vec<String> = rows
        .iter()
        .filter(|row| row.high_bytes - row.low_bytes > whole / 50)
        .map(|row| {
            let (low, high) = (bytes(row.low_bytes), bytes(row.high_bytes));
            format!("{} {low} to {high}", row.label)
        })
        .collect();
    if !wide.is_empty() {
        page.dim(
            "  ",
            "  ",
            &format!("Bounds of estimates: {}.", wide.join("; ")),
        );
    }
}

/// Draws the lines of the tree in front of a label.
fn branch(rows: &[Row], index: usize, style: &Style) -> String {
    let row = &rows[index];
    let Some(parent) = row.parent.as_deref() else {
        return String::new();
    };
    let has_later_sibling = |id: &str, parent: &str| {
        rows.iter()
            .skip_while(|other| other.id != id)
            .skip(1)
            .any(|other| other.parent.as_deref() == Some(parent))
    };
    let (tee, corner, pipe) = if style.unicode {
        ("├ ", "└ ", "│ ")
    } else {
        ("|-", "`-", "| ")
    };
    let own = if has_later_sibling(&row.id, parent) {
        tee
    } else {
        corner
    };
    let mut text = own.to_owned();
    let mut above = rows.iter().find(|other| other.id == parent);
    while let Some(node) = above {
        let Some(grandparent) = node.parent.as_deref() else {
            break;
        };
        let more = has_later_sibling(&node.id, grandparent);
        text.insert_str(0, if more { pipe } else { "  " });
        above = rows.iter().find(|other| other.id == grandparent);
    }
    text
}

/// The column at which the words behind a number start.
const WORDS: usize = 35;

fn beside(page: &mut Page, rows: &[Beside]) {
    if rows.is_empty() {
        return;
    }
    page.heading("Beside it");
    for row in rows {
        let first = format!("{:<24}{:>9}  ", row.label, bytes(row.bytes));
        page.plain(&first, &" ".repeat(WORDS), &row.note);
    }
}

fn sites(page: &mut Page, sites: &[Site], detail: Detail) {
    let shown = match detail {
        Detail::Brief => SITES,
        Detail::Full => sites.len(),
    };
    let large = sites.iter().filter(|site| site.bytes >= 1 << 20);
    let rows: Vec<&Site> = large.take(shown).collect();
    if rows.is_empty() {
        return;
    }
    page.heading("Live heap by allocation site (95 % interval)");
    for site in rows {
        let interval = if site.low_bytes == site.high_bytes {
            "exact".to_owned()
        } else {
            format!("{} to {}", bytes(site.low_bytes), bytes(site.high_bytes))
        };
        let first = format!("{:>9}  {interval:<22}  ", bytes(site.bytes));
        page.plain(&first, &" ".repeat(WORDS), &site.place);
    }
}

fn reconciliations(page: &mut Page, rows: &[Reconciliation], detail: Detail) {
    // A pair that agrees is worth a line only to those who ask for all.
    let differs = |row: &&Reconciliation| {
        detail == Detail::Full
            || is_closure(row)
            || row.gap_bytes.unsigned_abs() >= row.right.bytes / 50
    };
    let rows: Vec<&Reconciliation> = rows.iter().filter(differs).collect();
    if rows.is_empty() {
        return;
    }
    page.heading("Why the numbers differ");
    for row in rows {
        let title = format!(
            "{} {}, {} {}: {}",
            row.left.name,
            bytes(row.left.bytes),
            row.right.name,
            bytes(row.right.bytes),
            signed_bytes(row.gap_bytes),
        );
        page.plain("", "  ", &title);
        let notable = |cause: &&Cause| {
            detail == Detail::Full
                || cause.bytes.unsigned_abs() >= row.gap_bytes.unsigned_abs() / 50
        };
        for cause in row.causes.iter().filter(notable) {
            let first = format!("{:>12}  ", signed_bytes(cause.bytes));
            page.plain(&first, "              ", &cause.label);
        }
        if row.unexplained_bytes != 0 && !row.causes.is_empty() {
            let first = format!("{:>12}  ", signed_bytes(row.unexplained_bytes));
            page.dim(&first, "              ", "not explained by these");
        }
        if detail == Detail::Full || (row.causes.is_empty() && row.gap_bytes != 0) {
            page.dim("              ", "              ", &row.note);
        }
    }
}

/// Says whether a pair is two accounts of the same addresses, whose closing
/// error is the proof of the ledger.
fn is_closure(row: &Reconciliation) -> bool {
    matches!(row.id, "arena-size" | "off-heap-size")
}

fn missing(page: &mut Page, rows: &[MissingRow]) {
    if rows.is_empty() {
        return;
    }
    page.heading("Not seen");
    for row in rows {
        let hint = row
            .hint
            .as_ref()
            .map_or_else(String::new, |hint| format!("; {hint}"));
        page.plain("", "  ", &format!("{}: {}{hint}", row.what, row.why));
    }
}
