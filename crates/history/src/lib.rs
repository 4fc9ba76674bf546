//! The embedded store of what was read over time.
//!
//! A [`History`] takes the [`Scrape`]s of many targets, each with numbers, profiles and marks, and
//! answers what they did: curves, single profiles, the profiles of a range merged to one, the
//! curve of one function. [`Embedded`] is the one in a folder, without any server: the last hours
//! in an SQLite database, what is older in Parquet files that other programs can read as well
//! (`docs/history.md` tells their columns).
//!
//! What is decided here:
//!
//! - What a value means over time is stored with it ([`fathom_series::Kind`], [`Semantics`]) and
//!   respected: levels are never summed over time, cumulative counts are differenced.
//! - Profiles are kept by their stacks with names; addresses are dropped.
//! - Everything is bounded: memory by streaming, disk by age and bytes, both on by default
//!   ([`Options`]).
//! - The clock is an argument: nothing here asks the system for the time.

mod answer;
mod assembly;
mod block;
mod catalogue;
mod changes;
mod compact;
mod count_query;
mod curves;
mod cut;
mod dictionary;
mod embedded;
mod error;
mod form;
mod function_query;
mod head;
mod history;
mod interner;
mod labels;
mod listing;
mod moments;
mod notes;
mod numbers;
mod options;
mod point_query;
mod profile_query;
mod rows;
mod scrape;
mod semantics;
mod shelf;
mod sources;
mod stream;
mod upkeep;
mod varint;
mod writer;

pub use answer::{
    ArtefactInfo, At, BucketStep, Counted, CountedStep, Curve, CurveQuery, Family, FunctionCurve,
    FunctionStep, KeptFinding, Maintenance, Merge, PointsQuery, ProfileEntry, Range, Run,
    SeriesInfo, Step, Steps, TargetInfo, TargetMark, Total, Usage,
};
pub use embedded::Embedded;
pub use error::{Error, Result};
pub use history::History;
pub use labels::{Labels, Selector};
pub use options::Options;
pub use scrape::{Build, Mark, MarkKind, Scrape, Taken};
pub use semantics::Semantics;
