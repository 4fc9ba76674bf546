//! The one error type of the crate.

/// Says why an input could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is not of the expected format at all.
    #[error("{input}: no {expected} in it")]
    NotFound {
        /// Names the format that was read.
        input: &'static str,
        /// Names what would have shown it.
        expected: &'static str,
    },
    /// A line does not follow the grammar.
    #[error("{input}: line {line}: {reason}")]
    Line {
        /// Names the format that was read.
        input: &'static str,
        /// Counts from 1; in a tail, from the tail's first line.
        line: usize,
        /// Says what is wrong with it.
        reason: String,
    },
    /// A field that every version of the format has is missing.
    #[error("{input}: the field {field} is missing")]
    MissingField {
        /// Names the format that was read.
        input: &'static str,
        /// Names the field as the format spells it.
        field: &'static str,
    },
    /// The text is not JSON.
    #[error("{input}: not valid JSON")]
    Json {
        /// Names the format that was read.
        input: &'static str,
        /// Holds the position and the reason.
        #[source]
        source: serde_json::Error,
    },
    /// A value is not of the kind that its name promises.
    #[error("{input}: {field} is not {expected}")]
    Kind {
        /// Names the format that was read.
        input: &'static str,
        /// Names the field.
        field: String,
        /// Says what was expected.
        expected: &'static str,
    },
    /// The input exceeds a limit.
    #[error("{input}: more than {limit} {what}")]
    Limit {
        /// Names the format that was read.
        input: &'static str,
        /// Names what was counted.
        what: &'static str,
        /// Holds the limit that was passed.
        limit: u64,
    },
    /// An executable is damaged or of an unknown kind.
    #[error("build info: offset {offset:#x}: {reason}")]
    Binary {
        /// Holds the offset in the file.
        offset: u64,
        /// Says what is wrong there.
        reason: String,
    },
    /// The executable could not be read.
    #[error("build info: cannot read {length} bytes at offset {offset:#x}")]
    Read {
        /// Holds the offset in the file.
        offset: u64,
        /// Holds the number of bytes wanted.
        length: usize,
        /// Holds the reader's reason.
        #[source]
        source: std::io::Error,
    },
}

/// Is a result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
