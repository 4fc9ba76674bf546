//! `memory.stat` and `memory.pressure`.

use super::malformed;
use crate::Error;
use crate::lines::{self, decimal, words};

/// Where a group's charge lies, in bytes unless a field says that it is a count; descendants are
/// included. `None` where the kernel does not print the key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CgroupStat {
    /// Anonymous memory (version 1: `rss`).
    pub anon: Option<u64>,
    /// Page cache, shared memory and tmpfs included (version 1: `cache`).
    pub file: Option<u64>,
    /// Shared memory and tmpfs.
    pub shmem: Option<u64>,
    /// The part of `file` that processes map.
    pub file_mapped: Option<u64>,
    /// File cache that waits to be written.
    pub file_dirty: Option<u64>,
    /// File cache that is being written.
    pub file_writeback: Option<u64>,
    /// Swap in use (version 1).
    pub swap: Option<u64>,
    /// In swap and in memory.
    pub swap_cached: Option<u64>,
    /// Anonymous memory in transparent huge pages.
    pub anon_thp: Option<u64>,
    /// File cache in transparent huge pages.
    pub file_thp: Option<u64>,
    /// Shared memory in transparent huge pages.
    pub shmem_thp: Option<u64>,
    /// Anonymous and shared memory, not recently used.
    pub inactive_anon: Option<u64>,
    /// Anonymous and shared memory, recently used.
    pub active_anon: Option<u64>,
    /// File cache, not recently used.
    pub inactive_file: Option<u64>,
    /// File cache, recently used.
    pub active_file: Option<u64>,
    /// Locked memory.
    pub unevictable: Option<u64>,
    /// All kernel memory (Linux 5.18).
    pub kernel: Option<u64>,
    /// Stacks of threads in the kernel.
    pub kernel_stack: Option<u64>,
    /// Page tables.
    pub pagetables: Option<u64>,
    /// Page tables of virtual machines.
    pub sec_pagetables: Option<u64>,
    /// Per-CPU data of the kernel.
    pub percpu: Option<u64>,
    /// Buffers of sockets.
    pub sock: Option<u64>,
    /// Memory from vmalloc.
    pub vmalloc: Option<u64>,
    /// Compressed swap in memory.
    pub zswap: Option<u64>,
    /// The kernel's objects.
    pub slab: Option<u64>,
    /// The part of `slab` that can be reclaimed.
    pub slab_reclaimable: Option<u64>,
    /// The part of `slab` that cannot.
    pub slab_unreclaimable: Option<u64>,
    /// The least limit of the group and its ancestors (version 1).
    pub hierarchical_limit: Option<u64>,
    /// Page faults so far: a count.
    pub pgfault: Option<u64>,
    /// Page faults that had to read a device: a count.
    pub pgmajfault: Option<u64>,
    /// Anonymous pages that came back after they were evicted: a count.
    pub workingset_refault_anon: Option<u64>,
    /// File pages that came back after they were evicted: a count; it grows fast when the cache is too small.
    pub workingset_refault_file: Option<u64>,
    /// The part of them that was put among the recently used at once: a count.
    pub workingset_activate_file: Option<u64>,
    /// Pages that reclaim looked at: a count.
    pub pgscan: Option<u64>,
    /// Pages that reclaim took: a count.
    pub pgsteal: Option<u64>,
    /// Huge pages made at a fault: a count.
    pub thp_fault_alloc: Option<u64>,
    /// Huge pages made by khugepaged: a count.
    pub thp_collapse_alloc: Option<u64>,
}

