//! Recorded evidence and live programs in, explanations out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod damage;
mod leaks;
mod ledger;
mod live;
mod memory_map;
mod recorded;
mod rules;
mod schema;
mod time;
