use crate::node::Granularity;

/// By which value rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// What fell to the function itself.
    #[default]
    Flat,
    /// What fell to it and to everything it called.
    Cum,
}

/// Whether rows carry what the sampling profiler cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Intervals {
    /// Numbers alone, as `go tool pprof` prints them.
    #[default]
    Omit,
    /// Rows of a sampled heap profile carry the 95 % interval of each number.
    Compute,
}

/// Of what percentages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PercentagesOf {
    /// The whole profile, whatever filters leave.
    #[default]
    Profile,
    /// What filters leave (`-relative_percentages`).
    Selection,
}

/// What a [`Top`](super::Top) shows. The names and defaults are those of `go tool pprof`
/// (google/pprof `internal/driver/config.go`).
#[derive(Debug, Clone, PartialEq)]
pub struct TopOptions {
    /// The column: a sample type or its number; empty is the profile's default.
    pub sample_index: String,
    /// At most so many rows; `None` shows all.
    pub node_count: Option<usize>,
    /// Rows whose cum is below this fraction of the sum of flat values are left out.
    pub node_fraction: f64,
    /// Calls lighter than this fraction do not decide whether a row is marked as inlined.
    pub edge_fraction: f64,
    /// Keep samples with a frame that matches; empty keeps all.
    pub focus: String,
    /// Drop samples with a frame that matches; empty drops none.
    pub ignore: String,
    /// The order of rows.
    pub sort: Sort,
    /// Which frames fall together.
    pub granularity: Granularity,
    /// The unit of all numbers; `minimum` chooses the one that suits the smallest, `auto`
    /// one for each number.
    pub unit: String,
    /// Of what percentages are.
    pub percentages_of: PercentagesOf,
    /// Leaves out rows that shrank in a difference.
    pub drop_negative: bool,
    /// Whether to compute sampling intervals.
    pub intervals: Intervals,
}

impl Default for TopOptions {
    fn default() -> Self {
        Self {
            sample_index: String::new(),
            node_count: None,
            node_fraction: 0.005,
            edge_fraction: 0.001,
            focus: String::new(),
            ignore: String::new(),
            sort: Sort::Flat,
            granularity: Granularity::Functions,
            unit: "minimum".to_owned(),
            percentages_of: PercentagesOf::Profile,
            drop_negative: false,
            intervals: Intervals::Omit,
        }
    }
}
