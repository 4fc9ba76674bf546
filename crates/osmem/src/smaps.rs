//! `/proc/PID/smaps` and `/proc/PID/smaps_rollup` (`proc_pid_smaps(5)`; `show_smap` and
//! `show_smaps_rollup` in `fs/proc/task_mmu.c`).
//!
//! The kernel writes one `maps` line a mapping and after it the same fields in the same order for
//! every mapping, so an entry is complete when its last field is the one that ends the first
//! entry. Reading is not atomic: a process that maps memory meanwhile can show a range twice.

use crate::lines::{self, Line, kilobytes, words};
use crate::mapping::{Mapping, MappingMemory, VmFlags};
use crate::{Error, Input, Limits, maps};

/// What could be read of a file that may have been cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The mappings that are complete.
    pub mappings: Vec<Mapping>,
    /// What stopped the reading; `None` when the whole file was read.
    pub stopped_by: Option<Error>,
}

impl Partial {
    /// Tells whether something is missing at the end.
    pub fn was_cut(&self) -> bool {
        self.stopped_by.is_some()
    }
}

/// Reads all mappings with their memory.
///
/// # Errors
/// A line that is neither a mapping nor a field, an entry without `Rss` (such as the lines of
/// `maps`), a file that ends in the middle of an entry, an empty file, or more than `limits`.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Vec<Mapping>, Error> {
    let Partial {
        mappings,
        stopped_by,
    } = parse_partial(bytes, limits)?;
    match stopped_by {
        Some(error) => Err(error),
        None => Ok(mappings),
    }
}

/// Reads the complete mappings at the beginning of a file and says what stopped it.
///
/// # Errors
/// An empty file or more than `limits`; anything else is told in [`Partial::stopped_by`].
pub fn parse_partial(bytes: &[u8], limits: &Limits) -> Result<Partial, Error> {
    lines::check_size(bytes, Input::Smaps, limits)?;
    let mut reader = Reader::default();
    let stopped_by = reader.read(bytes, limits).err();
    if let Some(error @ Error::Limit { .. }) = stopped_by {
        return Err(error);
    }
    Ok(Partial {
        mappings: reader.mappings,
        stopped_by,
    })
}

/// Reads the sum over all mappings.
///
/// # Errors
/// A line that is neither a mapping nor a field, a missing `Rss` or `Private_Dirty`, a cut last
/// line, or an empty file.
pub fn parse_rollup(bytes: &[u8]) -> Result<MappingMemory, Error> {
    let input = Input::SmapsRollup;
    lines::check_size(bytes, input, &Limits::default())?;
    let mut memory = MappingMemory::default();
    let mut seen = Seen::default();
    let mut last_line = 1;
    for line in lines::lines(bytes) {
        last_line = line.number;
        if maps::header(line.bytes).is_some() || line.bytes.trim_ascii().is_empty() {
            continue;
        }
        if let Err(problem) = field(&line, &mut memory, &mut seen) {
            return Err(line.refuse(input, problem));
        }
    }
    for (present, name) in [(seen.rss, "Rss"), (seen.private_dirty, "Private_Dirty")] {
        if !present {
            return Err(Error::MissingField {
                input,
                line: last_line,
                field: name,
            });
        }
    }
    Ok(memory)
}

const NO_FIELD: &str = "expected a mapping or a field of one";

/// Which fields of an entry have been read.
#[derive(Debug, Default)]
struct Seen {
    rss: bool,
    private_dirty: bool,
    vm_flags: Option<VmFlags>,
    /// An old Android kernel's name of anonymous memory.
    name: Option<String>,
    last_key: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    mapping: Mapping,
    memory: MappingMemory,
    seen: Seen,
    last_line: usize,
}

#[derive(Debug, Default)]
struct Reader {
    mappings: Vec<Mapping>,
    open: Option<Entry>,
    /// The key that ends the first entry, and so every entry.
    final_key: Option<Vec<u8>>,
}

