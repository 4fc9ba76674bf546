//! Integration tests of the profile readers and writers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod algebra;
mod damage;
mod exchange;
mod heap;
mod legacy;
mod merged;
mod oracle;
mod prune;
mod recorded;
mod sampled;
mod text;

use std::path::{Path, PathBuf};

/// The directory of recorded fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Reads a profile of the fixtures.
pub(crate) fn recorded_profile(path: &str) -> fathom_profile::Profile {
    let path = fixtures().join(path);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    fathom_profile::Profile::parse(&bytes, &fathom_profile::Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
