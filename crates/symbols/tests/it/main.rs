//! Against the Go toolchain, and against damage.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test ends where something is missing, and says what it compared"
)]

mod any_code;
mod built;
mod callers;
mod go_objdump;
mod objdump;
mod program;
mod seeds;
mod speed;
mod tools;
