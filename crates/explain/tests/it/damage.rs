//! Damaged evidence is named, never a panic, and the rest still adds up.

use crate::recorded::{Look, capture};
use fathom_evidence::Capture;
use fathom_explain::{Explanation, difference, explain, leaves};
use fathom_testkit::Random;
use fathom_testkit::fixtures::Cause;

fn assert_adds_up(explanation: &Explanation) {
    let rows = &explanation.ledger;
    let Some(root) = rows.first() else {
        return;
    };
    assert_eq!(leaves(rows).map(|row| row.bytes).sum::<u64>(), root.bytes);
}

/// Replaces digits, flips bytes, cuts.
fn damage(capture: &mut Capture, random: &mut Random) {
    let index = below(random, capture.artefacts.len());
    let bytes = &mut capture.artefacts[index].bytes;
    for _ in 0..=below(random, 4) {
        if bytes.is_empty() {
            return;
        }
        let at = below(random, bytes.len());
        match below(random, 4) {
            0 => bytes.truncate(at),
            1 => bytes[at] = b'9',
            2 => bytes[at] ^= 1 << below(random, 8),
            _ => {
                // A number that no process has.
                let digits = b"99999999999999999";
                let start = bytes[at..].iter().position(u8::is_ascii_digit);
                if let Some(start) = start {
                    let place = at + start;
                    bytes.splice(place..place, digits.iter().copied());
                }
            }
        }
    }
}

fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(u64::try_from(limit).unwrap())).unwrap()
}

#[test]
fn damaged_artefacts_never_break_the_sum() {
    let mut random = Random::seeded(7);
    let whole = explain(&capture(Cause::GogcHeadroom, Look::First));
    for cause in Cause::all() {
        for _ in 0..20 {
            let mut capture = capture(cause, Look::WithGc);
            damage(&mut capture, &mut random);
            let explained = explain(&capture);
            assert_adds_up(&explained.explanation);
            let compared = difference(&whole, &explained);
            assert_eq!(
                compared.leaves().map(|row| row.delta_bytes).sum::<i64>(),
                compared.delta_bytes
            );
        }
    }
}

#[test]
fn a_cut_smaps_is_named_and_the_rest_is_used() {
    let mut cut = capture(Cause::IdleRetained, Look::First);
    cut.artefacts[0].bytes.truncate(5000);
    let explanation = explain(&cut).explanation;
    assert!(
        explanation
            .missing
            .iter()
            .any(|row| row.what == "smaps.txt")
    );
    // The rollup still has the sum.
    assert_eq!(
        explanation.totals.rss_bytes,
        Cause::IdleRetained.summary()["rss_smaps"].as_u64()
    );
    assert_adds_up(&explanation);
    assert!(explanation.finding("heap-idle-retained").is_some());
}

#[test]
fn impossible_sizes_are_refused() {
    let mut capture = capture(Cause::Ballast, Look::First);
    for artefact in &mut capture.artefacts {
        let text = String::from_utf8_lossy(&artefact.bytes)
            .replace("\"HeapSys\":", "\"HeapSys\":99999999")
            .replace("# HeapSys = ", "# HeapSys = 99999999");
        if artefact.name.starts_with("vars") || artefact.name.ends_with("debug1.txt") {
            artefact.bytes = text.into_bytes();
        }
    }
    let explanation = explain(&capture).explanation;
    assert!(
        explanation
            .missing
            .iter()
            .any(|row| row.why.contains("larger than any address space"))
    );
    assert_adds_up(&explanation);
}
