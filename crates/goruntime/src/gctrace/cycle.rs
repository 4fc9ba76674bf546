//! The line of one collection.

use super::{CpuTime, Dialect, GcCycle};
use crate::line::{decimal, float};

/// Walks over a line; every step is `None` where the line is another.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Passes over a text that must stand here.
    pub(super) fn expect(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Passes over a text if it stands here.
    pub(super) fn accept(&mut self, text: &[u8]) -> bool {
        self.expect(text).is_some()
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self
            .rest
            .iter()
            .position(|byte| !belongs(*byte))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        taken
    }

    /// Reads a whole number.
    pub(super) fn number(&mut self) -> Option<u64> {
        decimal(self.take(|byte| byte.is_ascii_digit()))
    }

    /// Reads a number with or without a fraction.
    pub(super) fn float(&mut self) -> Option<f64> {
        float(self.take(|byte| byte.is_ascii_digit() || byte == b'.'))
    }

    /// Reads `a+b+c`, `a/b/c` and their mixtures, up to eight numbers: each
    /// with the number of the sum's term that it belongs to.
    fn sums(&mut self) -> Option<Sums> {
        let mut sums = Sums::default();
        loop {
            let value = self.float()?;
            *sums.values.get_mut(sums.len)? = (sums.terms, value);
            sums.len = sums.len.checked_add(1)?;
            if self.accept(b"+") {
                sums.terms = sums.terms.checked_add(1)?;
            } else if !self.accept(b"/") {
                return Some(sums);
            }
        }
    }
}

#[derive(Default)]
struct Sums {
    values: [(usize, f64); 8],
    len: usize,
    /// Is the number of the last term.
    terms: usize,
}

impl Sums {
    /// Returns the numbers if no term has parts.
    fn plain(&self) -> Option<Vec<f64>> {
        let values = self.values.get(..self.len)?;
        (self.terms.checked_add(1)? == self.len)
            .then(|| values.iter().map(|(_, value)| *value).collect())
    }

    fn term(&self, term: usize) -> Vec<f64> {
        let values = self.values.get(..self.len).unwrap_or_default();
        values
            .iter()
            .filter(|(of, _)| *of == term)
            .map(|(_, value)| *value)
            .collect()
    }
}

/// Reads what follows `gc`.
pub(super) fn parse(rest: &[u8]) -> Option<GcCycle> {
    match rest.first()? {
        b' ' => since_1_5(Cursor::new(rest)),
        _ => until_1_4(Cursor::new(rest)),
    }
}

/// `gc N @Ts P%: a+b+c ms clock, ... ms cpu, a->b->c MB, G MB goal, [S MB
/// stacks, G MB globals, ]N P[ (forced)]` (`runtime/mgc.go`, `gcMarkTermination`).
fn since_1_5(mut line: Cursor<'_>) -> Option<GcCycle> {
    line.expect(b" ")?;
    line.accept(b"#");
    let number = line.number()?;
    line.expect(b" @")?;
    let at_seconds = line.float()?;
    line.expect(b"s ")?;
    let gc_percent = u32::try_from(line.number()?).ok()?;
    line.expect(b"%")?;
    let leak_check = line.accept(b" (checking for goroutine leaks)");
    line.expect(b": ")?;
    let clock = line.sums()?.plain()?;
    line.expect(b" ms clock, ")?;
    let cpu = line.sums()?;
    line.expect(b" ms cpu, ")?;
    let heap_start_mib = line.number()?;
    line.expect(b"->")?;
    let heap_end_mib = line.number()?;
    line.expect(b"->")?;
    let heap_live_mib = line.number()?;
    line.expect(b" MB, ")?;
    let goal_mib = line.number()?;
    line.expect(b" MB goal, ")?;
    let mut after = line;
    let (stacks, globals) = match stacks_and_globals(&mut after) {
        Some((stacks, globals)) => {
            line = after;
            (Some(stacks), Some(globals))
        }
        None => (None, None),
    };
    let procs = u32::try_from(line.number()?).ok()?;
    line.expect(b" P")?;
    let (dialect, phases, cpu) = match *clock.as_slice() {
        [sweep, mark, end] => {
            let dialect = if stacks.is_some() {
                Dialect::Go1_18
            } else {
                Dialect::Go1_6
            };
            (dialect, [sweep, mark, 0.0, end], cpu_of_three(&cpu)?)
        }
        [sweep, scan, barrier, mark, end] => (
            Dialect::Go1_5,
            [sweep, scan + mark, barrier, end],
            cpu_of_five(&cpu)?,
        ),
        _ => return None,
    };
    let [
        sweep_termination_ms,
        mark_ms,
        write_barrier_ms,
        mark_termination_ms,
    ] = phases;
    Some(GcCycle {
        dialect,
        number,
        at_seconds: Some(at_seconds),
        gc_percent: Some(gc_percent),
        leak_check,
        sweep_termination_ms,
        mark_ms,
        write_barrier_ms,
        mark_termination_ms,
        cpu: Some(cpu),
        heap_start_mib,
        heap_end_mib,
        heap_live_mib,
        goal_mib: Some(goal_mib),
        stacks_mib: stacks,
        globals_mib: globals,
        procs,
        forced: line.accept(b" (forced)"),
        objects: None,
        goroutines: None,
    })
}

