//! A few objects hold much of the heap.

use super::{Check, Need};
use crate::amount::{bytes, count, percent};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "large-object-allocation",
        checks: "one site holds objects of 16 MiB or more that make up a third of the live heap",
        source: "Go 1.27.3, src/runtime/malloc.go (large objects have a span of their own)",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "ballast",
    spared: "syncpool",
    find: check,
};

/// Objects from here on are worth a word of their own.
const LARGE: u64 = 16 << 20;

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap.as_ref()?;
    let site = heap.largest(|site| site.main_size >= LARGE)?;
    let held = whole(site.value);
    let total = whole(heap.total.value);
    if held < s.floor() || held < total / 3 {
        return None;
    }
    let objects = whole(site.main_objects);
    Some(
        Finding::new("large-object-allocation", Severity::Info, Confidence::Certain)
            .bytes(held)
            .title(format!(
                "{} ({} of the live heap) are {} object{} of {} from {}",
                bytes(held),
                percent(held, total),
                count(objects),
                if objects == 1 { "" } else { "s" },
                bytes(site.main_size),
                site.place(),
            ))
            .detail(
                "Objects this large are always in the profile, so the number is exact. Each takes whole pages, is zeroed \
                 when it is allocated, and one reference to any part of it keeps all of it.",
            )
            .evidence_bytes("object size", site.main_size, "heap profile")
            .evidence("objects", objects, "objects", "heap profile")
            .evidence("allocated by", site.leaf.clone(), "", "heap profile")
            .action(
                "If the size is not needed at once, allocate in chunks or stream; if the object is reused, keep one and \
                 reset it; size it from what is needed rather than by doubling.",
            )
            .verify("The site's row in fathom top shrinks."),
    )
}
