//! What goroutines, regions and tasks did with their time, in one pass.

use hashbrown::HashMap;

use crate::account::{Account, OpenRegion};
use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState, ProcId, ProcState, Range, Region, Task, TaskId,
    Time,
};
use crate::groups::{GoroutineGroupView, GoroutineRow, Groups};
use crate::names::Name;
use crate::origins::Origins;
use crate::path::Wakes;
use crate::profiles::{Rules, is_system};
use crate::regions::{EndedRegion, RegionGroupView, RegionRow, Regions};
use crate::states::{Analysis, BySlot, Interval, Live, Slot};
use crate::tables::Tables;
use crate::task_views::{TaskGroupView, TasksView};
use crate::tasks::{Attachment, TaskEvent, TaskMoment, TaskRow, TaskRows, Tasks};
use crate::times::{RangeName, RangeTimes, Times};

/// How to sum up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryOptions {
    /// Whose rules. [`Rules::Corrected`] differs from the reference's summaries
    /// (`src/internal/trace/summary.go`, Go 1.27.3) in three things, and in no other:
    ///
    /// 1. A system call that is blocked at the trace's end counts as blocked from when its P was
    ///    lost, and as a call before; the reference counts it as a call and as a wait for a P
    ///    besides.
    /// 2. A goroutine that waits for ever is alive and waits until the trace ends; the reference
    ///    takes it for ended. Waits from before the trace have the reason that their stack tells;
    ///    the reference has none for them.
    /// 3. A system call that ends after its P was taken away, and after another goroutine went
    ///    into one on that P, leaves that goroutine's account alone; the reference then misses
    ///    that the other loses its P.
    pub rules: Rules,
    /// Whether to keep a row for each goroutine, region and task. Memory then grows with them.
    pub rows: bool,
    /// How many examples each group keeps.
    pub examples: usize,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self {
            rules: Rules::Corrected,
            rows: false,
            examples: 10,
        }
    }
}

/// How long collections mark.
#[derive(Debug, Default)]
struct Marking {
    since: Option<Time>,
    closed: i64,
}

impl Marking {
    fn until(&self, now: Time) -> i64 {
        let open = self.since.map_or(0, |since| now.since(since));
        self.closed.saturating_add(open)
    }
}

/// Rows of all, as the reference's pages tell them.
#[derive(Debug, Default)]
struct Rows {
    /// The last life of each goroutine: those of C come again by the same number.
    goroutines: HashMap<GoroutineId, (GoroutineRow, Vec<RegionRow>)>,
    tasks: TaskRows,
}

/// Sums up what goroutines, regions and tasks did.
#[derive(Debug, Default)]
pub struct Summary {
    options: SummaryOptions,
    accounts: BySlot<Account>,
    syscalling: HashMap<ProcId, Slot>,
    sweeping: HashMap<ProcId, GoroutineId>,
    groups: Groups,
    regions: Regions,
    tasks: Tasks,
    wakes: Wakes,
    marking: Marking,
    rows: Option<Rows>,
    origins: Origins,
    first: Time,
    last: Time,
}

impl Summary {
    /// Begins to sum up.
    pub fn new(options: SummaryOptions) -> Self {
        Self {
            rows: options.rows.then(Rows::default),
            tasks: Tasks::new(options.examples),
            options,
            ..Self::default()
        }
    }

    /// The groups of goroutines, those with the most time first.
    pub fn goroutine_groups(&self, tables: &Tables) -> Vec<GoroutineGroupView> {
        self.groups.views(&self.origins, tables, self.first)
    }

    /// The groups of regions, those with the most time first.
    pub fn region_groups(&self, tables: &Tables) -> Vec<RegionGroupView> {
        self.regions.views(tables, self.first)
    }

    /// The tasks by kind, those with the most time first.
    pub fn tasks(&self, tables: &Tables) -> TasksView {
        let views = self.tasks.groups.iter();
        let mut groups: Vec<TaskGroupView> = views
            .map(|group| group.view(tables, self.first, self.last))
            .collect();
        groups.sort_by(|a, b| {
            b.durations
                .total
                .cmp(&a.durations.total)
                .then_with(|| a.kind.cmp(&b.kind))
        });
        TasksView {
            groups,
            late: self.tasks.late,
        }
    }

