//! Any text as a mangled name: it is shown in every way in bounded time and space.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/symbols/tests/it/any_input.rs"]
#[allow(dead_code)]
mod any_input;

fuzz_target!(|name: &str| any_input::any_name(name));
