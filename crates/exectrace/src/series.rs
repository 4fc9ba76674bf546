//! Numbers over time in bounded memory.

use serde::Serialize;

use crate::event::Time;

/// How many buckets a series has at most, unless it is said.
pub const MOST_BUCKETS: usize = 2048;
/// The first width of a bucket in nanoseconds: nothing in a trace is shorter.
const NARROWEST: u64 = 64;

/// A number over time, which holds until it changes.
///
/// Time is divided into buckets of one width, each with the least, the greatest, the last and the
/// mean of the number in it. When there are too many, two become one: the memory and the number
/// of points are bounded whatever the length of the trace, and no peak is lost.
#[derive(Debug, Clone)]
pub struct Series {
    most: usize,
    width: u64,
    start: Option<Time>,
    /// Until when the last bucket is filled, from the start.
    now: u64,
    /// Where the last bucket ends, from the start.
    end: u64,
    value: u64,
    buckets: Vec<Piece>,
}

/// What a number was in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bucket {
    /// The least.
    pub min: u64,
    /// The greatest.
    pub max: u64,
    /// The last.
    pub last: u64,
    /// The mean over the time in which it was known.
    pub mean: f64,
    /// How many nanoseconds it was known.
    #[serde(skip)]
    known: u64,
}

/// A bucket while it is filled.
#[derive(Debug, Clone, Copy)]
struct Piece {
    min: u64,
    max: u64,
    last: u64,
    /// The number times the nanoseconds for which it held: a division for each change would cost
    /// more than all else here.
    sum: f64,
    known: u64,
}

impl Piece {
    fn new(value: u64) -> Self {
        Self {
            min: value,
            max: value,
            last: value,
            sum: 0.0,
            known: 0,
        }
    }

    #[inline]
    fn set(&mut self, value: u64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.last = value;
    }

    /// Lets the last number hold for so long.
    #[inline]
    fn hold(&mut self, nanoseconds: u64) {
        self.sum += self.last as f64 * nanoseconds as f64;
        self.known = self.known.saturating_add(nanoseconds);
    }

    /// Takes in the piece after it.
    fn join(self, next: Self) -> Self {
        Self {
            min: self.min.min(next.min),
            max: self.max.max(next.max),
            last: next.last,
            sum: self.sum + next.sum,
            known: self.known.saturating_add(next.known),
        }
    }

    fn bucket(self) -> Bucket {
        Bucket {
            min: self.min,
            max: self.max,
            last: self.last,
            mean: if self.known > 0 {
                self.sum / self.known as f64
            } else {
                self.last as f64
            },
            known: self.known,
        }
    }
}

impl Default for Series {
    fn default() -> Self {
        Self::new(MOST_BUCKETS)
    }
}

impl Series {
    /// A series of so many buckets at most, but of two at least.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(2),
            width: NARROWEST,
            start: None,
            now: 0,
            end: 0,
            value: 0,
            buckets: Vec::new(),
        }
    }

    /// The number as it was set last; 0 before.
    pub fn value(&self) -> u64 {
        self.value
    }

    /// Lets the number be something from a time on. Times do not go back.
    pub fn set(&mut self, time: Time, value: u64) {
        if self.start.is_none() {
            self.start = Some(time);
            self.now = 0;
            self.end = self.width;
            self.buckets.push(Piece::new(value));
        }
        self.go_to(time);
        self.value = value;
        if let Some(bucket) = self.buckets.last_mut() {
            bucket.set(value);
        }
    }

    /// Adds to the number, or takes from it, but not below 0.
    pub fn change(&mut self, time: Time, by: i64) {
        self.set(time, self.value.saturating_add_signed(by));
    }

    /// Lets the number hold until a time.
    #[inline]
    fn go_to(&mut self, time: Time) {
        let Some(start) = self.start else {
            return;
        };
        // From the earliest to the latest time there is more than a signed number holds.
        let passed = if time > start {
            time.since(start).cast_unsigned()
        } else {
            0
        };
        if passed >= self.end {
            self.go_on(passed);
        } else if let Some(piece) = self.buckets.last_mut() {
            piece.hold(passed.saturating_sub(self.now));
            self.now = self.now.max(passed);
        }
    }

    /// Lets the number hold beyond the last bucket.
    #[cold]
    fn go_on(&mut self, passed: u64) {
        while passed / self.width >= self.most as u64 {
            self.widen();
        }
        loop {
            self.end = (self.buckets.len() as u64).saturating_mul(self.width);
            let until = passed.min(self.end);
            if let Some(piece) = self.buckets.last_mut() {
                piece.hold(until.saturating_sub(self.now));
            }
            self.now = self.now.max(until);
            if passed < self.end || self.buckets.len() > self.most {
                return;
            }
            self.buckets.push(Piece::new(self.value));
        }
    }

    fn widen(&mut self) {
        self.width = self.width.saturating_mul(2);
        let joined = self.buckets.chunks(2).filter_map(|pair| match *pair {
            [first, second] => Some(first.join(second)),
            [last] => Some(last),
            _ => None,
        });
        self.buckets = joined.collect();
    }

    /// The series until a time: the end of the trace.
    pub fn points(&self, begin: Time, end: Time) -> Points {
        let mut filled = self.clone();
        filled.go_to(end);
        // A bucket that begins with the end has nothing in it.
        if filled.buckets.len() > 1 && filled.buckets.last().is_some_and(|last| last.known == 0) {
            let last = filled.buckets.pop();
            if let (Some(last), Some(before)) = (last, filled.buckets.last_mut()) {
                *before = before.join(last);
            }
        }
        Points {
            begin_ns: self.start.map_or(0, |start| start.since(begin)),
            width_ns: filled.width,
            buckets: filled.buckets.into_iter().map(Piece::bucket).collect(),
        }
    }
}

