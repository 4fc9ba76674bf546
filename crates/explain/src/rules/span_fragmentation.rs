//! Spans in use that hold few objects.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "span-fragmentation",
        checks: "free slots in spans in use exceed 30 % of HeapInuse and 32 MiB",
        source: "Go 1.27.3, src/runtime/mheap.go (spans); golang/go#18896, #21695",
    },
    needs: &[Need::MemStats],
    triggered_by: "fragmentation",
    spared: "timer_leak",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let state = s.heap_state?;
    let memory = s.memstats.as_ref()?;
    if state.slack < 32 << 20 || state.slack < state.inuse / 10 * 3 {
        return None;
    }
    // The size class with the most live objects is a hint, where MemStats has it.
    let class = memory
        .by_size
        .iter()
        .map(|class| (class.mallocs.saturating_sub(class.frees), class.mallocs, class.size))
        .filter(|&(_, mallocs, size)| mallocs.saturating_mul(size) > state.slack / 2)
        .max_by_key(|&(live, mallocs, size)| mallocs.saturating_sub(live).saturating_mul(size))
        .map(|(live, mallocs, size)| {
            format!(
                " Most of what was freed were objects of {size} bytes ({} allocated, {} live).",
                crate::amount::count(mallocs),
                crate::amount::count(live),
            )
        })
        .unwrap_or_default();
    Some(
        Finding::new("span-fragmentation", Severity::Warning, Confidence::Certain)
            .bytes(state.slack)
            .title(format!(
                "{} ({} of the heap in use) are free slots in spans that still hold an object",
                bytes(state.slack),
                percent(state.slack, state.inuse),
            ))
            .detail(format!(
                "Go allocates small objects in spans of 8 kB and more, one size a span. A span goes \
                 back only when all its objects are dead: a few survivors spread over many \
                 spans keep them all.{class}",
            ))
            .evidence_bytes("HeapInuse", state.inuse, "MemStats")
            .evidence_bytes("HeapAlloc", state.alloc, "MemStats")
            .evidence_bytes("HeapInuse - HeapAlloc", state.slack, "MemStats")
            .action(
                "Allocate long-lived small objects together (copy the survivors after the bulk is dead, or \
                 keep them in one slice of values), or load in bulk in a short-lived process. New objects of \
                 the same size reuse the slots.",
            )
            .verify("HeapInuse - HeapAlloc falls after the next collection."),
    )
}
