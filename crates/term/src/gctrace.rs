//! The collections of a program: a summary and a table.

use std::fmt::Write as _;

use fathom_explain::{bytes, count};
use fathom_goruntime::gctrace::{GcCycle, Percentiles, Summary};

use crate::table::{Cell, Column, Table};
use crate::{Ink, Style, bar, width, wrap};

/// The fewest and the most cells of the largest bar; with less room there is none.
const NARROWEST_BAR: usize = 6;
const WIDEST_BAR: usize = 24;

/// Draws the summary: what happened in sentences, then the percentiles.
pub fn summary(summary: &Summary, style: &Style) -> String {
    let mut out = String::new();
    for sentence in [collections(summary), heap(summary), processor(summary)] {
        out.push_str(&wrap::hanging("", "", &sentence, style.width));
    }
    let rows = [("pause", summary.pause_ms), ("marking", summary.mark_ms)];
    if rows.iter().any(|(_, percentiles)| percentiles.is_some()) {
        out.push('\n');
        out.push_str(&percentiles(&rows).render(style));
    }
    out
}

fn collections(summary: &Summary) -> String {
    let plural = if summary.cycles == 1 {
        "collection"
    } else {
        "collections"
    };
    let mut text = format!("{} {plural}", count(summary.cycles as u64));
    if let Some(seconds) = summary.seconds {
        let _ = write!(text, " in {}", duration(seconds));
    }
    if let Some(interval) = summary.interval_seconds {
        let _ = write!(text, ", one every {}", duration(interval));
    }
    if summary.forced > 0 {
        let _ = write!(text, ", {} of them forced", count(summary.forced as u64));
    }
    if summary.leak_checks > 0 {
        let _ = write!(
            text,
            ", {} looking for leaked goroutines",
            count(summary.leak_checks as u64)
        );
    }
    if summary.segments.len() > 1 {
        let _ = write!(
            text,
            "; {} processes, told apart by their numbers",
            summary.segments.len()
        );
    }
    let missing = summary
        .segments
        .iter()
        .map(|segment| segment.missing)
        .fold(0, u64::saturating_add);
    if missing > 0 {
        let _ = write!(text, "; the lines of {} more are missing", count(missing));
    }
    text.push('.');
    text
}

fn heap(summary: &Summary) -> String {
    let size = |mib: u64| bytes(mib.saturating_mul(1 << 20));
    let mut text = format!(
        "The live heap went from {} to {} (largest {}, with garbage {})",
        size(summary.live_first_mib),
        size(summary.live_last_mib),
        size(summary.live_peak_mib),
        size(summary.heap_peak_mib),
    );
    if let (Some(goal), Some(headroom)) = (summary.goal_last_mib, summary.headroom_mib) {
        let _ = write!(
            text,
            "; the goal is {}, which leaves {} to allocate",
            size(goal),
            size(headroom)
        );
    }
    text.push('.');
    text
}

fn processor(summary: &Summary) -> String {
    let mut parts = Vec::new();
    if let Some(share) = summary.gc_cpu_share {
        parts.push(format!(
            "The collector took {:.1} % of the CPU in this time",
            share * 100.0
        ));
    }
    if let Some(share) = summary.gc_cpu_share_since_start {
        let subject = if parts.is_empty() {
            "The collector took "
        } else {
            ""
        };
        parts.push(format!(
            "{subject}{:.0} % since the process started",
            share * 100.0
        ));
    }
    let pauses = format!(
        "{} ms of pauses in all",
        milliseconds(summary.pause_total_ms)
    );
    if parts.is_empty() {
        return format!("{pauses}.");
    }
    format!("{}; {pauses}.", parts.join(", "))
}

fn percentiles(rows: &[(&str, Option<Percentiles>)]) -> Table {
    let mut table = Table::new(
        [Column::left("ms")]
            .into_iter()
            .chain(["half", "95 %", "99 %", "longest"].map(Column::right)),
    );
    for (name, percentiles) in rows {
        let Some(found) = percentiles else { continue };
        let values = [found.p50, found.p95, found.p99, found.max];
        let cells = values.map(|value| Cell::from(milliseconds(value)));
        table.row([Cell::from(*name)].into_iter().chain(cells));
    }
    table
}

/// Draws the last `limit` collections, and says how many came before. `flag` is
/// how the user changes the limit. Bars of the live heap take what room is left.
pub fn cycles(cycles: &[GcCycle], limit: usize, flag: &str, style: &Style) -> String {
    let hidden = cycles.len().saturating_sub(limit);
    let shown = cycles.get(hidden..).unwrap_or_default();
    let plain = table(shown, None, &Style::plain(usize::MAX));
    let widest = plain.lines().map(width).max().unwrap_or(0);
    let room = style.width.saturating_sub(widest + 2).min(WIDEST_BAR);
    let mut out = table(shown, (room >= NARROWEST_BAR).then_some(room), style);
    if hidden > 0 {
        let _ = writeln!(
            out,
            "The last {} of {} collections; {flag} shows more.",
            count(shown.len() as u64),
            count(cycles.len() as u64)
        );
    }
    out
}

