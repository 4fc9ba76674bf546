//! Garbage and free memory that GOGC allows.

use super::{Check, Need};
use crate::amount::bytes;
use crate::heap_state::HeapState;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};
use fathom_goruntime::metrics::Gogc;

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "gc-headroom",
        checks: "garbage, new objects and free spans exceed the floor and fit under the collector's goal",
        source: "Go 1.27.3, src/runtime/mgcpacer.go:1295; go.dev/doc/gc-guide",
    },
    needs: &[Need::MemStats],
    triggered_by: "gogc_headroom",
    spared: "idle_retained",
    find: check,
};

/// Returns the memory that GOGC's headroom may hold beyond the live heap: the
/// goal, scaled to spans, and a fifth on top, less what is live. The scavenger
/// keeps a tenth more than the heap in use at the end of marking (Go 1.27.3,
/// src/runtime/mgcscavenge.go:115), and while marking the heap may pass its goal.
pub(super) fn allowed(state: &HeapState) -> Option<u64> {
    let live = state.live?.bytes;
    let spans = u128::from(state.goal) * u128::from(state.inuse) / u128::from(state.alloc.max(1));
    // A nearly empty span in use must not scale the goal without bound.
    let spans = u64::try_from(spans).unwrap_or(u64::MAX).min(state.goal.saturating_mul(2));
    Some(spans.saturating_add(spans / 5).saturating_sub(live))
}

fn check(s: &Situation) -> Option<Finding> {
    let state = s.heap_state?;
    let dead = state.dead()?;
    let held = dead + state.idle;
    if held < s.floor() || held > allowed(&state)? {
        return None;
    }
    let live = state.live?;
    let gogc = match s.metrics.gogc() {
        Some(Gogc::Percent(percent)) => format!("GOGC={percent}"),
        Some(Gogc::Off) => "GOMEMLIMIT alone (GOGC=off)".to_owned(),
        None => "GOGC".to_owned(),
    };
    Some(
        Finding::new("gc-headroom", Severity::Info, Confidence::Likely)
            .bytes(held)
            .title(format!(
                "{} are the collector's headroom: {} live, the next collection is due at {}",
                bytes(held),
                bytes(live.bytes),
                bytes(state.goal),
            ))
            .detail(format!(
                "{gogc} lets the heap grow from {} to {} before it collects. Memory moves between \
                 garbage ({} now) and free spans ({} now) as collections come and go; resident \
                 memory stays near the peak. This is normal, not a leak.",
                bytes(live.bytes),
                bytes(state.goal),
                bytes(dead),
                bytes(state.idle),
            ))
            .evidence_bytes("live heap", live.bytes, "MemStats")
            .evidence_bytes("NextGC", state.goal, "MemStats")
            .evidence_bytes("garbage and new objects", dead, "MemStats")
            .evidence_bytes("HeapIdle - HeapReleased", state.idle, "MemStats")
            .action(
                "Nothing. To trade CPU for memory, lower GOGC (GOGC=50 halves the headroom and doubles \
                 the collector's work), or set GOMEMLIMIT.",
            )
            .verify("The live heap (/gc/heap/live:bytes) stays flat over hours."),
    )
}
