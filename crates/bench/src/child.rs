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
    /// The processor time that it used, in hundredths of a second; zero where the system
    /// does not tell, and of one that was stopped. It is right as long as one child at a
    /// time is measured.
    pub cpu: Duration,
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
    measure_reading(command, Stdio::null(), at_most)
}

/// Runs a command as [`measure`] does, with something on its standard input.
///
/// # Errors
///
/// As [`measure`].
pub fn measure_reading(command: &mut Command, input: Stdio, at_most: Duration) -> io::Result<Cost> {
    let before = processor_time_of_children();
    let begin = Instant::now();
    let mut child = command
        .stdin(input)
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
                cpu: processor_time_of_children().saturating_sub(before),
                peak_bytes,
                finished: true,
            });
        }
        if begin.elapsed() > at_most {
            child.kill()?;
            child.wait()?;
            return Ok(Cost {
                wall: begin.elapsed(),
                cpu: Duration::ZERO,
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
            cpu: self.cpu.min(other.cpu),
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
            finished: self.finished && other.finished,
        }
    }
}

/// What the children that have ended used, as proc(5) tells it of this process.
fn processor_time_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat");
    let ticks = stat.ok().and_then(|text| ticks_of_children(&text));
    // Linux tells these times in hundredths of a second on every system (`USER_HZ`).
    Duration::from_millis(ticks.unwrap_or(0).saturating_mul(10))
}

/// Reads the 16th and 17th field of `/proc/<pid>/stat`, `cutime` and `cstime`; the second
/// one, the command's name, is in parentheses and may hold anything.
fn ticks_of_children(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
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
    fn reads_the_time_of_children() {
        let stat = "7 (a ) b) S 1 2 3 0 -1 4 5 6 7 8 90 91 12 30 20 0 1 0";
        assert_eq!(ticks_of_children(stat), Some(42));
        assert_eq!(ticks_of_children("7 (a) S 1"), None);
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
