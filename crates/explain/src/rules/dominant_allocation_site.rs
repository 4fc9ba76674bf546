//! One place in the program holds much of the live heap.

use super::{
    Check, Need, backing_array_retention, finalizer_backlog, large_object_allocation, map_not_shrinking,
    pool_retention, profile_stale, timer_growth,
};
use crate::amount::{bytes, percent};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, Rule, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "dominant-allocation-site",
        checks: "one allocation site holds 30 % of the live heap by the lower end of its interval, and the floor",
        source: "the heap profile",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "memlimit_thrash",
    spared: "idle_retained",
    find: check,
};

/// Rules that say more of the same bytes.
const MORE_SPECIFIC: &[&Check] = &[
    &backing_array_retention::RULE,
    &finalizer_backlog::RULE,
    &large_object_allocation::RULE,
    &map_not_shrinking::RULE,
    &pool_retention::RULE,
    &timer_growth::RULE,
];

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap_after_gc.as_ref().or(s.heap.as_ref())?;
    let site = heap.sites.first()?;
    let total = heap.total.value;
    let interval = site.bytes();
    let surely = interval.low;
    if surely < total * 0.3 || whole(surely) < s.floor() {
        return None;
    }
    // A profile that lags may name yesterday's site.
    if s.heap_after_gc.is_none() && profile_stale::RULE.check(s).is_some() {
        return None;
    }
    if MORE_SPECIFIC.iter().any(|rule| rule.check(s).is_some()) {
        return None;
    }
    let held = whole(site.value);
    Some(
        Finding::new("dominant-allocation-site", Severity::Info, Confidence::Certain)
            .bytes(held)
            .title(format!(
                "{} ({} of the live heap) were allocated at {}",
                bytes(held),
                percent(held, whole(total)),
                site.place(),
            ))
            .detail(format!(
                "With 95 % confidence it holds between {} and {}. One snapshot says who allocated, not whether it grows.",
                bytes(whole(interval.low)),
                bytes(whole(interval.high)),
            ))
            .evidence_bytes("live bytes", held, "heap profile")
            .evidence("live objects", whole(site.objects), "objects", "heap profile")
            .evidence("allocated by", site.leaf.clone(), "", "heap profile")
            .action(
                "Start here if the heap must shrink. Save a bundle now (fathom capture) and compare later with \
                 fathom explain --base to see whether it grows.",
            )
            .verify("The site's row in fathom top shrinks."),
    )
}
