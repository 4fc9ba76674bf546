//! Times merging profiles that were read already.
//!
//! ```text
//! cargo bench -p fathom-bench --bench merges
//! ```

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fathom_profile::merge::merge;
use fathom_profile::{Limits, Profile, encode};
use fathom_testkit::generator::Shape;

fn main() {
    divan::main();
}

const SAMPLES: u32 = 10_000;

fn profile(seed: u64) -> Profile {
    let shape = Shape {
        samples: SAMPLES,
        seed,
        ..Shape::medium()
    };
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = shape.write(&mut bytes);
    Profile::parse_owned(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Profiles that share few stacks; items are samples.
#[divan::bench(args = [2, 20, 200], max_time = 5)]
fn different(bencher: Bencher<'_, '_>, count: u64) {
    let profiles: Vec<Profile> = (0..count).map(profile).collect();
    let sources: Vec<&Profile> = profiles.iter().collect();
    bencher
        .counter(ItemsCount::new(count * u64::from(SAMPLES)))
        .bench_local(|| merge(black_box(&sources)));
}

/// The same profile again and again; items are samples.
#[divan::bench(args = [2, 20, 200], max_time = 5)]
fn same(bencher: Bencher<'_, '_>, count: usize) {
    let profile = profile(1);
    let sources = vec![&profile; count];
    bencher
        .counter(ItemsCount::new(count as u64 * u64::from(SAMPLES)))
        .bench_local(|| merge(black_box(&sources)));
}

/// profile.proto without compression.
#[divan::bench]
fn write(bencher: Bencher<'_, '_>) {
    let profile = profile(1);
    bencher.bench_local(|| encode::write_raw_proto(black_box(&profile)));
}
