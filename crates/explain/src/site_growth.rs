//! What grew between two heap profiles of one process.

use crate::heap_sites::Site;
use crate::heap_state::whole;
use crate::leaks::DatedHeap;
use serde::Serialize;
use std::collections::HashMap;

/// Growth beyond so many standard deviations is more than the sampling explains.
const DEVIATIONS: f64 = 3.0;

/// How the live bytes of one place in the program changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SiteGrowth {
    /// The place: `main.readResponse (main.go:20)`.
    pub place: String,
    /// The innermost function that is not the runtime's.
    pub allocated_by: String,
    /// Live bytes in the earlier profile.
    pub first_bytes: u64,
    /// Live bytes in the later profile.
    pub last_bytes: u64,
    /// Live objects in the later profile.
    pub objects: u64,
    /// Live bytes now less those before.
    pub growth_bytes: i64,
    /// One standard deviation of the growth by the sampling, if the objects are others than
    /// before. What stayed alive was sampled once, so that it is less then.
    pub deviation_bytes: u64,
    /// Whether the growth, or the loss, is more than the sampling explains.
    pub is_significant: bool,
}

/// Compares all sites of two profiles, the most live bytes first.
pub fn site_growth(first: &DatedHeap, last: &DatedHeap) -> Vec<SiteGrowth> {
    type Pair<'s> = (Option<&'s Site>, Option<&'s Site>);
    let mut places: HashMap<(&str, i64, &str), Pair<'_>> = HashMap::new();
    for site in &first.sites().sites {
        places.entry(site.identity()).or_default().0 = Some(site);
    }
    for site in &last.sites().sites {
        places.entry(site.identity()).or_default().1 = Some(site);
    }
    let mut rows: Vec<SiteGrowth> = places
        .into_values()
        .filter_map(|(before, now)| compared(before, now))
        .collect();
    rows.sort_by(|a, b| {
        let by_bytes = b.last_bytes.cmp(&a.last_bytes);
        by_bytes
            .then_with(|| b.first_bytes.cmp(&a.first_bytes))
            .then_with(|| a.place.cmp(&b.place))
            .then_with(|| a.allocated_by.cmp(&b.allocated_by))
    });
    rows
}

fn compared(before: Option<&Site>, now: Option<&Site>) -> Option<SiteGrowth> {
    let named = now.or(before)?;
    let bytes = |site: Option<&Site>| site.map_or(0.0, |site| site.value);
    let error = |site: Option<&Site>| site.map_or(0.0, |site| site.bytes().standard_error);
    let grown = bytes(now) - bytes(before);
    let deviation = if grown.abs() < 1.0 {
        0.0
    } else {
        error(before).hypot(error(now))
    };
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let growth_bytes = grown.round() as i64;
    Some(SiteGrowth {
        place: named.place(),
        allocated_by: named.leaf.clone(),
        first_bytes: whole(bytes(before)),
        last_bytes: whole(bytes(now)),
        objects: now.map_or(0, |site| whole(site.objects)),
        growth_bytes,
        deviation_bytes: whole(deviation),
        is_significant: grown.abs() >= 1.0 && grown.abs() > DEVIATIONS * deviation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_profile::{Limits, Profile};
    use std::fmt::Write as _;

    /// Two places that hold bytes in objects of `size` bytes, each sample of Go's text form as
    /// the runtime writes it.
    fn heap(held: [(u64, u64); 2]) -> DatedHeap {
        let mut text = String::new();
        let (mut objects, mut bytes) = (0, 0);
        for (index, (count, size)) in held.into_iter().enumerate() {
            let (total, at) = (count * size, 0x1000 + index);
            writeln!(text, "{count}: {total} [{count}: {total}] @ {at:#x}").unwrap();
            writeln!(
                text,
                "#\t{at:#x}\tmain.site{index}+0x1\t/src/main.go:{}\n",
                index + 10
            )
            .unwrap();
            objects += count;
            bytes += total;
        }
        let text =
            format!("heap profile: {objects}: {bytes} [{objects}: {bytes}] @ heap/1048576\n{text}");
        let profile = Profile::parse(text.as_bytes(), &Limits::default()).unwrap();
        DatedHeap::read(&profile, 1).unwrap()
    }

    #[test]
    fn growth_beyond_the_sampling_is_told_from_noise() {
        let before = heap([(100, 1 << 20), (4, 64 << 10)]);
        let now = heap([(200, 1 << 20), (6, 64 << 10)]);
        let rows = site_growth(&before, &now);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.place.as_str(), row.is_significant))
            .collect();
        assert_eq!(
            told,
            [
                ("main.site0 (main.go:10)", true),
                ("main.site1 (main.go:11)", false)
            ]
        );
        assert!(rows[0].growth_bytes > 90 << 20, "{rows:?}");
        assert!(rows[1].growth_bytes > 0 && rows[1].deviation_bytes > 0);
        let same = site_growth(&now, &now);
        assert!(
            same.iter()
                .all(|row| row.growth_bytes == 0 && !row.is_significant)
        );
    }

    #[test]
    fn what_is_gone_is_a_row_too() {
        let before = heap([(100, 1 << 20), (100, 1 << 20)]);
        let now = heap([(100, 1 << 20), (0, 1 << 20)]);
        let rows = site_growth(&before, &now);
        assert_eq!(rows.len(), 2);
        assert!(rows[1].growth_bytes < -(90 << 20) && rows[1].is_significant);
    }
}
