//! Placeholder head.

mod changes;
mod discovery;
mod error;
mod grid;
mod judge;
mod kendall;
mod load;
mod normal;
mod pieces;
mod segments;
mod series;
mod shape;
mod slope;
mod suspects;
mod trend;
mod verdict;

pub use changes::change_points;
pub use discovery::benjamini_hochberg;
pub use error::Error;
pub use grid::{Grid, MOST_WINDOWS, resample_means, resample_minima};
pub use judge::{Process, Thresholds, judge};
pub use kendall::{Autocorrelation, Kendall, mann_kendall};
pub use segments::{LEAST_WARM_UP, MOST_WARM_UP, resets, restarts, segments, warm_up_end};
pub use series::Series;
pub use slope::{Slope, theil_sen};
pub use suspects::{GO_SAMPLING_INTERVAL, StackSeries, Suspect, Suspects, suspects};
pub use verdict::{Check, Condition, Shape, Stretch, TimeToLimit, Verdict};
