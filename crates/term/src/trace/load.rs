//! Curves: the heap, goroutines, Ps and threads over time; what the collector leaves.

use std::fmt::Write as _;

use fathom_exectrace::{Load, Points, UtilisationView};
use fathom_explain::{bytes, count};

use super::duration;
use crate::{Cell, Column, Style, Table, bold};

/// The marks of a curve, the lowest first.
const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN_MARKS: [char; 8] = ['_', '.', ',', '-', '=', '+', '*', '#'];

/// A curve in one line: the greatest of each piece of time.
fn curve(points: &Points, width: usize, style: &Style) -> String {
    let buckets = &points.buckets;
    let most = points.max();
    if buckets.is_empty() || most == 0 || width == 0 {
        return String::new();
    }
    let marks = if style.unicode { MARKS } else { PLAIN_MARKS };
    let width = width.min(buckets.len());
    (0..width)
        .map(|column| {
            let from = column * buckets.len() / width;
            let to = ((column + 1) * buckets.len() / width).max(from + 1);
            let piece = buckets.get(from..to).unwrap_or_default();
            let value = piece.iter().map(|bucket| bucket.max).max().unwrap_or(0);
            let last = marks.len() - 1;
            // At most `last`, as no value is above the most.
            let at = (u128::from(value) * last as u128).div_ceil(u128::from(most));
            usize::try_from(at)
                .ok()
                .and_then(|at| marks.get(at))
                .copied()
                .unwrap_or(' ')
        })
        .collect()
}

/// A curve with its name and how its numbers are written.
type Row<'a> = (&'a str, &'a Points, fn(u64) -> String);

fn curves(rows: &[Row<'_>], style: &Style) -> String {
    let mut table = Table::new([
        Column::left(""),
        Column::right("mean"),
        Column::right("max"),
        Column::right("last"),
        Column::left(""),
    ]);
    for (name, points, shown) in rows {
        // What is drawn needs no fractions.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a mean of what is not negative"
        )]
        let mean = points.mean().round() as u64;
        table.row([
            Cell::new(name),
            Cell::new(&shown(mean)),
            Cell::new(&shown(points.max())),
            Cell::new(&shown(points.last())),
            Cell::new(&curve(
                points,
                style.width.saturating_sub(48).min(80),
                style,
            )),
        ]);
    }
    table.render(style)
}

/// Draws the heap, goroutines, Ps and threads over time.
pub fn load(load: &Load, style: &Style) -> String {
    let mut out = format!("{}\n", bold("Memory", style));
    out.push_str(&curves(
        &[
            ("heap", &load.heap_live, bytes),
            ("heap goal", &load.heap_goal, bytes),
        ],
        style,
    ));
    let _ = write!(out, "\n{}\n", bold("Goroutines", style));
    out.push_str(&curves(
        &[
            ("all", &load.goroutines, count),
            ("running", &load.running, count),
            ("runnable", &load.runnable, count),
            ("waiting", &load.waiting, count),
            ("in system calls", &load.syscall, count),
        ],
        style,
    ));
    let _ = write!(
        out,
        "\n{}\n",
        bold(
            &format!(
                "Ps: busy {:.1} % of the time",
                100.0 * load.proc_utilisation
            ),
            style
        )
    );
    out.push_str(&curves(
        &[
            ("GOMAXPROCS", &load.gomaxprocs, count),
            ("Ps that run", &load.running_procs, count),
            ("threads", &load.threads, count),
        ],
        style,
    ));
    out
}

/// Draws how much of the processors the collector left to the program.
pub fn utilisation(view: &UtilisationView, style: &Style) -> String {
    let mut out = format!(
        "{}\n",
        bold(
            "What stops of the world, mark workers and assists left to the program",
            style
        )
    );
    let mut table = Table::new([
        Column::right("window"),
        Column::right("least left"),
        Column::left("worst at"),
    ]);
    for window in &view.windows {
        let worst: Vec<String> = window
            .worst
            .iter()
            .map(|worst| {
                format!(
                    "{} ({:.1} %)",
                    duration(worst.begin_ns),
                    100.0 * worst.utilisation
                )
            })
            .collect();
        table.row([
            Cell::new(&duration(window.window_ns)),
            Cell::new(&format!("{:.1} %", 100.0 * window.least)),
            Cell::new(&worst.join(", ")),
        ]);
    }
    out.push_str(&table.render(style));
    out
}
