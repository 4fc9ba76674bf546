//! The forms before profile.proto, text and binary, read as ours and as pprof reads them.

#![no_main]

use fathom_profile::{Limits, ParseOptions, Profile, encode, raw};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for options in [ParseOptions::default(), ParseOptions::as_pprof()] {
        match Profile::parse_as(bytes, &Limits::small(), options) {
            Ok(profile) => {
                let text = raw::write(&profile, &raw::TimeZone::UTC);
                assert!(text.contains("Samples:\n"));
                let again = Profile::parse(&encode::write_raw_proto(&profile), &Limits::default());
                assert!(again.is_ok_and(|again| again == profile));
            }
            Err(error) => assert!(!error.pprof_text().is_empty()),
        }
    }
});
