//! Anonymous memory that Go did not allocate.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "non-go-memory",
        checks: "C heap, thread stacks and anonymous mappings beyond the runtime's account exceed the floor",
        source: "Go 1.27.3, src/runtime/mstats.go (Sys counts Go's own memory only)",
    },
    needs: &[Need::Mappings],
    triggered_by: "cgo_malloc",
    spared: "profile_buckets",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let with_runtime = s.memstats.is_some();
    // Without MemStats the anonymous memory outside the arenas holds the
    // runtime's tables too; they stay small beside the heap.
    let tables = s.arena_resident().unwrap_or(0) / 20 + (16 << 20);
    let (held, exact) = if with_runtime {
        let known = s.ledger.bytes("non-go");
        let beyond = s.ledger.bytes("unattributed-anonymous");
        (known + beyond, true)
    } else {
        let known = s.ledger.bytes("non-go");
        let other = s.ledger.bytes("other-anonymous");
        (known - other.min(known) + other.saturating_sub(tables), false)
    };
    if held < s.floor() {
        return None;
    }
    let c_code = s.uses_c();
    let rows = ["c-heap", "c-arenas", "thread-stacks", "anonymous-non-go", "other-anonymous"];
    let confidence = if exact { Confidence::Certain } else { Confidence::Likely };
    let whose = match c_code {
        Some(true) => "C code (cgo), or Go code that calls mmap",
        Some(false) => "Go code or a library that calls mmap: the program has no cgo",
        None => "C code (cgo), or code that calls mmap",
    };
    let mut finding = Finding::new("non-go-memory", Severity::Warning, confidence)
        .bytes(held)
        .title(format!(
            "{} ({}) were not allocated by the Go runtime",
            bytes(held),
            percent(held, s.whole()),
        ))
        .detail(format!(
            "Heap profile and MemStats cannot see this memory. It belongs to {whose}. GOMEMLIMIT does not count it."
        ))
        .action(match c_code {
            Some(false) => {
                "Look for mmap users: an embedded database, an off-heap cache, an arena library; each has a size \
                 setting of its own."
            }
            _ => {
                "Look for missing frees in cgo calls (C.free, Close methods of wrapped libraries). For glibc, \
                 MALLOC_ARENA_MAX=2 limits arenas; jemalloc can profile the C heap. Lower GOMEMLIMIT by this amount."
            }
        })
        .verify("The rows under 'memory outside Go' shrink; fathom explain --base shows by how much.");
    for id in rows {
        if let Some(row) = s.ledger.row(id) {
            finding = finding.evidence_bytes(row.label.clone(), row.bytes, "smaps");
        }
    }
    if let Some(memory) = &s.memstats {
        finding = finding.evidence_bytes("Sys - HeapReleased", memory.committed(), "MemStats");
    }
    for mapping in s.largest_foreign() {
        finding = finding.evidence_bytes(mapping.0, mapping.1, "smaps");
    }
    Some(finding)
}
