//! Finding a moment among those of profiles.

/// When profiles were taken, in order, in milliseconds since 1970 (UTC).
#[derive(Debug)]
pub(crate) struct Moments(Vec<i64>);

/// How far from its guess a moment is sought step by step.
const NEAR: usize = 4;

impl Moments {
    pub(crate) fn new(times: impl Iterator<Item = i64>) -> Self {
        Self(times.collect())
    }

    pub(crate) fn all(&self) -> &[i64] {
        &self.0
    }

    /// The place of the first that is no earlier than a time.
    pub(crate) fn first_from(&self, time: i64) -> usize {
        let times = self.0.as_slice();
        // Profiles are mostly taken at even intervals, so that the place can be told.
        let guess = self.guess(time);
        let from = guess.saturating_sub(NEAR);
        let until = (guess + NEAR).min(times.len());
        let is_before = from == 0 || times[from - 1] < time;
        let is_behind = until == times.len() || times[until] >= time;
        if is_before && is_behind {
            let near = times[from..until].iter().take_while(|at| **at < time);
            return from + near.count();
        }
        times.partition_point(|at| *at < time)
    }

    /// The place behind the last that is no later than a time.
    pub(crate) fn behind(&self, time: i64) -> usize {
        self.first_from(time.saturating_add(1))
    }

    fn guess(&self, time: i64) -> usize {
        let (Some(&first), Some(&last)) = (self.0.first(), self.0.last()) else {
            return 0;
        };
        if time <= first || last <= first {
            return 0;
        }
        if time >= last {
            return self.0.len() - 1;
        }
        let share = time.abs_diff(first) as f64 / last.abs_diff(first) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the length, by the two returns above"
        )]
        let place = (share * (self.0.len() - 1) as f64).round() as usize;
        place.min(self.0.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_those_of_a_search(
            mut times in prop::collection::vec(-50..5000_i64, 0..60),
            time in -100..5100_i64,
        ) {
            times.sort_unstable();
            let moments = Moments::new(times.iter().copied());
            prop_assert_eq!(moments.first_from(time), times.partition_point(|at| *at < time));
            prop_assert_eq!(moments.behind(time), times.partition_point(|at| *at <= time));
        }

        #[test]
        fn even_intervals_are_found(length in 1..500_i64, time in -10..60_000_i64) {
            let times: Vec<i64> = (0..length).map(|at| at * 100).collect();
            let moments = Moments::new(times.iter().copied());
            prop_assert_eq!(moments.first_from(time), times.partition_point(|at| *at < time));
        }
    }

    #[test]
    fn extremes_are_no_trouble() {
        let moments = Moments::new([i64::MIN, 0, i64::MAX].into_iter());
        assert_eq!(moments.first_from(i64::MIN), 0);
        assert_eq!(moments.first_from(1), 2);
        assert_eq!(moments.first_from(i64::MAX), 2);
        assert_eq!(Moments::new(std::iter::empty()).first_from(5), 0);
    }
}
