//! What changed between two traces.
//!
//! Traces differ in length, so times are compared as parts of a second: 0.5 is half a second of
//! goroutines' time in each second of the trace.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analyses::TraceView;
use crate::times::TimesView;

/// A number before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Change {
    /// In the first trace.
    pub before: f64,
    /// In the second.
    pub after: f64,
}

impl Change {
    /// How much more it is after.
    pub fn difference(self) -> f64 {
        self.after - self.before
    }

    /// After in parts of before; nothing where before was nothing.
    pub fn ratio(self) -> Option<f64> {
        (self.before != 0.0).then(|| self.after / self.before)
    }
}

/// A group of goroutines in both traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupChange {
    /// The function with which they began.
    pub entry: String,
    /// The function that made them.
    pub site: String,
    /// How many were there, a second of the trace.
    pub count: Change,
    /// How long they ran, in seconds a second.
    pub executing: Change,
    /// How long they waited for a P, in seconds a second.
    pub runnable: Change,
    /// How long they were blocked, in seconds a second.
    pub blocked: Change,
    /// How long they were in system calls, in seconds a second.
    pub syscall: Change,
    /// 99 of 100 waited no longer for a P, in nanoseconds.
    pub runnable_p99: Change,
}

/// Tasks of a kind in both traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskChange {
    /// The name that their author gave them.
    pub kind: String,
    /// How many ended, a second of the trace.
    pub count: Change,
    /// Half took no longer, in nanoseconds.
    pub p50: Change,
    /// 99 of 100 took no longer, in nanoseconds.
    pub p99: Change,
}

/// A number of the whole trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NumberChange {
    /// What it is.
    pub name: &'static str,
    /// `seconds a second`, `nanoseconds`, `a second` or `share`.
    pub unit: &'static str,
    /// Before and after.
    pub change: Change,
}

/// What changed between two traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceDifference {
    /// The name of this form.
    pub schema: &'static str,
    /// How long the traces are, in nanoseconds.
    pub nanoseconds: (i64, i64),
    /// Numbers of the whole.
    pub numbers: Vec<NumberChange>,
    /// Groups of goroutines, those whose running time changed most first.
    pub groups: Vec<GroupChange>,
    /// Tasks by kind, those whose slowest changed most first.
    pub tasks: Vec<TaskChange>,
}

/// Compares two traces.
pub fn difference(before: &TraceView, after: &TraceView) -> TraceDifference {
    TraceDifference {
        schema: "fathom.trace-diff/1",
        nanoseconds: (before.overview.nanoseconds, after.overview.nanoseconds),
        numbers: numbers(before, after),
        groups: groups(before, after),
        tasks: tasks(before, after),
    }
}

/// The seconds that a trace lasts; never nothing.
fn seconds(view: &TraceView) -> f64 {
    (view.overview.nanoseconds as f64 / 1e9).max(1e-9)
}

fn blocked(times: &TimesView) -> i64 {
    let blocked = times.blocked.iter().map(|blocked| blocked.nanoseconds);
    blocked.fold(0, i64::saturating_add)
}

