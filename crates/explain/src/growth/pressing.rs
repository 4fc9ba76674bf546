//! What is wrong now, by the last minutes of what is known over time: limits, leaked goroutines, and
//! a collector that takes the CPU. These are certain, and come before what is judged from growth.
//!
//! The ids and thresholds are those of the rules that judge one capture; what differs is that a
//! moment is not enough: a limit must be near over the last minutes, and the collector's share is
//! that of these minutes, not the mean since the start.

use fathom_finding::{Confidence, Finding, Severity};
use fathom_trends::{Series, Shape};

use super::findings::{percent, whole};
use super::{Growth, GrowthEvidence, sorted};
use crate::amount::{bytes, count};
use crate::leaks::name_of;
use crate::rules::{goroutine_leak, memory_limit_thrash, near_cgroup_limit};

/// What counts as now, in seconds.
const NOW: f64 = 600.0;

/// The fewest looks within it.
const FEWEST: usize = 3;

/// What is wrong now.
pub(super) fn of(evidence: &GrowthEvidence, growth: &Growth) -> Vec<Finding> {
    let from = growth.from.max(growth.until - NOW);
    let now = |series: &Option<Series>| series.as_ref().and_then(|series| median(series, from));
    let mut found = Vec::new();
    found.extend(leaked(evidence));
    found.extend(
        now(&evidence.working_set)
            .zip(evidence.limit)
            .and_then(|(used, limit)| near_limit(used, limit)),
    );
    if let Some(share) = now(&evidence.gc_share).filter(|share| *share >= memory_limit_thrash::MUCH)
    {
        let pressed =
            now(&evidence.committed)
                .zip(evidence.memory_limit)
                .filter(|(committed, limit)| {
                    *committed >= hundredths(memory_limit_thrash::PRESSED) * *limit as f64
                });
        found.push(busy_collector(share, pressed));
    }
    let goroutines = growth.goroutines.as_ref();
    if !goroutines.is_some_and(|course| course.grows) {
        let is_steady = goroutines.is_some_and(|course| course.shape != name_of(Shape::Unknown));
        found.extend(crowd(evidence, growth.from, is_steady));
    }
    found
}

const fn hundredths(count: u64) -> f64 {
    count as f64 / 100.0
}

/// The median of what is known since a moment.
fn median(series: &Series, from: f64) -> Option<f64> {
    let values = sorted(series.since(from).values());
    if values.len() < FEWEST {
        return None;
    }
    values.get(values.len() / 2).copied()
}

/// The runtime itself found goroutines that nothing can wake.
fn leaked(evidence: &GrowthEvidence) -> Option<Finding> {
    let all: u64 = evidence.leaked.iter().map(|(_, count)| count).sum();
    let (place, most) = evidence.leaked.first().filter(|_| all > 0)?;
    let severity = if all >= goroutine_leak::MANY_LEAKED {
        Severity::Warning
    } else {
        Severity::Info
    };
    let mut finding = Finding::new("goroutine-leak", severity, Confidence::Certain)
        .title(format!(
            "{} goroutines can never be woken, {} of them at {place}",
            count(all),
            count(*most)
        ))
        .detail(
            "The runtime's leak detector looked for whoever could wake them, and nobody is left. Each keeps its \
             stack and all that it refers to until the process ends.",
        )
        .action(
            "Make what they wait for end: a select with ctx.Done(), a channel that is closed or has room for \
             the last value.",
        )
        .verify("The goroutineleak profile is empty after the next deploy.");
    for (place, leaked) in evidence.leaked.iter().take(5) {
        finding = finding.evidence(
            format!("leaked at {place}"),
            *leaked,
            "goroutines",
            "goroutineleak profile",
        );
    }
    Some(finding)
}

