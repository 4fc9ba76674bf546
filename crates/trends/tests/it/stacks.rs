//! Which of thousands of stacks is said to grow, when profiles are sampled.

use fathom_trends::{GO_SAMPLING_INTERVAL, StackSeries, suspects};

use crate::scrapes::{MIB, Noise};

/// What profiles say of a stack whose live objects turn over: of n expected samples, a tenth are
/// replaced from one profile to the next.
fn sampled(bytes: impl Fn(usize) -> f64, profiles: usize, noise: &mut Noise) -> Vec<f64> {
    let samples = |at: usize| bytes(at) / GO_SAMPLING_INTERVAL;
    let mut live = noise.poisson(samples(0));
    (0..profiles)
        .map(|at| {
            if at > 0 {
                let mut gone = 0.0;
                let mut seen = 0.0;
                while seen < live {
                    gone += f64::from(u8::from(noise.uniform() < 0.1));
                    seen += 1.0;
                }
                let new = samples(at) - 0.9 * samples(at - 1);
                live = live - gone + noise.poisson(new.max(0.0));
            }
            live * GO_SAMPLING_INTERVAL
        })
        .collect()
}

/// 2,000 stacks, most of them small, as they are in real heaps.
fn heap(profiles: usize, leaks: &[(usize, f64)], seed: u64) -> Vec<Vec<f64>> {
    let mut noise = Noise::new(seed);
    (0..2000)
        .map(|stack| {
            let base = 30.0 * MIB / f64::from(u32::try_from(stack).unwrap() + 1) + 0.05 * MIB;
            let leak = leaks
                .iter()
                .find(|(leaking, _)| *leaking == stack)
                .map_or(0.0, |(_, bytes)| *bytes);
            let share = |at: usize| at as f64 / (profiles - 1) as f64;
            sampled(|at| base + leak * share(at), profiles, &mut noise)
        })
        .collect()
}

fn times(profiles: usize) -> Vec<f64> {
    (0..profiles).map(|at| at as f64 * 60.0).collect()
}

fn series(stacks: &[Vec<f64>]) -> Vec<StackSeries<'_, usize>> {
    stacks
        .iter()
        .enumerate()
        .map(|(key, bytes)| StackSeries {
            key,
            object_bytes: 1024.0,
            bytes,
        })
        .collect()
}

#[test]
fn the_right_stack_is_first() {
    for seed in 1..=10 {
        // 10 kB/s for half an hour, and 100 kB/s.
        for leak in [18.0 * MIB, 180.0 * MIB] {
            let stacks = heap(31, &[(1234, leak)], seed);
            let found = suspects(&times(31), &series(&stacks), GO_SAMPLING_INTERVAL);
            let first = &found.stacks[0];
            assert_eq!(first.key, 1234, "seed {seed}: {found:?}");
            assert!(first.growth > 3.0 * first.deviation);
            assert!(
                (first.growth / (0.75 * leak) - 1.0).abs() < 0.6,
                "{first:?}"
            );
            assert!(first.monotonicity > 0.7);
            assert!(first.slope.low > 0.0);
            let slope = first.slope.per_second / (leak / 1800.0);
            assert!((0.4..1.6).contains(&slope), "{first:?}");
            assert!(found.growing <= 3, "{found:?}");
        }
    }
}

#[test]
fn several_leaks_share_the_growth() {
    let leaks = [(40, 200.0 * MIB), (900, 100.0 * MIB), (1500, 30.0 * MIB)];
    let stacks = heap(60, &leaks, 7);
    let found = suspects(&times(60), &series(&stacks), GO_SAMPLING_INTERVAL);
    let keys: Vec<usize> = found.stacks.iter().map(|it| it.key).collect();
    // The two largest make up four fifths; the third grows, but is not needed.
    assert_eq!(keys, [40, 900]);
    assert!(found.growing >= 3);
    assert!(found.explained >= 0.8 && found.explained <= 1.0);
    let shares: f64 = found.stacks.iter().map(|it| it.share).sum();
    assert!((shares - found.explained).abs() < 1e-9);
}

#[test]
fn a_heap_that_stays_has_no_suspects() {
    let mut false_ones = 0;
    for seed in 1..=20 {
        let stacks = heap(60, &[], seed);
        let found = suspects(&times(60), &series(&stacks), GO_SAMPLING_INTERVAL);
        assert_eq!(found.tested, 2000);
        false_ones += usize::from(found.growing > 0);
    }
    assert!(false_ones <= 1, "{false_ones} of 20");
}

#[test]
fn odd_input_has_an_answer() {
    let none = suspects::<u32>(&[], &[], GO_SAMPLING_INTERVAL);
    assert!(none.stacks.is_empty());
    let missing = [f64::NAN; 8];
    let huge = [0.0, 0.0, 0.0, 0.0, 1e18, 1e18, 1e18, 1e18];
    let short = [5.0];
    let stacks = [
        StackSeries {
            key: 1,
            object_bytes: f64::NAN,
            bytes: &missing,
        },
        StackSeries {
            key: 2,
            object_bytes: 8.0,
            bytes: &huge,
        },
        StackSeries {
            key: 3,
            object_bytes: 8.0,
            bytes: &short,
        },
    ];
    let found = suspects(&times(8), &stacks, GO_SAMPLING_INTERVAL);
    assert_eq!(found.stacks.len(), 1);
    assert_eq!(found.stacks[0].key, 2);
}

#[test]
fn of_ten_thousand_stacks_that_waver_few_are_suspected() {
    let mut noise = Noise::new(3);
    let stacks: Vec<Vec<f64>> = (0..10_000)
        .map(|_| (0..200).map(|_| MIB * noise.poisson(5.0)).collect())
        .collect();
    let found = suspects(&times(200), &series(&stacks), GO_SAMPLING_INTERVAL);
    assert_eq!(found.tested, 10_000);
    assert!(found.growing <= 5, "{}", found.growing);
}
