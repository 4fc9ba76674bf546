//! What goroutines wait for: one another, the system, a P.

use std::fmt::Write as _;

use fathom_exectrace::{BlockingView, CallsView, LatencyBucket, LatencyView};
use fathom_explain::count;

use super::{duration, hidden, limited, reason};
use crate::{Cell, Column, Overflow, Style, Table, bold, visible};

/// How many frames of a stack are shown beneath a row.
const FRAMES: usize = 4;

/// The packages whose frames only say how was waited, not where in the program.
const MECHANICS: [&str; 7] = [
    "runtime.",
    "sync.",
    "syscall.",
    "internal/",
    "os.",
    "net.",
    "time.",
];

/// The place in the program: the first frame outside the runtime and what is built on it, or
/// else the first. Of its file only the name is shown.
fn place(stack: &[String]) -> String {
    let is_mechanics = |frame: &&String| MECHANICS.iter().any(|prefix| frame.starts_with(prefix));
    let frame = stack.iter().find(|frame| !is_mechanics(frame));
    match frame.or(stack.first()) {
        None => "(no stack)".to_owned(),
        Some(frame) => match frame.rsplit_once(' ') {
            Some((function, file)) => {
                let file = file.rsplit('/').next().unwrap_or(file);
                format!("{function} {file}")
            }
            None => frame.clone(),
        },
    }
}

/// The first frames, one a line.
fn frames(stack: &[String]) -> String {
    let mut out = String::new();
    for frame in stack.iter().take(FRAMES) {
        let _ = writeln!(out, "      {}", visible(frame));
    }
    out
}

/// Who woke: the runtime has no stack.
fn waker(stack: &[String]) -> String {
    if stack.is_empty() {
        "(the runtime)".to_owned()
    } else {
        place(stack)
    }
}

