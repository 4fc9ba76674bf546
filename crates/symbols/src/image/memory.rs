//! A binary as the loader lays it out: addresses to bytes, pointers with their relocations.

use crate::FileBytes;

/// A range of addresses that is filled from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

/// The address space that a binary asks for, as far as its file fills it.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    bytes: FileBytes,
    /// By address; never empty ranges, never past the file's end.
    extents: Vec<Extent>,
    /// Where the loader stores which pointer, by place: relocations of the kind "base + addend".
    pointers: Vec<(u64, u64)>,
    big_endian: bool,
    pointer_size: usize,
    /// Pointers of Mach-O chained fixups keep other things in their upper bits.
    chained_base: Option<u64>,
}

impl Memory {
    pub(crate) fn new(
        bytes: FileBytes,
        mut extents: Vec<Extent>,
        big_endian: bool,
        wide: bool,
    ) -> Self {
        let length = bytes.len() as u64;
        extents.retain_mut(|extent| {
            extent.size = extent
                .size
                .min(length.saturating_sub(extent.offset))
                .min(u64::MAX - extent.address);
            extent.size > 0
        });
        extents.sort_by_key(|extent| (extent.address, extent.offset));
        Self {
            bytes,
            extents,
            pointers: Vec::new(),
            big_endian,
            pointer_size: if wide { 8 } else { 4 },
            chained_base: None,
        }
    }

    /// Adds what the loader stores at which address.
    pub(crate) fn with_pointers(mut self, mut pointers: Vec<(u64, u64)>) -> Self {
        pointers.sort_unstable();
        self.pointers = pointers;
        self
    }

    /// Says that pointers may be links of Mach-O fixup chains, and where the image begins.
    pub(crate) fn with_chained_pointers(mut self, base: u64) -> Self {
        self.chained_base = Some(base);
        self
    }

    pub(crate) fn extents(&self) -> &[Extent] {
        &self.extents
    }

    pub(crate) fn pointers(&self) -> &[(u64, u64)] {
        &self.pointers
    }

    pub(crate) fn pointer_size(&self) -> usize {
        self.pointer_size
    }

    pub(crate) fn extent_bytes(&self, extent: &Extent) -> &[u8] {
        let bytes = self.bytes.as_slice();
        let start = usize::try_from(extent.offset).unwrap_or(usize::MAX);
        let size = usize::try_from(extent.size).unwrap_or(usize::MAX);
        bytes
            .get(start..start.saturating_add(size))
            .unwrap_or_default()
    }

    /// The bytes from an address to the end of its part of the file.
    pub(crate) fn bytes_from(&self, address: u64) -> Option<&[u8]> {
        let after = self
            .extents
            .partition_point(|extent| extent.address <= address);
        // Extents may overlap in a strange file; the last that begins before is the best guess.
        let extent = self.extents.get(after.checked_sub(1)?)?;
        let within = address - extent.address;
        let bytes = self.extent_bytes(extent);
        bytes.get(usize::try_from(within).ok()?..)
    }

    /// As [`Memory::bytes_from`], to keep.
    pub(crate) fn file_bytes_from(&self, address: u64) -> Option<FileBytes> {
        let after = self
            .extents
            .partition_point(|extent| extent.address <= address);
        let extent = self.extents.get(after.checked_sub(1)?)?;
        let within = address - extent.address;
        self.bytes.slice(
            extent.offset.checked_add(within)?,
            extent.size.checked_sub(within)?,
        )
    }

    /// The bytes of a range, if the file has all of them in one piece.
    pub(crate) fn read(&self, address: u64, size: u64) -> Option<&[u8]> {
        self.bytes_from(address)?.get(..usize::try_from(size).ok()?)
    }

    /// Whether the file has a byte for the address.
    pub(crate) fn contains(&self, address: u64) -> bool {
        self.bytes_from(address)
            .is_some_and(|bytes| !bytes.is_empty())
    }

    /// The pointer that stands at an address once the binary is loaded at the address it asks for.
    pub(crate) fn pointer(&self, address: u64) -> Option<u64> {
        if let Ok(found) = self
            .pointers
            .binary_search_by_key(&address, |(place, _)| *place)
        {
            return self.pointers.get(found).map(|(_, value)| *value);
        }
        let raw = self.word(address)?;
        let Some(base) = self.chained_base else {
            return Some(raw);
        };
        if raw == 0 || self.contains(raw) {
            return Some(raw);
        }
        // DYLD_CHAINED_PTR_64 and ..._OFFSET of mach-o/fixup-chains.h: the low 36 bits are the
        // target, as an address or from the image's beginning.
        let target = raw & 0xf_ffff_ffff;
        let candidates = [target, base.saturating_add(target)];
        Some(
            candidates
                .into_iter()
                .find(|candidate| *candidate != 0 && self.contains(*candidate))
                .unwrap_or(raw),
        )
    }

    /// A word of the size of a pointer, as it is in the file.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        let bytes = self.read(address, self.pointer_size as u64)?;
        Some(self.decode_word(bytes))
    }

    /// Reads a word of up to eight bytes.
    pub(crate) fn decode_word(&self, bytes: &[u8]) -> u64 {
        decode_word(bytes, self.big_endian)
    }
}

/// Reads a word of up to eight bytes in either byte order.
pub(crate) fn decode_word(bytes: &[u8], big_endian: bool) -> u64 {
    let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
    if big_endian {
        bytes.iter().fold(0, join)
    } else {
        bytes.iter().rev().fold(0, join)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        let bytes: Vec<u8> = (0..64).collect();
        let extents = vec![
            Extent {
                address: 0x2000,
                offset: 32,
                size: 1000,
            },
            Extent {
                address: 0x1000,
                offset: 0,
                size: 32,
            },
        ];
        Memory::new(bytes.into(), extents, false, true)
    }

    #[test]
    fn an_address_finds_its_bytes_and_no_others() {
        let memory = memory();
        assert_eq!(memory.read(0x1004, 4), Some(&[4, 5, 6, 7][..]));
        assert_eq!(memory.read(0x2000, 32).map(<[u8]>::len), Some(32));
        assert_eq!(memory.read(0x2000, 33), None, "cut at the file's end");
        assert_eq!(memory.read(0x101e, 4), None, "not across extents");
        assert!(!memory.contains(0x1020));
        assert!(!memory.contains(0xfff));
        assert_eq!(memory.word(0x1000), Some(0x0706_0504_0302_0100));
    }

    #[test]
    fn a_relocation_goes_before_what_the_file_has() {
        let memory = memory().with_pointers(vec![(0x2008, 7), (0x1008, 0x1234)]);
        assert_eq!(memory.pointer(0x1008), Some(0x1234));
        assert_eq!(memory.pointer(0x2008), Some(7));
        assert_eq!(memory.pointer(0x1000), memory.word(0x1000));
    }
}
