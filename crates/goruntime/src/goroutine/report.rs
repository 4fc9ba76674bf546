//! The view of a dump: groups and states as rows that a face draws.

use std::collections::HashMap;

use serde::Serialize;

use super::stacks::{groups_of, states_of};
use super::{Dump, Elided, Group, Order, Stack, StateCount, WAIT_CLASSES, by_state, groups, sort};

/// Says what goroutines were read from, and so what is known of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A dump (debug=2, a crash): states, waits, ids, creators.
    Dump,
    /// A profile (protobuf, debug=1): stacks and counts; the states are inferred
    /// from the runtime's frames, and nobody knows how long they have waited.
    Profile,
}

/// Is the goroutines of one moment, grouped.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Population {
    /// Says what they were read from.
    pub form: Form,
    /// Counts the goroutines.
    pub total: u64,
    /// Holds the groups in no order that matters.
    pub groups: Vec<Group>,
    /// Holds the states, most goroutines first.
    pub states: Vec<StateCount>,
    /// Tells that the dump was cut, so that all counts are lower bounds.
    pub truncated: bool,
    /// Is what a crash said: its panic, fatal error and signal.
    pub crash: Vec<String>,
}

impl Population {
    /// Groups the goroutines of a dump.
    pub fn of_dump(dump: &Dump) -> Self {
        let said = |before: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("{before}{text}"))
        };
        let preamble = &dump.preamble;
        let crash = [
            said("panic: ", &preamble.panic),
            said("fatal error: ", &preamble.fatal),
            said("signal ", &preamble.signal),
        ];
        Self {
            form: Form::Dump,
            total: dump.goroutines.len() as u64,
            groups: groups(dump),
            states: by_state(dump),
            truncated: dump.truncated,
            crash: crash.into_iter().flatten().collect(),
        }
    }

    /// Groups the stacks of a goroutine or goroutineleak profile.
    pub fn of_stacks(stacks: impl IntoIterator<Item = Stack>) -> Self {
        let groups = groups_of(stacks);
        Self {
            form: Form::Profile,
            total: groups
                .iter()
                .map(|group| group.count)
                .fold(0, u64::saturating_add),
            states: states_of(&groups),
            groups,
            truncated: false,
            crash: Vec::new(),
        }
    }
}

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

/// Is how many goroutines of a group have waited for so long.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WaitRow {
    /// Is the shortest wait of this class in minutes; the next class begins where it ends.
    pub from_minutes: u32,
    /// Counts the goroutines.
    pub count: u64,
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
    /// Counts those with a known wait by its length, all classes from short to long; empty
    /// if no wait is known. Those that it does not count waited less than a minute, or no
    /// collection ran meanwhile.
    pub waits: Vec<WaitRow>,
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

/// Counts what a report leaves out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Hidden {
    /// Counts the groups.
    pub groups: usize,
    /// Counts their goroutines.
    pub goroutines: u64,
}

/// Is a dump or a profile as a table.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Says what the goroutines were read from.
    pub form: Form,
    /// Counts the goroutines.
    pub total: u64,
    /// Counts them in the other dump, if there is one.
    pub base_total: Option<u64>,
    /// Counts those that the runtime found leaked.
    pub leaked: u64,
    /// Is the longest wait in minutes.
    pub longest_minutes: Option<u32>,
    /// Tells that the dump was cut, so that all counts are lower bounds.
    pub truncated: bool,
    /// Is what a crash said: its panic, fatal error and signal.
    pub crash: Vec<String>,
    /// Holds the states, most goroutines first.
    pub states: Vec<StateRow>,
    /// Holds the groups, longest wait first; against another dump those that
    /// grew most.
    pub groups: Vec<GroupRow>,
    /// Counts what [`Report::keep`] left out of `groups`.
    pub hidden: Hidden,
}

impl Report {
    /// Leaves out the groups that `wanted` refuses, and counts them; totals and
    /// states stay those of all goroutines.
    pub fn keep(&mut self, wanted: impl Fn(&GroupRow) -> bool) {
        let hidden = &mut self.hidden;
        self.groups.retain(|row| {
            let keeps = wanted(row);
            if !keeps {
                hidden.groups = hidden.groups.saturating_add(1);
                hidden.goroutines = hidden.goroutines.saturating_add(row.count);
            }
            keeps
        });
    }

    /// Counts the groups that may be leaks.
    pub fn candidates(&self) -> usize {
        self.groups
            .iter()
            .filter(|row| row.suspicion.is_some())
            .count()
    }
}

/// Is how many goroutines of one group, waiting for how many minutes, speak for
/// a leak. A pool of workers may be as large, hence "may".
const SUSPECT_COUNT: u64 = 100;
const SUSPECT_MINUTES: u32 = 5;
/// Is how many speak for a leak where nobody knows how long they have waited: no
/// collection ran, or a profile does not tell.
const SUSPECT_CROWD: u64 = 1000;

/// Makes the table of a dump; `base` is an earlier dump of the same process, or
/// of the same program, to compare with.
pub fn report(dump: &Dump, base: Option<&Dump>, order: Order) -> Report {
    let base = base.map(Population::of_dump);
    compare(&Population::of_dump(dump), base.as_ref(), order)
}

/// Makes the table of goroutines; `base` is an earlier moment of the same process,
/// or of the same program, read from the same form.
pub fn compare(now: &Population, base: Option<&Population>, order: Order) -> Report {
    let mut all = now.groups.clone();
    sort(&mut all, order);
    let base_counts = base.map(|base| {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for group in &base.groups {
            let count = counts.entry(identity(group)).or_default();
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
    let states: Vec<StateRow> = now
        .states
        .iter()
        .map(|state| StateRow {
            state: state.state.clone(),
            count: state.count,
            leaked: state.leaked,
            longest_minutes: state.longest_minutes,
        })
        .collect();
    Report {
        form: now.form,
        total: now.total,
        base_total: base.map(|base| base.total),
        leaked: states
            .iter()
            .map(|state| state.leaked)
            .fold(0, u64::saturating_add),
        longest_minutes: states
            .iter()
            .filter_map(|state| state.longest_minutes)
            .max(),
        truncated: now.truncated,
        crash: now.crash.clone(),
        states,
        groups: rows,
        hidden: Hidden::default(),
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
        waits: group.waits.map_or_else(Vec::new, |waits| {
            WAIT_CLASSES
                .into_iter()
                .zip(waits.classes)
                .map(|(from_minutes, count)| WaitRow {
                    from_minutes,
                    count,
                })
                .collect()
        }),
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
    match group.waits {
        None if group.count >= SUSPECT_CROWD => Some(format!(
            "{} wait at one place, nothing tells for how long",
            group.count
        )),
        Some(waits) if group.count >= SUSPECT_COUNT && waits.median >= SUSPECT_MINUTES => {
            Some(format!(
                "{} wait at one place, half of them for {} minutes or more",
                group.count, waits.median
            ))
        }
        _ => None,
    }
}
