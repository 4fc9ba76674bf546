//! The least utilisation over all windows of a length, and how the others are distributed
//! (`src/internal/trace/gc.go`, Go 1.27.3).
//!
//! The utilisation of a window changes its slope only where one of its edges passes a change, so
//! that only those places need a look. And most need none: the time is divided into bands, and of
//! each band a bound is known below which no window that begins in it can fall. Bands are looked
//! at from the lowest bound on, until no other can matter.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use serde::Serialize;

use super::changes::{Changes, Cursor};
use super::distribution::Distribution;
use crate::event::Time;

/// Into how many bands a series is divided.
const BANDS: usize = 1000;

/// The utilisation by the mutator, ready for questions.
#[derive(Debug)]
pub struct MmuCurve {
    begin: Time,
    series: Vec<Series>,
}

/// A window and the part of its time that the mutator had.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UtilisationWindow {
    /// When it begins, in nanoseconds since the trace began.
    pub begin_ns: i64,
    /// The part of its time that the mutator had, from 0 to 1.
    pub utilisation: f64,
}

/// A curve of the least utilisation over the length of the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MmuPlot {
    /// The shortest window, in nanoseconds.
    pub min_window_ns: i64,
    /// The longest window, in nanoseconds.
    pub max_window_ns: i64,
    /// Which quantiles each point has; where there are none, a point has the least utilisation.
    pub quantiles: Vec<f64>,
    /// The points.
    pub points: Vec<MmuPoint>,
}

/// A point of the curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MmuPoint {
    /// The length of the window, in nanoseconds.
    pub window_ns: i64,
    /// The least utilisation, or the quantiles.
    pub utilisation: Vec<f64>,
}

#[derive(Debug)]
struct Series {
    changes: Changes,
    bands: Vec<Band>,
    band_time: i64,
}

/// What is known of a stretch of time.
#[derive(Debug, Clone, Copy)]
struct Band {
    /// The lowest value in it.
    least: f64,
    /// The integral until its left edge.
    sum: f64,
    /// The place of its left edge.
    cursor: Cursor,
}

/// A band and the bound of all windows that begin in it.
#[derive(Debug, Clone, Copy)]
struct Bound {
    utilisation: f64,
    series: usize,
    band: usize,
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        self.utilisation
            .total_cmp(&other.utilisation)
            .then(self.series.cmp(&other.series))
            .then(self.band.cmp(&other.band))
    }
}

impl Series {
    fn new(mut changes: Changes) -> Self {
        changes.add_up();
        let count = BANDS.min(changes.len()).max(1);
        // Rounded up, so that the bands reach to the end.
        let wide = i64::try_from(count).unwrap_or(1);
        let band_time = changes.duration().saturating_add(wide - 1) / wide;
        let mut series = Self {
            changes,
            bands: Vec::with_capacity(count + 1),
            band_time: band_time.max(1),
        };
        let mut cursor = Cursor::default();
        // One more for the sum at the end.
        for band in 0..=count {
            let (start, end) = series.times_of(band);
            let sum = cursor.advance(&series.changes, start);
            let mut least = 1.0_f64;
            let mut ahead = cursor;
            loop {
                least = least.min(ahead.value(&series.changes));
                match ahead.next_change(&series.changes) {
                    Some(next) if next < end => ahead.step(&series.changes, next),
                    _ => break,
                }
            }
            series.bands.push(Band { least, sum, cursor });
        }
        series
    }

    fn times_of(&self, band: usize) -> (i64, i64) {
        let band = i64::try_from(band).unwrap_or(i64::MAX);
        let start = band.saturating_mul(self.band_time);
        let start = start.saturating_add(self.changes.first_time());
        (start, start.saturating_add(self.band_time))
    }

