//! The crate from outside: simulated days, lists of targets, what agents push, the configuration.

mod any_push;
mod configuration;
mod day;
mod ingest;
mod runner;