    /// A row for each goroutine by its number, with its regions; empty unless rows are kept.
    pub fn goroutine_rows(&self) -> Vec<(&GoroutineRow, &[RegionRow])> {
        let rows = self.rows.iter().flat_map(|rows| rows.goroutines.values());
        let mut rows: Vec<_> = rows.map(|(row, regions)| (row, &**regions)).collect();
        rows.sort_by_key(|(row, _)| row.id);
        rows
    }

    /// A row for each task in the order in which they were met, that of what has no task among
    /// them; empty unless rows are kept.
    pub fn task_rows(&self) -> &[TaskRow] {
        self.rows.as_ref().map_or(&[], |rows| &rows.tasks.rows)
    }

    /// The times of the first and the last event.
    pub fn span(&self) -> (Time, Time) {
        (self.first, self.last)
    }

    fn range_begins(&mut self, range: &Range, is_active: bool, event: &Event, live: &Live) {
        if *range == Range::Mark {
            let begin = if is_active {
                live.generation_began()
            } else {
                event.time
            };
            self.marking.since.get_or_insert(begin);
            return;
        }
        let (slot, Some(name)) = (range_slot(range, event, live), RangeName::of(range)) else {
            return;
        };
        if !slot.is_some() {
            return;
        }
        if let Range::Sweep(proc) = range {
            self.sweeping.insert(*proc, event.goroutine);
        }
        let account = self.accounts.get_mut(slot);
        if is_active {
            account.range_is_active(name, live.generation_began());
        } else {
            account.begin_range(name, event.time);
        }
    }

    fn range_ends(&mut self, range: &Range, event: &Event, live: &Live) {
        if *range == Range::Mark {
            self.marking.closed = self.marking.until(event.time);
            self.marking.since = None;
            return;
        }
        if let Range::Sweep(proc) = range
            && self.sweeping.remove(proc) != Some(event.goroutine)
        {
            // It ends on another goroutine than it began.
            return;
        }
        let slot = range_slot(range, event, live);
        if let Some(name) = RangeName::of(range)
            && slot.is_some()
        {
            self.accounts.get_mut(slot).end_range(name, event.time);
        }
    }

    fn region_begins(&mut self, region: &Region, event: &Event, live: &Live, tables: &Tables) {
        let slot = live.actor(event);
        if !slot.is_some() {
            return;
        }
        let account = self.accounts.get_mut(slot);
        let times = account.times(live.get(slot), event.time, self.options.rules);
        // Only rows tell them.
        let ranges = match self.rows {
            Some(_) => account.ranges(event.time),
            None => RangeTimes::default(),
        };
        account.regions.push(OpenRegion {
            task: region.task,
            kind: region.kind,
            begin: event.time,
            root: tables.stacks.get(event.stack).last().copied(),
            inherited: false,
            times,
            ranges,
        });
        if let Some(record) = self.tasks.mention(region.task) {
            record.regions += 1;
            record.takes_part(event.goroutine);
        }
        attach(account, &mut self.tasks, slot, region.task, &times);
        self.moment(region.task, event, true, |_| {
            TaskEvent::RegionBegin(region.kind)
        });
    }

