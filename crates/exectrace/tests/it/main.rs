//! Traces as Go programs write them, held against `go tool trace`.

mod golden;
mod reference;
mod wire_text;
