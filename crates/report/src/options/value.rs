//! Values of options and their texts.

/// Where an option's value is kept.
pub(super) enum Slot<'a> {
    Flag(&'a mut bool),
    Number(&'a mut i64),
    Real(&'a mut f64),
    Text(&'a mut String),
}

impl<'a> From<&'a mut bool> for Slot<'a> {
    fn from(value: &'a mut bool) -> Self {
        Self::Flag(value)
    }
}

impl<'a> From<&'a mut i64> for Slot<'a> {
    fn from(value: &'a mut i64) -> Self {
        Self::Number(value)
    }
}

impl<'a> From<&'a mut f64> for Slot<'a> {
    fn from(value: &'a mut f64) -> Self {
        Self::Real(value)
    }
}

impl<'a> From<&'a mut String> for Slot<'a> {
    fn from(value: &'a mut String) -> Self {
        Self::Text(value)
    }
}

/// Why an option was not set. The texts are those of `go tool pprof`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// No option has this name.
    #[error("unknown config field {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The text is none of the choices.
    #[error("invalid {name:?} value {text:?}")]
    Choice {
        /// The option.
        name: String,
        /// The text.
        text: String,
    },
    /// The text is neither yes nor no.
    #[error("illegal value \"{text}\" for bool variable")]
    Flag {
        /// The text.
        text: String,
    },
    /// The text is not a whole number.
    #[error("strconv.Atoi: parsing {text:?}: {reason}")]
    Number {
        /// The text.
        text: String,
        /// What Go's parser says.
        reason: &'static str,
    },
    /// The text is not a number.
    #[error("strconv.ParseFloat: parsing {text:?}: invalid syntax")]
    Real {
        /// The text.
        text: String,
    },
}

impl Slot<'_> {
    pub(super) fn set(self, text: &str) -> Result<(), SetError> {
        match self {
            Self::Flag(slot) => *slot = flag_value(text)?,
            Self::Number(slot) => {
                *slot = text.parse().map_err(|error: std::num::ParseIntError| {
                    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
                    let outside = matches!(error.kind(), PosOverflow | NegOverflow);
                    SetError::Number {
                        text: text.to_owned(),
                        reason: if outside {
                            "value out of range"
                        } else {
                            "invalid syntax"
                        },
                    }
                })?;
            }
            Self::Real(slot) => {
                *slot = text.parse().map_err(|_| SetError::Real {
                    text: text.to_owned(),
                })?;
            }
            Self::Text(slot) => text.clone_into(slot),
        }
        Ok(())
    }

    pub(super) fn tell(self) -> String {
        match self {
            Self::Flag(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Real(value) => go_float(*value),
            Self::Text(value) => value.clone(),
        }
    }
}

/// Reads yes or no as pprof does: an empty text is yes.
///
/// # Errors
///
/// When it is neither.
pub fn flag_value(text: &str) -> Result<bool, SetError> {
    match text.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "" => Ok(true),
        "false" | "f" | "no" | "n" | "0" => Ok(false),
        _ => Err(SetError::Flag {
            text: text.to_owned(),
        }),
    }
}

/// Writes a number as Go's `fmt.Sprint` does: with an exponent where it is below -4 or
/// from 21 on.
pub fn go_float(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value.is_nan() {
            "NaN".to_owned()
        } else if value.is_infinite() {
            if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
        } else {
            "0".to_owned()
        };
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_go_prints_them() {
        for (value, text) in [
            (0.005, "0.005"),
            (1.0, "1"),
            (0.0, "0"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (2.5e22, "2.5e+22"),
            (-3.5, "-3.5"),
        ] {
            assert_eq!(go_float(value), text);
        }
    }
}
