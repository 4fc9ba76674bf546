//! Other tools' formats: JSON of speedscope, Firefox and Chrome, callgrind's text.

#![no_main]

use fathom_profile::exchange::{callgrind, chrome, firefox, speedscope};
use fathom_profile::{Limits, Profile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::small();
    let _ = callgrind::read(bytes, &limits);
    let Ok(profile) = Profile::parse(bytes, &limits) else { return };
    let is_small = |&value: &i64| value.unsigned_abs() < 1 << 40;
    if let Ok(text) = speedscope::write(&profile, "name") {
        let again = Profile::parse(text.as_bytes(), &Limits::default());
        again.expect("what was written is read");
    }
    if let Ok(text) = firefox::write(&profile, "name") {
        let again = Profile::parse(text.as_bytes(), &Limits::default());
        again.expect("what was written is read");
    }
    for column in 0..profile.sample_types().len() {
        if !profile.values(column).iter().all(is_small) {
            continue;
        }
        if let Ok(text) = chrome::write(&profile, column) {
            let again = Profile::parse(text.as_bytes(), &Limits::default());
            again.expect("what was written is read");
        }
    }
});
