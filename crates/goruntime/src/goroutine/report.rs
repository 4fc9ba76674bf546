//! The view of a dump: groups and states as rows that a face draws.

use std::collections::HashMap;

use serde::Serialize;

use super::{Dump, Elided, Group, Order, by_state, groups, sort};

/// Is one state and how many goroutines are in it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StateRow {
    /// Is the state, as `chan receive`.
    pub state: String,
    /// Counts the goroutines.
    pub count: u64,
    /// Counts those that the runtime found leaked.
    pub leaked: u64,
    /// Is the longest wait in minutes.
    pub longest_minutes: Option<u32>,
}

/// Is one group.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupRow {
    /// Counts the goroutines.
    pub count: u64,
    /// Counts them in the other dump, if there is one.
    pub base_count: Option<u64>,
    /// Is their state.
    pub state: String,
    /// Are the shortest, the middle and the longest wait in minutes.
    pub minutes: Option<[u32; 3]>,
    /// Counts those wired to a thread.
    pub locked: u64,
    /// Counts those that the runtime found leaked.
    pub leaked: u64,
    /// Tells why the group may be a leak; none if nothing speaks for it.
    pub suspicion: Option<String>,
    /// Is the stack, innermost first, as `function file:line`.
    pub stack: Vec<String>,
    /// Says where the runtime left out frames, and how many if known.
    pub elided: Option<(usize, Option<u32>)>,
    /// Is who started them, as `function file:line`.
    pub created_by: Option<String>,
    /// Holds the labels that all of them have.
    pub labels: Vec<(String, String)>,
    /// Holds the ids of the first few.
    pub ids: Vec<u64>,
}

/// Is a dump as a table.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Counts the goroutines.
    pub total: u64,
    /// Counts them in the other dump, if there is one.
    pub base_total: Option<u64>,
    /// Counts those that the runtime found leaked.
    pub leaked: u64,
    /// Tells that the dump was cut, so that all counts are lower bounds.
    pub truncated: bool,
    /// Is what a crash said: its panic, fatal error and signal.
    pub crash: Vec<String>,
    /// Holds the states, most goroutines first.
    pub states: Vec<StateRow>,
    /// Holds the groups, longest wait first; against another dump those that
    /// grew most.
    pub groups: Vec<GroupRow>,
}

/// Is how many goroutines of one group, waiting for how many minutes, speak for
/// a leak. A pool of workers may be as large, hence "may".
const SUSPECT_COUNT: u64 = 100;
const SUSPECT_MINUTES: u32 = 5;

/// Makes the table of a dump; `base` is an earlier dump of the same process, or
/// of the same program, to compare with.
pub fn report(dump: &Dump, base: Option<&Dump>, order: Order) -> Report {
    let mut all = groups(dump);
    sort(&mut all, order);
    let base_counts = base.map(|base| {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for group in groups(base) {
            let count = counts.entry(identity(&group)).or_default();
            *count = count.saturating_add(group.count);
        }
        counts
    });
    let mut rows: Vec<GroupRow> = all
        .iter()
        .map(|group| {
            let before = base_counts
                .as_ref()
                .map(|counts| counts.get(&identity(group)).copied().unwrap_or(0));
            row(group, before)
        })
        .collect();
    if base.is_some() {
        rows.sort_by_key(|row| std::cmp::Reverse(growth(row)));
    }
    let states: Vec<StateRow> = by_state(dump)
        .into_iter()
        .map(|state| StateRow {
            state: state.state,
            count: state.count,
            leaked: state.leaked,
            longest_minutes: state.longest_minutes,
        })
        .collect();
    let preamble = [
        dump.preamble
            .panic
            .as_ref()
            .map(|text| format!("panic: {text}")),
        dump.preamble
            .fatal
            .as_ref()
            .map(|text| format!("fatal error: {text}")),
        dump.preamble
            .signal
            .as_ref()
            .map(|text| format!("signal {text}")),
    ];
    Report {
        total: dump.goroutines.len() as u64,
        base_total: base.map(|base| base.goroutines.len() as u64),
        leaked: states
            .iter()
            .map(|state| state.leaked)
            .fold(0, u64::saturating_add),
        truncated: dump.truncated,
        crash: preamble.into_iter().flatten().collect(),
        states,
        groups: rows,
    }
}

fn growth(row: &GroupRow) -> i64 {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    count(row.count).saturating_sub(count(row.base_count.unwrap_or(0)))
}

/// Is the same for the same place and state in two dumps.
fn identity(group: &Group) -> String {
    let mut identity = group.state.clone();
    for frame in group.stack.iter() {
        identity.push('\n');
        identity.push_str(&place(&frame.function, &frame.file, frame.line));
    }
    if let Some(creator) = &group.created_by {
        identity.push_str("\n+");
        identity.push_str(&place(&creator.function, &creator.file, creator.line));
    }
    identity
}

fn place(function: &str, file: &str, line: u32) -> String {
    if file.is_empty() {
        function.to_owned()
    } else {
        format!("{function} {file}:{line}")
    }
}

fn row(group: &Group, base_count: Option<u64>) -> GroupRow {
    let creator = group.created_by.as_ref();
    GroupRow {
        count: group.count,
        base_count,
        state: group.state.clone(),
        minutes: group
            .waits
            .map(|waits| [waits.min, waits.median, waits.max]),
        locked: group.locked,
        leaked: group.leaked,
        suspicion: suspicion(group, base_count),
        stack: group
            .stack
            .iter()
            .map(|frame| place(&frame.function, &frame.file, frame.line))
            .collect(),
        elided: group.elided_frames.map(|elided| match elided {
            Elided::Frames(count) => (group.elided_after, Some(count)),
            Elided::Unknown => (group.elided_after, None),
        }),
        created_by: creator.map(|creator| place(&creator.function, &creator.file, creator.line)),
        labels: group.labels.clone(),
        ids: group.ids.clone(),
    }
}

fn suspicion(group: &Group, base_count: Option<u64>) -> Option<String> {
    if group.leaked > 0 {
        return Some(format!(
            "the runtime found that nothing can wake {} of them",
            group.leaked
        ));
    }
    let blocked = !matches!(
        group.state.as_str(),
        "running" | "runnable" | "syscall" | "IO wait" | "sleep" | "idle"
    );
    if !blocked {
        return None;
    }
    if let Some(before) =
        base_count.filter(|before| group.count >= before.saturating_add(SUSPECT_COUNT))
    {
        return Some(format!("grew from {before} to {}", group.count));
    }
    let waits = group
        .waits
        .filter(|waits| group.count >= SUSPECT_COUNT && waits.median >= SUSPECT_MINUTES)?;
    Some(format!(
        "{} wait at one place, half of them for {} minutes or more",
        group.count, waits.median
    ))
}
