//! When, why and for how long the world was stopped.

use serde::Serialize;

use crate::event::{Event, EventKind, GoroutineId, ProcId, ProcState, Range, Time};
use crate::longest::{Durations, Longest};
use crate::names::Name;
use crate::procs::ByProc;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::visitor::Visitor;

/// How many pauses are kept one by one; of more, the longest.
const MOST_PAUSES: usize = 20_000;

/// One pause: all goroutines but one stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// When the runtime began to stop the world, in nanoseconds since the trace began.
    pub begin_ns: i64,
    /// How long it took until the world went on.
    pub duration_ns: i64,
    /// How much of that passed until no P ran but the one that stopped the others. Missing where
    /// the trace does not tell, because a P that runs was never seen.
    pub stopping_ns: Option<i64>,
    /// Why, in the runtime's words.
    pub reason: String,
    /// Whether it was for the collector.
    pub is_gc: bool,
    /// The goroutine that stopped the world.
    pub goroutine: i64,
    /// Its stack.
    #[serde(skip)]
    pub stack: StackId,
}

/// The pauses of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauseReason {
    /// Why, in the runtime's words.
    pub reason: String,
    /// Whether it is for the collector.
    pub is_gc: bool,
    /// How long they took.
    pub durations: Durations,
    /// How long it took until all Ps stood still, of those that tell.
    pub stopping: Durations,
}

/// What there is to say of the pauses of a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pauses {
    /// All of them.
    pub durations: Durations,
    /// How many there were in a minute.
    pub per_minute: f64,
    /// The part of the time in which the world stood still, from 0 to 1.
    pub share: f64,
    /// By reason, those that took most first.
    pub reasons: Vec<PauseReason>,
    /// One by one, as they came.
    pub list: Vec<Pause>,
    /// How many shorter ones the list does not have.
    pub omitted: u64,
}

/// Watches the world being stopped.
#[derive(Debug)]
pub struct PauseWatch {
    begin: Option<Time>,
    last: Time,
    procs: ByProc<bool>,
    running: u32,
    open: Option<Open>,
    all: Longest<Stopped>,
    reasons: Vec<(Name, Longest<()>, Longest<()>)>,
}

#[derive(Debug)]
struct Open {
    reason: Name,
    goroutine: GoroutineId,
    stack: StackId,
    begin: Time,
    stopped: Option<Time>,
}

#[derive(Debug)]
struct Stopped {
    open: Open,
    end: Time,
}

impl Default for PauseWatch {
    fn default() -> Self {
        Self {
            begin: None,
            last: Time::default(),
            procs: ByProc::default(),
            running: 0,
            open: None,
            all: Longest::new(MOST_PAUSES),
            reasons: Vec::new(),
        }
    }
}

impl PauseWatch {
    fn set_running(&mut self, proc: ProcId, is_running: bool, time: Time) {
        let before = std::mem::replace(self.procs.get_mut(proc), is_running);
        match (before, is_running) {
            (false, true) => self.running += 1,
            (true, false) => self.running = self.running.saturating_sub(1),
            _ => {}
        }
        if self.running <= 1
            && let Some(open) = &mut self.open
            && open.stopped.is_none()
        {
            open.stopped = Some(time);
        }
    }

    fn end(&mut self, reason: Name, end: Time) {
        let Some(open) = self.open.take() else {
            return;
        };
        let duration = end.since(open.begin);
        let known = self.reasons.iter().position(|(known, ..)| *known == reason);
        let at = known.unwrap_or(self.reasons.len());
        if known.is_none() {
            let (durations, stopping) = (Longest::new(MOST_PAUSES), Longest::new(MOST_PAUSES));
            self.reasons.push((reason, durations, stopping));
        }
        if let Some((_, durations, stopping)) = self.reasons.get_mut(at) {
            durations.add(duration, ());
            if let Some(stopped) = open.stopped {
                stopping.add(stopped.since(open.begin), ());
            }
        }
        self.all.add(duration, Stopped { open, end });
    }

    /// What was seen. A pause that is open at the end of the trace is not among it.
    pub fn finish(self, tables: &Tables) -> Pauses {
        let begin = self.begin.unwrap_or_default();
        let nanoseconds = self.last.since(begin) as f64;
        let durations = self.all.durations();
        let mut reasons: Vec<PauseReason> = self
            .reasons
            .into_iter()
            .map(|(reason, durations, stopping)| PauseReason {
                reason: tables.names.get(reason).to_owned(),
                is_gc: is_for_gc(tables, reason),
                durations: durations.durations(),
                stopping: stopping.durations(),
            })
            .collect();
        reasons.sort_by(|a, b| {
            let order = b.durations.total_ns.cmp(&a.durations.total_ns);
            order.then_with(|| a.reason.cmp(&b.reason))
        });
        let (list, omitted) = self.all.into_kept();
        let part = |of: f64| {
            if nanoseconds > 0.0 {
                of / nanoseconds
            } else {
                0.0
            }
        };
        Pauses {
            per_minute: part(durations.count as f64 * 60e9),
            share: part(durations.total_ns as f64),
            durations,
            reasons,
            list: list
                .into_iter()
                .map(|Stopped { open, end }| Pause {
                    begin_ns: open.begin.since(begin),
                    duration_ns: end.since(open.begin),
                    stopping_ns: open.stopped.map(|stopped| stopped.since(open.begin)),
                    reason: tables.names.get(open.reason).to_owned(),
                    is_gc: is_for_gc(tables, open.reason),
                    goroutine: open.goroutine.0,
                    stack: open.stack,
                })
                .collect(),
            omitted,
        }
    }
}

