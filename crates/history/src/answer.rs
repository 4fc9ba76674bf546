//! What a history is asked and what it answers.

use fathom_series::{Kind, Unit};
use serde::{Deserialize, Serialize};

use crate::{Build, Labels, Mark, Selector, Semantics};

/// A range of time: from the first moment on, before the second; milliseconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first moment within.
    pub from_ms: i64,
    /// The first moment behind.
    pub to_ms: i64,
}

impl Range {
    /// All of time.
    pub const ALL: Self = Self {
        from_ms: i64::MIN,
        to_ms: i64::MAX,
    };

    /// From one moment to another.
    pub const fn new(from_ms: i64, to_ms: i64) -> Self {
        Self { from_ms, to_ms }
    }

    /// Whether a moment lies within.
    pub const fn contains(&self, at_ms: i64) -> bool {
        self.from_ms <= at_ms && at_ms < self.to_ms
    }
}

/// One life of a target's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When the process started, if that is known.
    pub started_ms: Option<i64>,
    /// When it was first seen.
    pub first_ms: i64,
    /// When it was last seen.
    pub last_ms: i64,
    /// What ran.
    pub build: Build,
}

/// A target that the history knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Names it.
    pub labels: Labels,
    /// The lives of its process, oldest first.
    pub runs: Vec<Run>,
    /// When it was first seen.
    pub first_ms: i64,
    /// When it was last seen.
    pub last_ms: i64,
    /// About how many bytes it takes on disk: its share of each block by rows.
    pub bytes: u64,
}

/// What a series consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Numbers or distributions.
    Points(Kind),
    /// Values by stack.
    Stacks(Semantics),
}

/// A series that the history knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesInfo {
    /// Names the target.
    pub target: Labels,
    /// The reading's name; of a profile its kind and sample type, `heap/inuse_space`.
    pub name: String,
    /// What it consists of and what may be done with it over time.
    pub family: Family,
    /// What it is measured in, as [`Unit`] or the profile's sample type calls it.
    pub unit: String,
}

/// Asks for numbers over time.
#[derive(Clone, Debug)]
pub struct PointsQuery {
    /// Of which targets.
    pub selector: Selector,
    /// Of which series; all when there is none.
    pub names: Vec<String>,
    /// When.
    pub range: Range,
    /// The width of a step in milliseconds; 0 for each point by itself.
    pub step_ms: i64,
}

/// The numbers of a series over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Names the target.
    pub target: Labels,
    /// Names the series.
    pub name: String,
    /// What may be done with its values.
    pub kind: Kind,
    /// What they are measured in.
    pub unit: Unit,
    /// The values.
    pub steps: Steps,
}

/// The values of a curve, oldest first; only steps that hold something.
#[derive(Clone, Debug, PartialEq)]
pub enum Steps {
    /// Of a gauge or a counter.
    Numbers(Vec<Step>),
    /// Of a histogram.
    Buckets {
        /// One boundary more than there are buckets.
        boundaries: Vec<f64>,
        /// How much each bucket grew in each step.
        steps: Vec<BucketStep>,
    },
}

/// What a series did in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The step's begin; of a point by itself, its moment. Milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// The smallest value.
    pub min: f64,
    /// The mean of the values.
    pub mean: f64,
    /// The largest value.
    pub max: f64,
    /// The last value.
    pub last: f64,
    /// How many values were read.
    pub count: u64,
    /// Of a counter: by how much it grew up to the step's last value since the last value before
    /// the step. A fall, or a new run of the process, is a new start from 0. Nothing when there is
    /// no value before; 0 for gauges.
    pub increase: f64,
}

/// How much a histogram grew in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketStep {
    /// The step's begin.
    pub at_ms: i64,
    /// The growth of each bucket.
    pub counts: Vec<u64>,
}

/// What the buckets of a histogram had counted since the start of the process.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Names the target.
    pub target: Labels,
    /// Names the series.
    pub name: String,
    /// What the boundaries are measured in.
    pub unit: Unit,
    /// One boundary more than there are buckets.
    pub boundaries: Vec<f64>,
    /// From this moment on the counts are whole. Earlier ones lack what a process that has ended
    /// had counted before it was first looked at, or before what is still kept.
    pub known_from_ms: i64,
    /// The counts when the range begins.
    pub before: Vec<u64>,
    /// The counts at the end of each step in which one changed, oldest first.
    pub steps: Vec<CountedStep>,
}

