//! Memory that the runtime committed and nobody touched.

use super::{Check, Need};
use crate::amount::bytes;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "untouched-heap",
        checks: "the arenas have 10 % fewer resident bytes than the runtime committed in them",
        source: "Go 1.27.3, src/runtime/mheap.go:1063; Linux gives a page its memory at the first write",
    },
    needs: &[Need::Mappings, Need::MemStats],
    triggered_by: "ballast",
    spared: "gogc_headroom",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let resident = s.arena_resident()?;
    let committed = s.arena_committed()?;
    let untouched = committed.saturating_sub(resident);
    let swapped = s.memory.as_ref().map_or(0, |memory| memory.swap);
    let untouched = untouched.saturating_sub(swapped);
    if untouched < committed / 10 || untouched < 8 << 20 {
        return None;
    }
    let state = s.heap_state?;
    let object = s
        .heap
        .as_ref()
        .and_then(|heap| heap.largest(|site| site.largest > untouched / 2))
        .map(|site| {
            format!(
                " The likely owner is an object of {} from {}.",
                bytes(site.largest),
                site.place()
            )
        })
        .or_else(|| {
            (state.stacks > untouched).then(|| {
                format!(
                    " Goroutine stacks are the likely part: {} are set aside for them, and the deep \
                     end of a stack is often never written.",
                    bytes(state.stacks)
                )
            })
        })
        .unwrap_or_default();
    Some(
        Finding::new("untouched-heap", Severity::Info, Confidence::Certain)
            .bytes(untouched)
            .title(format!(
                "{} of {} that Go counts as its heap and stacks were never touched: they use no memory",
                bytes(untouched),
                bytes(committed),
            ))
            .detail(format!(
                "HeapAlloc and the profile count allocated bytes; the kernel counts pages that were \
                 written. Large allocations get their memory page by page, at the first write.{object}",
            ))
            .evidence_bytes("committed in arenas", committed, "MemStats")
            .evidence_bytes("resident in arenas", resident, "smaps")
            .evidence_bytes("HeapAlloc", state.alloc, "MemStats")
            .action(
                "Nothing for the memory. If the object is a ballast to make the collector run less often, remove \
                 it and set GOMEMLIMIT and GOGC instead.",
            )
            .verify("HeapAlloc falls, RSS does not."),
    )
}