    fn region_ends(&mut self, region: &Region, event: &Event, live: &Live) {
        let slot = live.actor(event);
        if !slot.is_some() {
            return;
        }
        let account = self.accounts.get_mut(slot);
        let times = account.times(live.get(slot), event.time, self.options.rules);
        let mut open = account.regions.pop();
        let ended = EndedRegion {
            goroutine: event.goroutine,
            task: open.as_ref().map_or(region.task, |open| open.task),
            kind: open.as_ref().map_or(region.kind, |open| open.kind),
            root: open.as_ref().and_then(|open| open.root),
            begin: open.as_ref().map(|open| open.begin),
            end: Some(event.time),
        };
        let inherited = open.as_ref().is_some_and(|open| open.inherited);
        let within = match &open {
            Some(open) => times.since(&open.times),
            None => times,
        };
        if !inherited {
            self.regions.add(&ended, &within, self.options.examples);
        }
        if self.rows.is_some() {
            let before = open.as_mut().map(|open| std::mem::take(&mut open.ranges));
            let ranges = account
                .ranges(event.time)
                .since(&before.unwrap_or_default());
            account.region_rows.push(region_row(&ended, within, ranges));
        }
        if open.is_some() {
            detach(account, &mut self.tasks, slot, ended.task, &times);
        } else if let Some(record) = self.tasks.mention(region.task) {
            record.takes_part(event.goroutine);
        }
        if !inherited {
            let takes_part = open.is_none();
            self.moment(ended.task, event, takes_part, |_| {
                TaskEvent::RegionEnd(region.kind)
            });
        }
    }

    fn task_begins(&mut self, task: &Task, event: &Event, live: &Live) {
        let marking = self.marking.until(event.time);
        let actor = (event.time, event.goroutine);
        self.tasks.begin(task, actor, event.stack, marking);
        let slot = live.actor(event);
        if slot.is_some() {
            let account = self.accounts.get_mut(slot);
            let times = account.times(live.get(slot), event.time, self.options.rules);
            attach(account, &mut self.tasks, slot, task.id, &times);
        }
        self.moment(task.id, event, true, |_| TaskEvent::Begin(*task));
        if let Some(rows) = &mut self.rows {
            rows.tasks.name(task);
        }
    }

    fn task_ends(&mut self, task: &Task, event: &Event, live: &Live) {
        let mut record = self.tasks.take(task, (event.time, event.goroutine));
        for slot in std::mem::take(&mut record.workers) {
            let account = self.accounts.get_mut(slot);
            let times = account.times(live.get(slot), event.time, self.options.rules);
            if let Some(at) = account.tasks.iter().position(|work| work.task == task.id) {
                let work = account.tasks.swap_remove(at);
                record.times.add(&times.since(&work.times));
            }
        }
        let marking = self.marking.until(event.time);
        let slot = live.actor(event);
        let (wakes, goroutine) = (&self.wakes, event.goroutine);
        self.tasks.close(record, marking, |record| {
            let begin = record.begin.unwrap_or(event.time);
            wakes.path(slot, goroutine, begin, event.time)
        });
        self.moment(task.id, event, true, |_| TaskEvent::End);
        if let Some(rows) = &mut self.rows {
            rows.tasks.name(task);
        }
    }

    fn moment(
        &mut self,
        task: TaskId,
        event: &Event,
        takes_part: bool,
        what: impl FnOnce(&Event) -> TaskEvent,
    ) {
        if let Some(rows) = &mut self.rows {
            let moment = TaskMoment {
                time: event.time,
                goroutine: event.goroutine,
                what: what(event),
            };
            rows.tasks.add(task, takes_part, moment);
        }
    }

    /// Closes a goroutine's account and ends its regions: with its end, or, without `end`, with
    /// the trace's.
    fn close(
        &mut self,
        slot: Slot,
        end: Option<(GoroutineState, GoroutineState)>,
        live: &Live,
        tables: &Tables,
    ) {
        let now = live.now();
        let goroutine = live.get(slot);
        let account = self.accounts.get_mut(slot);
        if account.closed.is_some() {
            return;
        }
        account.close(goroutine, now, self.options.rules);
        let times = account.times(goroutine, now, self.options.rules);
        for work in account.tasks.drain(..) {
            if let Some(record) = self.tasks.get(work.task) {
                record.times.add(&times.since(&work.times));
                record.workers.retain(|&worker| worker != slot);
            }
        }
        // The runtime's goroutines that are made within a region do not belong to it.
        if is_system(tables.names.get(goroutine.entry)) {
            account.regions.clear();
        }
        let ranges = account.ranges(now);
        for open in std::mem::take(&mut account.regions) {
            let ended = EndedRegion {
                goroutine: goroutine.id,
                task: open.task,
                kind: open.kind,
                root: open.root,
                begin: Some(open.begin),
                end: end.map(|_| now),
            };
            let within = times.since(&open.times);
            if !open.inherited {
                self.regions.add(&ended, &within, self.options.examples);
            }
            let Some(rows) = &mut self.rows else {
                continue;
            };
            let within_ranges = ranges.clone().since(&open.ranges);
            account
                .region_rows
                .push(region_row(&ended, within, within_ranges));
            if let Some((from, to)) = end
                && !open.inherited
            {
                let moment = TaskMoment {
                    time: now,
                    goroutine: goroutine.id,
                    what: TaskEvent::Transition(from, to),
                };
                rows.tasks.add(open.task, false, moment);
            }
        }
    }

