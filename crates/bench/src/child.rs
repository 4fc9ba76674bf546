//! Running a child process and measuring it from outside.

use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running child's memory is looked at.
const POLL: Duration = Duration::from_millis(2);

/// What a child process cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// From its start to its end.
    pub wall: Duration,
    /// The most memory that was resident at once, in bytes; 0 where the system does not
    /// tell. Growth within the last two milliseconds may be missed.
    pub peak_bytes: u64,
    /// Whether it came to its end; a child that ran out of time is killed, and what it
    /// cost until then is the least that it costs.
    pub finished: bool,
}

/// Runs a command to its end, at most for so long, its output thrown away.
///
/// # Errors
///
/// When it cannot be started or does not succeed.
pub fn measure(command: &mut Command, at_most: Duration) -> io::Result<Cost> {
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak_bytes = 0;
    loop {
        peak_bytes = peak_bytes.max(resident_peak(&child));
        if let Some(status) = child.try_wait()? {
            let wall = begin.elapsed();
            if !status.success() {
                let program = command.get_program().to_string_lossy().into_owned();
                return Err(io::Error::other(format!("{program} ended with {status}")));
            }
            return Ok(Cost {
                wall,
                peak_bytes,
                finished: true,
            });
        }
        if begin.elapsed() > at_most {
            child.kill()?;
            child.wait()?;
            return Ok(Cost {
                wall: begin.elapsed(),
                peak_bytes,
                finished: false,
            });
        }
        std::thread::sleep(POLL);
    }
}

impl Cost {
    /// Takes the shorter time and the larger peak of two runs of one command.
    #[must_use]
    pub fn best_with(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
            finished: self.finished && other.finished,
        }
    }
}

/// `VmHWM` of proc(5).
fn resident_peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    status
        .ok()
        .and_then(|text| high_water_mark(&text))
        .unwrap_or(0)
}

/// Reads the peak resident memory, in bytes, from the text of `/proc/<pid>/status`.
pub fn high_water_mark(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(5);

    #[test]
    fn reads_the_peak() {
        let status = "Name:\tsh\nVmPeak:\t    9000 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 1000 kB\n";
        assert_eq!(high_water_mark(status), Some(1234 * 1024));
        assert_eq!(high_water_mark("Name:\tsh\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    fn a_failing_child_is_an_error() {
        assert!(measure(&mut Command::new("false"), LONG).is_err());
        assert!(measure(&mut Command::new("true"), LONG).is_ok_and(|cost| cost.finished));
    }

    #[test]
    fn a_child_that_takes_too_long_is_stopped() {
        let cost = measure(Command::new("sleep").arg("600"), Duration::ZERO).unwrap();
        assert!(!cost.finished, "{cost:?}");
    }
}
