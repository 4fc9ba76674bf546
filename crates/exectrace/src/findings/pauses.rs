//! The world stood still for long, or often.

use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

use super::{ARTEFACT, TraceRule, percent, time};
use crate::analyses::TraceView;

/// The runtime stops the world for less than a millisecond where nothing hinders it; ten are felt.
const LONG_NS: i64 = 10_000_000;
/// Who waits so long notices.
const CRITICAL_NS: i64 = 100_000_000;
/// More of the time than this is not spent by a runtime that is left alone.
const OFTEN_SHARE: f64 = 0.02;
/// A share of a shorter time says nothing.
const SHORTEST_NS: i64 = 100_000_000;

pub(super) const LONG: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-long-pause",
        checks: "the world stood still for 10 ms and more at once",
        source: "Go 1.27.3, src/runtime/proc.go (stopTheWorldWithSema)",
    },
    check: long,
};

pub(super) const OFTEN: TraceRule = TraceRule {
    doc: RuleDoc {
        id: "trace-often-stopped",
        checks: "the world stood still for 2 % of the time and more",
        source: "Go 1.27.3, src/runtime/proc.go (stopTheWorldWithSema)",
    },
    check: often,
};

fn long(view: &TraceView) -> Option<Finding> {
    let pauses = &view.pauses;
    let longest = pauses.list.iter().max_by_key(|pause| pause.duration_ns)?;
    if longest.duration_ns < LONG_NS {
        return None;
    }
    let severity = if longest.duration_ns >= CRITICAL_NS {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let is_long = |pause: &&crate::pauses::Pause| pause.duration_ns >= LONG_NS;
    let count = pauses.list.iter().filter(is_long).count() as u64;
    let stopping = longest.stopping_ns.unwrap_or_default();
    let waits_for_a_p = stopping > longest.duration_ns / 2;
    let (why, action) = if waits_for_a_p {
        (
            "Most of it passed until the last P stood still: a goroutine went on without a point at which it can be \
             stopped, or its thread was not given a CPU.",
            "Look at what the other Ps ran at that moment. Give the container more CPU where it is throttled, and \
             break up long loops in assembly or with preemption off.",
        )
    } else {
        (
            "Nearly all of it passed while all Ps stood still.",
            "See what asked for it by its stack: reading memory statistics, writing goroutine profiles of very many \
             goroutines and changing GOMAXPROCS stop the world for as long as they work.",
        )
    };
    let mut finding = Finding::new("trace-long-pause", severity, Confidence::Certain)
        .title(format!(
            "The world stood still for {} at once ({})",
            time(longest.duration_ns),
            longest.reason
        ))
        .detail(format!(
            "No goroutine ran in that time. It began {} after the trace did. {why}",
            time(longest.begin_ns)
        ))
        .evidence(
            "longest pause",
            longest.duration_ns,
            "nanoseconds",
            ARTEFACT,
        )
        .evidence("its reason", longest.reason.as_str(), "", ARTEFACT)
        .evidence("its beginning", longest.begin_ns, "nanoseconds", ARTEFACT)
        .evidence("pauses of 10 ms and more", count, "pauses", ARTEFACT)
        .evidence("all pauses", pauses.durations.count, "pauses", ARTEFACT)
        .action(action)
        .verify("A new trace under the same load has no pause of 10 ms.");
    if let Some(stopping) = longest.stopping_ns {
        finding = finding.evidence(
            "until all Ps stood still",
            stopping,
            "nanoseconds",
            ARTEFACT,
        );
    }
    Some(finding)
}

fn often(view: &TraceView) -> Option<Finding> {
    let pauses = &view.pauses;
    if pauses.share < OFTEN_SHARE || view.overview.nanoseconds < SHORTEST_NS {
        return None;
    }
    let most = pauses.reasons.first()?;
    let finding = Finding::new("trace-often-stopped", Severity::Warning, Confidence::Certain)
        .title(format!(
            "The world stood still for {} of the time, mostly for: {}",
            percent(pauses.share),
            most.reason
        ))
        .detail(format!(
            "There were {} pauses, {:.0} in a minute. {} of them were for that reason and took {} together.",
            pauses.durations.count,
            pauses.per_minute,
            most.durations.count,
            time(most.durations.total_ns)
        ))
        .evidence("all pauses", pauses.durations.total_ns, "nanoseconds", ARTEFACT)
        .evidence("pauses", pauses.durations.count, "pauses", ARTEFACT)
        .evidence("most frequent reason", most.reason.as_str(), "", ARTEFACT)
        .action(if most.is_gc {
            "Collect less often: allocate less, raise GOGC, or set GOMEMLIMIT with GOGC=off."
        } else {
            "Ask for it less often: memory statistics, goroutine profiles and changes of GOMAXPROCS each stop the \
             world."
        })
        .verify("A new trace under the same load shows the world stopped for less than 2 % of the time.");
    Some(finding)
}
