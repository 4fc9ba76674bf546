//! What a control group's memory controller says, version 1 and version 2.
//!
//! The way from a pid to numbers, with every file read by the caller:
//! [`parse_membership`] on `/proc/PID/cgroup`, [`Mounts::parse`] on the reader's own
//! `/proc/self/mountinfo`, [`files_to_read`] for the paths to open, [`levels`] on what came back,
//! and [`nearest_limit`] over the levels: a parent's lower limit binds as well.
//!
//! The keys are those of `Documentation/admin-guide/cgroup-v2.rst` and
//! `Documentation/admin-guide/cgroup-v1/memory.rst`. Charges are made in batches (64 pages a CPU),
//! so that sums of parts are near the whole, not equal to it.

mod files;
mod levels;
mod membership;
mod stat;

pub use files::{FILES_V1, FILES_V2, files_to_read};
pub use levels::{BindingLimit, levels, nearest_limit};
pub use membership::{Membership, Mount, Mounts, parse_membership};
pub use stat::{CgroupStat, Pressure, PressureLine};

use crate::lines::{self, decimal, words};
use crate::{Error, Input, Limits};

/// Which of the two interfaces a group's files belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Version {
    /// `memory.usage_in_bytes` and its like.
    V1,
    /// `memory.current` and its like.
    #[default]
    V2,
}

/// A limit on memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Limit {
    /// None: `max`, or a number no machine reaches.
    #[default]
    Unlimited,
    /// So many bytes.
    Bytes(u64),
}

/// Limits from here on are none: version 1 prints the largest multiple of the page size below
/// 2^63 (9223372036854771712 with pages of 4 KiB) for no limit.
const UNLIMITED_FROM: u64 = 1 << 62;

impl Limit {
    /// Returns the bytes; `None` when there is no limit.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        if value == b"max" || value == b"-1" {
            return Some(Self::Unlimited);
        }
        Some(match decimal(value)? {
            UNLIMITED_FROM.. => Self::Unlimited,
            bytes => Self::Bytes(bytes),
        })
    }
}

/// How often a group met its bounds since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Events {
    /// Reclaimed although below `memory.low`.
    pub low: u64,
    /// Throttled at `memory.high`.
    pub high: u64,
    /// About to pass `memory.max`.
    pub max: u64,
    /// Out of memory: reclaim did not help.
    pub oom: u64,
    /// Processes killed for it.
    pub oom_kill: u64,
    /// Whole groups killed for it.
    pub oom_group_kill: u64,
}

/// The memory of one control group and its descendants. Sizes are bytes; `None` where the
/// kernel, the version or the reader's rights do not give the number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cgroup {
    /// Which interface it was read from.
    pub version: Version,
    /// The group's directory, when it is known.
    pub path: String,
    /// What is charged now.
    pub current: Option<u64>,
    /// The most that was charged (version 2: Linux 5.19).
    pub peak: Option<u64>,
    /// What must not be passed; `None` where it was not read (the root group has none).
    pub limit: Option<Limit>,
    /// Where allocations are throttled (version 2), or the soft limit (version 1).
    pub high: Option<Limit>,
    /// What is reclaimed only when nothing else is left (version 2).
    pub low: Option<Limit>,
    /// What is never reclaimed (version 2).
    pub min: Option<Limit>,
    /// Swap in use.
    pub swap_current: Option<u64>,
    /// What swap may be used.
    pub swap_limit: Option<Limit>,
    /// Kernel memory: `kernel` of version 2's stat (Linux 5.18, else the sum of its parts),
    /// `memory.kmem.usage_in_bytes` of version 1.
    pub kernel: Option<u64>,
    /// How often bounds were met.
    pub events: Option<Events>,
    /// How often the limit was hit (version 1).
    pub failcnt: Option<u64>,
    /// Where the charge lies.
    pub stat: CgroupStat,
    /// How long tasks waited for memory.
    pub pressure: Option<Pressure>,
}

impl Cgroup {
    /// Takes a group's files by their names (`memory.current`, or a path that ends so); names
    /// that are not known are ignored, and missing files leave their numbers unknown.
    ///
    /// # Errors
    /// A known file whose content has not its form.
    pub fn from_files<'a>(
        version: Version,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, Error> {
        let mut group = Self {
            version,
            ..Self::default()
        };
        for (path, bytes) in files {
            let name = path.rsplit('/').next().unwrap_or(path);
            group.take(name, bytes)?;
        }
        group.settle();
        Ok(group)
    }

