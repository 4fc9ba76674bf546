//! Whether a process leaks.

use crate::changes::{changes_of, step};
use crate::grid::{Grid, MOST_WINDOWS};
use crate::load::{Effect, course, effect};
use crate::pieces::Pieces;
use crate::shape::{saw_tooth, shape};
use crate::slope::median;
use crate::trend::Trend;
use crate::verdict::{Check, Condition, Shape, Stretch, TimeToLimit, Verdict};
use crate::{Series, Slope};

/// What is known of a process over one run: see [`segments`](crate::segments) and
/// [`warm_up_end`](crate::warm_up_end) for how to cut it out.
#[derive(Debug, Clone, Copy)]
pub struct Process<'a> {
    /// What may leak: live heap, resident memory, goroutines.
    pub values: &'a Series,
    /// What may explain it: an allocation rate, requests a second.
    pub load: Option<&'a Series>,
    /// How many collections of garbage there were since the start.
    pub collections: Option<&'a Series>,
    /// What the values must not reach.
    pub limit: Option<f64>,
}

/// How much growth is a leak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// The least growth, in the series' units.
    pub growth: f64,
    /// The least growth as a share of the series' median.
    pub growth_share: f64,
    /// How long it must last, in seconds.
    pub duration: f64,
    /// How many collections of garbage it must span, where they are known.
    pub collections: f64,
    /// How many measured points it must have.
    pub points: usize,
    /// Standard deviations in the test of Mann and Kendall.
    pub deviations: f64,
    /// The share of the range by which the last quarter is above the first.
    pub survival: f64,
}

impl Thresholds {
    /// For bytes: 5 MiB and 2 %, over half an hour and 20 collections.
    pub fn bytes() -> Self {
        Self {
            growth: 5.0 * 1024.0 * 1024.0,
            growth_share: 0.02,
            duration: 1800.0,
            collections: 20.0,
            points: 20,
            deviations: 3.0,
            survival: 0.25,
        }
    }

    /// For goroutines, threads, descriptors: 50 and 10 %, over half an hour.
    pub fn counts() -> Self {
        Self {
            growth: 50.0,
            growth_share: 0.1,
            collections: 0.0,
            ..Self::bytes()
        }
    }
}

/// A rise whose later part is less than this times as steep as its earlier part is slowing.
const RISE_KEPT: f64 = 0.85;

/// Judges a series. The series is cut at its last change of course; of what follows slope, test
/// for trend and the rest are computed on at most 200 window minima.
///
/// Takes some tens of milliseconds at most for a day of scrapes.
pub fn judge(process: &Process<'_>, thresholds: &Thresholds) -> Verdict {
    let whole = Windows::of(process, process.values);
    let Some(whole) = whole else {
        return unknown(process, thresholds);
    };
    let pieces = whole.pieces();
    let mut changes = changes_of(&pieces, if whole.loads.is_some() { 3.0 } else { 2.0 });
    while goes_on(&whole, &changes) {
        changes.pop();
    }
    let begin = changes.last().copied().unwrap_or(0);
    let from = if begin == 0 {
        whole.grid.from
    } else {
        f64::midpoint(whole.times[begin - 1], whole.times[begin])
    };
    let values = process.values.since(from);
    let Some(stretch) = Windows::of(process, &values) else {
        return Verdict {
            shape: if begin > 0 {
                Shape::Step
            } else {
                Shape::Unknown
            },
            ..unknown(process, thresholds)
        };
    };
    let effect = stretch.loads.as_ref().map_or(Effect::NONE, |loads| {
        effect(&stretch.times, &stretch.values, loads)
    });
    let candidate = |explained| Candidate::of(&whole, &changes, &stretch, explained, thresholds);
    let windows = stretch.values.len();
    let reach = if effect.straight {
        windows
    } else {
        windows / 10
    };
    let mut worse = candidate(Explained {
        effect: effect.high,
        course: (effect.high > effect.high_of_points).then_some(reach),
    });
    // The interval of what the load explains counts at its worse end.
    if effect.low < effect.high {
        let other = candidate(Explained {
            effect: effect.low,
            course: None,
        });
        let weaker = other.trend.slope.low < worse.trend.slope.low;
        if if worse.holds() == other.holds() {
            weaker
        } else {
            worse.holds()
        } {
            worse = other;
        }
    }
    let mut checks = process_checks(process, &values, thresholds);
    checks.extend(worse.checks.iter().copied());
    let with_load = !worse.holds() && effect.high > 0.0 && {
        let raw = candidate(Explained::default());
        raw.holds() && worse.trend.slope.low < 0.5 * raw.trend.slope.low
    };
    if stretch.loads.is_some() {
        checks.push(Check {
            condition: Condition::BeyondLoad,
            holds: !with_load,
            value: worse.trend.slope.low,
            needed: 0.0,
        });
    }
    checks.sort_by_key(|check| check.condition);
    let leaks = checks.iter().all(|check| check.holds);
    let shape = if leaks {
        Shape::Linear
    } else if with_load {
        Shape::GrowsWithLoad
    } else {
        shape(
            &worse.checks,
            &worse.trend,
            saw_tooth(process.values, thresholds),
            &whole,
            begin,
        )
    };
    let slope = worse.trend.slope;
    Verdict {
        leaks,
        shape,
        stretch: Stretch {
            from: values.points().next().map_or(from, |(time, _)| time),
            until: whole.until,
            windows: stretch.values.len(),
        },
        slope: Some(slope),
        growth: worse.trend.growth,
        z: worse.trend.kendall.z,
        time_to_limit: process
            .limit
            .filter(|_| leaks)
            .map(|limit| time_to(limit, &slope, &stretch, whole.until)),
        checks,
    }
}

