//! What a Go runtime prints or exports besides profiles.
//!
//! Every module reads one format: the [`memstats`] tail of a text heap profile,
//! [`metrics`] by their runtime/metrics names, [`expvar`] JSON, [`goroutine`]
//! dumps, [`gctrace`] lines and the [`buildinfo`] of an executable. All readers
//! are pure: bytes in, values out, within limits, never a panic. Profile bodies
//! (debug=1 and protobuf) belong to the `profile` crate, reading files and
//! sockets to `gather`, and judging the values to `explain`.
//!
//! ```
//! use fathom_goruntime::expvar;
//!
//! let vars = expvar::parse(br#"{"metrics": {"/gc/heap/live:bytes": 1024}}"#)?;
//! assert_eq!(vars.metrics.heap_live(), Some(1024));
//! # Ok::<(), fathom_goruntime::Error>(())
//! ```

mod error;
mod limits;
mod line;

pub mod buildinfo;
pub mod expvar;
pub mod gctrace;
pub mod goroutine;
pub mod memstats;
pub mod metrics;
pub mod version;

pub use error::{Error, Result};
pub use limits::Limits;
