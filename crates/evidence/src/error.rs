//! What can go wrong with a bundle.

use thiserror::Error;

/// What can go wrong when a bundle is read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The name is no kind that this version knows.
    #[error("unknown kind of artefact {name:?}")]
    UnknownKind {
        /// The name.
        name: String,
    },
    /// The bytes are not a bundle.
    #[error("{name}: not a fathom bundle: {reason}")]
    NotABundle {
        /// Name of the input.
        name: String,
        /// What it is or lacks.
        reason: String,
    },
    /// The bundle was written by a newer version.
    #[error("{name}: written as {found}, and this version reads up to fathom.bundle/{supported}")]
    NewerFormat {
        /// Name of the input.
        name: String,
        /// The schema that the manifest names.
        found: String,
        /// The newest format that this version reads.
        supported: u32,
    },
    /// The manifest is not what a manifest should be.
    #[error("{name}: manifest.json, line {line} column {column}: {reason}")]
    Manifest {
        /// Name of the input.
        name: String,
        /// Line of the manifest, from 1; 0 if unknown.
        line: usize,
        /// Column of the manifest, from 1; 0 if unknown.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The file ends before its contents do, and nothing could be rescued.
    #[error("{name}: cut off at byte {offset}, before its manifest was complete")]
    Cut {
        /// Name of the input.
        name: String,
        /// Where the last complete entry ends.
        offset: u64,
    },
    /// The bundle holds more than the limits allow.
    #[error("{name}: {what} above the limit of {limit}")]
    Limit {
        /// Name of the input.
        name: String,
        /// What is too large or too many.
        what: String,
        /// The limit that was passed.
        limit: u64,
    },
    /// The bundle could not be written.
    #[error("cannot write the bundle: {reason}")]
    Write {
        /// What the operating system or the archive writer said.
        reason: String,
    },
}

impl Error {
    /// Returns what the user can do about it, in one line, where there is
    /// something to say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NewerFormat { .. } => Some("update fathom"),
            Self::Cut { .. } => {
                Some("the file was not written or copied completely: take the capture again")
            }
            Self::Limit { .. } => Some("raise the limit only for a bundle that you trust"),
            _ => None,
        }
    }
}
