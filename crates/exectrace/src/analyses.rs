//! All analyses in one pass, and the whole of what they say.

use serde::Serialize;

use crate::blocking::{Blocking, BlockingView};
use crate::calls::{Calls, CallsView};
use crate::collections::{CollectionWatch, Collections};
use crate::event::{Event, EventKind, GoroutineState, Metric, Time};
use crate::groups::GoroutineGroupView;
use crate::latency::{Latency, LatencyView};
use crate::load::{Load, LoadWatch};
use crate::mmu::{MmuCurve, UtilisationFlags, UtilisationWatch, UtilisationWindow};
use crate::pauses::{PauseWatch, Pauses};
use crate::profiles::{ProfileFilter, Profiles, Rules, WaitKind};
use crate::reader::Outcome;
use crate::regions::RegionGroupView;
use crate::states::States;
use crate::summary::{Summary, SummaryOptions};
use crate::tables::Tables;
use crate::task_views::TasksView;
use crate::times::{ReasonTime, TimesView};
use crate::visitor::Visitor;

/// How many rows each list of stacks has.
const ROWS: usize = 100;
/// How many examples are told of what is longest.
const EXAMPLES: usize = 10;

/// What sees the intervals of goroutines.
type OfGoroutines = (
    (Summary, Profiles),
    (Option<Blocking>, (Option<Latency>, Option<Calls>)),
);

/// Which analyses are run beside those of the summary; each costs time on every event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Selection {
    /// Where goroutines waited, and who woke them.
    pub blocking: bool,
    /// How long goroutines waited for a P.
    pub latency: bool,
    /// System calls, C and the network.
    pub calls: bool,
    /// The heap, goroutines, Ps and threads over time.
    pub load: bool,
    /// Mutator utilisation.
    pub utilisation: bool,
}

impl Selection {
    /// All of them.
    pub const ALL: Self = Self {
        blocking: true,
        latency: true,
        calls: true,
        load: true,
        utilisation: true,
    };
}

/// Watches all that [`TraceView`] tells.
pub struct Analyses {
    states: States<OfGoroutines>,
    pauses: PauseWatch,
    collections: CollectionWatch,
    load: Option<LoadWatch>,
    utilisation: Option<UtilisationWatch>,
    counts: Counts,
}

/// What is counted on the way.
#[derive(Debug, Default)]
struct Counts {
    first: Option<Time>,
    wall: Option<i128>,
    created: u64,
    ended: u64,
    procs: Option<u64>,
    most_procs: u64,
    samples: u64,
}

impl Default for Analyses {
    fn default() -> Self {
        Self::new(SummaryOptions::default(), Selection::ALL)
    }
}

impl std::fmt::Debug for Analyses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyses")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Analyses {
    /// Begins to watch.
    pub fn new(options: SummaryOptions, selected: Selection) -> Self {
        let profiles = Profiles::new(options.rules, ProfileFilter::default());
        Self {
            states: States::new((
                (Summary::new(options), profiles),
                (
                    selected.blocking.then(|| Blocking::new(EXAMPLES)),
                    (
                        selected.latency.then(|| Latency::new(EXAMPLES)),
                        selected.calls.then(Calls::default),
                    ),
                ),
            )),
            pauses: PauseWatch::default(),
            collections: CollectionWatch::default(),
            load: selected.load.then(LoadWatch::default),
            utilisation: selected.utilisation.then(|| {
                UtilisationWatch::new(
                    UtilisationFlags::STOP_THE_WORLD
                        .and(UtilisationFlags::BACKGROUND)
                        .and(UtilisationFlags::ASSIST),
                )
            }),
            counts: Counts::default(),
        }
    }

    /// Says what was seen, when all is read.
    pub fn finish(self, outcome: &Outcome, tables: &Tables) -> TraceView {
        let ((summary, profiles), (blocking, (latency, calls))) = self.states.finish(tables);
        let goroutines = summary.goroutine_groups(tables);
        let overview = Overview::new(outcome, &self.counts, &goroutines);
        TraceView {
            schema: "fathom.trace/1",
            overview,
            waits: WaitKind::ALL.map(|kind| {
                let (count, nanoseconds) = profiles.get(kind).total();
                WaitTotal {
                    kind: kind.name(),
                    count,
                    nanoseconds,
                }
            }),
            goroutines,
            regions: summary.region_groups(tables),
            tasks: summary.tasks(tables),
            pauses: self.pauses.finish(tables),
            collections: self.collections.finish(),
            blocking: blocking.map(|blocking| blocking.view(tables, ROWS)),
            latency: latency.map(|latency| latency.view(tables)),
            calls: calls.map(|calls| calls.view(tables, ROWS)),
            load: self.load.map(LoadWatch::finish),
            utilisation: self
                .utilisation
                .map(|watch| UtilisationView::of(&watch.finish())),
        }
    }
}