fn time_to(limit: f64, slope: &Slope, stretch: &Windows, until: f64) -> TimeToLimit {
    let count = stretch.values.len();
    let recent = &stretch.values[count - (count / 10).max(1)..];
    let now = median(recent.iter().copied()).map_or(slope.at(until), |it| it.max(slope.at(until)));
    let left = (limit - now).max(0.0);
    TimeToLimit {
        expected: left / slope.per_second,
        soonest: left / slope.high,
        latest: (slope.low > 0.0).then(|| left / slope.low),
    }
}

fn unknown(process: &Process<'_>, thresholds: &Thresholds) -> Verdict {
    let mut times = process.values.points().map(|(time, _)| time);
    let from = times.next().unwrap_or(0.0);
    Verdict {
        leaks: false,
        shape: Shape::Unknown,
        stretch: Stretch {
            from,
            until: times.next_back().unwrap_or(from),
            windows: 0,
        },
        slope: None,
        growth: 0.0,
        z: 0.0,
        time_to_limit: None,
        checks: process_checks(process, process.values, thresholds),
    }
}

/// The conditions on how much was seen.
fn process_checks(process: &Process<'_>, values: &Series, thresholds: &Thresholds) -> Vec<Check> {
    let points = values.points().count();
    // Each point stands for the time up to the next, which jitters.
    let lasted = values.duration() * points as f64 / points.saturating_sub(1).max(1) as f64;
    let mut checks = vec![
        at_least(Condition::Duration, lasted, thresholds.duration),
        at_least(Condition::Points, points as f64, thresholds.points as f64),
    ];
    if let Some(collections) = process.collections {
        let seen = collections_during(collections, values);
        checks.push(at_least(
            Condition::Collections,
            seen,
            thresholds.collections,
        ));
    }
    checks
}

fn collections_during(collections: &Series, values: &Series) -> f64 {
    let mut points = values.points();
    let (Some((first, _)), Some((last, _))) = (points.next(), points.next_back()) else {
        return 0.0;
    };
    let begin = collections.times().partition_point(|&time| time < first);
    let end = collections.times().partition_point(|&time| time <= last);
    let mut seen = (begin..end.max(begin))
        .map(|at| collections.values()[at])
        .filter(|it| !it.is_nan());
    match (seen.next(), seen.next_back()) {
        (Some(before), Some(after)) => after - before,
        _ => 0.0,
    }
}

/// A condition that holds when a value is at least so much.
fn at_least(condition: Condition, value: f64, needed: f64) -> Check {
    Check {
        condition,
        holds: value >= needed,
        value,
        needed,
    }
}

/// A condition that holds when a value is more than so much.
fn above(condition: Condition, value: f64, needed: f64) -> Check {
    Check {
        condition,
        holds: value > needed,
        value,
        needed,
    }
}

/// The minima of a series' windows and the means of the load there, windows without either left
/// out.
pub(crate) struct Windows {
    grid: Grid,
    pub(crate) times: Vec<f64>,
    pub(crate) values: Vec<f64>,
    pub(crate) loads: Option<Vec<f64>>,
    /// The time of the last point.
    until: f64,
}

impl Windows {
    /// At least four points and two collections to a window, where that leaves enough windows;
    /// nothing for fewer than eight windows.
    fn of(process: &Process<'_>, values: &Series) -> Option<Self> {
        const FEWEST: usize = 8;
        let points = values.points().count();
        let mut count = (points / 4).clamp(30, MOST_WINDOWS);
        if let Some(collections) = process.collections {
            let seen = collections_during(collections, values);
            if seen < 2.0 * count as f64 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped to a small positive number"
                )]
                let fewer = (seen / 2.0).clamp(20.0, 200.0) as usize;
                count = count.min(fewer);
            }
        }
        let grid = Grid::over(values, count);
        let minima = grid.lowest(values);
        let loads = process.load.map(|load| grid.means(load));
        let mut windows = Self {
            grid,
            times: Vec::with_capacity(minima.len()),
            values: Vec::with_capacity(minima.len()),
            loads: loads.as_ref().map(|_| Vec::with_capacity(minima.len())),
            until: values.points().next_back()?.0,
        };
        for (window, lowest) in minima.into_iter().enumerate() {
            let load = loads.as_ref().map_or(0.0, |loads| loads[window]);
            let Some((time, value)) = lowest.filter(|_| !load.is_nan()) else {
                continue;
            };
            windows.times.push(time);
            windows.values.push(value);
            if let Some(loads) = &mut windows.loads {
                loads.push(load);
            }
        }
        (windows.values.len() >= FEWEST).then_some(windows)
    }

    fn pieces(&self) -> Pieces {
        Pieces::new(&self.times, self.loads.as_deref(), &self.values)
    }

    /// The values less what the load explains above its mean over `reference`.
    fn less_load(&self, explained: Explained, reference: f64) -> Vec<f64> {
        let Some(loads) = self.loads.as_ref().filter(|_| explained.effect > 0.0) else {
            return self.values.clone();
        };
        let smooth = explained
            .course
            .map(|reach| course(&self.times, loads, reach));
        let pairs = self.values.iter().zip(smooth.as_ref().unwrap_or(loads));
        pairs
            .map(|(value, load)| value - explained.effect * (load - reference))
            .collect()
    }
}