    /// Adds a goroutine that ended, or that the trace leaves, to what is kept.
    fn settle(&mut self, slot: Slot, ended: Option<Time>, live: &Live) {
        let goroutine = live.get(slot);
        let account = self.accounts.get_mut(slot);
        let times = account.times(goroutine, live.now(), self.options.rules);
        let ranges = account.ranges(live.now());
        let examples = self.options.examples;
        self.groups.add(goroutine, ended, &times, &ranges, examples);
        if let Some(rows) = &mut self.rows {
            let mut regions = std::mem::take(&mut account.region_rows);
            regions.sort_by_key(|region| region.begin);
            let row = GoroutineRow {
                id: goroutine.id,
                entry: goroutine.entry,
                created: goroutine.created,
                started: goroutine.started,
                ended,
                times,
                ranges,
            };
            rows.goroutines.insert(goroutine.id, (row, regions));
        }
    }

    /// A goroutine that is made within a region belongs to the region's task.
    fn inherit(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        let goroutine = live.get(slot);
        let maker = self.accounts.get(goroutine.creator.slot);
        let Some(region) = maker.regions.last() else {
            return;
        };
        let task = region.task;
        let account = self.accounts.get_mut(slot);
        account.regions.push(OpenRegion {
            task,
            kind: Name::EMPTY,
            begin: event.time,
            root: tables.stacks.get(event.stack).last().copied(),
            inherited: true,
            times: Times::default(),
            ranges: RangeTimes::default(),
        });
        if !is_system(tables.names.get(goroutine.entry)) {
            attach(account, &mut self.tasks, slot, task, &Times::default());
        }
    }
}

/// The goroutine that a range is on.
fn range_slot(range: &Range, event: &Event, live: &Live) -> Slot {
    match range {
        Range::StopTheWorld(goroutine, _) | Range::MarkAssist(goroutine) => {
            live.find(*goroutine, event.proc)
        }
        Range::Sweep(_) => live.actor(event),
        Range::Mark => Slot::NONE,
    }
}

fn region_row(ended: &EndedRegion, times: Times, ranges: RangeTimes) -> RegionRow {
    RegionRow {
        goroutine: ended.goroutine,
        task: ended.task,
        kind: ended.kind,
        root: ended.root,
        begin: ended.begin,
        end: ended.end,
        times,
        ranges,
    }
}

/// Lets a goroutine work for a task, which is known.
fn attach(account: &mut Account, tasks: &mut Tasks, slot: Slot, task: TaskId, times: &Times) {
    if task == TaskId::BACKGROUND {
        return;
    }
    if let Some(work) = account.tasks.iter_mut().find(|work| work.task == task) {
        work.depth += 1;
    } else if let Some(record) = tasks.get(task) {
        record.workers.push(slot);
        account.tasks.push(Attachment {
            task,
            depth: 1,
            times: *times,
        });
    }
}

