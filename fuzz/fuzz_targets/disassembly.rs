//! Any bytes as code: every byte is in one instruction, in every syntax.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/symbols/tests/it/any_code.rs"]
mod any_code;

fuzz_target!(|bytes: &[u8]| any_code::disassemble_everything(bytes));
