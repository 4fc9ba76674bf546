//! What a process does over hours: which part of it grows, and which line makes it grow.

use std::fmt::Write as _;

use fathom_explain::{Course, Growth, bytes, count, percent, seconds, signed_bytes};
use fathom_finding::Severity;

use crate::leaks::{signed, sites, whole};
use crate::style::{Emphasis, emphasise};
use crate::table::{Cell, Column, Overflow, Table};
use crate::{Ink, Style, bold, dim, severity_colour, visible, wrap};

/// Draws what a process named `name` does: the findings, the course of each part, the lines that
/// grow; `limit` of these, all with 0.
pub fn growth(name: &str, growth: &Growth, limit: usize, style: &Style) -> String {
    let mut out = String::new();
    let mut head = format!(
        "{}: {} judged",
        visible(name),
        seconds((growth.until - growth.from).max(0.0))
    );
    match growth.restarts {
        0 => {}
        1 => head.push_str(", since its restart"),
        some => {
            let _ = write!(head, ", since the last of {some} restarts");
        }
    }
    out.push_str(&bold(&head, style));
    out.push('\n');
    if growth.findings.is_empty() {
        let text = if growth.grows {
            "Something grows, see below; no cause stands out."
        } else {
            "Nothing grows without an end that can be seen."
        };
        let _ = writeln!(out, "{text}");
    }
    for finding in &growth.findings {
        let label = match finding.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let ink = severity_colour(finding.severity);
        out.push('\n');
        out.push_str(&emphasise(label, ink, Emphasis::Bold, style));
        out.push_str(&wrap::hanging(
            "  ",
            "  ",
            &visible(&finding.title),
            style.width,
        ));
        out.push_str(&wrap::hanging(
            "  ",
            "  ",
            &visible(&finding.detail),
            style.width,
        ));
        let action = format!("Do: {}", finding.action);
        out.push_str(&wrap::hanging("  ", "      ", &action, style.width));
        let check = format!("Check: {}", finding.verify);
        out.push_str(&wrap::hanging("  ", "      ", &check, style.width));
    }
    out.push('\n');
    out.push_str(&courses(growth).render(style));
    if let Some(heap) = growth.heap.as_ref().filter(|heap| !heap.sites.is_empty()) {
        out.push('\n');
        out.push_str(&bold(
            "Lines that grow by more than sampling explains",
            style,
        ));
        out.push('\n');
        out.push_str(&sites(&heap.sites, limit).render(style));
    }
    if !growth.goroutine_sites.is_empty() {
        let mut table = Table::new([
            Column::right("more"),
            Column::right("share"),
            Column::left("goroutines at").overflow(Overflow::Wrap),
        ]);
        let most = if limit == 0 { usize::MAX } else { limit };
        for site in growth.goroutine_sites.iter().take(most) {
            table.row([
                Cell::from(count(whole(site.last - site.first))),
                Cell::from(percent(whole(site.share * 1e6), 1_000_000)),
                Cell::from(visible(&site.place).into_owned()),
            ]);
        }
        out.push('\n');
        out.push_str(&table.render(style));
    }
    out.push_str(&missing(growth, style));
    out
}

fn courses(growth: &Growth) -> Table {
    let mut table = Table::new([
        Column::left("part"),
        Column::left("course"),
        Column::right("from"),
        Column::right("to"),
        Column::right("an hour"),
        Column::right("share"),
    ]);
    let mut row = |name: String, course: &Course, size: fn(u64) -> String, share: Option<f64>| {
        let rate = course.per_hour.map_or_else(String::new, |per_hour| {
            let sign = if per_hour.value < 0.0 { "-" } else { "+" };
            format!("{sign}{}", size(whole(per_hour.value.abs())))
        });
        let shape = if course.grows {
            Cell::from(format!("{}, grows", course.shape)).ink(Ink::Orange)
        } else {
            Cell::from(course.shape.to_owned())
        };
        table.row([
            Cell::from(name),
            shape,
            Cell::from(amount(course.first, size)),
            Cell::from(amount(course.last, size)),
            Cell::from(rate),
            Cell::from(
                share.map_or_else(String::new, |share| percent(whole(share * 1e6), 1_000_000)),
            ),
        ]);
    };
    if let Some(course) = &growth.resident {
        row("resident memory".to_owned(), course, bytes, None);
    }
    for part in &growth.parts {
        let name = format!("  {}", part.part.describe());
        row(name, &part.course, bytes, Some(part.share));
    }
    if let Some(course) = &growth.live_heap {
        row("live heap".to_owned(), course, bytes, None);
    }
    if let Some(course) = &growth.goroutines {
        row("goroutines".to_owned(), course, count, None);
    }
    table
}

/// A size that may be below nothing, as what is resident beyond the runtime's account can be.
fn amount(value: f64, size: fn(u64) -> String) -> String {
    if value < 0.0 {
        return signed_bytes(signed(value));
    }
    size(whole(value))
}

/// What must hold for growth, and does not.
fn missing(growth: &Growth, style: &Style) -> String {
    let course = growth.live_heap.as_ref().or(growth.resident.as_ref());
    let Some(course) = course.filter(|course| !course.grows) else {
        return String::new();
    };
    let failed: Vec<&str> = course
        .checks
        .iter()
        .filter(|check| !check.holds)
        .map(|check| check.what)
        .collect();
    if failed.is_empty() || growth.grows {
        return String::new();
    }
    let text = format!("Not shown, for a leak: {}.", failed.join("; "));
    format!(
        "\n{}",
        dim(&wrap::hanging("", "  ", &text, style.width), style)
    )
}
