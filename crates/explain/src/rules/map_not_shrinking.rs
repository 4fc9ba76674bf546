//! A map that may be much larger than its contents.

use super::{Check, Need};
use crate::amount::{bytes, percent};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "map-not-shrinking",
        checks: "the tables of maps grown at one site make up 30 % of the live heap and exceed the floor",
        source: "Go 1.27.3, src/internal/runtime/maps; golang/go#20135 (maps never shrink)",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "map_no_shrink",
    spared: "slice_retention",
    find: check,
};

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap.as_ref()?;
    let site = heap.largest(|site| site.traits.map)?;
    let held = whole(site.value);
    let total = whole(heap.total.value);
    if held < s.floor() || held < total / 10 * 3 {
        return None;
    }
    Some(
        Finding::new("map-not-shrinking", Severity::Info, Confidence::Possible)
            .bytes(held)
            .title(format!(
                "{} ({} of the live heap) are the tables of a map filled at {}",
                bytes(held),
                percent(held, total),
                site.place(),
            ))
            .detail(
                "A Go map keeps the tables of its largest size: deleting entries, and clear, free what the entries refer \
                 to but never the tables. The profile cannot see how many entries are left, so this is a question: is \
                 the map still as full as it was?",
            )
            .evidence_bytes("live bytes of tables", held, "heap profile")
            .evidence("filled at", site.place(), "", "heap profile")
            .action("If the map was emptied, replace it by a new one (m = make(map[K]V)), or copy what is left.")
            .verify("The site's row in fathom top shrinks after two collections."),
    )
}
