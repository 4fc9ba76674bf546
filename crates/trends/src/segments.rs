//! Where a process started anew, and when it had warmed up.

use crate::{Grid, Series};

/// How far two readings of one start time may lie apart, in seconds: some exporters compute it
/// from a clock and an age.
const SAME_START: f64 = 2.0;

/// The shortest warm-up that is dropped, in seconds.
pub const LEAST_WARM_UP: f64 = 600.0;

/// The longest warm-up that is dropped, in seconds: an allocation rate that never gets steady
/// must not hide a process for ever.
pub const MOST_WARM_UP: f64 = 3600.0;

/// The times at which a process was seen to have started anew, from a series of its start time
/// (any unit of seconds).
pub fn restarts(start_times: &Series) -> Vec<f64> {
    changes(start_times, |before, now| (now - before).abs() > SAME_START)
}

/// The times at which a cumulative counter was seen to have fallen, which it does only when the
/// process starts anew.
pub fn resets(counter: &Series) -> Vec<f64> {
    changes(counter, |before, now| now < before)
}

fn changes(series: &Series, changed: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let pairs = series.points().zip(series.points().skip(1));
    pairs
        .filter(|&((_, before), (_, now))| changed(before, now))
        .map(|(_, (time, _))| time)
        .collect()
}

/// Cuts a series at restarts. Each part holds the points of one run of the process; parts
/// without a point are left out. The restarts need not be sorted or distinct.
pub fn segments(series: &Series, restarts: &[f64]) -> Vec<Series> {
    let mut cuts: Vec<f64> = restarts.iter().copied().filter(|it| !it.is_nan()).collect();
    cuts.sort_by(f64::total_cmp);
    let mut from = f64::NEG_INFINITY;
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    for until in cuts.into_iter().chain([f64::INFINITY]) {
        let part = series.between(from, until);
        if !part.is_empty() {
            parts.push(part);
        }
        from = until;
    }
    parts
}

/// When a process that started at a time (seconds) had warmed up.
///
/// That is ten minutes after the start, or later, when the rate at which it allocates (bytes a
/// second) had become steady: two windows of five minutes in a row whose means differ by less
/// than a fifth. After an hour at most.
pub fn warm_up_end(start: f64, allocation_rate: Option<&Series>) -> f64 {
    const WINDOW: f64 = 300.0;
    const STEADY: f64 = 0.2;
    let Some(rate) = allocation_rate else {
        return start + LEAST_WARM_UP;
    };
    let grid = Grid {
        from: start,
        width: WINDOW,
        count: 12,
    };
    let means = grid.means(rate);
    for (window, pair) in (0_u32..).zip(means.windows(2)) {
        let end = f64::from(window + 2) * WINDOW;
        let unknown = pair.iter().any(|mean| mean.is_nan());
        let steady = (pair[1] - pair[0]).abs() <= STEADY * pair[0].abs().max(pair[1].abs());
        if end >= LEAST_WARM_UP && (unknown || steady) {
            return start + end;
        }
    }
    start + MOST_WARM_UP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        let times = (0..values.len()).map(|it| it as f64 * 60.0).collect();
        Series::new(times, values.to_vec()).unwrap()
    }

    #[test]
    fn cuts_at_restarts_and_resets() {
        let start = series(&[100.0, 100.4, f64::NAN, 100.1, 400.0, 400.0]);
        assert_eq!(restarts(&start), [240.0]);
        let counter = series(&[5.0, 9.0, 9.0, f64::NAN, 2.0, 3.0]);
        assert_eq!(resets(&counter), [240.0]);
        let parts = segments(&start, &[240.0, 240.0, 1e9, f64::NAN]);
        let lengths: Vec<usize> = parts.iter().map(Series::len).collect();
        assert_eq!(lengths, [4, 2]);
    }

    #[test]
    fn waits_for_a_steady_rate() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(warm_up_end(50.0, None), 650.0));
        assert!(close(warm_up_end(0.0, Some(&series(&[7.0; 60]))), 600.0));
        // The rate doubles every five minutes for 25 minutes.
        let rising: Vec<f64> = (0..60)
            .map(|minute| f64::from(1 << (minute / 5).min(5)))
            .collect();
        assert!(close(warm_up_end(0.0, Some(&series(&rising))), 35.0 * 60.0));
        let restless: Vec<f64> = (0..90)
            .map(|minute| if (minute / 5) % 2 == 0 { 1.0 } else { 3.0 })
            .collect();
        assert!(close(warm_up_end(0.0, Some(&series(&restless))), 3600.0));
    }
}
