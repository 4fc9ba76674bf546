//! Curves of plots, of single series and of functions.

use std::collections::{BTreeMap, HashMap, HashSet};

use fathom_history::{
    Counted, CurveQuery, History, Labels, PointsQuery, Range, Selector, Step, Steps,
};
use fathom_series::plots::{Expr, Heat, Mode, Plot, Sample, Style};
use fathom_series::{Kind, Unit};
use serde::Serialize;

use super::failed;
use crate::problem::Problem;

/// What one line did, step by step; `None` where there is nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) mean: Vec<Option<f64>>,
    /// The smallest and largest values of each step, where a step holds several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) min: Option<Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<Vec<Option<f64>>>,
}

/// A distribution over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Heatmap {
    /// One more than there are buckets; what is infinite is null.
    pub(crate) boundaries: Vec<f64>,
    /// A row for each step: the count of each bucket.
    pub(crate) rows: Vec<Vec<u64>>,
}

/// A plot's data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Curves {
    pub(crate) schema: &'static str,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) unit: String,
    pub(crate) per_second: bool,
    pub(crate) style: Style,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) step_ms: i64,
    /// When each step begins, in milliseconds since 1970 (UTC).
    pub(crate) times: Vec<i64>,
    pub(crate) lines: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) heatmap: Option<Heatmap>,
}

const SCHEMA: &str = "fathom.curves/1";

impl Curves {
    fn new(title: &str, about: &str, unit: &str, style: Style, range: Range, step_ms: i64) -> Self {
        Self {
            schema: SCHEMA,
            title: title.to_owned(),
            about: about.to_owned(),
            unit: unit.to_owned(),
            per_second: false,
            style,
            from_ms: range.from_ms,
            to_ms: range.to_ms,
            step_ms,
            times: Vec::new(),
            lines: Vec::new(),
            heatmap: None,
        }
    }
}

/// The series of one target, by step.
struct Fetched {
    times: Vec<i64>,
    by_name: HashMap<String, BTreeMap<i64, Step>>,
    step_ms: i64,
}

impl Fetched {
    fn of(
        history: &dyn History,
        target: &Labels,
        names: Vec<String>,
        range: Range,
        step_ms: i64,
    ) -> Result<Self, Problem> {
        let query = PointsQuery {
            selector: Selector::of(target),
            names,
            range,
            step_ms,
        };
        let mut fetched = Self {
            times: Vec::new(),
            by_name: HashMap::new(),
            step_ms,
        };
        for curve in history.points(&query).map_err(failed)? {
            if curve.target != *target {
                continue;
            }
            if let Steps::Numbers(steps) = curve.steps {
                let steps: BTreeMap<i64, Step> =
                    steps.into_iter().map(|step| (step.at_ms, step)).collect();
                fetched.times.extend(steps.keys());
                fetched.by_name.insert(curve.name, steps);
            }
        }
        fetched.times.sort_unstable();
        fetched.times.dedup();
        Ok(fetched)
    }

    fn line(&self, label: &str, expr: &Expr) -> Line {
        let of_gauges = matches!(expr.mode, Mode::Value);
        let spread = match (of_gauges, expr.terms, expr.over) {
            (true, [(name, factor)], None) if *factor > 0.0 => self.by_name.get(*name),
            _ => None,
        };
        let mut before = None;
        let mut mean = Vec::with_capacity(self.times.len());
        for &at_ms in &self.times {
            let sample = Moment {
                fetched: self,
                at_ms,
                since_ms: before.unwrap_or(at_ms.saturating_sub(self.step_ms)),
            };
            let value = expr.value(&sample);
            // What a counter grew by before it was first seen is not known.
            let is_first = before.is_none() && !of_gauges && value == Some(0.0);
            let value = value.filter(|_| !is_first);
            if value.is_some() || is_first {
                before = Some(at_ms);
            }
            mean.push(value.filter(|value| value.is_finite()));
        }
        let bound = |pick: fn(&Step) -> f64| {
            spread.map(|steps| {
                let at = |time: &i64| steps.get(time).map(pick);
                self.times.iter().map(at).collect()
            })
        };
        Line {
            label: label.to_owned(),
            mean,
            min: bound(|step| step.min),
            max: bound(|step| step.max),
        }
    }
}

/// One step of what was fetched.
struct Moment<'a> {
    fetched: &'a Fetched,
    at_ms: i64,
    /// When the step before it began that holds something.
    since_ms: i64,
}

impl Moment<'_> {
    fn step(&self, name: &str) -> Option<&Step> {
        self.fetched.by_name.get(name)?.get(&self.at_ms)
    }
}

