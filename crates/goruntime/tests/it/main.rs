//! Reads what real Go programs printed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod gctrace;
mod goroutines;
mod memory;
mod seeds;

use std::fs;
use std::path::PathBuf;

/// The formats fixtures' Go versions.
const VERSIONS: [&str; 6] = [
    "go1.21.13",
    "go1.22.10",
    "go1.24.11",
    "go1.25.5",
    "go1.26.6",
    "go1.27.3",
];

fn fixture(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn causes() -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/causes/go1.27.3");
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names.len(), 22);
    names
}
