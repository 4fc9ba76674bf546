//! How much a bundle may hold.

/// How much a bundle may hold, so that a hostile or broken one ends in an
/// error and not in the machine's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most entries of the archive.
    pub max_entries: usize,
    /// Most bytes of one entry, decompressed.
    pub max_entry_bytes: u64,
    /// Most bytes of all entries together, decompressed.
    pub max_total_bytes: u64,
    /// Most bytes of `manifest.json`.
    pub max_manifest_bytes: u64,
}

impl Default for Limits {
    /// Returns limits far above what a capture of a real process needs:
    /// 4096 entries, 1 GiB each, 2 GiB together, a manifest of 16 MiB.
    fn default() -> Self {
        Self {
            max_entries: 4096,
            max_entry_bytes: 1 << 30,
            max_total_bytes: 2 << 30,
            max_manifest_bytes: 16 << 20,
        }
    }
}
