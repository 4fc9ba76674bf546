//! Least squares over any stretch of points in constant time.

/// Sums over points from which the least squares line of any stretch follows: of the values on
/// time and, if there is one, on a load.
pub(crate) struct Pieces {
    times: Vec<f64>,
    loads: Vec<f64>,
    values: Vec<f64>,
    /// Of the points before each index.
    sums: Vec<Moments>,
    /// What differences of squares below this are: rounding.
    rounding: f64,
}

/// A line fitted to a stretch: value = base + `time` x time + `load` x load.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fit {
    pub(crate) base: f64,
    pub(crate) time: f64,
    pub(crate) load: f64,
    /// The sum of the squared distances from the line.
    pub(crate) squares: f64,
    /// The variance of `load` is that of the distances times this; infinite where load and time
    /// cannot be told apart.
    pub(crate) load_variance: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    t: f64,
    x: f64,
    y: f64,
    tt: f64,
    tx: f64,
    ty: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Pieces {
    /// Takes points without NaN; a load is as long as the values.
    pub(crate) fn new(times: &[f64], loads: Option<&[f64]>, values: &[f64]) -> Self {
        let times = scaled(times);
        let loads = loads.map_or_else(|| vec![0.0; values.len()], scaled);
        let values = centred(values);
        let mut sums = Vec::with_capacity(values.len() + 1);
        let mut sum = Moments::default();
        sums.push(sum);
        for ((&t, &x), &y) in times.iter().zip(&loads).zip(&values) {
            sum = Moments {
                count: sum.count + 1.0,
                t: sum.t + t,
                x: sum.x + x,
                y: sum.y + y,
                tt: sum.tt + t * t,
                tx: sum.tx + t * x,
                ty: sum.ty + t * y,
                xx: sum.xx + x * x,
                xy: sum.xy + x * y,
                yy: sum.yy + y * y,
            };
            sums.push(sum);
        }
        Self {
            times,
            loads,
            values,
            sums,
            rounding: 1e-10 * sum.yy,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// What sums of squares below this are: rounding.
    pub(crate) fn rounding(&self) -> f64 {
        self.rounding
    }

    /// Fits a line to the points from one index on and before another. Times and loads are in
    /// units of their own range.
    #[expect(
        clippy::many_single_char_names,
        reason = "t, x and y as in the formula"
    )]
    pub(crate) fn fit(&self, from: usize, until: usize) -> Fit {
        let (a, b) = (&self.sums[from], &self.sums[until]);
        let count = b.count - a.count;
        if count < 1.0 {
            return Fit::default();
        }
        let (t, x, y) = (
            (b.t - a.t) / count,
            (b.x - a.x) / count,
            (b.y - a.y) / count,
        );
        let tt = (b.tt - a.tt - count * t * t).max(0.0);
        let xx = (b.xx - a.xx - count * x * x).max(0.0);
        let yy = (b.yy - a.yy - count * y * y).max(0.0);
        let tx = b.tx - a.tx - count * t * x;
        let ty = b.ty - a.ty - count * t * y;
        let xy = b.xy - a.xy - count * x * y;
        let determinant = tt * xx - tx * tx;
        let (time, load, load_variance) = if determinant > 1e-9 * tt * xx && xx > 1e-12 {
            (
                (ty * xx - xy * tx) / determinant,
                (xy * tt - ty * tx) / determinant,
                tt / determinant,
            )
        } else if tt > 1e-15 {
            (ty / tt, 0.0, f64::INFINITY)
        } else {
            (0.0, 0.0, f64::INFINITY)
        };
        Fit {
            base: y - time * t - load * x,
            time,
            load,
            squares: (yy - time * ty - load * xy).max(0.0),
            load_variance,
        }
    }

    /// The sum of squares about the mean of a stretch.
    pub(crate) fn squares_about_mean(&self, from: usize, until: usize) -> f64 {
        let (a, b) = (&self.sums[from], &self.sums[until]);
        let count = b.count - a.count;
        if count < 1.0 {
            return 0.0;
        }
        let y = b.y - a.y;
        (b.yy - a.yy - y * y / count).max(0.0)
    }

    /// The distances of a stretch's points from the line fitted to them.
    pub(crate) fn residuals(&self, from: usize, until: usize) -> Vec<f64> {
        let fit = self.fit(from, until);
        (from..until)
            .map(|at| {
                self.values[at] - fit.base - fit.time * self.times[at] - fit.load * self.loads[at]
            })
            .collect()
    }
}

/// By how much more the mean of autocorrelated points varies than that of independent ones with
/// the same variance: (1 + r) / (1 - r), with the correlation r of neighbours among residuals,
/// which is corrected for its bias in short series (M. G. Kendall, Biometrika 41, 1954).
pub(crate) fn inflation(residuals: &[f64]) -> f64 {
    let count = residuals.len() as f64;
    if count < 4.0 {
        return 1.0;
    }
    let correlation = crate::kendall::autocorrelations(residuals, 1)[0];
    let unbiased = (correlation + (1.0 + 4.0 * correlation) / count).clamp(0.0, 0.95);
    (1.0 + unbiased) / (1.0 - unbiased)
}

fn scaled(values: &[f64]) -> Vec<f64> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = if most > least { most - least } else { 1.0 };
    values.iter().map(|value| (value - least) / range).collect()
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| value - mean).collect()
}
