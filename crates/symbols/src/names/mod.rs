//! Names of functions: as Go prints them, shortened for display, demangled.

mod demangle;
mod go;
mod shorten;

pub use self::demangle::{DemangleMode, demangled};
pub use self::go::{printed, unescaped};
pub use self::shorten::shortened;
