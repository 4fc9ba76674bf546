//! Any bytes as a binary: it is read or refused, and every question it is asked has an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/symbols/tests/it/any_input.rs"]
#[allow(dead_code)]
mod any_input;

fuzz_target!(|bytes: &[u8]| any_input::any_image(bytes));
