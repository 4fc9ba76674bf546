//! Goroutines that could run wait for a P.

use std::fmt::Write as _;

use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

use super::{ARTEFACT, TraceRule, percent, time};
use crate::analyses::TraceView;

/// The runtime lets a goroutine run for 10 ms before it looks at others.
const LATENCY_NS: i64 = 10_000_000;
/// Fewer waits have no percentiles worth the name.
const FEWEST: u64 = 100;
/// All Ps are busy for nearly all the time.
const BUSY: f64 = 0.9;
/// As many goroutines wait as run, on average.
const QUEUE_PER_P: f64 = 1.0;

pub(super) const LATENCY: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-scheduling-latency",
        checks: "one in a hundred waits for a P took 10 ms and more",
        source: "Go 1.27.3, src/runtime/proc.go (forcePreemptNS)",
    },
    check: latency,
};

pub(super) const STARVED: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-starved",
        checks: "all Ps were busy, and as many goroutines waited for one as ran",
        source: "Go 1.27.3, src/runtime/proc.go (findRunnable)",
    },
    check: starved,
};

fn latency(view: &TraceView) -> Option<Finding> {
    let latency = view.latency.as_ref()?;
    let waits = latency.all;
    if waits.count < FEWEST || waits.p99 < LATENCY_NS {
        return None;
    }
    let mut finding = Finding::new("trace-scheduling-latency", Severity::Warning, Confidence::Certain)
        .title(format!(
            "One in a hundred goroutines that could run waited {} and more for a P",
            time(waits.p99)
        ))
        .evidence("waits", waits.count, "waits", ARTEFACT)
        .evidence("median", waits.p50, "nanoseconds", ARTEFACT)
        .evidence("99th percentile", waits.p99, "nanoseconds", ARTEFACT)
        .evidence("longest", waits.max, "nanoseconds", ARTEFACT)
        .action(
            "See what ran at the worst moments. Let long computations run on fewer goroutines at once, or give the \
             program more Ps where the machine has CPUs left.",
        )
        .verify("A new trace under the same load has a 99th percentile below 10 ms.");
    let mut detail = format!(
        "Half of all {} waits took no longer than {}, the longest took {}.",
        waits.count,
        time(waits.p50),
        time(waits.max)
    );
    if let Some(worst) = latency.worst.first() {
        let others = worst.running.iter().map(|runner| runner.entry.as_str());
        let mut others: Vec<_> = others.filter(|entry| !entry.is_empty()).collect();
        others.sort_unstable();
        others.dedup();
        let entry = if worst.entry.is_empty() {
            "a goroutine without a known function"
        } else {
            &worst.entry
        };
        let ran = if others.is_empty() {
            String::new()
        } else {
            format!("; what ran then: {}", others.join(", "))
        };
        // Writing to a string does not fail.
        let _ = write!(
            detail,
            " That was {entry}, {} after the trace began{ran}.",
            time(worst.begin)
        );
        finding = finding.evidence(
            "goroutine that waited longest",
            worst.goroutine,
            "",
            ARTEFACT,
        );
    }
    Some(finding.detail(detail))
}

fn starved(view: &TraceView) -> Option<Finding> {
    let load = view.load.as_ref()?;
    let (procs, runnable) = (load.gomaxprocs.mean(), load.runnable.mean());
    if load.proc_utilisation < BUSY || runnable < QUEUE_PER_P * procs || procs <= 0.0 {
        return None;
    }
    let finding = Finding::new("trace-starved", Severity::Warning, Confidence::Likely)
        .title(format!(
            "{runnable:.1} goroutines waited for a P on average, and {procs:.0} Ps were busy for {} of the time",
            percent(load.proc_utilisation)
        ))
        .detail(
            "The program has more to do at once than it may run at once. Each further goroutine makes all others wait \
             longer.",
        )
        .evidence("goroutines that could run, mean", runnable, "goroutines", ARTEFACT)
        .evidence("goroutines that could run, most", load.runnable.max(), "goroutines", ARTEFACT)
        .evidence("Ps busy", load.proc_utilisation * 100.0, "percent", ARTEFACT)
        .evidence("GOMAXPROCS, mean", procs, "Ps", ARTEFACT)
        .action(
            "Do less work (see the CPU samples or a CPU profile), do less at once, or give the program more CPUs: \
             GOMAXPROCS follows the container's CPU limit since Go 1.25.",
        )
        .verify("A new trace under the same load has fewer goroutines waiting than Ps.");
    Some(finding)
}
