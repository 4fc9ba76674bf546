//! From points to steps.

use fathom_series::Kind;

use crate::answer::{BucketStep, Range, Step};

/// A stored value, or several that were thinned to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) at_ms: i64,
    pub(crate) last: f64,
    pub(crate) mean: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) count: u64,
    /// Of a thinned counter: by how much it grew since the point before.
    pub(crate) increase: Option<f64>,
}

impl Point {
    /// A value as it was read.
    pub(crate) const fn single(at_ms: i64, value: f64) -> Self {
        Self {
            at_ms,
            last: value,
            mean: value,
            min: value,
            max: value,
            count: 1,
            increase: None,
        }
    }
}

/// The begin of the step that holds a moment; the moment itself when steps have no width.
pub(crate) const fn step_of(at_ms: i64, step_ms: i64) -> i64 {
    if step_ms > 0 {
        at_ms - at_ms.rem_euclid(step_ms)
    } else {
        at_ms
    }
}

/// By how much a counter grew from one value to the next; a fall is a new start from 0.
pub(crate) fn increase(before: f64, now: f64, is_restart: bool) -> f64 {
    if is_restart || now < before {
        now
    } else {
        now - before
    }
}

/// Puts the points of a range, sorted by time, into steps. Points before the range only serve to
/// tell by how much a counter grew; `restarts` are the moments of new runs, sorted.
pub(crate) fn steps(
    points: &[Point],
    kind: Kind,
    restarts: &[i64],
    range: Range,
    step_ms: i64,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut before: Option<&Point> = None;
    for point in points {
        let grown = match (kind, before) {
            (Kind::Counter, Some(before)) => point.increase.unwrap_or_else(|| {
                let next = restarts.partition_point(|&at_ms| at_ms <= before.at_ms);
                let is_restart = restarts.get(next).is_some_and(|&at| at <= point.at_ms);
                increase(before.last, point.last, is_restart)
            }),
            _ => 0.0,
        };
        before = Some(point);
        if !range.contains(point.at_ms) {
            continue;
        }
        let at_ms = step_of(point.at_ms, step_ms);
        match steps.last_mut() {
            Some(step) if step.at_ms == at_ms && step_ms > 0 => {
                let count = step.count + point.count;
                let weight = point.count as f64 / count as f64;
                step.mean += (point.mean - step.mean) * weight;
                step.min = step.min.min(point.min);
                step.max = step.max.max(point.max);
                step.last = point.last;
                step.count = count;
                step.increase += grown;
            }
            _ => steps.push(Step {
                at_ms,
                min: point.min,
                mean: point.mean,
                max: point.max,
                last: point.last,
                count: point.count,
                increase: grown,
            }),
        }
    }
    steps
}

/// Puts the growth of buckets, sorted by time, into steps.
pub(crate) fn bucket_steps(
    growth: &[(i64, u32, u64)],
    buckets: usize,
    range: Range,
    step_ms: i64,
) -> Vec<BucketStep> {
    let mut steps: Vec<BucketStep> = Vec::new();
    for &(at_ms, bucket, count) in growth {
        if !range.contains(at_ms) {
            continue;
        }
        let at_ms = step_of(at_ms, step_ms);
        if steps.last().is_none_or(|step| step.at_ms != at_ms) {
            steps.push(BucketStep {
                at_ms,
                counts: vec![0; buckets],
            });
        }
        let counts = steps.last_mut().map(|step| &mut step.counts);
        if let Some(slot) = counts.and_then(|counts| counts.get_mut(bucket as usize)) {
            *slot += count;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(i64, f64)]) -> Vec<Point> {
        let single = |&(at_ms, value)| Point::single(at_ms, value);
        values.iter().map(single).collect()
    }

    #[test]
    fn a_gauge_is_never_summed() {
        let points = points(&[(0, 4.0), (10, 8.0), (60, 1.0)]);
        let steps = steps(&points, Kind::Gauge, &[], Range::ALL, 60);
        assert_eq!(steps.len(), 2);
        let first = steps[0];
        assert_eq!(
            (first.min, first.mean, first.max, first.last),
            (4.0, 6.0, 8.0, 8.0)
        );
        assert_eq!((first.count, first.increase), (2, 0.0));
    }

    #[test]
    fn a_counter_grows_over_its_new_starts() {
        let points = points(&[(0, 5.0), (10, 8.0), (20, 2.0), (30, 9.0)]);
        let grown = |restarts: &[i64], range| -> Vec<f64> {
            let steps = steps(&points, Kind::Counter, restarts, range, 0);
            steps.iter().map(|step| step.increase).collect()
        };
        assert_eq!(grown(&[], Range::ALL), [0.0, 3.0, 2.0, 7.0]);
        // A new run that has already counted further than the one before.
        assert_eq!(grown(&[25], Range::ALL), [0.0, 3.0, 2.0, 9.0]);
        assert_eq!(grown(&[], Range::new(5, 15)), [3.0]);
    }
}
