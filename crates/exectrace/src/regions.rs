//! Regions: how long those of a kind take, and where that time goes.

use hashbrown::HashMap;
use serde::Serialize;

use crate::event::{GoroutineId, TaskId, Time};
use crate::histogram::{Distribution, Histogram};
use crate::names::{Name, Names};
use crate::stacks::FrameId;
use crate::tables::Tables;
use crate::times::{RangeTimes, Times, TimesView};
use crate::top::Top;

/// One region, as the reference's `/userregion` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionRow {
    /// The goroutine.
    pub goroutine: GoroutineId,
    /// Its task.
    pub task: TaskId,
    /// The name that its author gave it; empty for one that a goroutine has from its maker.
    pub kind: Name,
    /// The root of the stack on which it began.
    pub root: Option<FrameId>,
    /// When it began, if the trace saw that.
    pub begin: Option<Time>,
    /// When it ended, if the trace saw that.
    pub end: Option<Time>,
    /// Where the goroutine's time went meanwhile.
    pub times: Times,
    /// The time in ranges meanwhile.
    pub ranges: RangeTimes,
}

impl RegionRow {
    /// Its length; what the trace did not see begins and ends with the trace.
    pub fn nanoseconds(&self, first: Time, last: Time) -> i64 {
        self.end.unwrap_or(last).since(self.begin.unwrap_or(first))
    }
}

/// The regions of a kind that began on stacks with the same root.
#[derive(Debug)]
pub(crate) struct RegionGroup {
    kind: Name,
    root: Option<FrameId>,
    count: u64,
    durations: Histogram,
    times: Times,
    longest: Top<Example>,
}

/// A region among the longest of its group.
#[derive(Debug, Clone)]
struct Example {
    goroutine: GoroutineId,
    task: TaskId,
    begin: Time,
    end: Time,
    times: Times,
}

/// All groups of regions. Their memory does not grow with the regions.
#[derive(Debug, Default)]
pub(crate) struct Regions {
    ids: HashMap<(Name, Option<FrameId>), u32>,
    groups: Vec<RegionGroup>,
}

/// A region that ended, or that its goroutine or the trace left open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedRegion {
    pub(crate) goroutine: GoroutineId,
    pub(crate) task: TaskId,
    pub(crate) kind: Name,
    pub(crate) root: Option<FrameId>,
    pub(crate) begin: Option<Time>,
    pub(crate) end: Option<Time>,
}

impl Regions {
    pub(crate) fn add(&mut self, region: &EndedRegion, times: &Times, examples: usize) {
        let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let at = *self.ids.entry((region.kind, region.root)).or_insert(next);
        if at == next {
            self.groups.push(RegionGroup {
                kind: region.kind,
                root: region.root,
                count: 0,
                durations: Histogram::default(),
                times: Times::default(),
                longest: Top::new(examples),
            });
        }
        let Some(group) = self.groups.get_mut(at as usize) else {
            return;
        };
        group.count += 1;
        group.times.add(times);
        if let (Some(begin), Some(end)) = (region.begin, region.end) {
            let nanoseconds = end.since(begin);
            group.durations.add(nanoseconds);
            group.longest.offer(nanoseconds, || Example {
                goroutine: region.goroutine,
                task: region.task,
                begin,
                end,
                times: *times,
            });
        }
    }

    pub(crate) fn views(&self, tables: &Tables, first: Time) -> Vec<RegionGroupView> {
        let mut views: Vec<_> = self
            .groups
            .iter()
            .map(|group| group.view(tables, first))
            .collect();
        views.sort_by(|a, b| {
            b.durations
                .total
                .cmp(&a.durations.total)
                .then_with(|| a.kind.cmp(&b.kind))
        });
        views
    }
}

impl RegionGroup {
    fn view(&self, tables: &Tables, first: Time) -> RegionGroupView {
        let names = &tables.names;
        let root = self.root.and_then(|root| tables.stacks.frame(root));
        RegionGroupView {
            kind: names.get(self.kind).to_owned(),
            root: root.map_or_else(String::new, |root| names.get(root.function).to_owned()),
            root_address: root.map_or(0, |root| root.address),
            count: self.count,
            incomplete: self.count - self.durations.count(),
            durations: self.durations.distribution(),
            times: self.times.view(names),
            longest: self
                .longest
                .sorted()
                .into_iter()
                .map(|example| example.view(names, first))
                .collect(),
        }
    }
}

impl Example {
    fn view(&self, names: &Names, first: Time) -> RegionView {
        RegionView {
            goroutine: self.goroutine.0,
            task: self.task.0,
            begin: self.begin.since(first),
            nanoseconds: self.end.since(self.begin),
            times: self.times.view(names),
        }
    }
}

/// The regions of a kind that began on stacks with the same root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionGroupView {
    /// The name that their author gave them.
    pub kind: String,
    /// The function with which their goroutines began.
    pub root: String,
    /// The address of that call.
    pub root_address: u64,
    /// How many there are.
    pub count: u64,
    /// Of how many the trace did not see the beginning or the end.
    pub incomplete: u64,
    /// How long they took, where the trace saw beginning and end.
    pub durations: Distribution,
    /// Where their time went; the total is the sum of all.
    pub times: TimesView,
    /// The longest of them.
    pub longest: Vec<RegionView>,
}

/// One region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionView {
    /// Its goroutine.
    pub goroutine: i64,
    /// Its task, 0 if none.
    pub task: u64,
    /// When it began, in nanoseconds since the trace's beginning.
    pub begin: i64,
    /// How long it took.
    pub nanoseconds: i64,
    /// Where its time went.
    pub times: TimesView,
}
