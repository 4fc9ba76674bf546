//! Integration tests of the profile readers and writers.

mod recorded;

use std::path::{Path, PathBuf};

/// The directory of recorded fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}
