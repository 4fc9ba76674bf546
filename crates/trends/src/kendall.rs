//! Whether a series has a trend at all.

use crate::slope::median_step;

/// What becomes of the autocorrelation of a series in a test for trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autocorrelation {
    /// The points are taken as independent.
    Ignored,
    /// All lags below the number of points whose autocorrelation is significant count, as Hamed
    /// and Rao published it.
    AllLags,
    /// Significant lags up to this one count.
    Lags(usize),
    /// The lags before the first that is not significant count. Far lags of a short series are
    /// mostly below 0, because the series was centred, and would take back what near ones say.
    NearLags,
}

/// The result of the test of Mann and Kendall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kendall {
    /// Kendall's S: pairs that rise less pairs that fall.
    pub s: f64,
    /// The variance that S has without a trend, ties considered, autocorrelation not.
    pub variance: f64,
    /// What autocorrelation multiplies the variance by; above 1 when neighbours are alike.
    pub inflation: f64,
    /// S in standard deviations, corrected for continuity: above 0 when the series rises.
    pub z: f64,
    /// S as a share of what it could be, -1 to 1 (tau-a).
    pub tau: f64,
}

impl Kendall {
    /// The result with an inflation of at least so much.
    #[must_use]
    pub(crate) fn inflated(self, least: f64) -> Self {
        let inflation = self.inflation.max(least);
        Self {
            inflation,
            z: z(self.s, self.variance * inflation),
            ..self
        }
    }
}

/// The test of Mann (1945) and Kendall (1975) for a monotone trend, with the correction for ties
/// and that of Hamed and Rao for autocorrelation (K. H. Hamed, A. R. Rao, "A modified
/// Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204, 1998): the
/// variance of S is multiplied by 1 + 2 / (n (n-1) (n-2)) x the sum over lags k of
/// (n-k) (n-k-1) (n-k-2) r(k), where r is the autocorrelation of the ranks of the series less its
/// Theil-Sen line, at lags where it is significant at 5 %.
///
/// The values are taken as equally spaced; NaN ones are passed over. `None` for fewer than three.
/// The factor can come out below 1, even below 0 (then z is NaN): for a cautious test take
/// 1 at least.
pub fn mann_kendall(values: &[f64], autocorrelation: Autocorrelation) -> Option<Kendall> {
    let present: Vec<f64> = values.iter().copied().filter(|it| !it.is_nan()).collect();
    let residuals = residuals(&present);
    about(&present, &residuals, autocorrelation)
}

/// The same for values without NaN whose residuals about their line in time are known.
pub(crate) fn about(
    present: &[f64],
    residuals: &[f64],
    autocorrelation: Autocorrelation,
) -> Option<Kendall> {
    if present.len() < 3 {
        return None;
    }
    let mut s = 0_i64;
    for (index, value) in present.iter().enumerate() {
        for later in &present[index + 1..] {
            s += i64::from(later > value) - i64::from(later < value);
        }
    }
    let s = s as f64;
    let variance = variance_of_s(&mut present.to_vec(), None);
    let most_lag = match autocorrelation {
        Autocorrelation::Ignored => 0,
        Autocorrelation::AllLags | Autocorrelation::NearLags => present.len() - 1,
        Autocorrelation::Lags(most) => most.min(present.len() - 1),
    };
    let inflation = inflation(residuals, most_lag, autocorrelation);
    let count = present.len() as f64;
    Some(Kendall {
        s,
        variance,
        inflation,
        z: z(s, variance * inflation),
        tau: s / (count * (count - 1.0) / 2.0),
    })
}

fn z(s: f64, variance: f64) -> f64 {
    if s == 0.0 || variance == 0.0 {
        return 0.0;
    }
    (s - s.signum()) / variance.sqrt()
}

fn inflation(residuals: &[f64], most_lag: usize, autocorrelation: Autocorrelation) -> f64 {
    let count = residuals.len() as f64;
    let bound = crate::normal::TWO_SIDED_95 / count.sqrt();
    let mut sum = 0.0;
    for (lag, correlation) in (1_u32..).zip(autocorrelations(&ranks(residuals), most_lag)) {
        if correlation.abs() > bound {
            let left = count - f64::from(lag);
            sum += left * (left - 1.0) * (left - 2.0) * correlation;
        } else if autocorrelation == Autocorrelation::NearLags {
            break;
        }
    }
    1.0 + 2.0 / (count * (count - 1.0) * (count - 2.0)) * sum
}

/// The values less their Theil-Sen line.
fn residuals(values: &[f64]) -> Vec<f64> {
    let step = median_step(values);
    values
        .iter()
        .enumerate()
        .map(|(at, value)| value - step * (at + 1) as f64)
        .collect()
}

/// The autocorrelations at lags 1 to `most_lag`; zeros for a constant.
pub(crate) fn autocorrelations(values: &[f64], most_lag: usize) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let whole: f64 = centred.iter().map(|it| it * it).sum();
    (1..=most_lag)
        .map(|lag| {
            let products = centred.iter().zip(centred.iter().skip(lag));
            let sum: f64 = products.map(|(before, after)| before * after).sum();
            if whole > 0.0 { sum / whole } else { 0.0 }
        })
        .collect()
}

/// The ranks of values, those of equal ones averaged.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&one, &other| values[one].total_cmp(&values[other]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for tie in order.chunk_by(|&one, &other| values[one].total_cmp(&values[other]).is_eq()) {
        let end = begin + tie.len();
        for &index in tie {
            ranks[index] = (begin + 1 + end) as f64 / 2.0;
        }
        begin = end;
    }
    ranks
}

/// The variance of Kendall's S without a trend: (n (n-1) (2n+5) - the same of each group of ties)
/// / 18, for ties in one variable or in two. Sorts both.
pub(crate) fn variance_of_s(one: &mut [f64], other: Option<&mut [f64]>) -> f64 {
    let term = |count: usize| {
        let count = count as f64;
        count * (count - 1.0) * (2.0 * count + 5.0)
    };
    let mut sum = term(one.len());
    for values in [Some(one), other].into_iter().flatten() {
        values.sort_unstable_by(f64::total_cmp);
        for tie in values.chunk_by(|one, other| one.total_cmp(other).is_eq()) {
            sum -= term(tie.len());
        }
    }
    (sum / 18.0).max(0.0)
}