fn stacks_and_globals(line: &mut Cursor<'_>) -> Option<(u64, u64)> {
    let stacks = line.number()?;
    line.expect(b" MB stacks, ")?;
    let globals = line.number()?;
    line.expect(b" MB globals, ")?;
    Some((stacks, globals))
}

/// `sweep + assist/dedicated/idle + end`.
fn cpu_of_three(sums: &Sums) -> Option<CpuTime> {
    let ([sweep], [assist, dedicated, idle], [end]) =
        (&*sums.term(0), &*sums.term(1), &*sums.term(2))
    else {
        return None;
    };
    Some(CpuTime {
        sweep_termination_ms: *sweep,
        assist_ms: *assist,
        dedicated_ms: *dedicated,
        idle_ms: *idle,
        mark_termination_ms: *end,
    })
}

/// `sweep + scan + barrier + assist/dedicated/idle + end`; scanning is done by
/// the workers, and the barrier's stop counts with the sweep's.
fn cpu_of_five(sums: &Sums) -> Option<CpuTime> {
    let ([sweep], [scan], [barrier]) = (&*sums.term(0), &*sums.term(1), &*sums.term(2)) else {
        return None;
    };
    let ([assist, dedicated, idle], [end]) = (&*sums.term(3), &*sums.term(4)) else {
        return None;
    };
    Some(CpuTime {
        sweep_termination_ms: sweep + barrier,
        assist_ms: *assist,
        dedicated_ms: scan + dedicated,
        idle_ms: *idle,
        mark_termination_ms: *end,
    })
}

/// `N(P): a+b+c+d us, a -> b MB, n (m-f) objects,[ g goroutines,] ...`
/// (`runtime/mgc0.c`, Go 1.2 to 1.4); in Go 1.1 in ms, without the comma before
/// the objects, which are `n -> m`.
fn until_1_4(mut line: Cursor<'_>) -> Option<GcCycle> {
    let number = line.number()?;
    line.expect(b"(")?;
    let procs = u32::try_from(line.number()?).ok()?;
    line.expect(b"): ")?;
    let phases = line.sums()?.plain()?;
    let unit_ms = if line.accept(b" us, ") {
        1e-3
    } else {
        line.expect(b" ms, ")?;
        1.0
    };
    let heap_start_mib = line.number()?;
    line.expect(b" -> ")?;
    let heap_end_mib = line.number()?;
    line.expect(b" MB")?;
    line.accept(b",");
    line.expect(b" ")?;
    let mut objects = line.number()?;
    if line.accept(b" -> ") {
        objects = line.number()?;
    }
    line.expect(b" (")?;
    line.number()?;
    line.expect(b"-")?;
    line.number()?;
    line.expect(b") objects,")?;
    let goroutines = goroutines(line);
    Some(GcCycle {
        dialect: Dialect::Go1,
        number,
        at_seconds: None,
        gc_percent: None,
        leak_check: false,
        sweep_termination_ms: phases.iter().sum::<f64>() * unit_ms,
        mark_ms: 0.0,
        write_barrier_ms: 0.0,
        mark_termination_ms: 0.0,
        cpu: None,
        heap_start_mib,
        heap_end_mib,
        heap_live_mib: heap_end_mib,
        goal_mib: None,
        stacks_mib: None,
        globals_mib: None,
        procs,
        forced: false,
        objects: Some(objects),
        goroutines,
    })
}

fn goroutines(mut line: Cursor<'_>) -> Option<u64> {
    line.expect(b" ")?;
    let count = line.number()?;
    line.expect(b" goroutines")?;
    Some(count)
}
