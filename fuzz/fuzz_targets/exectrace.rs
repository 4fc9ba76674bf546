//! Any bytes as an execution trace: read whole, up to the damage, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/exectrace/tests/it/any_trace.rs"]
mod any_trace;

fuzz_target!(|bytes: &[u8]| {
    let _ = any_trace::read(bytes);
});
