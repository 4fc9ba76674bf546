//! Captures: typed, dated artefacts, and the bundle file.
//!
//! An [`Artefact`] is bytes as they came, with what they are ([`Kind`]), where
//! they came from and when. A [`Capture`] is all that was taken of one process
//! at one time, with what could not be taken and why ([`Missing`]). Everything
//! downstream reads a capture and cannot tell whether it came from a live
//! process, a bundle or loose files.
//!
//! This crate knows what an artefact is, not what it means: it parses nothing
//! but enough of a file to name it.

mod artefact;
mod bundle;
mod capture;
mod error;
mod identify;
mod kind;
mod limits;
pub mod redact;

pub use artefact::{Artefact, Missing};
pub use capture::{Capture, FORMAT, Target};
pub use error::Error;
pub use identify::identify;
pub use kind::Kind;
pub use limits::Limits;