/// A number over time as it is drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Points {
    /// When the first bucket begins, in nanoseconds since the trace began.
    pub begin_ns: i64,
    /// How long each bucket is.
    pub width_ns: u64,
    /// The buckets, one after another.
    pub buckets: Vec<Bucket>,
}

impl Points {
    /// The mean over all the time in which the number was known.
    pub fn mean(&self) -> f64 {
        let known: f64 = self.buckets.iter().map(|bucket| bucket.known as f64).sum();
        let sum: f64 = self
            .buckets
            .iter()
            .map(|bucket| bucket.mean * bucket.known as f64)
            .sum();
        if known > 0.0 {
            sum / known
        } else {
            self.buckets.last().map_or(0.0, |bucket| bucket.mean)
        }
    }

    /// The greatest.
    pub fn max(&self) -> u64 {
        let all = self.buckets.iter().map(|bucket| bucket.max);
        all.max().unwrap_or_default()
    }

    /// The last.
    pub fn last(&self) -> u64 {
        self.buckets.last().map_or(0, |bucket| bucket.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_was() {
        let mut series = Series::new(100);
        series.set(Time(1000), 4);
        series.set(Time(1032), 8);
        series.set(Time(1032), 2);
        series.set(Time(1032 + 64), 6);
        let points = series.points(Time(900), Time(1000 + 3 * 64));
        assert_eq!(points.begin_ns, 100);
        assert_eq!(points.width_ns, 64);
        let seen: Vec<_> = points
            .buckets
            .iter()
            .map(|bucket| (bucket.min, bucket.max, bucket.last))
            .collect();
        assert_eq!(seen, [(2, 8, 2), (2, 6, 6), (6, 6, 6)]);
        assert!((points.buckets[0].mean - 3.0).abs() < 1e-9);
        assert!((points.buckets[1].mean - 4.0).abs() < 1e-9);
        assert!((points.mean() - 13.0 / 3.0).abs() < 1e-9);
        assert_eq!((points.max(), points.last()), (8, 6));
    }

    #[test]
    fn long_traces_have_no_more_buckets() {
        let mut series = Series::new(64);
        let mut sum = 0.0;
        for step in 0..100_000_i64 {
            let value = if step == 54_321 {
                1000
            } else {
                step.unsigned_abs() % 10
            };
            series.set(Time(step * 1000), value);
            sum += value as f64;
        }
        let points = series.points(Time(0), Time(100_000_000));
        assert!(points.buckets.len() <= 64 && points.buckets.len() > 16);
        assert_eq!(points.max(), 1000, "a peak is not lost");
        assert!((points.mean() - sum / 100_000.0).abs() < 1e-6);
        assert!(points.buckets.iter().all(|bucket| bucket.min == 0));
    }

    #[test]
    fn times_may_be_anything() {
        let mut series = Series::new(16);
        assert_eq!(series.points(Time(0), Time(5)).buckets.len(), 0);
        series.change(Time(i64::MIN), 5);
        series.change(Time(0), -7);
        series.set(Time(i64::MAX), 3);
        let points = series.points(Time(i64::MIN), Time(i64::MAX));
        assert!(points.buckets.len() <= 17);
        assert_eq!((points.max(), points.last()), (5, 3));
    }
}
