//! Names of functions: as Go prints them, shortened for display, demangled.

mod go;

pub use self::go::{printed, unescaped};
