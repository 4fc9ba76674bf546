//! Cut and damaged traces: read up to the damage, never in silence.

use fathom_exectrace::Outcome;
use fathom_testkit::Random;
use fathom_testkit::fixtures;
use fathom_testkit::tracing::Reference;
use tempfile::TempDir;

use crate::any_trace::{self, Checked};
use crate::reference;

/// The recorded traces that are cheap to read often.
fn small() -> Vec<(String, Vec<u8>)> {
    let traces: Vec<(String, Vec<u8>)> = fixtures::traces()
        .iter()
        .map(|trace| {
            let name = format!("{} of Go {}", trace.scenario, trace.version);
            (name, trace.read())
        })
        .filter(|(_, bytes)| bytes.len() < 16 << 10)
        .collect();
    assert!(traces.len() >= 20, "{}", traces.len());
    traces
}

fn read(name: &str, bytes: &[u8]) -> (Outcome, Checked) {
    any_trace::read(bytes).unwrap_or_else(|| panic!("{name} begins as a trace does"))
}

/// Where the batches of a trace begin, with the generation of each.
fn batches(bytes: &[u8]) -> Vec<(usize, u64)> {
    let mut found: Vec<(usize, u64)> = Vec::new();
    let mut at = fathom_exectrace::HEAD_LENGTH;
    while let Some(&kind) = bytes.get(at) {
        if kind == 52 {
            let generation = found.last().map_or(0, |&(_, generation)| generation);
            found.push((at, generation));
            at += 1;
            continue;
        }
        let begin = at;
        at += if kind == 49 { 2 } else { 1 };
        let numbers = [(); 4].map(|()| {
            let mut value = 0;
            for shift in (0..64).step_by(7) {
                let byte = bytes[at];
                at += 1;
                value |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
            }
            value
        });
        found.push((begin, numbers[0]));
        at += usize::try_from(numbers[3]).expect("a size");
    }
    assert_eq!(at, bytes.len(), "the batches fill the trace");
    found
}

/// Whether a batch begins where the trace is cut, so that nothing of one is lost.
fn ends_a_batch(batches: &[(usize, u64)], at: usize) -> bool {
    batches.iter().any(|&(begin, _)| begin == at)
}

#[test]
fn a_trace_that_is_cut_gives_what_is_before_the_cut() {
    let mut random = Random::seeded(7);
    for (name, bytes) in small() {
        let (whole, all) = read(&name, &bytes);
        assert_eq!(whole.damage, None, "{name}");
        let batches = batches(&bytes);
        let boundaries = batches.iter().map(|&(at, _)| at);
        let anywhere: Vec<usize> = (0..40)
            .map(|_| 16 + usize::try_from(random.below(bytes.len() as u64 - 16)).expect("a place"))
            .collect();
        for at in boundaries.chain(anywhere) {
            let (outcome, checked) = read(&name, &bytes[..at]);
            assert!(outcome.generations <= whole.generations, "{name} at {at}");
            let ends = batches.iter().skip(1).map(|&(end, _)| end);
            let ends = ends.chain([bytes.len()]);
            let cut = batches.iter().zip(ends).find(|&(_, end)| end > at);
            // The generation that is cut may be read otherwise, those before it may not.
            let before: std::collections::BTreeSet<u64> = batches
                .iter()
                .map(|&(_, generation)| generation)
                .take_while(|&generation| cut.is_none_or(|(&(_, cut), _)| generation != cut))
                .collect();
            let kept = all.syncs[before.len().min(all.syncs.len() - 1)];
            assert!(
                checked.sums.len() >= kept,
                "{name} at {at}: events are missing"
            );
            assert!(
                checked.sums.get(..kept) == all.sums.get(..kept),
                "{name} at {at}: other events than in the whole"
            );
            let is_silent = outcome.damage.is_none();
            if let Some(damage) = &outcome.damage {
                assert!(
                    damage.lost_bytes > 0 || ends_a_batch(&batches, at),
                    "{name} at {at}: {damage}"
                );
            }
            // A trace may end where a generation does. Before Go 1.26 generations do not say
            // where they end, and one without its last batches may look whole.
            let ends_a_generation = batches.iter().any(|&(begin, _)| begin == at);
            assert!(
                !is_silent || ends_a_generation,
                "{name}: nothing is said of the cut at {at}"
            );
        }
    }
}

#[test]
fn what_the_reference_complains_of_is_told_too() {
    let tool = Reference::build().expect("go tool trace");
    let scratch = TempDir::new().expect("a folder");
    let path = scratch.path().join("trace");
    let mut random = Random::seeded(11);
    let (mut told, mut fine) = (0, 0);
    for (name, bytes) in small() {
        for _ in 0..4 {
            let mut damaged = bytes.clone();
            let bit = random.below(8 * (bytes.len() as u64 - 16)) + 8 * 16;
            let at = usize::try_from(bit / 8).expect("a place");
            damaged[at] ^= 1 << (bit % 8);
            let what = format!("{name} with bit {} of byte {at} flipped", bit % 8);
            let _ = read(&what, &damaged);
            std::fs::write(&path, &damaged).expect("a file");
            let (theirs, errors) = reference::theirs(&tool, &path);
            let (ours, outcome) = reference::ours(&damaged);
            if errors.contains("panic") {
                assert!(outcome.damage.is_some(), "{what}: {errors}");
                continue;
            }
            reference::assert_same(&what, &ours, &theirs);
            assert_eq!(
                outcome.damage.is_some(),
                !errors.is_empty(),
                "{what}: {errors}"
            );
            if errors.is_empty() {
                fine += 1;
            } else {
                told += 1;
            }
        }
    }
    assert!(told > 20 && fine > 5, "{told} broken, {fine} not");
}

#[test]
fn batches_that_are_exchanged_are_told() {
    let mut random = Random::seeded(13);
    let mut told = 0;
    for (name, bytes) in small() {
        let batches = batches(&bytes);
        let ends = batches.iter().skip(1).map(|&(at, _)| at);
        let spans: Vec<(usize, usize)> = batches
            .iter()
            .map(|&(at, _)| at)
            .zip(ends.chain([bytes.len()]))
            .collect();
        for _ in 0..8 {
            let mut order = spans.clone();
            let pick = |random: &mut Random| {
                usize::try_from(random.below(spans.len() as u64)).expect("a place")
            };
            let (one, other) = (pick(&mut random), pick(&mut random));
            order.swap(one, other);
            let mut exchanged = bytes[..16].to_vec();
            for (begin, end) in order {
                exchanged.extend_from_slice(&bytes[begin..end]);
            }
            let (outcome, _) = read(&format!("{name}: {one} and {other}"), &exchanged);
            told += u32::from(outcome.damage.is_some());
        }
    }
    assert!(told > 40, "{told}");
}
