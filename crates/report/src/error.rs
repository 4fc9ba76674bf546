use thiserror::Error as ThisError;

/// Why a view could not be made.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// A filter's pattern does not parse.
    #[error("parsing the {option} pattern: {reason}")]
    Pattern {
        /// The option that holds the pattern.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No column of the profile fits the sample index.
    #[error("choosing the sample type: {source}")]
    Column {
        /// Which there are.
        source: fathom_profile::Error,
    },
    /// The node fraction is not between 0 and 1.
    #[error("the node fraction {fraction} is not between 0 and 1")]
    NodeFraction {
        /// What was asked for.
        fraction: String,
    },
}