/// What the load is taken to explain.
#[derive(Debug, Clone, Copy, Default)]
struct Explained {
    /// What one unit of load adds.
    effect: f64,
    /// Over how many windows on either side to smooth the load: it is its course that adds that,
    /// rather than its every up and down.
    course: Option<usize>,
}

/// The judgement for one assumption of what the load explains.
struct Candidate {
    trend: Trend,
    checks: Vec<Check>,
}

impl Candidate {
    fn of(
        whole: &Windows,
        changes: &[usize],
        stretch: &Windows,
        explained: Explained,
        thresholds: &Thresholds,
    ) -> Self {
        let reference = stretch
            .loads
            .as_ref()
            .map_or(0.0, |loads| loads.iter().sum::<f64>() / loads.len() as f64);
        let adjusted = stretch.less_load(explained, reference);
        let trend = Trend::of(&stretch.times, &adjusted);
        let typical = median(stretch.values.iter().copied()).unwrap_or(0.0);
        let enough = thresholds
            .growth
            .max(thresholds.growth_share * typical.abs());
        let mut checks = vec![
            above(Condition::Slope, trend.slope.low, 0.0),
            above(Condition::Trend, trend.deviations, thresholds.deviations),
            above(Condition::Survival, trend.survival, thresholds.survival),
            at_least(Condition::Growth, trend.growth, enough),
            above(Condition::NotSlowing, trend.kept_pace, RISE_KEPT),
        ];
        let begin = changes.last().copied().unwrap_or(0);
        let earlier = whole.less_load(explained, reference);
        if begin > 0 {
            let record = earlier[..begin].iter().copied().fold(f64::MIN, f64::max);
            checks.push(above(Condition::Record, trend.last_least, record));
            if let Some(slowed) = slowed(&whole.times, &earlier, changes, &trend) {
                checks.push(above(Condition::NotSlowing, slowed, RISE_KEPT));
            }
        }
        let alone = Pieces::new(&stretch.times, None, &adjusted);
        let stepped = step(&alone);
        checks.push(Check {
            condition: Condition::NoStep,
            holds: stepped.is_none(),
            value: f64::from(u8::from(stepped.is_none())),
            needed: 1.0,
        });
        Self { trend, checks }
    }

    fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }
}

/// Whether the last change is a mere bend in one rise: on both sides of it the values rise, neither
/// side more than twice as fast, and there is no jump between them of more than a quarter of what
/// both gain. A leak in bursts, and one whose noise adds up, bend like that.
fn goes_on(whole: &Windows, changes: &[usize]) -> bool {
    let Some((&at, earlier)) = changes.split_last() else {
        return false;
    };
    let from = earlier.last().copied().unwrap_or(0);
    let trend =
        |begin: usize, end: usize| Trend::of(&whole.times[begin..end], &whole.values[begin..end]);
    let (before, after) = (trend(from, at), trend(at, whole.values.len()));
    let (slow, fast) = if before.slope.per_second < after.slope.per_second {
        (before, after)
    } else {
        (after, before)
    };
    let bend = f64::midpoint(whole.times[at - 1], whole.times[at]);
    let jump = (after.slope.at(bend) - before.slope.at(bend)).abs();
    slow.slope.low > 0.0
        && fast.slope.per_second < 2.0 * slow.slope.per_second
        && jump < 0.25 * (before.growth + after.growth)
}

/// The slope of the stretch over that of the steeper rise right before it, if there was one that
/// lasted longer than the stretch has.
fn slowed(times: &[f64], values: &[f64], changes: &[usize], trend: &Trend) -> Option<f64> {
    let begin = *changes.last()?;
    let mut starts: Vec<usize> = changes[..changes.len() - 1].to_vec();
    starts.insert(0, 0);
    let mut rise_from = begin;
    let mut until = begin;
    for &from in starts.iter().rev() {
        let piece = Trend::of(&times[from..until], &values[from..until]);
        if piece.slope.low <= trend.slope.high {
            break;
        }
        rise_from = from;
        until = from;
    }
    if rise_from == begin {
        return None;
    }
    let before = Trend::of(&times[rise_from..begin], &values[rise_from..begin]);
    let lasted = times[times.len() - 1] - times[begin];
    (times[begin] - times[rise_from] > lasted)
        .then_some(trend.slope.per_second / before.slope.per_second)
}
