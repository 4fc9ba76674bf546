//! Naming what a profile knows by address alone.
//!
//! The steps are those of `Symbolize` in internal/symbolizer of github.com/google/pprof,
//! as Go 1.27 has it in cmd/vendor; who has the files and the servers takes them in order:
//!
//! 1. [`Mode::parse`] reads `-symbolize`.
//! 2. [`tasks`] says which locations want names, of which binary; [`assign`] puts the
//!    answers of `fathom-symbols` into the profile.
//! 3. [`Servers`] knows where mappings came from; [`queries`] and [`answers`] speak the
//!    protocol of `/symbol` for what is still unnamed.
//! 4. [`with_demangled_names`] makes names readable.
//!
//! [`Defects::AsPprof`] keeps to what `go tool pprof` does. Corrected, these differ:
//!
//! - Inlined calls are told apart. The tool gives one frame an address: the outermost
//!   function with the line of the innermost (`file.SourceLine` of cmd/pprof/pprof.go).
//! - Only what has no lines is named, unless `force` was asked for. The tool replaces what
//!   the program itself said of a mapping as soon as one of its addresses has no name.
//! - What a mapping has named only in part is completed where its binary is at hand.
//! - `demangle=` changes how names are written, and not where they come from.
//! - Names of Go functions are not taken for C++: `main.(*T).Do[...]` stays whole.
//!
//! [`Defects::AsPprof`]: fathom_profile::Defects::AsPprof

mod demangle;
mod local;
mod mode;
mod remote;
mod wanted;

pub use self::demangle::with_demangled_names;
pub use self::local::assign;
pub use self::mode::{Local, Mode, Parsed};
pub use self::remote::{Query, Servers, SymbolError, answers, queries};
pub use self::wanted::{Plan, Task, tasks};
