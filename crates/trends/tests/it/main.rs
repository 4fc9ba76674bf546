//! The integration tests of `fathom-trends`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which the exception for tests does not see"
)]

mod innocent;
mod known_values;
mod leaking;
mod scrapes;
mod stacks;
