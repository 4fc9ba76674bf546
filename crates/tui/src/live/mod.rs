//! What is known of a process since it is watched.

mod session;
mod timeline;
pub mod tracks;

use fathom_explain::{DatedHeap, Explanation};
use fathom_goruntime::gctrace::{GcCycle, Scavenge};
use fathom_goruntime::goroutine::Population;
use fathom_series::Taken;

pub use session::{Goroutines, Heaps, Session};
pub use timeline::{Band, Point, Timeline};

/// Something that was seen, or was not.
#[derive(Debug)]
#[non_exhaustive]
pub enum News {
    /// A look at the numbers. `trouble` says what was missing that should be there.
    Look {
        /// What was read.
        taken: Box<Taken>,
        /// Why a part of it could not be had.
        trouble: Option<String>,
    },
    /// A look that gave nothing.
    Lost {
        /// When, in milliseconds since 1970 (UTC).
        at_ms: i64,
        /// Why.
        why: String,
    },
    /// Nothing will come any more.
    Ended {
        /// When, in milliseconds since 1970 (UTC).
        at_ms: i64,
        /// Why.
        why: String,
    },
    /// A heap profile.
    Heap(Box<DatedHeap>),
    /// The goroutines of a moment.
    Goroutines(Box<Population>),
    /// The ledger and what was found.
    Explained(Box<Explanation>),
    /// A collection, of gctrace.
    Cycle {
        /// When, in milliseconds since 1970 (UTC).
        at_ms: i64,
        /// What its line says.
        cycle: Box<GcCycle>,
        /// Whether the line is a look of its own: there is no other source.
        is_look: bool,
    },
    /// What the scavenger did, of scavtrace.
    Scavenge(Box<Scavenge>),
    /// What a child wrote to standard error, a line.
    Output(String),
    /// A capture was taken: its file, or why it failed.
    Captured {
        /// When, in milliseconds since 1970 (UTC).
        at_ms: i64,
        /// The name of the file.
        file: Result<String, String>,
    },
}

/// How the process answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was heard yet.
    Waiting,
    /// All that was there is there.
    Fine,
    /// A part of what was there is missing now.
    Partly(String),
    /// Nothing can be had.
    Lost(String),
    /// Nothing will come any more.
    Ended(String),
}

impl State {
    /// A word for it, as `--json` has it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Fine => "fine",
            Self::Partly(_) => "partly",
            Self::Lost(_) => "lost",
            Self::Ended(_) => "ended",
        }
    }

    /// Why it is not fine.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Partly(why) | Self::Lost(why) | Self::Ended(why) => Some(why),
            Self::Waiting | Self::Fine => None,
        }
    }
}

/// A moment worth remembering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// What it is.
    pub what: MarkKind,
}

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// The process started anew.
    Restart,
    /// The user marked the moment.
    User,
    /// A capture was taken.
    Capture,
}

impl MarkKind {
    /// The letter that stands for it on an axis of time.
    pub const fn letter(self) -> char {
        match self {
            Self::Restart => 'R',
            Self::User => 'M',
            Self::Capture => 'C',
        }
    }
}