impl Sample for Moment<'_> {
    fn value(&self, name: &str) -> Option<f64> {
        self.step(name).map(|step| step.mean)
    }

    fn increase(&self, name: &str) -> Option<f64> {
        self.step(name).map(|step| step.increase)
    }

    fn seconds(&self) -> f64 {
        self.at_ms.saturating_sub(self.since_ms) as f64 / 1e3
    }
}

/// The curves of a plot.
pub(crate) fn of_plot(
    history: &dyn History,
    target: &Labels,
    plot: &'static Plot,
    range: Range,
    step_ms: i64,
) -> Result<Curves, Problem> {
    let known = names(history, target)?;
    let has = |name: &str| known.contains_key(name);
    let mut curves = Curves::new(
        plot.title,
        plot.about,
        plot.unit.name(),
        plot.style,
        range,
        step_ms,
    );
    curves.per_second = plot.per_second;
    if plot.style == Style::Heatmap {
        let heat = plot
            .heat
            .iter()
            .find(|heat| has(heat.added) && heat.taken.is_none_or(has));
        match heat {
            Some(Heat {
                added,
                taken: Some(taken),
            }) => fill_state(history, target, added, taken, &mut curves)?,
            Some(heat) => fill_heatmap(history, target, heat.added, &mut curves)?,
            None => {}
        }
        return Ok(curves);
    }
    let sources: Vec<(&str, &Expr)> = plot
        .lines
        .iter()
        .filter_map(|line| Some((line.label, line.source(&has)?)))
        .collect();
    let wanted: HashSet<&str> = sources.iter().flat_map(|(_, expr)| expr.names()).collect();
    if wanted.is_empty() {
        return Ok(curves);
    }
    let wanted = wanted.into_iter().map(str::to_owned).collect();
    let fetched = Fetched::of(history, target, wanted, range, step_ms)?;
    curves.lines = sources
        .iter()
        .map(|(label, expr)| fetched.line(label, expr))
        .collect();
    curves.times = fetched.times;
    Ok(curves)
}

/// The curve of a series by its name: of a counter, its increase a second.
pub(crate) fn of_series(
    history: &dyn History,
    target: &Labels,
    name: &str,
    range: Range,
    step_ms: i64,
) -> Result<Curves, Problem> {
    let known = names(history, target)?;
    let Some((kind, unit)) = known.get(name) else {
        return Err(
            Problem::not_found(format!("there is no series {name:?} of this target"))
                .hint("api/v1/history/series lists them"),
        );
    };
    let (style, about) = match kind {
        Kind::Gauge => (Style::Lines, "A gauge."),
        Kind::Counter => (Style::Lines, "A counter: its increase a second."),
        Kind::Histogram => (Style::Heatmap, "A distribution: what each interval added."),
    };
    let mut curves = Curves::new(name, about, unit.name(), style, range, step_ms);
    if *kind == Kind::Histogram {
        fill_heatmap(history, target, name, &mut curves)?;
        return Ok(curves);
    }
    let fetched = Fetched::of(history, target, vec![name.to_owned()], range, step_ms)?;
    let steps = fetched.by_name.get(name);
    let step = |at: &i64| steps.and_then(|steps| steps.get(at));
    let mut line = Line {
        label: name.to_owned(),
        mean: Vec::new(),
        min: None,
        max: None,
    };
    if *kind == Kind::Counter {
        curves.per_second = true;
        let mut before: Option<i64> = None;
        for at in &fetched.times {
            let seconds = at.saturating_sub(before.unwrap_or(at - step_ms)) as f64 / 1e3;
            before = Some(*at);
            let rate = step(at).map(|step| step.increase / seconds);
            let is_first = line.mean.is_empty() && rate == Some(0.0);
            line.mean
                .push(rate.filter(|rate| rate.is_finite() && !is_first));
        }
    } else {
        let all =
            |pick: fn(&Step) -> f64| fetched.times.iter().map(|at| step(at).map(pick)).collect();
        line.mean = all(|step| step.mean);
        line.min = Some(all(|step| step.min));
        line.max = Some(all(|step| step.max));
    }
    curves.lines = vec![line];
    curves.times = fetched.times;
    Ok(curves)
}

