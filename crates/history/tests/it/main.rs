//! The store against models of it.

mod duckdb;
mod durability;
mod profiles;
mod support;
mod upkeep;
