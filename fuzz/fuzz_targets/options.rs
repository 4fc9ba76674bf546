//! Arguments in Go's syntax, a line each: none panics, and nothing is lost.
#![no_main]

use fathom_report::options::{OPTIONS, Options};
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/cli/src/pprof/flags.rs"]
#[expect(dead_code, reason = "the binary uses more of it")]
mod flags;

fuzz_target!(|text: &str| {
    let arguments: Vec<String> = text.lines().map(str::to_owned).collect();
    let Ok(given) = flags::parse(&arguments) else { return };
    assert!(arguments.ends_with(&given.rest));
    let mut options = Options::default();
    for spec in OPTIONS {
        if let Some(value) = given.option_text(spec.name) {
            let _ = spec.set(&mut options, &value);
        }
    }
});
