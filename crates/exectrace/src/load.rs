//! What a program had and did over time: its heap, its goroutines, its Ps and threads.

use hashbrown::HashSet;
use serde::Serialize;

use crate::event::{Event, EventKind, GoroutineState, Metric, ProcId, ProcState, ThreadId, Time};
use crate::procs::ByProc;
use crate::series::{Points, Series};
use crate::tables::Tables;
use crate::visitor::Visitor;

/// A goal that is larger is none: the runtime writes the greatest number where there is no goal.
const LARGEST_GOAL: u64 = 1 << 50;

/// What a program had and did over time. Counts of goroutines, Ps and threads are of those that
/// the trace told of; it tells of all within its first generation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// The live heap in bytes: what was alive after the last collection and allocated since.
    pub heap_live: Points,
    /// The size at which the next collection is to end, in bytes; 0 where there is none.
    pub heap_goal: Points,
    /// All bytes allocated since the trace began. The rate is the difference of two buckets.
    pub allocated: Points,
    /// GOMAXPROCS.
    pub gomaxprocs: Points,
    /// The Ps that threads have.
    pub running_procs: Points,
    /// The threads that the trace told of.
    pub threads: Points,
    /// Goroutines that run.
    pub running: Points,
    /// Goroutines that could run and have no P: the length of all queues.
    pub runnable: Points,
    /// Goroutines that wait.
    pub waiting: Points,
    /// Goroutines in system calls or in C.
    pub syscall: Points,
    /// All goroutines.
    pub goroutines: Points,
    /// All goroutines created since the trace began. The rate is the difference of two buckets.
    pub created: Points,
    /// All goroutines that ended since the trace began.
    pub ended: Points,
    /// The part of GOMAXPROCS that threads had on average, from 0 to 1.
    pub proc_utilisation: f64,
}

/// Watches the load.
#[derive(Debug)]
pub struct LoadWatch {
    begin: Option<Time>,
    last: Time,
    heap: Option<u64>,
    seen_procs: ByProc<bool>,
    seen_threads: HashSet<ThreadId>,
    heap_live: Series,
    heap_goal: Series,
    allocated: Series,
    gomaxprocs: Series,
    running_procs: Series,
    threads: Series,
    running: Series,
    runnable: Series,
    waiting: Series,
    syscall: Series,
    goroutines: Series,
    created: Series,
    ended: Series,
}

impl Default for LoadWatch {
    fn default() -> Self {
        Self::new(crate::series::MOST_BUCKETS)
    }
}

impl LoadWatch {
    /// Watches with so many buckets of time at most.
    pub fn new(most_buckets: usize) -> Self {
        let series = || Series::new(most_buckets);
        Self {
            begin: None,
            last: Time::default(),
            heap: None,
            seen_procs: ByProc::default(),
            seen_threads: HashSet::new(),
            heap_live: series(),
            heap_goal: series(),
            allocated: series(),
            gomaxprocs: series(),
            running_procs: series(),
            threads: series(),
            running: series(),
            runnable: series(),
            waiting: series(),
            syscall: series(),
            goroutines: series(),
            created: series(),
            ended: series(),
        }
    }

    fn begin(&mut self, time: Time) {
        self.begin = Some(time);
        // What is counted begins with nothing; the rest is not known yet.
        for counted in [
            &mut self.allocated,
            &mut self.running_procs,
            &mut self.threads,
            &mut self.running,
            &mut self.runnable,
            &mut self.waiting,
            &mut self.syscall,
            &mut self.goroutines,
            &mut self.created,
            &mut self.ended,
        ] {
            counted.set(time, 0);
        }
    }

    fn in_state(&mut self, state: GoroutineState) -> Option<&mut Series> {
        match state {
            GoroutineState::Running => Some(&mut self.running),
            GoroutineState::Runnable => Some(&mut self.runnable),
            GoroutineState::Waiting => Some(&mut self.waiting),
            GoroutineState::Syscall => Some(&mut self.syscall),
            GoroutineState::Undetermined | GoroutineState::NotExist => None,
        }
    }

    fn transition(&mut self, from: GoroutineState, to: GoroutineState, time: Time) {
        if from == to {
            return;
        }
        let was = self.in_state(from).map(|series| series.change(time, -1));
        let is = self.in_state(to).map(|series| series.change(time, 1));
        match (was, is) {
            (None, Some(())) => self.goroutines.change(time, 1),
            (Some(()), None) => self.goroutines.change(time, -1),
            _ => {}
        }
        if from == GoroutineState::NotExist {
            self.created.change(time, 1);
        } else if to == GoroutineState::NotExist {
            self.ended.change(time, 1);
        }
    }

