//! What is wrong with a configuration, a list of targets or a pushed body.

use std::path::PathBuf;

use thiserror::Error;

/// What keeps a configuration from being used, or a list of targets from being read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("{}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said, or which limit was passed.
        reason: String,
    },
    /// A file is not what it should be, at a place that is known.
    #[error("{file}:{line}:{column}: {reason}")]
    At {
        /// The file, or what stands for it.
        file: String,
        /// Its line, from 1.
        line: u64,
        /// Its column, from 1.
        column: u64,
        /// What is wrong.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A part of a configuration cannot be used as it is.
    #[error("{file}: {part}: {reason}")]
    Part {
        /// The file, or what stands for it.
        file: String,
        /// Which part: `job "api"`.
        part: String,
        /// What is wrong.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A list of targets could not be had.
    #[error("{source_name}: {reason}")]
    Discovery {
        /// The URL, without credentials, or the file.
        source_name: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// What the user can do about it, where there is something to say.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::At { hint, .. } | Self::Part { hint, .. } => hint.as_deref(),
            Self::Read { .. } | Self::Discovery { .. } => None,
        }
    }
}
