//! Traces as Go programs write them, held against `go tool trace`.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod any_trace;
mod damage;
mod export;
mod findings;
mod golden;
mod goroutines;
mod hostile;
mod mmu;
mod order;
mod profiles;
mod reference;
mod seeds;
mod tasks;
mod text;
mod wire_text;