    /// Reads several files in one text: lines of `name number`, then a line `# memory.stat` and
    /// that file's content (further `# name` lines may begin other files). The version is told
    /// by the names.
    ///
    /// # Errors
    /// A text without any known name, or one whose content has not its form.
    pub fn from_combined_text(bytes: &[u8]) -> Result<Self, Error> {
        let input = Input::CgroupFile;
        lines::check_size(bytes, input, &Limits::default())?;
        let mut group = Self::default();
        let mut section: Option<(String, Vec<u8>)> = None;
        let mut known = false;
        let mut version = Version::V2;
        let mut last_line = 1;
        for line in lines::lines(bytes) {
            last_line = line.number;
            if let Some(name) = line.bytes.strip_prefix(b"#") {
                if let Some((name, content)) = section.take() {
                    known |= group.take(&name, &content)?;
                }
                section = Some((lines::text(name.trim_ascii()), Vec::new()));
            } else if let Some((_, content)) = section.as_mut() {
                content.extend_from_slice(line.bytes);
                content.push(b'\n');
            } else if let Some(space) = line.bytes.iter().position(u8::is_ascii_whitespace) {
                let (name, value) = line.bytes.split_at(space);
                let name = lines::text(name);
                if name == "memory.usage_in_bytes" || name == "memory.limit_in_bytes" {
                    version = Version::V1;
                }
                known |= group.take(&name, value)?;
            }
        }
        if let Some((name, content)) = section {
            known |= group.take(&name, &content)?;
        }
        if !known {
            return Err(Error::MissingField {
                input,
                line: last_line,
                field: "memory.current or memory.usage_in_bytes",
            });
        }
        group.version = version;
        group.settle();
        Ok(group)
    }