/// Draws where goroutines were blocked and who woke them; `limit` rows each, all with 0.
pub fn blocked(view: &BlockingView, limit: usize, style: &Style) -> String {
    let mut out = format!("{}\n", bold("Where goroutines waited", style));
    let mut table = Table::new([
        Column::right("time"),
        Column::right("waits"),
        Column::right("open"),
        Column::right("longest"),
        Column::left("for").overflow(Overflow::CutEnd),
        Column::left("where").overflow(Overflow::CutStart),
    ]);
    let shown = limited(&view.waits, limit);
    for wait in shown {
        table.row([
            Cell::new(&duration(wait.nanoseconds)),
            Cell::new(&count(wait.count)),
            Cell::new(&count(wait.open)),
            Cell::new(&duration(wait.longest)),
            Cell::new(reason(&wait.reason)),
            Cell::new(&place(&wait.stack)),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&hidden(shown.len(), view.wait_count, "places", style));

    let _ = write!(out, "\n{}\n", bold("Who woke whom", style));
    let mut table = Table::new([
        Column::right("waited"),
        Column::right("wakes"),
        Column::left("waker").overflow(Overflow::CutStart),
        Column::left("woken").overflow(Overflow::CutStart),
    ]);
    let shown = limited(&view.wakes, limit);
    for wake in shown {
        table.row([
            Cell::new(&duration(wake.nanoseconds)),
            Cell::new(&count(wake.count)),
            Cell::new(&waker(&wake.waker)),
            Cell::new(&place(&wake.waiter)),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&hidden(shown.len(), view.wake_count, "pairs", style));

    if !view.longest.is_empty() {
        let _ = write!(out, "\n{}\n", bold("The longest waits", style));
    }
    for wait in &view.longest {
        let until = match (wait.is_open, wait.from_before) {
            (true, true) => ", the whole trace long",
            (true, false) => ", and still when the trace ended",
            (false, true) => ", since before the trace",
            (false, false) => "",
        };
        let _ = writeln!(
            out,
            "{:>9}  goroutine {} ({}) for {}{until}",
            duration(wait.nanoseconds),
            wait.goroutine,
            visible(&wait.entry),
            reason(&wait.reason),
        );
        out.push_str(&frames(&wait.stack));
        if let Some(woken_by) = wait.waker {
            let _ = writeln!(
                out,
                "      woken by goroutine {woken_by} at {}",
                visible(&waker(&wait.waker_stack))
            );
        }
    }
    out
}

/// The bottom of the step of 1, 2, 5, 10, 20, 50, … that a duration is in.
fn step(nanoseconds: i64) -> i64 {
    let mut bottom = 1_i64;
    for factor in [2, 5, 10].iter().cycle() {
        let decade = 10_i64.pow(bottom.ilog10());
        let next = decade.saturating_mul(*factor);
        if next > nanoseconds || next == i64::MAX {
            break;
        }
        bottom = next;
    }
    if nanoseconds < 1 { 0 } else { bottom }
}

/// A bar for each step of durations.
fn histogram(buckets: &[LatencyBucket], style: &Style) -> String {
    let mut steps: Vec<(i64, u64)> = Vec::new();
    for bucket in buckets {
        let from = step(bucket.from);
        match steps.last_mut() {
            Some((last, count)) if *last == from => *count += bucket.count,
            _ => steps.push((from, bucket.count)),
        }
    }
    let most = steps.iter().map(|&(_, count)| count).max();
    let most = most.unwrap_or(0).max(1);
    // The table dresses its cells itself.
    let plain = Style {
        colour: false,
        ..*style
    };
    let mut table = Table::new([
        Column::right("from"),
        Column::right("waits"),
        Column::left(""),
    ]);
    for (from, waits) in steps {
        table.row([
            Cell::new(&duration(from)),
            Cell::new(&count(waits)),
            Cell::new(&crate::bar::bar(waits, most, 40, None, &plain)),
        ]);
    }
    table.render(style)
}

/// Draws how long goroutines waited for a P; `limit` rows, all with 0.
pub fn scheduling(view: &LatencyView, limit: usize, style: &Style) -> String {
    let all = &view.all;
    let head = format!(
        "{} waits for a P, {} in all: half below {}, 99 of 100 below {}, the longest {}",
        count(all.count),
        duration(all.total),
        duration(all.p50),
        duration(all.p99),
        duration(all.max)
    );
    let mut out = crate::wrap::hanging("", "  ", &bold(&head, style), style.width);
    let first = &view.first_runs;
    let _ = writeln!(
        out,
        "Of these {} from creation to the first run: half below {}, 99 of 100 below {}",
        count(first.count),
        duration(first.p50),
        duration(first.p99)
    );
    out.push('\n');
    out.push_str(&histogram(&view.buckets, style));

    let _ = write!(out, "\n{}\n", bold("By goroutines", style));
    let mut table = Table::new([
        Column::right("waits"),
        Column::right("total"),
        Column::right("p50"),
        Column::right("p99"),
        Column::right("max"),
        Column::left("entry").overflow(Overflow::CutStart),
    ]);
    let shown = limited(&view.groups, limit);
    for group in shown {
        table.row([
            Cell::new(&count(group.waits.count)),
            Cell::new(&duration(group.waits.total)),
            Cell::new(&duration(group.waits.p50)),
            Cell::new(&duration(group.waits.p99)),
            Cell::new(&duration(group.waits.max)),
            Cell::new(&group.entry),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&hidden(shown.len(), view.groups.len(), "groups", style));

    if !view.worst.is_empty() {
        let _ = write!(out, "\n{}\n", bold("The worst moments", style));
    }
    for moment in &view.worst {
        let _ = writeln!(
            out,
            "{:>9}  goroutine {} ({}) at {}, with {} others runnable; meanwhile ran",
            duration(moment.nanoseconds),
            moment.goroutine,
            visible(&moment.entry),
            duration(moment.begin),
            count(moment.others)
        );
        for runner in moment.running.iter().take(8) {
            let _ = writeln!(
                out,
                "      P {}: goroutine {} ({})",
                runner.proc,
                runner.goroutine,
                visible(&runner.entry)
            );
        }
    }
    out
}

/// Draws system calls, calls of C and waits for the network; `limit` rows each, all with 0.
pub fn syscalls(view: &CallsView, limit: usize, style: &Style) -> String {
    let mut out = format!("{}\n", bold("System calls and C", style));
    let mut table = Table::new([
        Column::right("time"),
        Column::right("calls"),
        Column::right("p99"),
        Column::right("max"),
        Column::right("lost P"),
        Column::left("where").overflow(Overflow::CutStart),
    ]);
    let shown = limited(&view.calls, limit);
    for call in shown {
        let c = if call.is_c { "C: " } else { "" };
        table.row([
            Cell::new(&duration(call.durations.total)),
            Cell::new(&count(call.durations.count)),
            Cell::new(&duration(call.durations.p99)),
            Cell::new(&duration(call.durations.max)),
            Cell::new(&count(call.lost)),
            Cell::new(&format!("{c}{}", place(&call.stack))),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&hidden(shown.len(), view.call_count, "places", style));
    let _ = write!(out, "\n{}\n", bold("The network", style));
    let mut table = Table::new([
        Column::right("waited"),
        Column::right("waits"),
        Column::right("p50"),
        Column::right("p99"),
        Column::right("max"),
        Column::left("where").overflow(Overflow::CutStart),
    ]);
    let shown = limited(&view.network, limit);
    for place_of in shown {
        let waits = &place_of.waits;
        table.row([
            Cell::new(&duration(waits.total)),
            Cell::new(&count(waits.count)),
            Cell::new(&duration(waits.p50)),
            Cell::new(&duration(waits.p99)),
            Cell::new(&duration(waits.max)),
            Cell::new(&place(&place_of.stack)),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&hidden(shown.len(), view.network_count, "places", style));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_of_1_2_and_5() {
        let cases = [
            (0, 0),
            (1, 1),
            (4, 2),
            (9, 5),
            (10, 10),
            (199, 100),
            (200, 200),
            (4_999, 2_000),
            (i64::MAX, 5_000_000_000_000_000_000),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(step(nanoseconds), expected, "{nanoseconds}");
        }
    }

    #[test]
    fn the_place_is_in_the_program() {
        let stack = |frames: &[&str]| frames.iter().map(ToString::to_string).collect::<Vec<_>>();
        let frames = stack(&[
            "runtime.selectgo runtime/select.go:351",
            "main.work a/b/work.go:7",
        ]);
        assert_eq!(place(&frames), "main.work work.go:7");
        let frames = stack(&["runtime.chanrecv1 runtime/chan.go:1"]);
        assert_eq!(place(&frames), "runtime.chanrecv1 chan.go:1");
        assert_eq!(place(&[]), "(no stack)");
    }
}
