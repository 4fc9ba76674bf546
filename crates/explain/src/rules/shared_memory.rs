//! Shared memory and tmpfs.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "shared-memory",
        checks: "resident shared memory exceeds the floor",
        source: "Linux, Documentation/admin-guide/cgroup-v2.rst (shmem)",
    },
    needs: &[Need::Mappings],
    triggered_by: "shmem",
    spared: "mmap_file",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let held = s.ledger.bytes("shared-memory");
    if held < s.floor() {
        return None;
    }
    let owner = s
        .space
        .as_ref()
        .and_then(|space| space.shared_memory().into_iter().next())
        .map(|file| format!(", most of it {}", file.path))
        .unwrap_or_default();
    Some(
        Finding::new("shared-memory", Severity::Warning, Confidence::Certain)
            .bytes(held)
            .title(format!(
                "{} ({}) are shared memory{owner}",
                bytes(held),
                percent(held, s.whole()),
            ))
            .detail(
                "tmpfs files, memfd and System V segments have no file on disk behind them: without swap the \
                 kernel cannot take them back, and they count against the cgroup's limit, even after the last \
                 process unmaps them.",
            )
            .evidence_bytes("shared memory resident", held, "smaps")
            .action(
                "Delete or truncate what is no longer used in /dev/shm or the tmpfs; in Kubernetes set sizeLimit on \
                 emptyDir volumes with medium Memory.",
            )
            .verify("RssShmem in /proc/PID/status and shmem in the cgroup's memory.stat fall."),
    )
}
