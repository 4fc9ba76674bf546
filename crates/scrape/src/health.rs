//! The scraper's own numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use fathom_series::{Histogram, Look, Reading, Unit};

use crate::probe::{Failure, Part, Reason};

/// Boundaries between the durations that are counted apart, in seconds.
const DURATIONS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The scraper's own numbers: how many targets there are and how they do, and what was done since
/// the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Targets that are looked at.
    pub targets: usize,
    /// Targets whose last look gave something.
    pub up: usize,
    /// Targets of which a profile is taken less often than is wanted, because of its cost.
    pub stretched: usize,
    /// Looks and recordings that run.
    pub running: usize,
    /// Looks and recordings that were given up and have not come back.
    pub hanging: usize,
    /// Looks and recordings that ended.
    pub looks: u64,
    /// Those of them that failed, by the reason.
    pub failures: BTreeMap<Reason, u64>,
    /// Profiles that were taken.
    pub profiles: u64,
    /// Parts of looks that were wanted and missing.
    pub missing: u64,
    /// Bytes that targets have sent.
    pub bytes: u64,
    /// Moments at which something was due and could not be begun, because the look before was
    /// running still or too many others were.
    pub skipped: u64,
    /// Lists of targets that could not be had.
    pub discovery_failures: u64,
    /// Looks by their duration: as many counts as there are boundaries, and one for what is
    /// longer.
    durations: [u64; DURATIONS.len() + 1],
    seconds: f64,
}

impl Health {
    /// Counts the end of a look.
    pub(crate) fn count(&mut self, outcome: &Result<Vec<Part>, Failure>, duration: Duration) {
        self.looks += 1;
        let seconds = duration.as_secs_f64();
        self.seconds += seconds;
        let bucket = DURATIONS.partition_point(|boundary| *boundary < seconds);
        if let Some(count) = self.durations.get_mut(bucket) {
            *count += 1;
        }
        match outcome {
            Err(failure) => *self.failures.entry(failure.reason).or_default() += 1,
            Ok(parts) => {
                for part in parts {
                    self.bytes = self.bytes.saturating_add(part.bytes);
                    self.missing += u64::from(part.missing.is_some());
                    self.profiles += u64::from(part.profile.is_some() && part.missing.is_none());
                }
            }
        }
    }

    /// The numbers as readings, named as Prometheus names them: with
    /// [`fathom_series::export::prometheus`] they are a page for others to scrape.
    pub fn look(&self, at_ms: i64) -> Look {
        let gauge = |name: &str, value: usize| Reading::gauge(name, Unit::Count, value as f64);
        let counter = |name: &str, unit: Unit, value: f64| Reading::counter(name, unit, value);
        let count = |name: &str, value: u64| counter(name, Unit::Count, value as f64);
        let mut readings = vec![
            gauge("fathom_scrape_targets", self.targets),
            gauge("fathom_scrape_targets_up", self.up),
            gauge("fathom_scrape_targets_stretched", self.stretched),
            gauge("fathom_scrape_running", self.running),
            gauge("fathom_scrape_hanging", self.hanging),
            count("fathom_scrape_looks_total", self.looks),
        ];
        for (reason, failures) in &self.failures {
            let name = format!("fathom_scrape_failures_total{{reason=\"{reason}\"}}");
            readings.push(count(&name, *failures));
        }
        readings.extend([
            count("fathom_scrape_profiles_total", self.profiles),
            count("fathom_scrape_missing_total", self.missing),
            counter("fathom_scrape_bytes_total", Unit::Bytes, self.bytes as f64),
            count("fathom_scrape_skipped_total", self.skipped),
            count(
                "fathom_scrape_discovery_failures_total",
                self.discovery_failures,
            ),
            counter(
                "fathom_scrape_look_seconds_total",
                Unit::Seconds,
                self.seconds,
            ),
        ]);
        let mut buckets = vec![0.0];
        buckets.extend(DURATIONS);
        buckets.push(f64::INFINITY);
        readings.push(Reading::histogram(
            "fathom_scrape_look_duration_seconds",
            Unit::Seconds,
            Histogram {
                buckets,
                counts: self.durations.to_vec(),
            },
        ));
        Look {
            at_ms,
            started_ms: None,
            readings,
        }
    }
}
