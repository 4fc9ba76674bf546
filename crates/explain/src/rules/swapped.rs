//! Part of the process lies in swap.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "swapped",
        checks: "more than 8 MiB or 5 % of the process is swapped out",
        source: "Linux, proc(5) (VmSwap)",
    },
    needs: &[Need::Kernel],
    triggered_by: "swapped",
    spared: "ballast",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let swap = s.swap()?;
    let resident = s.rss()?;
    if swap == 0 || swap < (8 << 20).min(resident / 20) {
        return None;
    }
    let severity = if swap > resident / 10 {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Some(
        Finding::new("swapped", severity, Confidence::Certain)
            .bytes(swap)
            .title(format!(
                "{} are swapped out, beside {} resident ({} of both)",
                bytes(swap),
                bytes(resident),
                percent(swap, swap + resident),
            ))
            .detail(
                "Every collection reads the whole live heap, so swapped pages come back from disk again and again: \
                 collections take seconds, and requests wait.",
            )
            .evidence_bytes("VmSwap", swap, "status")
            .evidence_bytes("Rss", resident, "smaps")
            .action(
                "Give the host or the cgroup more memory, or set GOMEMLIMIT so that the heap fits; turn swap off for \
                 services (memory.swap.max = 0).",
            )
            .verify("VmSwap in /proc/PID/status goes to 0 after a restart and stays there."),
    )
}
