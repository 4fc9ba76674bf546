//! The ledger sums to what the kernel says, and the closures close.

use crate::recorded::{Look, capture, explanation};
use fathom_explain::{Basis, Explanation, OFF_HEAP_TOLERANCE, difference, explain, leaves};
use fathom_testkit::fixtures::Cause;

fn rss_of_smaps(cause: Cause) -> u64 {
    cause
        .text("smaps.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("Rss:"))
        .map(|rest| {
            rest.trim()
                .trim_end_matches(" kB")
                .trim()
                .parse::<u64>()
                .unwrap()
                * 1024
        })
        .sum()
}

#[test]
fn leaves_sum_to_the_rss_of_smaps_to_the_byte() {
    for cause in Cause::all() {
        for look in [Look::First, Look::WithoutVars, Look::KernelOnly] {
            let explanation = explanation(cause, look);
            let sum: u64 = leaves(&explanation.ledger).map(|row| row.bytes).sum();
            assert_eq!(sum, rss_of_smaps(cause), "{}", cause.name());
            assert_eq!(explanation.totals.rss_bytes, Some(sum));
        }
    }
}

#[test]
fn every_parent_is_the_sum_of_its_children() {
    for cause in Cause::all() {
        for look in [Look::First, Look::RuntimeOnly] {
            let explanation = explanation(cause, look);
            for parent in &explanation.ledger {
                let children: Vec<u64> = explanation
                    .ledger
                    .iter()
                    .filter(|row| row.parent.as_ref() == Some(&parent.id))
                    .map(|row| row.bytes)
                    .collect();
                if !children.is_empty() {
                    assert_eq!(children.iter().sum::<u64>(), parent.bytes, "{}", parent.id);
                }
                assert!(parent.low_bytes <= parent.bytes && parent.bytes <= parent.high_bytes);
            }
        }
    }
}

#[test]
fn less_than_two_percent_is_unattributed() {
    for cause in Cause::all() {
        let explanation = explanation(cause, Look::First);
        let unattributed: u64 = leaves(&explanation.ledger)
            .filter(|row| row.id.starts_with("unattributed") || row.id == "other-anonymous")
            .map(|row| row.bytes)
            .sum();
        let rss = explanation.totals.rss_bytes.unwrap();
        assert!(
            unattributed * 50 < rss,
            "{}: {unattributed} of {rss}",
            cause.name()
        );
    }
}

#[test]
fn the_closures_close() {
    for cause in Cause::all() {
        let explanation = explanation(cause, Look::First);
        let gap = |id: &str| {
            explanation
                .reconciliations
                .iter()
                .find(|row| row.id == id)
                .unwrap_or_else(|| panic!("{}: no {id}", cause.name()))
                .gap_bytes
        };
        assert_eq!(gap("arena-size"), 0, "{}", cause.name());
        let tolerance = i64::try_from(OFF_HEAP_TOLERANCE).unwrap();
        let off_heap = gap("off-heap-size");
        match cause.name() {
            // 150 MiB that the program mapped itself, or C did.
            "mmap_anon" => assert!((off_heap - (150 << 20)).abs() < tolerance, "{off_heap}"),
            "cgo_malloc" => assert!(off_heap > 200 << 20, "{off_heap}"),
            name => assert!(off_heap.abs() <= tolerance, "{name}: {off_heap}"),
        }
    }
}

#[test]
fn reconciliations_add_up() {
    for cause in Cause::all() {
        for row in explanation(cause, Look::First).reconciliations {
            let causes: i64 = row.causes.iter().map(|cause| cause.bytes).sum();
            assert_eq!(row.gap_bytes, causes + row.unexplained_bytes, "{}", row.id);
        }
    }
}

#[test]
fn without_the_kernel_the_root_is_the_runtimes_total() {
    let explanation = explanation(Cause::StaleProfile, Look::RuntimeOnly);
    let root = &explanation.ledger[0];
    assert_eq!(
        (root.id.as_str(), root.basis),
        ("go-total", Basis::Reported)
    );
    let vars = Cause::StaleProfile.json("vars.json");
    let field = |name: &str| vars["memstats"][name].as_u64().unwrap();
    assert_eq!(root.bytes, field("Sys") - field("HeapReleased"));
    assert_eq!(
        leaves(&explanation.ledger)
            .map(|row| row.bytes)
            .sum::<u64>(),
        root.bytes
    );
    assert_eq!(explanation.totals.rss_bytes, None);
}

#[test]
fn a_comparison_sums_to_the_difference_in_rss() {
    let before = explain(&capture(Cause::IdleRetained, Look::First));
    let after = explain(&capture(Cause::GogcHeadroom, Look::First));
    let compared = difference(&before, &after);
    let rss =
        |explanation: &Explanation| i64::try_from(explanation.totals.rss_bytes.unwrap()).unwrap();
    assert_eq!(
        compared.leaves().map(|row| row.delta_bytes).sum::<i64>(),
        rss(&after.explanation) - rss(&before.explanation)
    );
    let same = difference(&before, &before);
    assert!(same.ledger.iter().all(|row| row.delta_bytes == 0));
    assert!(same.findings.is_empty());
}
