//! The crate from outside: what is written is read again by other readers.

#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod influx;
mod remote_write;
