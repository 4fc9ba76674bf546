//! Growth told from noise: whether a process leaks, and what makes it grow.
//!
//! Series of measurements in, verdicts out. Everything is arithmetic on the arguments: no clock,
//! no randomness, no files, so that the same recording gives the same answer. Formats, storage
//! and sentences are the caller's.
//!
//! How to use it:
//!
//! 1. cut a [`Series`] where the process started anew ([`segments`], by [`restarts`] or
//!    [`resets`]) and drop what it does until it has warmed up ([`warm_up_end`]);
//! 2. [`judge`] the segment's live heap, resident memory or count of goroutines;
//! 3. if it leaks, ask [`suspects`] for the stacks that make it grow.
//!
//! The building blocks ([`theil_sen`], [`mann_kendall`], [`change_points`],
//! [`benjamini_hochberg`]) are there for other questions too.
//!
//! # How a leak is told from growth that is none
//!
//! A series is reduced to at most 200 window minima, which are free of collections and peaks;
//! cut at its last change of course; what the load explains is taken off; and a leak is said only
//! if every [`Condition`] holds. Each condition, and what was measured for it, is part of the
//! [`Verdict`], so that "no leak" has reasons too. The conditions go back to tests that are known
//! well: Theil-Sen's slope with Sen's interval, Mann and Kendall's test with corrections for
//! ties and, after Hamed and Rao, for autocorrelation. On simulated processes that looks every
//! ten minutes would accuse, or leaks that would be missed, these turned out not to be enough.
//! What was added, and why:
//!
//! - *Change points between lines, not levels.* Between levels, a steady leak changes at every
//!   moment. A bend within one rise is no change.
//! - *Autocorrelation everywhere.* It widens the slope's interval and stands against change
//!   points, not only in the test for a trend. Only lags before the first without significance
//!   count, and the correction never makes a result surer.
//! - *A clear slope counts.* The test counts pairs, of which no more than all can rise; where few
//!   points are worth as much as independent ones, a slope that is six standard deviations above
//!   zero is a trend too.
//! - *Survival by quartiles.* By the extremes of the first and the last quarter a straight line
//!   without noise survives with a half of its range, and with any noise less.
//! - *A record.* After a change, the last quarter must be above everything before it: what rises
//!   and is given back again and again is no leak, however long one rise lasts.
//! - *No step, no slowing.* A step passes all the tests of a trend, and so does a cache that
//!   fills.
//! - *The load as an interval.* What one unit of load explains is known only within limits; the
//!   verdict holds at both ends. Where load and time rise together the upper end is that of a
//!   process that would use nothing without load: a load that rose by a tenth explains a tenth.
//!
//! # What it cannot tell
//!
//! A first rise that is steady and lasts longer than half an hour is said to be a leak, because
//! nothing in the numbers says that it will end: a cache that takes hours to fill, or the
//! morning of a daily load where no load is given. A leak that begins after memory was given
//! back is said when it has passed the earlier peak. And a heap that follows its load hours
//! later looks as if it grew by itself.
//!
//! ```
//! use fathom_trends::{Process, Series, Shape, Thresholds, judge};
//!
//! // An hour of scrapes, one each 15 s, of a heap of 100 MB that leaks 50 kB a second.
//! let times: Vec<f64> = (0..240).map(|scrape| f64::from(scrape) * 15.0).collect();
//! let heap = times.iter().map(|time| 100e6 + 50e3 * time).collect();
//! let process = Process {
//!     values: &Series::new(times, heap)?,
//!     load: None,
//!     collections: None,
//!     limit: Some(500e6),
//! };
//! let verdict = judge(&process, &Thresholds::bytes());
//! assert!(verdict.leaks);
//! assert_eq!(verdict.shape, Shape::Linear);
//! // 400 MB less what an hour took, at 50 kB a second.
//! let left = verdict.time_to_limit.map(|time| time.expected.round());
//! assert_eq!(left, Some(4415.0));
//! # Ok::<(), fathom_trends::Error>(())
//! ```

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
