//! Where the code lies whose functions a table lists.

/// The places of a binary's Go code, which the table addresses by offsets.
///
/// Almost always one section. Linkers for processors with short jumps split it (`textsectmap` of
/// runtime/symtab.go: 32-bit ARM, POWER, and ARM64 on macOS).
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub(super) start: u64,
    /// By offset: (offset of the first byte, offset behind the last, address of the first).
    pub(super) parts: Vec<(u64, u64, u64)>,
}

impl Text {
    /// The address of an offset.
    pub(super) fn address(&self, offset: u32) -> u64 {
        let offset = u64::from(offset);
        let last = self.parts.len().saturating_sub(1);
        for (index, (first, end, address)) in self.parts.iter().enumerate() {
            if (offset >= *first && offset < *end) || (index == last && offset == *end) {
                return address.wrapping_add(offset - first);
            }
        }
        self.start.wrapping_add(offset)
    }

    /// The offset of an address.
    pub(super) fn offset(&self, address: u64) -> Option<u32> {
        if self.parts.is_empty() {
            return u32::try_from(address.checked_sub(self.start)?).ok();
        }
        self.parts.iter().find_map(|(first, end, start)| {
            let within = address.checked_sub(*start)?;
            (within < end - first)
                .then(|| u32::try_from(first + within).ok())
                .flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_addresses_go_both_ways() {
        let one = Text {
            start: 0x1000,
            parts: Vec::new(),
        };
        assert_eq!(one.address(16), 0x1010);
        assert_eq!(one.offset(0x1010), Some(16));
        assert_eq!(one.offset(0xfff), None);
        let two = Text {
            start: 0x1000,
            parts: vec![(0, 0x100, 0x1000), (0x100, 0x180, 0x8000)],
        };
        assert_eq!(two.address(0xff), 0x10ff);
        assert_eq!(two.address(0x100), 0x8000);
        assert_eq!(two.address(0x180), 0x8080);
        assert_eq!(two.offset(0x8010), Some(0x110));
        assert_eq!(two.offset(0x1100), None);
    }
}
