//! The heap profile lags behind the heap: it shows the collection before the last.

use super::{Check, Need};
use crate::amount::{bytes, percent, seconds};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "profile-stale",
        checks: "HeapAlloc exceeds the profile by more than three standard errors and 10 %, and the objects are newer than the snapshot",
        source: "Go 1.27.3, src/runtime/mprof.go:87 (publication cycles)",
    },
    needs: &[Need::HeapProfile, Need::MemStats],
    triggered_by: "stale_profile",
    spared: "gogc_headroom",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let memory = s.memstats.as_ref()?;
    let total = s.heap.as_ref().filter(|heap| heap.rate > 0)?.total;
    let shown = whole(total.value);
    let gap = memory.heap_alloc.saturating_sub(shown);
    let beyond_error = gap as f64 > 3.0 * total.standard_error;
    if !beyond_error || gap < memory.heap_alloc / 10 || gap < s.floor() {
        return None;
    }
    let after = s.heap_after_gc.as_ref().map(|heap| heap.total);
    // A forced collection decides: what it still shows was live, not garbage.
    let appeared = after.map(|after| whole(after.value).saturating_sub(shown));
    let confidence = match appeared {
        Some(appeared) if appeared as f64 > 0.5 * gap as f64 => Confidence::Certain,
        Some(_) => return None,
        None => Confidence::Likely,
    };
    let age = s
        .taken_at
        .checked_sub(memory.last_gc)
        .filter(|_| memory.last_gc > 0 && s.taken_at > 0)
        .map(|nanos| nanos as f64 / 1e9);
    let when = age.map_or_else(
        || "of the collection before the last".to_owned(),
        |age| format!("of the collection before the last, which itself is {} old", seconds(age)),
    );
    let mut finding = Finding::new("profile-stale", Severity::Info, confidence)
        .bytes(gap)
        .title(format!(
            "The heap profile is behind: it shows {} of {} allocated ({})",
            bytes(shown),
            bytes(memory.heap_alloc),
            percent(shown, memory.heap_alloc),
        ))
        .detail(format!(
            "Go publishes a heap profile one collection late: this one is the state {when}. \
             {} were allocated since, or are garbage that no collection has swept yet. \
             Neither is missing, and neither is a leak by itself.",
            bytes(gap),
        ))
        .evidence_bytes("HeapAlloc", memory.heap_alloc, "MemStats")
        .evidence_bytes("in use by the profile", shown, "heap profile")
        .evidence_bytes("standard error", whole(total.standard_error), "heap profile")
        .evidence_bytes("NextGC", memory.next_gc, "MemStats")
        .action(
            "Read the profile again with a forced collection: fathom explain --gc, or \
             /debug/pprof/heap?gc=1. It costs one collection.",
        )
        .verify("After it, the profile and HeapAlloc agree within the sampling error.");
    if let Some(after) = after {
        finding = finding.evidence_bytes(
            "in use by the profile after a collection",
            whole(after.value),
            "heap profile after GC",
        );
    }
    Some(finding)
}
