//! The text of `go tool pprof -top`, to the byte.
//!
//! Its oddities are kept, since scripts read it: percentages in the duration line keep
//! their padding, and a duration without a share of time ends in a space (google/pprof
//! `internal/report/report.go`, `ProfileLabels`, `reportLabels`, `printText`).

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{Interval, Top, TopRow};
use crate::head::Extent;

/// How a [`Top`] is printed.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// The zone in which the profile's time is told.
    pub zone: TimeZone,
    /// Whether a column before the name holds the functions' handles.
    pub handles: bool,
}

impl Default for TextOptions {
    /// UTC.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            handles: false,
        }
    }
}

/// Prints the table as `go tool pprof -top` does. Rows that carry intervals have a column
/// more, before the name; rows that sampling cannot tell apart from the next have a `~`
/// there.
pub fn render_text(top: &Top, options: &TextOptions) -> String {
    let mut out = String::new();
    for line in top.head.lines(&options.zone, Extent::Text) {
        out.push_str(&line);
        out.push('\n');
    }
    let intervals = top.rows.iter().any(|row| row.intervals.is_some());
    let _ = write!(
        out,
        "{:>10} {:>5}% {:>5}% {:>10} {:>5}%",
        "flat", "flat", "sum", "cum", "cum"
    );
    if intervals {
        let _ = write!(out, "  {:>23}  {:>23}", "flat 95%", "cum 95%");
    }
    if options.handles {
        let _ = write!(out, "  {:>9}", "handle");
    }
    out.push('\n');
    let mut sum = 0_i64;
    for row in &top.rows {
        sum = sum.wrapping_add(row.flat);
        write_row(&mut out, top, row, sum, intervals, options.handles);
    }
    out
}

fn write_row(out: &mut String, top: &Top, row: &TopRow, sum: i64, intervals: bool, handles: bool) {
    let percentage = |value: i64| top.head.percentage(value);
    let _ = write!(
        out,
        "{:>10} {} {} {:>10} {}",
        top.head.format(row.flat),
        percentage(row.flat),
        percentage(sum),
        top.head.format(row.cum),
        percentage(row.cum),
    );
    if intervals {
        let (flat, cum, mark) = row.intervals.as_ref().map_or_else(Default::default, |row| {
            let range = |interval: Option<Interval>| {
                interval.map_or_else(String::new, |Interval { low, high, .. }| {
                    format!("{}..{}", top.head.format(low), top.head.format(high))
                })
            };
            let mark = if row.tied_with_next { "~" } else { "" };
            (range(row.flat), range(row.cum), mark)
        });
        let _ = write!(out, "{mark:>2}{flat:>23}  {cum:>23}");
    }
    if handles {
        let handle = row.handle.map(|handle| handle.to_string());
        let _ = write!(out, "  {:>9}", handle.unwrap_or_default());
    }
    let _ = write!(out, "  {}", row.name);
    if let Some(inlining) = row.inlining {
        let _ = write!(out, " {}", inlining.suffix());
    }
    out.push('\n');
}
