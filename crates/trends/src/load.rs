//! How much of a series its load explains.

use crate::pieces::{Pieces, inflation};
use crate::slope::median;

/// What one unit of load adds to the series: the interval that it lies in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The most that the short ups and downs of the load say; what `high` is more than that is
    /// said of the load's course over hours.
    pub(crate) high_of_points: f64,
    /// Whether the load is a straight line in time, as far as its noise lets that be known.
    pub(crate) straight: bool,
}

impl Effect {
    pub(crate) const NONE: Self = Self {
        low: 0.0,
        high: 0.0,
        high_of_points: 0.0,
        straight: false,
    };

    fn between(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            high_of_points: high,
            straight: false,
        }
    }
}

/// The partial regression of the values on the load, time held constant: its estimate and two
/// standard errors each way, which autocorrelation of the residuals widens.
///
/// It is done twice, on the points and on the means of tenths of them, and what both say counts:
/// short ups and downs of the load that the series does not follow make the load look weaker than
/// it is over hours.
///
/// The effect is not below 0, and not above the median of value / load, at which a process
/// without load would use nothing. Where load and time cannot be told apart these bounds alone
/// are left: a load that rose by a tenth explains a tenth at most.
pub(crate) fn effect(times: &[f64], values: &[f64], loads: &[f64]) -> Effect {
    const TENTHS: usize = 10;
    let ratios = values.iter().zip(loads).map(
        |(value, load)| {
            if *load > 0.0 { value / load } else { f64::NAN }
        },
    );
    let bound = median(ratios).unwrap_or(0.0).max(0.0);
    let noise = second_difference_variance(loads);
    let fine = regression(times, values, loads, bound, 0.0);
    if values.len() < 2 * TENTHS {
        return fine;
    }
    let size = values.len().div_ceil(TENTHS);
    let means = |values: &[f64]| -> Vec<f64> {
        let mean = |chunk: &[f64]| chunk.iter().sum::<f64>() / chunk.len() as f64;
        values.chunks(size).map(mean).collect()
    };
    let left = noise / size as f64;
    let coarse = regression(&means(times), &means(values), &means(loads), bound, left);
    Effect {
        low: fine.low.min(coarse.low),
        high: fine.high.max(coarse.high),
        high_of_points: fine.high,
        straight: coarse.straight,
    }
}

/// The variance of independent noise on something smooth.
fn second_difference_variance(values: &[f64]) -> f64 {
    let squares: f64 = values
        .windows(3)
        .map(|it| (it[0] - 2.0 * it[1] + it[2]).powi(2))
        .sum();
    squares / (6.0 * values.len().saturating_sub(2).max(1) as f64)
}

/// `load_noise` is the variance of the part of the load that the values do not follow.
fn regression(times: &[f64], values: &[f64], loads: &[f64], bound: f64, load_noise: f64) -> Effect {
    let least = loads.iter().copied().fold(f64::INFINITY, f64::min);
    let most = loads.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most <= least || bound <= 0.0 {
        return Effect::NONE;
    }
    let pieces = Pieces::new(times, Some(loads), values);
    let fit = pieces.fit(0, pieces.len());
    let free = (values.len() as f64 - 3.0).max(1.0);
    let scatter = fit.squares / free * inflation(&pieces.residuals(0, pieces.len()));
    let error = 2.0 * (scatter * fit.load_variance).sqrt();
    let range = most - least;
    if !error.is_finite() {
        return Effect::between(0.0, bound);
    }
    // The inverse of `load_variance` is the sum of squares of the load about its line in time.
    let about_line = range * range / fit.load_variance / free;
    // Eight times the noise: both variances are estimates from few points.
    let reliability = 1.0 - 8.0 * load_noise / about_line;
    let most_likely = (fit.load.max(0.0) + error) / range;
    let known = reliability > 1.0 / 3.0;
    let high = if known {
        (most_likely / reliability).min(bound)
    } else {
        bound
    };
    Effect {
        straight: !known,
        ..Effect::between(((fit.load - error) / range).clamp(0.0, bound), high)
    }
}

/// A load without its short ups and downs: the value at each point of a line fitted to as many
/// points on either side.
pub(crate) fn course(times: &[f64], loads: &[f64], reach: usize) -> Vec<f64> {
    let reach = reach.max(1);
    (0..loads.len())
        .map(|at| {
            let near = at.saturating_sub(reach)..(at + reach + 1).min(loads.len());
            let (times_near, loads_near) = (&times[near.clone()], &loads[near]);
            let count = times_near.len() as f64;
            let time = times_near.iter().sum::<f64>() / count;
            let mean = loads_near.iter().sum::<f64>() / count;
            let (mut squares, mut products) = (0.0, 0.0);
            for (its_time, load) in times_near.iter().zip(loads_near) {
                squares += (its_time - time).powi(2);
                products += (its_time - time) * (load - mean);
            }
            if squares > 0.0 {
                mean + products / squares * (times[at] - time)
            } else {
                mean
            }
        })
        .collect()
}
