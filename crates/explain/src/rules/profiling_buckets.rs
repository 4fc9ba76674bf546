//! The profiler's own records are large.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "profiling-buckets",
        checks: "BuckHashSys exceeds 10 MiB and 5 % of the resident memory",
        source: "Go 1.27.3, src/runtime/mprof.go (buckets are never freed); golang/go#69590, #42347",
    },
    needs: &[Need::MemStats],
    triggered_by: "profile_buckets",
    spared: "runtime_metadata",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let memory = s.memstats.as_ref()?;
    let buckets = memory.buck_hash_sys;
    if buckets < 10 << 20 || buckets < s.whole() / 20 {
        return None;
    }
    let rate = s.heap.as_ref().map(|heap| heap.rate);
    let reason = match rate {
        Some(1) => "MemProfileRate is 1, so every stack that ever allocated has a record.",
        _ => "The program allocates on very many distinct stacks (deep or generated code, reflection, templates).",
    };
    let mut finding = Finding::new("profiling-buckets", Severity::Warning, Confidence::Certain)
        .bytes(buckets)
        .title(format!(
            "{} ({}) are the profiler's own records",
            bytes(buckets),
            percent(buckets, s.whole()),
        ))
        .detail(format!(
            "The runtime keeps one record for each distinct stack and size that the heap, block and mutex profiles \
             ever saw, and never frees one. {reason}",
        ))
        .evidence_bytes("BuckHashSys", buckets, "MemStats")
        .action(
            "Leave runtime.MemProfileRate at its default; set GODEBUG=profstackdepth=32 (Go 1.23 and later record 128 \
             frames); turn SetBlockProfileRate and SetMutexProfileFraction off where nobody reads them.",
        )
        .verify("/memory/classes/profiling/buckets:bytes stays flat after a restart.");
    if let Some(rate) = rate {
        finding = finding.evidence("MemProfileRate", rate, "bytes", "heap profile");
    }
    Some(finding)
}
