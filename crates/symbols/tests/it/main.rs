//! Against the Go toolchain, and against damage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod any_code;
mod built;
mod callers;
mod go_objdump;
mod objdump;
mod program;
mod seeds;
mod speed;
mod tools;
