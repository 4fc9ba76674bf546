//! Binaries: from an address to functions, files, lines and inlined calls.
//!
//! An [`Image`] is an executable, a library or a file of debug information in ELF, Mach-O or PE.
//! Its [`pclntab`] knows every Go function, stripped or not; [`names`] turns what linkers call a
//! function into what a reader expects.
//!
//! Everything is bytes in, values out: this crate opens no file.
//!
//! Not here: profiles, and the reports that put lines and instructions beside their cost.

mod bytes;
pub mod disassembly;
pub mod dwarf;
mod error;
pub mod image;
mod limits;
pub mod lookup;
pub mod mapping;
pub mod names;
pub mod pclntab;
mod resolution;
mod symbolizer;

pub use bytes::FileBytes;
pub use error::Error;
pub(crate) use error::Result;
pub use image::Image;
pub use limits::Limits;
pub use resolution::{FunctionId, Resolution, ResolvedFrame, ResolvedFunction, Source};
pub use symbolizer::Symbolizer;
