//! One mapping of a process's address space, and the memory behind it.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// One line of `/proc/PID/maps`, with what `smaps` says of it (Linux, `fs/proc/task_mmu.c`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The first address.
    pub start: u64,
    /// The address after the last one; the readers take no empty mapping.
    pub end: u64,
    /// What may be done with it.
    pub permissions: Permissions,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// The file's device, major and minor; 0:0 for anonymous memory.
    pub device: (u32, u32),
    /// The file's inode; 0 for anonymous memory.
    pub inode: u64,
    /// The file's path or the kernel's pseudo name (`[heap]`, `[anon: Go: heap]`), with escaped
    /// newlines undone; empty when the mapping has no name.
    pub path: String,
    /// Whether the file has been deleted (or is a nameless file such as a memfd).
    pub deleted: bool,
    /// The memory behind it; `None` when only `maps` was read.
    pub memory: Option<MappingMemory>,
    /// The kernel's flags for it; empty when unknown.
    pub vm_flags: VmFlags,
}

impl Mapping {
    /// Returns the size of the address range in bytes.
    pub fn size(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Tells whether it is readable, writable, private and not executable (`rw-p`).
    pub fn is_readable_writable(&self) -> bool {
        let Permissions {
            read,
            write,
            execute,
            shared,
        } = self.permissions;
        read && write && !execute && !shared
    }

    /// Tells whether it is private and inaccessible (`---p`): reserved addresses or a guard.
    pub fn is_reserved(&self) -> bool {
        self.permissions == Permissions::default()
    }

    /// Tells whether it is private memory without a file: unnamed, or with a pseudo name such as
    /// `[heap]`, `[stack]` or `[anon:...]`.
    pub fn is_private_anonymous(&self) -> bool {
        !self.permissions.shared && self.inode == 0 && !self.path.starts_with('/')
    }

    /// Returns the memory behind it, or zeros when only `maps` was read.
    pub fn memory_or_default(&self) -> MappingMemory {
        self.memory.unwrap_or_default()
    }
}

/// What a process may do with a mapping; all false is the kernel's `---p`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the kernel prints exactly these four, each on its own"
)]
pub struct Permissions {
    /// It may be read.
    pub read: bool,
    /// It may be written.
    pub write: bool,
    /// It may be executed.
    pub execute: bool,
    /// Writes are seen by others (`s`); private with copy on write (`p`) otherwise.
    pub shared: bool,
}

impl fmt::Display for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |set: bool, letter: char| if set { letter } else { '-' };
        write!(
            formatter,
            "{}{}{}{}",
            letter(self.read, 'r'),
            letter(self.write, 'w'),
            letter(self.execute, 'x'),
            if self.shared { 's' } else { 'p' }
        )
    }
}

/// The memory behind a mapping or behind several, in bytes, as `smaps` counts it. Fields that an
/// older kernel does not print are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MappingMemory {
    /// Resident.
    pub rss: u64,
    /// Resident, each page divided by the number of processes that map it.
    pub pss: u64,
    /// Resident, mapped by others too, unchanged since it was read from its file.
    pub shared_clean: u64,
    /// Resident, mapped by others too, changed.
    pub shared_dirty: u64,
    /// Resident, mapped by this process alone, unchanged since it was read from its file.
    pub private_clean: u64,
    /// Resident, mapped by this process alone, changed.
    pub private_dirty: u64,
    /// Resident and marked as accessed.
    pub referenced: u64,
    /// Resident and belonging to no file (copies of file pages included).
    pub anonymous: u64,
    /// Released with `MADV_FREE` and not yet taken back: still in `rss` (Linux 4.12).
    pub lazy_free: u64,
    /// Resident in transparent huge pages, anonymous.
    pub anon_huge_pages: u64,
    /// Resident in huge pages of shared memory or tmpfs.
    pub shmem_pmd_mapped: u64,
    /// Resident in huge pages of files.
    pub file_pmd_mapped: u64,
    /// In hugetlbfs pages, shared: not part of `rss` nor of `pss`.
    pub shared_hugetlb: u64,
    /// In hugetlbfs pages, private: not part of `rss` nor of `pss`.
    pub private_hugetlb: u64,
    /// Swapped out: not part of `rss`.
    pub swap: u64,
    /// Swapped out, each page divided by the number of processes that map it.
    pub swap_pss: u64,
    /// Locked in memory.
    pub locked: u64,
    /// Merged with identical pages by KSM (Linux 6.6).
    pub ksm: u64,
    /// The kernel's page size for this mapping; the largest one in a sum. 0 when unknown.
    pub kernel_page_size: u64,
}

