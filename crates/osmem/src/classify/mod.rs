//! What each mapping of a process is for.
//!
//! Names win where the kernel gives them (`[anon: Go: heap]` needs Go 1.25, a main module of
//! `go 1.25` and a kernel with `CONFIG_ANON_VMA_NAME`); everywhere else shape and place decide:
//!
//! - Go arenas are runs of adjacent `rw-p` and `---p` mappings that begin and end at multiples of
//!   64 MiB (`heapArenaBytes`, `runtime/malloc.go`), in [4 GiB, 2^46) on amd64 and [4 GiB, 2^47)
//!   on arm64: at 0xc000000000 (arm64 0x4000000000) up to Go 1.25, anywhere since Go 1.26. An
//!   arena that the kernel had to place elsewhere, because those addresses were taken or
//!   forbidden, is recognised by its name alone.
//! - glibc's per-thread arenas have the same shape but live where mmap(2) puts things, above
//!   those addresses, and carry the flag `nr` (`malloc/arena.c`, `HEAP_MAX_SIZE`).
//! - Thread stacks are a small `---p` guard below a `rw-p` mapping of a stack's size.
//! - The main binary's bss is the unnamed `rw-p` memory right after its writable data.
//!
//! The runtime's own tables (heap index, page summaries, span records) have no shape that sets
//! them apart without names: they are [`RegionClass::OtherAnonymous`], and
//! [`AddressSpace::off_heap_rw_size`] is what MemStats' classes are to be compared with.

mod arenas;
mod binary;
mod names;
mod stacks;
mod totals;

use std::collections::BTreeMap;
use std::fmt;

use crate::mapping::Mapping;
use crate::process::ProcessMemory;

pub use totals::{ClassTotals, FileTotal};

/// What a mapping is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RegionClass {
    /// Go's heap arenas: spans, goroutine stacks, work buffers of the collector, free pages.
    GoArena,
    /// Go's own tables, where the kernel names them.
    GoMetadata,
    /// The main binary's code and read-only data, Go's pclntab included.
    BinaryText,
    /// The main binary's writable data, and what was writable while it was relocated.
    BinaryData,
    /// The main binary's zero-initialised data.
    BinaryBss,
    /// C's heap: `[heap]` (brk), and what glibc names as its own malloc's.
    CHeap,
    /// An arena of glibc's malloc for threads.
    CArena,
    /// The stack of a thread that C made, with its guard.
    ThreadStack,
    /// The main thread's stack.
    MainStack,
    /// Anonymous memory of none of the above: Go's own tables without names, mmap(2) by cgo or
    /// by syscall, other allocators.
    OtherAnonymous,
    /// A shared library, text and data.
    LibraryFile,
    /// Another mapped file.
    FileMapped,
    /// Shared memory: `/dev/shm` and other tmpfs, memfd, System V, shared anonymous memory.
    SharedMemory,
    /// What the kernel maps: vdso, vvar, vsyscall.
    Kernel,
}

impl RegionClass {
    /// All classes in their order.
    pub const ALL: [Self; 14] = [
        Self::GoArena,
        Self::GoMetadata,
        Self::BinaryText,
        Self::BinaryData,
        Self::BinaryBss,
        Self::CHeap,
        Self::CArena,
        Self::ThreadStack,
        Self::MainStack,
        Self::OtherAnonymous,
        Self::LibraryFile,
        Self::FileMapped,
        Self::SharedMemory,
        Self::Kernel,
    ];

    /// Returns the class's stable name, such as `go-arena`.
    pub fn id(self) -> &'static str {
        match self {
            Self::GoArena => "go-arena",
            Self::GoMetadata => "go-metadata",
            Self::BinaryText => "binary-text",
            Self::BinaryData => "binary-data",
            Self::BinaryBss => "binary-bss",
            Self::CHeap => "c-heap",
            Self::CArena => "c-arena",
            Self::ThreadStack => "thread-stack",
            Self::MainStack => "main-stack",
            Self::OtherAnonymous => "other-anonymous",
            Self::LibraryFile => "library-file",
            Self::FileMapped => "file-mapped",
            Self::SharedMemory => "shared-memory",
            Self::Kernel => "kernel",
        }
    }
}

