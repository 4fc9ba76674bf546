//! What a sampling heap profile can honestly say.
//!
//! Go's allocator samples each object independently with probability
//! `p = 1 - exp(-S / R)`, where `S` is the size of its slot and `R` is
//! `runtime.MemProfileRate` (`runtime/malloc.go`, `nextSample`; Go 1.27). Whether an
//! object survives does not depend on whether it was sampled, so of `N` objects of one
//! size that live, the number `n` seen in the profile is binomial: `n ~ B(N, p)`. From
//! this follow the estimate `N = n / p`, its standard error, and the intervals here.
//!
//! The intervals are mid-P intervals of that binomial. Of the usual choices they alone
//! keep their promise when few samples were seen: the normal interval around `n = 1`
//! holds the truth in 63 of 100 cases, the score interval falls to 91.6, the exact
//! (Clopper-Pearson, Garwood) interval is 37 % wider than need be. The mid-P interval at
//! a nominal 96 % holds 93 to 99 of 100 for every expected count from 1 on, and is called
//! a 95 % interval for what it achieves.
//!
//! A sum over several sizes has no such distribution. Sizes whose objects weigh about the
//! same are joined into one binomial with the same estimate and variance; the intervals of
//! these groups are combined as Zou and Donner's "method of variance estimates recovery"
//! does: the squared distances from the estimates to the bounds add up, each side for
//! itself.
//!
//! What this does not know: sizes of which no object was sampled. Each site that a profile
//! does not list, and each size of a site, may hold up to [`unlisted_bound`] more.

mod growth;
mod interval;

pub use growth::{Growth, growth};

/// How often the intervals of [`Estimate`] hold the truth, nominally.
pub const CONFIDENCE: f64 = 0.95;

/// The draws of Go's sampler are cut at `26 * ln 2 * R` bytes: larger objects are always
/// sampled (`runtime/fastlog2.go`, `fastexprand`).
const LONGEST_DRAW: f64 = 26.0 * std::f64::consts::LN_2;

/// The mean number of bytes between two samples: `runtime.MemProfileRate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamplingRate(i64);

impl SamplingRate {
    /// The rate unless a program sets another: 512 KiB.
    pub const DEFAULT: Self = Self(512 << 10);

    /// Makes a rate of so many bytes.
    pub const fn new(bytes: i64) -> Self {
        Self(bytes)
    }

    /// Returns the rate in bytes.
    pub const fn bytes(self) -> i64 {
        self.0
    }

    /// Whether profiling was off, or the rate is unknown: nothing can be estimated.
    pub const fn is_off(self) -> bool {
        self.0 <= 0
    }

    /// Whether every object was recorded: estimates are exact.
    pub const fn is_exact(self) -> bool {
        self.0 == 1
    }

    /// Returns the probability that an object in a slot of `size` bytes was sampled.
    pub fn probability(self, size: u64) -> f64 {
        if self.0 <= 1 {
            return 1.0;
        }
        let sizes = size as f64 / self.0 as f64;
        if sizes >= LONGEST_DRAW {
            1.0
        } else {
            -(-sizes).exp_m1()
        }
    }

    /// Returns the number of samples from which pprof's scaling made `objects` and `bytes`
    /// of slots of `size` bytes (`runtime/pprof/protomem.go`, `scaleHeapSample`: both
    /// are multiplied by `1 / p` and cut to whole numbers).
    ///
    /// Exact for what Go writes; a merged profile is recovered to within rounding.
    /// Negative values, as of a difference, count as 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, not negative, and far below 2^53 in any profile"
    )]
    pub fn samples(self, objects: i64, bytes: i64, size: u64) -> u64 {
        let objects = objects.max(0);
        if self.0 <= 1 {
            return objects.cast_unsigned();
        }
        let probability = self.probability(size);
        if bytes > 0 && size > 0 {
            // Bytes were cut by less than one byte, objects by up to one object.
            return (bytes as f64 * probability / size as f64).round() as u64;
        }
        (objects as f64 * probability).round() as u64
    }
}

/// Samples of objects of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The size of the slot, in bytes.
    pub size: u64,
    /// How many such objects were sampled.
    pub samples: u64,
}

/// What is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Numbers of objects.
    Objects,
    /// Their bytes.
    Bytes,
}

/// An estimate with its 95 % interval, in bytes or objects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate; unbiased.
    pub value: f64,
    /// The lower bound; never below what was seen.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The standard error.
    pub standard_error: f64,
    /// How many objects were sampled.
    pub samples: u64,
}

impl Estimate {
    /// An estimate of nothing, which is certain only at rate 1: of sampled objects, up to
    /// [`unlisted_bound`] may have stayed unseen.
    fn nothing(rate: SamplingRate, measure: Measure) -> Self {
        let high = match measure {
            Measure::Bytes => unlisted_bound(rate),
            // The smallest slot holds 8 bytes.
            Measure::Objects => unlisted_bound(rate) / 8.0,
        };
        Self {
            value: 0.0,
            low: 0.0,
            high,
            standard_error: 0.0,
            samples: 0,
        }
    }

