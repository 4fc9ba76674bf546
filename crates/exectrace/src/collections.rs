//! What the garbage collector did: its cycles, its workers, the help that it forced on others.
//!
//! Work is counted while it runs on a P. The runtime labels a mark worker each time it begins to
//! run (`traceGoStart` of `src/runtime/traceruntime.go`), and it works until it stops running. A
//! goroutine assists within a range, of which only the time counts in which it runs. Sweeping
//! keeps its P from begin to end.

use std::fmt;

use hashbrown::HashMap;
use serde::Serialize;

use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState, GoroutineTransition, Metric, ProcId, Range,
    Swept, Time,
};
use crate::longest::{Durations, Longest};
use crate::names::Name;
use crate::procs::ByProc;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::visitor::Visitor;

/// How many cycles are kept one by one; of more, those with the longest mark phases.
const MOST_CYCLES: usize = 10_000;
/// Of how many goroutines the assists are told.
const MOST_ASSISTANTS: usize = 100;
/// How many goroutines' assists are counted one by one; those of the rest are told together.
const MOST_COUNTED: usize = 100_000;

/// For how long a mark worker may run, in the runtime's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    /// It keeps its P until the end of the phase.
    Dedicated,
    /// It takes a part of a P's time.
    Fractional,
    /// It takes what nobody else wants.
    Idle,
}

impl Worker {
    fn of_label(label: &str) -> Option<Self> {
        match label {
            "GC (dedicated)" => Some(Self::Dedicated),
            "GC (fractional)" => Some(Self::Fractional),
            "GC (idle)" => Some(Self::Idle),
            _ => None,
        }
    }
}

/// How long Ps worked for the collector, in nanoseconds of their time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct GcWork {
    /// Mark workers that keep their P.
    pub dedicated_ns: i64,
    /// Mark workers that share their P.
    pub fractional_ns: i64,
    /// Mark workers on Ps that had nothing else to do.
    pub idle_ns: i64,
    /// Goroutines that had to help because they allocated.
    pub assist_ns: i64,
    /// Sweeping.
    pub sweep_ns: i64,
}

impl GcWork {
    /// What the program could have used: all but the idle workers.
    pub fn taken_ns(&self) -> i64 {
        self.dedicated_ns
            .saturating_add(self.fractional_ns)
            .saturating_add(self.assist_ns)
            .saturating_add(self.sweep_ns)
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            dedicated_ns: self.dedicated_ns.saturating_sub(earlier.dedicated_ns),
            fractional_ns: self.fractional_ns.saturating_sub(earlier.fractional_ns),
            idle_ns: self.idle_ns.saturating_sub(earlier.idle_ns),
            assist_ns: self.assist_ns.saturating_sub(earlier.assist_ns),
            sweep_ns: self.sweep_ns.saturating_sub(earlier.sweep_ns),
        }
    }

    fn add(&mut self, worker: Worker, nanoseconds: i64) {
        let place = match worker {
            Worker::Dedicated => &mut self.dedicated_ns,
            Worker::Fractional => &mut self.fractional_ns,
            Worker::Idle => &mut self.idle_ns,
        };
        grow(place, nanoseconds);
    }
}

/// One mark phase and what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cycle {
    /// When marking began, in nanoseconds since the trace began.
    pub begin_ns: i64,
    /// How long it took.
    pub duration_ns: i64,
    /// Whether it had begun before the trace.
    pub is_from_before: bool,
    /// Whether the trace ended before it.
    pub is_open: bool,
    /// The work of its mark phase.
    pub work: GcWork,
    /// The part of all Ps' time that marking and assisting took while the phase lasted, idle
    /// workers not counted, from 0 to 1.
    pub cpu_share: f64,
    /// The live heap when it began, in bytes.
    pub heap_at_begin: Option<u64>,
    /// What it left alive: the first size reported after it, in bytes.
    pub heap_after: Option<u64>,
    /// The goal that it was to keep, in bytes.
    pub goal: Option<u64>,
    /// The bytes allocated since the cycle before ended, as far as the trace goes.
    pub allocated: u64,
}