impl MappingMemory {
    /// Returns what would be freed if the process went: the unique set size,
    /// `Private_Clean + Private_Dirty`.
    pub fn uss(&self) -> u64 {
        self.private_clean.saturating_add(self.private_dirty)
    }

    /// Returns what others map too: `Shared_Clean + Shared_Dirty`.
    pub fn shared(&self) -> u64 {
        self.shared_clean.saturating_add(self.shared_dirty)
    }
}

impl Add for MappingMemory {
    type Output = Self;

    /// Adds field by field; what passes 2^64 stays there.
    fn add(self, other: Self) -> Self {
        Self {
            rss: self.rss.saturating_add(other.rss),
            pss: self.pss.saturating_add(other.pss),
            shared_clean: self.shared_clean.saturating_add(other.shared_clean),
            shared_dirty: self.shared_dirty.saturating_add(other.shared_dirty),
            private_clean: self.private_clean.saturating_add(other.private_clean),
            private_dirty: self.private_dirty.saturating_add(other.private_dirty),
            referenced: self.referenced.saturating_add(other.referenced),
            anonymous: self.anonymous.saturating_add(other.anonymous),
            lazy_free: self.lazy_free.saturating_add(other.lazy_free),
            anon_huge_pages: self.anon_huge_pages.saturating_add(other.anon_huge_pages),
            shmem_pmd_mapped: self.shmem_pmd_mapped.saturating_add(other.shmem_pmd_mapped),
            file_pmd_mapped: self.file_pmd_mapped.saturating_add(other.file_pmd_mapped),
            shared_hugetlb: self.shared_hugetlb.saturating_add(other.shared_hugetlb),
            private_hugetlb: self.private_hugetlb.saturating_add(other.private_hugetlb),
            swap: self.swap.saturating_add(other.swap),
            swap_pss: self.swap_pss.saturating_add(other.swap_pss),
            locked: self.locked.saturating_add(other.locked),
            ksm: self.ksm.saturating_add(other.ksm),
            kernel_page_size: self.kernel_page_size.max(other.kernel_page_size),
        }
    }
}

impl AddAssign for MappingMemory {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for MappingMemory {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

impl<'a> Sum<&'a MappingMemory> for MappingMemory {
    fn sum<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
        iter.copied().sum()
    }
}

/// The two-letter flags of `smaps`' line `VmFlags` (`show_smap_vma_flags` in
/// `fs/proc/task_mmu.c`); codes that this table does not know are dropped.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct VmFlags(u64);

/// The codes, in the order of their bits here (which are not the kernel's).
const VM_FLAG_CODES: [&[u8; 2]; 40] = [
    b"rd", b"wr", b"ex", b"sh", b"mr", b"mw", b"me", b"ms", b"gd", b"pf", b"dw", b"lo", b"io",
    b"sr", b"rr", b"dc", b"de", b"ac", b"nr", b"ht", b"sf", b"nl", b"ar", b"wf", b"dd", b"sd",
    b"mm", b"hg", b"nh", b"mg", b"um", b"uw", b"ss", b"sl", b"lf", b"dp", b"gu", b"mt", b"ui",
    b"bt",
];

impl VmFlags {
    /// Tells whether no flag is set, which means that the flags are unknown: every mapping has
    /// some.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Tells whether the flag with this two-letter code is set, for example `nr` (no swap space
    /// reserved), `hg` (huge pages advised), `ac` (accounted: it is or was writable).
    pub fn contains(self, code: &str) -> bool {
        VM_FLAG_CODES
            .iter()
            .position(|known| known.as_slice() == code.as_bytes())
            .is_some_and(|bit| self.0 & (1 << bit) != 0)
    }

    /// Returns the codes that are set.
    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        VM_FLAG_CODES
            .iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 & (1 << bit) != 0)
            .filter_map(|(_, code)| std::str::from_utf8(code.as_slice()).ok())
    }

    pub(crate) fn from_codes<'a>(codes: impl Iterator<Item = &'a [u8]>) -> Self {
        Self(codes.fold(0, |bits, code| {
            VM_FLAG_CODES
                .iter()
                .position(|known| known.as_slice() == code)
                .map_or(bits, |bit| bits | (1 << bit))
        }))
    }
}

impl fmt::Debug for VmFlags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.codes()).finish()
    }
}
