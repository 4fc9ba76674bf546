//! Tasks: how long those of a kind take, and where that time goes.
//!
//! A goroutine works for a task while it is in a region of it, while it was made within such a
//! region, or, the one that began the task, until the task ends. What it does meanwhile is the
//! task's time; of several goroutines it adds up.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::event::{GoroutineId, GoroutineState, Task, TaskId, Time};
use crate::histogram::Histogram;
use crate::names::Name;
use crate::path::Path;
use crate::stacks::StackId;
use crate::states::Slot;
use crate::times::Times;
use crate::top::Top;

/// A task keeps no more of its logs, children and goroutines than this; the rest is counted.
const MOST_KEPT: usize = 64;
/// A log keeps no more of its message than this.
const LONGEST_MESSAGE: usize = 512;

/// A goroutine works for a task.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) task: TaskId,
    /// How often: regions of the same task may lie in one another.
    pub(crate) depth: u32,
    /// The goroutine's times when it began to.
    pub(crate) times: Times,
}

/// A log of a task.
#[derive(Debug, Clone)]
pub(crate) struct TaskLog {
    pub(crate) time: Time,
    pub(crate) goroutine: GoroutineId,
    pub(crate) category: Name,
    pub(crate) message: String,
}

/// A task within a task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Child {
    pub(crate) id: TaskId,
    pub(crate) kind: Name,
    pub(crate) begin: Option<Time>,
    pub(crate) end: Time,
}

/// A few of many, and how many there were.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub(crate) first: Vec<T>,
    pub(crate) count: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Kept<T> {
    fn push(&mut self, make: impl FnOnce() -> T) {
        self.count += 1;
        if self.first.len() < MOST_KEPT {
            self.first.push(make());
        }
    }
}

/// A task and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct TaskRecord {
    pub(crate) id: TaskId,
    pub(crate) kind: Name,
    pub(crate) parent: TaskId,
    pub(crate) begin: Option<Time>,
    pub(crate) end: Option<Time>,
    /// The goroutine that began it.
    pub(crate) goroutine: GoroutineId,
    pub(crate) stack: StackId,
    pub(crate) logs: Kept<TaskLog>,
    pub(crate) children: Kept<Child>,
    pub(crate) goroutines: Kept<GoroutineId>,
    pub(crate) regions: u64,
    pub(crate) times: Times,
    /// How long a collection marked meanwhile.
    pub(crate) marking: i64,
    pub(crate) path: Option<Path>,
    /// The goroutines that work for it now.
    pub(crate) workers: Vec<Slot>,
}

impl TaskRecord {
    fn new(id: TaskId) -> Self {
        Self {
            id,
            kind: Name::EMPTY,
            parent: TaskId::NONE,
            begin: None,
            end: None,
            goroutine: GoroutineId::NONE,
            stack: StackId::NONE,
            logs: Kept::default(),
            children: Kept::default(),
            goroutines: Kept::default(),
            regions: 0,
            times: Times::default(),
            marking: 0,
            path: None,
            workers: Vec::new(),
        }
    }

    pub(crate) fn takes_part(&mut self, goroutine: GoroutineId) {
        if goroutine.is_some() && !self.goroutines.first.contains(&goroutine) {
            self.goroutines.push(|| goroutine);
        }
    }
}

/// The tasks of a kind.
#[derive(Debug)]
pub(crate) struct TaskGroup {
    pub(crate) kind: Name,
    /// Tasks of which the trace saw beginning and end.
    pub(crate) durations: Histogram,
    /// Tasks that began before the trace and ended in it.
    pub(crate) began_before: u64,
    /// Tasks that the trace's end cut off.
    pub(crate) unfinished: u64,
    /// Of complete tasks.
    pub(crate) times: Times,
    pub(crate) marking: i64,
    pub(crate) slowest: Top<Box<TaskRecord>>,
    /// Of those that the trace's end cut off.
    pub(crate) oldest: Top<Box<TaskRecord>>,
}

