//! The runtime's own tables are large.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "runtime-metadata",
        checks: "span, cache, GC and other tables exceed 16 MiB and 10 % of what the runtime holds",
        source: "Go 1.27.3, src/runtime/mstats.go:438",
    },
    needs: &[Need::MemStats],
    triggered_by: "runtime_metadata",
    spared: "stale_profile",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let memory = s.memstats.as_ref()?;
    let tables = memory
        .off_heap_sys()
        .saturating_sub(memory.buck_hash_sys);
    let committed = memory.committed();
    if tables < 16 << 20 || tables < committed / 10 {
        return None;
    }
    let parts = [
        ("MSpanSys", memory.mspan_sys, "many small spans: the heap was once much larger, or has many small objects"),
        ("MCacheSys", memory.mcache_sys, "many Ps: GOMAXPROCS is high"),
        ("GCSys", memory.gc_sys, "a large heap: bitmaps and work buffers grow with it"),
        (
            "OtherSys",
            memory.other_sys,
            "profiling records (MemProfileRate), finalizers, trace buffers, or many Ps",
        ),
    ];
    let (name, largest, reason) = parts.into_iter().max_by_key(|part| part.1)?;
    let mut finding = Finding::new("runtime-metadata", Severity::Warning, Confidence::Certain)
        .bytes(tables)
        .title(format!(
            "{} ({} of what Go holds) are the runtime's own tables, most of it {name}",
            bytes(tables),
            percent(tables, committed),
        ))
        .detail(format!(
            "{name} is {}. The usual reason: {reason}. The runtime never gives these tables back.",
            bytes(largest),
        ))
        .action("Remove the reason above and restart; the tables stay at their largest size while the process lives.")
        .verify("The fields below are smaller after the restart.");
    for (name, value, _) in parts {
        finding = finding.evidence_bytes(name, value, "MemStats");
    }
    Some(finding)
}
