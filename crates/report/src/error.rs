use thiserror::Error as ThisError;

/// Why a view could not be made.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// A filter's pattern does not parse.
    #[error("parsing {option} regexp: {reason}")]
    Pattern {
        /// The option that holds the pattern.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No column of the profile has the number.
    #[error("sample_index {index} is outside the range [0..{last}]")]
    ColumnNumber {
        /// What was asked for.
        index: String,
        /// The number of the last column.
        last: usize,
    },
    /// No column of the profile has the name.
    #[error("sample_index {name:?} must be one of: [{}]", known.join(" "))]
    ColumnName {
        /// What was asked for.
        name: String,
        /// Which there are.
        known: Vec<String>,
    },
    /// The profile has no sample types.
    #[error("profile has no samples")]
    NoSamples,
    /// `divide_by` is 0.
    #[error("zero divisor specified")]
    ZeroDivisor,
    /// The granularity is none of the choices.
    #[error("unexpected granularity")]
    Granularity,
    /// Frames made of labels do not fit.
    #[error("adding frames for labels: {source}")]
    Frames {
        /// Which limit they pass.
        source: fathom_profile::Error,
    },
    /// Nothing matches the pattern of a command.
    #[error("no matches found for regexp{separator} {pattern}")]
    NoMatch {
        /// The pattern.
        pattern: String,
        /// A colon, where pprof prints one.
        separator: &'static str,
    },
    /// No function of a binary lies at an address.
    #[error("no matches found for address {address:#x}")]
    NoAddress {
        /// The address.
        address: u64,
    },
    /// Nothing ran in the function at an address.
    #[error(
        "address {address:#x} found in binary, but the corresponding symbols do not have samples in the profile"
    )]
    NoSamplesAt {
        /// The address.
        address: u64,
    },
    /// Code cannot be disassembled.
    #[error("{reason}")]
    Disassembly {
        /// Why, as pprof words it.
        reason: String,
    },
    /// No function has the handle.
    #[error("no function of the profile has the handle {handle}")]
    UnknownHandle {
        /// The handle.
        handle: String,
    },
    /// The beginning of a handle fits several functions.
    #[error(
        "{count} functions begin with the handle {handle}, {} among them: write more of it",
        names.join(", ")
    )]
    AmbiguousHandle {
        /// What was given.
        handle: String,
        /// How many functions it fits.
        count: usize,
        /// Some of them.
        names: Vec<String>,
    },
    /// Two profiles show values that cannot be compared.
    #[error("the profiles cannot be compared: one shows {old}, the other {new}")]
    Incomparable {
        /// The sample type and unit of the first.
        old: String,
        /// The sample type and unit of the second.
        new: String,
    },
    /// A profile could not be made.
    #[error("writing the profile: {source}")]
    Profile {
        /// What is wrong.
        source: fathom_profile::Error,
    },
    /// The boxes of a call graph could not be placed.
    #[error("placing the boxes of the graph: {reason}")]
    Layout {
        /// Which limit the graph passes.
        reason: String,
    },
    /// A drawing could not be turned into a picture.
    #[error("making a {format} of the drawing: {reason}")]
    Picture {
        /// The picture's format.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A picture with no pixels, or with more than are drawn or its format can say.
    #[error("a {format} of {size} pixels is too large or too small")]
    PictureSize {
        /// The picture's format.
        format: &'static str,
        /// Width and height.
        size: String,
    },
}

/// Why a report was not made, and what there is to tell beside it.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("{error}")]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// What to tell the user before, a line each: what the options did until then.
    pub notes: Vec<String>,
    /// What pprof prints on standard output before, a line each; for `compat` alone.
    pub printed: Vec<String>,
}

impl Failure {
    /// Puts notes beside what went wrong.
    pub(crate) fn noted(error: Error, notes: &[String]) -> Self {
        Self {
            error,
            notes: notes.to_vec(),
            printed: Vec::new(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::noted(error, &[])
    }
}