impl fmt::Display for RegionClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.id())
    }
}

/// A mapping and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The mapping.
    pub mapping: Mapping,
    /// What it is for.
    pub class: RegionClass,
    /// Go's name for it, such as `heap` or `page summary`.
    pub go_name: Option<String>,
    /// The name that other software gave to anonymous memory, such as `glibc: malloc arena`.
    pub name: Option<String>,
}

/// What is known of a process beside its mappings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The main binary, as `/proc/PID/exe` names it. Without it the lowest executable file that
    /// is no library is taken.
    pub exe: Option<&'a str>,
    /// The devices (major, minor) of mounted tmpfs: files on them are shared memory whatever
    /// their path. See [`crate::cgroup::Mounts::tmpfs_devices`].
    pub tmpfs_devices: &'a [(u32, u32)],
}

/// All mappings of a process by address, each with its class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressSpace {
    regions: Vec<Region>,
    exe: Option<String>,
}

impl AddressSpace {
    /// Classifies a process's mappings; `exe` is its binary as `/proc/PID/exe` names it.
    pub fn classify(mappings: Vec<Mapping>, exe: Option<&str>) -> Self {
        Self::classify_with(
            mappings,
            &Hints {
                exe,
                ..Hints::default()
            },
        )
    }

    /// Classifies a process's mappings with all that is known of it. Costs a sort of the
    /// mappings, which are nearly always sorted, and a few passes over them.
    pub fn classify_with(mut mappings: Vec<Mapping>, hints: &Hints<'_>) -> Self {
        mappings.sort_by_key(|mapping| (mapping.start, mapping.end));
        let exe = binary::find(&mappings, hints.exe);
        let named: Vec<names::Named> = mappings
            .iter()
            .map(|mapping| names::of(mapping, exe.as_deref(), hints.tmpfs_devices))
            .collect();
        let mut classes: Vec<Option<RegionClass>> = named.iter().map(|name| name.class).collect();

        binary::mark_bss(&mappings, &mut classes);
        let kernel_names_arenas = named
            .iter()
            .any(|name| name.go_name.as_deref() == Some("heap"));
        if !kernel_names_arenas {
            arenas::mark_go(&mappings, &mut classes);
        }
        arenas::mark_glibc(&mappings, &mut classes);
        stacks::mark(&mappings, &mut classes);

        let regions = mappings
            .into_iter()
            .zip(named)
            .zip(classes)
            .map(|((mapping, named), class)| Region {
                mapping,
                class: class.unwrap_or(RegionClass::OtherAnonymous),
                go_name: named.go_name,
                name: named.name,
            })
            .collect();
        Self { regions, exe }
    }

    /// Returns the regions by address.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Returns the main binary's path, without a mark of deletion.
    pub fn exe(&self) -> Option<&str> {
        self.exe.as_deref()
    }

    /// Sums the regions of each class that occurs.
    pub fn totals(&self) -> BTreeMap<RegionClass, ClassTotals> {
        let mut totals = BTreeMap::new();
        for region in &self.regions {
            totals
                .entry(region.class)
                .or_insert_with(ClassTotals::default)
                .add(&region.mapping);
        }
        totals
    }

    /// Sums the regions of one class.
    pub fn class_total(&self, class: RegionClass) -> ClassTotals {
        ClassTotals::of(self.regions.iter().filter(|region| region.class == class))
    }

    /// Sums all regions; the `memory.rss` of it is the process's RSS.
    pub fn total(&self) -> ClassTotals {
        ClassTotals::of(&self.regions)
    }

    /// Returns the process's virtual size, as `VmSize` counts it: the vsyscall page, which all
    /// processes of amd64 show in the kernel's half, is left out.
    pub fn virtual_size(&self) -> u64 {
        self.regions
            .iter()
            .filter(|region| region.mapping.start < 1 << 63)
            .map(|region| region.mapping.size())
            .fold(0, u64::saturating_add)
    }

