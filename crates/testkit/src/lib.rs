//! What tests and benches share: recorded evidence, live Go programs, and profiles and samples
//! made to order.
//!
//! - [`fixtures`]: where the recorded evidence of each cause and Go version lies;
//! - [`toolchain`]: the Go toolchains that `cargo xtask test` fetched;
//! - [`program`]: builds a program of `testbed/`, starts it, waits until it is ready, ends it;
//! - [`pprof`]: the real `go tool pprof`, for comparisons;
//! - [`tracing`]: execution traces of the testbed, and the real `go tool trace`, for comparisons;
//! - [`generator`]: pprof profiles of any size, written by an encoder of its own so that it can
//!   check the one in `profile`;
//! - [`sampler`]: a simulation of the Go runtime's heap sampler whose truth is known.
//!
//! Everything made to order is deterministic: the same seed gives the same bytes. No other crate
//! of the workspace is used here, and nothing that is published may use this one except in tests.
//!
//! ```
//! use fathom_testkit::fixtures::Cause;
//!
//! let expected = Cause::MadvFree.expectation();
//! assert_eq!(expected.env, [("GODEBUG".to_owned(), "madvdontneed=0".to_owned())]);
//! assert!(Cause::MadvFree.text("status.txt").contains("VmRSS:"));
//! ```

mod browser;
mod duckdb;
mod error;
pub mod fixtures;
pub mod generator;
mod go_version;
mod http;
pub mod pprof;
pub mod program;
mod random;
pub mod sampler;
pub mod toolchain;
pub mod tracing;
mod wire;

pub use browser::chromium;
pub use duckdb::{duckdb_directory, duckdb_python};
pub use error::Error;
pub use go_version::GoVersion;
pub use random::Random;

use std::path::{Path, PathBuf};

/// Returns the root of the repository.
pub fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .unwrap_or(manifest)
        .to_path_buf()
}
