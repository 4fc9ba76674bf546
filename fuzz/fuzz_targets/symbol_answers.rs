//! Any bytes as the answer of a server's `/symbol`: they are read or passed over.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/report/tests/it/any_answer.rs"]
mod any_answer;

fuzz_target!(|bytes: &[u8]| any_answer::read(bytes));