/// How long one goroutine, or one stack, helped the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Assist<T> {
    /// Who, or where.
    pub by: T,
    /// How often.
    pub count: u64,
    /// How long it ran while it did.
    pub running_ns: i64,
    /// How long it took from begin to end, with the waits for work.
    pub elapsed_ns: i64,
}

/// What there is to say of the collector in a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Collections {
    /// How long the mark phases took that began and ended in the trace.
    pub marks: Durations,
    /// How many mark phases began in a minute.
    pub per_minute: f64,
    /// The work of the whole trace.
    pub work: GcWork,
    /// How long goroutines ran, together, mark workers among them.
    pub running_ns: i64,
    /// How long Ps were there: GOMAXPROCS times the time.
    pub available_ns: i64,
    /// The part of the time in which goroutines ran that the collector took, from 0 to 1.
    pub share_of_running: f64,
    /// The part of all Ps' time that the collector took, from 0 to 1.
    pub share_of_available: f64,
    /// The bytes that were swept and that became free by it.
    pub swept: u64,
    /// The bytes that became free by sweeping.
    pub reclaimed: u64,
    /// How many sweeps there were.
    pub sweeps: u64,
    /// The bytes allocated while the trace lasted.
    pub allocated: u64,
    /// How long assists took from begin to end.
    pub assists: Durations,
    /// The goroutines that helped most.
    pub assists_by_goroutine: Vec<Assist<i64>>,
    /// Where they did, those that took most first.
    #[serde(skip)]
    pub assists_by_stack: Vec<Assist<StackId>>,
    /// The cycles, as they came.
    pub cycles: Vec<Cycle>,
    /// How many cycles with shorter mark phases the list does not have.
    pub omitted: u64,
}

/// Watches the collector.
pub struct CollectionWatch {
    begin: Option<Time>,
    last: Time,
    work: GcWork,
    /// The workers that run.
    workers: ByProc<Option<(GoroutineId, Worker, Time)>>,
    sweeping: ByProc<Option<Time>>,
    assisting: HashMap<GoroutineId, Assisting>,
    by_goroutine: HashMap<GoroutineId, Assist<i64>>,
    by_stack: HashMap<StackId, Assist<StackId>>,
    assists: Longest<()>,
    swept: Swept,
    sweeps: u64,
    cycle: Option<OpenCycle>,
    cycles: Longest<Cycle>,
    marks: Longest<()>,
    begun: u64,
    /// A cycle that ended and waits for the heap that it left.
    ended: Option<Cycle>,
    heap: Option<u64>,
    goal: Option<u64>,
    allocated: u64,
    allocated_at_end: u64,
    running: Sum,
    procs: Sum,
}

impl fmt::Debug for CollectionWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectionWatch")
            .field("work", &self.work)
            .field("cycle", &self.cycle)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Assisting {
    stack: StackId,
    begin: Time,
    /// Since when it runs.
    runs: Option<Time>,
    ran: i64,
}

#[derive(Debug)]
struct OpenCycle {
    begin: Time,
    is_from_before: bool,
    work: GcWork,
    available: i64,
    heap: Option<u64>,
    allocated: u64,
}

/// A number that holds until it changes, and its sum over time until then.
#[derive(Debug, Default)]
struct Sum {
    value: i64,
    since: Time,
    until: i64,
}

impl Sum {
    fn set(&mut self, time: Time, value: i64) {
        self.until = self.at(time);
        self.since = time;
        self.value = value;
    }

    fn at(&self, time: Time) -> i64 {
        let passed = time.since(self.since).saturating_mul(self.value);
        self.until.saturating_add(passed)
    }
}

