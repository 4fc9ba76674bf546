//! A memory limit so low that the collector hardly stops.

use super::{Check, Need};
use crate::amount::bytes;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "memory-limit-thrash",
        checks: "GOMEMLIMIT is set, committed memory is at 95 % of it or above, and the collector takes over 25 % of the CPU",
        source: "Go 1.27.3, src/runtime/mgcpacer.go:1046 (memory-limit goal); golang/go#58106",
    },
    needs: &[Need::Metrics, Need::MemStats],
    triggered_by: "memlimit_thrash",
    spared: "gogc_headroom",
    find: check,
};

/// The hundredths of GOMEMLIMIT at which the collector works against it.
pub(crate) const PRESSED: u64 = 95;

/// The collector's share of the CPU time that is too much.
pub(crate) const MUCH: f64 = 0.25;

/// Returns the limit where the process presses against it.
fn pressed(s: &Situation) -> Option<(u64, u64)> {
    let limit = s.memory_limit()?;
    let committed = s.heap_state?.committed;
    (committed >= limit / 100 * PRESSED).then_some((limit, committed))
}

fn check(s: &Situation) -> Option<Finding> {
    let (limit, committed) = pressed(s)?;
    let memory = s.memstats.as_ref()?;
    let share = s.metrics.gc_cpu_share().or(memory.gc_cpu_fraction)?;
    if share < MUCH {
        return None;
    }
    let live = s.heap_state?.live?;
    let severity = if committed > limit {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Some(
        Finding::new("memory-limit-thrash", severity, Confidence::Certain)
            .bytes(committed)
            .title(format!(
                "GOMEMLIMIT is {}, the process needs {}: the collector takes {:.0} % of the CPU time used",
                bytes(limit),
                bytes(committed),
                share * 100.0,
            ))
            .detail(format!(
                "{} are live, so little or nothing is left under the limit. The collector runs again and \
                 again and finds nothing to free; the program slows down instead of failing.",
                bytes(live.bytes),
            ))
            .evidence_bytes("/gc/gomemlimit:bytes", limit, "runtime/metrics")
            .evidence_bytes("Sys - HeapReleased", committed, "MemStats")
            .evidence_bytes("live heap", live.bytes, "MemStats")
            .evidence("GC share of CPU time", share * 100.0, "percent", "runtime/metrics")
            .evidence("NumGC", memory.num_gc, "collections", "MemStats")
            .action(format!(
                "Raise GOMEMLIMIT above twice the live heap ({} here) if the host has it, or make the live heap smaller. \
                 A limit is no substitute for memory that is needed.",
                bytes(live.bytes.saturating_mul(2)),
            ))
            .verify("The collector's share of the CPU falls below 10 %."),
    )
}
