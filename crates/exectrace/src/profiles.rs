//! The four profiles of waiting: for the network, for one another, in system calls, for a P.
//!
//! With [`Rules::Reference`] they are those of `go tool trace -pprof=` of Go 1.27.3
//! (`src/cmd/trace/pprof.go`), whose names are in [`WaitKind`]. [`Rules::Corrected`] differs in
//! what is said there.

use hashbrown::HashMap;
use serde::Serialize;

use crate::event::{Event, EventKind, GoroutineId, GoroutineState, Time};
use crate::names::{Name, Names};
use crate::path::stack_view;
use crate::stacks::StackId;
use crate::states::{Analysis, BySlot, Interval, Live, Slot};
use crate::tables::Tables;
use crate::wire::Wire;
use crate::within::{Contribution, RegionFilter, Within};

/// Whose rules an analysis follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rules {
    /// Those of Go 1.27.3, to the nanosecond, with their defects.
    Reference,
    /// Ours. Profiles differ from the reference's in three things, and in no other:
    ///
    /// 1. The wait of a new goroutine until it runs for the first time counts. The reference cuts
    ///    every wait off that is before the first run.
    /// 2. Waits that the trace's end cuts off count up to there, so that what is stuck is seen.
    /// 3. Waits from before the trace count from its beginning on, and where the trace says no
    ///    reason the stack tells it.
    #[default]
    Corrected,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitKind {
    /// The network: `net`.
    Network,
    /// Channels, locks, conditions, selects: `sync`.
    Sync,
    /// System calls and C: `syscall`.
    Syscall,
    /// A P: `sched`. The stacks are of those who woke or made the goroutine.
    Scheduler,
}

impl WaitKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Network, Self::Sync, Self::Syscall, Self::Scheduler];

    /// Its name as `-pprof=` of the reference takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "net",
            Self::Sync => "sync",
            Self::Syscall => "syscall",
            Self::Scheduler => "sched",
        }
    }

    /// The kind of a wait in a state for a reason.
    #[inline]
    pub fn of(state: GoroutineState, reason: Name, names: &Names) -> Option<Self> {
        match state {
            GoroutineState::Waiting if reason == Name::NETWORK => Some(Self::Network),
            GoroutineState::Waiting if is_sync(reason, names) => Some(Self::Sync),
            GoroutineState::Syscall => Some(Self::Syscall),
            GoroutineState::Runnable => Some(Self::Scheduler),
            _ => None,
        }
    }
}

/// Reasons with `chan`, `sync` or `select` in their names, which `synctest` has too.
fn is_sync(reason: Name, names: &Names) -> bool {
    match reason {
        Name::SELECT
        | Name::COND_WAIT
        | Name::SYNC
        | Name::CHAN_SEND
        | Name::CHAN_RECEIVE
        | Name::SYNCTEST => true,
        known if known.index() <= Name::SYNCTEST.index() => false,
        other => {
            let text = names.get(other);
            text.contains("chan") || text.contains("sync") || text.contains("select")
        }
    }
}

/// What to count.
#[derive(Debug, Clone, Default)]
pub struct ProfileFilter {
    /// Goroutines that began with this function only.
    pub entry: Option<String>,
    /// Waits within such regions only.
    pub region: Option<RegionFilter>,
    /// What lies within these moments only.
    pub window: Option<(Time, Time)>,
}

/// How often and how long was waited, by stack.
#[derive(Debug, Clone, Default)]
pub struct Contentions {
    by_stack: Vec<(u64, i64)>,
}

impl Contentions {
    #[inline]
    fn add(&mut self, stack: StackId, count: u64, nanoseconds: i64) {
        let at = stack.index();
        if at >= self.by_stack.len() {
            self.by_stack.resize(at + 1, (0, 0));
        }
        let row = &mut self.by_stack[at];
        row.0 += count;
        row.1 = row.1.saturating_add(nanoseconds);
    }

