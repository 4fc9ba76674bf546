//! What a series does that is no leak.

use crate::Series;
use crate::judge::{Thresholds, Windows};
use crate::slope::median;
use crate::trend::Trend;
use crate::verdict::{Check, Condition, Shape};

/// A series that gave back what it took so many times is a saw-tooth.
const TEETH: usize = 3;

/// The shape of a series that does not leak. `begin` is the window at which it last changed its
/// course.
pub(crate) fn shape(
    checks: &[Check],
    trend: &Trend,
    saw_tooth: bool,
    whole: &Windows,
    begin: usize,
) -> Shape {
    let holds = |condition| {
        let mut those = checks.iter().filter(|it| it.condition == condition);
        those.all(|check| check.holds)
    };
    let moves = |slope_end: f64| slope_end * trend.growth > 0.0 && trend.kendall.z.abs() > 3.0;
    if holds(Condition::Slope) && holds(Condition::Trend) && holds(Condition::Growth) {
        if !holds(Condition::NotSlowing) {
            return Shape::Saturating;
        }
        if !holds(Condition::NoStep) {
            return Shape::Step;
        }
        if holds(Condition::Record) {
            return if saw_tooth {
                Shape::SawTooth
            } else {
                Shape::Linear
            };
        }
    }
    if saw_tooth {
        return Shape::SawTooth;
    }
    let enough = checks
        .iter()
        .find(|it| it.condition == Condition::Growth)
        .map_or(0.0, |it| it.needed);
    if trend.growth <= -enough && moves(trend.slope.high) {
        return Shape::Falling;
    }
    if begin > 0 {
        // A rise before the change that went on to it is a cache that filled; else it is a step.
        let before = Trend::of(&whole.times[..begin], &whole.values[..begin]);
        if before.growth >= enough && before.slope.low > 0.0 && before.survival > 0.2 {
            return Shape::Saturating;
        }
        let level = |values: &[f64]| median(values.iter().copied()).unwrap_or(0.0);
        let apart = level(&whole.values[begin..]) - level(&whole.values[..begin]);
        if apart.abs() >= enough {
            return Shape::Step;
        }
    }
    Shape::Flat
}

/// Whether a series, before its peaks are taken off it, rose by enough and gave most of that back
/// at least three times.
pub(crate) fn saw_tooth(series: &Series, thresholds: &Thresholds) -> bool {
    let typical = median(series.values().iter().copied()).unwrap_or(0.0);
    let enough = thresholds
        .growth
        .max(0.25 * typical.abs())
        .max(thresholds.growth_share * typical.abs());
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut teeth = 0;
    for (_, value) in series.points() {
        if high - low >= enough && value < high - 0.7 * (high - low) {
            teeth += 1;
            low = value;
            high = value;
        }
        if value < low {
            low = value;
            high = value;
        }
        high = high.max(value);
    }
    teeth >= TEETH
}
