//! When something that is done again and again is due.
//!
//! The moments of one thing lie on a grid: a multiple of its interval, plus an offset that a hash
//! of the target's labels chooses. That spreads the targets evenly over time, and puts each at the
//! same place after a restart. A little jitter, as reproducible, keeps looks from falling into
//! step with what a program does at regular times itself.

use std::time::Duration;

use crate::labels::mixed;

/// A moment, in nanoseconds since 1970 (UTC) by the wall clock at the start, and by the monotonic
/// clock from then on: it never jumps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The moment that is so much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(nanos(time)))
    }

    /// The time since an earlier moment; nothing if it is a later one.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds.
pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Most jitter, and its share of the interval at which the target is looked at.
const MOST_JITTER: u64 = 1_000_000_000;
const JITTER_SHARE: u64 = 50;

/// The moments of one thing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Grid {
    /// Once each interval, at a fixed offset.
    Steady {
        /// Chooses the jitter.
        seed: u64,
        /// In nanoseconds.
        interval: u64,
        /// Less than the interval.
        offset: u64,
        /// More than any jitter.
        jitter: u64,
    },
    /// Once in each interval, at an offset that differs from one to the next, so that what is
    /// recorded for a short time sees all of what goes on.
    Roaming {
        /// Chooses the offsets.
        seed: u64,
        /// In nanoseconds.
        interval: u64,
        /// How long it lasts, less than the interval.
        length: u64,
    },
}

impl Grid {
    /// The grid of a thing with an own interval, which is a multiple of the target's `base` or
    /// not: if it is, its moments are some of those at which the target is looked at anyway, and
    /// `name` chooses which.
    pub(super) fn steady(target: u64, name: u64, base: Duration, interval: Duration) -> Self {
        let (base, interval) = (nanos(base).max(1), nanos(interval).max(1));
        let steps = u128::from(name % 1024) * u128::from(base);
        let offset = (u128::from(target) + steps) % u128::from(interval);
        Self::Steady {
            seed: target,
            interval,
            offset: u64::try_from(offset).unwrap_or(0),
            jitter: (base / JITTER_SHARE).clamp(1, MOST_JITTER),
        }
    }

    /// The grid of something that is recorded for `length` in each interval.
    pub(super) fn roaming(target: u64, name: u64, interval: Duration, length: Duration) -> Self {
        Self::Roaming {
            seed: mixed(target, name),
            interval: nanos(interval).max(1),
            length: nanos(length),
        }
    }

    /// The same with an interval that is longer.
    pub(super) fn stretched(self, factor: u32, target: u64, name: u64, base: Duration) -> Self {
        let longer =
            |interval: u64| Duration::from_nanos(interval.saturating_mul(u64::from(factor.max(1))));
        match self {
            Self::Steady { interval, .. } => Self::steady(target, name, base, longer(interval)),
            Self::Roaming {
                interval, length, ..
            } => Self::roaming(target, name, longer(interval), Duration::from_nanos(length)),
        }
    }

    /// The first moment after `now`, of which the number is above `last`: (number, moment).
    pub(super) fn next(&self, now: Moment, last: Option<u64>) -> (u64, Moment) {
        let interval = match self {
            Self::Steady { interval, .. } | Self::Roaming { interval, .. } => *interval,
        };
        // One number earlier may be due still: its offset is added.
        let mut number = (now.0 / interval).saturating_sub(1);
        if let Some(last) = last {
            number = number.max(last.saturating_add(1));
        }
        loop {
            let moment = self.moment(number);
            if moment > now || number == u64::MAX {
                return (number, moment);
            }
            number += 1;
        }
    }

    /// The moment of a number.
    fn moment(&self, number: u64) -> Moment {
        match *self {
            Self::Steady {
                seed,
                interval,
                offset,
                jitter,
            } => {
                let slot = number.saturating_mul(interval).saturating_add(offset);
                // A hash of the moment, not of the number: what is due together stays together.
                Moment(slot.saturating_add(mixed(seed, slot) % jitter))
            }
            Self::Roaming {
                seed,
                interval,
                length,
            } => {
                let room = interval.saturating_sub(length).max(1);
                let begin = number.saturating_mul(interval);
                Moment(begin.saturating_add(mixed(seed, number) % room))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn moments(grid: &Grid, from: u64, count: usize) -> Vec<u64> {
        let (mut now, mut last) = (Moment(from), None);
        let mut moments = Vec::new();
        for _ in 0..count {
            let (number, moment) = grid.next(now, last);
            (now, last) = (moment, Some(number));
            moments.push(moment.0);
        }
        moments
    }

    #[test]
    fn steady_moments_are_an_interval_apart_but_for_the_jitter() {
        let fifteen = Duration::from_secs(15);
        let grid = Grid::steady(0x1234_5678_9abc_def0, 7, fifteen, fifteen);
        let found = moments(&grid, 1_700_000_000 * SECOND, 1000);
        for pair in found.windows(2) {
            let gap = pair[1] - pair[0];
            assert!((14 * SECOND..16 * SECOND).contains(&gap), "{gap}");
        }
        // Jitter does not add up.
        let all = found[999] - found[0];
        assert!(all.abs_diff(999 * 15 * SECOND) < SECOND);
        // The same moments come of any other start.
        assert_eq!(moments(&grid, found[500], 400), found[501..901]);
    }

    #[test]
    fn moments_of_a_multiple_are_moments_of_the_base() {
        let base = Duration::from_secs(15);
        let fine = Grid::steady(99, 1, base, base);
        let coarse = Grid::steady(99, 12345, base, Duration::from_mins(1));
        let other = Grid::steady(99, 12346, base, Duration::from_mins(1));
        let looks = moments(&fine, 0, 400);
        let heaps = moments(&coarse, 0, 90);
        let others = moments(&other, 0, 90);
        assert!(heaps.iter().all(|moment| looks.contains(moment)));
        assert!(others.iter().all(|moment| looks.contains(moment)));
        assert!(heaps.iter().all(|moment| !others.contains(moment)));
    }

    #[test]
    fn roaming_moments_never_overlap_and_fill_their_interval() {
        let interval = Duration::from_mins(10);
        let grid = Grid::roaming(5, 6, interval, Duration::from_secs(10));
        let found = moments(&grid, 0, 2000);
        let mut tenths = [0; 10];
        for (index, moment) in found.iter().enumerate() {
            assert_eq!(
                moment / (600 * SECOND),
                index as u64 + u64::from(found[0] >= 600 * SECOND)
            );
            tenths[usize::try_from(moment % (600 * SECOND) / (60 * SECOND)).unwrap()] += 1;
        }
        assert!(
            found
                .windows(2)
                .all(|pair| pair[1] >= pair[0] + 10 * SECOND)
        );
        assert!(
            tenths.iter().all(|&count| (130..=270).contains(&count)),
            "{tenths:?}"
        );
    }
}
