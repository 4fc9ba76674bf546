//! Sums over regions.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Region;
use crate::mapping::{Mapping, MappingMemory};

/// The sum over some regions, in bytes but for the count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassTotals {
    /// How many mappings.
    pub mappings: usize,
    /// Their address ranges.
    pub size: u64,
    /// The address ranges of those that are `rw-p`.
    pub readable_writable_size: u64,
    /// The memory behind them; zeros when only `maps` was read.
    pub memory: MappingMemory,
}

impl ClassTotals {
    pub(super) fn add(&mut self, mapping: &Mapping) {
        self.mappings += 1;
        self.size = self.size.saturating_add(mapping.size());
        if mapping.is_readable_writable() {
            self.readable_writable_size =
                self.readable_writable_size.saturating_add(mapping.size());
        }
        self.memory += mapping.memory_or_default();
    }

    pub(super) fn of<'a>(regions: impl IntoIterator<Item = &'a Region>) -> Self {
        let mut totals = Self::default();
        for region in regions {
            totals.add(&region.mapping);
        }
        totals
    }
}

/// A mapped file or shared memory object and the memory of its mappings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTotal {
    /// The path, or the kernel's name of a nameless object.
    pub path: String,
    /// Whether the file has been deleted.
    pub deleted: bool,
    /// The address ranges of its mappings in bytes.
    pub size: u64,
    /// The memory of its mappings.
    pub memory: MappingMemory,
}

/// Sums by path; ties go by path, so that the order is always the same.
pub(super) fn by_file<'a>(regions: impl Iterator<Item = &'a Region>) -> Vec<FileTotal> {
    let mut totals: BTreeMap<(&str, bool), ClassTotals> = BTreeMap::new();
    for Region { mapping, .. } in regions {
        totals
            .entry((&mapping.path, mapping.deleted))
            .or_default()
            .add(mapping);
    }
    let mut files: Vec<FileTotal> = totals
        .into_iter()
        .map(|((path, deleted), total)| FileTotal {
            path: path.to_owned(),
            deleted,
            size: total.size,
            memory: total.memory,
        })
        .collect();
    files.sort_by_key(|file| Reverse((file.memory.rss, file.size)));
    files
}

/// Sums the regions that have a key.
pub(super) fn by_key(
    regions: &[Region],
    key: impl Fn(&Region) -> Option<String>,
) -> Vec<(String, ClassTotals)> {
    let mut totals: BTreeMap<String, ClassTotals> = BTreeMap::new();
    for region in regions {
        if let Some(key) = key(region) {
            totals.entry(key).or_default().add(&region.mapping);
        }
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by_key(|(_, total)| Reverse((total.memory.rss, total.size)));
    totals
}
