//! The virtual size frightens, and means nothing.

use super::{Check, Need};
use crate::amount::bytes;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "virtual-reservation",
        checks: "the virtual size is more than 500 MB and four times the resident size",
        source: "Go 1.27.3, src/runtime/malloc.go (arena reservations), src/runtime/mpagealloc_64bit.go (page summaries)",
    },
    needs: &[Need::Kernel],
    triggered_by: "page_cache",
    spared: "idle_retained",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let resident = s.rss()?;
    let size = s.virtual_size()?;
    if size < 500 << 20 || size / 4 < resident {
        return None;
    }
    Some(
        Finding::new("virtual-reservation", Severity::Info, Confidence::Certain)
            .title(format!(
                "{} of address space is reserved, {} is resident: the difference costs nothing",
                bytes(size),
                bytes(resident),
            ))
            .detail(
                "Go reserves address space for its heap arenas and page tables ahead of need. \
                 Reserved pages have no memory behind them.",
            )
            .evidence_bytes("VmSize", size, "status")
            .evidence_bytes("Rss", resident, "smaps")
            .action("Nothing. Never alert on virtual size (VSZ, VIRT, VmSize).")
            .verify("RSS stays where it is."),
    )
}
