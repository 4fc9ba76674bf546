//! The collector takes much of the CPU, or makes goroutines help.

use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

use super::{ARTEFACT, TraceRule, percent, time};
use crate::analyses::TraceView;

/// While it marks, the collector takes a quarter of the Ps; over all the time that is much.
const SHARE_TOLD: f64 = 0.2;
/// Goroutines that spend so much of their time for the collector answer later.
const ASSIST_SHARE: f64 = 0.05;
/// Shares of a shorter time of running say nothing.
const SHORTEST_NS: i64 = 10_000_000;

const SHARE_DOC: RuleDoc = RuleDoc {
    id: "trace-gc-share",
    checks: "the collector took 20 % and more of the time in which goroutines ran",
    source: "Go 1.27.3, src/runtime/mgcpacer.go (gcBackgroundUtilization)",
};

/// The collector's part of the CPU.
pub(super) const SHARE: TraceRule = TraceRule {
    doc: SHARE_DOC,
    check: share,
};

pub(super) const ASSISTS: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-assists",
        checks: "goroutines spent 5 % and more of their time helping the collector",
        source: "Go 1.27.3, src/runtime/mgcmark.go (gcAssistAlloc)",
    },
    check: assists,
};

fn share(view: &TraceView) -> Option<Finding> {
    let gc = &view.collections;
    if gc.share_of_running < SHARE_TOLD || gc.running_ns < SHORTEST_NS {
        return None;
    }
    let work = gc.work;
    let rate = gc.allocated as f64 / (view.overview.nanoseconds.max(1) as f64 / 1e9);
    let finding = Finding::new(SHARE_DOC.id, Severity::Warning, Confidence::Certain)
        .title(format!(
            "The collector took {} of the CPU that the program used",
            percent(gc.share_of_running)
        ))
        .detail(format!(
            "Mark workers ran for {}, goroutines helped for {} and swept for {}, of {} that goroutines ran in all. {} \
             cycles began in the trace, {:.0} in a minute; the program allocated {:.0} MB/s. Work on Ps that had \
             nothing else to do is not counted.",
            time(work.dedicated_ns.saturating_add(work.fractional_ns)),
            time(work.assist_ns),
            time(work.sweep_ns),
            time(gc.running_ns),
            gc.cycles.len(),
            gc.per_minute,
            rate / 1e6
        ))
        .evidence("mark workers", work.dedicated_ns.saturating_add(work.fractional_ns), "nanoseconds", ARTEFACT)
        .evidence("assists", work.assist_ns, "nanoseconds", ARTEFACT)
        .evidence("sweeping", work.sweep_ns, "nanoseconds", ARTEFACT)
        .evidence("goroutines ran", gc.running_ns, "nanoseconds", ARTEFACT)
        .evidence_bytes("allocated", gc.allocated, ARTEFACT)
        .action(
            "Find what allocates with a heap profile (`fathom top --sample-index alloc_space`) and let it allocate \
             less; or give the heap more room: raise GOGC, or set GOMEMLIMIT to what the process may have.",
        )
        .verify("A new trace under the same load shows a smaller share, and fewer cycles in a minute.");
    Some(finding)
}

fn assists(view: &TraceView) -> Option<Finding> {
    let gc = &view.collections;
    let share = gc.work.assist_ns as f64 / gc.running_ns.max(1) as f64;
    if share < ASSIST_SHARE || gc.running_ns < SHORTEST_NS {
        return None;
    }
    let finding = Finding::new("trace-assists", Severity::Warning, Confidence::Certain)
        .title(format!(
            "Goroutines spent {} of their time helping the collector",
            percent(share)
        ))
        .detail(format!(
            "A goroutine that allocates faster than the collector marks must mark itself before it goes on. {} times \
             one had to, for up to {} with its waits.",
            gc.assists.count,
            time(gc.assists.max_ns)
        ))
        .evidence("assists ran", gc.work.assist_ns, "nanoseconds", ARTEFACT)
        .evidence("goroutines ran", gc.running_ns, "nanoseconds", ARTEFACT)
        .evidence("assists", gc.assists.count, "assists", ARTEFACT)
        .evidence("longest", gc.assists.max_ns, "nanoseconds", ARTEFACT)
        .action(
            "Allocate less where requests wait, above all in bursts; give the heap more room with GOGC or GOMEMLIMIT, \
             so that marking begins earlier before the goal.",
        )
        .verify("A new trace under the same load shows less than 5 % in assists.");
    Some(finding)
}
