//! Memory given back with `MADV_FREE` that still counts as resident.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "lazy-free",
        checks: "LazyFree pages exceed 10 % of RSS and 8 MiB",
        source: "Go 1.27.3, src/runtime/runtime1.go:399 (madvdontneed); golang/go#28466, #33376",
    },
    needs: &[Need::Mappings],
    triggered_by: "madv_free",
    spared: "idle_retained",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let lazy = s.memory.as_ref()?.lazy_free;
    let resident = s.rss()?;
    if lazy < resident / 10 || lazy < 8 << 20 {
        return None;
    }
    let mut finding = Finding::new("lazy-free", Severity::Info, Confidence::Certain)
        .bytes(lazy)
        .title(format!(
            "{} ({} of RSS) were given back, and the kernel has not collected them yet",
            bytes(lazy),
            percent(lazy, resident),
        ))
        .detail(
            "The program releases memory with MADV_FREE (Go 1.12 to 1.15, or GODEBUG=madvdontneed=0). Such pages \
             stay in RSS until the kernel needs memory; then they vanish at once. RSS overstates what is in use.",
        )
        .evidence_bytes("LazyFree", lazy, "smaps")
        .action(
            "Nothing for the memory. To see a true RSS, run with GODEBUG=madvdontneed=1, or remove \
             GODEBUG=madvdontneed=0; Go 1.16 and later do so by default.",
        )
        .verify("LazyFree in /proc/PID/smaps_rollup is 0.");
    if let Some(memory) = &s.memstats {
        finding = finding.evidence_bytes("HeapReleased", memory.heap_released, "MemStats");
    }
    Some(finding)
}
