//! What a history tells of growth.

use std::collections::BTreeMap;

use fathom_explain::{DatedHeap, GoroutineSite, Growth, GrowthEvidence, Part, growth};
use fathom_history::{
    At, Curve, History, Labels, PointsQuery, Range, Result, Run, Selector, Steps, TargetInfo,
};
use fathom_profile::Profile;
use fathom_series::plots::{Expr, Line, Mode, Plot, Sample};
use fathom_trends::Series;

/// The most profiles of a kind that are read for one judgement.
pub const MOST_HEAPS: usize = 40;

/// The most steps of a series for one judgement.
const MOST_STEPS: i64 = 1500;

/// Judges a target by what a history holds of a range.
///
/// # Errors
///
/// When the history cannot be read.
pub fn growth_of(history: &dyn History, target: &Labels, range: Range) -> Result<Growth> {
    let targets = history.targets()?;
    let Some(info) = targets.iter().find(|info| info.labels == *target) else {
        return Ok(growth(GrowthEvidence::default()));
    };
    let range = Range::new(
        range.from_ms.max(info.first_ms),
        range.to_ms.min(info.last_ms.saturating_add(1)),
    );
    let points = Points::read(history, target, range)?;
    let started = runs(info, range);
    let mut evidence = GrowthEvidence {
        started,
        resident: points.line("resident", "RSS"),
        live_heap: points
            .line("gc-memory", "live heap")
            .or_else(|| points.reading("profile.heap.inuse_space")),
        goroutines: points.line("goroutines", "goroutines"),
        collections: points.line("gc-count", "NumGC"),
        allocation_rate: points.line("allocation-rate", "allocated"),
        limit: points.last("cgroup", "limit"),
        working_set: points
            .line("cgroup", "working set")
            .or_else(|| points.line("cgroup", "charge")),
        committed: points.line("gc-memory", "memory in use"),
        // Without a limit it is the largest number there is.
        memory_limit: points
            .last("gc-memory", "memory limit")
            .filter(|limit| *limit < i64::MAX.unsigned_abs()),
        gc_share: points.line("gc-cpu-fraction", "in the interval"),
        leaked: leaked(history, target, last_run(info, range))?,
        ..GrowthEvidence::default()
    };
    for (part, label) in Part::ALL {
        if let Some(series) = points.line("memory-parts", label) {
            evidence.parts.push((part, series));
        }
    }
    evidence.heaps = heaps(history, target, range)?;
    (evidence.goroutine_times, evidence.goroutine_sites) = goroutines(history, target, range)?;
    Ok(growth(evidence))
}

/// The part of a range in which the process ran that ran last.
fn last_run(info: &TargetInfo, range: Range) -> Range {
    let first_ms = info.runs.last().map_or(range.from_ms, |run| run.first_ms);
    Range::new(first_ms.max(range.from_ms), range.to_ms)
}

/// When the process was started, at the first and last look of each of its runs.
fn runs(info: &TargetInfo, range: Range) -> Option<Series> {
    let mut at = BTreeMap::new();
    let is_within = |run: &&Run| run.last_ms >= range.from_ms && run.first_ms < range.to_ms;
    for run in info.runs.iter().filter(is_within) {
        let started = run.started_ms.unwrap_or(run.first_ms);
        at.insert(run.first_ms.max(range.from_ms), seconds(started));
        at.insert(run.last_ms.min(range.to_ms - 1), seconds(started));
    }
    let (times, values) = at
        .into_iter()
        .map(|(at, value)| (seconds(at), value))
        .unzip();
    Series::new(times, values).ok()
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

/// The numbers of a target, by name and step.
struct Points {
    curves: Vec<Curve>,
}

impl Points {
    fn read(history: &dyn History, target: &Labels, range: Range) -> Result<Self> {
        let lines = [
            ("resident", "RSS"),
            ("cgroup", "limit"),
            ("cgroup", "working set"),
            ("cgroup", "charge"),
            ("gc-memory", "live heap"),
            ("gc-memory", "memory in use"),
            ("gc-memory", "memory limit"),
            ("gc-cpu-fraction", "in the interval"),
            ("goroutines", "goroutines"),
            ("gc-count", "NumGC"),
            ("allocation-rate", "allocated"),
        ];
        let parts = Part::ALL.map(|(_, label)| ("memory-parts", label));
        let names = lines
            .iter()
            .chain(&parts)
            .filter_map(|(plot, label)| Plot::find(plot)?.line(label))
            .flat_map(|line| line.from.iter().flat_map(Expr::names))
            .chain(["profile.heap.inuse_space"])
            .map(str::to_owned)
            .collect();
        let length = range.to_ms.saturating_sub(range.from_ms);
        let mut curves = history.points(&PointsQuery {
            selector: Selector::of(target),
            names,
            range,
            step_ms: (length / MOST_STEPS).max(1000),
        })?;
        curves.retain(|curve| curve.target == *target);
        Ok(Self { curves })
    }

    fn has(&self, name: &str) -> bool {
        self.curves.iter().any(|curve| curve.name == name)
    }

    /// The series of a plot's line.
    fn line(&self, plot: &str, label: &str) -> Option<Series> {
        let line: &Line = Plot::find(plot)?.line(label)?;
        let expr = line.source(&|name| self.has(name))?;
        self.series(expr)
    }

    fn reading(&self, name: &'static str) -> Option<Series> {
        let curve = self.curves.iter().find(|curve| curve.name == name)?;
        let Steps::Numbers(steps) = &curve.steps else {
            return None;
        };
        let (times, values) = steps
            .iter()
            .map(|step| (seconds(step.at_ms), step.last))
            .unzip();
        Series::new(times, values).ok()
    }

    fn last(&self, plot: &str, label: &str) -> Option<u64> {
        let series = self.line(plot, label)?;
        let last = series.values().last().copied()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a size in bytes; saturates"
        )]
        let last = last.max(0.0) as u64;
        Some(last)
    }

    fn series(&self, expr: &Expr) -> Option<Series> {
        let mut steps: BTreeMap<i64, BTreeMap<&str, (f64, f64)>> = BTreeMap::new();
        for name in expr.names() {
            let curve = self.curves.iter().find(|curve| curve.name == name)?;
            let Steps::Numbers(found) = &curve.steps else {
                return None;
            };
            for step in found {
                // Of gauges the smallest value of a step: free of what a collection takes away.
                let value = if expr.terms.len() == 1 && expr.mode == Mode::Value {
                    step.min
                } else {
                    step.last
                };
                let at = steps.entry(step.at_ms).or_default();
                at.insert(name, (value, step.increase));
            }
        }
        let mut before = None;
        let mut times = Vec::with_capacity(steps.len());
        let mut values = Vec::with_capacity(steps.len());
        for (at_ms, readings) in &steps {
            let sample = Step {
                readings,
                seconds: before.map_or(0.0, |before| seconds(at_ms - before)),
            };
            before = Some(*at_ms);
            if let Some(value) = expr.value(&sample) {
                times.push(seconds(*at_ms));
                values.push(value);
            }
        }
        Series::new(times, values).ok()
    }
}

