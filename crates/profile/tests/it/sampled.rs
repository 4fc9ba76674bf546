//! The intervals, held against what Go's sampler really saw.

use std::collections::BTreeMap;

use fathom_profile::sampling::{Bucket, Measure, SamplingRate, estimate};

use crate::fixtures;

/// What became of one site's 200 runs.
#[derive(Default)]
struct Tally {
    runs: f64,
    held: f64,
    width: f64,
    sum: f64,
}

/// Reads `run, size, objects held, objects sampled` of ten sites in 200 processes.
fn intervals_hold(version: &str) {
    let path = fixtures().join(format!("sampling/{version}.tsv"));
    let text = std::fs::read_to_string(path).unwrap();
    let rate = SamplingRate::DEFAULT;
    let mut sites: BTreeMap<(u64, u64), Tally> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let row: Vec<u64> = line.split('\t').map(|cell| cell.parse().unwrap()).collect();
        let (size, objects, samples) = (row[1], row[2], row[3]);
        let truth = (size * objects) as f64;
        let estimate = estimate(rate, Measure::Bytes, [Bucket { size, samples }]).unwrap();
        let tally = sites.entry((size, objects)).or_default();
        tally.runs += 1.0;
        tally.held += f64::from((estimate.low..=estimate.high).contains(&truth));
        tally.width += estimate.high - estimate.low;
        tally.sum += estimate.value;
    }
    assert_eq!(sites.len(), 10);
    let (mut held, mut runs) = (0.0, 0.0);
    for ((size, objects), tally) in sites {
        let p = rate.probability(size);
        let deviation = size as f64 * (objects as f64 * (1.0 - p) / p).sqrt();
        let width = tally.width / tally.runs / (2.0 * 1.96 * deviation);
        let bias = tally.sum / tally.runs / (size * objects) as f64 - 1.0;
        let coverage = tally.held / tally.runs;
        let told = format!("{version}, {size} B: {coverage:.3} {width:.2} {bias:.3}");
        // Of 200 runs, 95 % is known to about 3 %.
        assert!(coverage >= 0.90, "{told}");
        // A site of 20 objects or fewer has no interval of exactly 95 %.
        assert!(width <= 1.3, "{told}");
        assert!(bias.abs() < 0.05, "{told}");
        held += tally.held;
        runs += tally.runs;
    }
    let coverage = held / runs;
    assert!((0.93..=0.99).contains(&coverage), "{version}: {coverage}");
}

#[test]
fn intervals_hold_in_200_runs_of_go_1_22() {
    intervals_hold("go1.22.10");
}

#[test]
fn intervals_hold_in_200_runs_of_go_1_27() {
    intervals_hold("go1.27.3");
}
