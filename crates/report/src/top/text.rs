//! The text of `go tool pprof -top`, to the byte.
//!
//! Its oddities are kept, since scripts read it: percentages in the duration line keep
//! their padding, and a duration without a share of time ends in a space (google/pprof
//! `internal/report/report.go`, `ProfileLabels`, `reportLabels`, `printText`).

use std::fmt::Write as _;

use fathom_profile::measurement;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Interval, Top, TopRow};

/// Filters longer than this many bytes are cut in the heading.
const FILTER_BYTES: usize = 80;

/// How a [`Top`] is printed.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// The zone in which the profile's time is told.
    pub zone: TimeZone,
}

impl Default for TextOptions {
    /// UTC.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
        }
    }
}

/// Prints the table as `go tool pprof -top` does. Rows that carry intervals have a column
/// more, before the name; rows that sampling cannot tell apart from the next have a `~`
/// there.
pub fn render_text(top: &Top, options: &TextOptions) -> String {
    let mut out = String::new();
    for line in heading(top, options) {
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
    out.push('\n');
    let mut sum = 0_i64;
    for row in &top.rows {
        sum = sum.wrapping_add(row.flat);
        write_row(&mut out, top, row, sum, intervals);
    }
    out
}

fn write_row(out: &mut String, top: &Top, row: &TopRow, sum: i64, intervals: bool) {
    let percentage = |value: i64| measurement::percentage(value, top.total);
    let _ = write!(
        out,
        "{:>10} {} {} {:>10} {}",
        top.format(row.flat),
        percentage(row.flat),
        percentage(sum),
        top.format(row.cum),
        percentage(row.cum),
    );
    if intervals {
        let (flat, cum, mark) = row.intervals.as_ref().map_or_else(Default::default, |row| {
            let range = |interval: Option<Interval>| {
                interval.map_or_else(String::new, |Interval { low, high, .. }| {
                    format!("{}..{}", top.format(low), top.format(high))
                })
            };
            let mark = if row.tied_with_next { "~" } else { "" };
            (range(row.flat), range(row.cum), mark)
        });
        let _ = write!(out, "{mark:>2}{flat:>23}  {cum:>23}");
    }
    let _ = write!(out, "  {}", row.name);
    if let Some(inlining) = row.inlining {
        let _ = write!(out, " {}", inlining.suffix());
    }
    out.push('\n');
}

impl Top {
    /// Writes a value of this view in its display unit, as pprof does.
    pub fn format(&self, value: i64) -> String {
        measurement::scaled_label(value, &self.heading.sample_unit, &self.display_unit)
    }
}

fn heading(top: &Top, options: &TextOptions) -> Vec<String> {
    let mut lines = profile_lines(top, options);
    if !top.filters.is_empty() {
        lines.push("Active filters:".to_owned());
        lines.extend(
            top.filters
                .iter()
                .map(|filter| format!("   {}", cut(filter))),
        );
    }
    lines.push(format!(
        "Showing nodes accounting for {}, {} of {} total",
        top.format(top.shown),
        measurement::percentage(top.shown, top.total).trim(),
        top.format(top.total),
    ));
    if top.total != 0 {
        let hidden = &top.hidden;
        if hidden.small_rows > 0 {
            let plural = if hidden.small_rows > 1 {
                "nodes"
            } else {
                "node"
            };
            let cutoff = top.format(hidden.small_cutoff);
            lines.push(format!(
                "Dropped {} {plural} (cum <= {cutoff})",
                hidden.small_rows
            ));
        }
        if hidden.further_rows > 0 && !top.rows.is_empty() {
            let all = top.rows.len() + hidden.further_rows;
            lines.push(format!("Showing top {} nodes out of {all}", top.rows.len()));
        }
    }
    lines
}

fn profile_lines(top: &Top, options: &TextOptions) -> Vec<String> {
    let heading = &top.heading;
    let mut lines = Vec::new();
    let mut labelled = |label: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{label}: {text}"));
        }
    };
    labelled("File", &heading.file);
    labelled("Build ID", &heading.build_id);
    lines.extend(heading.comments.iter().cloned());
    let mut labelled = |label: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{label}: {text}"));
        }
    };
    labelled("Type", &heading.sample_type);
    labelled("Doc", &heading.doc_url);
    if let Some(nanos) = heading.time_unix_nanos {
        lines.push(format!("Time: {}", local_time(nanos, &options.zone)));
    }
    if let Some(nanos) = heading.duration_nanos {
        let (total, unit) = measurement::scale(top.total, &heading.sample_unit, "nanoseconds");
        let share = if unit == "ns" && total != 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "nanoseconds in whole numbers"
            )]
            let total = total as i64;
            format!("({})", measurement::percentage(total, nanos))
        } else {
            String::new()
        };
        lines.push(format!(
            "Duration: {}, Total samples = {} {share}",
            measurement::label(nanos, "nanoseconds"),
            top.format(top.total),
        ));
    }
    lines
}

/// A filter short enough for a heading.
fn cut(filter: &str) -> String {
    if filter.len() <= FILTER_BYTES {
        return filter.to_owned();
    }
    let end = filter.floor_char_boundary(FILTER_BYTES);
    format!("{}…", filter.get(..end).unwrap_or_default())
}

/// An instant as Go writes it in the layout `2006-01-02 15:04:05 MST`.
fn local_time(unix_nanos: i64, zone: &TimeZone) -> String {
    match Timestamp::from_nanosecond(i128::from(unix_nanos)) {
        Ok(instant) => instant
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        Err(_) => format!("{unix_nanos} ns after 1970"),
    }
}