impl CgroupStat {
    /// Reads `memory.stat` of either version. Of version 1 the `total_` keys are taken, which
    /// include descendants as version 2's do; without them (a group that does not count
    /// hierarchically) the plain keys.
    ///
    /// # Errors
    /// A line that is not a key and a number.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut stat = Self::default();
        // Version 1 prints the group's own numbers first and the totals after them, under keys
        // that differ; the plain ones are filled in at the end where no total came.
        let mut own = Self::default();
        for line in lines::lines(bytes) {
            let mut pair = words(line.bytes);
            let Some(key) = pair.next() else {
                continue;
            };
            let value = pair
                .next()
                .and_then(decimal)
                .ok_or_else(|| malformed(line.number, "expected a key and a number"))?;
            if let Some(slot) = stat.slot(key) {
                *slot = Some(value);
            } else if let Some(slot) = own.slot_of_own(key) {
                *slot = Some(value);
            }
        }
        stat.anon = stat.anon.or(own.anon);
        stat.file = stat.file.or(own.file);
        stat.file_mapped = stat.file_mapped.or(own.file_mapped);
        stat.file_dirty = stat.file_dirty.or(own.file_dirty);
        stat.file_writeback = stat.file_writeback.or(own.file_writeback);
        stat.swap = stat.swap.or(own.swap);
        stat.anon_thp = stat.anon_thp.or(own.anon_thp);
        Ok(stat)
    }

    /// The keys of version 2 and the totals of version 1. A total comes after the plain key of
    /// the same name and replaces it.
    fn slot(&mut self, key: &[u8]) -> Option<&mut Option<u64>> {
        Some(match key {
            b"anon" | b"total_rss" => &mut self.anon,
            b"file" | b"total_cache" => &mut self.file,
            b"shmem" | b"total_shmem" => &mut self.shmem,
            b"file_mapped" | b"total_mapped_file" => &mut self.file_mapped,
            b"file_dirty" | b"total_dirty" => &mut self.file_dirty,
            b"file_writeback" | b"total_writeback" => &mut self.file_writeback,
            b"total_swap" => &mut self.swap,
            b"swapcached" | b"total_swapcached" => &mut self.swap_cached,
            b"anon_thp" | b"total_rss_huge" => &mut self.anon_thp,
            b"file_thp" => &mut self.file_thp,
            b"shmem_thp" => &mut self.shmem_thp,
            b"inactive_anon" | b"total_inactive_anon" => &mut self.inactive_anon,
            b"active_anon" | b"total_active_anon" => &mut self.active_anon,
            b"inactive_file" | b"total_inactive_file" => &mut self.inactive_file,
            b"active_file" | b"total_active_file" => &mut self.active_file,
            b"unevictable" | b"total_unevictable" => &mut self.unevictable,
            b"kernel" => &mut self.kernel,
            b"kernel_stack" => &mut self.kernel_stack,
            b"pagetables" => &mut self.pagetables,
            b"sec_pagetables" => &mut self.sec_pagetables,
            b"percpu" => &mut self.percpu,
            b"sock" => &mut self.sock,
            b"vmalloc" => &mut self.vmalloc,
            b"zswap" => &mut self.zswap,
            b"slab" => &mut self.slab,
            b"slab_reclaimable" => &mut self.slab_reclaimable,
            b"slab_unreclaimable" => &mut self.slab_unreclaimable,
            b"hierarchical_memory_limit" => &mut self.hierarchical_limit,
            b"pgfault" | b"total_pgfault" => &mut self.pgfault,
            b"pgmajfault" | b"total_pgmajfault" => &mut self.pgmajfault,
            b"workingset_refault_anon" | b"total_workingset_refault_anon" => {
                &mut self.workingset_refault_anon
            }
            b"workingset_refault_file" | b"total_workingset_refault_file" => {
                &mut self.workingset_refault_file
            }
            b"workingset_activate_file" | b"total_workingset_activate_file" => {
                &mut self.workingset_activate_file
            }
            b"pgscan" => &mut self.pgscan,
            b"pgsteal" => &mut self.pgsteal,
            b"thp_fault_alloc" => &mut self.thp_fault_alloc,
            b"thp_collapse_alloc" => &mut self.thp_collapse_alloc,
            _ => return None,
        })
    }

    /// The keys that version 1 alone has for a group without its descendants.
    fn slot_of_own(&mut self, key: &[u8]) -> Option<&mut Option<u64>> {
        Some(match key {
            b"rss" => &mut self.anon,
            b"cache" => &mut self.file,
            b"mapped_file" => &mut self.file_mapped,
            b"dirty" => &mut self.file_dirty,
            b"writeback" => &mut self.file_writeback,
            b"swap" => &mut self.swap,
            b"rss_huge" => &mut self.anon_thp,
            _ => return None,
        })
    }

    /// Returns all kernel memory: as the kernel sums it, or before Linux 5.18 the sum of the
    /// parts that it prints.
    pub fn kernel_or_parts(&self) -> Option<u64> {
        self.kernel.or_else(|| {
            [
                self.slab,
                self.kernel_stack,
                self.pagetables,
                self.sec_pagetables,
                self.percpu,
                self.vmalloc,
            ]
            .into_iter()
            .flatten()
            .reduce(u64::saturating_add)
        })
    }
}

/// How long tasks waited for memory (`Documentation/accounting/psi.rst`).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pressure {
    /// At least one task waited.
    pub some: PressureLine,
    /// All tasks waited at once.
    pub full: PressureLine,
}

/// One line of a pressure file.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PressureLine {
    /// Percent of the last 10 seconds.
    pub avg10: f64,
    /// Percent of the last minute.
    pub avg60: f64,
    /// Percent of the last five minutes.
    pub avg300: f64,
    /// Microseconds in all.
    pub total: u64,
}

impl Pressure {
    /// Reads `memory.pressure` or `/proc/pressure/memory`.
    ///
    /// # Errors
    /// A line that is neither `some` nor `full` with its numbers.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut pressure = Self::default();
        for line in lines::lines(bytes) {
            let mut parts = words(line.bytes);
            let target = match parts.next() {
                None => continue,
                Some(b"some") => &mut pressure.some,
                Some(b"full") => &mut pressure.full,
                Some(_) => return Err(malformed(line.number, "expected `some` or `full`")),
            };
            for part in parts {
                pressure_field(target, part)
                    .ok_or_else(|| malformed(line.number, "expected `avg10=0.00` and its like"))?;
            }
        }
        Ok(pressure)
    }
}

fn pressure_field(line: &mut PressureLine, part: &[u8]) -> Option<()> {
    let text = std::str::from_utf8(part).ok()?;
    let (key, value) = text.split_once('=')?;
    let percent = || {
        let percent: f64 = value.parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(percent)
    };
    match key {
        "avg10" => line.avg10 = percent()?,
        "avg60" => line.avg60 = percent()?,
        "avg300" => line.avg300 = percent()?,
        "total" => line.total = decimal(value.as_bytes())?,
        _ => {}
    }
    Some(())
}
