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
}
