//! The part of the Ps' time that the program itself has, not the collector, and how little of it
//! there is in the worst window of each length: the minimum mutator utilisation, MMU.
//!
//! The utilisation is that of `MutatorUtilizationV2` of `src/internal/trace/gc.go` (Go 1.27.3),
//! but counted on as events come: an event costs the same however many Ps there are, where it
//! changes nothing. In one thing [`Rules`] let choose. It is kept in 8.4 bytes a change; a change needs an event of at least two
//! bytes in the trace, so that it stays below five times its size, and in traces of real programs
//! below a tenth. With a series for each P, a stop of the world is a change of each.

mod changes;
mod curve;
mod distribution;

use hashbrown::HashSet;

use crate::event::{Event, EventKind, GoroutineId, Metric, ProcId, Range, Time};
use crate::names::Name;
use crate::pauses::is_for_gc;
use crate::tables::Tables;
use crate::visitor::Visitor;

use changes::Changes;
pub use curve::{MmuCurve, MmuPlot, MmuPoint, UtilisationWindow};

/// More Ps than any machine has; a trace that says so is damaged.
const MOST_PROCS: usize = 1 << 14;

/// What counts as taken from the mutator, and whether each P has its own utilisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct UtilisationFlags(u8);

impl UtilisationFlags {
    /// The world stopped for the collector.
    pub const STOP_THE_WORLD: Self = Self(1);
    /// Mark workers but idle ones.
    pub const BACKGROUND: Self = Self(2);
    /// Mark assists.
    pub const ASSIST: Self = Self(4);
    /// Sweeping.
    pub const SWEEP: Self = Self(8);
    /// Each P has its own utilisation. Dedicated workers do not count, as nothing else may run on
    /// their P.
    pub const PER_PROC: Self = Self(16);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has all of another.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Reads them as `go tool trace` has them in its addresses: `perProc|stw|background`. Other
    /// words are passed over.
    pub fn from_names(names: &str) -> Self {
        names.split('|').fold(Self::default(), |flags, name| {
            flags.and(match name {
                "stw" => Self::STOP_THE_WORLD,
                "background" => Self::BACKGROUND,
                "assist" => Self::ASSIST,
                "sweep" => Self::SWEEP,
                "perProc" => Self::PER_PROC,
                _ => Self::default(),
            })
        })
    }
}

/// Whose rules the utilisation follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rules {
    /// Ours. They differ from the reference's in two things:
    ///
    /// 1. A mark worker takes its P once each time it runs, and as the kind of worker that it is
    ///    then. The runtime labels it each time; the reference counts it when it begins to run and
    ///    again for the label, but takes back one, so that each P on which a worker ran twice
    ///    stays taken for ever, and less and less seems to be left.
    /// 2. Assists that began before the trace take the P on which they run, from the beginning of
    ///    the trace; those that wait take none until they run. The reference takes the P on which
    ///    it is first told of them, whoever runs there.
    #[default]
    Exact,
    /// Those of `go tool trace` of Go 1.27.3.
    Reference,
}

/// Watches how much of the Ps' time is left to the mutator.
#[derive(Debug)]
pub struct UtilisationWatch {
    rules: Rules,
    flags: UtilisationFlags,
    begin: Option<Time>,
    last: Time,
    syncs: u32,
    stopped: i64,
    procs: Vec<Proc>,
    /// How many of them the collector has.
    taken: usize,
    /// GOMAXPROCS from when on.
    counts: Vec<(i64, usize)>,
    /// Goroutines that assist or are mark workers.
    working: HashSet<GoroutineId>,
    workers: HashSet<GoroutineId>,
    /// Goroutines that were seen to run, as long as it matters for [`Rules::Reference`].
    executing: HashSet<GoroutineId>,
    series: Vec<Changes>,
}

#[derive(Debug, Clone, Copy)]
struct Proc {
    /// The collector has it while this is above 0.
    work: i64,
    series: usize,
}

