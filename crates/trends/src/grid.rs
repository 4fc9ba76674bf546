//! Equal windows of time, and what a series was in each.

use crate::Series;

/// The most windows that an analysis works on, so that its quadratic steps stay small.
pub const MOST_WINDOWS: usize = 200;

/// Windows of equal length, side by side.
///
/// Two series on one grid can be compared window by window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Where the first window begins, in seconds.
    pub from: f64,
    /// How long each window is, in seconds.
    pub width: f64,
    /// How many windows there are.
    pub count: usize,
}

impl Grid {
    /// Divides the time of a series into at most so many windows, and into no more than it has
    /// points. A series without two measured points has no window.
    pub fn over(series: &Series, most: usize) -> Self {
        let from = series.points().next().map_or(0.0, |(time, _)| time);
        let duration = series.duration();
        if duration <= 0.0 {
            return Self {
                from,
                width: 0.0,
                count: 0,
            };
        }
        let count = most.min(series.points().count()).max(1);
        Self {
            from,
            // The last point must fall into the last window, not onto its end.
            width: duration * (1.0 + 1e-9) / count as f64,
            count,
        }
    }

    /// The middle of a window, in seconds.
    pub fn middle(&self, window: usize) -> f64 {
        self.from + (window as f64 + 0.5) * self.width
    }

    /// The least value in each window; NaN where nothing was measured.
    ///
    /// The least of a window is free of the peaks between two collections of garbage and of
    /// short peaks of load.
    pub fn minima(&self, series: &Series) -> Vec<f64> {
        let mut minima = vec![f64::NAN; self.count];
        self.each(series, |window, _, value| {
            // The least of NaN and a number is the number.
            minima[window] = minima[window].min(value);
        });
        minima
    }

    /// The point with the least value in each window, as time and value.
    pub(crate) fn lowest(&self, series: &Series) -> Vec<Option<(f64, f64)>> {
        let mut lowest: Vec<Option<(f64, f64)>> = vec![None; self.count];
        self.each(series, |window, time, value| {
            if lowest[window].is_none_or(|(_, least)| value < least) {
                lowest[window] = Some((time, value));
            }
        });
        lowest
    }

    /// The mean of each window's values; NaN where nothing was measured.
    pub fn means(&self, series: &Series) -> Vec<f64> {
        let mut sums = vec![(0.0, 0_u32); self.count];
        self.each(series, |window, _, value| {
            sums[window].0 += value;
            sums[window].1 += 1;
        });
        sums.iter()
            .map(|&(sum, count)| sum / f64::from(count))
            .collect()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the quotient is between 0 and the count of windows"
    )]
    fn each(&self, series: &Series, mut see: impl FnMut(usize, f64, f64)) {
        for (time, value) in series.points() {
            let window = ((time - self.from) / self.width).floor();
            if window >= 0.0 && window < self.count as f64 {
                see(window as usize, time, value);
            }
        }
    }
}

/// A series with at most so many points, each the least value of a window, at its middle.
/// Windows in which nothing was measured have none.
#[must_use]
pub fn resample_minima(series: &Series, most: usize) -> Series {
    let grid = Grid::over(series, most);
    resampled(&grid, &grid.minima(series))
}

/// A series with at most so many points, each the mean of a window's values, at its middle.
/// Windows in which nothing was measured have none.
#[must_use]
pub fn resample_means(series: &Series, most: usize) -> Series {
    let grid = Grid::over(series, most);
    resampled(&grid, &grid.means(series))
}

fn resampled(grid: &Grid, values: &[f64]) -> Series {
    let present = (0..).zip(values).filter(|(_, value)| !value.is_nan());
    let (times, values) = present
        .map(|(window, &value)| (grid.middle(window), value))
        .unzip();
    // The middles of windows increase, and what is not NaN came out of a series.
    Series::new(times, values).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_least_and_the_mean_of_each_window() {
        let times = (0..8).map(f64::from).collect();
        let values = vec![5.0, 3.0, 4.0, f64::NAN, f64::NAN, f64::NAN, 9.0, 7.0];
        let series = Series::new(times, values).unwrap();
        let grid = Grid::over(&series, 4);
        assert_eq!(grid.count, 4);
        assert_eq!(grid.minima(&series)[..2], [3.0, 4.0]);
        assert!(grid.minima(&series)[2].is_nan());
        assert!((grid.means(&series)[3] - 8.0).abs() < 1e-12);
        assert_eq!(resample_minima(&series, 4).values(), [3.0, 4.0, 7.0]);
        assert_eq!(resample_means(&series, 4).values(), [4.0, 4.0, 8.0]);
    }

    #[test]
    fn makes_no_window_of_less_than_two_points() {
        for points in [vec![], vec![1.0]] {
            let series = Series::new(points.clone(), points).unwrap();
            assert_eq!(Grid::over(&series, 200).count, 0);
            assert!(resample_minima(&series, 200).is_empty());
        }
    }
}
