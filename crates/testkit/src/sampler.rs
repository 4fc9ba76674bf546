//! A simulation of the Go runtime's heap sampler, whose truth is known.
//!
//! The runtime counts down a number of bytes with every allocation; the allocation that takes it
//! below zero is sampled, and the next distance is drawn from an exponential distribution whose
//! mean is `MemProfileRate`. By the distribution's lack of memory each object of `S` bytes is
//! sampled with probability `1 - exp(-S / rate)`, independently of all others; that is not used
//! here but is what comes out.
//!
//! Source: Go 1.27.3, runtime/malloc.go (`nextSample`, `fastexprand`, `profilealloc`).
//!
//! ```
//! use fathom_testkit::sampler::{Sampler, Site};
//!
//! let sites = [Site::held("main.load", 4096, 5120)]; // 20 MiB
//! let buckets = Sampler::seeded(1, 524_288).run(&sites);
//! // About 40 of the 5120 objects are seen.
//! assert!((20..=65).contains(&buckets[0].in_use));
//! assert_eq!(Sampler::seeded(1, 524_288).run(&sites), buckets);
//! ```

use std::fmt::Write;

use crate::Random;

/// The greatest mean that distances are drawn with, although estimates still use the true rate.
const GREATEST_MEAN: u64 = 0x0700_0000;

/// The bits of randomness of a draw, which bound it to `26 ln 2` times the mean.
const DRAW_BITS: f64 = 26.0;

/// A place in a program that allocates objects of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The function that allocates.
    pub function: String,
    /// The bytes of an object, rounded up to its size class.
    pub size: u64,
    /// The objects that are allocated.
    pub count: u64,
    /// The objects that are freed afterwards, the first ones first.
    pub freed: u64,
}

impl Site {
    /// A site that keeps all it allocates.
    pub fn held(function: impl Into<String>, size: u64, count: u64) -> Self {
        Self {
            function: function.into(),
            size,
            count,
            freed: 0,
        }
    }

    /// The bytes that are truly in use.
    pub fn in_use_bytes(&self) -> u64 {
        self.count
            .saturating_sub(self.freed)
            .saturating_mul(self.size)
    }
}

/// What the profile knows of a site: raw counts of sampled objects, not scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The bytes of an object.
    pub size: u64,
    /// The sampled objects.
    pub allocated: u64,
    /// Those of them that were not freed.
    pub in_use: u64,
}

/// One thread's allocation cache, as far as sampling goes.
#[derive(Clone, Debug)]
pub struct Sampler {
    random: Random,
    rate: u64,
    /// The bytes until the next sample; nothing is sampled when there is no number.
    until_next: Option<f64>,
}

impl Sampler {
    /// Starts a sampler with a `MemProfileRate` in bytes; 0 samples nothing, 1 everything.
    pub fn seeded(seed: u64, rate: u64) -> Self {
        let mut sampler = Self {
            random: Random::seeded(seed),
            rate,
            until_next: None,
        };
        sampler.draw();
        sampler
    }

    /// Allocates at one site after the other and returns a bucket for each.
    ///
    /// The cost grows with the number of sampled objects, not with that of all objects.
    pub fn run(&mut self, sites: &[Site]) -> Vec<Bucket> {
        sites.iter().map(|site| self.allocate(site)).collect()
    }

    /// Allocates at the sites in turns, one object each, until all have allocated their count,
    /// as concurrent work does; the cost grows with the number of all objects.
    pub fn run_interleaved(&mut self, sites: &[Site]) -> Vec<Bucket> {
        let mut buckets: Vec<_> = sites.iter().map(Bucket::empty).collect();
        let most = sites.iter().map(|site| site.count).max().unwrap_or(0);
        for turn in 0..most {
            for (site, bucket) in sites.iter().zip(&mut buckets) {
                if turn < site.count && self.is_sampled(site.size) {
                    bucket.count(turn >= site.freed);
                }
            }
        }
        buckets
    }