    /// Stacks with how often and how many nanoseconds was waited.
    pub fn rows(&self) -> impl Iterator<Item = (StackId, u64, i64)> {
        (0u32..)
            .zip(&self.by_stack)
            .filter(|(_, (count, _))| *count > 0)
            .map(|(at, &(count, nanoseconds))| (StackId(at), count, nanoseconds))
    }

    /// Counts stacks that name no call at all as no stack. Threads of C have such: one frame
    /// without address and function. The reference, which compares addresses only, writes them
    /// as the one or the other, whichever came last.
    fn merge_blank(&mut self, tables: &Tables) {
        let blank: Vec<StackId> = self
            .rows()
            .map(|(stack, ..)| stack)
            .filter(|&stack| {
                let mut frames = tables.stacks.frames(stack);
                stack.is_some()
                    && frames.all(|frame| frame.address == 0 && frame.function == Name::EMPTY)
            })
            .collect();
        for stack in blank {
            let (count, nanoseconds) = std::mem::take(&mut self.by_stack[stack.index()]);
            self.add(StackId::NONE, count, nanoseconds);
        }
    }

    /// How often and how many nanoseconds was waited in all.
    pub fn total(&self) -> (u64, i64) {
        self.rows()
            .fold((0, 0i64), |(count, sum), (_, more, nanoseconds)| {
                (count + more, sum.saturating_add(nanoseconds))
            })
    }

    /// For people: at most so many rows, those with the most time first.
    pub fn view(&self, tables: &Tables, rows: usize) -> ContentionsView {
        let mut all: Vec<_> = self.rows().collect();
        all.sort_by_key(|&(stack, _, nanoseconds)| (std::cmp::Reverse(nanoseconds), stack));
        let (count, nanoseconds) = self.total();
        ContentionsView {
            count,
            nanoseconds,
            row_count: all.len(),
            rows: all
                .into_iter()
                .take(rows)
                .map(|(stack, count, nanoseconds)| ContentionView {
                    stack: stack_view(stack, tables),
                    count,
                    nanoseconds,
                })
                .collect(),
        }
    }

    /// The profile as pprof knows it: `contentions/count` and `delay/nanoseconds`.
    ///
    /// # Errors
    ///
    /// When it is larger than a profile may be.
    pub fn profile(
        &self,
        tables: &Tables,
    ) -> Result<fathom_profile::Profile, fathom_profile::Error> {
        /// The reference cuts stacks here.
        const DEEPEST: usize = 128;
        let mut builder = fathom_profile::ProfileBuilder::new(&fathom_profile::Limits::default());
        builder.add_sample_type("contentions", "count")?;
        builder.add_sample_type("delay", "nanoseconds")?;
        builder.set_period("trace", "count", 1)?;
        let mut locations = Vec::new();
        for (stack, count, nanoseconds) in self.rows() {
            locations.clear();
            for frame in tables.stacks.frames(stack).take(DEEPEST) {
                let name = tables.names.get(frame.function);
                let function = builder.function(name, name, tables.names.get(frame.file), 0)?;
                let line = i64::try_from(frame.line).unwrap_or(i64::MAX);
                locations.push(builder.call(frame.address, function, line)?);
            }
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            builder.add_sample(&locations, &[count, nanoseconds], &[])?;
        }
        Ok(builder.finish())
    }
}

/// How often and how long was waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContentionsView {
    /// How often in all.
    pub count: u64,
    /// How many nanoseconds in all.
    pub nanoseconds: i64,
    /// By stack, those with the most time first.
    pub rows: Vec<ContentionView>,
    /// How many rows there are, the ones that are left out here too.
    pub row_count: usize,
}

/// How often and how long was waited on one stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContentionView {
    /// Where, the leaf first; for waits for a P where the goroutine was woken or made. Empty
    /// where the trace says no stack.
    pub stack: Vec<String>,
    /// How often.
    pub count: u64,
    /// How many nanoseconds.
    pub nanoseconds: i64,
}

