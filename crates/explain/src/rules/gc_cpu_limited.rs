//! The collector hit its CPU limit.

use super::{Check, Need, memory_limit_thrash};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, Rule, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "gc-cpu-limited",
        checks: "the GC CPU limiter was on within the last five collections",
        source: "Go 1.27.3, src/runtime/mgclimit.go:313",
    },
    needs: &[Need::Metrics, Need::MemStats],
    triggered_by: "memlimit_thrash",
    spared: "gogc_headroom",
    find: check,
};

/// The limiter is of interest while it acts, not hours later.
const RECENT_CYCLES: u64 = 5;

fn check(s: &Situation) -> Option<Finding> {
    let last = s.metrics.last_limiter_cycle().filter(|&cycle| cycle > 0)?;
    let now = s.memstats.as_ref()?.num_gc;
    if last.saturating_add(RECENT_CYCLES) < now {
        return None;
    }
    // Under a memory limit, that finding names the cause; this one is its symptom.
    let symptom = memory_limit_thrash::RULE.check(s).is_some();
    // A burst at the start touches the limit once and is over.
    let busy = s.metrics.gc_cpu_share().is_some_and(|share| share >= memory_limit_thrash::MUCH);
    let severity = if symptom || !busy { Severity::Info } else { Severity::Warning };
    Some(
        Finding::new("gc-cpu-limited", severity, Confidence::Certain)
            .title(format!(
                "The collector reached its CPU limit in cycle {last} (now {now}): the heap may pass its goal"
            ))
            .detail(
                "When collections take half of the CPU time, the runtime stops making allocations help and lets the \
                 heap grow past GOMEMLIMIT, so that the program still makes progress.",
            )
            .evidence("/gc/limiter/last-enabled:gc-cycle", last, "gc-cycle", "runtime/metrics")
            .evidence("NumGC", now, "gc-cycle", "MemStats")
            .action("Give the heap more room (GOMEMLIMIT, GOGC), or allocate less.")
            .verify("/gc/limiter/last-enabled:gc-cycle stays where it is while NumGC grows."),
    )
}
