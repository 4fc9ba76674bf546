//! The account of a live goroutine: where its time went so far.
//!
//! The rules are those of the Summarizer of `src/internal/trace/summary.go` (Go 1.27.3).

use crate::event::{Event, GoroutineState, ProcId, Time};
use crate::names::Name;
use crate::profiles::Rules;
use crate::stacks::FrameId;
use crate::states::{Goroutine, Interval};
use crate::tasks::Attachment;
use crate::times::{RangeName, RangeTimes, Times, in_state};
use crate::{TaskId, regions::RegionRow};

/// A region that is open on a goroutine.
#[derive(Debug, Clone)]
pub(crate) struct OpenRegion {
    pub(crate) task: TaskId,
    pub(crate) kind: Name,
    pub(crate) begin: Time,
    /// The root of the stack on which it began.
    pub(crate) root: Option<FrameId>,
    /// Whether it stands for the region of the goroutine's maker.
    pub(crate) inherited: bool,
    /// The goroutine's times when it began.
    pub(crate) times: Times,
    pub(crate) ranges: RangeTimes,
}

/// The account of a live goroutine.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// What is closed.
    times: Times,
    ranges: RangeTimes,
    open_ranges: Vec<(RangeName, Time)>,
    /// The P with which it went into its system call.
    pub(crate) syscall_proc: Option<ProcId>,
    /// When it lost that P.
    pub(crate) lost_proc: Option<Time>,
    pub(crate) regions: Vec<OpenRegion>,
    pub(crate) region_rows: Vec<RegionRow>,
    pub(crate) tasks: Vec<Attachment>,
    /// When it ended, as far as its times go: the reference takes waiting for ever as the end.
    pub(crate) closed: Option<Time>,
}

impl Account {
    /// Begins with a new goroutine; memory is kept.
    pub(crate) fn open(&mut self, goroutine: &Goroutine, event: &Event, rules: Rules) {
        self.times = Times::default();
        self.ranges.clear();
        self.open_ranges.clear();
        self.syscall_proc = None;
        self.lost_proc = None;
        self.regions.clear();
        self.region_rows.clear();
        self.tasks.clear();
        self.closed = None;
        let now = &goroutine.now;
        if now.from == GoroutineState::Undetermined {
            let before = now.said.since(now.begin);
            match now.state {
                // With a P, it had that P since the trace began.
                GoroutineState::Syscall if event.proc.is_some() => self.times.add_syscall(before),
                GoroutineState::Syscall => self.times.add_syscall_blocked(before),
                state => self.times.add_state(state, reason_of(now, rules), before),
            }
        }
    }

    /// Ends a state that did not end with the trace.
    #[inline]
    pub(crate) fn leave(&mut self, interval: &Interval, rules: Rules) {
        if self.closed.is_some() {
            return;
        }
        let nanoseconds = interval.end.since(interval.said);
        if interval.state == GoroutineState::Syscall {
            match self.lost_proc.take() {
                Some(lost) => {
                    self.times.add_syscall(lost.since(interval.said));
                    self.times.add_syscall_blocked(interval.end.since(lost));
                }
                None => self.times.add_syscall(nanoseconds),
            }
        } else {
            let reason = reason_of(interval, rules);
            self.times.add_state(interval.state, reason, nanoseconds);
        }
    }

    pub(crate) fn begin_range(&mut self, name: RangeName, time: Time) {
        if self.closed.is_some() {
            return;
        }
        match self
            .open_ranges
            .iter_mut()
            .find(|(known, _)| *known == name)
        {
            Some((_, begin)) => *begin = time,
            None => self.open_ranges.push((name, time)),
        }
    }

    /// A range was there when the generation began.
    pub(crate) fn range_is_active(&mut self, name: RangeName, sync: Time) {
        let open = self.open_ranges.iter().find(|(known, _)| *known == name);
        if let Some(&(_, begin)) = open {
            self.ranges.add(name, sync.since(begin));
        }
        self.begin_range(name, sync);
    }

    pub(crate) fn end_range(&mut self, name: RangeName, time: Time) {
        let at = self
            .open_ranges
            .iter()
            .position(|(known, _)| *known == name);
        if let Some(at) = at {
            let (_, begin) = self.open_ranges.swap_remove(at);
            self.ranges.add(name, time.since(begin));
        }
    }

    /// Where the time went up to now (`snapshotStat`).
    #[inline]
    pub(crate) fn times(&self, goroutine: &Goroutine, now: Time, rules: Rules) -> Times {
        let mut times = self.times;
        if self.closed.is_some() {
            return times;
        }
        times.set_total(now.since(goroutine.created));
        let pending = in_state(goroutine, now);
        let state = goroutine.now.state;
        if state != GoroutineState::Syscall {
            let reason = reason_of(&goroutine.now, rules);
            // To wait for ever is an end for the reference, and no wait.
            if rules == Rules::Corrected || reason != Name::FOREVER {
                times.add_state(state, reason, pending);
            }
            return times;
        }
        match (self.lost_proc, rules) {
            (None, _) => times.add_syscall(pending),
            // The reference counts the same time twice here, once as waiting for a P.
            (Some(lost), Rules::Reference) => {
                times.add_syscall(pending);
                times.add_runnable(now.since(lost));
            }
            (Some(lost), Rules::Corrected) => {
                times.add_syscall(lost.since(goroutine.now.said));
                times.add_syscall_blocked(now.since(lost));
            }
        }
        times
    }

    /// The time in ranges up to now.
    pub(crate) fn ranges(&self, now: Time) -> RangeTimes {
        let mut ranges = self.ranges.clone();
        for &(name, begin) in &self.open_ranges {
            ranges.add(name, now.since(begin));
        }
        ranges
    }

    /// Ends the account; its times stay as they are from here on.
    pub(crate) fn close(&mut self, goroutine: &Goroutine, now: Time, rules: Rules) {
        if self.closed.is_none() {
            self.times = self.times(goroutine, now, rules);
            self.ranges = self.ranges(now);
            self.open_ranges.clear();
            self.lost_proc = None;
            self.closed = Some(now);
        }
    }
}

fn reason_of(interval: &Interval, rules: Rules) -> Name {
    match rules {
        Rules::Reference => interval.reason,
        Rules::Corrected => interval.likely_reason,
    }
}