    /// Takes one file; false when its name is not known.
    fn take(&mut self, name: &str, bytes: &[u8]) -> Result<bool, Error> {
        let number = || -> Result<Option<u64>, Error> {
            decimal(bytes.trim_ascii())
                .map(Some)
                .ok_or_else(|| malformed(1, "expected a number of bytes"))
        };
        let limit = || -> Result<Option<Limit>, Error> {
            Limit::parse(bytes)
                .map(Some)
                .ok_or_else(|| malformed(1, "expected a number of bytes or `max`"))
        };
        match name {
            "memory.current" | "memory.usage_in_bytes" => self.current = number()?,
            "memory.peak" | "memory.max_usage_in_bytes" => self.peak = number()?,
            "memory.max" | "memory.limit_in_bytes" => self.limit = limit()?,
            "memory.high" | "memory.soft_limit_in_bytes" => self.high = limit()?,
            "memory.low" => self.low = limit()?,
            "memory.min" => self.min = limit()?,
            "memory.swap.current" => self.swap_current = number()?,
            "memory.swap.max" => self.swap_limit = limit()?,
            "memory.kmem.usage_in_bytes" => self.kernel = number()?,
            "memory.failcnt" => self.failcnt = number()?,
            "memory.events" => self.events = Some(events(bytes, Events::default())?),
            "memory.oom_control" => {
                // Version 1 counts kills here (Linux 4.13) and nothing else of interest.
                self.events = Some(events(bytes, self.events.unwrap_or_default())?);
            }
            "memory.stat" => self.stat = CgroupStat::parse(bytes)?,
            "memory.pressure" => self.pressure = Some(Pressure::parse(bytes)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Fills in what follows from several files.
    fn settle(&mut self) {
        match self.version {
            Version::V2 => self.kernel = self.kernel.or(self.stat.kernel_or_parts()),
            Version::V1 => self.swap_current = self.swap_current.or(self.stat.swap),
        }
    }

    /// Returns what Kubernetes and cAdvisor call the working set: the charge less the inactive
    /// file cache of the group and its descendants, not below 0 (`setMemoryStats` of cAdvisor's
    /// `container/libcontainer/handler.go`). The kubelet evicts by it. It still contains the
    /// active file cache, which the kernel drops before it kills.
    pub fn working_set(&self) -> Option<u64> {
        Some(
            self.current?
                .saturating_sub(self.stat.inactive_file.unwrap_or(0)),
        )
    }

    /// Returns the page cache of files, shared memory and tmpfs left out.
    pub fn page_cache(&self) -> Option<u64> {
        Some(self.stat.file?.saturating_sub(self.stat.shmem.unwrap_or(0)))
    }

    /// Returns what the kernel can take back without swapping: the file cache on its lists less
    /// what waits to be written, and reclaimable slab. Memory released with `MADV_FREE` is on
    /// those lists and counts.
    pub fn reclaimable(&self) -> Option<u64> {
        let stat = &self.stat;
        let file_cache = stat
            .inactive_file?
            .saturating_add(stat.active_file.unwrap_or(0));
        let unwritten = stat
            .file_dirty
            .unwrap_or(0)
            .saturating_add(stat.file_writeback.unwrap_or(0));
        Some(
            file_cache
                .saturating_sub(unwritten)
                .saturating_add(stat.slab_reclaimable.unwrap_or(0)),
        )
    }

    /// Returns what stays when everything reclaimable is gone; a limit below it means that the
    /// group cannot live.
    pub fn unreclaimable(&self) -> Option<u64> {
        Some(self.current?.saturating_sub(self.reclaimable()?))
    }

    /// Returns what the group is charged beyond the resident anonymous memory that a process (or
    /// the sum of its processes) shows: page cache, shared memory, kernel memory, other
    /// processes. Negative when pages are charged to another group, or the reading is not atomic.
    pub fn charged_beyond(&self, rss_anon: u64) -> Option<i128> {
        Some(i128::from(self.current?) - i128::from(rss_anon))
    }

    /// Returns the anonymous memory of the group that the process does not show: other
    /// processes' in the main. Negative under the same conditions.
    pub fn anon_beyond(&self, rss_anon: u64) -> Option<i128> {
        Some(i128::from(self.stat.anon?) - i128::from(rss_anon))
    }

    /// Returns the distance to the group's own limit; `None` without a limit, negative never
    /// (the kernel can pass a limit for a moment).
    pub fn headroom(&self) -> Option<u64> {
        Some(self.limit?.bytes()?.saturating_sub(self.current?))
    }

    /// Returns the parts that the controller names and what they leave of the charge
    /// unexplained.
    pub fn identity(&self) -> Option<ChargeIdentity> {
        let stat = &self.stat;
        let parts = [
            stat.anon?,
            stat.file?,
            self.kernel.unwrap_or(0),
            stat.sock.unwrap_or(0),
        ]
        .into_iter()
        .fold(0u64, u64::saturating_add);
        Some(ChargeIdentity {
            charge: self.current?,
            parts,
        })
    }

    /// Returns by how much the file cache on the kernel's lists differs from the file cache as it
    /// is counted: `inactive_file + active_file - (file - shmem)`. Positive when processes have
    /// released memory with `MADV_FREE`: the kernel puts those anonymous pages on the inactive
    /// file list (so that the working set leaves them out) and still counts them as anonymous.
    /// Locked file pages and per-CPU batches make it differ from 0 as well.
    pub fn file_lists_gap(&self) -> Option<i128> {
        let lists = i128::from(self.stat.inactive_file?) + i128::from(self.stat.active_file?);
        Some(lists - i128::from(self.page_cache()?))
    }

    /// Returns by how much the anonymous and shared memory on the kernel's lists differs from
    /// what is counted: `inactive_anon + active_anon - (anon + shmem)`. Negative when processes
    /// have released memory with `MADV_FREE`, or locked it.
    pub fn anon_lists_gap(&self) -> Option<i128> {
        let stat = &self.stat;
        let lists = i128::from(stat.inactive_anon?) + i128::from(stat.active_anon?);
        Some(lists - i128::from(stat.anon?) - i128::from(stat.shmem.unwrap_or(0)))
    }
}

/// A group's charge against the sum of the parts that the controller names: anonymous memory,
/// files (with shared memory), kernel memory, sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeIdentity {
    /// What is charged.
    pub charge: u64,
    /// The sum of the parts.
    pub parts: u64,
}

impl ChargeIdentity {
    /// Returns what the parts leave unexplained; negative when they are more than the charge.
    pub fn gap(self) -> i128 {
        i128::from(self.charge) - i128::from(self.parts)
    }
}

fn malformed(line: usize, problem: &'static str) -> Error {
    Error::Malformed {
        input: Input::CgroupFile,
        line,
        problem,
    }
}

/// Reads `memory.events` or version 1's `memory.oom_control`, which has the same form.
fn events(bytes: &[u8], mut events: Events) -> Result<Events, Error> {
    for line in lines::lines(bytes) {
        let mut pair = words(line.bytes);
        let (Some(key), Some(value)) = (pair.next(), pair.next()) else {
            continue;
        };
        let target = match key {
            b"low" => &mut events.low,
            b"high" => &mut events.high,
            b"max" => &mut events.max,
            b"oom" => &mut events.oom,
            b"oom_kill" => &mut events.oom_kill,
            b"oom_group_kill" => &mut events.oom_group_kill,
            _ => continue,
        };
        *target = decimal(value).ok_or_else(|| malformed(line.number, "expected a number"))?;
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
