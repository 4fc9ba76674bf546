//! How much of an input the readers take.

/// Bounds the work and the memory that an input can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one file.
    pub bytes: usize,
    /// The most mappings of one process. The kernel's own default (`vm.max_map_count`) is 65,530.
    pub mappings: usize,
    /// The most bytes of one line. A path has at most 4096 bytes (`PATH_MAX`), each of which the
    /// kernel may print as four.
    pub line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            mappings: 1 << 20,
            line_bytes: 32 << 10,
        }
    }
}
