//! How much a reader takes before it refuses an input.

/// The bounds on what a reader accepts.
///
/// The defaults let through every profile that a machine with a few gigabytes of memory
/// can hold, and stop what could only be an attack or an accident. An input that passes
/// one ends in [`Error::Limit`](crate::Error::Limit), which names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after decompression.
    pub decompressed_bytes: u64,
    /// Strings in the string table.
    pub strings: u64,
    /// Bytes of all strings together; at most `u32::MAX`.
    pub string_bytes: u64,
    /// Sample types, that is columns of values.
    pub sample_types: u64,
    /// Samples.
    pub samples: u64,
    /// Locations.
    pub locations: u64,
    /// Lines of all locations together.
    pub lines: u64,
    /// Functions.
    pub functions: u64,
    /// Mappings.
    pub mappings: u64,
    /// Locations in one stack.
    pub depth: u64,
    /// Locations in all stacks together; at most `u32::MAX`.
    pub stack_entries: u64,
    /// Labels of all samples together; at most `u32::MAX`.
    pub labels: u64,
    /// Comments.
    pub comments: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            decompressed_bytes: 4 << 30,
            strings: 64 << 20,
            string_bytes: 2 << 30,
            sample_types: 256,
            samples: 256 << 20,
            locations: 128 << 20,
            lines: 256 << 20,
            functions: 64 << 20,
            mappings: 1 << 20,
            depth: 1 << 20,
            stack_entries: 2 << 30,
            labels: 512 << 20,
            comments: 1 << 20,
        }
    }
}

impl Limits {
    /// Limits for tests and fuzzing: a few megabytes of everything.
    pub fn small() -> Self {
        Self {
            decompressed_bytes: 8 << 20,
            strings: 1 << 16,
            string_bytes: 4 << 20,
            sample_types: 16,
            samples: 1 << 16,
            locations: 1 << 16,
            lines: 1 << 17,
            functions: 1 << 16,
            mappings: 1 << 10,
            depth: 1 << 12,
            stack_entries: 1 << 20,
            labels: 1 << 18,
            comments: 1 << 10,
        }
    }
}
