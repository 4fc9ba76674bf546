//! Traces as Go programs write them, held against `go tool trace`.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod golden;
mod mmu;
mod goroutines;
mod order;
mod profiles;
mod reference;
mod tasks;
mod text;
mod wire_text;
