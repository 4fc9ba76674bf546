//! Simulated processes, scraped like real ones.

use fathom_trends::{Process, Series, Thresholds, Verdict, judge, warm_up_end};

pub(crate) const MIB: f64 = 1_048_576.0;
pub(crate) const MINUTE: f64 = 60.0;
pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 86_400.0;

/// A generator of noise that gives the same for the same seed (`SplitMix64`).
pub(crate) struct Noise {
    state: u64,
    /// The standard deviation of a rate of allocation, as a share of it.
    rate_spread: f64,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            rate_spread: 0.05,
        }
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// The number of events when `mean` are expected.
    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let mut left = self.uniform();
        let mut count = 0.0;
        let mut chance = (-mean).exp();
        while left > chance && count < 400.0 {
            left -= chance;
            count += 1.0;
            chance *= mean / count;
        }
        count
    }
}

/// Noise that remembers itself: an AR(1) process of standard deviation 1 with a memory of so
/// many seconds.
pub(crate) struct Memory {
    value: f64,
    memory: f64,
}

impl Memory {
    pub(crate) fn of(memory: f64) -> Self {
        Self { value: 0.0, memory }
    }

    pub(crate) fn after(&mut self, seconds: f64, noise: &mut Noise) -> f64 {
        let kept = (-seconds / self.memory).exp();
        self.value = kept * self.value + (1.0 - kept * kept).sqrt() * noise.normal();
        self.value
    }
}

/// What a scrape saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scrape {
    pub(crate) value: f64,
    /// Bytes allocated a second.
    pub(crate) load: f64,
}

/// A process's scrapes since its start at time 0.
pub(crate) struct Scraped {
    values: Series,
    load: Series,
    collections: Series,
}

impl Scraped {
    /// Scrapes each `interval` seconds until `until`, with a few that fail and times that jitter.
    /// Garbage is collected every 30 seconds.
    pub(crate) fn each(
        interval: f64,
        until: f64,
        seed: u64,
        mut scrape: impl FnMut(f64, &mut Noise) -> Scrape,
    ) -> Self {
        let mut noise = Noise::new(seed);
        // A rate is the difference of a counter over the interval: over longer ones it varies less.
        noise.rate_spread = 0.05 * (15.0 / interval).sqrt();
        let mut times = Vec::new();
        let (mut values, mut load, mut collections) = (Vec::new(), Vec::new(), Vec::new());
        let mut due = 0.0;
        while due <= until {
            let time = due + 0.2 * noise.uniform();
            let found = scrape(time, &mut noise);
            let failed = noise.uniform() < 0.01;
            let or_missing = |value: f64| if failed { f64::NAN } else { value };
            times.push(time);
            values.push(or_missing(found.value));
            load.push(or_missing(found.load));
            collections.push(or_missing((time / 30.0).floor()));
            due += interval;
        }
        Self {
            values: Series::new(times.clone(), values).unwrap(),
            load: Series::new(times.clone(), load).unwrap(),
            collections: Series::new(times, collections).unwrap(),
        }
    }

    /// The verdict at a time, with the warm-up dropped.
    pub(crate) fn judged_at(&self, now: f64, thresholds: &Thresholds) -> Verdict {
        let load = self.load.between(0.0, now);
        let begin = warm_up_end(0.0, Some(&load));
        judge(
            &Process {
                values: &self.values.between(begin, now + 1.0),
                load: Some(&load.since(begin)),
                collections: Some(&self.collections.between(begin, now + 1.0)),
                limit: Some(1024.0 * MIB),
            },
            thresholds,
        )
    }

    /// Every ten minutes until `until`: the times at which it is said to leak.
    pub(crate) fn said_to_leak(&self, until: f64, thresholds: &Thresholds) -> Vec<f64> {
        let mut said = Vec::new();
        let mut now = 10.0 * MINUTE;
        while now <= until {
            if self.judged_at(now, thresholds).leaks {
                said.push(now);
            }
            now += 10.0 * MINUTE;
        }
        said
    }
}

/// How busy a service is: 1 on average, 1.5 in the afternoon, 0.5 at night.
pub(crate) fn wave(time: f64) -> f64 {
    let hour = time / HOUR;
    1.0 + 0.5 * (std::f64::consts::TAU * (hour - 9.0) / 24.0).sin()
}

/// The same with short ups and downs.
pub(crate) fn daily(time: f64, noise: &mut Noise) -> f64 {
    wave(time) * (1.0 + noise.rate_spread * noise.normal())
}

/// A load that stays the same but for noise.
pub(crate) fn steady(noise: &mut Noise) -> f64 {
    1.0 + noise.rate_spread * noise.normal()
}

/// Where between two collections a scrape falls: 0 right after one, 1 right before the next.
pub(crate) fn since_collection(period: f64, time: f64, noise: &mut Noise) -> f64 {
    (time / period + 0.1 * noise.uniform()).fract()
}