    fn allocate(&mut self, site: &Site) -> Bucket {
        let mut bucket = Bucket::empty(site);
        let mut index = 0;
        while index < site.count {
            let skipped = self.skip(site.size, site.count - index);
            index += skipped;
            if index < site.count {
                if self.is_sampled(site.size) {
                    bucket.count(index >= site.freed);
                }
                index += 1;
            }
        }
        bucket
    }

    /// Passes over objects that are certainly not sampled, at most `limit`, and returns how many.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "floored, not negative, and limited"
    )]
    fn skip(&mut self, size: u64, limit: u64) -> u64 {
        let Some(left) = &mut self.until_next else {
            return limit;
        };
        if size == 0 {
            return 0;
        }
        let skipped = ((*left / size as f64).floor().max(0.0) as u64).min(limit);
        *left -= (skipped * size) as f64;
        skipped
    }

    fn is_sampled(&mut self, size: u64) -> bool {
        let Some(left) = &mut self.until_next else {
            return false;
        };
        *left -= size as f64;
        let sampled = *left < 0.0;
        if sampled {
            self.draw();
        }
        sampled
    }

    fn draw(&mut self) {
        self.until_next = match self.rate {
            0 => None,
            1 => Some(0.0),
            rate => {
                let mean = rate.min(GREATEST_MEAN) as f64;
                let greatest = DRAW_BITS * std::f64::consts::LN_2 * mean;
                Some(self.random.exponential(mean).min(greatest).floor() + 1.0)
            }
        };
    }
}

impl Bucket {
    fn empty(site: &Site) -> Self {
        Self {
            size: site.size,
            allocated: 0,
            in_use: 0,
        }
    }

    fn count(&mut self, survives: bool) {
        self.allocated += 1;
        self.in_use += u64::from(survives);
    }
}

