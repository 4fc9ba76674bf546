//! A session as JSON, one object a look: the contract of `fathom watch --json`.

use std::collections::BTreeMap;

use fathom_finding::Finding;
use fathom_series::plots::{PLOTS, Style};
use serde::Serialize;

use crate::live::{Session, tracks};

/// The version of the contract.
pub const SCHEMA: &str = "fathom.watch/1";

/// What a session shows at one look.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// When, as `2026-11-22T10:00:00.123Z`.
    pub time: String,
    /// The same in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// What is watched.
    pub target: &'a str,
    /// How it answers: `fine`, `partly`, `lost` or `ended`.
    pub state: &'static str,
    /// Since when, in milliseconds since 1970 (UTC).
    pub state_since_ms: i64,
    /// Why it is not fine.
    pub why: Option<&'a str>,
    /// When the process started, in milliseconds since 1970 (UTC), if that is known.
    pub started_ms: Option<i64>,
    /// How many times it started anew since it is watched.
    pub restarts: u32,
    /// The toolchain that built it.
    pub go_version: Option<&'a str>,
    /// Every number of the look by its name; distributions are left out. None if it is lost.
    pub readings: BTreeMap<&'a str, f64>,
    /// What the plots make of them: id, label, value.
    pub plots: BTreeMap<&'static str, BTreeMap<&'static str, f64>>,
    /// What was found last.
    pub findings: Vec<Finding>,
}

/// Says what a session shows now.
pub fn answer(session: &Session) -> Answer<'_> {
    let mut answer = Answer {
        schema: SCHEMA,
        time: jiff::Timestamp::from_millisecond(session.heard_ms)
            .map(|moment| format!("{moment:.3}"))
            .unwrap_or_default(),
        at_ms: session.heard_ms,
        target: &session.name,
        state: session.state.word(),
        state_since_ms: session.state_since_ms,
        why: session.state.why(),
        started_ms: session.last.as_ref().and_then(|look| look.started_ms),
        restarts: session.restarts,
        go_version: session.go_version.as_deref(),
        readings: BTreeMap::new(),
        plots: BTreeMap::new(),
        findings: session.findings(),
    };
    let Some(point) = session.latest() else {
        return answer;
    };
    let readings = session.last.iter().flat_map(|look| &look.readings);
    answer.readings = readings
        .filter_map(|reading| Some((reading.name.as_str(), reading.number()?)))
        .filter(|(_, number)| number.is_finite())
        .collect();
    for (index, plot) in PLOTS.iter().enumerate() {
        if plot.style == Style::Heatmap {
            continue;
        }
        let values: BTreeMap<&str, f64> = plot
            .lines
            .iter()
            .zip(tracks::of(index))
            .filter_map(|(line, track)| Some((line.label, point.band(track)?.mean)))
            .filter(|(_, value)| value.is_finite())
            .collect();
        if !values.is_empty() {
            answer.plots.insert(plot.id, values);
        }
    }
    answer
}