fn table(cycles: &[GcCycle], bars: Option<usize>, style: &Style) -> String {
    let mut columns: Vec<Column> = [
        "gc", "at s", "pause ms", "mark ms", "start", "live", "goal MB", "CPU",
    ]
    .map(Column::right)
    .into();
    if bars.is_some() {
        columns.push(Column::left("live heap"));
    }
    columns.push(Column::left(""));
    let mut table = Table::new(columns);
    let largest = cycles
        .iter()
        .map(|cycle| cycle.heap_live_mib)
        .max()
        .unwrap_or(0);
    for cycle in cycles {
        let known =
            |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let percent = cycle.gc_percent.map(|percent| format!("{percent}%"));
        let mut cells: Vec<Cell> = vec![
            cycle.number.into(),
            cycle
                .at_seconds
                .map(|at| format!("{at:.3}"))
                .unwrap_or_default()
                .into(),
            milliseconds(cycle.pause_ms()).into(),
            milliseconds(cycle.mark_ms).into(),
            cycle.heap_start_mib.into(),
            cycle.heap_live_mib.into(),
            known(cycle.goal_mib).into(),
            percent.unwrap_or_default().into(),
        ];
        if let Some(room) = bars {
            let uncoloured = Style {
                colour: false,
                ..*style
            };
            let bar = bar::bar(cycle.heap_live_mib, largest, room, None, &uncoloured);
            cells.push(Cell::from(bar).ink(Ink::Blue));
        }
        cells.push(remark(cycle).into());
        table.row(cells);
    }
    table.render(style)
}

fn remark(cycle: &GcCycle) -> &'static str {
    match (cycle.forced, cycle.leak_check) {
        (_, true) => "leak check",
        (true, false) => "forced",
        (false, false) => "",
    }
}

/// Writes milliseconds with as many decimals as the runtime prints.
fn milliseconds(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        return format!("{:.0} ms", seconds * 1000.0);
    }
    if seconds < 120.0 {
        return format!("{seconds:.1} s");
    }
    let minutes = (seconds / 60.0).floor();
    if minutes < 120.0 {
        return format!(
            "{minutes:.0} min {:.0} s",
            (seconds - minutes * 60.0).floor()
        );
    }
    let hours = (minutes / 60.0).floor();
    format!("{hours:.0} h {:.0} min", minutes - hours * 60.0)
}

#[cfg(test)]
mod tests {
    use fathom_goruntime::gctrace::{Event, parse};

    use super::*;

    const LOG: &str = "\
gc 1 @0.012s 2%: 0.020+0.35+0.004 ms clock, 0.040+0.12/0.20/0.50+0.008 ms cpu, 4->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P
gc 2 @1.020s 1%: 0.030+1.35+0.006 ms clock, 0.060+0.12/0.20/0.50+0.012 ms cpu, 8->9->6 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P
gc 3 @3.500s 1%: 0.050+12.35+0.010 ms clock, 0.10+0.12/0.20/0.50+0.020 ms cpu, 12->13->12 MB, 13 MB goal, 0 MB stacks, 0 MB globals, 2 P (forced)
";

    fn read() -> Vec<GcCycle> {
        let events = parse(LOG.as_bytes()).0.into_iter();
        let cycle = |event| match event {
            Event::Cycle(cycle) => Some(cycle),
            _ => None,
        };
        events.filter_map(cycle).collect()
    }

    #[test]
    fn sentences_and_percentiles() {
        let summary = fathom_goruntime::gctrace::summary(&read());
        insta::assert_snapshot!(super::summary(&summary, &Style::plain(80)));
    }

    #[test]
    fn the_table_says_what_it_hides() {
        insta::assert_snapshot!(cycles(&read(), 2, "-n", &Style::plain(80)));
        for cells in [60, 70, 80, 200] {
            let text = cycles(&read(), 9, "-n", &Style::plain(cells));
            assert!(
                text.lines().all(|line| width(line) <= cells.max(66)),
                "{text}"
            );
            assert_eq!(text.contains('█'), cells > 72, "{text}");
        }
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(0.25), "250 ms");
        assert_eq!(duration(59.0), "59.0 s");
        assert_eq!(duration(125.0), "2 min 5 s");
        assert_eq!(duration(7322.0), "2 h 2 min");
    }
}
