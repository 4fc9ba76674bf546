//! What can be wrong with a series.

use std::fmt;

/// Why numbers are not a series.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// There are not as many times as values.
    Lengths {
        /// How many times there are.
        times: usize,
        /// How many values there are.
        values: usize,
    },
    /// A time is not a number, is infinite, or is not later than the one before.
    Time {
        /// Which of the times, from 0.
        index: usize,
        /// The time, in seconds.
        time: f64,
    },
    /// A value is infinite. What is missing is written as NaN.
    Value {
        /// Which of the values, from 0.
        index: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths { times, values } => {
                write!(formatter, "{times} times but {values} values")
            }
            Self::Time { index, time } => write!(
                formatter,
                "time {index} ({time} s) is not later than the one before: sort the points and \
                 drop repeated ones"
            ),
            Self::Value { index } => write!(
                formatter,
                "value {index} is infinite: write NaN for what is missing"
            ),
        }
    }
}

impl std::error::Error for Error {}