/// What is not yet known to count of a live goroutine.
#[derive(Debug, Default)]
struct Pending {
    held: Vec<Contribution>,
    /// Whether it came out of C, by threads of C, whose goroutines come again by the same number.
    comes_again: bool,
    within: Option<Box<Within>>,
}

/// Counts the waits of all four kinds in one pass.
#[derive(Debug, Default)]
pub struct Profiles {
    rules: Rules,
    filter: ProfileFilter,
    contentions: [Contentions; 4],
    pending: BySlot<Pending>,
    /// Of goroutines of C that ended: the reference knows only the last life of each.
    last_lives: HashMap<GoroutineId, Vec<Contribution>>,
}

impl Profiles {
    /// Counts by rules what a filter lets through.
    pub fn new(rules: Rules, filter: ProfileFilter) -> Self {
        Self {
            rules,
            filter,
            ..Self::default()
        }
    }

    /// The waits of a kind.
    pub fn get(&self, kind: WaitKind) -> &Contentions {
        &self.contentions[kind as usize]
    }

    fn window(&self, begin: Time, end: Time) -> i64 {
        match self.filter.window {
            Some((from, to)) => end.min(to).since(begin.max(from)),
            None => end.since(begin),
        }
    }

    fn count(&mut self, contribution: &Contribution) {
        self.contentions[contribution.kind as usize].add(
            contribution.stack,
            contribution.count,
            contribution.nanoseconds,
        );
    }

    /// Whether something may have to be held of goroutines.
    fn holds(&self) -> bool {
        self.rules == Rules::Reference
            || self.filter.entry.is_some()
            || self.filter.region.is_some()
    }

    fn passes(&self, entry: Name, tables: &Tables) -> bool {
        match &self.filter.entry {
            Some(wanted) => tables.names.get(entry) == wanted,
            None => true,
        }
    }

    /// Counts what was held of a goroutine that ended or that the trace leaves.
    fn settle(&mut self, slot: Slot, ended: bool, live: &Live, tables: &Tables) {
        let goroutine = live.get(slot);
        let pending = std::mem::take(self.pending.get_mut(slot));
        let mut held = pending.held;
        if let Some(mut within) = pending.within
            && let Some(filter) = &self.filter.region
        {
            let entry = tables.names.get(goroutine.entry);
            within.finish(live.now(), is_system(entry), filter, &mut held);
        }
        if !self.passes(goroutine.entry, tables) {
            return;
        }
        if ended && pending.comes_again && self.rules == Rules::Reference {
            self.last_lives.insert(goroutine.id, held);
            return;
        }
        for contribution in &held {
            self.count(contribution);
        }
        // Its memory serves the slot's next goroutine.
        held.clear();
        self.pending.get_mut(slot).held = held;
    }

    fn leave_counted(&mut self, interval: &Interval, kind: WaitKind, live: &Live, tables: &Tables) {
        let reference = self.rules == Rules::Reference;
        if reference && interval.is_open() {
            return;
        }
        let begin = if reference {
            interval.said
        } else {
            interval.begin
        };
        let nanoseconds = self.window(begin, interval.end);
        if nanoseconds <= 0 {
            return;
        }
        let contribution = Contribution {
            kind,
            stack: interval.enter.stack,
            count: 1,
            nanoseconds,
        };
        let goroutine = live.get(interval.slot);
        if self.filter.region.is_some() {
            if let Some(within) = &mut self.pending.get_mut(interval.slot).within {
                within.add(contribution);
            }
            return;
        }
        // The reference begins to count with the first run, or, where there is none, with time 0.
        let undecided = reference && goroutine.started.is_none();
        let unnamed = self.filter.entry.is_some() && goroutine.entry == Name::EMPTY;
        if !reference && !unnamed {
            if self.passes(goroutine.entry, tables) {
                self.count(&contribution);
            }
            return;
        }
        let pending = self.pending.get_mut(interval.slot);
        if undecided || unnamed || (reference && pending.comes_again) {
            pending.held.push(contribution);
        } else if self.passes(goroutine.entry, tables) {
            self.count(&contribution);
        }
    }
}

