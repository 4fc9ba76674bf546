//! Gathering from servers that answer oddly, from processes and from files.

#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod answers;
mod fetched;
mod loose;
mod scripted;
mod secure;

#[cfg(target_os = "linux")]
mod living;
