//! Tasks for people.

use serde::Serialize;

use crate::event::{TaskId, Time};
use crate::histogram::Distribution;
use crate::path::{PathView, stack_view};
use crate::tables::Tables;
use crate::tasks::{TaskGroup, TaskRecord};
use crate::times::TimesView;

/// All tasks by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TasksView {
    /// The kinds, those with the most time first.
    pub groups: Vec<TaskGroupView>,
    /// How many regions and logs came after the end of their task and count for none.
    pub late: u64,
}

/// The tasks of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskGroupView {
    /// The name that their author gave them; empty where the trace saw neither their beginning
    /// nor their end.
    pub kind: String,
    /// How long they took, where the trace saw beginning and end.
    pub durations: Distribution,
    /// How many began before the trace and ended within it.
    pub began_before: u64,
    /// How many did not end within the trace.
    pub unfinished: u64,
    /// Where the time of the goroutines went that worked for complete ones.
    pub times: TimesView,
    /// How long a collection marked meanwhile, in all.
    pub marking: i64,
    /// Those that took longest.
    pub slowest: Vec<TaskView>,
    /// Those that did not end, the oldest first.
    pub oldest_unfinished: Vec<TaskView>,
}

/// One task. Moments are in nanoseconds since the trace's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskView {
    /// Its number.
    pub id: u64,
    /// The name that its author gave it.
    pub kind: String,
    /// The task within which it was begun.
    pub parent: Option<u64>,
    /// When it began, if the trace saw that.
    pub begin: Option<i64>,
    /// When it ended, if the trace saw that.
    pub end: Option<i64>,
    /// How long it took, or how long it had taken when the trace ended.
    pub nanoseconds: i64,
    /// Where it began.
    pub stack: Vec<String>,
    /// The goroutine that began it, -1 if the trace did not see that.
    pub goroutine: i64,
    /// The goroutines that took part, at most 64.
    pub goroutines: Vec<i64>,
    /// How many there were.
    pub goroutine_count: u64,
    /// Where the time of the goroutines went that worked for it.
    pub times: TimesView,
    /// How long a collection marked meanwhile.
    pub marking: i64,
    /// How many regions belong to it.
    pub regions: u64,
    /// Its first logs, at most 64.
    pub logs: Vec<LogView>,
    /// How many there were.
    pub log_count: u64,
    /// The first tasks that ended within it, at most 64.
    pub children: Vec<ChildView>,
    /// How many there were.
    pub child_count: u64,
    /// What its time hung on; none for one that did not end.
    pub path: Option<PathView>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogView {
    /// When.
    pub time: i64,
    /// On which goroutine.
    pub goroutine: i64,
    /// Its category.
    pub category: String,
    /// Its message, at most 512 bytes.
    pub message: String,
}

/// A task within a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChildView {
    /// Its number.
    pub id: u64,
    /// The name that its author gave it.
    pub kind: String,
    /// When it began, if the trace saw that.
    pub begin: Option<i64>,
    /// When it ended.
    pub end: i64,
}

impl TaskGroup {
    pub(crate) fn view(&self, tables: &Tables, first: Time, last: Time) -> TaskGroupView {
        let views = |records: Vec<&Box<TaskRecord>>| {
            records
                .into_iter()
                .map(|record| record.view(tables, first, last))
                .collect()
        };
        TaskGroupView {
            kind: tables.names.get(self.kind).to_owned(),
            durations: self.durations.distribution(),
            began_before: self.began_before,
            unfinished: self.unfinished,
            times: self.times.view(&tables.names),
            marking: self.marking,
            slowest: views(self.slowest.sorted()),
            oldest_unfinished: views(self.oldest.sorted()),
        }
    }
}

impl TaskRecord {
    fn view(&self, tables: &Tables, first: Time, last: Time) -> TaskView {
        let names = &tables.names;
        let since = |time: Time| time.since(first);
        TaskView {
            id: self.id.0,
            kind: names.get(self.kind).to_owned(),
            parent: (self.parent != TaskId::NONE).then_some(self.parent.0),
            begin: self.begin.map(since),
            end: self.end.map(since),
            nanoseconds: self.end.unwrap_or(last).since(self.begin.unwrap_or(first)),
            stack: stack_view(self.stack, tables),
            goroutine: self.goroutine.0,
            goroutines: self
                .goroutines
                .first
                .iter()
                .map(|goroutine| goroutine.0)
                .collect(),
            goroutine_count: self.goroutines.count,
            times: self.times.view(names),
            marking: self.marking,
            regions: self.regions,
            logs: self
                .logs
                .first
                .iter()
                .map(|log| LogView {
                    time: since(log.time),
                    goroutine: log.goroutine.0,
                    category: names.get(log.category).to_owned(),
                    message: log.message.clone(),
                })
                .collect(),
            log_count: self.logs.count,
            children: self
                .children
                .first
                .iter()
                .map(|child| ChildView {
                    id: child.id.0,
                    kind: names.get(child.kind).to_owned(),
                    begin: child.begin.map(since),
                    end: since(child.end),
                })
                .collect(),
            child_count: self.children.count,
            path: self.path.as_ref().map(|path| path.view(tables, first)),
        }
    }
}
