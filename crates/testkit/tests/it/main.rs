//! The rules that the repository holds itself to, and the testbed alive.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot read the repository fails"
)]

mod architecture;
mod generated_profiles;
mod live_programs;
mod tracing;