/// Lets a goroutine leave a region of a task.
fn detach(account: &mut Account, tasks: &mut Tasks, slot: Slot, task: TaskId, times: &Times) {
    let Some(at) = account.tasks.iter().position(|work| work.task == task) else {
        return;
    };
    let work = &mut account.tasks[at];
    work.depth -= 1;
    if work.depth == 0 {
        let work = account.tasks.swap_remove(at);
        if let Some(record) = tasks.get(task) {
            record.times.add(&times.since(&work.times));
            record.workers.retain(|&worker| worker != slot);
        }
    }
}

impl Analysis for Summary {
    #[inline]
    fn event(&mut self, event: &Event, live: &Live, tables: &Tables) {
        match &event.kind {
            EventKind::Proc(transition) => {
                // A P that goes idle while its goroutine is in a system call: the call blocks.
                if transition.to == ProcState::Idle
                    && transition.from != transition.to
                    && let Some(slot) = self.syscalling.remove(&transition.proc)
                {
                    self.accounts.get_mut(slot).lost_proc = Some(event.time);
                }
            }
            EventKind::RangeBegin(range) => self.range_begins(range, false, event, live),
            EventKind::RangeActive(range) => self.range_begins(range, true, event, live),
            EventKind::RangeEnd(range, _) => self.range_ends(range, event, live),
            EventKind::RegionBegin(region) => self.region_begins(region, event, live, tables),
            EventKind::RegionEnd(region) => self.region_ends(region, event, live),
            EventKind::TaskBegin(task) => self.task_begins(task, event, live),
            EventKind::TaskEnd(task) => self.task_ends(task, event, live),
            EventKind::Log(log) => {
                let message = tables.text(log.message);
                let actor = (event.time, event.goroutine);
                self.tasks.log(log.task, actor, log.category, &message);
                self.moment(log.task, event, true, |_| {
                    TaskEvent::Log(log.category, message.into_owned())
                });
            }
            _ => {}
        }
    }

    #[inline]
    fn leave(&mut self, interval: &Interval, _: &Live, _: &Tables) {
        if interval.is_open() {
            // The account is closed with the trace.
            return;
        }
        let account = self.accounts.get_mut(interval.slot);
        account.leave(interval, self.options.rules);
        if interval.state == GoroutineState::Syscall
            && let Some(proc) = account.syscall_proc.take()
            && (self.options.rules == Rules::Reference
                || self.syscalling.get(&proc) == Some(&interval.slot))
        {
            self.syscalling.remove(&proc);
        }
        self.wakes.leave(interval);
    }

    #[inline]
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        let goroutine = live.get(slot);
        if goroutine.is_new() {
            self.accounts
                .get_mut(slot)
                .open(goroutine, event, self.options.rules);
            if goroutine.created_in_trace {
                self.inherit(slot, event, live, tables);
            }
        }
        self.wakes.enter(slot, goroutine);
        match goroutine.now.state {
            GoroutineState::Syscall if event.proc.is_some() => {
                self.syscalling.insert(event.proc, slot);
                self.accounts.get_mut(slot).syscall_proc = Some(event.proc);
            }
            GoroutineState::Waiting
                if goroutine.now.reason == Name::FOREVER
                    && self.options.rules == Rules::Reference =>
            {
                let states = (goroutine.now.from, GoroutineState::Waiting);
                self.close(slot, Some(states), live, tables);
            }
            _ => {}
        }
    }

    fn forget(&mut self, slot: Slot, live: &Live, tables: &Tables) {
        let states = (live.get(slot).now.from, GoroutineState::NotExist);
        self.close(slot, Some(states), live, tables);
        let ended = self.accounts.get(slot).closed;
        self.settle(slot, ended, live);
    }

    fn finish(&mut self, live: &Live, tables: &Tables) {
        (self.first, self.last) = (live.first(), live.now());
        self.origins = live.origins().clone();
        let alive: Vec<Slot> = live.all().map(|(slot, _)| slot).collect();
        for slot in alive {
            let ended = self.accounts.get(slot).closed;
            self.close(slot, None, live, tables);
            self.settle(slot, ended, live);
        }
        self.tasks
            .finish(live.now(), self.marking.until(live.now()));
    }
}

#[cfg(test)]
#[path = "summary_test.rs"]
mod tests;
