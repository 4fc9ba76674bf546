//! Goroutine dumps: `/debug/pprof/goroutine?debug=2` and the tracebacks of a
//! crash.

mod group;
mod header;
mod parse;
mod prefix;
mod report;
mod stacks;

use std::sync::Arc;

pub use group::{Group, Order, StateCount, WAIT_CLASSES, Waits, by_state, groups, sort};
pub use parse::profile_total;
pub use report::{Form, GroupRow, Hidden, Population, Report, StateRow, WaitRow, compare, report};
pub use stacks::{Stack, wait_of};

/// Is one call of a stack.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Frame {
    /// Is the full name of the function, without arguments, as
    /// `net/http.(*conn).serve` or `main.Map[...]`.
    pub function: Arc<str>,
    /// Tells whether the call was inlined into its caller, `(...)`.
    pub inlined: bool,
    /// Is the source file as the binary names it; empty if unknown.
    pub file: Arc<str>,
    /// Is the line, 0 if unknown.
    pub line: u32,
    /// Is the instruction's distance in bytes from the function's entry.
    pub offset: Option<u64>,
}

/// Says who started a goroutine.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Creator {
    /// Is the function that holds the `go` statement.
    pub function: Arc<str>,
    /// Is the goroutine that ran it (Go 1.21).
    pub goroutine: Option<u64>,
    /// Is the source file; empty if unknown.
    pub file: Arc<str>,
    /// Is the line of the `go` statement, 0 if unknown.
    pub line: u32,
}

/// Is the stack of the goroutine that started another, as
/// GODEBUG=tracebackancestors prints it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Ancestor {
    /// Is the ancestor's id.
    pub id: u64,
    /// Is its stack at the time it started the other, innermost call first.
    pub frames: Arc<[Frame]>,
    /// Says who started it in turn.
    pub created_by: Option<Creator>,
}

/// Says how many frames the runtime left out in the middle of a stack.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Elided {
    /// `...N frames elided...` (Go 1.21).
    Frames(u32),
    /// `...additional frames elided...`, an unknown number.
    Unknown,
}

/// Is one goroutine of a dump.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the runtime prints these marks independently"
)]
#[non_exhaustive]
pub struct Goroutine {
    /// Is its id.
    pub id: u64,
    /// Is its status or the reason of its wait, as `chan receive`, without
    /// the marks that follow it.
    pub state: Arc<str>,
    /// Tells whether the runtime found that nothing can ever wake it (Go 1.26).
    pub leaked: bool,
    /// Tells whether the collector was scanning its stack.
    pub scan: bool,
    /// Tells whether it waits for others of its synctest bubble only.
    pub durable: bool,
    /// Is how long it has waited at least, in minutes. The clock starts at the
    /// first collection after it blocked, and `(leaked)` suppresses it.
    pub wait_minutes: Option<u32>,
    /// Tells whether it is wired to its thread.
    pub locked_to_thread: bool,
    /// Is its synctest bubble or group (Go 1.24).
    pub synctest: Option<u64>,
    /// Holds its profiler labels (Go 1.26).
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// Is its stack, innermost call first; goroutines with the same stack share it.
    pub frames: Arc<[Frame]>,
    /// Says how many frames are missing.
    pub elided_frames: Option<Elided>,
    /// Is the number of `frames` that stand before the missing ones.
    pub elided_after: usize,
    /// Tells that the stack could not be read: it ran on another thread.
    pub stack_unavailable: bool,
    /// Says who started it; none for goroutine 1 and those of the runtime.
    pub created_by: Option<Creator>,
    /// Holds the stacks of those that started it, nearest first.
    pub ancestors: Vec<Ancestor>,
    /// Is the line of its header in the input, from 1.
    pub line: usize,
}

/// Is what a crash says before its goroutines.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Preamble {
    /// Is the text after `panic: `, nested panics on further lines.
    pub panic: Option<String>,
    /// Is the text after `fatal error: ` or `SIGQUIT: `-like lines.
    pub fatal: Option<String>,
    /// Is the line `[signal ...]` without its brackets.
    pub signal: Option<String>,
}

/// Is a dump of goroutines.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Dump {
    /// Holds the goroutines in the order of the dump.
    pub goroutines: Vec<Goroutine>,
    /// Tells that the dump was cut: by the runtime at 64 MiB, or anywhere on
    /// its way here.
    pub truncated: bool,
    /// Is what a crash said before.
    pub preamble: Preamble,
    /// Counts the lines amid goroutines that belong to none, as in a log.
    pub foreign_lines: usize,
}