impl UtilisationWatch {
    /// Watches what the flags say.
    pub fn new(flags: UtilisationFlags) -> Self {
        Self {
            rules: Rules::default(),
            flags,
            begin: None,
            last: Time::default(),
            syncs: 0,
            stopped: 0,
            procs: Vec::new(),
            taken: 0,
            counts: Vec::new(),
            working: HashSet::new(),
            workers: HashSet::new(),
            executing: HashSet::new(),
            series: Vec::new(),
        }
    }

    /// Says whose rules to follow.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    fn is_per_proc(&self) -> bool {
        self.flags.has(UtilisationFlags::PER_PROC)
    }

    /// Whether a range counts that takes a P.
    fn counts(&self, range: Range) -> bool {
        match range {
            Range::Sweep(_) => self.flags.has(UtilisationFlags::SWEEP),
            Range::MarkAssist(_) => self.flags.has(UtilisationFlags::ASSIST),
            Range::StopTheWorld(..) | Range::Mark => false,
        }
    }

    fn set_procs(&mut self, procs: u64, time: Time) {
        let count = usize::try_from(procs).unwrap_or(MOST_PROCS).min(MOST_PROCS);
        for proc in self.procs.drain(count.min(self.procs.len())..) {
            self.taken -= usize::from(proc.work > 0);
            if self.flags.has(UtilisationFlags::PER_PROC)
                && let Some(series) = self.series.get_mut(proc.series)
            {
                series.add(time, 0.0);
            }
        }
        while self.procs.len() < count {
            let mut series = 0;
            if self.is_per_proc() || self.series.is_empty() {
                series = self.series.len();
                let mut begun = Changes::default();
                begun.add(time, if self.stopped > 0 { 0.0 } else { 1.0 });
                self.series.push(begun);
            }
            self.procs.push(Proc { work: 0, series });
        }
        if self.counts.last().is_none_or(|&(_, last)| last != count) {
            self.counts.push((time.0, count));
        }
    }

    fn work(&mut self, proc: ProcId, by: i64, time: Time) {
        let is_per_proc = self.is_per_proc();
        let Ok(at) = usize::try_from(proc.0) else {
            return;
        };
        let Some(proc) = self.procs.get_mut(at) else {
            return;
        };
        let before = proc.work > 0;
        proc.work = proc.work.saturating_add(by);
        let after = proc.work > 0;
        if before == after {
            return;
        }
        self.taken = (self.taken + usize::from(after)) - usize::from(before);
        if is_per_proc {
            let is_taken = after || self.stopped > 0;
            if let Some(series) = self.series.get_mut(proc.series) {
                series.add(time, if is_taken { 0.0 } else { 1.0 });
            }
        }
    }

    /// A range that was there when the trace began, and is told of only now.
    fn was_there(&mut self, event: &Event, range: Range, tables: &Tables) {
        if let Range::MarkAssist(goroutine) = range
            && self.counts(range)
        {
            match self.rules {
                Rules::Exact if event.goroutine != goroutine => {
                    self.working.insert(goroutine);
                    return;
                }
                Rules::Exact => self.correct_past(),
                Rules::Reference => {
                    if self.executing.contains(&event.goroutine) {
                        self.correct_past();
                    }
                }
            }
        } else if self.counts(range) {
            self.correct_past();
        }
        self.begin_range(event, range, tables);
    }

    /// Takes a P from all that was said of the time until now. Where each P has its own
    /// utilisation, nothing was said of this one yet.
    fn correct_past(&mut self) {
        if self.is_per_proc() {
            return;
        }
        let counts = &self.counts;
        let mut at = 0;
        if let Some(series) = self.series.first_mut() {
            series.lower(|time| {
                while counts.get(at + 1).is_some_and(|&(from, _)| from < time) {
                    at += 1;
                }
                1.0 / counts.get(at).map_or(1, |&(_, count)| count) as f64
            });
        }
    }

    fn begin_range(&mut self, event: &Event, range: Range, tables: &Tables) {
        match range {
            Range::StopTheWorld(_, reason) => self.stop(1, reason, event.time, tables),
            _ if self.counts(range) => {
                self.work(event.proc, 1, event.time);
                if let Range::MarkAssist(goroutine) = range
                    && goroutine.is_some()
                {
                    self.working.insert(goroutine);
                }
            }
            _ => {}
        }
    }

    fn end_range(&mut self, event: &Event, range: Range, tables: &Tables) {
        match range {
            Range::StopTheWorld(_, reason) => self.stop(-1, reason, event.time, tables),
            _ if self.counts(range) => {
                self.work(event.proc, -1, event.time);
                if let Range::MarkAssist(goroutine) = range
                    && !self.workers.contains(&goroutine)
                {
                    self.working.remove(&goroutine);
                }
            }
            _ => {}
        }
    }

    fn stop(&mut self, by: i64, reason: Name, time: Time, tables: &Tables) {
        if !self.flags.has(UtilisationFlags::STOP_THE_WORLD) || !is_for_gc(tables, reason) {
            return;
        }
        self.stopped += by;
        if self.is_per_proc() {
            for proc in &self.procs {
                let is_taken = self.stopped > 0 || proc.work > 0;
                if let Some(series) = self.series.get_mut(proc.series) {
                    series.add(time, if is_taken { 0.0 } else { 1.0 });
                }
            }
        }
    }

    fn label(&mut self, event: &Event, label: Name, tables: &Tables) {
        let label = tables.names.get(label);
        let is_worker = label.starts_with("GC ") && label != "GC (idle)";
        if !is_worker || !self.flags.has(UtilisationFlags::BACKGROUND) {
            return;
        }
        if !(self.is_per_proc() && label == "GC (dedicated)") {
            self.workers.insert(event.goroutine);
            let is_new = self.working.insert(event.goroutine);
            if is_new || self.rules == Rules::Reference {
                self.work(event.proc, 1, event.time);
            }
        }
    }

    /// Says what is left now, where all Ps share one utilisation.
    fn share(&mut self, time: Time) {
        let count = self.procs.len();
        let taken = if self.stopped > 0 { count } else { self.taken };
        if let Some(series) = self.series.first_mut()
            && count > 0
        {
            series.add(time, 1.0 - taken as f64 / count as f64);
        }
    }

    /// What was seen, ready for questions.
    pub fn finish(mut self) -> MmuCurve {
        for proc in &self.procs {
            if let Some(series) = self.series.get_mut(proc.series) {
                series.add(self.last, 0.0);
            }
        }
        MmuCurve::new(self.begin.unwrap_or_default(), self.series)
    }
}

