//! Times judging a process and finding what makes it grow.
//!
//! ```text
//! cargo bench -p fathom-bench --bench trends
//! ```

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fathom_trends::{
    GO_SAMPLING_INTERVAL, Process, Series, StackSeries, Thresholds, judge, suspects,
};

fn main() {
    divan::main();
}

const MEBIBYTE: f64 = 1_048_576.0;

/// A number from 0 to 1 that wavers.
fn waver(number: u32) -> f64 {
    f64::from(number.wrapping_mul(2_654_435_761) >> 16) / f64::from(1 << 16)
}

/// Scrapes each 15 seconds for so many hours; items are scrapes.
#[divan::bench(args = [1, 24, 24 * 7])]
fn judged(bencher: Bencher<'_, '_>, hours: u32) {
    let times: Vec<f64> = (0..hours * 240)
        .map(|number| f64::from(number) * 15.0)
        .collect();
    let values = (0_u32..).zip(&times);
    let values = values.map(|(number, time)| (100.0 + waver(number)) * MEBIBYTE + 1e4 * time);
    let Ok(series) = Series::new(times.clone(), values.collect()) else {
        return;
    };
    bencher
        .counter(ItemsCount::new(times.len()))
        .bench_local(|| {
            let process = Process {
                values: black_box(&series),
                load: None,
                collections: None,
                limit: None,
            };
            judge(&process, &Thresholds::bytes())
        });
}

/// So many stacks in 200 profiles; items are stacks.
#[divan::bench(args = [100, 10_000])]
fn suspected(bencher: Bencher<'_, '_>, count: u32) {
    let bytes: Vec<Vec<f64>> = (0..count)
        .map(|stack| {
            (0..200)
                .map(|number| MEBIBYTE * 10.0 * waver(200 * stack + number))
                .collect()
        })
        .collect();
    let times: Vec<f64> = (0..200).map(|number| f64::from(number) * 60.0).collect();
    let stacks: Vec<StackSeries<'_, usize>> = bytes
        .iter()
        .enumerate()
        .map(|(key, bytes)| StackSeries {
            key,
            object_bytes: 64.0,
            bytes,
        })
        .collect();
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| suspects(&times, black_box(&stacks), GO_SAMPLING_INTERVAL));
}
