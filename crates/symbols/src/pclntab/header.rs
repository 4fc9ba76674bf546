//! The head of a Go function table.

use super::{Memory, TableVersion};
use crate::{Error, Result};

/// Names the table in errors.
pub(super) const PART: &str = "Go function table";

/// What the head of a table says: how numbers are written and where its parts begin.
///
/// `pcHeader` of runtime/symtab.go; it lost no field from Go 1.18 to Go 1.27, but the one for the
/// beginning of the code is no longer filled in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) version: TableVersion,
    pub(super) big_endian: bool,
    /// The unit of the distances between instructions: 1, 2 or 4 bytes.
    pub(super) quantum: u32,
    pub(super) pointer_size: usize,
    pub(super) functions: u64,
    /// Offsets of the parts from the table's beginning.
    pub(super) names: usize,
    pub(super) units: usize,
    pub(super) files: usize,
    pub(super) values: usize,
    pub(super) records: usize,
}

/// How many bytes the head has, at most: eight and eight pointers.
const LONGEST: usize = 8 + 8 * 8;

impl Header {
    /// Whether bytes may begin a table: the quick look of a search.
    pub(super) fn may_begin(bytes: &[u8]) -> bool {
        let Some(&[a, b, c, d, 0, 0, 1 | 2 | 4, 4 | 8]) = bytes.get(..8) else {
            return false;
        };
        let little = u32::from_le_bytes([a, b, c, d]);
        TableVersion::of_magic(little).is_some()
            || TableVersion::of_magic(little.swap_bytes()).is_some()
    }

    /// Reads the head of the table that begins with these bytes.
    pub(super) fn parse(table: &[u8]) -> Result<Self> {
        let bad = |offset: usize, reason: &str| Error::malformed(PART, offset as u64, reason);
        let Some(&[a, b, c, d, zero_4, zero_5, quantum, pointer_size]) = table.get(..8) else {
            return Err(bad(0, "cut in its first 8 bytes"));
        };
        let little = u32::from_le_bytes([a, b, c, d]);
        let (version, big_endian) = match (
            TableVersion::of_magic(little),
            TableVersion::of_magic(little.swap_bytes()),
        ) {
            (Some(version), _) => (version, false),
            (None, Some(version)) => (version, true),
            // The magic number of Go 1.2 to 1.15, and any other.
            (None, None) if little == 0xffff_fffb || little == 0xfbff_ffff => {
                return Err(bad(0, "the form of Go 1.15 and older, which is not read"));
            }
            (None, None) => return Err(bad(0, "no known magic number")),
        };
        if zero_4 != 0 || zero_5 != 0 {
            return Err(bad(4, "two bytes that must be zero are not"));
        }
        if !matches!(quantum, 1 | 2 | 4) {
            return Err(bad(6, "the instruction quantum is not 1, 2 or 4"));
        }
        if !matches!(pointer_size, 4 | 8) {
            return Err(bad(7, "the pointer size is not 4 or 8"));
        }
        let pointer_size = usize::from(pointer_size);
        let word = |index: usize| -> Result<u64> {
            let at = 8 + index * pointer_size;
            let bytes = table
                .get(at..at + pointer_size)
                .ok_or_else(|| bad(at, "cut in its head"))?;
            Ok(crate::image::decode_word(bytes, big_endian))
        };
        // The parts follow the two counts, and from Go 1.18 the beginning of the code.
        let first_part = match version {
            TableVersion::Go116 => 2,
            TableVersion::Go118 | TableVersion::Go120 => 3,
        };
        let part = |index: usize| -> Result<usize> {
            let offset = usize::try_from(word(first_part + index)?).unwrap_or(usize::MAX);
            if offset < 8 || offset > table.len() {
                let at = 8 + (first_part + index) * pointer_size;
                return Err(bad(at, "a part lies outside the table"));
            }
            Ok(offset)
        };
        Ok(Self {
            version,
            big_endian,
            quantum: u32::from(quantum),
            pointer_size,
            functions: word(0)?,
            names: part(0)?,
            units: part(1)?,
            files: part(2)?,
            values: part(3)?,
            records: part(4)?,
        })
    }

    /// The address of the code's beginning as the head of a table of Go 1.18 to 1.25 has it.
    pub(super) fn text_start(&self, memory: &Memory, table_address: u64) -> Option<u64> {
        if self.version == TableVersion::Go116 {
            return None;
        }
        let place = table_address.checked_add(8 + 2 * self.pointer_size as u64)?;
        memory.pointer(place).filter(|address| *address != 0)
    }
}

/// Finds where a table may begin, in data that has no sections to say so.
pub(super) fn search(bytes: &[u8], address: u64, pointer_size: usize) -> Vec<u64> {
    /// A binary has one table; a debugger or a linker has a few magic numbers beside it.
    const MOST: usize = 64;
    let misaligned = usize::try_from(address % pointer_size as u64).unwrap_or(0);
    let first = (pointer_size - misaligned) % pointer_size;
    let mut found = Vec::new();
    let mut at = first;
    while let Some(window) = bytes.get(at..at + 8) {
        // All magic numbers have three bytes 0xff in a row, after or before the one that differs.
        if window.get(1..3) == Some(&[0xff, 0xff]) && Header::may_begin(window) {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.len() >= LONGEST / 2 && Header::parse(rest).is_ok() {
                found.push(address.saturating_add(at as u64));
                if found.len() == MOST {
                    break;
                }
            }
        }
        at += pointer_size;
    }
    found
}