/// All tasks. Memory grows with the tasks that are open at the same time.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    open: HashMap<TaskId, Box<TaskRecord>>,
    ids: HashMap<Name, u32>,
    pub(crate) groups: Vec<TaskGroup>,
    /// The least number of a task that began within the trace.
    first: Option<TaskId>,
    /// Regions and logs of tasks that had ended.
    pub(crate) late: u64,
    examples: usize,
}

impl Tasks {
    pub(crate) fn new(examples: usize) -> Self {
        Self {
            examples,
            ..Self::default()
        }
    }

    /// Begins a task; `marking` is how long collections marked up to now.
    pub(crate) fn begin(
        &mut self,
        task: &Task,
        (time, goroutine): (Time, GoroutineId),
        stack: StackId,
        marking: i64,
    ) {
        self.first = Some(self.first.map_or(task.id, |first| first.min(task.id)));
        let mut record = Box::new(TaskRecord::new(task.id));
        record.kind = task.kind;
        record.parent = task.parent;
        record.begin = Some(time);
        record.goroutine = goroutine;
        record.stack = stack;
        record.marking = 0i64.saturating_sub(marking);
        record.takes_part(goroutine);
        self.open.insert(task.id, record);
    }

    /// A task that is open, or that began before the trace.
    pub(crate) fn mention(&mut self, id: TaskId) -> Option<&mut TaskRecord> {
        if id == TaskId::BACKGROUND || id == TaskId::NONE {
            return None;
        }
        let has_begun_here = self.first.is_some_and(|first| id >= first);
        if has_begun_here {
            let record = self.open.get_mut(&id);
            self.late += u64::from(record.is_none());
            return record.map(|record| &mut **record);
        }
        let record = self.open.entry(id);
        Some(record.or_insert_with(|| Box::new(TaskRecord::new(id))))
    }

    pub(crate) fn get(&mut self, id: TaskId) -> Option<&mut TaskRecord> {
        self.open.get_mut(&id).map(|record| &mut **record)
    }

    pub(crate) fn log(
        &mut self,
        id: TaskId,
        (time, goroutine): (Time, GoroutineId),
        category: Name,
        message: &str,
    ) {
        if let Some(record) = self.mention(id) {
            record.takes_part(goroutine);
            record.logs.push(|| {
                let end = message.floor_char_boundary(LONGEST_MESSAGE);
                TaskLog {
                    time,
                    goroutine,
                    category,
                    message: message.get(..end).unwrap_or_default().to_owned(),
                }
            });
        }
    }

    /// Takes a task that ends out of the open ones; [`Tasks::close`] follows.
    pub(crate) fn take(&mut self, task: &Task, end: (Time, GoroutineId)) -> Box<TaskRecord> {
        let known = self.open.remove(&task.id);
        let mut record = known.unwrap_or_else(|| Box::new(TaskRecord::new(task.id)));
        record.kind = task.kind;
        record.parent = task.parent;
        record.end = Some(end.0);
        record.takes_part(end.1);
        record
    }

    fn group(&mut self, kind: Name) -> Option<&mut TaskGroup> {
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let at = *self.ids.entry(kind).or_insert(next);
        if at == next {
            self.groups.push(TaskGroup {
                kind,
                durations: Histogram::default(),
                began_before: 0,
                unfinished: 0,
                times: Times::default(),
                marking: 0,
                slowest: Top::new(self.examples),
                oldest: Top::new(self.examples),
            });
        }
        self.groups.get_mut(at as usize)
    }

