//! Groups of goroutines: what those of an origin do with their time.

use serde::Serialize;

use crate::event::{GoroutineId, Time};
use crate::histogram::{Distribution, Histogram};
use crate::names::{Name, Names};
use crate::origins::{OriginId, Origins};
use crate::states::Goroutine;
use crate::tables::Tables;
use crate::times::{RangeName, RangeTimes, Reason, Times, TimesView};
use crate::top::Top;

/// What is measured of every goroutine; each gets a histogram once it is not zero.
const MEASURES: usize = 8 + Reason::COUNT;

/// The goroutines of an origin.
#[derive(Debug)]
struct Group {
    origin: OriginId,
    count: u64,
    alive: u64,
    never_ran: u64,
    times: Times,
    histograms: [Option<Box<Histogram>>; MEASURES],
    slowest: Top<Example>,
}

#[derive(Debug, Clone)]
struct Example {
    id: GoroutineId,
    created: Time,
    started: Option<Time>,
    ended: Option<Time>,
    times: Times,
}

/// All groups. Their memory does not grow with the goroutines.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_origin: Vec<Option<Box<Group>>>,
}

impl Groups {
    /// Adds a goroutine that ended, or that is alive at the trace's end.
    pub(crate) fn add(
        &mut self,
        goroutine: &Goroutine,
        ended: Option<Time>,
        times: &Times,
        ranges: &RangeTimes,
        examples: usize,
    ) {
        let at = goroutine.origin.index();
        if at >= self.by_origin.len() {
            self.by_origin.resize_with(at + 1, || None);
        }
        let Some(place) = self.by_origin.get_mut(at) else {
            return;
        };
        let group = place.get_or_insert_with(|| {
            Box::new(Group {
                origin: goroutine.origin,
                count: 0,
                alive: 0,
                never_ran: 0,
                times: Times::default(),
                histograms: [const { None }; MEASURES],
                slowest: Top::new(examples),
            })
        });
        group.count += 1;
        group.alive += u64::from(ended.is_none());
        group.never_ran += u64::from(goroutine.started.is_none());
        group.times.add(times);
        let measured = [
            times.total(),
            times.executing(),
            times.runnable(),
            times.syscall(),
            times.syscall_blocked(),
            times.unknown(),
            ranges.get(RangeName::MarkAssist),
            ranges.get(RangeName::Sweep),
        ];
        for (histogram, nanoseconds) in group.histograms.iter_mut().zip(measured) {
            count(histogram, nanoseconds);
        }
        for (reason, nanoseconds) in times.blocked() {
            if let Some(histogram) = group.histograms.get_mut(8 + reason.index()) {
                count(histogram, nanoseconds);
            }
        }
        group.slowest.offer(times.total(), || Example {
            id: goroutine.id,
            created: goroutine.created,
            started: goroutine.started,
            ended,
            times: *times,
        });
    }

    pub(crate) fn views(
        &self,
        origins: &Origins,
        tables: &Tables,
        first: Time,
    ) -> Vec<GoroutineGroupView> {
        let groups = self.by_origin.iter().flatten();
        let mut views: Vec<_> = groups
            .map(|group| group.view(origins, tables, first))
            .collect();
        views.sort_by(|a, b| {
            (b.times.total.cmp(&a.times.total))
                .then_with(|| (&a.entry, &a.site).cmp(&(&b.entry, &b.site)))
        });
        views
    }
}

fn count(histogram: &mut Option<Box<Histogram>>, nanoseconds: i64) {
    if nanoseconds != 0 {
        histogram.get_or_insert_default().add(nanoseconds);
    }
}

impl Group {
    fn view(&self, origins: &Origins, tables: &Tables, first: Time) -> GoroutineGroupView {
        let names = &tables.names;
        let origin = origins.get(self.origin);
        let site = origin.site.and_then(|site| tables.stacks.frame(site));
        let measure = |at: usize| match self.histograms.get(at) {
            Some(Some(histogram)) => histogram.distribution_of(self.count),
            _ => Distribution {
                count: self.count,
                ..Distribution::default()
            },
        };
        GoroutineGroupView {
            entry: names.get(origin.entry).to_owned(),
            site: site.map_or_else(String::new, |site| names.get(site.function).to_owned()),
            site_file: site.map_or_else(String::new, |site| names.get(site.file).to_owned()),
            site_line: site.map_or(0, |site| site.line),
            count: self.count,
            alive: self.alive,
            never_ran: self.never_ran,
            times: self.times.view(names),
            total: measure(0),
            executing: measure(1),
            runnable: measure(2),
            syscall: measure(3),
            syscall_blocked: measure(4),
            unknown: measure(5),
            mark_assist: measure(6),
            sweep: measure(7),
            blocked: self
                .times
                .blocked()
                .map(|(reason, _)| ReasonDistribution {
                    reason: reason.text(names).to_owned(),
                    times: measure(8 + reason.index()),
                })
                .collect(),
            slowest: self
                .slowest
                .sorted()
                .into_iter()
                .map(|example| example.view(names, first))
                .collect(),
        }
    }
}

impl Example {
    fn view(&self, names: &Names, first: Time) -> GoroutineView {
        GoroutineView {
            id: self.id.0,
            created: self.created.since(first),
            started: self.started.map(|time| time.since(first)),
            ended: self.ended.map(|time| time.since(first)),
            times: self.times.view(names),
        }
    }
}

/// The goroutines that began with a function and were made at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoroutineGroupView {
    /// The function; empty where no stack of them was seen.
    pub entry: String,
    /// The function that made them; empty where they were there before the trace.
    pub site: String,
    /// The file of the `go` statement.
    pub site_file: String,
    /// Its line.
    pub site_line: u64,
    /// How many there are.
    pub count: u64,
    /// How many did not end within the trace.
    pub alive: u64,
    /// How many did not run within the trace.
    pub never_ran: u64,
    /// Where the time of all went.
    pub times: TimesView,
    /// How long each was there.
    pub total: Distribution,
    /// How long each ran.
    pub executing: Distribution,
    /// How long each waited for a P, for the first time too.
    pub runnable: Distribution,
    /// How long each was in system calls and held its P.
    pub syscall: Distribution,
    /// How long each was in system calls and had lost its P.
    pub syscall_blocked: Distribution,
    /// How much of each is not known.
    pub unknown: Distribution,
    /// How long each helped to mark; it overlaps with the rest.
    pub mark_assist: Distribution,
    /// How long each swept; it overlaps with the rest.
    pub sweep: Distribution,
    /// How long each waited, by reason.
    pub blocked: Vec<ReasonDistribution>,
    /// Those that were there longest.
    pub slowest: Vec<GoroutineView>,
}

/// A reason and how long each goroutine waited for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonDistribution {
    /// The reason, empty where the trace says none.
    pub reason: String,
    /// How long each waited.
    pub times: Distribution,
}

/// One goroutine. Moments are in nanoseconds since the trace's beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoroutineView {
    /// Its number.
    pub id: i64,
    /// When it was made; 0 where it was there before the trace.
    pub created: i64,
    /// When it first ran.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// Where its time went.
    pub times: TimesView,
}

/// One goroutine, as the reference's `/goroutine` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoroutineRow {
    /// Its number.
    pub id: GoroutineId,
    /// The function with which it began.
    pub entry: Name,
    /// When it was made or first seen.
    pub created: Time,
    /// When it first ran.
    pub started: Option<Time>,
    /// When it ended, or began to wait for ever.
    pub ended: Option<Time>,
    /// Where its time went.
    pub times: Times,
    /// The time in ranges.
    pub ranges: RangeTimes,
}
