//! Views against recorded profiles and against the real `go tool pprof`.
#![expect(clippy::expect_used, reason = "a test ends where something is missing")]

mod any_answer;
mod differential;
mod drawing;
mod flame;
mod intervals;
mod listing;
mod picture;
mod properties;
mod symbolize;
mod view;