impl Default for CollectionWatch {
    fn default() -> Self {
        Self {
            begin: None,
            last: Time::default(),
            work: GcWork::default(),
            workers: ByProc::default(),
            sweeping: ByProc::default(),
            assisting: HashMap::new(),
            by_goroutine: HashMap::new(),
            by_stack: HashMap::new(),
            assists: Longest::new(MOST_CYCLES),
            swept: Swept::default(),
            sweeps: 0,
            cycle: None,
            cycles: Longest::new(MOST_CYCLES),
            marks: Longest::new(MOST_CYCLES),
            begun: 0,
            ended: None,
            heap: None,
            goal: None,
            allocated: 0,
            allocated_at_end: 0,
            running: Sum::default(),
            procs: Sum::default(),
        }
    }
}

impl CollectionWatch {
    fn transition(&mut self, event: &Event, transition: &GoroutineTransition) {
        let (from, to) = (transition.from, transition.to);
        let change =
            i64::from(to == GoroutineState::Running) - i64::from(from == GoroutineState::Running);
        if change != 0 {
            self.running
                .set(event.time, (self.running.value + change).max(0));
        }
        if from.is_executing() == to.is_executing() {
            return;
        }
        let goroutine = transition.goroutine;
        if from.is_executing() {
            let worker = self.workers.get_mut(event.proc);
            if let Some((_, kind, since)) = worker.take_if(|(known, ..)| *known == goroutine) {
                self.work.add(kind, event.time.since(since));
            }
        }
        if !self.assisting.is_empty()
            && let Some(assisting) = self.assisting.get_mut(&goroutine)
        {
            match assisting.runs {
                Some(since) if !to.is_executing() => {
                    grow(&mut assisting.ran, event.time.since(since));
                    grow(&mut self.work.assist_ns, event.time.since(since));
                    assisting.runs = None;
                }
                None if to.is_executing() => assisting.runs = Some(event.time),
                _ => {}
            }
        }
    }

    fn begin_assist(&mut self, event: &Event, goroutine: GoroutineId) {
        let assisting = Assisting {
            stack: event.stack,
            begin: event.time,
            // Who begins runs; of those from before it is not known.
            runs: (event.goroutine == goroutine).then_some(event.time),
            ran: 0,
        };
        self.assisting.entry(goroutine).or_insert(assisting);
    }

    fn end_assist(&mut self, goroutine: GoroutineId, time: Time) {
        let Some(assisting) = self.assisting.remove(&goroutine) else {
            return;
        };
        let rest = assisting.runs.map_or(0, |since| time.since(since));
        grow(&mut self.work.assist_ns, rest);
        let elapsed = time.since(assisting.begin);
        self.assists.add(elapsed, ());
        let running = assisting.ran.saturating_add(rest);
        // Past the limit all others are one.
        let known = if self.by_goroutine.len() < MOST_COUNTED
            || self.by_goroutine.contains_key(&goroutine)
        {
            goroutine
        } else {
            GoroutineId::NONE
        };
        let by_goroutine = self.by_goroutine.entry(known);
        let by_goroutine = by_goroutine.or_insert(Assist::none(known.0));
        by_goroutine.add(running, elapsed);
        let stack = assisting.stack;
        let by_stack = self.by_stack.entry(stack);
        by_stack
            .or_insert(Assist::none(stack))
            .add(running, elapsed);
    }

    fn begin_mark(&mut self, time: Time, is_from_before: bool) {
        if self.cycle.is_some() {
            return;
        }
        self.settle();
        if !is_from_before {
            self.begun += 1;
        }
        self.cycle = Some(OpenCycle {
            begin: time,
            is_from_before,
            work: self.work_until(time),
            available: self.procs.at(time),
            heap: self.heap,
            allocated: self.allocated - self.allocated_at_end,
        });
    }

