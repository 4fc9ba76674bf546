//! Against the Go toolchain, and against damage.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test ends where something is missing, and says what it compared"
)]

mod any_code;
mod any_input;
mod built;
mod callers;
mod code_seeds;
mod gnu;
mod go_objdump;
mod instructions;
mod native;
mod objdump;
mod old_tables;
mod program;
mod seeds;
mod single;
mod speed;
mod tools;
