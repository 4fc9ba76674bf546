//! What one look at a process gives as numbers.
//!
//! A [`Look`] holds the [`Reading`]s of one moment, each with its name, its unit and what kind of
//! value it is: only that tells whether two of them may be summed over time, differenced, or
//! neither.
//!
//! # Names
//!
//! A value of runtime/metrics keeps its name (`/gc/heap/live:bytes`), as does a sample of a
//! Prometheus page that has none (`http_requests_total{code="200"}`). What has no name of its own
//! gets one that says where it comes from.

pub mod export;
mod from;
pub mod plots;
mod reading;

pub use fathom_goruntime::metrics::Histogram;
pub use from::{
    Collection, MAX_READINGS, Taken, cycle_readings, profile_readings, scavenge_readings,
};
pub use reading::{Kind, Look, Reading, Unit, UnknownName, Value};