    /// A bound for each band in which a window can begin. Bands that a window may overlap in part
    /// count with their lowest value, those that it overlaps in whole with their mean.
    fn bounds(&self, series: usize, window: i64) -> Vec<Bound> {
        let band_time = self.band_time;
        let at_least = window.saturating_add(band_time - 1) / band_time;
        let at_most = window.saturating_add(2 * (band_time - 1)) / band_time;
        let (Ok(at_least), Ok(at_most)) = (usize::try_from(at_least), usize::try_from(at_most))
        else {
            return Vec::new();
        };
        let rest = window % band_time;
        let least = |band: usize| self.bands.get(band).map_or(0.0, |band| band.least);
        let sum = |band: usize| self.bands.get(band).map_or(0.0, |band| band.sum);
        let count = (self.bands.len() + 1).saturating_sub(at_most);
        let bound = |band: usize| {
            let inner = band + at_least - 1;
            let mut ends = [least(band), least(inner), least(band + at_most - 1)];
            ends.sort_unstable_by(f64::total_cmp);
            let [lowest, second, _] = ends;
            // The worst window has as much of the lowest as it can and the rest of the second.
            let mut total = if at_least == 1 {
                lowest * window as f64
            } else {
                lowest * band_time as f64 + second * rest as f64
            };
            if at_least > 2 {
                total += sum(inner) - sum(band + 1);
            }
            Bound {
                utilisation: total / window as f64,
                series,
                band,
            }
        };
        (0..count).map(bound).collect()
    }

    /// Looks at all windows that begin in a band.
    fn look_at(&self, band: usize, window: i64, seen: &mut Seen) {
        let Some(mut left) = self.bands.get(band).map(|band| band.cursor) else {
            return;
        };
        let mut right = left;
        let changes = &self.changes;
        let (mut time, end) = self.times_of(band);
        let end = end.min(changes.last_time() - window);
        seen.last = None;
        loop {
            let until = right.advance(changes, time.saturating_add(window));
            let from = left.advance(changes, time);
            let utilisation = (until - from) / window as f64;
            if seen.add(time, utilisation, window) || time == end {
                return;
            }
            // It falls by no more than 1 in the time of a window, so that it cannot come below
            // what matters before this.
            #[expect(clippy::cast_possible_truncation, reason = "part of the window")]
            let not_before =
                time.saturating_add(((utilisation - seen.bound) * window as f64) as i64);
            let next_left = left.next_change(changes).unwrap_or(i64::MAX);
            let next_right = right
                .next_change(changes)
                .map_or(i64::MAX, |next| next - window);
            // Distributions need the whole band, so its end is looked at too.
            time = next_left.min(next_right).max(not_before).min(end);
        }
    }
}

/// What was seen of the windows of a length.
#[derive(Debug)]
struct Seen {
    least: f64,
    /// What is above this does not matter any more.
    bound: f64,
    /// How many of the worst windows are wanted, and those that were found.
    wanted: usize,
    worst: Vec<(i64, f64)>,
    distribution: Option<Distribution>,
    last: Option<(i64, f64)>,
}

impl Seen {
    fn new(wanted: usize, distribution: Option<Distribution>) -> Self {
        Self {
            least: 1.0,
            bound: 1.0,
            wanted,
            worst: Vec::new(),
            distribution,
            last: None,
        }
    }

    /// Adds a window; says whether no other can change what is known.
    fn add(&mut self, time: i64, utilisation: f64, window: i64) -> bool {
        self.least = self.least.min(utilisation);
        self.bound = self.least;
        if let Some(distribution) = &mut self.distribution {
            if let Some((before, from)) = self.last.replace((time, utilisation)) {
                distribution.add(from, utilisation, (time - before) as f64);
            }
            // While there is not enough time for the quantile, everything matters.
            self.bound = self.bound.max(distribution.bound().unwrap_or(1.0));
            return false;
        }
        if self.wanted == 0 {
            return utilisation == 0.0;
        }
        self.add_to_worst(time, utilisation, window);
        if self.worst.len() < self.wanted {
            self.bound = 1.0;
            return false;
        }
        let best = self.worst.last().map_or(1.0, |worst| worst.1);
        self.bound = self.bound.max(best);
        best == 0.0
    }

    /// Keeps the worst windows that do not overlap, the worst first.
    fn add_to_worst(&mut self, time: i64, utilisation: f64, window: i64) {
        let is_full = self.worst.len() >= self.wanted;
        if is_full && self.worst.last().is_some_and(|last| last.1 <= utilisation) {
            return;
        }
        let overlaps = |other: i64| other.abs_diff(time) < window.unsigned_abs();
        let is_better = |&(other, worse): &(i64, f64)| overlaps(other) && worse <= utilisation;
        if self.worst.iter().any(is_better) {
            return;
        }
        self.worst.retain(|&(other, _)| !overlaps(other));
        let order = |&(other, worse): &(i64, f64)| {
            worse.total_cmp(&utilisation).then(other.cmp(&time)) == Ordering::Less
        };
        let at = self.worst.partition_point(order);
        self.worst.insert(at, (time, utilisation));
        self.worst.truncate(self.wanted);
    }
}