impl Visitor for UtilisationWatch {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        self.begin.get_or_insert(event.time);
        self.last = event.time;
        match event.kind {
            EventKind::Sync(count) => {
                self.syncs = count;
                if count > 1 {
                    self.executing = HashSet::new();
                }
            }
            EventKind::Metric(Metric::Procs, procs) => self.set_procs(procs, event.time),
            // Until GOMAXPROCS is known there is nothing to share.
            _ if self.procs.is_empty() => return,
            EventKind::RangeActive(range) => {
                // After the first generation all are known that were there.
                if self.syncs <= 1 {
                    self.was_there(event, range, tables);
                }
            }
            EventKind::RangeBegin(range) => self.begin_range(event, range, tables),
            EventKind::RangeEnd(range, _) => self.end_range(event, range, tables),
            EventKind::Goroutine(transition) => {
                let (from, to) = (transition.from.is_executing(), transition.to.is_executing());
                if self.rules == Rules::Reference && self.syncs <= 1 {
                    if to {
                        self.executing.insert(transition.goroutine);
                    } else {
                        self.executing.remove(&transition.goroutine);
                    }
                }
                if from == to || !self.working.contains(&transition.goroutine) {
                    return;
                }
                self.work(event.proc, if to { 1 } else { -1 }, event.time);
                // It works again when it is labelled again.
                if !to && self.rules == Rules::Exact && self.workers.remove(&transition.goroutine) {
                    self.working.remove(&transition.goroutine);
                }
            }
            EventKind::Label(label) => self.label(event, label, tables),
            _ => return,
        }
        if !self.is_per_proc() {
            self.share(event.time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GoroutineState::{Runnable, Running, Waiting};
    use crate::stream::Stream;

    const ALL: UtilisationFlags = UtilisationFlags(15);

    fn curve(stream: &Stream, flags: UtilisationFlags) -> MmuCurve {
        let mut watch = UtilisationWatch::new(flags);
        stream.run(&mut watch);
        watch.finish()
    }

    /// Four Ps for 1000 ns: a stop of all for 50, a worker on one for 200.
    fn stream() -> Stream {
        let mut stream = Stream::default();
        let reason = stream.name("GC mark termination");
        let other = stream.name("read mem stats");
        stream.sync(1000);
        stream.metric(1001, Metric::Procs, 4);
        stream.go(1100, 1, 20, Runnable, Running);
        stream.label(1101, 1, 20, "GC (dedicated)");
        stream.go(1301, 1, 20, Running, Waiting);
        stream.begin(1500, 0, 5, Range::StopTheWorld(GoroutineId(5), reason));
        stream.end(1550, 0, 5, Range::StopTheWorld(GoroutineId(5), reason));
        stream.begin(1600, 0, 5, Range::StopTheWorld(GoroutineId(5), other));
        stream.end(1700, 0, 5, Range::StopTheWorld(GoroutineId(5), other));
        stream.sync(2001);
        stream
    }

    #[test]
    fn the_worst_window_is_found() {
        let curve = curve(&stream(), ALL);
        for (window, least) in [(10, 0.0), (50, 0.0), (100, 0.5), (200, 0.75), (1000, 0.9)] {
            assert!((curve.least(window) - least).abs() < 1e-12, "{window}");
        }
        assert!(curve.least(0).abs() < 1e-12);
        let worst = curve.worst(100, 2);
        assert_eq!(worst.len(), 2);
        assert!((450..=500).contains(&worst[0].begin_ns));
        assert!((worst[0].utilisation - 0.5).abs() < 1e-12);
        assert!((worst[1].utilisation - 0.75).abs() < 1e-12);
        assert!((101..=201).contains(&worst[1].begin_ns));
    }

    #[test]
    fn flags_say_what_counts() {
        let stream = stream();
        let flags = UtilisationFlags::from_names("stw|background|mut");
        assert_eq!(
            flags,
            UtilisationFlags::STOP_THE_WORLD.and(UtilisationFlags::BACKGROUND)
        );
        let least = |flags| curve(&stream, flags).least(1000);
        assert!((least(UtilisationFlags::BACKGROUND) - 0.95).abs() < 1e-12);
        assert!((least(UtilisationFlags::STOP_THE_WORLD) - 0.95).abs() < 1e-12);
        assert!((least(UtilisationFlags::SWEEP) - 1.0).abs() < 1e-12);
        // A P of its own does not mind a worker that is dedicated to it.
        let per_proc = curve(&stream, ALL.and(UtilisationFlags::PER_PROC));
        assert!(per_proc.least(50).abs() < 1e-12);
        assert!((per_proc.least(1000) - 0.95).abs() < 1e-12);
    }

    #[test]
    fn what_was_there_before_counts_from_the_beginning() {
        let mut stream = Stream::default();
        stream.sync(0);
        stream.metric(1, Metric::Procs, 2);
        stream.go(50, 0, 5, Waiting, Running);
        stream.event(
            100,
            0,
            5,
            EventKind::RangeActive(Range::MarkAssist(GoroutineId(5))),
        );
        stream.go(201, 0, 5, Running, Waiting);
        stream.go(301, 1, 5, Runnable, Running);
        stream.end(401, 1, 5, Range::MarkAssist(GoroutineId(5)));
        stream.sync(1001);
        // Told again, which says nothing new.
        stream.event(
            1002,
            0,
            5,
            EventKind::RangeActive(Range::MarkAssist(GoroutineId(5))),
        );
        stream.sync(2001);
        let curve = curve(&stream, ALL);
        assert!((curve.least(200) - 0.5).abs() < 1e-12);
        assert!((curve.least(400) - 0.625).abs() < 1e-12);
        assert!((curve.least(2000) - 0.925).abs() < 1e-12);
    }

    #[test]
    fn workers_take_their_processor_once_each_time() {
        let mut stream = Stream::default();
        stream.sync(0);
        stream.metric(1, Metric::Procs, 2);
        for (begin, label) in [
            (100, "GC (dedicated)"),
            (300, "GC (fractional)"),
            (500, "GC (idle)"),
        ] {
            stream.go(begin, 1, 20, Runnable, Running);
            stream.label(begin + 1, 1, 20, label);
            stream.go(begin + 51, 1, 20, Running, Waiting);
        }
        stream.sync(1001);
        let exact = curve(&stream, ALL);
        assert!((exact.least(1000) - 0.95).abs() < 1e-12);
        let mut watch = UtilisationWatch::new(ALL).rules(Rules::Reference);
        stream.run(&mut watch);
        // From the second time on the P stays taken.
        assert!(watch.finish().least(1000) < 0.63);
    }

    #[test]
    fn who_waits_takes_no_processor() {
        let mut stream = Stream::default();
        stream.sync(0);
        stream.metric(1, Metric::Procs, 2);
        stream.go(50, 0, 5, Waiting, Running);
        // Another goroutine tells of one that waits.
        stream.event(
            100,
            0,
            5,
            EventKind::RangeActive(Range::MarkAssist(GoroutineId(9))),
        );
        stream.go(301, 1, 9, Runnable, Running);
        stream.end(401, 1, 9, Range::MarkAssist(GoroutineId(9)));
        stream.sync(1001);
        let exact = curve(&stream, ALL);
        assert!((exact.least(1000) - 0.95).abs() < 1e-12);
        assert!((exact.least(100) - 0.5).abs() < 1e-12);
        let mut watch = UtilisationWatch::new(ALL).rules(Rules::Reference);
        stream.run(&mut watch);
        assert!((watch.finish().least(1000) - 0.45).abs() < 1e-12);
    }

    #[test]
    fn quantiles_are_those_of_all_windows() {
        let curve = curve(&stream(), ALL);
        // Brute force: a window at each nanosecond.
        let at = |time: i64| -> f64 {
            match time {
                1101..1301 => 0.75,
                1500..1550 => 0.0,
                _ => 1.0,
            }
        };
        let window = 100;
        let mut all: Vec<f64> = (1001..=2001 - window)
            .map(|from| (from..from + window).map(at).sum::<f64>() / window as f64)
            .collect();
        all.sort_by(f64::total_cmp);
        let percents = [0_u8, 5, 20, 50];
        let quantiles = percents.map(|percent| f64::from(percent) / 100.0);
        for (percent, found) in percents.iter().zip(curve.quantiles(window, &quantiles)) {
            let expected = all[usize::from(*percent) * (all.len() - 1) / 100];
            assert!(
                (found - expected).abs() < 0.01,
                "{percent}: {found} {expected}"
            );
        }
        // The window is the whole trace.
        let whole = curve.quantiles(5000, &[0.5]);
        assert!((whole[0] - curve.least(5000)).abs() < 1e-12);
        assert!(curve.quantiles(100, &[]).is_empty());
    }

    #[test]
    fn plots_reach_over_six_orders_of_magnitude() {
        let plot = curve(&stream(), ALL).plot(&[]);
        assert_eq!(plot.points.len(), 100);
        assert_eq!(plot.min_window_ns, 1);
        assert_eq!(plot.max_window_ns, 1000);
        assert_eq!(plot.points[0].window_ns, 1);
        let last = &plot.points[99];
        assert!((999..=1000).contains(&last.window_ns));
        assert!((last.utilisation[0] - 0.9).abs() < 1e-3);
        assert!(
            curve(&Stream::default(), ALL)
                .plot(&[0.5])
                .points
                .is_empty()
        );
    }

    #[test]
    fn damaged_numbers_do_not_matter() {
        let mut stream = Stream::default();
        stream.sync(i64::MIN);
        stream.metric(0, Metric::Procs, u64::MAX);
        stream.begin(1, i64::MAX, 5, Range::Sweep(ProcId(i64::MAX)));
        stream.end(2, -1, -1, Range::Sweep(ProcId(-1)));
        stream.metric(3, Metric::Procs, 0);
        stream.metric(4, Metric::Procs, 1);
        stream.sync(i64::MAX);
        let curve = curve(&stream, ALL);
        assert!(curve.least(1000) <= 1.0);
        assert!(!curve.plot(&[0.0, 0.05]).points.is_empty());
    }
}
