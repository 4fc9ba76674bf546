//! The slope of a series, whatever a few of its points do.

use crate::kendall::variance_of_s;
use crate::normal::TWO_SIDED_95;

/// A straight line through a series, with the 95 % interval of its slope.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The slope, in units of the values per second.
    pub per_second: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end of its 95 % interval.
    pub high: f64,
    /// The line's value at time 0.
    pub intercept: f64,
}

impl Slope {
    /// The line's value at a time in seconds.
    pub fn at(&self, time: f64) -> f64 {
        self.intercept + self.per_second * time
    }
}

/// The slope of Theil and Sen: the median of the slopes between all pairs of points.
///
/// The interval is Sen's (P. K. Sen, "Estimates of the regression coefficient based on Kendall's
/// tau", Journal of the American Statistical Association 63, 1968): the slopes at the ranks that
/// lie 1.96 standard deviations of Kendall's S around the middle, with ties among values and
/// times in the variance. The `inflation` multiplies that variance: 1 for independent points,
/// the factor of [`mann_kendall`](crate::mann_kendall) for autocorrelated ones. The line goes
/// through the medians of times and values.
///
/// NaN values are passed over; `None` without two points at different times. Takes time and
/// memory in proportion to the square of the number of points.
pub fn theil_sen(times: &[f64], values: &[f64], inflation: f64) -> Option<Slope> {
    let points: Vec<(f64, f64)> = times
        .iter()
        .copied()
        .zip(values.iter().copied())
        .filter(|(_, value)| !value.is_nan())
        .collect();
    let mut slopes = pairwise(&points);
    if slopes.is_empty() {
        return None;
    }
    let per_second = select_middle(&mut slopes);
    let (mut times, mut values): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    let variance = variance_of_s(&mut times, Some(&mut values)) * inflation.max(0.0);
    let reach = TWO_SIDED_95 * variance.sqrt();
    let count = slopes.len() as f64;
    let lower = rank(
        ((count - reach) / 2.0).round_ties_even() - 1.0,
        slopes.len(),
    );
    let upper = rank(f64::midpoint(count, reach).round_ties_even(), slopes.len());
    let low = *slopes.select_nth_unstable_by(lower, f64::total_cmp).1;
    let high = *slopes.select_nth_unstable_by(upper, f64::total_cmp).1;
    // `variance_of_s` left both sorted.
    let intercept = middle(&values) - per_second * middle(&times);
    Some(Slope {
        per_second,
        low: low.min(per_second),
        high: high.max(per_second),
        intercept,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the slice's indices"
)]
fn rank(position: f64, count: usize) -> usize {
    position.clamp(0.0, (count - 1) as f64) as usize
}

fn pairwise(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (index, &(time, value)) in points.iter().enumerate() {
        for &(later, its) in &points[index + 1..] {
            if later > time {
                slopes.push((its - value) / (later - time));
            }
        }
    }
    slopes
}

/// The median slope of equally spaced values, in units a step; 0 for fewer than two.
pub(crate) fn median_step(values: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = values
        .iter()
        .enumerate()
        .map(|(at, &value)| (at as f64, value))
        .collect();
    let mut slopes = pairwise(&points);
    if slopes.is_empty() {
        0.0
    } else {
        select_middle(&mut slopes)
    }
}

/// The median of a slice that is not empty, which it reorders.
fn select_middle(values: &mut [f64]) -> f64 {
    let even = values.len().is_multiple_of(2);
    let half = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if even {
        let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        f64::midpoint(lower, *upper)
    } else {
        *upper
    }
}

/// The median of a sorted slice that is not empty.
pub(crate) fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

/// The median of what is not NaN; `None` of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut present: Vec<f64> = values.into_iter().filter(|it| !it.is_nan()).collect();
    present.sort_unstable_by(f64::total_cmp);
    (!present.is_empty()).then(|| middle(&present))
}