    /// Counts a task that ended; `path` is asked for its critical path if it is kept.
    pub(crate) fn close(
        &mut self,
        mut record: Box<TaskRecord>,
        marking: i64,
        path: impl FnOnce(&TaskRecord) -> Path,
    ) {
        let child = Child {
            id: record.id,
            kind: record.kind,
            begin: record.begin,
            end: record.end.unwrap_or_default(),
        };
        if let Some(parent) = self.get(record.parent) {
            parent.children.push(|| child);
        }
        let Some(group) = self.group(record.kind) else {
            return;
        };
        let (Some(begin), Some(end)) = (record.begin, record.end) else {
            group.began_before += 1;
            return;
        };
        record.marking = record.marking.saturating_add(marking);
        let nanoseconds = end.since(begin);
        group.durations.add(nanoseconds);
        group.times.add(&record.times);
        group.marking = group.marking.saturating_add(record.marking);
        if group.slowest.admits(nanoseconds) {
            record.path = Some(path(&record));
        }
        group.slowest.offer(nanoseconds, || record);
    }

    /// Counts the tasks that the trace's end cut off.
    pub(crate) fn finish(&mut self, now: Time, marking: i64) {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_by_key(|record| record.id.0);
        for mut record in open {
            if let Some(group) = self.group(record.kind) {
                group.unfinished += 1;
                let age = record.begin.map_or(i64::MAX, |begin| now.since(begin));
                if record.begin.is_some() {
                    record.marking = record.marking.saturating_add(marking);
                }
                group.oldest.offer(age, || record);
            }
        }
    }
}

/// Something that happened to a task, as the reference's `/usertask` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskMoment {
    /// When.
    pub time: Time,
    /// On which goroutine.
    pub goroutine: GoroutineId,
    /// What.
    pub what: TaskEvent,
}

/// What happened to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEvent {
    /// It began.
    Begin(Task),
    /// It ended.
    End,
    /// A log, with its category and its message.
    Log(Name, String),
    /// A region of it began.
    RegionBegin(Name),
    /// A region of it ended.
    RegionEnd(Name),
    /// A goroutine ended with a region of it.
    Transition(GoroutineState, GoroutineState),
}

/// One task, as the reference's `/usertask` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRow {
    /// Its number.
    pub id: TaskId,
    /// The name that its author gave it; empty where the trace saw neither beginning nor end.
    pub kind: Name,
    /// The task within which it was begun, if it is known.
    pub parent: Option<TaskId>,
    /// The tasks that were begun within it.
    pub children: Vec<TaskId>,
    /// When it began, if the trace saw that.
    pub begin: Option<Time>,
    /// When it ended, if the trace saw that.
    pub end: Option<Time>,
    /// What happened, in its order.
    pub events: Vec<TaskMoment>,
    /// The goroutines that took part, by their numbers.
    pub goroutines: BTreeSet<GoroutineId>,
}

/// The rows of all tasks, where they are kept.
#[derive(Debug, Default)]
pub(crate) struct TaskRows {
    places: HashMap<TaskId, usize>,
    pub(crate) rows: Vec<TaskRow>,
}

impl TaskRows {
    /// The row of a task, which is made at its first mention.
    fn place(&mut self, id: TaskId) -> usize {
        let next = self.rows.len();
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.rows.push(TaskRow {
                id,
                kind: Name::EMPTY,
                parent: None,
                children: Vec::new(),
                begin: None,
                end: None,
                events: Vec::new(),
                goroutines: BTreeSet::new(),
            });
        }
        place
    }

    pub(crate) fn add(&mut self, id: TaskId, takes_part: bool, moment: TaskMoment) {
        let place = self.place(id);
        let row = &mut self.rows[place];
        let goroutine = moment.goroutine;
        if takes_part {
            row.goroutines.insert(goroutine);
        }
        match &moment.what {
            TaskEvent::Begin(task) => {
                row.kind = task.kind;
                row.begin = Some(moment.time);
            }
            TaskEvent::End => row.end = Some(moment.time),
            _ => {}
        }
        row.events.push(moment);
    }

    pub(crate) fn name(&mut self, task: &Task) {
        let place = self.place(task.id);
        self.rows[place].kind = task.kind;
        if task.parent != TaskId::NONE && self.rows[place].parent.is_none() {
            self.rows[place].parent = Some(task.parent);
            let parent = self.place(task.parent);
            self.rows[parent].children.push(task.id);
        }
    }
}