struct Step<'a> {
    readings: &'a BTreeMap<&'a str, (f64, f64)>,
    seconds: f64,
}

impl Sample for Step<'_> {
    fn value(&self, name: &str) -> Option<f64> {
        self.readings.get(name).map(|(value, _)| *value)
    }

    fn increase(&self, name: &str) -> Option<f64> {
        self.readings.get(name).map(|(_, increase)| *increase)
    }

    fn seconds(&self) -> f64 {
        self.seconds
    }
}

/// Moments of profiles of a kind, evenly over a range.
fn moments(history: &dyn History, target: &Labels, kind: &str, range: Range) -> Result<Vec<i64>> {
    let entries = history.profiles(&Selector::of(target), Some(kind), range)?;
    let times: Vec<i64> = entries
        .iter()
        .filter(|entry| entry.target == *target)
        .map(|entry| entry.at_ms)
        .collect();
    if times.len() <= MOST_HEAPS {
        return Ok(times);
    }
    let last = times.len() - 1;
    let pick = |index: usize| times.get(index * last / (MOST_HEAPS - 1)).copied();
    Ok((0..MOST_HEAPS).filter_map(pick).collect())
}

fn profile(
    history: &dyn History,
    target: &Labels,
    kind: &str,
    at_ms: i64,
) -> Result<Option<Profile>> {
    history.profile_at(target, kind, At::Nearest(at_ms))
}

fn heaps(history: &dyn History, target: &Labels, range: Range) -> Result<Vec<DatedHeap>> {
    let mut heaps = Vec::new();
    for at_ms in moments(history, target, "heap", range)? {
        if let Some(profile) = profile(history, target, "heap", at_ms)? {
            heaps.extend(DatedHeap::read(&profile, at_ms.saturating_mul(1_000_000)));
        }
    }
    Ok(heaps)
}

/// The goroutines that the runtime found leaked when it last looked.
fn leaked(history: &dyn History, target: &Labels, range: Range) -> Result<Vec<(String, u64)>> {
    let entries = history.profiles(&Selector::of(target), Some("goroutineleak"), range)?;
    let last = entries.iter().filter(|entry| entry.target == *target);
    let Some(at_ms) = last.map(|entry| entry.at_ms).max() else {
        return Ok(Vec::new());
    };
    let found = profile(history, target, "goroutineleak", at_ms)?;
    Ok(found.map_or_else(Vec::new, |found| fathom_explain::goroutine_places(&found)))
}

/// Where goroutines wait, over time: by the first frame of the program in their stacks.
fn goroutines(
    history: &dyn History,
    target: &Labels,
    range: Range,
) -> Result<(Vec<f64>, Vec<GoroutineSite>)> {
    let times = moments(history, target, "goroutine", range)?;
    let mut sites: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut seen = Vec::new();
    for at_ms in times {
        let Some(profile) = profile(history, target, "goroutine", at_ms)? else {
            continue;
        };
        for (place, count) in fathom_explain::goroutine_places(&profile) {
            let counts = sites.entry(place).or_default();
            counts.resize(seen.len(), 0.0);
            counts.push(count as f64);
        }
        seen.push(seconds(at_ms));
    }
    let sites = sites
        .into_iter()
        .map(|(place, mut counts)| {
            counts.resize(seen.len(), 0.0);
            GoroutineSite { place, counts }
        })
        .collect();
    Ok((seen, sites))
}
