//! Questions about the process that several rules ask.

use crate::situation::Situation;
use fathom_goruntime::metrics::MemoryLimit;
use fathom_osmem::classify::RegionClass;

/// What a thread takes from Go's stack pools, in bytes: g0 16 KiB and gsignal
/// 32 KiB (Go 1.27.3, src/runtime/proc.go:2351, `os_linux.go:388`).
pub(crate) const THREAD_STACKS: u64 = 48 << 10;

/// A container runs its program, and perhaps a shell and an init; with more
/// processes the charge is not the program's own.
const OWN_PROCESSES: usize = 3;

/// A cgroup whose anonymous memory is this much beyond the process's own holds
/// other processes too.
const OTHERS: u64 = 16 << 20;

impl Situation {
    /// Says whether every mapping is known with its resident bytes.
    pub(crate) fn has_mappings(&self) -> bool {
        self.space
            .as_ref()
            .is_some_and(|space| space.process_memory().is_some())
    }

    /// Returns the size of the address space.
    pub(crate) fn virtual_size(&self) -> Option<u64> {
        let mapped = || self.space.as_ref().map(|space| space.total().size);
        self.status
            .as_ref()
            .and_then(|status| status.vm_size)
            .or_else(mapped)
            .or_else(|| self.metrics.process_virtual_memory())
    }

    /// Returns GOMEMLIMIT, where one is set.
    pub(crate) fn memory_limit(&self) -> Option<u64> {
        match self.metrics.memory_limit()? {
            MemoryLimit::Bytes(bytes) => Some(bytes),
            MemoryLimit::Unlimited => None,
        }
    }

    /// Returns what is swapped out: exact where the mappings are known.
    pub(crate) fn swap(&self) -> Option<u64> {
        self.memory
            .as_ref()
            .map(|memory| memory.swap)
            .or_else(|| self.status.as_ref().and_then(|status| status.vm_swap))
    }

    /// Says whether the program has C code: the C library is mapped, or the
    /// build used cgo. `None` where neither is known.
    pub(crate) fn uses_c(&self) -> Option<bool> {
        let mapped = self.space.as_ref().map(|space| {
            space.class_total(RegionClass::LibraryFile).mappings > 0
                || space.class_total(RegionClass::CHeap).mappings > 0
        });
        let built = self
            .build
            .as_ref()
            .and_then(|build| build.setting("CGO_ENABLED"))
            .map(|value| value == "1");
        match (mapped, built) {
            (Some(true), _) => Some(true),
            (Some(false), _) => Some(false),
            (None, built) => built,
        }
    }

    /// Says whether the cgroup holds other processes: by their number, else by
    /// its anonymous memory.
    pub(crate) fn cgroup_is_shared(&self) -> bool {
        let Some(cgroup) = &self.cgroup else {
            return false;
        };
        if self
            .cgroup_processes
            .is_some_and(|processes| processes > OWN_PROCESSES)
        {
            return true;
        }
        let own = self.resident_split().map_or(0, |split| split.anonymous);
        let charged = cgroup.stat.anon.or(cgroup.current).unwrap_or(0);
        charged > own.saturating_add(own / 2).saturating_add(OTHERS)
    }

    /// Returns the largest anonymous mappings that may be foreign, with a name
    /// for each and their resident bytes.
    pub(crate) fn largest_foreign(&self) -> Vec<(String, u64)> {
        let Some(space) = &self.space else {
            return Vec::new();
        };
        space
            .largest_anonymous(3)
            .into_iter()
            .filter_map(|region| {
                let mapping = &region.mapping;
                let resident = mapping.memory.as_ref()?.rss;
                (resident >= 4 << 20).then(|| {
                    let name = format!("mapping {:x}-{:x}", mapping.start, mapping.end);
                    (name, resident)
                })
            })
            .collect()
    }
}
