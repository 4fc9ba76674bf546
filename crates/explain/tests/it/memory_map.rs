//! The address space as a picture: nothing is lost, and everything has its place.

use crate::recorded::{Look, capture};
use fathom_explain::{MapAmounts, MemoryMap, explain};
use fathom_testkit::fixtures::Cause;

fn map(cause: Cause, look: Look) -> MemoryMap {
    let explained = explain(&capture(cause, look));
    explained.situation.memory_map().unwrap()
}

#[test]
fn kinds_and_mappings_sum_to_the_resident_memory_of_the_ledger() {
    for cause in Cause::all() {
        let explained = explain(&capture(cause, Look::First));
        let map = explained.situation.memory_map().unwrap();
        let sum = |amounts: &mut dyn Iterator<Item = MapAmounts>| {
            amounts.map(|amounts| amounts.resident_bytes).sum::<u64>()
        };
        let total = map.total.resident_bytes;
        assert!(map.has_memory);
        assert_eq!(explained.explanation.totals.rss_bytes, Some(total));
        assert_eq!(sum(&mut map.kinds.iter().map(|kind| kind.amounts)), total);
        assert_eq!(sum(&mut map.mappings.iter().map(|row| row.amounts)), total);
        assert_eq!(map.total.mappings, map.mappings.len() as u64);
    }
}

#[test]
fn mappings_stand_in_the_order_of_their_addresses() {
    let address = |digits: &str| u64::from_str_radix(digits, 16).unwrap();
    for cause in Cause::all() {
        let mut before = 0;
        for row in map(cause, Look::First).mappings {
            let (start, end) = (address(&row.start), address(&row.end));
            assert!(before <= start, "{} of {}", row.start, cause.name());
            assert_eq!(end - start, row.amounts.size_bytes);
            before = end;
        }
    }
}

#[test]
fn arenas_files_and_huge_pages_are_told() {
    let cause = |name: &str| Cause::all().find(|it| it.name() == name).unwrap();
    let huge = map(cause("thp"), Look::First);
    assert!(huge.total.huge_bytes > 0);
    let arenas = huge
        .kinds
        .iter()
        .find(|kind| kind.id == "go-arena")
        .unwrap();
    assert_eq!(arenas.amounts.huge_bytes, huge.total.huge_bytes);
    assert!(
        huge.mappings
            .iter()
            .any(|row| row.reserved && row.kind == "go-arena")
    );
    let mapped = map(cause("mmap_file"), Look::First);
    let largest = mapped
        .mappings
        .iter()
        .max_by_key(|row| row.amounts.resident_bytes)
        .unwrap();
    assert_eq!(largest.kind, "file-mapped");
    assert!(largest.name.starts_with('/'), "{}", largest.name);
}
