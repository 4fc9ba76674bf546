//! Many pending timers.

use super::{Check, Need};
use crate::amount::{bytes, count, percent};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "timer-growth",
        checks: "objects made on the way through time.NewTimer, AfterFunc, After or NewTicker exceed the floor",
        source: "Go 1.27.3, src/time/sleep.go, src/runtime/time.go; golang/go#61542 (1.23 collects unreferenced timers)",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "timer_leak",
    spared: "finalizer_backlog",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap.as_ref()?;
    let held = whole(heap.timers.value);
    if held < s.floor() || heap.timers.samples < 3 {
        return None;
    }
    let site = heap.largest(|site| site.traits.timer)?;
    Some(
        Finding::new("timer-growth", Severity::Info, Confidence::Possible)
            .bytes(held)
            .title(format!(
                "{} ({} of the live heap) are pending timers, most set at {}",
                bytes(held),
                percent(held, whole(heap.total.value)),
                site.place(),
            ))
            .detail(
                "A timer stays in the runtime's heap until it fires or is stopped, and keeps its function and all that \
                 the function refers to. Up to Go 1.22 this holds for time.After in a loop as well. One snapshot cannot \
                 tell whether they accumulate.",
            )
            .evidence_bytes("live bytes through timers", held, "heap profile")
            .evidence("timer objects at the largest site", count(whole(site.objects)), "", "heap profile")
            .action("Stop timers that are no longer needed; use one ticker and a queue of deadlines instead of a timer each.")
            .verify("fathom explain --base shows the rows through time.newTimer shrinking."),
    )
}