/// Whether the collector stops the world for this reason, as `src/internal/trace/gc.go` asks it.
pub(crate) fn is_for_gc(tables: &Tables, reason: Name) -> bool {
    tables.names.get(reason).contains("GC")
}

impl Visitor for PauseWatch {
    #[inline]
    fn event(&mut self, event: &Event, _: &Tables) {
        self.begin.get_or_insert(event.time);
        self.last = event.time;
        match event.kind {
            EventKind::Proc(transition) => {
                let is_running = transition.to == ProcState::Running;
                self.set_running(transition.proc, is_running, event.time);
            }
            EventKind::RangeBegin(Range::StopTheWorld(goroutine, reason)) => {
                self.open = Some(Open {
                    reason,
                    goroutine,
                    stack: event.stack,
                    begin: event.time,
                    // Where no other P runs there is nothing to wait for.
                    stopped: (self.running == 1).then_some(event.time),
                });
            }
            EventKind::RangeEnd(Range::StopTheWorld(_, reason), _) => self.end(reason, event.time),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Stream;

    #[test]
    fn pauses_are_told_by_reason() {
        let mut stream = Stream::default();
        stream.sync(1000);
        for proc in 0..3 {
            stream.proc(
                1001 + proc,
                proc,
                ProcState::Undetermined,
                ProcState::Running,
            );
        }
        let mark = stream.name("GC mark termination");
        let other = stream.name("read mem stats");
        stream.begin(2000, 0, 7, Range::StopTheWorld(GoroutineId(7), mark));
        stream.proc(2100, 1, ProcState::Running, ProcState::Idle);
        stream.proc(2300, 2, ProcState::Running, ProcState::Idle);
        stream.end(2500, 0, 7, Range::StopTheWorld(GoroutineId(7), mark));
        // The others stand still already.
        stream.begin(3000, 0, 8, Range::StopTheWorld(GoroutineId(8), other));
        stream.end(3010, 0, 8, Range::StopTheWorld(GoroutineId(8), other));
        // Only one of two stops in the trace's words.
        stream.proc(3500, 1, ProcState::Idle, ProcState::Running);
        stream.begin(4000, 0, 7, Range::StopTheWorld(GoroutineId(7), mark));
        stream.end(4100, 0, 7, Range::StopTheWorld(GoroutineId(7), mark));
        stream.sync(5000);
        let mut watch = PauseWatch::default();
        stream.run(&mut watch);
        let pauses = watch.finish(&stream.tables);

        assert_eq!(pauses.durations.count, 3);
        assert_eq!(pauses.durations.total_ns, 610);
        assert!((pauses.share - 610.0 / 4000.0).abs() < 1e-12);
        assert!((pauses.per_minute - 3.0 * 60e9 / 4000.0).abs() < 1e-3);
        let reasons: Vec<_> = pauses
            .reasons
            .iter()
            .map(|reason| (reason.reason.as_str(), reason.is_gc, reason.durations.count))
            .collect();
        assert_eq!(
            reasons,
            [
                ("GC mark termination", true, 2),
                ("read mem stats", false, 1)
            ]
        );
        assert_eq!(pauses.reasons[0].stopping.count, 1);
        assert_eq!(pauses.reasons[0].stopping.max_ns, 300);
        let first = &pauses.list[0];
        assert_eq!(
            (first.begin_ns, first.duration_ns, first.stopping_ns),
            (1000, 500, Some(300))
        );
        assert_eq!(pauses.list[1].stopping_ns, Some(0));
        assert_eq!(pauses.list[2].stopping_ns, None);
        assert_eq!(pauses.omitted, 0);
    }

    #[test]
    fn what_does_not_pair_is_left_out() {
        let mut stream = Stream::default();
        let name = stream.name("GC sweep termination");
        stream.end(1, 0, 7, Range::StopTheWorld(GoroutineId(7), name));
        stream.begin(2, 0, 7, Range::StopTheWorld(GoroutineId(7), name));
        let mut watch = PauseWatch::default();
        stream.run(&mut watch);
        let pauses = watch.finish(&stream.tables);
        assert_eq!(pauses.durations, Durations::default());
        assert!(pauses.list.is_empty());
        let none = PauseWatch::default().finish(&stream.tables);
        assert!(none.per_minute.abs() < f64::EPSILON);
    }
}
