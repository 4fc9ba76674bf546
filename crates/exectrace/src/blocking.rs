//! What goroutines wait for, where, and who wakes them.

use hashbrown::HashMap;
use serde::Serialize;

use crate::event::{GoroutineId, GoroutineState, Time};
use crate::names::Name;
use crate::path::stack_view;
use crate::profiles::is_system;
use crate::stacks::StackId;
use crate::states::{Analysis, Interval, Live};
use crate::tables::Tables;
use crate::top::Top;

/// Waits on one stack for one reason.
#[derive(Debug, Clone, Copy, Default)]
struct Waits {
    count: u64,
    nanoseconds: i64,
    open: u64,
    open_nanoseconds: i64,
    from_before: u64,
    longest: i64,
}

impl Waits {
    fn add(&mut self, more: &Self) {
        self.count += more.count;
        self.nanoseconds = self.nanoseconds.saturating_add(more.nanoseconds);
        self.open += more.open;
        self.open_nanoseconds = self.open_nanoseconds.saturating_add(more.open_nanoseconds);
        self.from_before += more.from_before;
        self.longest = self.longest.max(more.longest);
    }
}

/// A wait among the longest.
#[derive(Debug, Clone)]
struct LongWait {
    goroutine: GoroutineId,
    entry: Name,
    reason: Name,
    stack: StackId,
    begin: Time,
    nanoseconds: i64,
    is_open: bool,
    from_before: bool,
    waker: GoroutineId,
    waker_stack: StackId,
}

/// Collects waits: those that the trace's end cuts off count up to there, those from before the
/// trace from its beginning on. Memory grows with the stacks, not with the waits.
#[derive(Debug)]
pub struct Blocking {
    /// By the waiter's stack, the reason, and the waker's stack.
    waits: HashMap<(StackId, Name, StackId), Waits>,
    longest: Top<LongWait>,
    first: Time,
}

impl Blocking {
    /// Keeps so many of the longest waits.
    pub fn new(examples: usize) -> Self {
        Self {
            waits: HashMap::new(),
            longest: Top::new(examples),
            first: Time(0),
        }
    }

    /// For people: at most so many rows of each table, those with the most time first.
    pub fn view(&self, tables: &Tables, rows: usize) -> BlockingView {
        let mut by_stack = HashMap::<(StackId, Name), Waits>::new();
        let mut wakes = HashMap::<(StackId, StackId), (u64, i64)>::new();
        for (&(waiter, reason, waker), waits) in &self.waits {
            by_stack.entry((waiter, reason)).or_default().add(waits);
            if waits.count > waits.open {
                let wakes = wakes.entry((waker, waiter)).or_default();
                wakes.0 += waits.count - waits.open;
                let ended = waits.nanoseconds.saturating_sub(waits.open_nanoseconds);
                wakes.1 = wakes.1.saturating_add(ended);
            }
        }
        let mut by_stack: Vec<_> = by_stack.iter().collect();
        by_stack.sort_by_key(|&(&key, waits)| (std::cmp::Reverse(waits.nanoseconds), key));
        let mut wakes: Vec<_> = wakes.iter().collect();
        wakes.sort_by_key(|&(&key, &(_, nanoseconds))| (std::cmp::Reverse(nanoseconds), key));
        let name = |name| tables.names.get(name).to_owned();
        BlockingView {
            waits: by_stack
                .iter()
                .take(rows)
                .map(|&(&(stack, reason), waits)| WaitsView {
                    reason: name(reason),
                    stack: stack_view(stack, tables),
                    count: waits.count,
                    nanoseconds: waits.nanoseconds,
                    open: waits.open,
                    from_before: waits.from_before,
                    longest: waits.longest,
                })
                .collect(),
            wait_count: by_stack.len(),
            wakes: wakes
                .iter()
                .take(rows)
                .map(|&(&(waker, waiter), &(count, nanoseconds))| WakesView {
                    waker: stack_view(waker, tables),
                    waiter: stack_view(waiter, tables),
                    count,
                    nanoseconds,
                })
                .collect(),
            wake_count: wakes.len(),
            longest: self
                .longest
                .sorted()
                .into_iter()
                .map(|wait| LongWaitView {
                    goroutine: wait.goroutine.0,
                    entry: name(wait.entry),
                    reason: name(wait.reason),
                    stack: stack_view(wait.stack, tables),
                    begin: wait.begin.since(self.first),
                    nanoseconds: wait.nanoseconds,
                    is_open: wait.is_open,
                    from_before: wait.from_before,
                    waker: wait.waker.is_some().then_some(wait.waker.0),
                    waker_stack: stack_view(wait.waker_stack, tables),
                })
                .collect(),
        }
    }
}

