//! The crate from outside: simulated days, lists of targets, what agents push, the configuration.

#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod any_push;
mod configuration;
mod day;
mod ingest;
mod runner;
