//! Getting evidence from a pid, an address, files or stdin.
//!
//! This is the only crate that touches sockets, `/proc`, files and clocks.
//! [`Source::parse`] says what an argument means, [`capture`] takes everything
//! from the sources in the order that disturbs the process least, [`Watched`]
//! looks at one process again and again, and
//! [`processes`] lists the Go programs of this machine. Nothing is understood
//! here: bytes are taken, dated and named.
//!
//! A part that cannot be had is never an error as long as something else can:
//! it is in [`fathom_evidence::Capture::missing`], with one line that says why
//! and often one that says what to do.

mod capture;
mod child;
mod clock;
mod error;
mod fetch;
mod files;
mod follow;
mod http;
mod options;
mod pprof;
mod process;
mod recorder;
mod source;
mod watched;

pub use capture::{capture, profile};
pub use child::Started;
pub use error::Error;
pub use fetch::{fetch, fetch_typed, post};
pub use follow::Follower;
pub use http::Address;
pub use options::{Event, Options, Probe, Tls};
pub use process::listing::{GoProcess, processes};
pub use source::Source;
pub use watched::{Wanted, Watched};