impl Reader {
    fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), Error> {
        let input = Input::Smaps;
        let mut last = None;
        for line in lines::lines(bytes) {
            if line.bytes.trim_ascii().is_empty() {
                continue;
            }
            last = Some(line);
            if let Some(mapping) = maps::header(line.bytes) {
                self.close()?;
                maps::check_line(&line, self.mappings.len(), input, limits)?;
                self.open = Some(Entry {
                    mapping,
                    memory: MappingMemory::default(),
                    seen: Seen::default(),
                    last_line: line.number,
                });
                continue;
            }
            maps::check_line(&line, 0, input, limits)?;
            let read = match self.open.as_mut() {
                Some(entry) => {
                    entry.last_line = line.number;
                    field(&line, &mut entry.memory, &mut entry.seen)
                }
                None => Err(maps::NOT_A_MAPPING),
            };
            if let Err(problem) = read {
                self.close_if_complete();
                return Err(line.refuse(input, problem));
            }
        }
        self.finish(last)
    }

    /// Takes the entry that a new mapping's line ends.
    fn close(&mut self) -> Result<(), Error> {
        let Some(entry) = self.open.take() else {
            return Ok(());
        };
        if !entry.seen.rss {
            return Err(Error::MissingField {
                input: Input::Smaps,
                line: entry.last_line,
                field: "Rss",
            });
        }
        if self.final_key.is_none() {
            self.final_key = Some(entry.seen.last_key.clone());
        }
        self.take(entry);
        Ok(())
    }

    /// Tells whether the open entry has its last field.
    fn is_complete(&self) -> bool {
        self.open.as_ref().is_some_and(|entry| {
            entry.seen.rss
                && match &self.final_key {
                    Some(key) => entry.seen.last_key == *key,
                    // A single mapping: `VmFlags` ends an entry since Linux 3.8.
                    None => entry.seen.vm_flags.is_some(),
                }
        })
    }

    /// Takes the open entry before a line that cannot be read if it was whole.
    fn close_if_complete(&mut self) {
        if self.is_complete()
            && let Some(entry) = self.open.take()
        {
            self.take(entry);
        }
    }

    /// Takes the last entry if nothing of it is missing.
    fn finish(&mut self, last: Option<Line<'_>>) -> Result<(), Error> {
        let is_complete = self.is_complete();
        let Some(entry) = self.open.take() else {
            return Ok(());
        };
        // The kernel ends every line; an unfinished `VmFlags` of the very last mapping is only
        // forgiven where nothing can follow (text that lost its last newline on its way).
        let may_lack_newline = entry.mapping.path.starts_with('[');
        let terminated = last.is_none_or(|line| line.terminated);
        if is_complete && (terminated || may_lack_newline) {
            self.take(entry);
            return Ok(());
        }
        Err(Error::Truncated {
            input: Input::Smaps,
            line: entry.last_line,
        })
    }

    fn take(&mut self, entry: Entry) {
        let mut mapping = entry.mapping;
        mapping.memory = Some(entry.memory);
        mapping.vm_flags = entry.seen.vm_flags.unwrap_or_default();
        if mapping.path.is_empty() {
            mapping.path = entry.seen.name.unwrap_or_default();
        }
        self.mappings.push(mapping);
    }
}

