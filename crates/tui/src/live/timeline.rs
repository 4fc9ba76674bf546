//! The values of the past, in bounded memory.

use std::collections::VecDeque;

/// How many looks make a point of each tier, and how many points it keeps. At a look a second the
/// first holds half an hour, the second four hours, the third a day.
const TIERS: [(usize, usize); 3] = [(1, 1800), (10, 1440), (60, 1440)];

/// The values of one look, or of several that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When the first of its looks was.
    pub from_ms: i64,
    /// When the last was.
    pub until_ms: i64,
    /// Whether nothing was seen for a while before it.
    pub after_gap: bool,
    /// The mean of each track; NaN where it had no value.
    means: Box<[f64]>,
    /// The least and the greatest; nothing for one look.
    extremes: Option<Box<[(f64, f64)]>>,
}

/// The least, the mean and the greatest value of a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The least.
    pub low: f64,
    /// The mean.
    pub mean: f64,
    /// The greatest.
    pub high: f64,
}

impl Point {
    /// What a track was, or nothing where it had no value.
    pub fn band(&self, track: usize) -> Option<Band> {
        let mean = self
            .means
            .get(track)
            .copied()
            .filter(|mean| !mean.is_nan())?;
        let extremes = self.extremes.as_ref();
        let (low, high) = extremes
            .and_then(|extremes| extremes.get(track).copied())
            .unwrap_or((mean, mean));
        Some(Band { low, mean, high })
    }
}

/// Looks that become a point when there are enough.
#[derive(Clone, Debug)]
struct Building {
    looks: usize,
    from_ms: i64,
    until_ms: i64,
    after_gap: bool,
    sums: Vec<f64>,
    counts: Vec<u32>,
    extremes: Vec<(f64, f64)>,
}

impl Building {
    fn new(at_ms: i64, after_gap: bool, tracks: usize) -> Self {
        Self {
            looks: 0,
            from_ms: at_ms,
            until_ms: at_ms,
            after_gap,
            sums: vec![0.0; tracks],
            counts: vec![0; tracks],
            extremes: vec![(f64::NAN, f64::NAN); tracks],
        }
    }

    fn add(&mut self, at_ms: i64, values: &[f64]) {
        self.looks += 1;
        self.until_ms = at_ms;
        let kept = self.sums.iter_mut().zip(&mut self.counts);
        for (value, ((sum, count), (low, high))) in values.iter().zip(kept.zip(&mut self.extremes))
        {
            if value.is_nan() {
                continue;
            }
            *sum += value;
            *count += 1;
            // `min` and `max` of a NaN and a number are the number.
            *low = low.min(*value);
            *high = high.max(*value);
        }
    }

    fn point(&self) -> Point {
        let mean = |(sum, count): (&f64, &u32)| match count {
            0 => f64::NAN,
            count => sum / f64::from(*count),
        };
        Point {
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            after_gap: self.after_gap,
            means: self.sums.iter().zip(&self.counts).map(mean).collect(),
            extremes: Some(self.extremes.clone().into_boxed_slice()),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Tier {
    points: VecDeque<Point>,
    building: Option<Building>,
}

/// The values of the past: every look of the last, and of what is longer ago the least, the mean
/// and the greatest of several.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    tiers: [Tier; TIERS.len()],
}

impl Timeline {
    /// Adds a look. `after_gap` says that the process was not seen, or started anew, before it.
    pub fn push(&mut self, at_ms: i64, after_gap: bool, values: Box<[f64]>) {
        for (tier, (every, keep)) in self.tiers.iter_mut().zip(TIERS).skip(1) {
            if after_gap && let Some(building) = tier.building.take() {
                tier.keep(building.point(), keep);
            }
            let building = tier
                .building
                .get_or_insert_with(|| Building::new(at_ms, after_gap, values.len()));
            building.add(at_ms, &values);
            if building.looks >= every {
                let point = building.point();
                tier.building = None;
                tier.keep(point, keep);
            }
        }
        if let (Some(tier), Some((_, keep))) = (self.tiers.first_mut(), TIERS.first()) {
            let point = Point {
                from_ms: at_ms,
                until_ms: at_ms,
                after_gap,
                means: values,
                extremes: None,
            };
            tier.keep(point, *keep);
        }
    }

    /// All points in order of time: each time by the finest tier that still has it.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = &Point> {
        let [fine, middle, coarse] = &self.tiers;
        let begin = |tier: &Tier| tier.points.front().map_or(i64::MAX, |point| point.from_ms);
        let (fine_from, middle_from) = (begin(fine), begin(middle).min(begin(fine)));
        let older = move |until: i64| move |point: &&Point| point.until_ms < until;
        coarse
            .points
            .iter()
            .filter(older(middle_from))
            .chain(middle.points.iter().filter(older(fine_from)))
            .chain(&fine.points)
    }

    /// When the first point was, if there is one.
    pub fn begins_ms(&self) -> Option<i64> {
        self.points().next().map(|point| point.from_ms)
    }

    /// The last look.
    pub fn last(&self) -> Option<&Point> {
        self.tiers.first()?.points.back()
    }

    /// The point at a moment, or the last before it.
    pub fn at(&self, at_ms: i64) -> Option<&Point> {
        self.points().rfind(|point| point.from_ms <= at_ms)
    }
}

impl Tier {
    fn keep(&mut self, point: Point, most: usize) {
        if self.points.len() >= most {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(seconds: i64) -> Timeline {
        let mut timeline = Timeline::default();
        for second in 0..seconds {
            let values = [second as f64, f64::NAN];
            timeline.push(second * 1000, second == 0, Box::new(values));
        }
        timeline
    }

    #[test]
    fn hours_fit_and_times_never_overlap() {
        let timeline = filled(20_000);
        let points: Vec<_> = timeline.points().collect();
        assert!(points.len() < 1800 + 2 * 1440, "{}", points.len());
        assert_eq!(timeline.begins_ms(), Some(0));
        for pair in points.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            assert!(before.until_ms < after.from_ms);
            assert!(after.from_ms - before.until_ms <= 60_000, "{after:?}");
        }
        assert_eq!(points.last().unwrap().until_ms, 19_999_000);
    }

    #[test]
    fn a_day_later_the_oldest_are_forgotten_and_memory_is_bounded() {
        let timeline = filled(120_000);
        assert!(timeline.points().count() <= 1800 + 2 * 1440);
        assert!(timeline.begins_ms().unwrap() > 30_000_000);
    }

    #[test]
    fn thinned_points_keep_the_extremes() {
        let timeline = filled(3000);
        let first = timeline.points().next().unwrap();
        assert_eq!((first.from_ms, first.until_ms), (0, 9000));
        let band = first.band(0).unwrap();
        assert_eq!((band.low, band.mean, band.high), (0.0, 4.5, 9.0));
        assert_eq!(first.band(1), None);
        let last = timeline.last().unwrap().band(0).unwrap().mean;
        assert!((last - 2999.0).abs() < 1e-9);
    }

    #[test]
    fn a_gap_ends_a_point() {
        let mut timeline = Timeline::default();
        for second in 0..2500 {
            timeline.push(second * 1000, second == 5, Box::new([1.0]));
        }
        let gaps: Vec<i64> = timeline
            .points()
            .filter(|point| point.after_gap)
            .map(|point| point.from_ms)
            .collect();
        assert_eq!(gaps, [5000]);
        assert_eq!(timeline.at(4500).unwrap().until_ms, 4000);
    }
}