/// What a function cost over time: a line for itself and one with what it called, of one sample
/// type.
pub(crate) fn of_function(
    history: &dyn History,
    query: &CurveQuery,
    function: &str,
    sample_type: &str,
) -> Result<Curves, Problem> {
    let one = CurveQuery {
        sample_type: Some(sample_type.to_owned()),
        ..query.clone()
    };
    let found = history.function_curve(&one, function).map_err(failed)?;
    let Some(curve) = found.into_iter().next() else {
        let all = history.function_curve(query, function).map_err(failed)?;
        let types: Vec<&str> = all.iter().map(|curve| curve.sample_type.as_str()).collect();
        return Err(
            Problem::not_found(format!("there is no sample type {sample_type:?}"))
                .hint(format!("there are: {}", types.join(", "))),
        );
    };
    let mut curves = Curves::new(
        function,
        "What the function holds or used itself, and with what it called.",
        &curve.unit,
        Style::Lines,
        query.range,
        query.step_ms,
    );
    let line = |label: &str, pick: fn(&fathom_history::FunctionStep) -> f64| Line {
        label: label.to_owned(),
        mean: curve.steps.iter().map(|step| Some(pick(step))).collect(),
        min: None,
        max: None,
    };
    curves.lines = vec![line("flat", |step| step.flat), line("cum", |step| step.cum)];
    curves.times = curve.steps.iter().map(|step| step.at_ms).collect();
    Ok(curves)
}

/// The series of numbers that a target has.
fn names(history: &dyn History, target: &Labels) -> Result<HashMap<String, (Kind, Unit)>, Problem> {
    let all = history.series(&Selector::of(target)).map_err(failed)?;
    Ok(all
        .into_iter()
        .filter(|series| series.target == *target)
        .filter_map(|series| match series.family {
            fathom_history::Family::Points(kind) => {
                let unit = series.unit.parse().unwrap_or(Unit::Unknown);
                Some((series.name, (kind, unit)))
            }
            fathom_history::Family::Stacks(_) => None,
        })
        .collect())
}

/// What each interval added to a distribution.
fn fill_heatmap(
    history: &dyn History,
    target: &Labels,
    name: &str,
    curves: &mut Curves,
) -> Result<(), Problem> {
    let query = PointsQuery {
        selector: Selector::of(target),
        names: vec![name.to_owned()],
        range: Range::new(curves.from_ms, curves.to_ms),
        step_ms: curves.step_ms,
    };
    let mut found = Heatmap {
        boundaries: Vec::new(),
        rows: Vec::new(),
    };
    // A distribution whose buckets another version of Go divides otherwise is another series.
    let mut rows: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for curve in history.points(&query).map_err(failed)? {
        let Steps::Buckets { boundaries, steps } = curve.steps else {
            continue;
        };
        if curve.target != *target || boundaries.len() < found.boundaries.len() {
            continue;
        }
        if boundaries != found.boundaries {
            rows.clear();
            found.boundaries = boundaries;
        }
        rows.extend(steps.into_iter().map(|step| (step.at_ms, step.counts)));
    }
    curves.times = rows.keys().copied().collect();
    found.rows = rows.into_values().collect();
    curves.heatmap = Some(found);
    Ok(())
}

/// What was added since the start and not taken: a state, at the end of each step.
fn fill_state(
    history: &dyn History,
    target: &Labels,
    added: &str,
    taken: &str,
    curves: &mut Curves,
) -> Result<(), Problem> {
    let query = PointsQuery {
        selector: Selector::of(target),
        names: vec![added.to_owned(), taken.to_owned()],
        range: Range::new(curves.from_ms, curves.to_ms),
        step_ms: curves.step_ms,
    };
    let mut all = history.counts(&query).map_err(failed)?;
    all.retain(|counted| counted.target == *target);
    let of = |name: &str| {
        let own = all.iter().filter(|counted| counted.name == name);
        own.max_by_key(|counted| counted.steps.last().map(|step| step.at_ms))
    };
    let (Some(added), Some(taken)) = (of(added), of(taken)) else {
        return Ok(());
    };
    if added.boundaries != taken.boundaries {
        return Ok(());
    }
    let known_from = added.known_from_ms.max(taken.known_from_ms);
    let steps = |counted: &Counted| -> BTreeMap<i64, Vec<u64>> {
        let steps = counted.steps.iter();
        steps
            .map(|step| (step.at_ms, step.counts.clone()))
            .collect()
    };
    let (adding, taking) = (steps(added), steps(taken));
    let mut times: Vec<i64> = adding.keys().chain(taking.keys()).copied().collect();
    times.sort_unstable();
    times.dedup();
    // Counts hold until they change: objects are freed only once in a while.
    let (mut had, mut lost) = (&added.before, &taken.before);
    let mut rows = Vec::with_capacity(times.len());
    for at_ms in &times {
        had = adding.get(at_ms).unwrap_or(had);
        lost = taking.get(at_ms).unwrap_or(lost);
        let left = had.iter().zip(lost);
        rows.push(left.map(|(had, lost)| had.saturating_sub(*lost)).collect());
    }
    if times.first().is_some_and(|first| *first < known_from) {
        curves.about.push_str(
            " Of a process that has ended, what it held before it was first looked at is missing.",
        );
    }
    curves.times = times;
    curves.heatmap = Some(Heatmap {
        boundaries: added.boundaries.clone(),
        rows,
    });
    Ok(())
}
