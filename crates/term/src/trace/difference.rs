//! What changed between two traces.

use std::fmt::Write as _;

use fathom_exectrace::{Change, TraceDifference};

use super::{duration, hidden, limited};
use crate::{Cell, Column, Overflow, Style, Table, bold};

/// A number in its unit.
fn shown(value: f64, unit: &str) -> String {
    // What is drawn needs no more than nanoseconds and bytes.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "for a person's eyes"
    )]
    match unit {
        "nanoseconds" => duration(value as i64),
        "share" => format!("{:.1} %", 100.0 * value),
        "bytes a second" => format!("{}/s", fathom_explain::bytes(value as u64)),
        "seconds a second" => format!("{}/s", duration((value * 1e9) as i64)),
        _ => format!("{value:.1}/s"),
    }
}

/// After in parts of before.
fn times(change: Change) -> String {
    match change.ratio() {
        Some(ratio) if ratio >= 10.0 => format!("{ratio:.0} x"),
        Some(ratio) => format!("{ratio:.2} x"),
        None if change.after == 0.0 => String::new(),
        None => "new".to_owned(),
    }
}

/// Draws what changed; `limit` rows of each table, all with 0.
pub fn difference(difference: &TraceDifference, limit: usize, style: &Style) -> String {
    let (before, after) = difference.nanoseconds;
    let head = format!(
        "What changed: {} before, {} after",
        duration(before),
        duration(after)
    );
    let mut out = format!("{}\n", bold(&head, style));
    let mut table = Table::new([
        Column::right("before"),
        Column::right("after"),
        Column::right("change"),
        Column::left("(/s: in a second of the trace)"),
    ]);
    for number in &difference.numbers {
        let change = number.change;
        table.row([
            Cell::new(&shown(change.before, number.unit)),
            Cell::new(&shown(change.after, number.unit)),
            Cell::new(&times(change)),
            Cell::new(number.name),
        ]);
    }
    out.push_str(&table.render(style));

    let _ = write!(
        out,
        "\n{}\n",
        bold("Goroutines, by how their running changed", style)
    );
    let mut table = Table::new([
        Column::right("ran before"),
        Column::right("after"),
        Column::right("change"),
        Column::right("runnable"),
        Column::right("after"),
        Column::left("entry").overflow(Overflow::CutStart),
    ]);
    let rows = limited(&difference.groups, limit);
    for group in rows {
        let each = "seconds a second";
        table.row([
            Cell::new(&shown(group.executing.before, each)),
            Cell::new(&shown(group.executing.after, each)),
            Cell::new(&times(group.executing)),
            Cell::new(&shown(group.runnable.before, each)),
            Cell::new(&shown(group.runnable.after, each)),
            Cell::new(if group.entry.is_empty() {
                "(no stack was seen)"
            } else {
                &group.entry
            }),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&hidden(
        rows.len(),
        difference.groups.len(),
        "groups",
        style,
    ));

    if !difference.tasks.is_empty() {
        let _ = write!(
            out,
            "\n{}\n",
            bold("Tasks, by how their slowest changed", style)
        );
        let mut table = Table::new([
            Column::right("p99 before"),
            Column::right("after"),
            Column::right("change"),
            Column::right("p50 before"),
            Column::right("after"),
            Column::left("task").overflow(Overflow::CutEnd),
        ]);
        let rows = limited(&difference.tasks, limit);
        for task in rows {
            let one = "nanoseconds";
            table.row([
                Cell::new(&shown(task.p99.before, one)),
                Cell::new(&shown(task.p99.after, one)),
                Cell::new(&times(task.p99)),
                Cell::new(&shown(task.p50.before, one)),
                Cell::new(&shown(task.p50.after, one)),
                Cell::new(&task.kind),
            ]);
        }
        out.push_str(&table.render(style));
        out.push_str(&hidden(rows.len(), difference.tasks.len(), "kinds", style));
    }
    out
}
