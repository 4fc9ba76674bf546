//! Any bytes as what an agent pushes: it is taken or refused with a status.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/scrape/tests/it/any_push.rs"]
mod any_push;

fuzz_target!(|bytes: &[u8]| {
    let _ = any_push::read(bytes);
});