/// Whether a goroutine is the runtime's own (`trace.IsSystemGoroutine`).
pub(crate) fn is_system(entry: &str) -> bool {
    entry.is_empty() || (entry != "runtime.main" && entry.starts_with("runtime."))
}

impl Analysis for Profiles {
    #[inline]
    fn event(&mut self, event: &Event, live: &Live, tables: &Tables) {
        let Some(filter) = &self.filter.region else {
            return;
        };
        let (EventKind::RegionBegin(region) | EventKind::RegionEnd(region)) = event.kind else {
            return;
        };
        let slot = live.actor(event);
        let pending = self.pending.get_mut(slot);
        if let Some(within) = &mut pending.within {
            if matches!(event.kind, EventKind::RegionBegin(_)) {
                within.begin(region.kind, event.stack, event.time, filter, tables);
            } else {
                let time = event.time;
                within.end(
                    region.kind,
                    live.first(),
                    time,
                    filter,
                    tables,
                    &mut pending.held,
                );
            }
        }
    }

    #[inline]
    fn leave(&mut self, interval: &Interval, live: &Live, tables: &Tables) {
        let reason = match self.rules {
            Rules::Reference => interval.reason,
            Rules::Corrected => interval.likely_reason,
        };
        if let Some(kind) = WaitKind::of(interval.state, reason, &tables.names) {
            self.leave_counted(interval, kind, live, tables);
        }
    }

    #[inline]
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        if !self.holds() {
            return;
        }
        let goroutine = live.get(slot);
        if goroutine.is_new() {
            let comes_again = event.wire == Wire::GoCreateSyscall;
            if comes_again {
                self.last_lives.remove(&goroutine.id);
            }
            let within = self.filter.region.as_ref().map(|filter| {
                let mut within = Within::new(goroutine.created_in_trace);
                let creator = self.pending.get(goroutine.creator.slot);
                if creator
                    .within
                    .as_ref()
                    .is_some_and(|creator| creator.is_inside())
                {
                    within.begin(Name::EMPTY, event.stack, event.time, filter, tables);
                }
                Box::new(within)
            });
            let pending = self.pending.get_mut(slot);
            pending.held.clear();
            pending.comes_again = comes_again;
            pending.within = within;
        }
        let now = &goroutine.now;
        if now.state == GoroutineState::Waiting
            && now.reason == Name::FOREVER
            && self.rules == Rules::Reference
            && let Some(filter) = &self.filter.region
        {
            // The reference takes it for the goroutine's end.
            let pending = self.pending.get_mut(slot);
            if let Some(mut within) = pending.within.take() {
                let system = is_system(tables.names.get(goroutine.entry));
                within.finish(now.said, system, filter, &mut pending.held);
            }
        }
        if now.state == GoroutineState::Running
            && goroutine.started == Some(now.said)
            && self.rules == Rules::Reference
            && self.filter.region.is_none()
        {
            self.pending.get_mut(slot).held.clear();
        }
    }

    #[inline]
    fn forget(&mut self, slot: Slot, live: &Live, tables: &Tables) {
        if !self.holds() {
            return;
        }
        self.settle(slot, true, live, tables);
    }

    fn finish(&mut self, live: &Live, tables: &Tables) {
        let alive: Vec<Slot> = live.all().map(|(slot, _)| slot).collect();
        for slot in alive {
            self.settle(slot, false, live, tables);
        }
        for (_, held) in std::mem::take(&mut self.last_lives) {
            for contribution in &held {
                self.count(contribution);
            }
        }
        for contentions in &mut self.contentions {
            contentions.merge_blank(tables);
        }
    }
}

#[cfg(test)]
#[path = "profiles_test.rs"]
mod tests;