/// The windows for which the utilisation is told, in nanoseconds.
const WINDOWS: [i64; 6] = [
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
];

impl UtilisationView {
    fn of(curve: &MmuCurve) -> Self {
        let plot = curve.plot(&[]);
        let windows = WINDOWS
            .into_iter()
            .filter(|&window| window <= plot.max_window_ns)
            .map(|window_ns| WindowView {
                window_ns,
                least: curve.least(window_ns),
                worst: curve.worst(window_ns, 3),
            })
            .collect();
        Self { windows }
    }
}

impl Visitor for Analyses {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        self.states.event(event, tables);
        self.pauses.event(event, tables);
        self.collections.event(event, tables);
        if let Some(load) = &mut self.load {
            load.event(event, tables);
        }
        if let Some(utilisation) = &mut self.utilisation {
            utilisation.event(event, tables);
        }
        self.counts.event(event, tables);
    }
}

impl Visitor for Counts {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        match event.kind {
            EventKind::Goroutine(change) => {
                self.created += u64::from(change.from == GoroutineState::NotExist);
                self.ended += u64::from(change.to == GoroutineState::NotExist);
            }
            EventKind::Metric(Metric::Procs, procs) => {
                self.procs = Some(procs);
                self.most_procs = self.most_procs.max(procs);
            }
            EventKind::StackSample => self.samples += 1,
            EventKind::Sync(_) => {
                let first = *self.first.get_or_insert(event.time);
                if self.wall.is_none() {
                    self.wall = tables.clocks().map(|clocks| clocks.wall(first));
                }
            }
            _ => {}
        }
    }
}

/// What a trace holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The minor version of Go in the trace's head: that of the format, which later releases
    /// write too.
    pub format: u32,
    /// The bytes of the trace.
    pub bytes: u64,
    /// The generations that were read.
    pub generations: u64,
    /// The events that were read.
    pub events: u64,
    /// From the first event to the last.
    pub nanoseconds: i64,
    /// The wall clock at the first event in nanoseconds since 1970, where the trace tells (since
    /// Go 1.25).
    pub wall_nanoseconds: Option<i64>,
    /// GOMAXPROCS at the end.
    pub procs: Option<u64>,
    /// The highest GOMAXPROCS.
    pub most_procs: u64,
    /// The goroutines that were made within the trace.
    pub created: u64,
    /// The goroutines that ended within the trace.
    pub ended: u64,
    /// The goroutines that were there at its end.
    pub alive: u64,
    /// Where the time of all goroutines went.
    pub times: TimesView,
    /// The samples of the CPU profiler.
    pub samples: u64,
    /// What is wrong with the trace, in words.
    pub damage: Option<String>,
    /// The bytes that could not be read for that.
    pub lost_bytes: u64,
}

