//! Splitting a pass over the samples between threads.

use std::ops::Range;

use rayon::prelude::*;

/// From how many samples on threads pay.
const WORTHWHILE: usize = 50_000;

/// Runs `work` over the samples, in as many parts as there are threads, and joins what it
/// found. Each sample is in one part.
pub(crate) fn in_parts<T: Send>(
    samples: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
    join: impl Fn(&mut T, T),
) -> T {
    let parts = if samples < WORTHWHILE {
        1
    } else {
        rayon::current_num_threads().max(1)
    };
    let length = samples.div_ceil(parts).max(1);
    let range = |part: usize| (part * length).min(samples)..samples.min((part + 1) * length);
    if parts == 1 {
        return work(0..samples);
    }
    let found: Vec<T> = (0..parts)
        .into_par_iter()
        .map(|part| work(range(part)))
        .collect();
    let joined = found.into_iter().reduce(|mut into, from| {
        join(&mut into, from);
        into
    });
    joined.unwrap_or_else(|| work(0..0))
}
