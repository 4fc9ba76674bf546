//! Finalizers or cleanups wait because one of them blocks.

use super::{Check, Need};
use crate::amount::{bytes, count};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "finalizer-backlog",
        checks: "more than 1,000 finalizers or cleanups are queued, or the finalizer goroutine stands in the program's code",
        source: "Go 1.27.3, src/runtime/mfinal.go (one goroutine runs all finalizers); /gc/finalizers/* since 1.26",
    },
    needs: &[Need::Goroutines],
    triggered_by: "finalizer_backlog",
    spared: "syncpool",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let queued = s.metrics.finalizers().map(|queue| queue.waiting());
    let cleanups = s.metrics.cleanups().map(|queue| queue.waiting());
    let waiting = queued.unwrap_or(0).saturating_add(cleanups.unwrap_or(0));
    let stuck = s.goroutines.as_ref().and_then(|all| all.stuck_finalizer());
    let many = waiting > 1000;
    if !many && stuck.is_none() {
        return None;
    }
    let confidence = match (many, stuck.is_some()) {
        (true, true) => Confidence::Certain,
        // One reading may catch a finalizer that is merely at work.
        (true, false) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    let site = s.heap.as_ref().and_then(|heap| heap.sites.first());
    let held = site.map_or(0, |site| whole(site.value));
    let place = stuck.map(|group| group.place.clone());
    let title = match (&place, many) {
        (Some(place), true) => format!(
            "{} finalizers wait: the goroutine that runs them is stuck at {place}",
            count(waiting)
        ),
        (Some(place), false) => format!("The finalizer goroutine stands at {place}: no other finalizer can run"),
        (None, _) => format!("{} finalizers or cleanups wait to run", count(waiting)),
    };
    let mut finding = Finding::new("finalizer-backlog", Severity::Warning, confidence)
        .bytes(held)
        .title(title)
        .detail(
            "Go runs all finalizers on one goroutine, one after the other. While one blocks, every object with a \
             finalizer stays in memory, and so does everything that it refers to.",
        )
        .action(
            "Never block in a finalizer: start a goroutine, or hand the work to a channel with a buffer. Prefer Close \
             methods, or runtime.AddCleanup (Go 1.24).",
        )
        .verify("/gc/finalizers/queued less /gc/finalizers/executed returns to 0 (Go 1.26 and later).");
    if queued.is_some() {
        finding = finding.evidence("finalizers waiting", waiting, "finalizers", "runtime/metrics");
    }
    if let Some(place) = place {
        finding = finding.evidence("finalizer goroutine at", place, "", "goroutine profile");
    }
    if let Some(site) = site {
        finding = finding.evidence_bytes(
            format!("largest site, {}", site.place()),
            whole(site.value),
            "heap profile",
        );
        if held > 0 {
            let suspect = format!(
                " The largest allocation site, {} with {}, may be what waits.",
                site.place(),
                bytes(held)
            );
            finding.detail.push_str(&suspect);
        }
    }
    Some(finding)
}
