//! What grows over hours: the process, and of it which part.
//!
//! Resident memory is made of parts that grow for different reasons. Growth is first attributed to
//! these, so that "nothing leaks, the runtime keeps idle memory" and "the heap is flat, memory
//! outside Go grows" are answers; only where the live heap itself grows is the question which line
//! of the program does it.

mod findings;
mod pressing;

use fathom_finding::{Finding, rank};
use fathom_trends::{
    Process, Series, Shape, Slope, Thresholds, Verdict, judge, restarts, warm_up_end,
};
use serde::Serialize;

use crate::leaks::{DatedHeap, LeakCheck, Leaks, Limit, Rate, leaks, name_of, reached};

/// The contract of [`Growth`].
pub const GROWTH_SCHEMA: &str = "fathom.growth/1";

/// The least time that what follows the warm-up must last for the warm-up to be dropped from a
/// series, in seconds.
const LEAST_AFTER_WARM_UP: f64 = 600.0;

/// What a part of resident memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Objects, live ones and those not yet swept.
    HeapObjects,
    /// The gaps in spans that hold objects.
    UnusedInSpans,
    /// Spans without objects that were not returned to the system.
    IdleSpans,
    /// Stacks of goroutines and threads.
    Stacks,
    /// The runtime's own structures.
    RuntimeStructures,
    /// What is resident beyond what the runtime took.
    BeyondRuntime,
}

impl Part {
    /// All parts, with the label of their line in the plot `memory-parts` of `fathom-series`.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::HeapObjects, "heap objects"),
        (Self::UnusedInSpans, "unused in spans"),
        (Self::IdleSpans, "idle spans"),
        (Self::Stacks, "stacks"),
        (Self::RuntimeStructures, "runtime structures"),
        (Self::BeyondRuntime, "beyond the runtime"),
    ];

    /// What it is, within a sentence.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::HeapObjects => "objects on the heap",
            Self::UnusedInSpans => "gaps between objects",
            Self::IdleSpans => "free heap that the runtime keeps",
            Self::Stacks => "stacks",
            Self::RuntimeStructures => "the runtime's own structures",
            Self::BeyondRuntime => "memory outside Go's heap",
        }
    }
}

/// A place where goroutines wait, over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GoroutineSite {
    /// The line of the program.
    pub place: String,
    /// How many waited there at each of [`GrowthEvidence::goroutine_times`].
    pub counts: Vec<f64>,
}

/// What is known of a process over time. Times are seconds since 1970.
#[derive(Debug, Default)]
pub struct GrowthEvidence {
    /// When the process was started, as seen at each look.
    pub started: Option<Series>,
    /// RSS in bytes.
    pub resident: Option<Series>,
    /// The parts of RSS in bytes.
    pub parts: Vec<(Part, Series)>,
    /// Live heap in bytes after collections: of profiles, or `/gc/heap/live:bytes`.
    pub live_heap: Option<Series>,
    /// The number of goroutines.
    pub goroutines: Option<Series>,
    /// Collections since the start.
    pub collections: Option<Series>,
    /// Bytes allocated a second: the load, and what tells when the process has warmed up.
    pub allocation_rate: Option<Series>,
    /// What RSS must not reach, in bytes: the limit of the control group.
    pub limit: Option<u64>,
    /// What the control group cannot give back, in bytes.
    pub working_set: Option<Series>,
    /// What counts against GOMEMLIMIT, in bytes: Sys - HeapReleased.
    pub committed: Option<Series>,
    /// GOMEMLIMIT in bytes, where one is set.
    pub memory_limit: Option<u64>,
    /// The collector's share of the CPU time of each interval, 0 to 1.
    pub gc_share: Option<Series>,
    /// Goroutines that the runtime found leaked, by the line where they wait, the most first.
    pub leaked: Vec<(String, u64)>,
    /// Heap profiles, for the lines that grow.
    pub heaps: Vec<DatedHeap>,
    /// When goroutine profiles were taken.
    pub goroutine_times: Vec<f64>,
    /// Where goroutines wait.
    pub goroutine_sites: Vec<GoroutineSite>,
}

/// What one series does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Course {
    /// Whether it grows without an end that can be seen.
    pub grows: bool,
    /// Its shape: `unknown`, `flat`, `linear`, `step`, `saturating`, `saw-tooth`,
    /// `grows-with-load`, `falling`.
    pub shape: &'static str,
    /// Its value at the beginning: the median of the first twentieth of what was judged.
    pub first: f64,
    /// Its value at the end: the median of the last twentieth.
    pub last: f64,
    /// Its growth an hour, with the 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<PerHour>,
    /// What had to hold to say that it grows.
    pub checks: Vec<LeakCheck>,
}

/// Growth an hour, in bytes or in goroutines.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PerHour {
    /// The estimate.
    pub value: f64,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
}

