//! Files that a process maps besides its binary and libraries.

use fathom_osmem::classify::{AddressSpace, RegionClass};
use std::collections::BTreeMap;

/// One mapped file, with the sums over its mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MappedFile {
    /// Its path as the kernel names it.
    pub(crate) path: String,
    /// It has been deleted since.
    pub(crate) deleted: bool,
    /// Mapped bytes.
    pub(crate) size: u64,
    /// Resident bytes.
    pub(crate) resident: u64,
}

/// Lists mapped files, most resident bytes first. They sum to the class's total.
pub(crate) fn mapped_files(space: &AddressSpace) -> Vec<MappedFile> {
    let mut files: BTreeMap<(&str, bool), MappedFile> = BTreeMap::new();
    let regions = space.regions().iter();
    for region in regions.filter(|region| region.class == RegionClass::FileMapped) {
        let mapping = &region.mapping;
        let file = files
            .entry((&mapping.path, mapping.deleted))
            .or_insert_with(|| MappedFile {
                path: mapping.path.clone(),
                deleted: mapping.deleted,
                size: 0,
                resident: 0,
            });
        file.size += mapping.size();
        file.resident += mapping.memory.as_ref().map_or(0, |memory| memory.rss);
    }
    let mut files: Vec<MappedFile> = files.into_values().collect();
    files.sort_by(|a, b| {
        b.resident
            .cmp(&a.resident)
            .then_with(|| a.path.cmp(&b.path))
    });
    files
}
