//! Buffers that grew, kept by a pool.

use super::{Check, Need};
use crate::amount::{bytes, count, percent};
use crate::heap_state::whole;
use crate::situation::Situation;
use fathom_finding::{Confidence, Finding, RuleDoc, Severity};

pub(super) const RULE: Check = Check {
    doc: RuleDoc {
        id: "pool-retention",
        checks: "grown buffers of 64 KiB or more from one site make up 30 % of the live heap and exceed the floor",
        source: "Go 1.27.3, src/sync/pool.go (victim cache); golang/go#23199, #27735",
    },
    needs: &[Need::HeapProfile],
    triggered_by: "syncpool",
    spared: "slice_retention",
    find: check,
};

const LARGE_BUFFER: u64 = 64 << 10;

fn check(s: &Situation) -> Option<Finding> {
    let heap = s.heap.as_ref()?;
    let site = heap.largest(|site| site.traits.buffer && site.main_size >= LARGE_BUFFER)?;
    let held = whole(site.value);
    let total = whole(heap.total.value);
    if held < s.floor() || held < total / 10 * 3 {
        return None;
    }
    let after = s.heap_after_gc.as_ref().map(|heap| {
        heap.sites
            .iter()
            .find(|other| other.function == site.function && other.line == site.line)
            .map_or(0, |other| whole(other.value))
    });
    let fate = match after {
        Some(after) if after < held / 2 => format!(
            " After a forced collection {} of it were left: that is how a pool behaves, whose contents survive one \
             collection and not two.",
            bytes(after)
        ),
        Some(_) => " A forced collection did not free it.".to_owned(),
        None => " A pool's contents survive one collection and not two; a second look after two collections tells.".to_owned(),
    };
    Some(
        Finding::new("pool-retention", Severity::Info, Confidence::Possible)
            .bytes(held)
            .title(format!(
                "{} ({} of the live heap) are {} grown buffers of {} from {}",
                bytes(held),
                percent(held, total),
                count(whole(site.main_objects)),
                bytes(site.main_size),
                site.place(),
            ))
            .detail(format!(
                "Buffers that are reused keep the largest size they ever had: one large request makes every buffer of \
                 the pool large.{fate}",
            ))
            .evidence_bytes("live bytes", held, "heap profile")
            .evidence_bytes("buffer size", site.main_size, "heap profile")
            .evidence("grown by", site.leaf.clone(), "", "heap profile")
            .action("Do not put buffers above a set size back into the pool (if b.Cap() > 64<<10 { return }).")
            .verify("The site's row in fathom top is smaller after the next peak."),
    )
}
