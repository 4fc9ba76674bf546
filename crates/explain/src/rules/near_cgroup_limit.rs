//! The cgroup is close to its limit.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "near-cgroup-limit",
        checks: "what the cgroup cannot give back exceeds 85 % of its limit (95 %: critical)",
        source: "Linux, Documentation/admin-guide/cgroup-v2.rst (memory.max)",
    },
    needs: &[Need::Cgroup],
    triggered_by: "near_cgroup_limit",
    spared: "gogc_headroom",
    find: check,
};

/// The hundredths of the limit from which on it is near, and from which on that is urgent.
pub(crate) const NEAR: u64 = 85;
pub(crate) const URGENT: u64 = 95;

fn check(s: &Situation) -> Option<Finding> {
    let cgroup = s.cgroup.as_ref()?;
    let limit = s.cgroup_limit?;
    let current = cgroup.current?;
    let unreclaimable = cgroup.working_set().unwrap_or(current);
    if unreclaimable < limit / 100 * NEAR {
        return None;
    }
    let severity = if unreclaimable >= limit / 100 * URGENT {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let left = limit.saturating_sub(unreclaimable);
    let outside = s
        .rss()
        .zip(s.heap_state)
        .map_or(0, |(rss, state)| rss.saturating_sub(state.committed));
    let advice = (limit - limit / 10).saturating_sub(outside);
    let kills = cgroup
        .events
        .as_ref()
        .map_or(0, |events| events.oom_kill);
    let mut finding = Finding::new("near-cgroup-limit", severity, Confidence::Certain)
        .bytes(unreclaimable)
        .title(format!(
            "The cgroup uses {} of its limit of {} ({}): {} are left before the kernel kills",
            bytes(unreclaimable),
            bytes(limit),
            percent(unreclaimable, limit),
            bytes(left),
        ))
        .detail(
            "Inactive page cache is left out of this sum, because the kernel takes it back first. Go does not read the \
             cgroup's limit: without GOMEMLIMIT the heap grows as GOGC says, past the limit.",
        )
        .evidence_bytes("memory.current", current, "cgroup")
        .evidence_bytes("working set", unreclaimable, "cgroup")
        .evidence_bytes("memory.max", limit, "cgroup")
        .action(format!(
            "Set GOMEMLIMIT to about {} (the limit less a tenth and what lies outside Go), or raise the limit.",
            bytes(advice),
        ))
        .verify("The working set stays below 85 % of the limit; memory.events counts no oom_kill.");
    if kills > 0 {
        finding = finding.evidence("oom_kill", kills, "kills", "cgroup");
    }
    Some(finding)
}
