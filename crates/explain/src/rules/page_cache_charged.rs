//! Page cache that the cgroup is charged for.

use super::{Check, Need};
use crate::amount::bytes;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "page-cache-charged",
        checks: "the cgroup's unmapped page cache exceeds the floor, and the cgroup is the process's own",
        source: "Linux, Documentation/admin-guide/cgroup-v2.rst; kubernetes/kubernetes#43916",
    },
    needs: &[Need::Cgroup],
    triggered_by: "page_cache",
    spared: "ballast",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let cgroup = s.cgroup.as_ref()?;
    let charged = cgroup.current?;
    if s.cgroup_is_shared() {
        return None;
    }
    let mapped = s.ledger.bytes("files") + s.ledger.bytes("binary");
    let cache = cgroup.page_cache()?.saturating_sub(mapped);
    if cache < s.floor() {
        return None;
    }
    let working_set = cgroup.working_set();
    let resident = s.rss()?;
    let mut finding = Finding::new("page-cache-charged", Severity::Info, Confidence::Certain)
        .bytes(cache)
        .title(format!(
            "The cgroup is charged {}, the process has {} resident: {} are page cache",
            bytes(charged),
            bytes(resident),
            bytes(cache),
        ))
        .detail(
            "Files that the process read or wrote stay cached, and the cgroup is charged for them. The kernel \
             takes clean cache back before it kills anything. Kubernetes leaves inactive file pages out of the \
             working set, and counts active ones.",
        )
        .evidence_bytes("memory.current", charged, "cgroup")
        .evidence_bytes("page cache", cache, "cgroup")
        .action(
            "Nothing. If the number alarms, watch the working set or anonymous memory; posix_fadvise(DONTNEED) \
             after large sequential reads or writes keeps the cache small.",
        )
        .verify("memory.stat shows it as inactive_file and active_file.");
    if let Some(working_set) = working_set {
        finding = finding.evidence_bytes("working set", working_set, "cgroup");
    }
    Some(finding)
}
