//! Which stacks make a process grow.

use crate::discovery::benjamini_hochberg;
use crate::kendall::{Autocorrelation, mann_kendall};
use crate::normal::upper_tail;
use crate::slope::{Slope, theil_sen};

/// The mean number of bytes between two samples of Go's heap profile, unless
/// `runtime.MemProfileRate` was changed.
pub const GO_SAMPLING_INTERVAL: f64 = 524_288.0;

/// Growth must be more than so many standard deviations of the sampling.
const DEVIATIONS: f64 = 3.0;

/// The share of stacks named that may be there by chance.
const FALSE_DISCOVERIES: f64 = 0.05;

/// The smallest set of stacks is named that makes up this share of the growth.
const EXPLAINED: f64 = 0.8;

/// Slopes are computed on at most so many points.
const SLOPE_POINTS: usize = 100;

/// The live bytes of one stack, in each of several profiles.
#[derive(Debug, Clone, Copy)]
pub struct StackSeries<'a, K> {
    /// What the caller knows the stack by.
    pub key: K,
    /// The mean size of its objects, in bytes.
    pub object_bytes: f64,
    /// Its live bytes in each profile: 0 where the profile does not have it, NaN where there is
    /// no profile.
    pub bytes: &'a [f64],
}

/// A stack whose live bytes grow by more than sampling explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspect<K> {
    /// What the caller knows the stack by.
    pub key: K,
    /// The mean of the last quarter of the profiles less that of the first, in bytes.
    pub growth: f64,
    /// One standard deviation of the growth, by sampling, in bytes.
    pub deviation: f64,
    /// Its share of the growth of all stacks, 0 to 1.
    pub share: f64,
    /// How steadily it grows: Kendall's tau, 0 to 1.
    pub monotonicity: f64,
    /// Its slope, in bytes a second.
    pub slope: Slope,
}

/// Which stacks make a process grow.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspects<K> {
    /// The fewest stacks that make up four fifths of the growth, or all that grow if they make
    /// up less; by share times monotonicity, greatest first.
    pub stacks: Vec<Suspect<K>>,
    /// How many stacks were tested.
    pub tested: usize,
    /// How many of them grow by more than sampling explains.
    pub growing: usize,
    /// The growth that shares are of, in bytes: that of all stacks together, or that of the
    /// growing ones if this is more.
    pub growth: f64,
    /// The share of it that the named stacks make up, 0 to 1.
    pub explained: f64,
}

/// Finds the stacks that make a process grow, from their live bytes in the profiles taken at
/// `times` (seconds).
///
/// A stack grows when the mean of its last quarter is above that of its first by more than three
/// standard deviations: the profile samples objects as a Poisson process, one each
/// `sampling_interval` bytes, so that the variance of b bytes in objects of s is
/// b x max(s, `sampling_interval`). A mean of several profiles counts as one: objects that stay
/// are sampled once, when they are allocated. Of those that pass at most 5 % are expected to be
/// false ([`benjamini_hochberg`], over all stacks that have samples enough to pass); slopes are computed of these alone, so that
/// the time is in proportion to stacks times profiles.
///
/// Series shorter than `times` are read as missing at their ends. Stacks of equal rank keep their
/// order.
pub fn suspects<K: Clone>(
    times: &[f64],
    stacks: &[StackSeries<'_, K>],
    sampling_interval: f64,
) -> Suspects<K> {
    let changes: Vec<Change> = stacks
        .iter()
        .map(|stack| Change::of(stack, times.len(), sampling_interval))
        .collect();
    // What has too few samples to pass has no part in the correction: which stacks these are does
    // not depend on whether they grow.
    let testable: Vec<usize> = (0..changes.len())
        .filter(|&at| changes[at].most_deviations > DEVIATIONS)
        .collect();
    let probabilities: Vec<f64> = testable
        .iter()
        .map(|&at| upper_tail(changes[at].deviations()))
        .collect();
    let believed = benjamini_hochberg(&probabilities, FALSE_DISCOVERIES);
    let mut growing: Vec<Suspect<K>> = Vec::new();
    for (at, believed) in testable.into_iter().zip(believed) {
        if believed && changes[at].deviations() > DEVIATIONS {
            growing.extend(suspect(times, &stacks[at], &changes[at]));
        }
    }
    let all: f64 = changes.iter().map(|it| it.growth).sum();
    let growth = growing.iter().map(|it| it.growth).sum::<f64>().max(all);
    let count = growing.len();
    growing.sort_by(|one, other| other.growth.total_cmp(&one.growth));
    let mut explained = 0.0;
    let mut named = Vec::new();
    for mut suspect in growing {
        if explained >= EXPLAINED {
            break;
        }
        suspect.share = suspect.growth / growth;
        explained += suspect.share;
        named.push(suspect);
    }
    let rank = |it: &Suspect<K>| it.share * it.monotonicity;
    named.sort_by(|one, other| rank(other).total_cmp(&rank(one)));
    Suspects {
        stacks: named,
        tested: stacks.len(),
        growing: count,
        growth,
        explained,
    }
}

/// The change of one stack from the first quarter of the profiles to the last.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    growth: f64,
    deviation: f64,
    /// The growth in deviations if all of both quarters were in the last.
    most_deviations: f64,
}

impl Change {
    fn of<K>(stack: &StackSeries<'_, K>, profiles: usize, interval: f64) -> Self {
        let bytes = &stack.bytes[..stack.bytes.len().min(profiles)];
        let quarter = (profiles / 4).max(1);
        let first = mean(&bytes[..quarter.min(bytes.len())]);
        let last = mean(&bytes[profiles.saturating_sub(quarter).min(bytes.len())..]);
        let (Some(first), Some(last)) = (first, last) else {
            return Self::default();
        };
        let grain = stack.object_bytes.max(interval);
        let both = first.max(0.0) + last.max(0.0);
        let variance = both * grain;
        Self {
            most_deviations: (both / grain).sqrt(),
            growth: last - first,
            deviation: variance.sqrt(),
        }
    }

    fn deviations(&self) -> f64 {
        if self.deviation > 0.0 {
            self.growth / self.deviation
        } else {
            0.0
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    let (sum, count) = values
        .iter()
        .filter(|it| it.is_finite())
        .fold((0.0, 0_u32), |(sum, count), it| (sum + it, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn suspect<K: Clone>(
    times: &[f64],
    stack: &StackSeries<'_, K>,
    change: &Change,
) -> Option<Suspect<K>> {
    let length = times.len().min(stack.bytes.len());
    let size = length.div_ceil(SLOPE_POINTS).max(1);
    let chunks = times[..length].chunks(size).zip(stack.bytes.chunks(size));
    let (times, bytes): (Vec<f64>, Vec<f64>) = chunks
        .filter_map(|(times, bytes)| Some((mean(times)?, mean(bytes)?)))
        .unzip();
    let kendall = mann_kendall(&bytes, Autocorrelation::NearLags)?.inflated(1.0);
    let slope = theil_sen(&times, &bytes, kendall.inflation)?;
    (slope.per_second >= 0.0).then(|| Suspect {
        key: stack.key.clone(),
        growth: change.growth,
        deviation: change.deviation,
        share: 0.0,
        monotonicity: kendall.tau.max(0.0),
        slope,
    })
}
