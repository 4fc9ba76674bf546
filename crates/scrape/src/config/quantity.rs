//! Durations, sizes and shares as a configuration writes them.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Units of durations, longest first, in milliseconds.
const DURATION_UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Units of sizes. As with Prometheus and `go tool pprof` a MB is a MiB.
const SIZE_UNITS: [(&str, u32); 12] = [
    ("", 0),
    ("B", 0),
    ("KB", 10),
    ("KiB", 10),
    ("MB", 20),
    ("MiB", 20),
    ("GB", 30),
    ("GiB", 30),
    ("TB", 40),
    ("TiB", 40),
    ("PB", 50),
    ("PiB", 50),
];

/// Reads a duration in Prometheus' syntax: `15s`, `1h30m`, `1d`, `0`. Each unit may stand once,
/// the longer before the shorter; a year has 365 days.
///
/// # Errors
///
/// One sentence that says what a duration looks like.
///
/// ```
/// use std::time::Duration;
///
/// let duration = fathom_scrape::config::duration("1h30m");
/// assert_eq!(duration, Ok(Duration::from_mins(90)));
/// ```
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("{text:?} is no duration: write numbers with units, as in 15s, 1h30m or 1d");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut units = DURATION_UNITS.iter();
    let mut millis = 0_u64;
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(wrong)?;
        let length = after
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(after.len());
        let (name, next) = after.split_at_checked(length).ok_or_else(wrong)?;
        let (_, unit) = units
            .find(|(candidate, _)| *candidate == name)
            .ok_or_else(wrong)?;
        millis = number
            .checked_mul(*unit)
            .and_then(|part| millis.checked_add(part))
            .ok_or_else(|| format!("{text:?} is longer than a duration can be"))?;
        rest = next;
    }
    if text.is_empty() {
        return Err(wrong());
    }
    Ok(Duration::from_millis(millis))
}

/// Writes a duration so that [`duration`] reads it: `1h30m`. What is less than a millisecond is
/// left out.
pub fn duration_text(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, unit) in DURATION_UNITS {
        // Prometheus writes years and weeks only where nothing is left over.
        if matches!(name, "y" | "w") && left % unit != 0 {
            continue;
        }
        if left >= unit {
            let _ = write!(text, "{}{name}", left / unit);
            left %= unit;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

/// Reads a size: `20GB`, `512MiB`, `1048576`. Units are powers of 1024, with and without the i.
///
/// # Errors
///
/// One sentence that says what a size looks like.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size: write a number and a unit, as in 20GB or 512MiB");
    let (number, unit) = split_number(text).ok_or_else(wrong)?;
    let (_, shift) = SIZE_UNITS
        .iter()
        .find(|(name, _)| *name == unit.trim_start())
        .ok_or_else(wrong)?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| format!("{text:?} is larger than a size can be"))
}

/// Reads a share: `5%` or `0.05`, more than nothing and at most all.
///
/// # Errors
///
/// One sentence that says what a share looks like.
pub fn share(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (text, 1.0),
    };
    match number.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= scale => Ok(value / scale),
        _ => Err(format!(
            "{text:?} is no share: write a percentage, as in 5%, or a number up to 1"
        )),
    }
}

/// Splits a text after the digits that it begins with.
fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// A duration in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DurationText(pub(super) Duration);

/// A size in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeText(pub(super) u64);

/// A share in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ShareText(pub(super) f64);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        duration(&text).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for SizeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        size(&text).map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for ShareText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        share(&text).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_prometheus() {
        let seconds = |text: &str| duration(text).unwrap().as_secs_f64();
        for (text, expected) in [
            ("0", 0.0),
            ("15s", 15.0),
            ("250ms", 0.25),
            ("1h30m", 5400.0),
            ("1d", 86_400.0),
            ("2w", 1_209_600.0),
            ("1y", 31_536_000.0),
            ("1d2h3m4s5ms", 93_784.005),
        ] {
            assert!((seconds(text) - expected).abs() < 1e-9, "{text}");
        }
        for text in [
            "",
            "1",
            "s",
            "1.5h",
            "1m1h",
            "1s1s",
            "-1s",
            "1 s",
            "99999999999y",
            "1ü",
        ] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_written_duration_is_read_again() {
        for text in ["0s", "15s", "1h30m", "1d", "2w", "1y", "8d", "1d2h3m4s5ms"] {
            assert_eq!(duration_text(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(size("20GB"), Ok(20 << 30));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1 KB"), Ok(1024));
        assert_eq!(size("17"), Ok(17));
        for text in ["", "GB", "1.5GB", "-1", "20gb", "99999999PB"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn shares_are_more_than_nothing_and_at_most_all() {
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!(share("0.05"), Ok(0.05));
        assert_eq!(share("100 %"), Ok(1.0));
        for text in ["0", "0%", "101%", "1.1", "NaN", "x", ""] {
            assert!(share(text).is_err(), "{text:?}");
        }
    }
}
