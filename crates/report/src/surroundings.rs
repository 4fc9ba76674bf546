//! What a report needs of the world: the caller says the time zone, reads source files
//! and opens binaries.

use std::sync::Arc;

use jiff::tz::TimeZone;

/// Reads source files for listings.
pub trait Sources {
    /// Returns the content of a file, by the rules of `source_path` and `trim_path`.
    ///
    /// # Errors
    ///
    /// Says why there is none, as pprof words it.
    fn read(&self, path: &str, source_path: &str, trim_path: &str) -> Result<Arc<[u8]>, String>;
}

/// Opens binaries for disassembly.
pub trait Objects {
    /// Returns the bytes of the binary of a mapping.
    ///
    /// # Errors
    ///
    /// Says why there are none.
    fn read(&self, file: &str, build_id: &str) -> Result<Arc<[u8]>, String>;
}

/// What a report needs of the world.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The zone in which times are told.
    pub zone: &'a TimeZone,
    /// Where source code comes from.
    pub sources: &'a dyn Sources,
    /// Where binaries come from.
    pub objects: &'a dyn Objects,
}
