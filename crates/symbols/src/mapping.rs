//! From addresses of a process to addresses of a binary.
//!
//! A profile has the addresses at which code ran and, for each mapping, where it began, where it
//! ended, and at which offset of the file. The binary has the addresses that it asks for. The
//! difference between the two is the *base* of the mapping: 0 for a program at a fixed address,
//! anything for a library or a position-independent program.

use crate::image::{Format, ImageKind, Segment};
use crate::{Error, Image, Result};

/// The size of a page that the rules for ELF assume, as elfexec does.
const PAGE: u64 = 4096;

/// Addresses from here on are the kernel's.
const KERNEL: u64 = 1 << 63;

/// A mapping of a process, as a profile has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RuntimeMapping {
    /// Its first address.
    pub start: u64,
    /// The address after its last.
    pub limit: u64,
    /// The offset in the file of its first byte.
    pub offset: u64,
}

impl RuntimeMapping {
    fn error(&self, reason: impl Into<String>) -> Error {
        Error::Mapping {
            start: self.start,
            limit: self.limit,
            offset: self.offset,
            reason: reason.into(),
        }
    }
}

/// Returns the address in the binary of an address of the process.
///
/// # Errors
///
/// As [`base`].
pub fn file_address(image: &Image, mapping: &RuntimeMapping, address: u64) -> Result<u64> {
    Ok(address.wrapping_sub(base(image, mapping, address)?))
}

/// Returns what to subtract, modulo 2^64, from an address of the process for that of the binary.
///
/// For ELF this is `GetBase` with the program header that `ProgramHeadersForMapping` and
/// `HeaderForFileOffset` choose, internal/elfexec of github.com/google/pprof as Go 1.27 has it in
/// cmd/vendor; for Mach-O and PE the rules of its internal/binutils. The address only matters
/// where a mapping covers several segments of the file.
///
/// # Errors
///
/// When the mapping does not belong to the binary, or is the kernel's.
pub fn base(image: &Image, mapping: &RuntimeMapping, address: u64) -> Result<u64> {
    let RuntimeMapping {
        start,
        limit,
        offset,
    } = *mapping;
    // Some tools make up one mapping of the whole address space for addresses that need nothing.
    if start == 0 && offset == 0 && (limit == u64::MAX || limit == 0) {
        return Ok(0);
    }
    match image.format() {
        Format::Elf => {}
        Format::MachO => return Ok(start.wrapping_sub(image.preferred_base())),
        Format::Pe if start > 0 => return Ok(start.wrapping_sub(image.preferred_base())),
        Format::Pe => return Ok(0),
    }
    let segment = segment_of(image, mapping, address)?;
    match image.kind() {
        ImageKind::Executable | ImageKind::Dynamic => {
            let Some(segment) = segment else {
                return Ok(match image.kind() {
                    ImageKind::Executable => 0,
                    _ => start.wrapping_sub(offset),
                });
            };
            if start >= KERNEL {
                return Err(mapping.error("the kernel's addresses are not supported"));
            }
            if start == 0 && image.kind() == ImageKind::Executable {
                return Err(mapping.error("a program is not mapped at address 0"));
            }
            // The byte of the file at the start of the mapping has the address
            // `offset - segment offset + segment address` in the binary.
            Ok(start
                .wrapping_sub(offset)
                .wrapping_add(segment.file_offset)
                .wrapping_sub(segment.address))
        }
        ImageKind::Relocatable if offset == 0 => Ok(start),
        ImageKind::Relocatable => Err(mapping.error("an object file is mapped from its start")),
        ImageKind::Other => Err(mapping.error("neither a program nor a library")),
    }
}

/// Returns what to subtract by the simpler rule of `go tool pprof` itself: the mapping begins
/// where the first executable segment of ELF does, `__TEXT` of Mach-O, or the image of PE
/// (`objTool.Open` in cmd/pprof/pprof.go and `loadAddress` in cmd/internal/objfile of Go 1.27).
///
/// It is 0 where that rule knows nothing: for a mapping at address 0, and a binary without such
/// a segment. It differs from [`base`] where a mapping of ELF holds more than the executable
/// segment.
pub fn simple_base(image: &Image, start: u64) -> u64 {
    if start == 0 {
        return 0;
    }
    if image.format() != Format::Elf {
        return start.wrapping_sub(image.preferred_base());
    }
    image
        .segments()
        .iter()
        .find(|segment| segment.executable)
        .map_or(0, |segment| {
            let load = segment.address - segment.address % segment.alignment.max(1);
            start.wrapping_sub(load)
        })
}

/// The segment that a mapping shows at an address.
fn segment_of<'a>(
    image: &'a Image,
    mapping: &RuntimeMapping,
    address: u64,
) -> Result<Option<&'a Segment>> {
    if mapping.start >= mapping.limit || mapping.limit >= KERNEL {
        // The kernel, or nonsense: the segment of the code.
        let text = image.section(".text").map(|section| section.address);
        return Ok(image.segments().iter().find(|segment| {
            segment.executable
                && text.is_some_and(|text| {
                    text.checked_sub(segment.address)
                        .is_some_and(|within| within < segment.size)
                })
        }));
    }
    if image.segments().is_empty() {
        return Ok(None);
    }
    let size = mapping.limit - mapping.start;
    let overlapping: Vec<&Segment> = image
        .segments()
        .iter()
        .filter(|segment| may_show(segment, mapping.offset, size))
        .collect();
    match overlapping.as_slice() {
        [] => Err(mapping.error("no segment of the file lies there")),
        [only] => Ok(Some(only)),
        several => {
            let in_file = address
                .wrapping_sub(mapping.start)
                .wrapping_add(mapping.offset);
            let mut found = several.iter().filter(|segment| {
                in_file
                    .checked_sub(segment.file_offset)
                    .is_some_and(|within| within < segment.size)
            });
            match (found.next(), found.next()) {
                (Some(only), None) => Ok(Some(only)),
                (None, _) => Err(mapping.error(format!(
                    "no segment of the file has the byte at {in_file:#x}"
                ))),
                (Some(_), Some(_)) => Err(mapping.error(format!(
                    "several segments of the file have the byte at {in_file:#x}"
                ))),
            }
        }
    }
}

/// Whether a mapping of `size` bytes from an offset of the file can be of a segment.
fn may_show(segment: &Segment, offset: u64, size: u64) -> bool {
    // Where a segment without bytes begins in the file means nothing.
    if segment.file_size == 0 {
        return false;
    }
    let end = segment.file_offset.saturating_add(segment.size);
    let limit = offset.saturating_add(size);
    if offset >= end || segment.file_offset >= limit {
        return false;
    }
    // The loader maps a segment from the page that it begins in, never from before.
    let before = segment.address & (segment.alignment.max(1) - 1);
    let mapped_from = segment.file_offset.saturating_sub(before);
    if offset < mapped_from {
        return false;
    }
    // A mapping with only the last bytes of a segment and whole pages behind it is of the next.
    let only_tail = offset > segment.file_offset && end < offset.saturating_add(PAGE);
    !(only_tail && limit >= end.saturating_add(PAGE))
}
