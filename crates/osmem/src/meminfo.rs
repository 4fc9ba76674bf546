//! The host's `/proc/meminfo` (`proc_meminfo(5)`; `meminfo_proc_show` in `fs/proc/meminfo.c`).

use crate::lines::{self, decimal, kilobytes};
use crate::{Error, Input, Limits};

/// The host's memory in bytes; fields that an older kernel does not print are 0 unless they are
/// optional.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemInfo {
    /// Usable memory.
    pub total: u64,
    /// Unused memory.
    pub free: u64,
    /// What the kernel thinks new programs can get without swapping (Linux 3.14).
    pub available: Option<u64>,
    /// Cached blocks of devices.
    pub buffers: u64,
    /// The page cache: files and, although it cannot be dropped, shared memory.
    pub cached: u64,
    /// Swapped back in, and still in swap too.
    pub swap_cached: u64,
    /// Recently used.
    pub active: u64,
    /// Not recently used.
    pub inactive: u64,
    /// Anonymous, recently used.
    pub active_anon: u64,
    /// Anonymous, not recently used.
    pub inactive_anon: u64,
    /// File cache, recently used.
    pub active_file: u64,
    /// File cache, not recently used.
    pub inactive_file: u64,
    /// What cannot be reclaimed: locked pages, ramfs.
    pub unevictable: u64,
    /// Locked pages.
    pub mlocked: u64,
    /// Swap space.
    pub swap_total: u64,
    /// Unused swap space.
    pub swap_free: u64,
    /// Waiting to be written.
    pub dirty: u64,
    /// Being written.
    pub writeback: u64,
    /// Anonymous pages that processes map.
    pub anon_pages: u64,
    /// File pages that processes map.
    pub mapped: u64,
    /// Shared memory and tmpfs.
    pub shmem: u64,
    /// The kernel's own allocations.
    pub slab: u64,
    /// The part of them that can be reclaimed.
    pub s_reclaimable: u64,
    /// The part of them that cannot.
    pub s_unreclaim: u64,
    /// All kernel memory that can be reclaimed (Linux 4.20; contains `s_reclaimable`).
    pub k_reclaimable: Option<u64>,
    /// The threads' stacks in the kernel.
    pub kernel_stack: u64,
    /// The page tables.
    pub page_tables: u64,
    /// The most that may be promised under strict overcommit.
    pub commit_limit: u64,
    /// What has been promised.
    pub committed_as: u64,
    /// Anonymous transparent huge pages.
    pub anon_huge_pages: u64,
    /// Huge pages of shared memory.
    pub shmem_huge_pages: u64,
    /// hugetlbfs pages set aside: a count, not bytes.
    pub huge_pages_total: u64,
    /// The part of them that is unused: a count, not bytes.
    pub huge_pages_free: u64,
    /// The size of one of them in bytes.
    pub huge_page_size: u64,
    /// All hugetlbfs pages of every size in bytes (Linux 4.19).
    pub hugetlb: u64,
}

impl MemInfo {
    /// Returns what free(1) prints as `used`: since procps-ng 4.0 `total - available`, or, where
    /// the kernel knows no `available`, [`MemInfo::used_without_cache`].
    pub fn used(&self) -> u64 {
        match self.available {
            Some(available) => self.total.saturating_sub(available),
            None => self.used_without_cache(),
        }
    }

    /// Returns what free(1) of procps-ng 3.3.10 to 3.3.17 prints as `used`:
    /// `total - free - buffers - cache`; shared memory counts as cache here and not as used.
    pub fn used_without_cache(&self) -> u64 {
        self.total
            .saturating_sub(self.free)
            .saturating_sub(self.buffers)
            .saturating_sub(self.cache())
    }

    /// Returns what free(1) prints as `cache`: `Cached + SReclaimable`. It contains shared
    /// memory, which cannot be dropped.
    pub fn cache(&self) -> u64 {
        self.cached.saturating_add(self.s_reclaimable)
    }

    /// Returns free(1)'s `buff/cache`.
    pub fn buffers_and_cache(&self) -> u64 {
        self.buffers.saturating_add(self.cache())
    }

    /// Returns the part of the cache that can really be dropped: without shared memory and what
    /// waits to be written.
    pub fn droppable_cache(&self) -> u64 {
        self.buffers_and_cache()
            .saturating_sub(self.shmem)
            .saturating_sub(self.dirty)
            .saturating_sub(self.writeback)
    }

    /// Returns what new programs can get without swapping: the kernel's own estimate, or before
    /// Linux 3.14 the free memory and half of the file cache and of the reclaimable slab, which
    /// is what the kernel takes for granted at the least when its watermarks are large
    /// (`si_mem_available` in `mm/show_mem.c`).
    pub fn really_available(&self) -> u64 {
        self.available.unwrap_or_else(|| {
            let file_cache = self.active_file.saturating_add(self.inactive_file);
            self.free
                .saturating_add(file_cache / 2)
                .saturating_add(self.s_reclaimable / 2)
        })
    }

    /// Returns the swap space in use.
    pub fn swap_used(&self) -> u64 {
        self.swap_total.saturating_sub(self.swap_free)
    }
}