    fn end_mark(&mut self, time: Time, is_open: bool) {
        let Some(open) = self.cycle.take() else {
            return;
        };
        let duration = time.since(open.begin);
        if !open.is_from_before && !is_open {
            self.marks.add(duration, ());
        }
        let mut work = self.work_until(time).since(&open.work);
        // Sweeping of that time is of the cycle before.
        work.sweep_ns = 0;
        let available = self.procs.at(time).saturating_sub(open.available);
        self.allocated_at_end = self.allocated;
        self.ended = Some(Cycle {
            begin_ns: open.begin.since(self.begin.unwrap_or_default()),
            duration_ns: duration,
            is_from_before: open.is_from_before,
            is_open,
            work,
            cpu_share: part(work.taken_ns(), available),
            heap_at_begin: open.heap,
            heap_after: None,
            goal: self.goal,
            allocated: open.allocated,
        });
    }

    /// Keeps the cycle that ended.
    fn settle(&mut self) {
        if let Some(cycle) = self.ended.take() {
            self.cycles.add(cycle.duration_ns, cycle);
        }
    }

    /// The work until a moment, with that which is not finished.
    fn work_until(&self, time: Time) -> GcWork {
        let mut work = self.work;
        for &(_, worker, since) in self.workers.values().flatten() {
            work.add(worker, time.since(since));
        }
        for assisting in self.assisting.values() {
            grow(
                &mut work.assist_ns,
                assisting.runs.map_or(0, |since| time.since(since)),
            );
        }
        for &since in self.sweeping.values().flatten() {
            grow(&mut work.sweep_ns, time.since(since));
        }
        work
    }

    fn heap(&mut self, bytes: u64) {
        // It falls only where a cycle ends.
        if let Some(before) = self.heap {
            self.allocated = self.allocated.saturating_add(bytes.saturating_sub(before));
        }
        self.heap = Some(bytes);
        if let Some(ended) = &mut self.ended
            && ended.heap_after.is_none()
        {
            ended.heap_after = Some(bytes);
        }
    }

    fn begin_sweep(&mut self, proc: ProcId, time: Time) {
        self.sweeping.get_mut(proc).get_or_insert(time);
    }

    fn end_sweep(&mut self, proc: ProcId, swept: Option<Swept>, time: Time) {
        if let Some(since) = self.sweeping.get_mut(proc).take() {
            grow(&mut self.work.sweep_ns, time.since(since));
            self.sweeps += 1;
        }
        let swept = swept.unwrap_or_default();
        self.swept.swept = self.swept.swept.saturating_add(swept.swept);
        self.swept.reclaimed = self.swept.reclaimed.saturating_add(swept.reclaimed);
    }

    fn label(&mut self, event: &Event, label: Name, tables: &Tables) {
        let worker = Worker::of_label(tables.names.get(label));
        let place = self.workers.get_mut(event.proc);
        if let Some((_, kind, since)) = place.take() {
            self.work.add(kind, event.time.since(since));
        }
        *place = worker.map(|worker| (event.goroutine, worker, event.time));
    }

    /// What was seen.
    pub fn finish(mut self) -> Collections {
        let begin = self.begin.unwrap_or_default();
        let end = self.last;
        if self.cycle.is_some() {
            self.end_mark(end, true);
        }
        self.settle();
        let work = self.work_until(end);
        let running_ns = self.running.at(end);
        let available_ns = self.procs.at(end);
        let minutes = end.since(begin) as f64 / 60e9;
        let mut by_goroutine: Vec<_> = self.by_goroutine.into_values().collect();
        by_goroutine
            .sort_unstable_by_key(|assist| (std::cmp::Reverse(assist.running_ns), assist.by));
        by_goroutine.truncate(MOST_ASSISTANTS);
        let mut by_stack: Vec<_> = self.by_stack.into_values().collect();
        by_stack.sort_unstable_by_key(|assist| (std::cmp::Reverse(assist.running_ns), assist.by));
        let (cycles, omitted) = self.cycles.into_kept();
        Collections {
            marks: self.marks.durations(),
            per_minute: if minutes > 0.0 {
                self.begun as f64 / minutes
            } else {
                0.0
            },
            work,
            running_ns,
            available_ns,
            share_of_running: part(work.taken_ns(), running_ns),
            share_of_available: part(work.taken_ns(), available_ns),
            swept: self.swept.swept,
            reclaimed: self.swept.reclaimed,
            sweeps: self.sweeps,
            allocated: self.allocated,
            assists: self.assists.durations(),
            assists_by_goroutine: by_goroutine,
            assists_by_stack: by_stack,
            cycles,
            omitted,
        }
    }
}

