//! The profile and the runtime differ by no more than sampling explains.

use super::{Check, Need};
use crate::amount::bytes;
use crate::heap_state::{LiveSource, whole};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "sampling-error",
        checks: "the profile differs from the live bytes by more than 1 MiB and lies within its 95 % interval",
        source: "Go 1.27.3, src/runtime/malloc.go (nextSample): every allocation is sampled with probability 1-exp(-size/rate)",
    },
    needs: &[Need::HeapProfile, Need::Metrics],
    triggered_by: "slice_retention",
    spared: "cgo_malloc",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap.as_ref().filter(|heap| heap.rate > 1)?;
    let live = s
        .heap_state?
        .live
        .filter(|live| live.source == LiveSource::Metric)?;
    let total = heap.total;
    let shown = whole(total.value);
    let gap = shown.abs_diff(live.bytes);
    let (low, high) = (whole(total.low), whole(total.high));
    if gap < 1 << 20 || live.bytes < low || live.bytes > high {
        return None;
    }
    let half_width = (high - low) / 2;
    Some(
        Finding::new("sampling-error", Severity::Info, Confidence::Certain)
            .bytes(gap)
            .title(format!(
                "The profile shows {} where {} are live: equal within the sampling error of ±{}",
                bytes(shown),
                bytes(live.bytes),
                bytes(half_width),
            ))
            .detail(format!(
                "Go samples one allocation in {} on average, so the profile is an estimate: with \
                 95 % confidence the live heap is between {} and {}. A site that is not listed at \
                 all holds less than {} (95 %).",
                bytes(heap.rate),
                bytes(low),
                bytes(high),
                bytes(heap.rate.saturating_mul(3)),
            ))
            .evidence_bytes("/gc/heap/live:bytes", live.bytes, "runtime/metrics")
            .evidence_bytes("in use by the profile", shown, "heap profile")
            .evidence("samples", total.samples, "samples", "heap profile")
            .action("Nothing. A smaller runtime.MemProfileRate, set at the start of main, narrows the interval.")
            .verify("fathom top --interval shows the interval of each row."),
    )
}
