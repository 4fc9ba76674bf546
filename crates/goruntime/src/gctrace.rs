//! The lines of GODEBUG=gctrace=1 and scavtrace=1, of every Go version.

mod cycle;
mod scavenger;
mod summary;

use serde::Serialize;

use crate::line::find;

pub use scavenger::{Scan, Scavenge};
pub use summary::{Observation, Percentiles, Segment, Summary, summary};

/// Says which grammar a gctrace line follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dialect {
    /// `gc1(1): ...`, up to Go 1.4: the world stands still all the time.
    Go1,
    /// Five phases, Go 1.5.
    Go1_5,
    /// Three phases, Go 1.6 to 1.17.
    Go1_6,
    /// With stacks and globals, since Go 1.18.
    Go1_18,
}

/// Is the CPU time of one collection in milliseconds (Go 1.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CpuTime {
    /// Is sweep termination, the world stopped.
    pub sweep_termination_ms: f64,
    /// Is what allocating goroutines were made to do.
    pub assist_ms: f64,
    /// Is what the workers of the collector did.
    pub dedicated_ms: f64,
    /// Is what otherwise idle processors did.
    pub idle_ms: f64,
    /// Is mark termination, the world stopped.
    pub mark_termination_ms: f64,
}

/// Is one collection.
///
/// The runtime prints sizes in MiB, truncated.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GcCycle {
    /// Says which grammar the line follows.
    pub dialect: Dialect,
    /// Is the number of the cycle, from 1; equals MemStats' `NumGC`.
    pub number: u64,
    /// Is when the cycle began, in seconds since the process started (Go 1.5).
    pub at_seconds: Option<f64>,
    /// Is the collector's share of the CPU since the start (Go 1.5).
    pub gc_percent: Option<u32>,
    /// Tells whether the cycle looked for leaked goroutines (Go 1.26).
    pub leak_check: bool,
    /// Is the stop of the world that begins the cycle, in milliseconds; up to
    /// Go 1.4 the whole collection.
    pub sweep_termination_ms: f64,
    /// Is the time of concurrent scanning and marking, in milliseconds.
    pub mark_ms: f64,
    /// Is the stop that installs write barriers, Go 1.5 only, in milliseconds.
    pub write_barrier_ms: f64,
    /// Is the stop of the world that ends the marking, in milliseconds.
    pub mark_termination_ms: f64,
    /// Is the CPU time (Go 1.5).
    pub cpu: Option<CpuTime>,
    /// Is the heap when the cycle began, in MiB.
    pub heap_start_mib: u64,
    /// Is the heap when the marking ended, in MiB.
    pub heap_end_mib: u64,
    /// Is what was found live, in MiB; up to Go 1.4 the same as the end.
    pub heap_live_mib: u64,
    /// Is the heap at which the cycle was meant to end, in MiB (Go 1.5).
    pub goal_mib: Option<u64>,
    /// Is the estimated stacks to scan, in MiB (Go 1.18).
    pub stacks_mib: Option<u64>,
    /// Is the globals to scan, in MiB (Go 1.18).
    pub globals_mib: Option<u64>,
    /// Is the number of processors; up to Go 1.4 that of threads that collected.
    pub procs: u32,
    /// Tells whether the program asked for it.
    pub forced: bool,
    /// Counts the live objects, up to Go 1.4.
    pub objects: Option<u64>,
    /// Counts the goroutines, Go 1.4.
    pub goroutines: Option<u64>,
}

impl GcCycle {
    /// Is the time the world stood still, in milliseconds.
    pub fn pause_ms(&self) -> f64 {
        self.sweep_termination_ms + self.write_barrier_ms + self.mark_termination_ms
    }
}

/// Is what one line tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A collection.
    Cycle(GcCycle),
    /// What a collection scanned (gctrace=2, Go 1.25).
    Scan(Scan),
    /// What the scavenger returned to the system.
    Scavenge(Scavenge),
}

/// Reads lines one by one, so that a live process can be followed.
///
/// A line may have any prefix: the grammar is found wherever it begins. Lines
/// that are not of it are passed over.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    lines: u64,
    torn: u64,
}

/// Bounds the part of a line that is looked at.
const MAX_LINE: usize = 64 << 10;

impl Parser {
    /// Makes a parser that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one line, with or without its terminator.
    pub fn line(&mut self, line: &[u8]) -> Option<Event> {
        self.lines = self.lines.saturating_add(1);
        let line = line.get(..MAX_LINE).unwrap_or(line);
        let event = event(line);
        if event.is_none() && begins_cycle(line) {
            self.torn = self.torn.saturating_add(1);
        }
        event
    }

    /// Counts the lines that were read.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Counts the lines that begin like a collection's and do not end like one:
    /// another writer wrote into them, or the log was cut.
    pub fn torn(&self) -> u64 {
        self.torn
    }
}

/// Reads all lines of a text, and tells how many were torn.
pub fn parse(text: &[u8]) -> (Vec<Event>, Parser) {
    let mut parser = Parser::new();
    let events = crate::line::Lines::new(text)
        .filter_map(|(line, _)| parser.line(line))
        .collect();
    (events, parser)
}

