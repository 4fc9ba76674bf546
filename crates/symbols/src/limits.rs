//! How much of a binary the readers take.

/// Bounds the work and the memory that a binary can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most sections, and the most segments.
    pub sections: usize,
    /// The most symbols of one table. Chromium with all its symbols has about 5 million.
    pub symbols: usize,
    /// The most functions of a Go function table. The Go compiler has 40,000.
    pub functions: usize,
    /// The most relocations that are read to find pointers of a position-independent binary.
    pub relocations: usize,
    /// The most bytes that one debug section may have, decompressed.
    pub debug_section_bytes: u64,
    /// The most units of debug information that are looked through for names of split files.
    pub units: usize,
    /// The most frames at one address: one more than the depth of inlining.
    pub depth: usize,
    /// The most pairs of one table of values by address, for one Go function.
    pub table_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sections: 1 << 17,
            symbols: 1 << 25,
            functions: 1 << 24,
            relocations: 1 << 26,
            debug_section_bytes: 4 << 30,
            units: 1 << 22,
            depth: 1000,
            table_entries: 1 << 22,
        }
    }
}
