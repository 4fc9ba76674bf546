//! Views against recorded profiles and against the real `go tool pprof`.
#![expect(clippy::expect_used, reason = "a test ends where something is missing")]

mod differential;
mod intervals;
mod properties;
mod view;
