//! Where an executable keeps its data: just enough of ELF, Mach-O and PE.

use super::ReadAt;
use crate::{Error, Result};

/// Bounds a table of headers, and how many are read.
const MAX_TABLE: usize = 8 << 20;
const MAX_HEADERS: u64 = 1 << 16;

/// Is a byte order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// Reads a word of 2, 4 or 8 bytes.
    pub(super) fn word(self, bytes: &[u8], at: u64, size: u64) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        let word = bytes.get(start..end)?;
        let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        Some(match self {
            Self::Big => word.iter().fold(0, join),
            Self::Little => word.iter().rev().fold(0, join),
        })
    }
}

/// Is a part of the file that is mapped at an address.
struct Segment {
    address: u64,
    offset: u64,
    size: u64,
}

/// Is an executable's layout.
pub(super) struct Image {
    /// Holds (offset, size) of the places where the record may stand, likeliest
    /// first.
    pub(super) data: Vec<(u64, u64)>,
    segments: Vec<Segment>,
}

impl Image {
    pub(super) fn open<R: ReadAt + ?Sized>(reader: &R) -> Result<Self> {
        let head = up_to(reader, 0, 64)?;
        let image = if head.starts_with(b"\x7fELF") {
            elf(reader, &head)?
        } else if head.starts_with(b"MZ") {
            pe(reader, &head)?
        } else if let Some(wide) = mach_o_width(&head) {
            mach_o(reader, &head, wide)?
        } else {
            return Err(bad(0, "neither ELF, Mach-O nor PE"));
        };
        image.ok_or_else(|| bad(0, "the headers are cut"))
    }

    /// Finds an address in the file.
    pub(super) fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let inside = address
                .checked_sub(segment.address)
                .filter(|inside| *inside < segment.size)?;
            segment.offset.checked_add(inside)
        })
    }
}

pub(super) fn bad(offset: u64, reason: &str) -> Error {
    Error::Binary {
        offset,
        reason: reason.to_owned(),
    }
}

/// Reads a number of bytes, or fewer at the end of the file.
pub(super) fn up_to<R: ReadAt + ?Sized>(reader: &R, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut buffer = vec![0; length];
    let read = reader
        .read_at(offset, &mut buffer)
        .map_err(|source| Error::Read {
            offset,
            length,
            source,
        })?;
    buffer.truncate(read);
    Ok(buffer)
}

/// Reads a number of bytes.
pub(super) fn bytes<R: ReadAt + ?Sized>(reader: &R, offset: u64, length: usize) -> Result<Vec<u8>> {
    let read = up_to(reader, offset, length)?;
    if read.len() < length {
        return Err(bad(offset, &format!("the file ends within {length} bytes")));
    }
    Ok(read)
}

/// Reads a table of headers; `None` if it is larger than any real one.
fn table<R: ReadAt + ?Sized>(reader: &R, offset: u64, count: u64, size: u64) -> Result<Vec<u8>> {
    let length = count
        .checked_mul(size)
        .and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length <= MAX_TABLE && count <= MAX_HEADERS);
    bytes(
        reader,
        offset,
        length.ok_or_else(|| bad(offset, "a table of headers is too large"))?,
    )
}

const WRITABLE: u64 = 2;

fn elf<R: ReadAt + ?Sized>(reader: &R, head: &[u8]) -> Result<Option<Image>> {
    let wide = match head.get(4) {
        Some(1) => false,
        Some(2) => true,
        _ => return Err(bad(4, "an unknown ELF class")),
    };
    let order = if head.get(5) == Some(&2) {
        Order::Big
    } else {
        Order::Little
    };
    let word = if wide { 8 } else { 4 };
    // The header's fields, for 64 and 32 bits (System V ABI, chapter 4).
    let field =
        |at64: u64, at32: u64, size: u64| order.word(head, if wide { at64 } else { at32 }, size);
    let (Some(programs), Some(sections)) = (field(32, 28, word), field(40, 32, word)) else {
        return Ok(None);
    };
    let (Some(program_size), Some(program_count)) = (field(54, 42, 2), field(56, 44, 2)) else {
        return Ok(None);
    };
    let (Some(section_size), Some(section_count), Some(names)) =
        (field(58, 46, 2), field(60, 48, 2), field(62, 50, 2))
    else {
        return Ok(None);
    };
    let mut image = Image {
        data: Vec::new(),
        segments: Vec::new(),
    };
    let mut writable = Vec::new();
    let headers = table(reader, programs, program_count, program_size)?;
    for index in 0..program_count {
        let at = index * program_size;
        let field = |at64: u64, at32: u64, size: u64| {
            order.word(&headers, at + if wide { at64 } else { at32 }, size)
        };
        let (Some(kind), Some(flags)) = (field(0, 0, 4), field(4, 24, 4)) else {
            return Ok(None);
        };
        let (Some(offset), Some(address), Some(size)) =
            (field(8, 4, word), field(16, 8, word), field(32, 16, word))
        else {
            return Ok(None);
        };
        if kind != 1 {
            continue;
        }
        image.segments.push(Segment {
            address,
            offset,
            size,
        });
        if flags & WRITABLE != 0 {
            writable.push((offset, size));
        }
    }
    if section_count > 0 {
        let headers = table(reader, sections, section_count, section_size)?;
        let section = |index: u64| {
            let at = index.checked_mul(section_size)?;
            let field = |at64: u64, at32: u64, size: u64| {
                order.word(
                    &headers,
                    at.checked_add(if wide { at64 } else { at32 })?,
                    size,
                )
            };
            Some((field(0, 0, 4)?, field(24, 16, word)?, field(32, 20, word)?))
        };
        if let Some((_, offset, size)) = section(names) {
            let size = usize::try_from(size).unwrap_or(MAX_TABLE).min(MAX_TABLE);
            let names = up_to(reader, offset, size)?;
            let found = (0..section_count).filter_map(section).find(|(name, ..)| {
                let name = usize::try_from(*name)
                    .ok()
                    .and_then(|name| names.get(name..));
                name.is_some_and(|name| name.starts_with(b".go.buildinfo\0"))
            });
            image
                .data
                .extend(found.map(|(_, offset, size)| (offset, size)));
        }
    }
    image.data.extend(writable);
    Ok(Some(image))
}