/// Reads one `Key: value` line into `memory`; keys that are not kept are skipped.
fn field(line: &Line<'_>, memory: &mut MappingMemory, seen: &mut Seen) -> Result<(), &'static str> {
    let (key, value) = lines::key_value(line.bytes).ok_or(NO_FIELD)?;
    if !key
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    {
        return Err(NO_FIELD);
    }
    seen.last_key.clear();
    seen.last_key.extend_from_slice(key);
    let target = match key {
        b"Rss" => {
            seen.rss = true;
            &mut memory.rss
        }
        b"Private_Dirty" => {
            seen.private_dirty = true;
            &mut memory.private_dirty
        }
        b"Pss" => &mut memory.pss,
        b"Shared_Clean" => &mut memory.shared_clean,
        b"Shared_Dirty" => &mut memory.shared_dirty,
        b"Private_Clean" => &mut memory.private_clean,
        b"Referenced" => &mut memory.referenced,
        b"Anonymous" => &mut memory.anonymous,
        b"LazyFree" => &mut memory.lazy_free,
        b"AnonHugePages" => &mut memory.anon_huge_pages,
        b"ShmemPmdMapped" => &mut memory.shmem_pmd_mapped,
        b"FilePmdMapped" => &mut memory.file_pmd_mapped,
        b"Shared_Hugetlb" => &mut memory.shared_hugetlb,
        b"Private_Hugetlb" => &mut memory.private_hugetlb,
        b"Swap" => &mut memory.swap,
        b"SwapPss" => &mut memory.swap_pss,
        b"Locked" => &mut memory.locked,
        b"KSM" => &mut memory.ksm,
        b"KernelPageSize" => &mut memory.kernel_page_size,
        b"VmFlags" => {
            seen.vm_flags = Some(VmFlags::from_codes(words(value)));
            return Ok(());
        }
        b"Name" => {
            seen.name = Some(lines::text(value));
            return Ok(());
        }
        _ => return Ok(()),
    };
    *target = kilobytes(value).ok_or("expected a number of kB")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
00400000-00744000 r-xp 00000000 fe:00 10176829   /srv/app
Size:               3344 kB
KernelPageSize:        4 kB
Rss:                2704 kB
Pss:                1352 kB
Shared_Clean:       2704 kB
Private_Dirty:         0 kB
ProtectionKey:         0
VmFlags: rd ex mr mw me
c000000000-c000400000 rw-p 00000000 00:00 0
Size:               4096 kB
KernelPageSize:        4 kB
Rss:                 100 kB
Pss:                 100 kB
Shared_Clean:          0 kB
Private_Dirty:       100 kB
LazyFree:             12 kB
Swap:                 64 kB
SwapPss:              32 kB
ProtectionKey:         0
VmFlags: rd wr mr mw me ac hg
";

    fn read(text: &str) -> Result<Vec<Mapping>, Error> {
        parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn fields_are_bytes() {
        let mappings = read(TWO).unwrap();
        let text = mappings[0].memory.unwrap();
        assert_eq!(text.rss, 2704 << 10);
        assert_eq!(text.pss, 1352 << 10);
        assert_eq!((text.shared(), text.uss()), (2704 << 10, 0));
        let heap = mappings[1].memory.unwrap();
        assert_eq!(
            (heap.lazy_free, heap.swap, heap.swap_pss),
            (12 << 10, 64 << 10, 32 << 10)
        );
        assert!(mappings[1].vm_flags.contains("hg") && !mappings[1].vm_flags.contains("nh"));
        let sum: MappingMemory = mappings.iter().filter_map(|mapping| mapping.memory).sum();
        assert_eq!((sum.rss, sum.kernel_page_size), (2804 << 10, 4 << 10));
    }

    #[test]
    fn every_cut_is_noticed_or_leaves_whole_mappings() {
        let whole = read(TWO).unwrap();
        let first_entry = TWO.find("c000000000").unwrap();
        for length in 1..TWO.len() {
            let cut = &TWO.as_bytes()[..length];
            let partial = parse_partial(cut, &Limits::default()).unwrap();
            assert_eq!(
                partial.mappings,
                whole[..partial.mappings.len()],
                "{length}"
            );
            if length == first_entry {
                assert!(!partial.was_cut());
            } else {
                assert!(partial.was_cut(), "{length}");
                assert_eq!(partial.mappings.len(), usize::from(length > first_entry));
                assert!(matches!(
                    parse(cut, &Limits::default()),
                    Err(Error::Truncated { .. })
                ));
            }
        }
    }

    #[test]
    fn a_lost_last_newline_is_forgiven_where_nothing_follows() {
        let text = TWO.trim_end().replace(
            "c000000000-c000400000 rw-p 00000000 00:00 0",
            "7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0   [stack]",
        );
        assert_eq!(read(&text).unwrap().len(), 2);
    }

    #[test]
    fn maps_instead_of_smaps_is_told() {
        let error = read("1000-2000 rw-p 00000000 00:00 0\n2000-3000 rw-p 00000000 00:00 0\n");
        assert_eq!(
            error.unwrap_err().to_string(),
            "smaps line 1: no field Rss up to here"
        );
    }

    #[test]
    fn something_else_entirely_is_told() {
        assert_eq!(
            read("<html>\n").unwrap_err().to_string(),
            "smaps line 1: expected `start-end permissions offset device inode path`"
        );
        assert_eq!(
            read(&TWO.replace("  64 kB", "many kB"))
                .unwrap_err()
                .to_string(),
            "smaps line 18: expected a number of kB"
        );
    }

    #[test]
    fn a_kernel_without_vm_flags() {
        let text: String = TWO
            .lines()
            .filter(|line| !line.starts_with("VmFlags") && !line.starts_with("Prot"))
            .flat_map(|line| [line, "\n"])
            .collect();
        let old = text.replace("LazyFree:             12 kB\n", "").replace(
            "Swap:                 64 kB\nSwapPss:              32 kB\n",
            "",
        );
        let mappings = read(&old).unwrap();
        assert_eq!(mappings.len(), 2);
        assert!(mappings[1].vm_flags.is_empty());
    }

    #[test]
    fn a_name_field_names_anonymous_memory() {
        let text = TWO.replace(
            "Size:               4096 kB",
            "Name:           [anon:libc_malloc]\nSize:               4096 kB",
        );
        assert_eq!(read(&text).unwrap()[1].path, "[anon:libc_malloc]");
    }

    #[test]
    fn a_rollup_needs_its_fields() {
        let rollup = b"00400000-7fff801f2000 ---p 00000000 00:00 0  [rollup]\n\
            Rss:   137444 kB\nPss: 137437 kB\nPrivate_Dirty: 137436 kB\nSwap: 4 kB\n";
        let memory = parse_rollup(rollup).unwrap();
        assert_eq!((memory.rss, memory.swap), (137_444 << 10, 4 << 10));
        assert_eq!(
            parse_rollup(b"Rss:   137444 kB\n").unwrap_err().to_string(),
            "smaps_rollup line 1: no field Private_Dirty up to here"
        );
        assert!(matches!(
            parse_rollup(b"Rss:   137444 k"),
            Err(Error::Truncated { line: 1, .. })
        ));
    }
}
