//! Any bytes as a profile: a clear error, or a profile that is written and read back the
//! same.

#![no_main]

use fathom_profile::diff::{DiffMode, Normalize, subtract};
use fathom_profile::{Limits, Profile, encode, folded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::small();
    let Ok(profile) = Profile::parse(bytes, &limits) else { return };
    let raw = encode::write_raw_proto(&profile);
    // What is written may be longer than what was read, never different.
    let again = Profile::parse(&raw, &Limits::default()).expect("what was written is read");
    assert!(again == profile, "what was written is not what was read");
    let column = profile.default_column();
    let _ = folded::write(&profile, column);
    if !profile.sample_types().is_empty() {
        let nothing = subtract(&profile, &profile, DiffMode::Base, Normalize::No);
        let _ = nothing.expect("a profile can be subtracted from itself");
    }
});
