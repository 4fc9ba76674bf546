//! How much a history keeps.

/// A day in milliseconds.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How long everything is kept, how finely, and in how many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The head becomes a block when its oldest scrape is so much older than its newest.
    pub head_ms: i64,
    /// The head becomes a block when it has so many bytes.
    pub head_bytes: u64,
    /// From which age on, in milliseconds, only one point and profile for so many milliseconds is
    /// kept; from young to old.
    pub thinning: Vec<(i64, i64)>,
    /// What is older is removed, in milliseconds.
    pub keep_ms: i64,
    /// The oldest is removed when the history has more bytes.
    pub keep_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            head_ms: 2 * 60 * 60 * 1000,
            head_bytes: 64 << 20,
            thinning: vec![(DAY_MS, 60_000), (7 * DAY_MS, 600_000)],
            keep_ms: 30 * DAY_MS,
            keep_bytes: 20 << 30,
        }
    }
}

impl Options {
    /// How many milliseconds are to hold one point when they are so old; 0 for all.
    pub(crate) fn resolution(&self, age_ms: i64) -> i64 {
        self.thinning
            .iter()
            .filter(|(from, _)| age_ms >= *from)
            .map(|(_, step)| *step)
            .max()
            .unwrap_or(0)
    }
}