/// What the buckets had counted at the end of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedStep {
    /// The step's begin.
    pub at_ms: i64,
    /// The count of each bucket.
    pub counts: Vec<u64>,
}

/// A profile that the history holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileEntry {
    /// Names the target.
    pub target: Labels,
    /// What it is called.
    pub kind: String,
    /// When it was taken, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// How many profiles it stands for; more than 1 after thinning.
    pub profiles: u64,
    /// How many samples it has.
    pub samples: u64,
    /// Its sample types with the sum of each over the samples.
    pub totals: Vec<Total>,
}

/// The sum of a sample type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// The sample type.
    pub sample_type: String,
    /// What it is measured in.
    pub unit: String,
    /// What it means over time.
    pub semantics: Semantics,
    /// The sum over all samples.
    pub value: i64,
}

/// Which profile is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The one nearest to a moment; of two, the earlier.
    Nearest(i64),
    /// The last one that is not later than a moment.
    AtOrBefore(i64),
}

/// How the profiles of a range become one.
///
/// Over several targets the results are added up: what several processes hold at one moment
/// they hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Merge {
    /// Of levels the mean, of all else the sum: each sample type as it should be.
    Default,
    /// The mean over the profiles; a stack that a profile lacks counts as 0 there.
    Mean,
    /// Of each stack the largest value; these may be of different moments.
    Max,
    /// The value of the last profile.
    Last,
    /// The sum; of what counts since the start, that of the increases.
    Sum,
}

/// Asks for the curve of a function or of a stack.
#[derive(Clone, Debug)]
pub struct CurveQuery {
    /// Of which targets.
    pub selector: Selector,
    /// The kind of profile.
    pub kind: String,
    /// The sample type; all of the kind if there is none. One alone takes less time.
    pub sample_type: Option<String>,
    /// When.
    pub range: Range,
    /// The width of a step in milliseconds; 0 for each profile by itself.
    pub step_ms: i64,
}

/// What one function cost over time, in one sample type, over all chosen targets.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCurve {
    /// The sample type.
    pub sample_type: String,
    /// What it is measured in.
    pub unit: String,
    /// What it means over time: levels are means over the profiles of a step, all else is the
    /// sum of a step.
    pub semantics: Semantics,
    /// The steps, oldest first; only those that hold a profile.
    pub steps: Vec<FunctionStep>,
}

/// What one function cost in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunctionStep {
    /// The step's begin; of a profile by itself, its moment. Milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// In the function itself.
    pub flat: f64,
    /// In it and in what it called.
    pub cum: f64,
}

/// A mark with the target that it belongs to; none for all targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetMark {
    /// The target.
    pub target: Option<Labels>,
    /// The mark.
    pub mark: Mark,
}

/// A finding that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// Tells it from others of its target: one that is put again replaces it.
    pub id: String,
    /// Names the target.
    pub target: Labels,
    /// When it was first seen; putting it again keeps the earlier.
    pub first_ms: i64,
    /// When it was last seen.
    pub last_ms: i64,
    /// What it says.
    pub payload: serde_json::Value,
}

/// Bytes that are kept with a finding or by themselves: a captured bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtefactInfo {
    /// Its number in the history.
    pub id: i64,
    /// Names the target.
    pub target: Labels,
    /// The finding that it belongs to.
    pub finding: Option<String>,
    /// What it is called.
    pub name: String,
    /// When it was taken.
    pub at_ms: i64,
    /// How many bytes it has.
    pub bytes: u64,
}

/// What maintenance did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// Blocks that became part of larger ones.
    pub compacted: usize,
    /// Blocks whose points and profiles were thinned.
    pub thinned: usize,
    /// Blocks that were removed because of their age or of the limit of bytes.
    pub removed: usize,
    /// Artefacts that were removed for the same reasons.
    pub artefacts_removed: usize,
}

/// Bytes on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The catalogue with the head.
    pub catalogue: u64,
    /// The blocks, by the names of their files.
    pub blocks: std::collections::BTreeMap<String, u64>,
    /// The artefacts.
    pub artefacts: u64,
}

impl Usage {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.catalogue + self.blocks.values().sum::<u64>() + self.artefacts
    }
}