/// Writes what the runtime would print for these buckets at `/debug/pprof/heap?debug=1`, without
/// the MemStats tail. Each site has a stack of two frames, itself and `main.main`.
///
/// Source: Go 1.27.3, runtime/pprof/pprof.go, `writeHeapInternal`.
pub fn heap_text(sites: &[Site], buckets: &[Bucket], rate: u64) -> String {
    let seen: Vec<_> = sites
        .iter()
        .zip(buckets)
        .enumerate()
        .filter(|(_, (_, bucket))| bucket.allocated > 0)
        .collect();
    let sum = |value: fn(&Bucket) -> u64| seen.iter().map(|(_, (_, bucket))| value(bucket)).sum();
    let in_use: u64 = sum(|bucket| bucket.in_use);
    let in_use_bytes: u64 = sum(|bucket| bucket.in_use * bucket.size);
    let allocated: u64 = sum(|bucket| bucket.allocated);
    let allocated_bytes: u64 = sum(|bucket| bucket.allocated * bucket.size);
    let mut text = format!(
        "heap profile: {in_use}: {in_use_bytes} [{allocated}: {allocated_bytes}] @ heap/{}\n",
        2 * rate
    );
    for (index, (site, bucket)) in seen {
        let pc = 0x48_0000 + index * 0x100;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {} [{}: {}] @ {:#x} 0x470000\n\
             #\t{pc:#x}\t{}+0x1f\t\t/src/simulated/main.go:{}\n\
             #\t0x46ffff\tmain.main+0x5f\t\t/src/simulated/main.go:5\n",
            bucket.in_use,
            bucket.in_use * bucket.size,
            bucket.allocated,
            bucket.allocated * bucket.size,
            pc + 1,
            site.function,
            10 * (index + 1),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u64 = 524_288;

    fn ten_sites() -> Vec<Site> {
        [
            64, 128, 512, 2048, 8192, 32_768, 65_536, 262_144, 524_288, 1_048_576,
        ]
        .into_iter()
        .map(|size| Site::held(format!("main.site{size}"), size, (20 << 20) / size))
        .collect()
    }

    /// The estimate of N from n samples, n / p, has no bias; its variance is N (1 - p) / p.
    #[test]
    fn the_mean_and_the_spread_over_many_runs_are_those_of_the_binomial() {
        let runs = 2000_u32;
        let sites = ten_sites();
        let mut sums = vec![(0.0_f64, 0.0_f64); sites.len()];
        for seed in 0..runs {
            let buckets = Sampler::seeded(u64::from(seed), RATE).run(&sites);
            for (sum, bucket) in sums.iter_mut().zip(buckets) {
                let n = bucket.in_use as f64;
                sum.0 += n;
                sum.1 += n * n;
            }
        }
        let runs = f64::from(runs);
        for (site, (sum, squares)) in sites.iter().zip(sums) {
            let p = 1.0 - (-(site.size as f64) / RATE as f64).exp();
            let (expected, spread) = (
                site.count as f64 * p,
                (site.count as f64 * p * (1.0 - p)).sqrt(),
            );
            let mean = sum / runs;
            let deviation = (squares / runs - mean * mean).sqrt();
            let error = (mean - expected) / (spread / runs.sqrt());
            assert!(error.abs() < 4.0, "{}: mean off by {error}", site.function);
            let ratio = deviation / spread;
            assert!((0.93..1.07).contains(&ratio), "{}: {ratio}", site.function);
        }
    }

    #[test]
    fn interleaved_sites_are_sampled_with_the_same_probability() {
        let sites = [
            Site::held("main.a", 4096, 2560),
            Site::held("main.b", 262_144, 40),
        ];
        let mut sums = [0.0; 2];
        for seed in 0..500 {
            for (sum, bucket) in sums
                .iter_mut()
                .zip(Sampler::seeded(seed, RATE).run_interleaved(&sites))
            {
                *sum += bucket.in_use as f64;
            }
        }
        for (site, sum) in sites.iter().zip(sums) {
            let p = 1.0 - (-(site.size as f64) / RATE as f64).exp();
            let expected = site.count as f64 * p;
            let error = (sum / 500.0 - expected) / (expected * (1.0 - p) / 500.0).sqrt();
            assert!(error.abs() < 4.0, "{}: {error}", site.function);
        }
    }

    #[test]
    fn the_rates_zero_and_one_see_nothing_and_everything() {
        let sites = ten_sites();
        for (site, bucket) in sites.iter().zip(Sampler::seeded(1, 0).run(&sites)) {
            assert_eq!((bucket.allocated, bucket.size), (0, site.size));
        }
        for (site, bucket) in sites.iter().zip(Sampler::seeded(1, 1).run(&sites)) {
            assert_eq!(bucket.in_use, site.count);
        }
    }

    #[test]
    fn freed_objects_leave_the_in_use_count_alone() {
        let site = Site {
            freed: 900,
            ..Site::held("main.f", 1, 1000)
        };
        let bucket = Sampler::seeded(3, 1).run(std::slice::from_ref(&site))[0];
        assert_eq!((bucket.allocated, bucket.in_use), (1000, 100));
        assert_eq!(site.in_use_bytes(), 100);
    }

    #[test]
    fn very_large_objects_are_always_sampled() {
        let site = Site::held("main.index", 20 << 20, 10);
        for seed in 0..200 {
            let bucket = Sampler::seeded(seed, RATE).run(std::slice::from_ref(&site))[0];
            assert_eq!(bucket.in_use, 10);
        }
    }

    #[test]
    fn the_text_is_what_the_runtime_prints() {
        let sites = [Site::held("main.load", 4096, 2), Site::held("main.x", 8, 0)];
        let buckets = Sampler::seeded(1, 1).run(&sites);
        assert_eq!(
            heap_text(&sites, &buckets, 1),
            "heap profile: 2: 8192 [2: 8192] @ heap/2\n\
             2: 8192 [2: 8192] @ 0x480001 0x470000\n\
             #\t0x480000\tmain.load+0x1f\t\t/src/simulated/main.go:10\n\
             #\t0x46ffff\tmain.main+0x5f\t\t/src/simulated/main.go:5\n\n"
        );
    }
}