/// A part of resident memory with what it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartCourse {
    /// Which part.
    pub part: Part,
    /// What it does.
    #[serde(flatten)]
    pub course: Course,
    /// Its share of the growth of all parts that grew, 0 to 1.
    pub share: f64,
}

/// A place where ever more goroutines wait.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GrowingGoroutines {
    /// The line of the program.
    pub place: String,
    /// How many there were first.
    pub first: f64,
    /// How many there were last.
    pub last: f64,
    /// Its share of the growth of all goroutines.
    pub share: f64,
}

/// What grows.
#[derive(Debug, Serialize)]
pub struct Growth {
    /// [`GROWTH_SCHEMA`].
    pub schema: &'static str,
    /// Whether anything grows without an end that can be seen.
    pub grows: bool,
    /// The beginning of what was judged, in seconds since 1970: the last restart, or the end of
    /// the warm-up after it.
    pub from: f64,
    /// Its end.
    pub until: f64,
    /// How many times the process was started anew in the range; what came before is not judged.
    pub restarts: usize,
    /// Resident memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident: Option<Course>,
    /// The parts of resident memory, the one that grew most first.
    pub parts: Vec<PartCourse>,
    /// The live heap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_heap: Option<Course>,
    /// The number of goroutines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goroutines: Option<Course>,
    /// Where the goroutines are that became more.
    pub goroutine_sites: Vec<GrowingGoroutines>,
    /// When RSS reaches the limit at this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The lines that grow, and whether heap profiles alone show a leak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap: Option<Leaks>,
    /// What it means, the gravest first.
    pub findings: Vec<Finding>,
}

impl Growth {
    /// Whether the live heap was looked at for long enough. Where it was, profiles do not decide
    /// alone: they do not know the load.
    fn live_heap_is_judged(&self) -> bool {
        let live_heap = self.live_heap.as_ref();
        live_heap.is_some_and(|course| course.shape != name_of(Shape::Unknown))
    }
}

/// The stretch of time that is judged.
struct Stretch {
    from: f64,
    restarts: usize,
}

impl Stretch {
    /// Begins at the last restart, or when the process has warmed up, where that was seen.
    fn of(evidence: &GrowthEvidence) -> Self {
        let first = evidence
            .all()
            .filter_map(|series| series.times().first().copied())
            .fold(f64::INFINITY, f64::min);
        let last = evidence.until();
        let seen = evidence.started.as_ref().map(restarts).unwrap_or_default();
        let restart = seen.last().copied().unwrap_or(first);
        let told = evidence
            .started
            .as_ref()
            .and_then(|started| started.values().last().copied());
        // A process that started long before it was first looked at has warmed up.
        let began = told.unwrap_or(restart).min(restart);
        let run = |series: &Series| series.since(restart);
        let rate = evidence.allocation_rate.as_ref().map(run);
        let warm = warm_up_end(began, rate.as_ref()).max(restart);
        let is_long = last - warm >= LEAST_AFTER_WARM_UP;
        Self {
            from: if is_long { warm } else { restart },
            restarts: seen.len(),
        }
    }
}

impl GrowthEvidence {
    fn all(&self) -> impl Iterator<Item = &Series> {
        self.resident
            .iter()
            .chain(&self.live_heap)
            .chain(&self.goroutines)
            .chain(self.parts.iter().map(|(_, series)| series))
    }

