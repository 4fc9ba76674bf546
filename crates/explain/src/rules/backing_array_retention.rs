//! Large arrays that small slices may keep alive.

use super::{Check, Need};
use crate::amount::{bytes, count, percent};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "backing-array-retention",
        checks: "16 or more objects of one size of 64 KiB or more from one site make up 30 % of the live heap",
        source: "go.dev/blog/slices-intro (a slice keeps its whole array)",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "slice_retention",
    spared: "ballast",
    find: check,
};

const LARGE: u64 = 64 << 10;
const MANY: f64 = 16.0;

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap.as_ref()?;
    let site = heap.largest(|site| {
        let kind = site.traits;
        site.main_size >= LARGE
            && site.main_objects >= MANY
            && !(kind.buffer || kind.map || kind.timer || kind.goroutine)
    })?;
    let held = whole(site.value);
    let total = whole(heap.total.value);
    if held < s.floor() || held < total / 10 * 3 {
        return None;
    }
    Some(
        Finding::new("backing-array-retention", Severity::Info, Confidence::Possible)
            .bytes(held)
            .title(format!(
                "{} ({} of the live heap) are about {} arrays of {} from {}",
                bytes(held),
                percent(held, total),
                count(whole(site.main_objects)),
                bytes(site.main_size),
                site.place(),
            ))
            .detail(
                "If the program keeps only a part of each (a substring, a few bytes of a response, a header), the small \
                 slice keeps the whole array. The profile sees the arrays, not who points into them, so this is a \
                 question: are the arrays needed whole?",
            )
            .evidence_bytes("live bytes", held, "heap profile")
            .evidence_bytes("array size", site.main_size, "heap profile")
            .evidence("arrays", whole(site.main_objects), "objects", "heap profile")
            .action("Copy what is kept: bytes.Clone, strings.Clone, slices.Clone on the part.")
            .verify("The site's row in fathom top shrinks to the size of what is kept."),
    )
}