    /// Returns the process's memory by the usual measures; `None` when only `maps` was read.
    pub fn process_memory(&self) -> Option<ProcessMemory> {
        ProcessMemory::from_mappings(self.regions.iter().map(|region| &region.mapping))
    }

    /// Returns the size of the `rw-p` mappings inside Go arenas. It equals MemStats'
    /// `HeapSys + StackInuse` and the collector's work buffers (part of `GCSys`, 32 KiB apiece)
    /// to the byte: the runtime makes arena pages accessible exactly when it counts them
    /// (`(*mheap).grow`, `runtime/mheap.go`; measured on Go 1.27.3).
    pub fn arena_rw_size(&self) -> u64 {
        self.class_total(RegionClass::GoArena)
            .readable_writable_size
    }

    /// Returns the size of the `rw-p` private anonymous mappings outside Go arenas, without the
    /// binary's bss, `[heap]` and `[stack]`. In a pure Go process it equals, within 256 KiB,
    /// 32 MiB of heap index (not in `Sys`; `runtime/malloc.go`, Go 1.27.3) and
    /// `MSpanSys + MCacheSys + BuckHashSys + GCSys + OtherSys` less the work buffers; what is
    /// beyond it is not Go's.
    pub fn off_heap_rw_size(&self) -> u64 {
        self.off_heap().readable_writable_size
    }

    /// Sums the mappings that [`AddressSpace::off_heap_rw_size`] counts.
    pub fn off_heap(&self) -> ClassTotals {
        ClassTotals::of(self.regions.iter().filter(|region| region.is_off_heap()))
    }

    /// Sums the regions by the names that Go gave them, largest resident size first; empty where
    /// the kernel has no names.
    pub fn go_names(&self) -> Vec<(String, ClassTotals)> {
        totals::by_key(&self.regions, |region| region.go_name.clone())
    }

    /// Sums the anonymous regions by the names that other software gave them, largest resident
    /// size first.
    pub fn other_names(&self) -> Vec<(String, ClassTotals)> {
        totals::by_key(&self.regions, |region| region.name.clone())
    }

    /// Sums mapped files by path, largest resident size first: the binary, libraries and other
    /// files, shared memory left out.
    pub fn files(&self) -> Vec<FileTotal> {
        totals::by_file(self.regions.iter().filter(|region| {
            !region.mapping.is_private_anonymous()
                && !matches!(
                    region.class,
                    RegionClass::SharedMemory | RegionClass::Kernel
                )
        }))
    }

    /// Sums shared memory by its name, largest resident size first. Shared anonymous memory is
    /// named `/dev/zero`.
    pub fn shared_memory(&self) -> Vec<FileTotal> {
        totals::by_file(
            self.regions
                .iter()
                .filter(|region| region.class == RegionClass::SharedMemory),
        )
    }

    /// Returns the `count` anonymous regions with the most resident memory (with the largest
    /// size when only `maps` was read) that are of class [`RegionClass::OtherAnonymous`].
    pub fn largest_anonymous(&self, count: usize) -> Vec<&Region> {
        let mut regions: Vec<&Region> = self
            .regions
            .iter()
            .filter(|region| {
                region.class == RegionClass::OtherAnonymous && !region.mapping.is_reserved()
            })
            .collect();
        regions.sort_by_key(|region| {
            let mapping = &region.mapping;
            std::cmp::Reverse((mapping.memory_or_default().rss, mapping.size()))
        });
        regions.truncate(count);
        regions
    }
}

impl Region {
    /// Tells whether it is private anonymous `rw-p` memory outside Go arenas that is neither bss
    /// nor `[heap]` nor a main stack.
    pub fn is_off_heap(&self) -> bool {
        self.mapping.is_readable_writable()
            && self.mapping.is_private_anonymous()
            && self.mapping.path != "[heap]"
            && !matches!(
                self.class,
                RegionClass::GoArena | RegionClass::BinaryBss | RegionClass::MainStack
            )
    }
}
