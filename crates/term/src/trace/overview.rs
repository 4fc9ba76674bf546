//! The summary: what matters, in a screen.

use std::fmt::Write as _;

use fathom_exectrace::{TimesView, TraceView};
use fathom_explain::{bytes, count};
use fathom_finding::Finding;

use super::{duration, limited, reason, share};
use crate::{Cell, Column, Overflow, Style, Table, bold, wrap};

/// How many groups a summary shows.
const GROUPS: usize = 8;
/// How many reasons.
const REASONS: usize = 6;

/// Draws the summary of a trace that came from `name`, and what was found in it.
pub fn overview(name: &str, view: &TraceView, findings: &[Finding], style: &Style) -> String {
    let mut out = String::new();
    let it = &view.overview;
    let head = format!(
        "{}: {} of a Go program, {} events, {}",
        crate::visible(name),
        duration(it.nanoseconds),
        count(it.events),
        bytes(it.bytes),
    );
    out.push_str(&bold(&head, style));
    out.push('\n');
    let mut facts = vec![format!("format of Go 1.{}", it.format)];
    if let Some(procs) = it.procs {
        facts.push(if it.most_procs > procs {
            format!("GOMAXPROCS {procs}, once {}", it.most_procs)
        } else {
            format!("GOMAXPROCS {procs}")
        });
    }
    facts.push(plural(it.generations, "generation", "generations"));
    if it.samples > 0 {
        facts.push(plural(it.samples, "CPU sample", "CPU samples"));
    }
    let _ = writeln!(out, "{}", facts.join(", "));
    for finding in findings {
        out.push('\n');
        out.push_str(&crate::finding::draw(finding, style));
    }

    section(&mut out, "Goroutines", style);
    let _ = writeln!(
        out,
        "{} made, {} ended, {} alive at the end",
        count(it.created),
        count(it.ended),
        count(it.alive)
    );
    out.push_str(&states(&it.times, style));

    if !view.goroutines.is_empty() {
        section(&mut out, "Where their time went", style);
        out.push_str(&groups(view, style));
    }

    section(&mut out, "Scheduling", style);
    let waits: Vec<String> = view
        .waits
        .iter()
        .map(|wait| {
            format!(
                "{} {} ({} waits)",
                wait.kind,
                duration(wait.nanoseconds),
                count(wait.count)
            )
        })
        .collect();
    let text = format!("Waited in all: {}", waits.join(", "));
    out.push_str(&wrap::hanging("", "  ", &text, style.width));

    section(&mut out, "Collector", style);
    let collections = &view.collections;
    let longest = collections.cycles.iter().map(|cycle| cycle.duration_ns);
    let longest = longest.max().unwrap_or(0);
    let _ = writeln!(
        out,
        "{}, marking {} at most; {:.1} % of the time of all Ps, assists {}",
        plural(
            collections.cycles.len() as u64 + collections.omitted,
            "cycle",
            "cycles"
        ),
        duration(longest),
        100.0 * collections.share_of_available,
        duration(collections.work.assist_ns),
    );
    let pauses = &view.pauses;
    let _ = writeln!(
        out,
        "{}, {} in all, {} at most",
        plural(
            pauses.durations.count,
            "stop of the world",
            "stops of the world"
        ),
        duration(pauses.durations.total_ns),
        duration(pauses.durations.max_ns),
    );

    if !view.tasks.groups.is_empty() {
        section(&mut out, "Tasks", style);
        out.push_str(&super::tasks::task_groups(&view.tasks, GROUPS, style));
    }
    out
}

fn section(out: &mut String, title: &str, style: &Style) {
    out.push('\n');
    out.push_str(&bold(title, style));
    out.push('\n');
}

fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// The states of all goroutines together.
fn states(times: &TimesView, style: &Style) -> String {
    let mut table = Table::new([
        Column::right("time"),
        Column::right("share"),
        Column::left("state").overflow(Overflow::CutEnd),
    ]);
    let mut rows = vec![
        (times.executing, "running".to_owned()),
        (times.runnable, "runnable, waiting for a P".to_owned()),
        (times.syscall, "in a system call".to_owned()),
        (
            times.syscall_blocked,
            "in a system call, its P lost".to_owned(),
        ),
        (times.unknown, "unknown".to_owned()),
    ];
    rows.extend(times.blocked.iter().take(REASONS).map(|blocked| {
        (
            blocked.nanoseconds,
            format!("blocked: {}", reason(&blocked.reason)),
        )
    }));
    let rest: i64 = times
        .blocked
        .iter()
        .skip(REASONS)
        .map(|blocked| blocked.nanoseconds)
        .sum();
    rows.push((rest, "blocked for other reasons".to_owned()));
    rows.retain(|(nanoseconds, _)| *nanoseconds > 0);
    rows.sort_by_key(|(nanoseconds, _)| std::cmp::Reverse(*nanoseconds));
    for (nanoseconds, text) in rows {
        table.row([
            Cell::new(&duration(nanoseconds)),
            Cell::new(&share(nanoseconds, times.total)),
            Cell::new(&text),
        ]);
    }
    table.render(style)
}

/// The groups that ran longest.
fn groups(view: &TraceView, style: &Style) -> String {
    let mut table = Table::new([
        Column::right("count"),
        Column::right("running"),
        Column::right("runnable"),
        Column::right("p99"),
        Column::right("blocked"),
        Column::right("syscall"),
        Column::left("entry function").overflow(Overflow::CutStart),
    ]);
    let mut groups: Vec<_> = view.goroutines.iter().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.times.executing));
    for group in limited(&groups, GROUPS) {
        let times = &group.times;
        let blocked: i64 = times
            .blocked
            .iter()
            .map(|blocked| blocked.nanoseconds)
            .sum();
        table.row([
            Cell::new(&count(group.count)),
            Cell::new(&duration(times.executing)),
            Cell::new(&duration(times.runnable)),
            Cell::new(&duration(group.runnable.p99)),
            Cell::new(&duration(blocked)),
            Cell::new(&duration(times.syscall + times.syscall_blocked)),
            Cell::new(super::goroutines::entry(group)),
        ]);
    }
    let mut out = table.render(style);
    out.push_str(
        &super::hidden(GROUPS, groups.len(), "groups", style)
            .replace("--limit 0 shows all", "fathom trace goroutines shows all"),
    );
    out
}
