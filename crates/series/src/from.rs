//! Readings from the artefacts of a capture.

mod expvar;
mod gctrace;
mod kernel;
mod memstats;
mod metrics;
mod page;
mod profile;

use fathom_evidence::{Capture, Kind as ArtefactKind};
use fathom_goruntime::memstats::MemStats;
use fathom_goruntime::metrics::Metrics;
use fathom_goruntime::version::GoVersion;

pub use gctrace::{cycle_readings, scavenge_readings};
pub use profile::profile_readings;

use crate::{Look, Reading};

/// Most readings that one look keeps; what a page holds beyond is left out.
pub const MAX_READINGS: usize = 20_000;

/// One collection of the garbage, as MemStats remember the last 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// When it ended, in milliseconds since 1970 (UTC).
    pub ended_ms: i64,
    /// How long it stopped the world, in nanoseconds.
    pub pause_ns: u64,
}

/// What a capture gives beside its readings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// The readings.
    pub look: Look,
    /// The collections that MemStats remember, in order of time.
    pub collections: Vec<Collection>,
    /// The toolchain that built the program, as `go1.27.3`.
    pub go_version: Option<String>,
    /// What could not be understood, a line each.
    pub problems: Vec<String>,
}

impl Taken {
    /// Reads a capture of one look.
    ///
    /// Profiles are left to [`profile_readings`], because who keeps them has read them already.
    /// An artefact that does not parse is a problem, and no reason to lose the others.
    pub fn of(capture: &Capture) -> Self {
        let mut taken = Self::default();
        taken.look.at_ms = milliseconds(capture.started_at_unix_nanos);
        taken.go_version.clone_from(&capture.target.go_version);
        taken.kernel(capture);
        let (metrics, own) = taken.program(capture);
        taken.go_version = taken
            .go_version
            .take()
            .or_else(|| metrics.go_version().map(str::to_owned))
            .filter(|version| GoVersion::parse(version).is_some());
        if taken.look.started_ms.is_none() {
            taken.look.started_ms = metrics.process_start_seconds().map(|seconds| {
                #[expect(clippy::cast_possible_truncation, reason = "saturates")]
                let started = (seconds * 1e3).round() as i64;
                started
            });
        }
        let stats = taken.memstats(capture, &metrics);
        if let Some(stats) = &stats {
            let since = memstats::since_last_collection(stats, taken.look.at_ms);
            taken.look.readings.extend(memstats::readings(stats));
            taken.look.readings.extend(since);
            taken.collections = memstats::collections(stats);
        }
        taken.look.readings.extend(metrics::readings(&metrics));
        taken.look.readings.extend(own);
        taken.look.readings.truncate(MAX_READINGS);
        taken
    }

    fn kernel(&mut self, capture: &Capture) {
        let found = kernel::read(capture);
        self.look.started_ms = found.started_ms;
        self.look.readings.extend(found.readings);
        self.problems.extend(found.problems);
    }

    /// Reads what the program publishes: the runtime's metrics, and what is the program's own.
    fn program(&mut self, capture: &Capture) -> (Metrics, Vec<Reading>) {
        let mut own = Vec::new();
        let mut metrics = Metrics::default();
        if let Some(page) = capture.first(ArtefactKind::PrometheusText) {
            match fathom_goruntime::metrics::from_prometheus(&page.bytes) {
                Ok(found) => metrics = found,
                Err(error) => self.problems.push(error.to_string()),
            }
            own.extend(page::readings(&page.bytes));
        }
        for kind in [ArtefactKind::ExpVar, ArtefactKind::RuntimeMetricsJson] {
            let Some(vars) = capture.last(kind) else {
                continue;
            };
            match fathom_goruntime::metrics::from_json(&vars.bytes) {
                // The names of runtime/metrics themselves are better than a translation.
                Ok(found) if !found.is_empty() => {
                    for (name, value) in found.iter() {
                        metrics.insert(name, value.clone());
                    }
                }
                Ok(_) => {}
                Err(error) => self.problems.push(error.to_string()),
            }
            own.extend(expvar::readings(&vars.bytes));
        }
        (metrics, own)
    }

    fn memstats(&mut self, capture: &Capture, metrics: &Metrics) -> Option<MemStats> {
        let texts = [ArtefactKind::ExpVar, ArtefactKind::Heap];
        for kind in texts {
            for artefact in capture.all(kind) {
                let found = match kind {
                    ArtefactKind::ExpVar => {
                        fathom_goruntime::memstats::from_expvar(&artefact.bytes)
                    }
                    _ if artefact.bytes.starts_with(b"heap profile:") => {
                        fathom_goruntime::memstats::from_heap_text(&artefact.bytes)
                    }
                    _ => continue,
                };
                match found {
                    Ok(Some(stats)) => return Some(stats),
                    Ok(None) => {}
                    Err(error) => self.problems.push(format!("{}: {error}", artefact.name)),
                }
            }
        }
        fathom_goruntime::memstats::from_metrics(metrics)
            .ok()
            .flatten()
    }
}

pub(crate) fn milliseconds(unix_nanos: u64) -> i64 {
    i64::try_from(unix_nanos / 1_000_000).unwrap_or(i64::MAX)
}
