//! What a value of a profile means over time.

use serde::{Deserialize, Serialize};

/// What may be done with the values of one sample type over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Semantics {
    /// Holds at its moment: bytes in use, goroutines. Never summed over time.
    Level,
    /// Counts since the process started: bytes allocated, time waited. Differenced; a value that
    /// falls, or a new run of the process, is a new start from 0.
    Cumulative,
    /// Counts over the profile's own duration: processor time. Summed as it is.
    Delta,
}

impl Semantics {
    /// Its name, as it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
        }
    }

    /// Finds the one of a name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Level, Self::Cumulative, Self::Delta]
            .into_iter()
            .find(|semantics| semantics.name() == name)
    }

    /// What the sample types that Go programs hand out mean, when they are asked for the whole
    /// profile (`runtime/pprof`): `kind` is the profile's name in the URL (`heap`, `mutex`), or
    /// what the store calls it.
    ///
    /// `alloc_*` of heap and allocs profiles and both values of block and mutex profiles count
    /// since the start; processor time is that of the profile's duration; all else (bytes in
    /// use, goroutines, threads) holds at its moment, and so does what is not known, because a
    /// mean of counts misleads less than a sum of levels. Profiles taken with `seconds=` are
    /// deltas, which only the caller knows.
    pub fn of_go(kind: &str, sample_type: &str) -> Self {
        match sample_type {
            "alloc_objects" | "alloc_space" | "contentions" | "delay" => Self::Cumulative,
            "samples" | "cpu" | "wall" => Self::Delta,
            _ if kind == "profile" || kind == "cpu" => Self::Delta,
            _ => Self::Level,
        }
    }
}