    /// Whether this interval and another share a value: the noise cannot tell them apart.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// Returns how many bytes a site may hold, at 95 %, of which the profile shows nothing:
/// `-ln(0.05) * R`, 1.5 MiB at the default rate. 0 at rate 1; infinite when profiling was
/// off.
pub fn unlisted_bound(rate: SamplingRate) -> f64 {
    if rate.is_off() {
        return f64::INFINITY;
    }
    if rate.is_exact() {
        0.0
    } else {
        -(1.0 - CONFIDENCE).ln() * rate.0 as f64
    }
}

/// Sizes whose objects weigh about the same, taken as one binomial.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    value: f64,
    variance: f64,
    /// The part of the value that was seen itself.
    seen: f64,
    /// Probabilities, weighted by variance.
    probability: f64,
}

/// Estimates how much all the objects of `buckets` together are.
///
/// `None` when profiling was off. At rate 1 the estimate is exact.
///
/// Costs a few microseconds for each order of magnitude of sizes, and little more for each
/// bucket.
pub fn estimate(
    rate: SamplingRate,
    measure: Measure,
    buckets: impl IntoIterator<Item = Bucket>,
) -> Option<Estimate> {
    let (groups, mut total) = sums(rate, measure, buckets)?;
    let (mut below, mut above, mut variance, mut seen) = (0.0, 0.0, 0.0, 0.0);
    for group in groups.iter().filter(|group| group.value > 0.0) {
        variance += group.variance;
        seen += group.seen;
        let (low, high) = group.bounds();
        below += (group.value - low).powi(2);
        above += (high - group.value).powi(2);
    }
    if total.samples > 0 {
        total.standard_error = variance.sqrt();
        total.low = (total.value - below.sqrt()).max(seen);
        total.high = total.value + above.sqrt();
    }
    Some(total)
}

/// Estimates the same without an interval, which is by far the most of the cost.
///
/// `None` when profiling was off.
pub fn estimated_value(
    rate: SamplingRate,
    measure: Measure,
    buckets: impl IntoIterator<Item = Bucket>,
) -> Option<f64> {
    sums(rate, measure, buckets).map(|(_, total)| total.value)
}

/// Groups samples by their weights, and sums the groups' values and samples.
fn sums(
    rate: SamplingRate,
    measure: Measure,
    buckets: impl IntoIterator<Item = Bucket>,
) -> Option<([Group; 64], Estimate)> {
    if rate.is_off() {
        return None;
    }
    // Weights run from 2^0 to 2^63.
    let mut groups = [Group::default(); 64];
    let mut total = Estimate::nothing(rate, measure);
    for bucket in buckets.into_iter().filter(|bucket| bucket.samples > 0) {
        let probability = rate.probability(bucket.size);
        let (unit, smallest) = match measure {
            Measure::Objects => (1.0, 1.0),
            Measure::Bytes => (bucket.size as f64, rate.0 as f64),
        };
        if probability <= 0.0 {
            continue;
        }
        let weight = unit / probability;
        let seen = bucket.samples as f64;
        let variance = weight * weight * (1.0 - probability) * seen;
        let group = &mut groups[magnitude(weight / smallest)];
        group.value += weight * seen;
        group.seen += unit * seen;
        group.variance += variance;
        group.probability += probability * variance;
        total.samples += bucket.samples;
    }
    total.value = groups.iter().map(|group| group.value).sum();
    Some((groups, total))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a logarithm, cut to 0..64"
)]
fn magnitude(ratio: f64) -> usize {
    ratio.log2().clamp(0.0, 63.0) as usize
}

impl Group {
    fn bounds(&self) -> (f64, f64) {
        if self.variance <= 0.0 {
            return (self.value, self.value);
        }
        // The binomial with this value and variance: one size is itself.
        let probability = self.probability / self.variance;
        let samples = self.value * self.value * (1.0 - probability) / self.variance;
        let unit = self.value * probability / samples;
        let (low, high) = interval::trials(samples, probability);
        ((low * unit).max(self.seen), high * unit)
    }
}

/// Returns the interval of the number of objects of which `samples` were sampled, each
/// with probability `probability`: the mid-P interval of the binomial for few samples, the
/// score interval for many.
///
/// ```
/// use fathom_profile::sampling::object_interval;
///
/// // One sample of small objects: each stands for 1000, and there may be 63 to 5100.
/// let (low, high) = object_interval(1, 0.001);
/// assert!((30.0..80.0).contains(&low) && (4900.0..5300.0).contains(&high));
/// ```
pub fn object_interval(samples: u64, probability: f64) -> (f64, f64) {
    interval::trials(samples as f64, probability)
}

#[cfg(test)]
mod tests;