/// Reads the host's memory.
///
/// # Errors
/// A file without `MemTotal` or `MemFree`, a known line whose value is no number, a cut last
/// line, or an empty file.
pub fn parse(bytes: &[u8]) -> Result<MemInfo, Error> {
    let input = Input::MemInfo;
    lines::check_size(bytes, input, &Limits::default())?;
    let mut info = MemInfo::default();
    let (mut total, mut free) = (false, false);
    let mut last_line = 1;
    for line in lines::lines(bytes) {
        last_line = line.number;
        let Some((key, value)) = lines::key_value(line.bytes) else {
            continue;
        };
        total |= key == b"MemTotal";
        free |= key == b"MemFree";
        let target = match key {
            b"MemAvailable" => info.available.insert(0),
            b"KReclaimable" => info.k_reclaimable.insert(0),
            b"HugePages_Total" | b"HugePages_Free" => {
                let pages =
                    decimal(value).ok_or_else(|| line.refuse(input, "expected a number"))?;
                if key == b"HugePages_Total" {
                    info.huge_pages_total = pages;
                } else {
                    info.huge_pages_free = pages;
                }
                continue;
            }
            b"MemTotal" => &mut info.total,
            b"MemFree" => &mut info.free,
            b"Buffers" => &mut info.buffers,
            b"Cached" => &mut info.cached,
            b"SwapCached" => &mut info.swap_cached,
            b"Active" => &mut info.active,
            b"Inactive" => &mut info.inactive,
            b"Active(anon)" => &mut info.active_anon,
            b"Inactive(anon)" => &mut info.inactive_anon,
            b"Active(file)" => &mut info.active_file,
            b"Inactive(file)" => &mut info.inactive_file,
            b"Unevictable" => &mut info.unevictable,
            b"Mlocked" => &mut info.mlocked,
            b"SwapTotal" => &mut info.swap_total,
            b"SwapFree" => &mut info.swap_free,
            b"Dirty" => &mut info.dirty,
            b"Writeback" => &mut info.writeback,
            b"AnonPages" => &mut info.anon_pages,
            b"Mapped" => &mut info.mapped,
            b"Shmem" => &mut info.shmem,
            b"Slab" => &mut info.slab,
            b"SReclaimable" => &mut info.s_reclaimable,
            b"SUnreclaim" => &mut info.s_unreclaim,
            b"KernelStack" => &mut info.kernel_stack,
            b"PageTables" => &mut info.page_tables,
            b"CommitLimit" => &mut info.commit_limit,
            b"Committed_AS" => &mut info.committed_as,
            b"AnonHugePages" => &mut info.anon_huge_pages,
            b"ShmemHugePages" => &mut info.shmem_huge_pages,
            b"Hugepagesize" => &mut info.huge_page_size,
            b"Hugetlb" => &mut info.hugetlb,
            _ => continue,
        };
        *target = kilobytes(value).ok_or_else(|| line.refuse(input, "expected a number of kB"))?;
    }
    for (present, field) in [(total, "MemTotal"), (free, "MemFree")] {
        if !present {
            return Err(Error::MissingField {
                input,
                line: last_line,
                field,
            });
        }
    }
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "\
MemTotal:       24684096 kB
MemFree:         3534204 kB
MemAvailable:   14310824 kB
Buffers:           13028 kB
Cached:         11951548 kB
SwapCached:            8 kB
Active(file):    6267828 kB
Inactive(file):  3687952 kB
SwapTotal:       1000000 kB
SwapFree:         400000 kB
Dirty:            364668 kB
Writeback:             8 kB
Shmem:           2008788 kB
SReclaimable:      53864 kB
HugePages_Total:       4
HugePages_Free:        1
Hugepagesize:       2048 kB
Hugetlb:            8192 kB
";

    #[test]
    fn used_and_cache_are_those_of_free() {
        let info = parse(HOST.as_bytes()).unwrap();
        let kilobytes = |bytes: u64| bytes / 1024;
        assert_eq!(kilobytes(info.used()), 24_684_096 - 14_310_824);
        assert_eq!(kilobytes(info.cache()), 11_951_548 + 53_864);
        assert_eq!(
            kilobytes(info.used_without_cache()),
            24_684_096 - 3_534_204 - 13_028 - 11_951_548 - 53_864
        );
        assert_eq!(
            kilobytes(info.droppable_cache()),
            13_028 + 11_951_548 + 53_864 - 2_008_788 - 364_668 - 8
        );
        assert_eq!(kilobytes(info.really_available()), 14_310_824);
        assert_eq!(kilobytes(info.swap_used()), 600_000);
        assert_eq!((info.huge_pages_total, info.huge_pages_free), (4, 1));
        assert_eq!(info.huge_page_size, 2 << 20);
    }

    #[test]
    fn an_old_kernel_has_no_available() {
        let old = HOST.replace("MemAvailable", "MemOther");
        let info = parse(old.as_bytes()).unwrap();
        assert_eq!(info.available, None);
        assert_eq!(
            info.really_available() / 1024,
            3_534_204 + 4_977_890 + 26_932
        );
        assert_eq!(info.used(), info.used_without_cache());
    }

    #[test]
    fn errors_name_line_and_field() {
        let no_free = HOST.replace("MemFree", "Mem");
        assert_eq!(
            parse(no_free.as_bytes()).unwrap_err().to_string(),
            "meminfo line 18: no field MemFree up to here"
        );
        let cut = &HOST.as_bytes()[..20];
        assert_eq!(
            parse(cut),
            Err(Error::Truncated {
                input: Input::MemInfo,
                line: 1
            })
        );
    }
}
