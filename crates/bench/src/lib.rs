//! Benches and comparisons with named peers.
//!
//! `cargo bench -p fathom-bench` times single operations over generated profiles of three
//! sizes. `cargo run --release -p fathom-bench --bin peers` runs `fathom`'s reading and
//! `top`, `gunzip` and `go tool pprof -top` on one file and prints times, peak memory and
//! whether the targets are met.

pub mod child;
pub mod program;
