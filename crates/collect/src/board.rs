//! What is known now, for Prometheus.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use fathom_history::Labels;
use fathom_series::export::prometheus;
use fathom_series::{Look, Reading, Unit};

/// The readings of each target that are told on.
const CHOSEN: [&str; 9] = [
    "process.rss",
    "process.cpu",
    "cgroup.memory",
    "cgroup.limit",
    "memstats.HeapAlloc",
    "memstats.NextGC",
    "/gc/heap/live:bytes",
    "/sched/goroutines:goroutines",
    "go_goroutines",
];

/// The latest look at each target.
#[derive(Debug, Default)]
pub struct Board {
    latest: Mutex<BTreeMap<Labels, Look>>,
}

impl Board {
    /// Takes note of a look.
    pub fn note(&self, target: &Labels, look: &Look) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = latest.entry(target.clone()).or_default();
        // A look may hold a profile alone.
        if known.readings.is_empty() || look.readings.len() > CHOSEN.len() {
            *known = Look {
                readings: look
                    .readings
                    .iter()
                    .filter(|reading| CHOSEN.contains(&reading.name.as_str()))
                    .cloned()
                    .collect(),
                ..look.clone()
            };
        }
    }

    /// Writes the page: how the collecting fares, the chosen readings of each target, and what was
    /// found of it.
    pub fn page(&self, health: &Look, findings: &[(Labels, &'static str)]) -> String {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut looks: Vec<(Labels, Look)> = latest
            .iter()
            .map(|(labels, look)| (labels.clone(), look.clone()))
            .collect();
        drop(latest);
        for (labels, id) in findings {
            let named = labels.iter().chain([("finding", *id)]);
            looks.push((
                Labels::new(named),
                Look {
                    readings: vec![Reading::gauge("fathom_finding", Unit::Count, 1.0)],
                    ..Look::default()
                },
            ));
        }
        looks.push((Labels::default(), health.clone()));
        let pairs: Vec<(Vec<(&str, &str)>, &Look)> = looks
            .iter()
            .map(|(labels, look)| (labels.iter().collect(), look))
            .collect();
        prometheus::write(
            pairs
                .iter()
                .map(|(labels, look)| (labels.as_slice(), *look)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_targets_findings_and_health() {
        let board = Board::default();
        let target = Labels::new([("job", "shop"), ("instance", "a:1")]);
        let mut readings = vec![Reading::gauge("process.rss", Unit::Bytes, 5e6)];
        readings.extend((0..20).map(|n| Reading::gauge(format!("own{n}"), Unit::Count, 1.0)));
        board.note(
            &target,
            &Look {
                readings,
                ..Look::default()
            },
        );
        let health = Look {
            readings: vec![Reading::counter("fathom_looks_total", Unit::Count, 3.0)],
            ..Look::default()
        };
        let page = board.page(&health, &[(target, "growth-live-heap")]);
        let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 3, "{page}");
        let has = |parts: &[&str]| {
            lines
                .iter()
                .any(|line| parts.iter().all(|part| line.contains(part)))
        };
        assert!(has(&["rss", "instance=\"a:1\"", "5000000"]), "{page}");
        assert!(
            has(&[
                "fathom_finding",
                "finding=\"growth-live-heap\"",
                "job=\"shop\""
            ]),
            "{page}"
        );
        assert!(has(&["fathom_looks_total 3"]), "{page}");
    }
}