fn near_limit(used: f64, limit: u64) -> Option<Finding> {
    let share = used / limit as f64;
    if limit == 0 || share < hundredths(near_cgroup_limit::NEAR) {
        return None;
    }
    let severity = if share >= hundredths(near_cgroup_limit::URGENT) {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let left = limit.saturating_sub(whole(used));
    Some(
        Finding::new("near-cgroup-limit", severity, Confidence::Certain)
            .bytes(whole(used))
            .title(format!(
                "The control group uses {} of its {} ({}); {} are left",
                bytes(whole(used)),
                bytes(limit),
                percent(share),
                bytes(left)
            ))
            .detail(
                "It has for the last minutes. At the limit the kernel first takes back what it can, then kills \
                 the process.",
            )
            .evidence_bytes("working set", whole(used), "cgroup")
            .evidence_bytes("limit", limit, "cgroup")
            .action(
                "Raise the limit, or set GOMEMLIMIT to nine tenths of it less what is outside Go. fathom \
                 explain PID tells what the memory is.",
            )
            .verify("The working set stays below 85 % of the limit."),
    )
}

/// The collector takes much of the CPU; `pressed` is what is committed, where it is at GOMEMLIMIT.
fn busy_collector(share: f64, pressed: Option<(f64, u64)>) -> Finding {
    let Some((committed, limit)) = pressed else {
        return Finding::new("gc-cpu-high", Severity::Warning, Confidence::Certain)
            .title(format!(
                "The garbage collector takes {} of the CPU time",
                percent(share)
            ))
            .detail("It has for the last minutes. No memory limit is near that would explain it.")
            .evidence("GC share of CPU time", share * 100.0, "percent", "series")
            .action(
                "Allocate less (fathom top --sample_index=alloc_space names the lines), or give the heap more \
                 room: raise GOGC.",
            )
            .verify("The collector's share of the CPU falls below 10 %.");
    };
    Finding::new("memory-limit-thrash", Severity::Critical, Confidence::Certain)
        .bytes(whole(committed))
        .title(format!(
            "The program works against GOMEMLIMIT of {}: {} are in use, and the collector takes {} of the CPU time",
            bytes(limit),
            bytes(whole(committed)),
            percent(share)
        ))
        .detail("It has for the last minutes. It collects again and again and finds little to free.")
        .evidence_bytes("/gc/gomemlimit:bytes", limit, "series")
        .evidence_bytes("in use", whole(committed), "series")
        .evidence("GC share of CPU time", share * 100.0, "percent", "series")
        .action("Raise GOMEMLIMIT, or hold less. A limit is no substitute for memory that is needed.")
        .verify("The collector's share of the CPU falls below 10 %.")
}

/// Most goroutines wait at one line, and are not known to become more.
fn crowd(evidence: &GrowthEvidence, from: f64, is_steady: bool) -> Option<Finding> {
    if evidence
        .goroutine_times
        .last()
        .is_none_or(|last| *last < from)
    {
        return None;
    }
    let last = |counts: &[f64]| counts.last().copied().unwrap_or(0.0);
    let sites = &evidence.goroutine_sites;
    let all: f64 = sites.iter().map(|site| last(&site.counts)).sum();
    let most = sites
        .iter()
        .max_by(|a, b| last(&a.counts).total_cmp(&last(&b.counts)))?;
    let here = last(&most.counts);
    let many = goroutine_leak::MANY as f64;
    if here < many || here < all / 2.0 {
        return None;
    }
    // A burst is told from a crowd by the profile before.
    let before = most.counts.iter().rev().nth(1).copied().unwrap_or(0.0);
    if before < many {
        return None;
    }
    Some(
        Finding::new("goroutines-at-one-line", Severity::Warning, Confidence::Likely)
            .title(format!(
                "{} of {} goroutines wait at {}",
                count(whole(here)),
                count(whole(all)),
                most.place
            ))
            .detail(if is_steady {
                "They did in the profile before as well, and become no more: a queue, or a pool that is large."
            } else {
                "They did in the profile before as well. Whether they become more takes half an hour to tell."
            })
            .evidence("goroutines there", whole(here), "goroutines", "goroutine profile")
            .evidence("there before", whole(before), "goroutines", "goroutine profile")
            .action("Look at whom they wait for: a lock, a slow peer, a channel whose reader is slow.")
            .verify("fathom goroutines shows fewer there."),
    )
}
