//! A simulation of Go's sampler: do the intervals hold what they promise?

use std::collections::HashMap;

use super::*;

/// A small generator of random numbers (xorshift64*), so that the simulation is the same
/// each time.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (bits as f64 + 0.5) / (1_u64 << 53) as f64
    }
}

/// Go's sampler of one P: it counts down the bytes to the next sample, and draws the next
/// distance anew after each sample, cut at `26 * ln 2 * R`.
struct Sampler {
    random: Random,
    rate: f64,
    next: f64,
}

impl Sampler {
    fn new(seed: u64, rate: SamplingRate) -> Self {
        let mut sampler = Self {
            random: Random(seed),
            rate: rate.bytes() as f64,
            next: 0.0,
        };
        sampler.next = sampler.draw();
        sampler
    }

    fn draw(&mut self) -> f64 {
        (-self.random.uniform().ln()).min(LONGEST_DRAW) * self.rate
    }

    /// Allocates `count` objects and returns how many were sampled.
    fn allocate(&mut self, size: u64, count: u64) -> u64 {
        let size = size as f64;
        let mut left = count as f64;
        let mut samples = 0;
        loop {
            // The object that takes the counter below 0 is sampled.
            let until = (self.next / size).floor() + 1.0;
            if until > left {
                self.next -= left * size;
                return samples;
            }
            left -= until;
            samples += 1;
            self.next = self.draw();
        }
    }
}

struct Outcome {
    /// How often the interval held the truth.
    coverage: f64,
    /// The mean width, by the width that the true standard deviation allows.
    width: f64,
    /// The mean estimate by the truth.
    bias: f64,
}

fn simulate(rate: SamplingRate, measure: Measure, site: &[(u64, u64)], seed: u64) -> Outcome {
    const TRIALS: u32 = 2000;
    let weigh = |size: u64| match measure {
        Measure::Objects => 1.0,
        Measure::Bytes => size as f64,
    };
    let truth: f64 = site
        .iter()
        .map(|&(size, count)| weigh(size) * count as f64)
        .sum();
    let variance: f64 = site
        .iter()
        .map(|&(size, count)| {
            let p = rate.probability(size);
            weigh(size).powi(2) * count as f64 * (1.0 - p) / p
        })
        .sum();
    let mut sampler = Sampler::new(seed, rate);
    let mut known = HashMap::new();
    let (mut held, mut width, mut sum) = (0.0, 0.0, 0.0);
    for _ in 0..TRIALS {
        let buckets: Vec<Bucket> = site
            .iter()
            .map(|&(size, count)| Bucket {
                size,
                samples: sampler.allocate(size, count),
            })
            .collect();
        let counts: Vec<u64> = buckets.iter().map(|bucket| bucket.samples).collect();
        let mut estimate = *known
            .entry(counts)
            .or_insert_with(|| estimate(rate, measure, buckets).unwrap());
        if estimate.samples == 0 && measure == Measure::Objects {
            // Of nothing, only bytes have a bound that does not depend on sizes.
            let smallest = site.iter().map(|&(size, _)| size).min().unwrap_or(1);
            estimate.high = unlisted_bound(rate) / smallest as f64;
        }
        if (estimate.low..=estimate.high).contains(&truth) {
            held += 1.0;
        }
        width += estimate.high - estimate.low;
        sum += estimate.value;
    }
    let trials = f64::from(TRIALS);
    Outcome {
        coverage: held / trials,
        width: width / trials / (2.0 * 1.96 * variance.sqrt()),
        bias: sum / trials / truth - 1.0,
    }
}

/// A number of objects of `size` of which `expected` are sampled on average.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and positive"
)]
fn objects(rate: SamplingRate, size: u64, expected: f64) -> u64 {
    (expected / rate.probability(size)).round().max(1.0) as u64
}

const EXPECTED: [f64; 12] = [
    1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 12.0, 20.0, 40.0, 70.0, 100.0,
];

#[test]
fn intervals_of_single_sizes_hold_the_truth() {
    let rate = SamplingRate::DEFAULT;
    for size in [64, 1024, 16 << 10, 128 << 10, 240 << 10, 512 << 10, 1 << 20] {
        for expected in EXPECTED {
            let count = objects(rate, size, expected);
            let outcome = simulate(rate, Measure::Bytes, &[(size, count)], size + count);
            let told = format!(
                "{count} objects of {size}, {expected} samples expected: coverage {:.3}, width {:.2}, bias {:.3}",
                outcome.coverage, outcome.width, outcome.bias
            );
            assert!(outcome.coverage >= 0.93, "{told}");
            // Few objects that are nearly all sampled leave no interval of exactly 95 %.
            let tolerance = if count < 20 { 1.0 } else { 0.994 };
            assert!(outcome.coverage <= tolerance, "{told}");
            assert!(
                outcome.width <= if count < 10 { 1.6 } else { 1.3 },
                "{told}"
            );
        }
    }
}

