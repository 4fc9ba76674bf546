//! Any bytes as smaps, maps, status and every other file that `fathom-osmem` reads: they are read
//! or refused, and what is read adds up.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/osmem/tests/it/any_input.rs"]
mod any_input;

fuzz_target!(|bytes: &[u8]| any_input::read_everything(bytes));