    fn proc(&mut self, proc: ProcId, to: ProcState, event: &Event) {
        let is_running = to == ProcState::Running;
        let was_running = std::mem::replace(self.seen_procs.get_mut(proc), is_running);
        if was_running != is_running {
            let by = if is_running { 1 } else { -1 };
            self.running_procs.change(event.time, by);
        }
        // Threads come to work by taking a P.
        if event.thread.is_some() && self.seen_threads.insert(event.thread) {
            self.threads.change(event.time, 1);
        }
    }

    fn heap(&mut self, bytes: u64, time: Time) {
        if let Some(before) = self.heap.replace(bytes)
            && bytes > before
        {
            let all = self.allocated.value().saturating_add(bytes - before);
            self.allocated.set(time, all);
        }
        self.heap_live.set(time, bytes);
    }

    /// What was seen.
    pub fn finish(self) -> Load {
        let begin = self.begin.unwrap_or_default();
        let points = |series: &Series| series.points(begin, self.last);
        let (gomaxprocs, running_procs) = (points(&self.gomaxprocs), points(&self.running_procs));
        let available = gomaxprocs.mean();
        Load {
            heap_live: points(&self.heap_live),
            heap_goal: points(&self.heap_goal),
            allocated: points(&self.allocated),
            proc_utilisation: if available > 0.0 {
                running_procs.mean() / available
            } else {
                0.0
            },
            gomaxprocs,
            running_procs,
            threads: points(&self.threads),
            running: points(&self.running),
            runnable: points(&self.runnable),
            waiting: points(&self.waiting),
            syscall: points(&self.syscall),
            goroutines: points(&self.goroutines),
            created: points(&self.created),
            ended: points(&self.ended),
        }
    }
}

impl Visitor for LoadWatch {
    #[inline]
    fn event(&mut self, event: &Event, _: &Tables) {
        if self.begin.is_none() {
            self.begin(event.time);
        }
        self.last = event.time;
        match event.kind {
            EventKind::Goroutine(transition) => {
                self.transition(transition.from, transition.to, event.time);
            }
            EventKind::Proc(transition) => self.proc(transition.proc, transition.to, event),
            EventKind::Metric(Metric::HeapLive, bytes) => self.heap(bytes, event.time),
            EventKind::Metric(Metric::HeapGoal, bytes) => {
                let goal = if bytes > LARGEST_GOAL { 0 } else { bytes };
                self.heap_goal.set(event.time, goal);
            }
            EventKind::Metric(Metric::Procs, procs) => self.gomaxprocs.set(event.time, procs),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;
    use GoroutineState::{NotExist, Runnable, Running, Syscall, Undetermined, Waiting};

    #[test]
    fn everything_is_counted() {
        let mut stream = Stream::default();
        stream.sync(0);
        stream.metric(1, Metric::Procs, 2);
        stream.proc(2, 0, ProcState::Undetermined, ProcState::Running);
        stream.proc(3, 1, ProcState::Undetermined, ProcState::Idle);
        stream.go(4, 0, 1, Undetermined, Running);
        stream.go(5, 0, 2, NotExist, Runnable);
        stream.go(6, 0, 3, NotExist, Runnable);
        stream.metric(7, Metric::HeapLive, 1000);
        stream.metric(8, Metric::HeapLive, 1600);
        stream.metric(9, Metric::HeapLive, 300);
        stream.metric(9, Metric::HeapLive, 500);
        stream.metric(9, Metric::HeapGoal, u64::MAX);
        stream.proc(501, 1, ProcState::Idle, ProcState::Running);
        stream.go(502, 1, 2, Runnable, Running);
        stream.go(503, 1, 2, Running, NotExist);
        stream.go(504, 1, 3, Runnable, Running);
        stream.go(505, 1, 3, Running, Syscall);
        stream.go(506, 0, 1, Running, Waiting);
        // Told again at a new generation.
        stream.go(507, 0, 1, Waiting, Waiting);
        stream.sync(1001);
        let mut watch = LoadWatch::default();
        stream.run(&mut watch);
        let load = watch.finish();
        assert_eq!((load.goroutines.max(), load.goroutines.last()), (3, 2));
        assert_eq!((load.runnable.max(), load.runnable.last()), (2, 0));
        assert_eq!((load.running.max(), load.running.last()), (2, 0));
        assert_eq!((load.waiting.last(), load.syscall.last()), (1, 1));
        assert_eq!((load.created.last(), load.ended.last()), (2, 1));
        assert_eq!((load.heap_live.max(), load.heap_live.last()), (1600, 500));
        assert_eq!(load.allocated.last(), 800);
        assert_eq!(load.heap_goal.max(), 0);
        assert_eq!((load.threads.last(), load.running_procs.last()), (2, 2));
        let utilisation = (999.0 + 500.0) / 1001.0 / 2.0;
        assert!((load.proc_utilisation - utilisation).abs() < 1e-9);
        let none = LoadWatch::default().finish();
        assert_eq!(none.goroutines.buckets.len(), 0);
    }
}