fn event(line: &[u8]) -> Option<Event> {
    starts(line, b"gc")
        .find_map(cycle::parse)
        .map(Event::Cycle)
        .or_else(|| {
            starts(line, b"scan: ")
                .find_map(scavenger::parse_scan)
                .map(Event::Scan)
        })
        .or_else(|| {
            starts(line, b"scav ")
                .find_map(scavenger::parse_scav)
                .map(Event::Scavenge)
        })
        .or_else(|| {
            starts(line, b"scvg")
                .find_map(scavenger::parse_scvg)
                .map(Event::Scavenge)
        })
}

/// Yields what follows each occurrence of a mark.
fn starts<'a>(line: &'a [u8], mark: &'static [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let at = find(rest, mark)?;
        rest = rest.get(at.checked_add(mark.len())?..)?;
        Some(rest)
    })
}

fn begins_cycle(line: &[u8]) -> bool {
    starts(line, b"gc").any(|rest| {
        let digits = rest.strip_prefix(b" ").unwrap_or(rest);
        let after = digits
            .trim_ascii_start()
            .iter()
            .position(|byte| !byte.is_ascii_digit());
        let after = after
            .filter(|after| *after > 0)
            .and_then(|after| digits.get(after..));
        after.is_some_and(|after| after.starts_with(b" @") || after.starts_with(b"("))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle(line: &str) -> GcCycle {
        match Parser::new().line(line.as_bytes()) {
            Some(Event::Cycle(cycle)) => cycle,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn go_1_4() {
        let line = "gc76(1): 2+1+1390+1 us, 1 -> 3 MB, 16397 (1015746-999349) objects, 12 goroutines, 1436/1/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0 yields";
        let cycle = cycle(line);
        assert_eq!(
            (cycle.dialect, cycle.number, cycle.procs),
            (Dialect::Go1, 76, 1)
        );
        assert!((cycle.pause_ms() - 1.394).abs() < 1e-9);
        assert_eq!((cycle.heap_start_mib, cycle.heap_end_mib), (1, 3));
        assert_eq!((cycle.objects, cycle.goroutines), (Some(16397), Some(12)));
        assert_eq!((cycle.at_seconds, cycle.goal_mib), (None, None));
        let without = line.replace(", 12 goroutines", "");
        assert_eq!(self::cycle(&without).goroutines, None);
    }

    #[test]
    fn go_1_5() {
        let cycle = cycle(
            "gc #1 @0.166s 0%: 0.22+2.3+0.074+0.76+0.56 ms clock, 0.45+2.3+0+0.55/0.59/0+1.1 ms cpu, 5->5->1 MB, 4 MB goal, 4 P",
        );
        assert_eq!(
            (cycle.dialect, cycle.number, cycle.procs),
            (Dialect::Go1_5, 1, 4)
        );
        assert!((cycle.pause_ms() - 0.854).abs() < 1e-9);
        assert!((cycle.mark_ms - 3.06).abs() < 1e-9);
        let cpu = cycle.cpu.unwrap();
        assert_eq!(
            (cpu.assist_ms, cpu.dedicated_ms, cpu.idle_ms),
            (0.55, 2.3 + 0.59, 0.0)
        );
        assert_eq!((cycle.heap_live_mib, cycle.goal_mib), (1, Some(4)));
    }

    #[test]
    fn go_1_6_in_a_log() {
        let cycle = cycle(
            "Jan 02 03:04:05 host app[123]: gc 763 @77536.239s 1%: 0.11+2192+0.75 ms clock, 0.92+9269/4379/3243+6.0 ms cpu, 6370->6390->3298 MB, 6533 MB goal, 8 P (forced)\r\n",
        );
        assert_eq!(
            (cycle.dialect, cycle.number, cycle.forced),
            (Dialect::Go1_6, 763, true)
        );
        assert_eq!(
            (cycle.at_seconds, cycle.gc_percent),
            (Some(77536.239), Some(1))
        );
        let cpu = cycle.cpu.unwrap();
        assert_eq!(
            (cpu.assist_ms, cpu.dedicated_ms, cpu.idle_ms),
            (9269.0, 4379.0, 3243.0)
        );
        assert_eq!(cycle.stacks_mib, None);
    }

    #[test]
    fn go_1_27_with_a_leak_check_after_a_line_without_end() {
        let cycle = cycle(
            "no newlinegc 5 @1.5s 3% (checking for goroutine leaks): 0.03+0.7+0.004 ms clock, 0.06+0/0.5/0.1+0.009 ms cpu, 65->66->64 MB, 128 MB goal, 1 MB stacks, 2 MB globals, 2 P (forced)",
        );
        assert!(cycle.leak_check && cycle.forced);
        assert_eq!(cycle.dialect, Dialect::Go1_18);
        assert_eq!(
            (cycle.stacks_mib, cycle.globals_mib, cycle.procs),
            (Some(1), Some(2), 2)
        );
    }

    #[test]
    fn torn_lines_are_counted_and_others_passed_over() {
        let mut parser = Parser::new();
        for line in [
            "gc 5 @0.1s 3%: 0.0",
            "gc1(1): 2+",
            "hello gc",
            "gc 5",
            "pacer: sweep done at heap size ",
            "",
            "gcc -o x",
        ] {
            assert_eq!(parser.line(line.as_bytes()), None, "{line}");
        }
        assert_eq!((parser.torn(), parser.lines()), (2, 7));
    }
}