impl MmuCurve {
    pub(super) fn new(begin: Time, series: Vec<Changes>) -> Self {
        let series = series.into_iter().filter(|changes| changes.len() > 0);
        Self {
            begin,
            series: series.map(Series::new).collect(),
        }
    }

    /// The least utilisation of all windows of a length in nanoseconds.
    pub fn least(&self, window_ns: i64) -> f64 {
        let mut seen = Seen::new(0, None);
        self.look(window_ns, &mut seen);
        seen.least
    }

    /// So many windows of a length in nanoseconds with the least utilisation, the worst first.
    /// They do not overlap.
    pub fn worst(&self, window_ns: i64, count: usize) -> Vec<UtilisationWindow> {
        let mut seen = Seen::new(count, None);
        if count > 0 {
            self.look(window_ns, &mut seen);
        }
        let window = |(time, utilisation)| UtilisationWindow {
            begin_ns: Time(time).since(self.begin),
            utilisation,
        };
        seen.worst.into_iter().map(window).collect()
    }

    /// The utilisations below which the given parts of all windows of a length fall. The cost
    /// grows with the highest part.
    pub fn quantiles(&self, window_ns: i64, quantiles: &[f64]) -> Vec<f64> {
        let Some(highest) = quantiles.iter().copied().max_by(f64::total_cmp) else {
            return Vec::new();
        };
        let moments = |series: &Series| (series.changes.duration() - window_ns).max(0) as f64;
        let total: f64 = self.series.iter().map(moments).sum();
        let mut seen = Seen::new(0, Some(Distribution::new(total * highest)));
        self.look(window_ns, &mut seen);
        let Some(mut distribution) = seen.distribution else {
            return Vec::new();
        };
        // Without any time that the window could move in, all that is known is the least.
        let mut value = |part: &f64| distribution.value_at(total * part);
        quantiles
            .iter()
            .map(|part| value(part).unwrap_or(seen.least))
            .collect()
    }

    fn look(&self, window_ns: i64, seen: &mut Seen) {
        if window_ns <= 0 {
            seen.least = 0.0;
            return;
        }
        let mut bounds = Vec::new();
        let window_of = |series: &Series| window_ns.min(series.changes.duration());
        for (at, series) in self.series.iter().enumerate() {
            // Of a series without any time there is nothing to say.
            if window_of(series) > 0 {
                bounds.extend(
                    series
                        .bounds(at, window_of(series))
                        .into_iter()
                        .map(Reverse),
                );
            }
        }
        let mut bounds = BinaryHeap::from(bounds);
        while let Some(Reverse(bound)) = bounds.pop()
            && bound.utilisation < seen.bound
        {
            if let Some(series) = self.series.get(bound.series) {
                series.look_at(bound.band, window_of(series), seen);
            }
        }
    }

    /// The curve as `go tool trace` draws it: a hundred windows over six orders of magnitude,
    /// from the longest of 1 s, 1 ms, 1 µs and 1 ns that leaves the mutator nothing.
    pub fn plot(&self, quantiles: &[f64]) -> MmuPlot {
        const POINTS: u32 = 100;
        let mut min_window_ns: i64 = 1_000_000_000;
        while min_window_ns > 1 && self.least(min_window_ns) >= 0.0001 {
            min_window_ns /= 1000;
        }
        let begin = self.series.iter().map(|series| series.changes.first_time());
        let end = self.series.iter().map(|series| series.changes.last_time());
        let duration = end.max().unwrap_or(0) - begin.min().unwrap_or(0);
        let max_window_ns = (min_window_ns * 1_000_000).min(duration);
        let (from, to) = ((min_window_ns as f64).ln(), (max_window_ns as f64).ln());
        let point = |point: u32| {
            let at = f64::from(point) / f64::from(POINTS - 1);
            #[expect(clippy::cast_possible_truncation, reason = "no longer than the trace")]
            let window_ns = (at * (to - from) + from).exp() as i64;
            let utilisation = if quantiles.is_empty() {
                vec![self.least(window_ns)]
            } else {
                self.quantiles(window_ns, quantiles)
            };
            MmuPoint {
                window_ns,
                utilisation,
            }
        };
        MmuPlot {
            min_window_ns,
            max_window_ns,
            quantiles: quantiles.to_vec(),
            points: if self.series.is_empty() {
                Vec::new()
            } else {
                (0..POINTS).map(point).collect()
            },
        }
    }
}