fn numbers(before: &TraceView, after: &TraceView) -> Vec<NumberChange> {
    let rate = |of: fn(&TraceView) -> f64| Change {
        before: of(before) / seconds(before),
        after: of(after) / seconds(after),
    };
    let plain = |of: fn(&TraceView) -> f64| Change {
        before: of(before),
        after: of(after),
    };
    let each = "seconds a second";
    let number = |name, unit, change| NumberChange { name, unit, change };
    vec![
        number(
            "running",
            each,
            rate(|view| view.overview.times.executing as f64 / 1e9),
        ),
        number(
            "runnable",
            each,
            rate(|view| view.overview.times.runnable as f64 / 1e9),
        ),
        number(
            "blocked",
            each,
            rate(|view| blocked(&view.overview.times) as f64 / 1e9),
        ),
        number(
            "in system calls",
            each,
            rate(|view| {
                let times = &view.overview.times;
                times.syscall.saturating_add(times.syscall_blocked) as f64 / 1e9
            }),
        ),
        number(
            "waits for a P, p99",
            "nanoseconds",
            plain(|view| view.latency.all.p99 as f64),
        ),
        number(
            "waits for a P, longest",
            "nanoseconds",
            plain(|view| view.latency.all.max as f64),
        ),
        number(
            "goroutines made",
            "a second",
            rate(|view| view.overview.created as f64),
        ),
        number(
            "cycles of the collector",
            "a second",
            plain(|view| view.collections.per_minute / 60.0),
        ),
        number(
            "the collector's part of all Ps",
            "share",
            plain(|view| view.collections.share_of_available),
        ),
        number(
            "assists",
            each,
            rate(|view| view.collections.work.assist_ns as f64 / 1e9),
        ),
        number(
            "stops of the world",
            each,
            rate(|view| view.pauses.durations.total_ns as f64 / 1e9),
        ),
        number(
            "longest stop of the world",
            "nanoseconds",
            plain(|view| view.pauses.durations.max_ns as f64),
        ),
        number(
            "allocated",
            "bytes a second",
            rate(|view| view.collections.allocated as f64),
        ),
        number("Ps busy", "share", plain(|view| view.load.proc_utilisation)),
    ]
}

fn groups(before: &TraceView, after: &TraceView) -> Vec<GroupChange> {
    let mut groups: BTreeMap<(&str, &str), GroupChange> = BTreeMap::new();
    for (view, is_after) in [(before, false), (after, true)] {
        let seconds = seconds(view);
        for group in &view.goroutines {
            let change = groups
                .entry((&group.entry, &group.site))
                .or_insert_with(|| GroupChange {
                    entry: group.entry.clone(),
                    site: group.site.clone(),
                    count: Change::default(),
                    executing: Change::default(),
                    runnable: Change::default(),
                    blocked: Change::default(),
                    syscall: Change::default(),
                    runnable_p99: Change::default(),
                });
            let times = &group.times;
            let syscall = times.syscall.saturating_add(times.syscall_blocked);
            // Sites of the same function have one row here.
            let add = |change: &mut Change, value: f64| {
                *(if is_after {
                    &mut change.after
                } else {
                    &mut change.before
                }) += value;
            };
            add(&mut change.count, group.count as f64 / seconds);
            add(
                &mut change.executing,
                times.executing as f64 / 1e9 / seconds,
            );
            add(&mut change.runnable, times.runnable as f64 / 1e9 / seconds);
            add(&mut change.blocked, blocked(times) as f64 / 1e9 / seconds);
            add(&mut change.syscall, syscall as f64 / 1e9 / seconds);
            let p99 = if is_after {
                &mut change.runnable_p99.after
            } else {
                &mut change.runnable_p99.before
            };
            *p99 = p99.max(group.runnable.p99 as f64);
        }
    }
    let mut groups: Vec<GroupChange> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        let size = |group: &GroupChange| group.executing.difference().abs();
        size(b).total_cmp(&size(a))
    });
    groups
}

fn tasks(before: &TraceView, after: &TraceView) -> Vec<TaskChange> {
    let mut tasks: BTreeMap<&str, TaskChange> = BTreeMap::new();
    for (view, is_after) in [(before, false), (after, true)] {
        let seconds = seconds(view);
        for group in &view.tasks.groups {
            let change = tasks.entry(&group.kind).or_insert_with(|| TaskChange {
                kind: group.kind.clone(),
                count: Change::default(),
                p50: Change::default(),
                p99: Change::default(),
            });
            let set = |change: &mut Change, value: f64| {
                *(if is_after {
                    &mut change.after
                } else {
                    &mut change.before
                }) = value;
            };
            set(&mut change.count, group.durations.count as f64 / seconds);
            set(&mut change.p50, group.durations.p50 as f64);
            set(&mut change.p99, group.durations.p99 as f64);
        }
    }
    let mut tasks: Vec<TaskChange> = tasks.into_values().collect();
    tasks.sort_by(|a, b| {
        let size = |task: &TaskChange| task.p99.difference().abs();
        size(b).total_cmp(&size(a))
    });
    tasks
}
