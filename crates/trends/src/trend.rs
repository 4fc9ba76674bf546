//! The numbers of a rise.

use crate::kendall::{Autocorrelation, Kendall, about};
use crate::normal::TWO_SIDED_95;
use crate::pieces::inflation;
use crate::slope::{Slope, median, theil_sen};

/// The factor of the variance in the intervals of two halves: a series is looked at again and
/// again, and those of 95 % would be apart too often by chance.
const SURELY_APART: f64 = 2.0;

/// What is computed of a stretch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trend {
    /// With the interval that autocorrelation calls for.
    pub(crate) slope: Slope,
    pub(crate) kendall: Kendall,
    /// Standard deviations: those of the test of Mann and Kendall, or half those of the slope if
    /// these are more. The test counts pairs, of which no more than all can rise: where few points
    /// are worth as much as independent ones it cannot say more than that, however far the rise
    /// is beyond the noise.
    pub(crate) deviations: f64,
    /// The slope times the duration.
    pub(crate) growth: f64,
    /// How far the last quarter, but for its lowest quarter, is above the first, but for its
    /// highest quarter, as a share of the range.
    pub(crate) survival: f64,
    /// The least of the last quarter.
    pub(crate) last_least: f64,
    /// The slope of the second half over that of the first, 1 if they may be equal.
    pub(crate) kept_pace: f64,
}

impl Trend {
    pub(crate) fn of(times: &[f64], values: &[f64]) -> Self {
        let residuals = residuals(times, values);
        let by_neighbours = inflation(&residuals);
        let kendall = about(values, &residuals, Autocorrelation::NearLags).map_or(
            Kendall {
                s: 0.0,
                variance: 0.0,
                inflation: 1.0,
                z: 0.0,
                tau: 0.0,
            },
            |it| it.inflated(by_neighbours.max(1.0)),
        );
        let slope = line(times, values, kendall.inflation);
        let count = values.len();
        let duration = match (times.first(), times.last()) {
            // From the middle of the first window to that of the last, and two halves.
            (Some(first), Some(last)) if count > 1 => {
                (last - first) * count as f64 / (count - 1) as f64
            }
            _ => 0.0,
        };
        let quarter = count.div_ceil(4).min(count);
        let first_quarter = sorted(&values[..quarter]);
        let last_quarter = sorted(&values[count - quarter..]);
        let all = sorted(values);
        let range = at_share(&all, 1.0) - at_share(&all, 0.0);
        let of_slope = slope.per_second / (slope.high - slope.low) * 2.0 * TWO_SIDED_95;
        Self {
            slope,
            kendall,
            deviations: if of_slope.is_finite() && of_slope > 0.0 {
                kendall.z.max(of_slope / 2.0)
            } else {
                kendall.z
            },
            growth: slope.per_second * duration,
            survival: if range > 0.0 {
                (at_share(&last_quarter, 0.25) - at_share(&first_quarter, 0.75)) / range
            } else {
                0.0
            },
            last_least: at_share(&last_quarter, 0.0),
            kept_pace: kept_pace(times, values),
        }
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The value below which a share of sorted ones lies; 0 of none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the last index"
)]
fn at_share(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (share * last as f64).round() as usize;
    sorted.get(at.min(last)).copied().unwrap_or(0.0)
}

fn residuals(times: &[f64], values: &[f64]) -> Vec<f64> {
    let slope = line(times, values, 1.0);
    let pairs = times.iter().zip(values);
    pairs.map(|(&time, value)| value - slope.at(time)).collect()
}

fn line(times: &[f64], values: &[f64], inflation: f64) -> Slope {
    theil_sen(times, values, inflation).unwrap_or(Slope {
        per_second: 0.0,
        low: 0.0,
        high: 0.0,
        intercept: median(values.iter().copied()).unwrap_or(0.0),
    })
}

/// The slope of the second half over that of the first where their intervals do not touch, and
/// one elsewhere. The autocorrelation is that of each half about its own line: a bend makes the residuals of
/// one line for both look autocorrelated, and would hide itself.
fn kept_pace(times: &[f64], values: &[f64]) -> f64 {
    let half = values.len() / 2;
    let of = |times: &[f64], values: &[f64]| {
        line(
            times,
            values,
            SURELY_APART * inflation(&residuals(times, values)),
        )
    };
    let first = of(&times[..half], &values[..half]);
    let second = of(&times[half..], &values[half..]);
    if second.high < first.low && first.per_second > 0.0 {
        second.per_second / first.per_second
    } else {
        1.0
    }
}
