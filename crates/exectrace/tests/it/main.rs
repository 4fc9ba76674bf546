//! Traces as Go programs write them, held against `go tool trace`.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod export;
mod golden;
mod mmu;
mod order;
mod profiles;
mod reference;
mod text;
mod wire_text;
