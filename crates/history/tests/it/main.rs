//! The store against models of it.

mod durability;
mod profiles;
mod support;
mod upkeep;
