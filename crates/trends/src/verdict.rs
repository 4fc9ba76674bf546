//! What is said of a series.

use crate::Slope;

/// What a series does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Too few points to tell.
    Unknown,
    /// It stays where it is, but for noise.
    Flat,
    /// It rises steadily.
    Linear,
    /// It changed its level once, at a time.
    Step,
    /// It rises ever more slowly, as a cache does that fills.
    Saturating,
    /// It rises and gives back what it took, again and again.
    SawTooth,
    /// It rises as far as the load does.
    GrowsWithLoad,
    /// It falls.
    Falling,
}

/// What must hold for growth to be a leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Condition {
    /// The stretch since the last change is long enough. Seconds.
    Duration,
    /// It spans enough collections of garbage. Collections.
    Collections,
    /// It has enough points. Points.
    Points,
    /// The lower end of the slope's interval is above 0. Units a second.
    Slope,
    /// The test of Mann and Kendall says that it rises, or the slope is twice as clear.
    /// Standard deviations.
    Trend,
    /// The growth survives: the last quarter, but for its lowest quarter, is above the first, but
    /// for its highest quarter, by a share of the range. For a line without noise that is 0.625.
    Survival,
    /// It has grown by enough. Units.
    Growth,
    /// The last quarter is above what was reached, and given back, before the stretch. Units.
    Record,
    /// It rises steadily, rather than in one step: the squared distances from a step are more
    /// than those from a line (their quotient).
    NoStep,
    /// It rises as fast in the second half as in the first (their quotient), and does not follow
    /// a longer and steeper rise.
    NotSlowing,
    /// It rises by more than the load explains. Units a second.
    BeyondLoad,
}

impl Condition {
    /// A sentence that says what must hold.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Duration => "the growth has lasted long enough",
            Self::Collections => "enough collections of garbage have passed",
            Self::Points => "there are enough measurements",
            Self::Slope => "the slope's 95 % interval lies above zero",
            Self::Trend => "the rise is more than noise that remembers itself",
            Self::Survival => "what was gained was kept",
            Self::Growth => "the growth is large enough to matter",
            Self::Record => "it is higher than anything that was given back before",
            Self::NoStep => "it rises steadily, not in one step",
            Self::NotSlowing => "it does not rise more and more slowly",
            Self::BeyondLoad => "the load does not explain the growth",
        }
    }
}

/// One condition: whether it holds, what was measured and what is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// The condition, which says the unit of the numbers.
    pub condition: Condition,
    /// Whether it holds.
    pub holds: bool,
    /// What was measured.
    pub value: f64,
    /// What the value must reach or pass.
    pub needed: f64,
}

/// The part of a series since its last change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Its first point, in seconds.
    pub from: f64,
    /// Its last point, in seconds.
    pub until: f64,
    /// How many windows it was divided into.
    pub windows: usize,
}

/// When a series reaches a limit if it goes on as it does, in seconds after its last point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeToLimit {
    /// By the slope.
    pub expected: f64,
    /// By the upper end of its interval.
    pub soonest: f64,
    /// By the lower end of its interval; `None` if at that it would never.
    pub latest: Option<f64>,
}

/// What is said of a series, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether it leaks: whether all conditions hold.
    pub leaks: bool,
    /// What it does.
    pub shape: Shape,
    /// Where it last changed its course, and all later.
    pub stretch: Stretch,
    /// Its slope there, less what the load explains; `None` for too few points.
    pub slope: Option<Slope>,
    /// The slope times the stretch's duration, in the series' units.
    pub growth: f64,
    /// The test of Mann and Kendall there, in standard deviations.
    pub z: f64,
    /// When it reaches the limit, if there is one and it leaks.
    pub time_to_limit: Option<TimeToLimit>,
    /// All conditions that could be tested.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// The conditions that do not hold: why there is no finding.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.holds)
    }
}
