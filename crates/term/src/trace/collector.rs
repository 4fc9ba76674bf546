//! The collector and the stops of the world.

use std::fmt::Write as _;

use fathom_exectrace::{Collections, Durations, Pauses};
use fathom_explain::{bytes, count};

use super::{duration, hidden, limited};
use crate::{Cell, Column, Overflow, Style, Table, bold};

/// Draws what the collector did and when the world was stopped; `limit` rows each, all with 0.
pub fn collector(
    collections: &Collections,
    pauses: &Pauses,
    limit: usize,
    style: &Style,
) -> String {
    let mut out = String::new();
    let work = &collections.work;
    let _ = writeln!(
        out,
        "{}",
        bold(
            &format!(
                "The collector took {:.1} % of the time of all Ps, {:.1} % of what ran",
                100.0 * collections.share_of_available,
                100.0 * collections.share_of_running
            ),
            style
        )
    );
    let mut table = Table::new([Column::right("time of Ps"), Column::left("for")]);
    for (nanoseconds, what) in [
        (work.dedicated_ns, "mark workers that keep their P"),
        (work.fractional_ns, "mark workers that share their P"),
        (work.idle_ns, "mark workers on Ps that were idle"),
        (work.assist_ns, "assists: goroutines that had to help"),
        (work.sweep_ns, "sweeping"),
    ] {
        table.row([Cell::new(&duration(nanoseconds)), Cell::new(what)]);
    }
    out.push_str(&table.render(style));
    let _ = writeln!(
        out,
        "Allocated {}; swept {}, of which {} became free",
        bytes(collections.allocated),
        bytes(collections.swept),
        bytes(collections.reclaimed)
    );

    if !collections.cycles.is_empty() {
        let _ = writeln!(out, "\n{}", bold("Cycles", style));
        let mut table = Table::new([
            Column::right("at"),
            Column::right("marking"),
            Column::right("CPU"),
            Column::right("assists"),
            Column::right("heap at begin"),
            Column::right("after"),
            Column::right("goal"),
            Column::left(""),
        ]);
        let shown = limited(&collections.cycles, limit);
        let size = |size: Option<u64>| size.map_or_else(String::new, bytes);
        for cycle in shown {
            let note = match (cycle.is_from_before, cycle.is_open) {
                (true, _) => "began before the trace",
                (_, true) => "goes on at its end",
                _ => "",
            };
            table.row([
                Cell::new(&duration(cycle.begin_ns)),
                Cell::new(&duration(cycle.duration_ns)),
                Cell::new(&format!("{:.0} %", 100.0 * cycle.cpu_share)),
                Cell::new(&duration(cycle.work.assist_ns)),
                Cell::new(&size(cycle.heap_at_begin)),
                Cell::new(&size(cycle.heap_after)),
                Cell::new(&size(cycle.goal)),
                Cell::new(note),
            ]);
        }
        out.push_str(&table.render(style));
        out.push_str(&hidden(
            shown.len(),
            collections.cycles.len(),
            "cycles",
            style,
        ));
    }

    let _ = writeln!(
        out,
        "\n{}",
        bold(
            &format!(
                "{} stops of the world, {} in all",
                count(pauses.durations.count),
                duration(pauses.durations.total_ns)
            ),
            style
        )
    );
    if !pauses.reasons.is_empty() {
        let mut table = Table::new([
            Column::right("stops"),
            Column::right("total"),
            Column::right("p50"),
            Column::right("p99"),
            Column::right("max"),
            Column::right("until all stood"),
            Column::left("reason").overflow(Overflow::CutEnd),
        ]);
        for reason in limited(&pauses.reasons, limit) {
            let Durations {
                count: stops,
                total_ns,
                p50_ns,
                p99_ns,
                max_ns,
                ..
            } = reason.durations;
            let some = |value: Option<i64>| value.map_or_else(String::new, duration);
            table.row([
                Cell::new(&count(stops)),
                Cell::new(&duration(total_ns)),
                Cell::new(&some(p50_ns)),
                Cell::new(&some(p99_ns)),
                Cell::new(&duration(max_ns)),
                Cell::new(&duration(reason.stopping.max_ns)),
                Cell::new(&reason.reason),
            ]);
        }
        out.push_str(&table.render(style));
    }
    out
}
