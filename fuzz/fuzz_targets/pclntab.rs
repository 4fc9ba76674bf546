//! Any bytes as the function table of a Go binary: it is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/symbols/tests/it/any_input.rs"]
#[allow(dead_code)]
mod any_input;

fuzz_target!(|bytes: &[u8]| any_input::any_table_bytes(bytes));
