//! Scheduling latency: how long goroutines that could run wait for a P.

use serde::Serialize;

use crate::event::{GoroutineId, GoroutineState, ProcId, Time};
use crate::histogram::{Distribution, Histogram};
use crate::names::Name;
use crate::origins::Origins;
use crate::path::stack_view;
use crate::stacks::StackId;
use crate::states::{Analysis, Interval, Live};
use crate::tables::Tables;

/// Who ran on a P when a wait ended.
#[derive(Debug, Clone)]
struct Runner {
    proc: ProcId,
    goroutine: GoroutineId,
    entry: Name,
    since: Time,
}

/// A moment in which goroutines waited long for a P.
#[derive(Debug, Clone)]
struct Moment {
    goroutine: GoroutineId,
    entry: Name,
    begin: Time,
    end: Time,
    waker: GoroutineId,
    waker_stack: StackId,
    /// Shorter waits that overlap with it.
    others: u64,
    running: Vec<Runner>,
}

impl Moment {
    fn nanoseconds(&self) -> i64 {
        self.end.since(self.begin)
    }
}

/// Counts waits for a P, that of new goroutines until they first run among them.
#[derive(Debug)]
pub struct Latency {
    all: Histogram,
    first_runs: Histogram,
    by_origin: Vec<Histogram>,
    worst: Vec<Moment>,
    most: usize,
    /// What a wait must exceed to be among the worst.
    bar: i64,
    origins: Origins,
    first: Time,
}

impl Latency {
    /// Keeps so many of the worst moments, which do not overlap.
    pub fn new(moments: usize) -> Self {
        Self {
            all: Histogram::default(),
            first_runs: Histogram::default(),
            by_origin: Vec::new(),
            worst: Vec::new(),
            most: moments,
            bar: if moments == 0 { i64::MAX } else { 0 },
            origins: Origins::default(),
            first: Time(0),
        }
    }

    /// Waits end in the order of the stream, so of the moments kept only some are near.
    fn keep(&mut self, interval: &Interval, live: &Live) {
        let overlapping = self
            .worst
            .iter_mut()
            .find(|moment| moment.begin < interval.end && interval.begin < moment.end);
        let others = match overlapping {
            Some(moment) if moment.nanoseconds() >= interval.nanoseconds() => {
                moment.others += 1;
                return;
            }
            Some(moment) => Some(moment.others + 1),
            None => None,
        };
        let overlaps = |moment: &Moment| moment.begin < interval.end && interval.begin < moment.end;
        self.worst.retain(|moment| !overlaps(moment));
        let running = live.running().map(|(proc, goroutine)| Runner {
            proc,
            goroutine: goroutine.id,
            entry: goroutine.entry,
            since: goroutine.now.begin,
        });
        self.worst.push(Moment {
            goroutine: interval.goroutine,
            entry: live.get(interval.slot).entry,
            begin: interval.begin,
            end: interval.end,
            waker: interval.enter.goroutine,
            waker_stack: interval.enter.stack,
            others: others.unwrap_or(0),
            running: running.collect(),
        });
        self.worst
            .sort_by_key(|moment| std::cmp::Reverse(moment.nanoseconds()));
        self.worst.truncate(self.most);
        if self.worst.len() == self.most {
            self.bar = self.worst.last().map_or(0, Moment::nanoseconds);
        }
    }

    /// How long goroutines waited for a P, once the trace is read.
    pub fn all(&self) -> &Histogram {
        &self.all
    }

