//! What can be wrong with an input.

use std::fmt;

/// What is said of a compressed stream that ends too early.
pub(crate) const TRUNCATED: &str = "the input ends too early";

/// A profile that could not be read, or profiles that do not go together.
///
/// The name of the input is the caller's to add: readers get bytes.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There was nothing to read.
    #[error("empty input")]
    Empty,
    /// The bytes are no profile in any known form.
    #[error("not a profile in any known form: {reason}")]
    Unrecognized {
        /// What the input looks like instead.
        reason: String,
    },
    /// The compressed stream is damaged or cut short.
    #[error("damaged {format} data after {produced} decompressed bytes: {reason}")]
    Decompress {
        /// The compression, `gzip` or `zstd`.
        format: &'static str,
        /// How many bytes came out before the damage.
        produced: u64,
        /// What the decompressor said.
        reason: String,
    },
    /// The input passes a limit.
    #[error("more than {maximum} {limit} {position}")]
    Limit {
        /// The limit that was passed.
        limit: LimitKind,
        /// Its value.
        maximum: u64,
        /// Where it was passed.
        position: Position,
    },
    /// A protobuf profile breaks the format or refers to what does not exist.
    #[error("malformed profile at byte {offset}: {reason}")]
    Malformed {
        /// The offset in the decompressed input.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// A protobuf profile is well-formed but its tables do not fit together.
    #[error("malformed profile at byte {offset}: {reason}")]
    Inconsistent {
        /// The offset in the decompressed input.
        offset: u64,
        /// What is wrong there.
        reason: String,
        /// What `go tool pprof` says of it (`profile/profile.go`, `CheckValid`).
        check: String,
    },
    /// Several protobuf profiles follow each other in one input.
    #[error("malformed profile at byte {offset}: several profiles one after another")]
    Concatenated {
        /// Where the second tells its time, in the decompressed input.
        offset: u64,
    },
    /// A text form breaks its grammar.
    #[error("malformed {form} at line {line}: {reason}")]
    Text {
        /// The form, for example `heap profile`.
        form: &'static str,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The parts of a JSON file do not fit together.
    #[error("malformed {form}: {reason}")]
    Structure {
        /// The form, for example `speedscope profile`.
        form: &'static str,
        /// What is wrong in it.
        reason: String,
    },
    /// Profiles that cannot be merged or subtracted.
    #[error("profiles do not go together: {reason}")]
    Incompatible {
        /// What differs.
        reason: String,
        /// What `go tool pprof` says of it.
        check: String,
    },
    /// An operation was asked of a profile that does not carry what it needs.
    #[error("this profile cannot answer: {reason}")]
    Unsuitable {
        /// What is missing.
        reason: String,
    },
}

/// One of the [`Limits`](crate::Limits).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// [`Limits::decompressed_bytes`](crate::Limits::decompressed_bytes).
    DecompressedBytes,
    /// [`Limits::strings`](crate::Limits::strings).
    Strings,
    /// [`Limits::string_bytes`](crate::Limits::string_bytes).
    StringBytes,
    /// [`Limits::sample_types`](crate::Limits::sample_types).
    SampleTypes,
    /// [`Limits::samples`](crate::Limits::samples).
    Samples,
    /// [`Limits::locations`](crate::Limits::locations).
    Locations,
    /// [`Limits::lines`](crate::Limits::lines).
    Lines,
    /// [`Limits::functions`](crate::Limits::functions).
    Functions,
    /// [`Limits::mappings`](crate::Limits::mappings).
    Mappings,
    /// [`Limits::depth`](crate::Limits::depth).
    Depth,
    /// [`Limits::stack_entries`](crate::Limits::stack_entries).
    StackEntries,
    /// [`Limits::labels`](crate::Limits::labels).
    Labels,
    /// [`Limits::comments`](crate::Limits::comments).
    Comments,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DecompressedBytes => "decompressed bytes",
            Self::Strings => "strings",
            Self::StringBytes => "string bytes",
            Self::SampleTypes => "sample types",
            Self::Samples => "samples",
            Self::Locations => "locations",
            Self::Lines => "lines of locations",
            Self::Functions => "functions",
            Self::Mappings => "mappings",
            Self::Depth => "locations in one stack",
            Self::StackEntries => "locations in all stacks",
            Self::Labels => "labels",
            Self::Comments => "comments",
        })
    }
}

/// Where in an input something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// An offset in the decompressed input.
    Byte(u64),
    /// A line, counted from 1.
    Line(u64),
    /// Nowhere in particular: the whole of it.
    Whole,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(offset) => write!(formatter, "at byte {offset}"),
            Self::Line(line) => write!(formatter, "at line {line}"),
            Self::Whole => formatter.write_str("in the whole"),
        }
    }
}

impl Error {
    /// Returns what `go tool pprof` says of such an input (`profile/profile.go`,
    /// `ParseData`), without the input's name.
    ///
    /// ```
    /// use fathom_profile::{Limits, ParseOptions, Profile};
    ///
    /// let error = Profile::parse_as(b"", &Limits::default(), ParseOptions::as_pprof());
    /// assert_eq!(
    ///     error.unwrap_err().pprof_text(),
    ///     "parsing profile: empty input file"
    /// );
    /// ```
    pub fn pprof_text(&self) -> String {
        match self {
            Self::Empty => "parsing profile: empty input file".to_owned(),
            Self::Concatenated { .. } => {
                "parsing profile: concatenated profiles detected".to_owned()
            }
            Self::Inconsistent { check, .. } => format!("malformed profile: {check}"),
            Self::Text { reason, .. } => format!("parsing profile: {reason}"),
            Self::Unrecognized { .. } | Self::Malformed { .. } | Self::Structure { .. } => {
                "parsing profile: unrecognized profile format".to_owned()
            }
            Self::Decompress { reason, .. } if reason == TRUNCATED => {
                "decompressing profile: unexpected EOF".to_owned()
            }
            Self::Decompress { reason, .. } => format!("decompressing profile: {reason}"),
            Self::Incompatible { check, .. } => check.clone(),
            Self::Limit { .. } | Self::Unsuitable { .. } => self.to_string(),
        }
    }

    pub(crate) fn inconsistent(
        offset: usize,
        reason: impl Into<String>,
        check: impl Into<String>,
    ) -> Self {
        Self::Inconsistent {
            offset: offset as u64,
            reason: reason.into(),
            check: check.into(),
        }
    }

    pub(crate) fn malformed(offset: usize, reason: impl Into<String>) -> Self {
        Self::Malformed {
            offset: offset as u64,
            reason: reason.into(),
        }
    }
}
