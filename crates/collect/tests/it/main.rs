//! Processes with known answers, recorded and judged.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod known_answers;
mod simulated;
mod watchdog;
