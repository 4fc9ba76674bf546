//! `/proc/PID/stat` (`proc_pid_stat(5)`) and `/proc/uptime`: the CPU time and the age of a process.

use std::time::Duration;

use crate::lines::{self, decimal, words};
use crate::{Error, Input, Limits};

/// Milliseconds of a tick of the clock in which the kernel tells times: `USER_HZ` is 100 on every
/// architecture that Go runs on.
const TICK_MILLIS: u64 = 10;

/// The times of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stat {
    /// CPU time in user mode, of all threads, ended ones too.
    pub user: Duration,
    /// CPU time in the kernel, of all threads, ended ones too.
    pub system: Duration,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that needed the disk.
    pub major_faults: u64,
    /// When it started, since the system booted.
    pub started: Duration,
}

/// Reads the one line.
///
/// # Errors
/// A line that ends before the start time, or whose fields are no numbers.
pub fn parse(bytes: &[u8]) -> Result<Stat, Error> {
    let input = Input::Stat;
    lines::check_size(bytes, input, &Limits::default())?;
    let malformed = || Error::Malformed {
        input,
        line: 1,
        problem: "expected `pid (name) state` and at least 19 numbers",
    };
    // The name may hold anything, parentheses too.
    let name_end = bytes.iter().rposition(|&byte| byte == b')');
    let after = name_end
        .and_then(|end| bytes.get(end.checked_add(1)?..))
        .ok_or_else(malformed)?;
    // The fields are counted from 1, and the state is the third.
    let fields: Vec<&[u8]> = words(after).take(20).collect();
    let field = |number: usize| {
        let word = number.checked_sub(3).and_then(|index| fields.get(index));
        word.and_then(|word| decimal(word)).ok_or_else(malformed)
    };
    Ok(Stat {
        minor_faults: field(10)?,
        major_faults: field(12)?,
        user: ticks(field(14)?),
        system: ticks(field(15)?),
        started: ticks(field(22)?),
    })
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count.saturating_mul(TICK_MILLIS))
}

/// Reads how long ago the system booted, from `/proc/uptime`.
///
/// # Errors
/// A text that does not begin with a number.
pub fn parse_uptime(bytes: &[u8]) -> Result<Duration, Error> {
    let first = words(bytes).next();
    first
        .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or(Error::Malformed {
            input: Input::Uptime,
            line: 1,
            problem: "expected a number of seconds",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_behind_a_name_that_may_hold_anything() {
        let line = b"4711 (a) b (c) S 1 4711 4711 0 -1 4194560 1200 0 3 0 1234 56 0 0 20 0 9 0 98765 1 2 3\n";
        let stat = parse(line).unwrap();
        assert_eq!(stat.user, Duration::from_millis(12_340));
        assert_eq!(stat.system, Duration::from_millis(560));
        assert_eq!(stat.minor_faults, 1200);
        assert_eq!(stat.major_faults, 3);
        assert_eq!(stat.started, Duration::from_millis(987_650));
        assert_eq!(
            parse_uptime(b"12345.5 23456.78\n").unwrap(),
            Duration::from_millis(12_345_500)
        );
    }

    #[test]
    fn what_is_no_stat() {
        for bytes in [
            b"".as_slice(),
            b"1 (x",
            b"1 (x) S 1 2 3",
            b"1 (x) S a b c d",
        ] {
            assert!(parse(bytes).is_err());
        }
        assert!(parse_uptime(b"").is_err());
        assert!(parse_uptime(b"inf").is_err());
    }
}