    /// For people.
    pub fn view(&self, tables: &Tables) -> LatencyView {
        let name = |name| tables.names.get(name).to_owned();
        let mut groups: Vec<_> = self
            .origins
            .all()
            .filter_map(|(id, origin)| {
                let histogram = self.by_origin.get(id.index())?;
                let site = origin.site.and_then(|site| tables.stacks.frame(site));
                (histogram.count() > 0).then(|| LatencyGroupView {
                    entry: name(origin.entry),
                    site: site.map_or_else(String::new, |site| name(site.function)),
                    site_line: site.map_or(0, |site| site.line),
                    waits: histogram.distribution(),
                })
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.waits.total));
        LatencyView {
            all: self.all.distribution(),
            first_runs: self.first_runs.distribution(),
            buckets: self
                .all
                .buckets()
                .map(|(from, _, count)| LatencyBucket { from, count })
                .collect(),
            groups,
            worst: self
                .worst
                .iter()
                .map(|moment| MomentView {
                    goroutine: moment.goroutine.0,
                    entry: name(moment.entry),
                    begin: moment.begin.since(self.first),
                    nanoseconds: moment.nanoseconds(),
                    waker: moment.waker.is_some().then_some(moment.waker.0),
                    waker_stack: stack_view(moment.waker_stack, tables),
                    others: moment.others,
                    running: moment
                        .running
                        .iter()
                        .map(|runner| RunnerView {
                            proc: runner.proc.0,
                            goroutine: runner.goroutine.0,
                            entry: name(runner.entry),
                            since: runner.since.since(self.first),
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}

impl Analysis for Latency {
    #[inline]
    fn leave(&mut self, interval: &Interval, live: &Live, _: &Tables) {
        if interval.state != GoroutineState::Runnable {
            return;
        }
        let nanoseconds = interval.nanoseconds();
        if interval.from == GoroutineState::NotExist {
            self.first_runs.add(nanoseconds);
        }
        let at = live.get(interval.slot).origin.index();
        if at >= self.by_origin.len() {
            self.by_origin.resize_with(at + 1, Histogram::default);
        }
        if let Some(histogram) = self.by_origin.get_mut(at) {
            histogram.add(nanoseconds);
        }
        if nanoseconds > self.bar {
            self.keep(interval, live);
        }
    }

    fn finish(&mut self, live: &Live, _: &Tables) {
        self.origins = live.origins().clone();
        self.first = live.first();
        for histogram in &self.by_origin {
            self.all.merge(histogram);
        }
    }
}

/// How long goroutines that could run waited for a P.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LatencyView {
    /// All waits.
    pub all: Distribution,
    /// Those of new goroutines until they first ran.
    pub first_runs: Distribution,
    /// All waits by their length.
    pub buckets: Vec<LatencyBucket>,
    /// By what the goroutines run and where they were made, those with the most time first. What
    /// a goroutine waits before its first stack is seen counts for the group without a name.
    pub groups: Vec<LatencyGroupView>,
    /// The worst moments, which do not overlap.
    pub worst: Vec<MomentView>,
}

/// Waits that took so long or longer, up to the next bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LatencyBucket {
    /// From so many nanoseconds on.
    pub from: i64,
    /// How many.
    pub count: u64,
}

/// Waits of goroutines of an origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LatencyGroupView {
    /// The function with which they began.
    pub entry: String,
    /// The function that made them.
    pub site: String,
    /// The line of the `go` statement.
    pub site_line: u64,
    /// How long they waited.
    pub waits: Distribution,
}

/// A moment in which goroutines waited long for a P.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MomentView {
    /// The goroutine that waited longest.
    pub goroutine: i64,
    /// The function with which it began.
    pub entry: String,
    /// When its wait began, in nanoseconds since the trace's beginning.
    pub begin: i64,
    /// How long it waited.
    pub nanoseconds: i64,
    /// Who woke or made it, unless the runtime did.
    pub waker: Option<i64>,
    /// Where that was.
    pub waker_stack: Vec<String>,
    /// How many shorter waits are known to overlap with it.
    pub others: u64,
    /// Who ran when it ended.
    pub running: Vec<RunnerView>,
}

/// Who ran on a P.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunnerView {
    /// The P.
    pub proc: i64,
    /// The goroutine.
    pub goroutine: i64,
    /// The function with which it began.
    pub entry: String,
    /// Since when, in nanoseconds since the trace's beginning.
    pub since: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::GoroutineState as G;
    use crate::script::Script;

    #[test]
    fn first_runs_and_bad_moments_are_told() {
        let mut script = Script::new();
        let site = script.stack(&["main.spawn"]);
        let entry = script.stack(&["main.work"]);
        script
            .sync(0)
            .status(1, 1, G::Running, StackId::NONE)
            .create(1_000, (1, 7), (site, entry))
            .create(1_001, (1, 8), (site, entry))
            .start(5_000, 7)
            .start(6_000, 8)
            .create(7_000, (1, 9), (site, entry))
            .start(7_500, 9)
            .sync(10_000);
        let seen = script.run(Latency::new(4)).view(&script.tables);
        assert_eq!(seen.all.count, 3);
        assert_eq!(seen.first_runs.max, 4_999);
        let moments: Vec<_> = seen
            .worst
            .iter()
            .map(|moment| (moment.goroutine, moment.nanoseconds, moment.others))
            .collect();
        assert_eq!(moments, [(8, 4_999, 1), (9, 500, 0)]);
        let running: Vec<_> = seen.worst[0]
            .running
            .iter()
            .map(|who| who.goroutine)
            .collect();
        assert_eq!(running, [1, 7]);
        assert_eq!(
            (&*seen.groups[0].entry, &*seen.groups[0].site),
            ("main.work", "main.spawn")
        );
        assert_eq!(seen.groups[0].waits.count, 3);
    }
}
