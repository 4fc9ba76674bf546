//! What can go wrong with a history.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why something could not be stored or answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no space left for the history.
    #[error(
        "{}: the disk is full; nothing stored is damaged: free space or lower the history's \
         limit of bytes",
        folder.display()
    )]
    Full {
        /// The history's folder.
        folder: PathBuf,
    },
    /// Another process writes to this history.
    #[error(
        "{}: another process writes to this history; stop it, or open the history for reading",
        folder.display()
    )]
    Locked {
        /// The history's folder.
        folder: PathBuf,
    },
    /// The history was written by a newer version.
    #[error(
        "{}: the history has version {found}, this program knows up to {known}; use a newer one",
        folder.display()
    )]
    Newer {
        /// The history's folder.
        folder: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// There is no history in the folder.
    #[error("{}: no history is here; name the folder that `record` or `serve` writes to", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The history is open for reading.
    #[error("{}: the history is open for reading only", folder.display())]
    ReadOnly {
        /// The history's folder.
        folder: PathBuf,
    },
    /// The catalogue refuses.
    #[error("{}: {source}", path.display())]
    Catalogue {
        /// The catalogue's file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// What is stored does not make sense.
    #[error("{}: damaged: {reason}; remove the file's block from the history", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A profile cannot be stored or made.
    #[error("a profile of the history: {0}")]
    Profile(#[from] fathom_profile::Error),
    /// What was asked or given makes no sense.
    #[error("{reason}")]
    Unsuitable {
        /// Why, and what to do instead.
        reason: String,
    },
    /// Values that hold at their moment were to be added up over time.
    #[error(
        "{kind}/{sample_type} holds at its moment, so that its sum over time counts what lives \
         once for each profile: ask for the mean, the maximum or the last"
    )]
    SumOfLevels {
        /// The kind of the profile.
        kind: String,
        /// The sample type.
        sample_type: String,
    },
    /// There is no profile in the range.
    #[error("no {kind} profile of these targets in this range; widen the range or the selector")]
    NoProfile {
        /// The kind of profile asked for.
        kind: String,
    },
}

/// What most functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes the error of a file.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| {
            if is_full(&source) {
                let folder = path.parent().unwrap_or(path).to_path_buf();
                return Self::Full { folder };
            }
            Self::Io {
                path: path.to_path_buf(),
                source,
            }
        }
    }

    /// Makes the error of the catalogue in a folder.
    pub(crate) fn catalogue(path: &Path, source: rusqlite::Error) -> Self {
        let code = source.sqlite_error_code();
        if code == Some(ErrorCode::DiskFull) {
            let folder = path.parent().unwrap_or(path).to_path_buf();
            return Self::Full { folder };
        }
        Self::Catalogue {
            path: path.to_path_buf(),
            source,
        }
    }

    /// Makes the error of something that makes no sense.
    pub(crate) fn unsuitable(reason: impl Into<String>) -> Self {
        Self::Unsuitable {
            reason: reason.into(),
        }
    }

    /// Makes the error of a damaged file.
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            reason: reason.into(),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
