//! The store against models of it.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on fails, and its numbers are small"
)]

mod duckdb;
mod durability;
mod profiles;
mod support;
mod upkeep;
