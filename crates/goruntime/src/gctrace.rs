//! The lines of GODEBUG=gctrace=1 and scavtrace=1, of every Go version.

use serde::Serialize;

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
