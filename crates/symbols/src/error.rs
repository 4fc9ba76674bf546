//! What can be wrong with a binary, or with a question about it.

/// A binary that could not be read, or an address that it cannot place.
///
/// The name of the file is the caller's to add: readers get bytes.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are no executable, library or object file of a known format.
    #[error("neither ELF, Mach-O nor PE: {reason}")]
    Unrecognized {
        /// What the reader stumbled on.
        reason: String,
    },
    /// A Mach-O file for several architectures lacks the one that was asked for.
    #[error("no code for {wanted} in a file for {found}")]
    NoArchitecture {
        /// The architecture that was asked for.
        wanted: String,
        /// The architectures of the file, separated by commas.
        found: String,
    },
    /// The binary breaks its format.
    #[error("malformed {part} at {offset:#x}: {reason}")]
    Malformed {
        /// The part of the file, for example `Go function table`.
        part: &'static str,
        /// Where: an offset in the part, or an address of the binary where the part has one.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The binary passes a limit.
    #[error("more than {maximum} {limit}")]
    Limit {
        /// The limit that was passed, for example `symbols`.
        limit: &'static str,
        /// Its value.
        maximum: u64,
    },
    /// A part of the binary is compressed, and damaged or in an unknown format.
    #[error("damaged section {section}: {reason}")]
    Decompress {
        /// The section's name.
        section: String,
        /// What the decompressor said.
        reason: String,
    },
    /// The debug information cannot be read.
    #[error("unreadable debug information: {reason}")]
    Debug {
        /// What is wrong with it.
        reason: String,
    },
    /// A mapping of a process does not belong to the binary.
    #[error(
        "cannot place the mapping {start:#x}-{limit:#x} at offset {offset:#x} in the binary: {reason}"
    )]
    Mapping {
        /// The mapping's first address.
        start: u64,
        /// The address after its last.
        limit: u64,
        /// The offset in the file of its first byte.
        offset: u64,
        /// Why.
        reason: String,
    },
    /// There are more answers than can be numbered.
    #[error("more than {} {what} in one resolution", u32::MAX)]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
}

impl Error {
    pub(crate) fn malformed(part: &'static str, offset: u64, reason: impl Into<String>) -> Self {
        Self::Malformed {
            part,
            offset,
            reason: reason.into(),
        }
    }

    pub(crate) fn limit(limit: &'static str, maximum: usize) -> Self {
        Self::Limit {
            limit,
            maximum: maximum as u64,
        }
    }

    pub(crate) fn debug(reason: &dyn std::fmt::Display) -> Self {
        Self::Debug {
            reason: reason.to_string(),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