impl Analysis for Blocking {
    #[inline]
    fn leave(&mut self, interval: &Interval, live: &Live, tables: &Tables) {
        if interval.state != GoroutineState::Waiting {
            return;
        }
        let nanoseconds = interval.nanoseconds();
        let reason = interval.likely_reason;
        let key = (interval.stack, reason, interval.exit.stack);
        let waits = self.waits.entry(key).or_default();
        waits.add(&Waits {
            count: 1,
            nanoseconds,
            open: u64::from(interval.is_open()),
            open_nanoseconds: if interval.is_open() { nanoseconds } else { 0 },
            from_before: u64::from(interval.is_from_before()),
            longest: nanoseconds,
        });
        if self.longest.admits(nanoseconds) {
            let entry = live.get(interval.slot).entry;
            let is_idle = matches!(reason, Name::SYSTEM_WAIT | Name::SWEEPER_WAIT);
            if is_idle || is_system(tables.names.get(entry)) {
                // The runtime's own goroutines wait most of the time, and mean to.
                return;
            }
            self.longest.offer(nanoseconds, || LongWait {
                goroutine: interval.goroutine,
                entry,
                reason,
                stack: interval.stack,
                begin: interval.begin,
                nanoseconds,
                is_open: interval.is_open(),
                from_before: interval.is_from_before(),
                waker: interval.exit.goroutine,
                waker_stack: interval.exit.stack,
            });
        }
    }

    fn finish(&mut self, live: &Live, _: &Tables) {
        self.first = live.first();
    }
}

/// What goroutines wait for, where, and who wakes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockingView {
    /// Waits by stack and reason, those with the most time first.
    pub waits: Vec<WaitsView>,
    /// How many rows there are, the ones that are left out here too.
    pub wait_count: usize,
    /// Who wakes whom, those with the most time waited first.
    pub wakes: Vec<WakesView>,
    /// How many rows there are, the ones that are left out here too.
    pub wake_count: usize,
    /// The longest waits but for the runtime's goroutines.
    pub longest: Vec<LongWaitView>,
}

/// Waits on one stack for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitsView {
    /// The reason, empty where neither the trace nor the stack tells it.
    pub reason: String,
    /// Where, the leaf first; empty where the trace says no stack.
    pub stack: Vec<String>,
    /// How often.
    pub count: u64,
    /// How long in all.
    pub nanoseconds: i64,
    /// How many the trace's end cuts off.
    pub open: u64,
    /// How many began before the trace.
    pub from_before: u64,
    /// The longest.
    pub longest: i64,
}

/// Who wakes whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WakesView {
    /// Where it is done; empty where the runtime does it, as for the network and for timers.
    pub waker: Vec<String>,
    /// Where was waited.
    pub waiter: Vec<String>,
    /// How often.
    pub count: u64,
    /// How long was waited.
    pub nanoseconds: i64,
}

/// A wait among the longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LongWaitView {
    /// The goroutine.
    pub goroutine: i64,
    /// The function with which it began.
    pub entry: String,
    /// The reason.
    pub reason: String,
    /// Where.
    pub stack: Vec<String>,
    /// When it began, in nanoseconds since the trace's beginning.
    pub begin: i64,
    /// How long it took.
    pub nanoseconds: i64,
    /// Whether the trace's end cuts it off.
    pub is_open: bool,
    /// Whether it began before the trace.
    pub from_before: bool,
    /// The goroutine that ended it, unless the runtime or nobody did.
    pub waker: Option<i64>,
    /// Where that was.
    pub waker_stack: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GoroutineState as G;
    use crate::script::Script;

    #[test]
    fn waits_and_wakers_are_told() {
        let mut script = Script::new();
        let receive = script.stack(&["main.receive", "main.work"]);
        let send = script.stack(&["main.send", "main.main"]);
        script.sync(10).status(11, 1, G::Running, StackId::NONE);
        script.status(12, 7, G::Running, StackId::NONE);
        for at in [20, 50] {
            script
                .block(at, 7, Name::CHAN_RECEIVE, receive)
                .unblock(at + 20, (1, 7), send)
                .start(at + 25, 7);
        }
        script.block(80, 7, Name::CHAN_RECEIVE, receive).sync(200);
        let seen = script.run(Blocking::new(2)).view(&script.tables, 10);
        assert_eq!(seen.waits.len(), 1);
        let waits = &seen.waits[0];
        assert_eq!((waits.count, waits.nanoseconds, waits.open), (3, 160, 1));
        assert_eq!((waits.longest, &*waits.reason), (120, "chan receive"));
        assert_eq!(seen.wakes.len(), 1);
        assert_eq!((seen.wakes[0].count, seen.wakes[0].nanoseconds), (2, 40));
        assert!(seen.wakes[0].waker[0].starts_with("main.send"));
        let longest: Vec<_> = seen
            .longest
            .iter()
            .map(|wait| (wait.begin, wait.waker))
            .collect();
        assert_eq!(longest, [(70, None), (10, Some(1))]);
        assert!(seen.longest[0].is_open);
    }
}
