//! The runtime's record of a Go module in memory, `moduledata`: found without symbols.
//!
//! The function table alone no longer says where the code begins (Go 1.26 leaves that word empty,
//! position-independent binaries need a relocation for it), and never where the inlining trees
//! lie. The linker writes both into `runtime.firstmoduledata`, whose first words are pointers to
//! the parts of the table: that is how it is recognised. The words up to `text` have the same
//! places from Go 1.16 to 1.27; those behind moved in Go 1.18, 1.20, 1.26 and 1.27, so that the
//! address of the inlining trees is chosen by trying what stands there.

use super::header::Header;
use super::text::Text;
use crate::image::{Image, Memory};

/// Places of words in `moduledata` (runtime/symtab.go).
const FUNCTION_NAMES: u64 = 1;
const FILES: u64 = 7;
const FUNCTION_TABLE: u64 = 16;
const FUNCTION_TABLE_LENGTH: u64 = 17;
const TEXT: u64 = 22;
/// `gofunc` has been 16 (Go 1.18), 18 (Go 1.20) and 21 (Go 1.27) words behind `text`.
const GOFUNC_BEHIND_TEXT: std::ops::RangeInclusive<u64> = 14..=26;
/// `textsectmap` follows `gofunc`, or the one word behind it.
const SECTIONS_BEHIND_TEXT: std::ops::Range<u64> = 15..29;

/// The record of a module, as far as it is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Module {
    pub(super) text: Text,
    /// Addresses one of which is where the offsets of function data count from.
    pub(super) function_data: Vec<u64>,
}

/// Finds the module that a function table belongs to.
pub(super) fn find(
    image: &Image,
    memory: &Memory,
    table_address: u64,
    header: &Header,
) -> Option<Module> {
    let named = image
        .symbol_named("runtime.firstmoduledata")
        .map(|symbol| symbol.address);
    let at = named
        .filter(|place| is_module(memory, *place, table_address, header))
        .or_else(|| {
            places_of_pointer(memory, table_address)
                .into_iter()
                .find(|place| is_module(memory, *place, table_address, header))
        })?;
    read(memory, at)
}

fn pointer(memory: &Memory, module: u64, index: u64) -> Option<u64> {
    let place = module.checked_add(index * memory.pointer_size() as u64)?;
    memory.pointer(place)
}

/// A number, which no loader changes and which may look like a link of a fixup chain.
fn number(memory: &Memory, module: u64, index: u64) -> Option<u64> {
    let place = module.checked_add(index * memory.pointer_size() as u64)?;
    memory.word(place)
}

fn is_module(memory: &Memory, at: u64, table_address: u64, header: &Header) -> bool {
    let points_to = |index: u64, offset: usize| {
        pointer(memory, at, index) == table_address.checked_add(offset as u64)
    };
    points_to(0, 0)
        && points_to(FUNCTION_NAMES, header.names)
        && points_to(FILES, header.files)
        && points_to(FUNCTION_TABLE, header.records)
        && number(memory, at, FUNCTION_TABLE_LENGTH) == header.functions.checked_add(1)
}

fn read(memory: &Memory, at: u64) -> Option<Module> {
    let start = pointer(memory, at, TEXT)?;
    let mut function_data = Vec::new();
    for index in GOFUNC_BEHIND_TEXT {
        if let Some(address) = pointer(memory, at, TEXT + index)
            && address != start
            && memory.contains(address)
            && !function_data.contains(&address)
        {
            function_data.push(address);
        }
    }
    let parts = { SECTIONS_BEHIND_TEXT }
        .find_map(|index| text_parts(memory, at, TEXT + index, start))
        .unwrap_or_default();
    Some(Module {
        text: Text { start, parts },
        function_data,
    })
}

/// Reads a slice of at least two `textsect`s: where each part begins and ends as an offset, and
/// where it lies.
fn text_parts(memory: &Memory, at: u64, index: u64, start: u64) -> Option<Vec<(u64, u64, u64)>> {
    /// Each part is megabytes.
    const MOST: u64 = 4096;
    let address = pointer(memory, at, index)?;
    let length = number(memory, at, index + 1)?;
    let capacity = number(memory, at, index + 2)?;
    if !(2..=MOST).contains(&length) || length != capacity {
        return None;
    }
    let mut parts = Vec::new();
    let mut offset = 0;
    for part in 0..length {
        let first = number(memory, address, part * 3)?;
        let end = number(memory, address, part * 3 + 1)?;
        let lies_at = pointer(memory, address, part * 3 + 2)?;
        let fits =
            first >= offset && end >= first && (part > 0 || (first == 0 && lies_at == start));
        if !fits {
            return None;
        }
        offset = end;
        parts.push((first, end, lies_at));
    }
    Some(parts)
}

/// Finds where a pointer of this value stands, by relocations and then by looking at every word.
fn places_of_pointer(memory: &Memory, value: u64) -> Vec<u64> {
    /// The table's address stands in a handful of places.
    const MOST: usize = 256;
    let mut places: Vec<u64> = memory
        .pointers()
        .iter()
        .filter(|(_, pointer)| *pointer == value)
        .map(|(place, _)| *place)
        .take(MOST)
        .collect();
    let size = memory.pointer_size();
    let low = |word: u64| word & 0xffff;
    for extent in memory.extents() {
        let misaligned = usize::try_from(extent.address % size as u64).unwrap_or(0);
        let first = (size - misaligned) % size;
        let bytes = memory.extent_bytes(extent).get(first..).unwrap_or_default();
        for (index, chunk) in bytes.chunks_exact(size).enumerate() {
            let raw = memory.decode_word(chunk);
            // Links of a fixup chain keep the low bits at least, or those less the image's base,
            // which is a multiple of the page size.
            if raw != value && low(raw) & 0xfff != low(value) & 0xfff {
                continue;
            }
            let place = extent.address + (first + index * size) as u64;
            if raw == value || memory.pointer(place) == Some(value) {
                places.push(place);
                if places.len() >= MOST {
                    return places;
                }
            }
        }
    }
    places
}
