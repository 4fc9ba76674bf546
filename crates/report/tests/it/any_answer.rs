//! Any bytes as the answer of a server's `/symbol`.

use std::fmt::Write as _;

use fathom_profile::Defects;
use fathom_report::symbolize::answers;

/// Reads an answer in both ways; what is read holds together.
pub(crate) fn read(bytes: &[u8]) {
    let lines = bytes.split(|&byte| byte == b'\n').count();
    let ours = answers(bytes, Defects::Corrected);
    let theirs = answers(bytes, Defects::AsPprof);
    assert!(theirs.len() <= ours.len() && ours.len() <= lines);
    for ((address, name), (theirs_address, theirs_name)) in ours.iter().zip(&theirs) {
        assert_eq!(address, theirs_address);
        assert!(theirs_name.starts_with(name), "{name:?} {theirs_name:?}");
        assert!(!name.contains('\n'), "{name:?}");
    }
    // An answer written anew says the same.
    let mut written = String::new();
    for (address, name) in &theirs {
        // Writing to a string does not fail.
        let _ = writeln!(written, "{address:#x} {name}");
    }
    assert_eq!(answers(written.as_bytes(), Defects::AsPprof), theirs);
}
