//! Free spans kept after a peak.

use super::{Check, Need};
use super::gc_headroom::allowed;
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "heap-idle-retained",
        checks: "free spans with memory behind them exceed 20 % of RSS and 1.2 times the collector's headroom",
        source: "Go 1.27.3, src/runtime/mgcscavenge.go:115 (retainExtraPercent); golang/go#30333",
    },
    needs: &[Need::MemStats],
    triggered_by: "idle_retained",
    spared: "gogc_headroom",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let state = s.heap_state?;
    let whole = s.whole();
    if state.idle < s.floor() || state.idle < whole / 5 {
        return None;
    }
    let headroom = match state.headroom() {
        Some(headroom) => headroom,
        None => state.goal,
    };
    let dead = state.dead().unwrap_or(0);
    if state.idle < headroom + headroom / 5 || Some(dead + state.idle) <= allowed(&state) {
        return None;
    }
    // What was never touched since it was released is not resident.
    let resident = s.ledger.row("heap-idle").map_or(state.idle, |row| row.bytes);
    if resident < s.floor() {
        return None;
    }
    let peak = s.status.as_ref().and_then(|status| status.vm_hwm);
    let mut finding = Finding::new("heap-idle-retained", Severity::Warning, Confidence::Certain)
        .bytes(resident)
        .title(format!(
            "{} ({} of {}) are free heap kept after a peak",
            bytes(resident),
            percent(resident, whole),
            bytes(whole),
        ))
        .detail(format!(
            "The heap was once larger. {} of it hold no object, but the scavenger has not given \
             them back yet: it works in the background with about 1 % of one CPU and \
             keeps a tenth more than the last peak. The memory is ready for reuse and shrinks within \
             minutes if the peak does not return.",
            bytes(state.idle),
        ))
        .evidence_bytes("HeapIdle - HeapReleased", state.idle, "MemStats")
        .evidence_bytes("HeapInuse", state.inuse, "MemStats")
        .evidence_bytes("NextGC", state.goal, "MemStats")
        .action(
            "If the peak is rare, wait, or call debug.FreeOSMemory() once after it. If it is regular, make \
             it smaller (stream instead of collecting, bound the batch). GOMEMLIMIT makes the scavenger \
             give memory back before the limit is reached.",
        )
        .verify("HeapReleased rises and RSS falls; fathom explain --base shows by how much.");
    if let Some(peak) = peak {
        finding = finding.evidence_bytes("VmHWM", peak, "status");
    }
    Some(finding)
}
