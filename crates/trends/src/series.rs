//! Measurements over time.

use crate::Error;

/// Measurements of one quantity at increasing times.
///
/// Times are seconds since any origin, the same for all series that are used together. A value
/// that is NaN was not measured. No value is infinite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    times: Vec<f64>,
    values: Vec<f64>,
}

impl Series {
    /// Makes a series of times in seconds and the values measured then.
    ///
    /// # Errors
    ///
    /// Errs when the lengths differ, when a time is not finite or not later than the one before,
    /// and when a value is infinite.
    pub fn new(times: Vec<f64>, values: Vec<f64>) -> Result<Self, Error> {
        if times.len() != values.len() {
            return Err(Error::Lengths {
                times: times.len(),
                values: values.len(),
            });
        }
        let mut before = f64::NEG_INFINITY;
        for (index, &time) in times.iter().enumerate() {
            if !time.is_finite() || time <= before {
                return Err(Error::Time { index, time });
            }
            before = time;
        }
        match values.iter().position(|value| value.is_infinite()) {
            Some(index) => Err(Error::Value { index }),
            None => Ok(Self { times, values }),
        }
    }

    /// The times, in seconds, increasing.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The values; NaN where none was measured.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many points there are, missing ones included.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The points that were measured, as time and value.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> + '_ {
        self.times
            .iter()
            .copied()
            .zip(self.values.iter().copied())
            .filter(|(_, value)| !value.is_nan())
    }

    /// The seconds from the first point to the last that were measured; 0 without two.
    pub fn duration(&self) -> f64 {
        let mut points = self.points();
        match (points.next(), points.next_back()) {
            (Some((first, _)), Some((last, _))) => last - first,
            _ => 0.0,
        }
    }

    /// The points from one time on and before another.
    #[must_use]
    pub fn between(&self, from: f64, until: f64) -> Self {
        let begin = self.times.partition_point(|&time| time < from);
        let end = self.times.partition_point(|&time| time < until).max(begin);
        Self {
            times: self.times[begin..end].to_vec(),
            values: self.values[begin..end].to_vec(),
        }
    }

    /// The points from one time on.
    #[must_use]
    pub fn since(&self, from: f64) -> Self {
        self.between(from, f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_series() {
        let refuse = |times: &[f64], values: &[f64]| {
            Series::new(times.to_vec(), values.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(refuse(&[0.0], &[]), "1 times but 0 values");
        assert_eq!(
            refuse(&[0.0, 2.0, 2.0], &[1.0; 3]),
            "time 2 (2 s) is not later than the one before: sort the points and drop repeated ones"
        );
        assert!(refuse(&[f64::NAN], &[1.0]).starts_with("time 0 (NaN s)"));
        assert_eq!(
            refuse(&[0.0], &[f64::INFINITY]),
            "value 0 is infinite: write NaN for what is missing"
        );
    }

    #[test]
    fn passes_over_what_is_missing() {
        let series = Series::new(
            vec![0.0, 1.0, 2.0, 3.0, 4.0],
            vec![f64::NAN, 5.0, f64::NAN, 6.0, f64::NAN],
        )
        .unwrap();
        assert_eq!(
            series.points().collect::<Vec<_>>(),
            [(1.0, 5.0), (3.0, 6.0)]
        );
        assert!((series.duration() - 2.0).abs() < 1e-12);
        assert_eq!(series.between(1.0, 3.0).times(), [1.0, 2.0]);
        assert_eq!(series.between(3.0, 1.0).len(), 0);
        assert_eq!(series.since(3.0).len(), 2);
        assert!(Series::default().duration().abs() < 1e-12);
    }
}
