//! Views against recorded profiles and against the real `go tool pprof`.
#![expect(clippy::expect_used, reason = "a test ends where something is missing")]

mod intervals;
mod oracle;
mod parity;
mod properties;
mod view;
