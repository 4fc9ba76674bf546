//! The address space as a picture needs it: every mapping in the order of addresses, with what
//! it is for and how much of it is resident.

use fathom_osmem::classify::{Region, RegionClass};
use fathom_osmem::mapping::MappingMemory;
use serde::Serialize;

use crate::ledger::Class;
use crate::situation::Situation;

/// The version of the JSON contract.
pub const MEMORY_MAP_SCHEMA: &str = "fathom.memory-map/1";

/// Go reserves its heap in pieces of this size, which begin at its multiples (Go 1.27.3,
/// src/runtime/malloc.go: `heapArenaBytes` on 64-bit Linux).
const ARENA_BYTES: u64 = 64 << 20;

/// A process's mappings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryMap {
    /// The contract's name.
    pub schema: &'static str,
    /// Whether the kernel told what is behind the mappings (`smaps`); otherwise (`maps`) their
    /// addresses alone are known, and all other bytes are 0.
    pub has_memory: bool,
    /// The size of a Go arena: one begins at each of its multiples.
    pub arena_bytes: u64,
    /// The sum over all mappings.
    pub total: MapAmounts,
    /// What mappings are for, most resident bytes first.
    pub kinds: Vec<MapKind>,
    /// The mappings by address.
    pub mappings: Vec<MapRow>,
}

/// Bytes of one or several mappings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MapAmounts {
    /// How many mappings.
    pub mappings: u64,
    /// The address range.
    pub size_bytes: u64,
    /// Resident.
    pub resident_bytes: u64,
    /// Swapped out: not resident.
    pub swapped_bytes: u64,
    /// Resident in transparent huge pages: of anonymous memory, of shared memory, of files.
    pub huge_bytes: u64,
    /// Given back with `MADV_FREE` and not yet taken: still resident.
    pub lazily_free_bytes: u64,
    /// Resident in this process alone.
    pub private_bytes: u64,
}

/// What some mappings are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MapKind {
    /// The stable id, such as `go-arena`.
    pub id: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What its bytes are for, as the ledger says it.
    pub class: Class,
    /// The sum over its mappings.
    pub amounts: MapAmounts,
}

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MapRow {
    /// The first address, in hexadecimal digits: the highest do not fit into a JSON number.
    pub start: String,
    /// The address after the last.
    pub end: String,
    /// The id of what it is for.
    pub kind: &'static str,
    /// The file or the name that the kernel tells; empty where it tells none.
    pub name: String,
    /// Whether the file has been deleted since.
    pub deleted: bool,
    /// What may be done with it, as `rw-p`.
    pub permissions: String,
    /// Where in the file it begins.
    pub offset: u64,
    /// Whether nothing may be done with it: addresses that are only reserved, or a guard.
    pub reserved: bool,
    /// Its bytes.
    pub amounts: MapAmounts,
}

impl Situation {
    /// Lists the process's mappings; `None` where neither `smaps` nor `maps` was read.
    pub fn memory_map(&self) -> Option<MemoryMap> {
        let space = self.space.as_ref()?;
        let regions = space.regions();
        let mut total = MapAmounts::default();
        let mut kinds: Vec<MapKind> = Vec::new();
        for region in regions {
            let amounts = MapAmounts::of(region);
            total.add(&amounts);
            match kinds.iter_mut().find(|kind| kind.id == region.class.id()) {
                Some(kind) => kind.amounts.add(&amounts),
                None => kinds.push(MapKind {
                    id: region.class.id(),
                    label: label(region.class),
                    class: class(region.class),
                    amounts,
                }),
            }
        }
        kinds.sort_by_key(|kind| {
            let amounts = kind.amounts;
            std::cmp::Reverse((amounts.resident_bytes, amounts.size_bytes))
        });
        Some(MemoryMap {
            schema: MEMORY_MAP_SCHEMA,
            has_memory: self.has_mappings(),
            arena_bytes: ARENA_BYTES,
            total,
            kinds,
            mappings: regions.iter().map(row).collect(),
        })
    }
}

impl MapAmounts {
    fn of(region: &Region) -> Self {
        let MappingMemory {
            rss,
            swap,
            lazy_free,
            anon_huge_pages,
            shmem_pmd_mapped,
            file_pmd_mapped,
            ..
        } = region.mapping.memory_or_default();
        Self {
            mappings: 1,
            size_bytes: region.mapping.size(),
            resident_bytes: rss,
            swapped_bytes: swap,
            huge_bytes: anon_huge_pages
                .saturating_add(shmem_pmd_mapped)
                .saturating_add(file_pmd_mapped),
            lazily_free_bytes: lazy_free,
            private_bytes: region.mapping.memory_or_default().uss(),
        }
    }

    fn add(&mut self, other: &Self) {
        let add = |sum: &mut u64, part: u64| *sum = sum.saturating_add(part);
        add(&mut self.mappings, other.mappings);
        add(&mut self.size_bytes, other.size_bytes);
        add(&mut self.resident_bytes, other.resident_bytes);
        add(&mut self.swapped_bytes, other.swapped_bytes);
        add(&mut self.huge_bytes, other.huge_bytes);
        add(&mut self.lazily_free_bytes, other.lazily_free_bytes);
        add(&mut self.private_bytes, other.private_bytes);
    }
}

fn row(region: &Region) -> MapRow {
    let mapping = &region.mapping;
    let given = region.go_name.as_ref().map(|name| format!("Go: {name}"));
    MapRow {
        start: format!("{:x}", mapping.start),
        end: format!("{:x}", mapping.end),
        kind: region.class.id(),
        name: given
            .or_else(|| region.name.clone())
            .unwrap_or_else(|| mapping.path.clone()),
        deleted: mapping.deleted,
        permissions: mapping.permissions.to_string(),
        offset: mapping.offset,
        reserved: mapping.is_reserved(),
        amounts: MapAmounts::of(region),
    }
}

/// What people call a class of mappings.
const fn label(class: RegionClass) -> &'static str {
    match class {
        RegionClass::GoArena => "Go heap arena",
        RegionClass::GoMetadata => "Go runtime tables",
        RegionClass::BinaryText => "program code and constants",
        RegionClass::BinaryData => "program data",
        RegionClass::BinaryBss => "program zeroed data (bss)",
        RegionClass::CHeap => "C heap (brk)",
        RegionClass::CArena => "C heap (malloc arena)",
        RegionClass::ThreadStack => "C thread stack",
        RegionClass::MainStack => "main thread stack",
        RegionClass::LibraryFile => "shared library",
        RegionClass::FileMapped => "mapped file",
        RegionClass::SharedMemory => "shared memory",
        RegionClass::Kernel => "kernel pages (vdso)",
        RegionClass::OtherAnonymous => "Go runtime tables, or memory outside Go",
        _ => "memory of a kind without a name",
    }
}

/// What the ledger counts a class of mappings as.
const fn class(class: RegionClass) -> Class {
    match class {
        RegionClass::GoArena => Class::HeapLive,
        RegionClass::GoMetadata => Class::Runtime,
        RegionClass::BinaryText
        | RegionClass::BinaryData
        | RegionClass::BinaryBss
        | RegionClass::LibraryFile
        | RegionClass::Kernel => Class::Binary,
        RegionClass::CHeap | RegionClass::CArena => Class::NonGo,
        RegionClass::ThreadStack | RegionClass::MainStack => Class::Stacks,
        RegionClass::FileMapped => Class::Files,
        RegionClass::SharedMemory => Class::Shared,
        _ => Class::Unattributed,
    }
}
