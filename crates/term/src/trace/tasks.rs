//! What users marked in their program: tasks and regions.

use std::fmt::Write as _;

use fathom_exectrace::{PathView, RegionGroupView, StepKind, StepView, TaskView, TasksView};
use fathom_explain::count;

use super::{duration, hidden, limited, reason};
use crate::{Cell, Column, Overflow, Style, Table, bold, visible};

/// Draws tasks by kind, each with its slowest; `limit` of them, all with 0.
pub fn tasks(tasks: &TasksView, limit: usize, style: &Style) -> String {
    let mut out = task_groups(tasks, limit, style);
    for group in limited(&tasks.groups, limit) {
        if let Some(slowest) = group.slowest.first() {
            out.push('\n');
            out.push_str(&slow_task(slowest, style));
        }
    }
    out
}

/// Draws tasks by kind; `limit` of them, all with 0.
pub(super) fn task_groups(tasks: &TasksView, limit: usize, style: &Style) -> String {
    if tasks.groups.is_empty() {
        return "The trace has no tasks; runtime/trace.NewTask makes them.\n".to_owned();
    }
    let mut table = Table::new([
        Column::right("complete"),
        Column::right("open"),
        Column::right("p50"),
        Column::right("p99"),
        Column::right("max"),
        Column::right("running"),
        Column::right("runnable"),
        Column::right("blocked"),
        Column::left("task").overflow(Overflow::CutEnd),
    ]);
    let shown = limited(&tasks.groups, limit);
    for group in shown {
        let times = &group.times;
        let blocked: i64 = times.blocked.iter().map(|it| it.nanoseconds).sum();
        table.row([
            Cell::new(&count(group.durations.count)),
            Cell::new(&count(group.unfinished)),
            Cell::new(&duration(group.durations.p50)),
            Cell::new(&duration(group.durations.p99)),
            Cell::new(&duration(group.durations.max)),
            Cell::new(&duration(times.executing)),
            Cell::new(&duration(times.runnable)),
            Cell::new(&duration(blocked)),
            Cell::new(if group.kind.is_empty() {
                "(unnamed)"
            } else {
                &group.kind
            }),
        ]);
    }
    let mut out = table.render(style);
    out.push_str(&hidden(shown.len(), tasks.groups.len(), "kinds", style));
    out
}

/// A task with what its time hung on.
fn slow_task(task: &TaskView, style: &Style) -> String {
    let mut out = String::new();
    let head = format!(
        "The slowest {}: task {}, {} on {} goroutines",
        visible(&task.kind),
        task.id,
        duration(task.nanoseconds),
        count(task.goroutine_count)
    );
    let _ = writeln!(out, "{}", bold(&head, style));
    if let Some(path) = &task.path {
        out.push_str(&critical_path(path, style));
    }
    for log in task.logs.iter().take(8) {
        let _ = writeln!(
            out,
            "  log at {} on goroutine {}: {} {}",
            duration(log.time),
            log.goroutine,
            visible(&log.category),
            visible(&log.message)
        );
    }
    out
}

/// The part of a path below which a step is not told by itself.
const SHORT: f64 = 0.02;

/// What the time hung on: the steps that matter, in their order.
fn critical_path(path: &PathView, style: &Style) -> String {
    let whole: i64 = path.steps.iter().map(|step| step.nanoseconds).sum();
    let mut table = Table::new([
        Column::right("at"),
        Column::right("for"),
        Column::right("goroutine"),
        Column::left("what"),
        Column::left("where").overflow(Overflow::CutStart),
    ]);
    let is_short = |step: &&StepView| (step.nanoseconds as f64) < SHORT * whole as f64;
    for step in path.steps.iter().filter(|step| !is_short(step)) {
        let what = match step.kind {
            StepKind::Active => "active".to_owned(),
            StepKind::Runnable => "runnable, waits for a P".to_owned(),
            StepKind::Waiting => reason(&step.reason).to_owned(),
        };
        table.row([
            Cell::new(&duration(step.begin)),
            Cell::new(&duration(step.nanoseconds)),
            Cell::new(&step.goroutine.to_string()),
            Cell::new(&what),
            Cell::new(step.stack.first().map_or("", String::as_str)),
        ]);
    }
    let mut out = table.render(style);
    let short: Vec<&StepView> = path.steps.iter().filter(is_short).collect();
    if !short.is_empty() {
        let sum: i64 = short.iter().map(|step| step.nanoseconds).sum();
        let _ = writeln!(
            out,
            "and {} short steps, {} together",
            count(short.len() as u64),
            duration(sum)
        );
    }
    if path.cut {
        let _ = writeln!(
            out,
            "its beginning is not followed back: too much was woken since"
        );
    }
    out
}

/// Draws regions by kind and the function with which their goroutines began.
pub fn regions(regions: &[RegionGroupView], limit: usize, style: &Style) -> String {
    if regions.is_empty() {
        return "The trace has no regions; runtime/trace.WithRegion makes them.\n".to_owned();
    }
    let mut table = Table::new([
        Column::right("count"),
        Column::right("cut"),
        Column::right("p50"),
        Column::right("p99"),
        Column::right("max"),
        Column::right("running"),
        Column::right("blocked"),
        Column::left("region").overflow(Overflow::CutEnd),
        Column::left("on goroutines of").overflow(Overflow::CutStart),
    ]);
    let shown = limited(regions, limit);
    for group in shown {
        let times = &group.times;
        let blocked: i64 = times.blocked.iter().map(|it| it.nanoseconds).sum();
        table.row([
            Cell::new(&count(group.count)),
            Cell::new(&count(group.incomplete)),
            Cell::new(&duration(group.durations.p50)),
            Cell::new(&duration(group.durations.p99)),
            Cell::new(&duration(group.durations.max)),
            Cell::new(&duration(times.executing)),
            Cell::new(&duration(blocked)),
            Cell::new(&group.kind),
            Cell::new(&group.root),
        ]);
    }
    let mut out = table.render(style);
    out.push_str(&hidden(shown.len(), regions.len(), "groups", style));
    out
}
