//! Instants and durations as Go prints them (`time/format.go`, `time/time.go`).

const NANOS: i64 = 1_000_000_000;
const DAY_SECONDS: i64 = 86_400;

/// An offset from UTC with its abbreviation, as it holds at the instant to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone<'a> {
    /// Seconds east of UTC.
    pub offset_seconds: i32,
    /// For example `UTC` or `CEST`.
    pub abbreviation: &'a str,
}

impl TimeZone<'static> {
    /// Universal time.
    pub const UTC: Self = Self {
        offset_seconds: 0,
        abbreviation: "UTC",
    };
}

impl TimeZone<'_> {
    /// Formats nanoseconds since 1970 as Go's `%v` of a `time.Time`:
    /// `2006-01-02 15:04:05.999999999 -0700 MST`.
    ///
    /// ```
    /// use fathom_profile::raw::TimeZone;
    ///
    /// assert_eq!(
    ///     TimeZone::UTC.format(1_700_000_000_120_000_000),
    ///     "2023-11-14 22:13:20.12 +0000 UTC"
    /// );
    /// ```
    pub fn format(&self, nanos: i64) -> String {
        let offset = i64::from(self.offset_seconds);
        let local = nanos.div_euclid(NANOS) + offset;
        let fraction = fraction(nanos.rem_euclid(NANOS).unsigned_abs(), 9);
        let (year, month, day) = date(local.div_euclid(DAY_SECONDS));
        let second = local.rem_euclid(DAY_SECONDS);
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.abs() / 60;
        format!(
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}{fraction} {sign}{:02}{:02} {}",
            second / 3600,
            second / 60 % 60,
            second % 60,
            minutes / 60,
            minutes % 60,
            self.abbreviation
        )
    }
}

/// Year, month and day of a day counted from 1970-01-01 in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is their last; 400 of them are
/// always 146,097 days.
fn date(days: i64) -> (i64, i64, i64) {
    const CYCLE: i64 = 146_097;
    // From 1970-01-01 back to 0000-03-01.
    let days = days + 719_468;
    let cycle = days.div_euclid(CYCLE);
    let day = days.rem_euclid(CYCLE);
    let year = (day - day / 1460 + day / 36_524 - day / (CYCLE - 1)) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    (cycle * 400 + year + i64::from(month <= 2), month, day)
}

/// A decimal fraction with its point, without zeros at its end; nothing for 0.
fn fraction(value: u64, digits: usize) -> String {
    if value == 0 {
        return String::new();
    }
    let text = format!(".{value:0digits$}");
    text.trim_end_matches('0').to_owned()
}

/// Formats nanoseconds as Go's `time.Duration.String`: `1h15m30.5s`, `1.5ms`, `0s`.
pub(crate) fn duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let value = nanos.unsigned_abs();
    let (unit, factor, digits) = match value {
        0 => return "0s".to_owned(),
        1..1_000 => ("ns", 1, 0),
        1_000..1_000_000 => ("µs", 1_000, 3),
        1_000_000..1_000_000_000 => ("ms", 1_000_000, 6),
        _ => {
            let seconds = value / 1_000_000_000;
            let rest = fraction(value % 1_000_000_000, 9);
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let last = seconds % 60;
            return if hours > 0 {
                format!("{sign}{hours}h{minutes}m{last}{rest}s")
            } else if minutes > 0 {
                format!("{sign}{minutes}m{last}{rest}s")
            } else {
                format!("{sign}{last}{rest}s")
            };
        }
    };
    format!(
        "{sign}{}{}{unit}",
        value / factor,
        fraction(value % factor, digits)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (480_000_000_001, "8m0.000000001s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(duration(nanos), text);
        }
    }

    #[test]
    fn instants_are_written_as_go_writes_them() {
        let utc = |nanos| TimeZone::UTC.format(nanos);
        assert_eq!(utc(1), "1970-01-01 00:00:00.000000001 +0000 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59:59.999999999 +0000 UTC");
        assert_eq!(utc(951_782_400 * NANOS), "2000-02-29 00:00:00 +0000 UTC");
        assert_eq!(utc(951_868_800 * NANOS), "2000-03-01 00:00:00 +0000 UTC");
        assert_eq!(utc(i64::MAX), "2262-04-11 23:47:16.854775807 +0000 UTC");
        assert_eq!(utc(i64::MIN), "1677-09-21 00:12:43.145224192 +0000 UTC");
        let india = TimeZone {
            offset_seconds: 19_800,
            abbreviation: "IST",
        };
        assert_eq!(india.format(0), "1970-01-01 05:30:00 +0530 IST");
        let west = TimeZone {
            offset_seconds: -12_600,
            abbreviation: "NST",
        };
        assert_eq!(west.format(0), "1969-12-31 20:30:00 -0330 NST");
    }
}
