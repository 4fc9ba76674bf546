//! Targets, series, profiles and marks.

use axum::body::Bytes;
use fathom_history::{
    ArtefactInfo, History, Labels, Mark, PointsQuery, ProfileEntry, Range, Run, Selector,
    SeriesInfo, Steps, Usage,
};
use fathom_series::plots::{Between, Plot};
use fathom_series::{Look, Reading};
use serde::Serialize;

use super::super::{Work, json};
use super::time::Span;
use crate::past::{failed, target_id};
use crate::problem::Problem;

/// How far back the latest values of a target lie at most.
const LATEST_MS: i64 = 120_000;

/// The values of which the list of targets tells the latest.
const OVERVIEW: &[(&str, &str)] = &[
    ("resident", "RSS"),
    ("heap", "HeapAlloc"),
    ("gc-memory", "live heap"),
    ("gc-memory", "goal"),
    ("goroutines", "goroutines"),
    ("cgroup", "limit"),
    ("gc-cpu-fraction", "GCCPUFraction"),
];

#[derive(Serialize)]
struct TargetList {
    schema: &'static str,
    now_ms: i64,
    targets: Vec<Target>,
    usage: Usage,
}

#[derive(Serialize)]
struct Target {
    id: String,
    labels: Labels,
    first_ms: i64,
    last_ms: i64,
    bytes: u64,
    runs: Vec<Run>,
    /// The latest values, by the label of the line.
    latest: Vec<Latest>,
    findings: usize,
}

#[derive(Serialize)]
struct Latest {
    plot: &'static str,
    line: &'static str,
    unit: &'static str,
    value: f64,
}

pub(super) fn targets(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let history = past.history();
    let mut targets = Vec::new();
    for info in history.targets().map_err(failed)? {
        let selector = Selector::of(&info.labels);
        let range = Range::new(info.last_ms.saturating_sub(86_400_000), i64::MAX);
        let findings = history.findings(&selector, range).map_err(failed)?;
        targets.push(Target {
            id: target_id(&info.labels),
            latest: latest(history, &info.labels, info.last_ms)?,
            first_ms: info.first_ms,
            last_ms: info.last_ms,
            bytes: info.bytes,
            runs: info.runs,
            findings: findings
                .iter()
                .filter(|finding| finding.target == info.labels)
                .count(),
            labels: info.labels,
        });
    }
    json(&TargetList {
        schema: "fathom.targets/1",
        now_ms: jiff::Timestamp::now().as_millisecond(),
        targets,
        usage: history.usage().map_err(failed)?,
    })
}

fn latest(history: &dyn History, target: &Labels, last_ms: i64) -> Result<Vec<Latest>, Problem> {
    let lines = OVERVIEW.iter().filter_map(|(id, label)| {
        let plot = Plot::find(id)?;
        Some((plot, plot.line(label)?))
    });
    let names = lines
        .clone()
        .flat_map(|(_, line)| line.from)
        .flat_map(fathom_series::plots::Expr::names)
        .map(str::to_owned)
        .collect();
    let query = PointsQuery {
        selector: Selector::of(target),
        names,
        range: Range::new(last_ms.saturating_sub(LATEST_MS), last_ms.saturating_add(1)),
        step_ms: 0,
    };
    let mut look = Look {
        at_ms: last_ms,
        ..Look::default()
    };
    for curve in history.points(&query).map_err(failed)? {
        if let Steps::Numbers(steps) = curve.steps
            && let Some(last) = steps.last()
            && curve.target == *target
        {
            look.readings
                .push(Reading::gauge(curve.name, curve.unit, last.last));
        }
    }
    let sample = Between {
        before: None,
        now: &look,
    };
    Ok(lines
        .filter_map(|(plot, line)| {
            Some(Latest {
                plot: plot.id,
                line: line.label,
                unit: plot.unit.name(),
                value: line.value(&sample).filter(|value| value.is_finite())?,
            })
        })
        .collect())
}

#[derive(Serialize)]
struct SeriesList {
    schema: &'static str,
    series: Vec<SeriesInfo>,
}

pub(super) fn series(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let target = past.target(work.query.own("target"))?;
    let mut series = past
        .history()
        .series(&Selector::of(&target.labels))
        .map_err(failed)?;
    series.retain(|one| one.target == target.labels);
    json(&SeriesList {
        schema: "fathom.series/1",
        series,
    })
}

#[derive(Serialize)]
struct ProfileList {
    schema: &'static str,
    profiles: Vec<ProfileEntry>,
    artefacts: Vec<ArtefactInfo>,
}

pub(super) fn profiles(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let target = past.target(work.query.own("target"))?;
    let span = Span::of(work.query, &target)?;
    let selector = Selector::of(&target.labels);
    let mut profiles = past
        .history()
        .profiles(&selector, work.query.own("kind"), span.range)
        .map_err(failed)?;
    profiles.retain(|entry| entry.target == target.labels);
    let mut artefacts = past
        .history()
        .artefacts(&selector, span.range)
        .map_err(failed)?;
    artefacts.retain(|artefact| artefact.target == target.labels);
    json(&ProfileList {
        schema: "fathom.profiles/1",
        profiles,
        artefacts,
    })
}

#[derive(Serialize)]
struct MarkList {
    schema: &'static str,
    marks: Vec<Mark>,
}

pub(super) fn marks(work: &Work<'_>) -> Result<Bytes, Problem> {
    let past = work.past()?;
    let target = past.target(work.query.own("target"))?;
    let span = Span::of(work.query, &target)?;
    let found = past
        .history()
        .marks(&Selector::of(&target.labels), span.range)
        .map_err(failed)?;
    let own = found.into_iter().filter(|mark| {
        mark.target
            .as_ref()
            .is_none_or(|labels| *labels == target.labels)
    });
    json(&MarkList {
        schema: "fathom.marks/1",
        marks: own.map(|mark| mark.mark).collect(),
    })
}
