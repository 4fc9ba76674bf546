//! Durations, counted in little memory.

use serde::Serialize;

/// Buckets for every doubling: the width of a bucket is at most an eighth of its values.
const STEPS: u32 = 8;
/// Everything below 2^6 ns shares the first bucket: the runtime's clock ticks every 64 ns.
const FIRST_POWER: u32 = 6;
/// What is longer than 2^37 ns (137 s) shares the last bucket.
const LAST_POWER: u32 = 37;
const BUCKETS: u32 = (LAST_POWER - FIRST_POWER) * STEPS + 2;

/// A histogram of durations in nanoseconds: log-linear buckets, of which only those between the
/// shortest and the longest duration are allocated. Less than a kilobyte; quantiles are right to
/// within an eighth, sums and extremes exactly.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// The bucket that `counts` begins with.
    first: u32,
    counts: Vec<u32>,
    count: u64,
    total: i64,
    shortest: i64,
    longest: i64,
}

fn bucket_of(nanoseconds: i64) -> u32 {
    let value = u64::try_from(nanoseconds).unwrap_or(0);
    if value < 1 << FIRST_POWER {
        return 0;
    }
    let power = value.ilog2();
    if power >= LAST_POWER {
        return BUCKETS - 1;
    }
    // The three bits below the highest.
    let step = (value >> (power - 3)) & u64::from(STEPS - 1);
    1 + (power - FIRST_POWER) * STEPS + u32::try_from(step).unwrap_or(0)
}

/// The least duration of a bucket.
fn bottom_of(bucket: u32) -> i64 {
    let Some(bucket) = bucket.checked_sub(1) else {
        return 0;
    };
    let power = FIRST_POWER + bucket / STEPS;
    let step = i64::from(bucket % STEPS);
    (i64::from(STEPS) + step) << (power - 3)
}

impl Histogram {
    /// Counts a duration. Costs a few nanoseconds.
    pub fn add(&mut self, nanoseconds: i64) {
        if self.count == 0 || nanoseconds < self.shortest {
            self.shortest = nanoseconds;
        }
        if self.count == 0 || nanoseconds > self.longest {
            self.longest = nanoseconds;
        }
        self.count += 1;
        self.total = self.total.saturating_add(nanoseconds);
        let bucket = bucket_of(nanoseconds);
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let more = (self.first - bucket) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = bucket;
        }
        let at = (bucket - self.first) as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let shortest = if self.count == 0 {
            other.shortest
        } else {
            self.shortest.min(other.shortest)
        };
        let longest = self.longest.max(other.longest);
        let (count, total) = (self.count, self.total);
        // Makes the place for its buckets.
        for duration in [other.shortest, other.longest] {
            self.add(duration);
            let at = bucket_of(duration) - self.first;
            self.counts[at as usize] -= 1;
        }
        for (bucket, more) in (other.first..).zip(&other.counts) {
            let own = &mut self.counts[(bucket - self.first) as usize];
            *own = own.saturating_add(*more);
        }
        self.count = count + other.count;
        self.total = total.saturating_add(other.total);
        self.shortest = shortest;
        self.longest = longest;
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum in nanoseconds.
    pub fn total(&self) -> i64 {
        self.total
    }

    /// The longest in nanoseconds; 0 where there is none.
    pub fn longest(&self) -> i64 {
        self.longest
    }

    /// The buckets that are not empty: from (included), to (excluded), how many.
    pub fn buckets(&self) -> impl Iterator<Item = (i64, i64, u64)> {
        (self.first..)
            .zip(&self.counts)
            .filter(|&(_, &count)| count > 0)
            .map(|(bucket, &count)| {
                let top = if bucket + 1 < BUCKETS {
                    bottom_of(bucket + 1)
                } else {
                    i64::MAX
                };
                (bottom_of(bucket), top, u64::from(count))
            })
    }

    /// The duration below which a part of all is; `zeros` more durations of 0 are taken as
    /// counted.
    fn quantile(&self, part: f64, zeros: u64) -> i64 {
        let all = self.count + zeros;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a count"
        )]
        let rank = (part * all as f64).ceil() as u64;
        let Some(mut rank) = rank.checked_sub(zeros).filter(|&rank| rank > 0) else {
            return if zeros > 0 { 0 } else { self.shortest };
        };
        for (bottom, top, count) in self.buckets() {
            if rank <= count {
                let (from, to) = (bottom.max(self.shortest), top.min(self.longest));
                let within = rank as f64 / count as f64;
                #[expect(clippy::cast_possible_truncation, reason = "within the bucket")]
                let inside = (to.saturating_sub(from).max(0) as f64 * within) as i64;
                return (from + inside).clamp(self.shortest, self.longest);
            }
            rank -= count;
        }
        self.longest
    }

    /// What a person wants to know of it.
    pub fn distribution(&self) -> Distribution {
        self.distribution_of(self.count)
    }

    /// The same, where what was not counted was 0: `all` is how many there are.
    pub fn distribution_of(&self, all: u64) -> Distribution {
        let zeros = all.saturating_sub(self.count);
        Distribution {
            count: self.count + zeros,
            total: self.total,
            p50: self.quantile(0.5, zeros),
            p95: self.quantile(0.95, zeros),
            p99: self.quantile(0.99, zeros),
            max: self.longest,
        }
    }
}

/// How durations are distributed, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Distribution {
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub total: i64,
    /// Half of them are not longer.
    pub p50: i64,
    /// 95 of 100 are not longer.
    pub p95: i64,
    /// 99 of 100 are not longer.
    pub p99: i64,
    /// The longest.
    pub max: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_one_another() {
        for bucket in 1..BUCKETS {
            let bottom = bottom_of(bucket);
            assert_eq!(bucket_of(bottom), bucket, "{bottom}");
            assert_eq!(bucket_of(bottom - 1), bucket - 1, "{bottom}");
        }
        assert_eq!(bucket_of(-5), 0);
        assert_eq!(bucket_of(i64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_right_to_within_an_eighth() {
        let mut histogram = Histogram::default();
        for value in (1..=10_000).rev() {
            histogram.add(value * 1_000);
        }
        let seen = histogram.distribution();
        let near = |told: i64, truth: i64| (told - truth).abs() * 8 <= truth;
        assert_eq!((seen.count, seen.total), (10_000, 50_005_000_000));
        assert!(near(seen.p50, 5_000_000), "{seen:?}");
        assert!(near(seen.p95, 9_500_000), "{seen:?}");
        assert!(near(seen.p99, 9_900_000), "{seen:?}");
        assert_eq!(seen.max, 10_000_000);
        assert!(histogram.counts.capacity() * 4 <= 1024);
    }

    #[test]
    fn what_is_merged_is_what_is_counted_together() {
        let (mut all, mut merged) = (Histogram::default(), Histogram::default());
        for span in [[900, 70_000], [5, 800], [1_000_000, 40]] {
            let mut part = Histogram::default();
            for value in span {
                part.add(value);
                all.add(value);
            }
            merged.merge(&part);
            merged.merge(&Histogram::default());
        }
        assert_eq!(merged.distribution(), all.distribution());
        assert!(merged.buckets().eq(all.buckets()));
    }

    #[test]
    fn what_was_not_counted_is_zero() {
        let mut histogram = Histogram::default();
        histogram.add(1_000);
        let seen = histogram.distribution_of(10);
        assert_eq!((seen.count, seen.p50, seen.max), (10, 0, 1_000));
        assert_eq!(seen.p99, 1_000);
        assert_eq!(Histogram::default().distribution(), Distribution::default());
    }
}
