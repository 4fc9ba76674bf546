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
mod capture;
mod error;
mod kind;

pub use artefact::{Artefact, Missing};
pub use capture::{Capture, FORMAT, Target};
pub use error::Error;
pub use kind::Kind;