impl<T> Assist<T> {
    fn none(by: T) -> Self {
        Self {
            by,
            count: 0,
            running_ns: 0,
            elapsed_ns: 0,
        }
    }

    fn add(&mut self, running: i64, elapsed: i64) {
        self.count += 1;
        grow(&mut self.running_ns, running);
        grow(&mut self.elapsed_ns, elapsed);
    }
}

/// Adds, but not past the largest number: the times of a damaged trace may be anything.
fn grow(place: &mut i64, by: i64) {
    *place = place.saturating_add(by);
}

fn part(of: i64, whole: i64) -> f64 {
    if whole > 0 {
        of as f64 / whole as f64
    } else {
        0.0
    }
}

impl Visitor for CollectionWatch {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        if self.begin.is_none() {
            self.begin = Some(event.time);
            self.running.since = event.time;
            self.procs.since = event.time;
        }
        let time = event.time;
        self.last = time;
        match event.kind {
            EventKind::Goroutine(transition) => self.transition(event, &transition),
            EventKind::Label(label) => self.label(event, label, tables),
            EventKind::Metric(Metric::HeapLive, bytes) => self.heap(bytes),
            EventKind::Metric(Metric::HeapGoal, bytes) => self.goal = Some(bytes),
            EventKind::Metric(Metric::Procs, procs) => {
                // No machine has more.
                let procs = i64::try_from(procs.min(1 << 20)).unwrap_or_default();
                self.procs.set(time, procs);
            }
            EventKind::RangeBegin(Range::Mark) => self.begin_mark(time, false),
            EventKind::RangeActive(Range::Mark) => self.begin_mark(time, true),
            EventKind::RangeEnd(Range::Mark, _) => self.end_mark(time, false),
            EventKind::RangeBegin(Range::MarkAssist(goroutine))
            | EventKind::RangeActive(Range::MarkAssist(goroutine)) => {
                self.begin_assist(event, goroutine);
            }
            EventKind::RangeEnd(Range::MarkAssist(goroutine), _) => {
                self.end_assist(goroutine, time);
            }
            EventKind::RangeBegin(Range::Sweep(proc))
            | EventKind::RangeActive(Range::Sweep(proc)) => self.begin_sweep(proc, time),
            EventKind::RangeEnd(Range::Sweep(proc), swept) => self.end_sweep(proc, swept, time),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;
    use GoroutineState::{Runnable, Running, Waiting};

    fn watched(stream: &Stream) -> Collections {
        let mut watch = CollectionWatch::default();
        stream.run(&mut watch);
        watch.finish()
    }

    #[test]
    fn a_cycle_has_its_work() {
        let mut stream = Stream::default();
        stream.sync(0);
        stream.metric(1, Metric::Procs, 4);
        stream.metric(2, Metric::HeapLive, 1000);
        stream.metric(50, Metric::HeapLive, 1500);
        stream.metric(60, Metric::HeapGoal, 2000);
        stream.begin(100, 0, 5, Range::Mark);
        // A dedicated worker for 100 ns, an idle one for 50.
        stream.go(110, 1, 20, Runnable, Running);
        stream.label(111, 1, 20, "GC (dedicated)");
        stream.go(112, 2, 21, Runnable, Running);
        stream.label(113, 2, 21, "GC (idle)");
        stream.go(163, 2, 21, Running, Waiting);
        stream.metric(200, Metric::HeapLive, 1700);
        stream.go(211, 1, 20, Running, Waiting);
        stream.end(300, 0, 5, Range::Mark);
        stream.metric(301, Metric::HeapLive, 400);
        stream.metric(350, Metric::HeapLive, 600);
        // A sweep of 20 ns, and a goroutine that runs unlabelled on the worker's P.
        stream.begin(400, 3, 7, Range::Sweep(ProcId(3)));
        stream.go(405, 1, 30, Runnable, Running);
        stream.swept(420, 3, 8192, 4096);
        stream.go(505, 1, 30, Running, Waiting);
        stream.begin(900, 0, 5, Range::Mark);
        stream.sync(1001);
        let collections = watched(&stream);

        assert_eq!(collections.marks.count, 1);
        assert_eq!(collections.marks.max_ns, 200);
        let work = GcWork {
            dedicated_ns: 100,
            idle_ns: 50,
            sweep_ns: 20,
            ..GcWork::default()
        };
        assert_eq!(collections.work, work);
        assert_eq!(collections.running_ns, 101 + 51 + 100);
        assert_eq!(collections.available_ns, 4000);
        assert!((collections.share_of_available - 0.03).abs() < 1e-12);
        assert!((collections.share_of_running - 120.0 / 252.0).abs() < 1e-12);
        assert_eq!((collections.swept, collections.reclaimed), (8192, 4096));
        assert_eq!(collections.sweeps, 1);
        assert_eq!(collections.allocated, 500 + 200 + 200);
        assert!((collections.per_minute - 2.0 * 60e9 / 1001.0).abs() < 1e-3);

        let [first, second] = &collections.cycles[..] else {
            panic!("two cycles");
        };
        assert_eq!((first.begin_ns, first.duration_ns), (100, 200));
        assert_eq!(first.work.sweep_ns, 0);
        assert!((first.cpu_share - 100.0 / 800.0).abs() < 1e-12);
        assert_eq!(first.heap_at_begin, Some(1500));
        assert_eq!(first.heap_after, Some(400));
        assert_eq!(first.goal, Some(2000));
        assert_eq!(first.allocated, 500);
        assert!(!first.is_open);
        assert_eq!((second.begin_ns, second.duration_ns), (900, 101));
        assert!(second.is_open);
        assert_eq!(second.allocated, 200);
    }

    #[test]
    fn assists_count_while_they_run() {
        let mut stream = Stream::default();
        stream.sync(0);
        let stack = stream.stack(&["runtime.gcAssistAlloc", "main.work"]);
        stream.begin(10, 0, 5, Range::MarkAssist(GoroutineId(5)));
        stream.with_stack(stack);
        stream.go(15, 0, 5, Running, Waiting);
        stream.go(40, 0, 5, Waiting, Runnable);
        stream.go(45, 1, 5, Runnable, Running);
        stream.end(50, 1, 5, Range::MarkAssist(GoroutineId(5)));
        stream.go(60, 1, 5, Running, Waiting);
        stream.begin(70, 1, 6, Range::MarkAssist(GoroutineId(6)));
        stream.sync(100);
        let collections = watched(&stream);
        assert_eq!(collections.work.assist_ns, 5 + 5 + 30);
        assert_eq!(collections.assists.count, 1);
        assert_eq!(collections.assists.max_ns, 40);
        let assist = Assist {
            by: 5,
            count: 1,
            running_ns: 10,
            elapsed_ns: 40,
        };
        assert_eq!(collections.assists_by_goroutine, [assist]);
        assert_eq!(collections.assists_by_stack.len(), 1);
        assert_eq!(collections.assists_by_stack[0].by, stack);
    }

    #[test]
    fn what_was_there_before_is_said() {
        let mut stream = Stream::default();
        stream.sync(0);
        stream.event(5, 0, -1, EventKind::RangeActive(Range::Mark));
        stream.end(25, 0, 5, Range::Mark);
        stream.end(30, 0, 5, Range::Mark);
        stream.swept(31, 2, 1, 1);
        let collections = watched(&stream);
        assert_eq!(collections.cycles.len(), 1);
        assert!(collections.cycles[0].is_from_before);
        assert_eq!(collections.marks.count, 0);
        assert!(collections.per_minute.abs() < f64::EPSILON);
        assert!(CollectionWatch::default().finish().cycles.is_empty());
    }
}