#[test]
fn intervals_of_mixed_sizes_hold_the_truth() {
    let rate = SamplingRate::DEFAULT;
    let mixes: [&[u64]; 4] = [
        &[48, 1024],
        &[16, 208, 2048, 9472, 32 << 10],
        &[64, 64 << 10, 256 << 10],
        &[48, 1024, 9472, 64 << 10, 256 << 10, 768 << 10],
    ];
    for (index, mix) in mixes.iter().enumerate() {
        for expected in EXPECTED {
            let share = expected / mix.len() as f64;
            let site: Vec<(u64, u64)> = mix
                .iter()
                .map(|&size| (size, objects(rate, size, share)))
                .collect();
            let outcome = simulate(rate, Measure::Bytes, &site, 77 + index as u64);
            let told = format!(
                "{site:?}, {expected} samples expected: coverage {:.3}, width {:.2}, bias {:.3}",
                outcome.coverage, outcome.width, outcome.bias
            );
            assert!((0.93..=0.995).contains(&outcome.coverage), "{told}");
            assert!(outcome.width <= 1.3, "{told}");
            assert!(outcome.bias.abs() < 0.05, "{told}");
        }
    }
}

#[test]
fn intervals_of_objects_hold_the_truth() {
    let rate = SamplingRate::DEFAULT;
    for (index, expected) in EXPECTED.into_iter().enumerate() {
        let site = [(1024, objects(rate, 1024, expected))];
        let outcome = simulate(rate, Measure::Objects, &site, 5 + index as u64);
        assert!(
            (0.93..=0.994).contains(&outcome.coverage) && outcome.width <= 1.3,
            "{expected}: {} {}",
            outcome.coverage,
            outcome.width
        );
    }
}

#[test]
fn growth_is_judged_by_what_came_and_went() {
    let rate = SamplingRate::DEFAULT;
    let mut sampler = Sampler::new(11, rate);
    let (size, truth) = (4096_u64, 20.0 * f64::from(1 << 20));
    let (mut held, mut significant) = (0, 0);
    for _ in 0..1000 {
        let mut some = |count: u64| {
            [Bucket {
                size,
                samples: sampler.allocate(size, count),
            }]
        };
        // 30 MiB come, 10 MiB go.
        let growth = growth(rate, Measure::Bytes, some(7680), some(2560)).unwrap();
        held += usize::from((growth.net.low..=growth.net.high).contains(&truth));
        significant += usize::from(growth.is_significant());
    }
    assert!((930..=992).contains(&held), "{held}");
    assert!(significant > 800, "{significant}");

    let nothing = growth(rate, Measure::Bytes, [], []).unwrap();
    assert!(!nothing.is_significant());
}

#[test]
fn samples_are_recovered_from_what_go_writes() {
    let rate = SamplingRate::DEFAULT;
    for size in [
        8_u64,
        48,
        1024,
        9472,
        65_536,
        262_144,
        1 << 20,
        3 << 20,
        12 << 20,
    ] {
        for count in (1_u32..60).chain([1000, 123_457]) {
            let scale = 1.0 / (1.0 - (-(size as f64) / 524_288.0).exp());
            #[expect(clippy::cast_possible_truncation, reason = "as Go cuts")]
            let (objects, bytes) = (
                (f64::from(count) * scale) as i64,
                (f64::from(count) * size as f64 * scale) as i64,
            );
            assert_eq!(
                rate.samples(objects, bytes, size),
                u64::from(count),
                "{size}"
            );
        }
    }
    assert_eq!(SamplingRate::new(1).samples(7, 70, 10), 7);
    assert_eq!(rate.samples(-3, -30, 10), 0);
}

#[test]
fn off_and_exact_rates_are_told_apart() {
    let bucket = Bucket {
        size: 100,
        samples: 7,
    };
    assert_eq!(
        estimate(SamplingRate::new(0), Measure::Bytes, [bucket]),
        None
    );
    let exact = estimate(SamplingRate::new(1), Measure::Bytes, [bucket]).unwrap();
    assert_eq!(
        exact,
        Estimate {
            value: 700.0,
            low: 700.0,
            high: 700.0,
            standard_error: 0.0,
            samples: 7
        }
    );
    assert!((unlisted_bound(SamplingRate::DEFAULT) / f64::from(1 << 20) - 1.5).abs() < 0.01);
    // An object longer than any draw is always sampled.
    let large = Bucket {
        size: 10 << 20,
        samples: 1,
    };
    let certain = estimate(SamplingRate::DEFAULT, Measure::Bytes, [large]).unwrap();
    assert!(certain.low.to_bits() == certain.high.to_bits());
}