fn mach_o_width(head: &[u8]) -> Option<bool> {
    match head.get(..4)? {
        b"\xcf\xfa\xed\xfe" => Some(true),
        b"\xce\xfa\xed\xfe" => Some(false),
        _ => None,
    }
}

/// Reads the segments and their section `__go_buildinfo` (mach-o/loader.h);
/// little-endian only, as all machines that Go supports.
fn mach_o<R: ReadAt + ?Sized>(reader: &R, head: &[u8], wide: bool) -> Result<Option<Image>> {
    let order = Order::Little;
    let (Some(count), Some(size)) = (order.word(head, 16, 4), order.word(head, 20, 4)) else {
        return Ok(None);
    };
    let (start, word, segment_command) = if wide { (32, 8, 0x19) } else { (28, 4, 1) };
    let commands = table(reader, start, size, 1)?;
    let mut image = Image {
        data: Vec::new(),
        segments: Vec::new(),
    };
    let mut at = 0_u64;
    for _ in 0..count {
        let (Some(command), Some(length)) = (
            order.word(&commands, at, 4),
            order.word(&commands, at + 4, 4),
        ) else {
            return Ok(None);
        };
        if command == segment_command {
            let field = |index: u64| order.word(&commands, at + 24 + index * word, word);
            let (Some(address), Some(offset), Some(size)) = (field(0), field(2), field(3)) else {
                return Ok(None);
            };
            image.segments.push(Segment {
                address,
                offset,
                size,
            });
            let (sections_at, section_size) = if wide { (72, 80) } else { (56, 68) };
            let fitting = length.saturating_sub(sections_at) / section_size;
            let sections = order
                .word(&commands, at + sections_at - 8, 4)
                .unwrap_or(0)
                .min(fitting);
            for index in 0..sections {
                let section = at + sections_at + index * section_size;
                let name = usize::try_from(section)
                    .ok()
                    .and_then(|section| commands.get(section..));
                let (size_at, offset_at) = if wide { (40, 48) } else { (36, 40) };
                if name.is_some_and(|name| name.starts_with(b"__go_buildinfo\0"))
                    && let Some(size) = order.word(&commands, section + size_at, word)
                    && let Some(offset) = order.word(&commands, section + offset_at, 4)
                {
                    image.data.push((offset, size));
                }
            }
        }
        if length < 8 {
            return Ok(None);
        }
        at = at.saturating_add(length);
    }
    Ok(Some(image))
}

/// Reads the sections that hold initialised, readable and writable data
/// (Microsoft's PE format, section flags).
fn pe<R: ReadAt + ?Sized>(reader: &R, head: &[u8]) -> Result<Option<Image>> {
    const DATA: u64 = 0x4000_0000 | 0x8000_0000 | 0x40;
    let order = Order::Little;
    let Some(at) = order.word(head, 60, 4) else {
        return Ok(None);
    };
    let coff = bytes(reader, at, 24 + 32)?;
    if !coff.starts_with(b"PE\0\0") {
        return Err(bad(at, "no PE header"));
    }
    let (Some(count), Some(optional)) = (order.word(&coff, 6, 2), order.word(&coff, 20, 2)) else {
        return Ok(None);
    };
    let base = match order.word(&coff, 24, 2) {
        Some(0x20b) => order.word(&coff, 24 + 24, 8),
        _ => order.word(&coff, 24 + 28, 4),
    };
    let base = base.unwrap_or(0);
    let headers = table(
        reader,
        at.saturating_add(24).saturating_add(optional),
        count,
        40,
    )?;
    let mut image = Image {
        data: Vec::new(),
        segments: Vec::new(),
    };
    for index in 0..count {
        let field = |at: u64| order.word(&headers, index * 40 + at, 4);
        let (Some(address), Some(size), Some(offset), Some(flags)) =
            (field(12), field(16), field(20), field(36))
        else {
            return Ok(None);
        };
        let address = base.saturating_add(address);
        image.segments.push(Segment {
            address,
            offset,
            size,
        });
        if flags & DATA == DATA {
            image.data.push((offset, size));
        }
    }
    Ok(Some(image))
}