    fn until(&self) -> f64 {
        self.all()
            .filter_map(|series| series.times().last().copied())
            .fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Tells what grows.
///
/// Everything is judged since the last restart, without the warm-up where enough follows it.
pub fn growth(mut evidence: GrowthEvidence) -> Growth {
    let stretch = Stretch::of(&evidence);
    let since = |series: &Option<Series>| series.as_ref().map(|it| it.since(stretch.from));
    let load = since(&evidence.allocation_rate);
    let collections = since(&evidence.collections);
    let judged = |series: &Series, thresholds: &Thresholds, collects: bool| {
        let values = series.since(stretch.from);
        let verdict = judge(
            &Process {
                values: &values,
                load: load.as_ref(),
                collections: collections.as_ref().filter(|_| collects),
                limit: None,
            },
            thresholds,
        );
        course(&values, &verdict)
    };
    let bytes = Thresholds::bytes();
    let resident = evidence
        .resident
        .as_ref()
        .map(|series| judged(series, &bytes, false));
    let live_heap = evidence
        .live_heap
        .as_ref()
        .map(|series| judged(series, &bytes, true));
    let goroutines = evidence
        .goroutines
        .as_ref()
        .map(|series| judged(series, &Thresholds::counts(), false));
    let parts = evidence
        .parts
        .iter()
        .map(|(part, series)| PartCourse {
            part: *part,
            course: judged(series, &bytes, false),
            share: 0.0,
        })
        .collect();
    evidence
        .heaps
        .retain(|heap| heap.unix_nanos as f64 >= stretch.from * 1e9);
    let limit = evidence.limit.and_then(|limit| {
        let course = resident.as_ref().filter(|course| course.grows)?;
        let per_hour = course.per_hour?;
        let rate = Rate {
            bytes_per_hour: per_hour.value,
            low: per_hour.low,
            high: per_hour.high,
        };
        reached(limit, course.last, &rate)
    });
    let mut found = Growth {
        schema: GROWTH_SCHEMA,
        grows: false,
        from: stretch.from,
        until: evidence.until(),
        restarts: stretch.restarts,
        resident,
        parts: shared(parts),
        live_heap,
        goroutines,
        goroutine_sites: waiting(&evidence, stretch.from),
        limit,
        heap: leaks(std::mem::take(&mut evidence.heaps), None).ok(),
        findings: Vec::new(),
    };
    let memory = evidence.live_heap.as_ref().or(evidence.resident.as_ref());
    let stays = memory.is_some_and(|series| has_risen(&series.since(stretch.from)));
    found.findings = rank(
        pressing::of(&evidence, &found)
            .into_iter()
            .chain(findings::of(&found, stays))
            .collect(),
    );
    let courses = [&found.resident, &found.live_heap, &found.goroutines];
    found.grows = courses.into_iter().flatten().any(|course| course.grows)
        || !found.live_heap_is_judged() && found.heap.as_ref().is_some_and(|heap| heap.leaks)
        || found.parts.iter().any(|part| part.course.grows);
    found
}

fn course(values: &Series, verdict: &Verdict) -> Course {
    const HOUR: f64 = 3600.0;
    let is_short = verdict.checks.iter().any(|check| {
        use fathom_trends::Condition::{Duration, Points};
        matches!(check.condition, Duration | Points) && !check.holds
    });
    let shape = if is_short {
        Shape::Unknown
    } else {
        verdict.shape
    };
    let per_hour = |slope: Slope| PerHour {
        value: slope.per_second * HOUR,
        low: slope.low * HOUR,
        high: slope.high * HOUR,
    };
    Course {
        grows: verdict.leaks,
        shape: name_of(shape),
        first: end(values, |length, part| 0..part.min(length)),
        last: end(values, |length, part| length.saturating_sub(part)..length),
        per_hour: verdict.slope.map(per_hour),
        checks: verdict.checks.iter().map(LeakCheck::from).collect(),
    }
}

/// The values that are known, the smallest first.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    values
}

/// The median of a twentieth at one end of a series, which a saw-tooth does not hide.
fn end(series: &Series, which: impl Fn(usize, usize) -> std::ops::Range<usize>) -> f64 {
    let part = series.len().div_ceil(20);
    let range = which(series.len(), part);
    let values = sorted(series.values().get(range).unwrap_or_default());
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Whether nearly all of the last quarter of a series is above nearly all of its first: what comes
/// and goes is no step.
fn has_risen(series: &Series) -> bool {
    let quarter = series.len() / 4;
    let values = series.values();
    let before = sorted(values.get(..quarter).unwrap_or_default());
    let after = sorted(values.get(series.len() - quarter..).unwrap_or_default());
    let most_before = before.get(before.len() * 9 / 10);
    let least_after = after.get(after.len() / 10);
    matches!((most_before, least_after), (Some(before), Some(after)) if before < after)
}

/// Gives each part its share of the growth.
fn shared(mut parts: Vec<PartCourse>) -> Vec<PartCourse> {
    let grown = |part: &PartCourse| (part.course.last - part.course.first).max(0.0);
    let all: f64 = parts.iter().map(grown).sum();
    for part in &mut parts {
        part.share = if all > 0.0 { grown(part) / all } else { 0.0 };
    }
    parts.sort_by(|a, b| b.share.total_cmp(&a.share));
    parts
}

/// The places where more goroutines wait than did, the one that grew most first.
fn waiting(evidence: &GrowthEvidence, from: f64) -> Vec<GrowingGoroutines> {
    const FEWEST: f64 = 10.0;
    let first = evidence
        .goroutine_times
        .partition_point(|&time| time < from);
    let mut found: Vec<GrowingGoroutines> = evidence
        .goroutine_sites
        .iter()
        .filter_map(|site| {
            let counts = site.counts.get(first..)?;
            let (first, last) = (*counts.first()?, *counts.last()?);
            (last - first >= FEWEST).then(|| GrowingGoroutines {
                place: site.place.clone(),
                first,
                last,
                share: last - first,
            })
        })
        .collect();
    let all: f64 = found.iter().map(|site| site.share).sum();
    for site in &mut found {
        site.share /= all;
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    found
}

#[cfg(test)]
mod tests;