impl Overview {
    fn new(outcome: &Outcome, counts: &Counts, groups: &[GoroutineGroupView]) -> Self {
        let mut times = TimesView::default();
        for group in groups {
            add(&mut times, &group.times);
        }
        times
            .blocked
            .sort_by_key(|blocked| std::cmp::Reverse(blocked.nanoseconds));
        Self {
            format: outcome.version.minor(),
            bytes: outcome.bytes,
            generations: outcome.generations,
            events: outcome.events,
            nanoseconds: outcome.nanoseconds(),
            wall_nanoseconds: counts.wall.and_then(|wall| i64::try_from(wall).ok()),
            procs: counts.procs,
            most_procs: counts.most_procs,
            created: counts.created,
            ended: counts.ended,
            alive: groups.iter().map(|group| group.alive).sum(),
            times,
            samples: counts.samples,
            damage: outcome.damage.as_ref().map(ToString::to_string),
            lost_bytes: outcome
                .damage
                .as_ref()
                .map_or(0, |damage| damage.lost_bytes),
        }
    }
}

fn add(sum: &mut TimesView, more: &TimesView) {
    sum.total = sum.total.saturating_add(more.total);
    sum.executing = sum.executing.saturating_add(more.executing);
    sum.runnable = sum.runnable.saturating_add(more.runnable);
    sum.syscall = sum.syscall.saturating_add(more.syscall);
    sum.syscall_blocked = sum.syscall_blocked.saturating_add(more.syscall_blocked);
    sum.unknown = sum.unknown.saturating_add(more.unknown);
    for blocked in &more.blocked {
        let known = sum
            .blocked
            .iter_mut()
            .find(|it| it.reason == blocked.reason);
        match known {
            Some(known) => {
                known.nanoseconds = known.nanoseconds.saturating_add(blocked.nanoseconds);
            }
            None => sum.blocked.push(ReasonTime::clone(blocked)),
        }
    }
}

/// How often and how long was waited for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitTotal {
    /// `net`, `sync`, `syscall` or `sched`.
    pub kind: &'static str,
    /// How often.
    pub count: u64,
    /// How long.
    pub nanoseconds: i64,
}

/// What a trace says, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceView {
    /// The name of this form.
    pub schema: &'static str,
    /// What it holds.
    pub overview: Overview,
    /// The waits of the four profiles.
    pub waits: [WaitTotal; 4],
    /// The goroutines by entry function and creation site.
    pub goroutines: Vec<GoroutineGroupView>,
    /// The user's regions.
    pub regions: Vec<RegionGroupView>,
    /// The user's tasks.
    pub tasks: TasksView,
    /// When and why the world was stopped.
    pub pauses: Pauses,
    /// What the collector did.
    pub collections: Collections,
    /// Where goroutines waited, and who woke them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking: Option<BlockingView>,
    /// How long goroutines waited for a P.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyView>,
    /// System calls, C and the network, by stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<CallsView>,
    /// The heap, goroutines, Ps and threads over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// How much of the processors the program itself had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilisation: Option<UtilisationView>,
}

/// The least of all Ps that was left to the program in windows of some lengths: the mutator
/// utilisation, which stops of the world, mark workers and assists take from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UtilisationView {
    /// For windows of ten times the length each, as long as the trace has such.
    pub windows: Vec<WindowView>,
}

/// The windows of a length.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowView {
    /// Their length.
    pub window_ns: i64,
    /// The least that was left in any of them, from 0 to 1.
    pub least: f64,
    /// Those with the least, the worst first.
    pub worst: Vec<UtilisationWindow>,
}

/// The profile of waits of a kind by some rules.
#[derive(Debug)]
pub struct WaitProfile {
    /// The kind.
    pub kind: WaitKind,
    states: States<Profiles>,
}

impl WaitProfile {
    /// Begins to count.
    pub fn new(kind: WaitKind, rules: Rules, filter: ProfileFilter) -> Self {
        Self {
            kind,
            states: States::new(Profiles::new(rules, filter)),
        }
    }

    /// The profile, when all is read.
    ///
    /// # Errors
    ///
    /// When it is larger than a profile may be.
    pub fn finish(self, tables: &Tables) -> Result<fathom_profile::Profile, fathom_profile::Error> {
        self.states.finish(tables).get(self.kind).profile(tables)
    }
}

impl Visitor for WaitProfile {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        self.states.event(event, tables);
    }
}
