//! What can be wrong with a trace.

use std::fmt;

/// A trace that cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input does not begin as a trace does.
    #[error(
        "this is no Go execution trace: it begins with {found:?}, not with \"go 1.\" and a version"
    )]
    NotATrace {
        /// What it begins with, printable.
        found: String,
    },
    /// A format of Go 1.21 or before.
    #[error(
        "this trace has the format of Go 1.{version}, which was replaced in Go 1.22; \
         record it with Go 1.22 or later, or read it with `go tool trace` of Go 1.27"
    )]
    OldFormat {
        /// The minor version in its head.
        version: u32,
    },
    /// A format that did not exist when this was written.
    #[error("this trace has the format \"go 1.{version}\"; the newest known here is \"go 1.26\"")]
    UnknownFormat {
        /// The minor version in its head.
        version: u32,
    },
    /// The input could not be read.
    #[error("reading the trace failed at byte {offset}")]
    Read {
        /// How many bytes had been read.
        offset: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// What stands in the file is no event. `fathom` reads traces in order up to such a place.
    #[error("the trace is malformed at byte {offset}: {what}")]
    Malformed {
        /// Where.
        offset: u64,
        /// What is wrong, in words.
        what: String,
    },
}

/// Where and why reading a trace ended early. What came before was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The byte of the input at which the damaged batch or generation begins.
    pub offset: u64,
    /// The generation that could not be read to its end; 0 where not even its number is known.
    pub generation: u64,
    /// What is wrong, in words.
    pub what: String,
    /// The bytes of the input that were not read into events, as far as the input goes.
    pub lost_bytes: u64,
    /// The nanoseconds between the last event handed out and the last moment seen in what was
    /// lost, where that can be told.
    pub lost_nanoseconds: Option<i64>,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the trace is damaged at byte {}", self.offset)?;
        if self.generation != 0 {
            write!(f, " (generation {})", self.generation)?;
        }
        write!(f, ": {}; {} bytes", self.what, self.lost_bytes)?;
        if let Some(nanoseconds) = self.lost_nanoseconds.filter(|&lost| lost > 0) {
            let milliseconds = nanoseconds as f64 / 1e6;
            write!(f, " and {milliseconds:.1} ms")?;
        }
        write!(f, " are lost")
    }
}

/// What breaks the rules of the format or of the order of events, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) String);

/// Makes a [`Fault`] as `format!` makes a string, out of the way of what is fast.
macro_rules! fault {
    ($($argument:tt)*) => { $crate::error::Fault(format!($($argument)*)) };
}
pub(crate) use fault;
