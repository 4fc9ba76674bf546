//! Files mapped into memory.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::mapped_files::mapped_files;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "file-mapped",
        checks: "resident pages of mapped files other than the binary exceed the floor",
        source: "Linux, Documentation/filesystems/proc.rst (smaps)",
    },
    needs: &[Need::Mappings],
    triggered_by: "mmap_file",
    spared: "shmem",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let space = s.space.as_ref()?;
    let held = s.ledger.bytes("files");
    if held < s.floor() {
        return None;
    }
    let files = mapped_files(space);
    let largest = files.first()?;
    let mut finding = Finding::new("file-mapped", Severity::Info, Confidence::Certain)
        .bytes(held)
        .title(format!(
            "{} ({}) are mapped files, most of it {}",
            bytes(held),
            percent(held, s.whole()),
            largest.path,
        ))
        .detail(
            "These pages are the page cache, mapped into the process. Clean pages can be taken back at any \
             time, and other processes that map the same file share them. They count as RSS all the same.",
        )
        .action(
            "Nothing, unless alarms watch RSS: then watch RssAnon or the working set instead. madvise(MADV_DONTNEED) \
             drops the pages from RSS.",
        )
        .verify("RssFile in /proc/PID/status is this size, RssAnon is not.");
    for file in files.iter().take(3) {
        finding = finding.evidence_bytes(file.path.clone(), file.resident, "smaps");
    }
    Some(finding)
}
