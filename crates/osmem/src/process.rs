//! What a process holds in memory, alone and with others.

use crate::mapping::{Mapping, MappingMemory};

/// The memory of a process in bytes, by the measures that tools print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessMemory {
    /// Resident.
    pub rss: u64,
    /// Resident, each page divided by the number of processes that map it; sums over processes.
    pub pss: u64,
    /// Resident and mapped by this process alone: what would be freed if it went.
    pub uss: u64,
    /// Resident and mapped by others too.
    pub shared: u64,
    /// Swapped out.
    pub swap: u64,
    /// Swapped out, each page divided by the number of processes that map it.
    pub swap_pss: u64,
    /// Resident, but released with `MADV_FREE`.
    pub lazy_free: u64,
    /// Resident in transparent huge pages, anonymous.
    pub anon_huge_pages: u64,
    /// In hugetlbfs pages, which RSS leaves out.
    pub hugetlb: u64,
}

impl ProcessMemory {
    /// Sums the mappings of `smaps`; `None` when none of them carries memory (they are from
    /// `maps`).
    pub fn from_mappings<'a>(mappings: impl IntoIterator<Item = &'a Mapping>) -> Option<Self> {
        mappings
            .into_iter()
            .filter_map(|mapping| mapping.memory)
            .reduce(|sum, memory| sum + memory)
            .map(|sum| Self::from(&sum))
    }
}

impl From<&MappingMemory> for ProcessMemory {
    /// Reads the measures off a sum, such as the one of `smaps_rollup`.
    fn from(sum: &MappingMemory) -> Self {
        Self {
            rss: sum.rss,
            pss: sum.pss,
            uss: sum.uss(),
            shared: sum.shared(),
            swap: sum.swap,
            swap_pss: sum.swap_pss,
            lazy_free: sum.lazy_free,
            anon_huge_pages: sum.anon_huge_pages,
            hugetlb: sum.shared_hugetlb.saturating_add(sum.private_hugetlb),
        }
    }
}
