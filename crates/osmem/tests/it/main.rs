//! Recorded processes, synthetic ones and arbitrary bytes, read from the outside of the crate.

#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and does not get fails it"
)]

mod any_input;
mod cases;
mod properties;
mod recorded;
mod seeds;
mod synthetic;
