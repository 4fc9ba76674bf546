//! Huge pages that keep more resident than was asked for.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};
use fathom_osmem::classify::RegionClass;

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "transparent-huge-pages",
        checks: "the arenas have 5 % more resident bytes than committed, and as many lie in huge pages",
        source: "Go 1.27.3, src/runtime/mem_linux.go:185; golang/go#64332, #61718; go.dev/doc/gc-guide",
    },
    needs: &[Need::Mappings, Need::MemStats],
    triggered_by: "thp",
    spared: "madv_free",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let total = s.space.as_ref()?.class_total(RegionClass::GoArena);
    let huge = total.memory.anon_huge_pages;
    let resident = s.arena_resident()?;
    let committed = s.arena_committed()?;
    let excess = resident
        .saturating_sub(committed)
        .saturating_sub(total.memory.lazy_free);
    if excess < committed / 20 || excess < 8 << 20 || huge < excess {
        return None;
    }
    Some(
        Finding::new("transparent-huge-pages", Severity::Warning, Confidence::Certain)
            .bytes(excess)
            .title(format!(
                "{} ({}) are resident only because of huge pages",
                bytes(excess),
                percent(excess, s.whole()),
            ))
            .detail(format!(
                "{} of the Go heap lie in 2 MB pages. A huge page is resident whole, though the runtime \
                 uses or kept only a part of it; the kernel's khugepaged can also fill pages that the \
                 scavenger gave back. HeapReleased then counts memory that is still there.",
                bytes(huge),
            ))
            .evidence_bytes("AnonHugePages in arenas", huge, "smaps")
            .evidence_bytes("resident in arenas", resident, "smaps")
            .evidence_bytes("committed in arenas", committed, "MemStats")
            .action(
                "Set /sys/kernel/mm/transparent_hugepage/enabled to madvise, or khugepaged/max_ptes_none to 0; for \
                 one process, GODEBUG=disablethp=1 (Go 1.21.6 and later).",
            )
            .verify("AnonHugePages of the arenas falls and RSS nears Sys - HeapReleased."),
    )
}
