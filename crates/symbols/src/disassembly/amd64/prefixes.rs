//! The prefix bytes before an opcode, and how Go's tools show them.

/// The longest instruction, in bytes.
pub(super) const LONGEST: usize = 15;

/// The prefixes of an instruction that is not a vector one.
pub(super) struct Prefixes<'a> {
    /// The bytes before the REX byte.
    legacy: &'a [u8],
    /// Whether there is a REX byte with the bit W: operands of 64 bits.
    wide: bool,
}

impl<'a> Prefixes<'a> {
    /// Reads the prefixes at the start of `code`.
    ///
    /// Returns nothing where Go's decoder finds no instruction: a REX byte counts only directly
    /// before the opcode, and the bytes of a vector prefix count only at the very start.
    pub(super) fn scan(code: &'a [u8]) -> Option<Self> {
        let code = code.get(..LONGEST).unwrap_or(code);
        let count = code.iter().position(|&byte| !is_legacy(byte))?;
        let (legacy, rest) = code.split_at(count);
        let rex = rest.first().copied().filter(|byte| byte & 0xf0 == 0x40);
        let opcode = *rest.get(usize::from(rex.is_some()))?;
        if is_legacy(opcode) || matches!(opcode, 0x40..=0x4f | 0x62 | 0xc4 | 0xc5) {
            return None;
        }
        Some(Self {
            legacy,
            wide: rex.is_some_and(|byte| byte & 8 != 0),
        })
    }

    /// The size of operands that do not say theirs, in bits.
    pub(super) fn operand_bits(&self) -> u32 {
        if self.wide {
            64
        } else if self.legacy.contains(&0x66) {
            16
        } else {
            32
        }
    }

    /// Appends the prefixes that are shown: those that neither chose the opcode nor appear in an
    /// operand. Of the repeating ones the last is shown, and of all others the last; sizes are
    /// never shown but hide what is before them.
    pub(super) fn write(&self, use_of: PrefixUse, text: &mut String) {
        let last_repeat = rposition(self.legacy, |byte| matches!(byte, 0xf2 | 0xf3));
        let last_segment = rposition(self.legacy, |byte| matches!(byte, 0x64 | 0x65));
        let mut repeat = "";
        let mut other = "";
        for (index, &byte) in self.legacy.iter().enumerate() {
            match byte {
                0xf2 | 0xf3 if Some(index) == last_repeat && use_of.repeat_is_opcode => {}
                0xf3 => repeat = "REP; ",
                0xf2 => repeat = "REPNE; ",
                0x64 | 0x65 if Some(index) == last_segment && use_of.segment_is_shown => {}
                0x64 => other = "FS ",
                0x65 => other = "GS ",
                0xf0 => other = "LOCK ",
                0x26 => other = "ES ",
                0x36 => other = "SS ",
                0x2e if use_of.is_conditional_jump => other = "PN ",
                0x2e => other = "CS ",
                0x3e if use_of.is_conditional_jump => other = "PT ",
                0x3e => other = "DS ",
                _ => other = "",
            }
        }
        text.push_str(repeat);
        text.push_str(other);
    }

    /// Whether there is nothing to write, the common case.
    pub(super) fn is_empty(&self) -> bool {
        self.legacy.is_empty()
    }
}

/// What an instruction makes of its prefixes.
#[derive(Clone, Copy)]
pub(super) struct PrefixUse {
    /// The last F2 or F3 is a part of the opcode.
    pub(super) repeat_is_opcode: bool,
    /// A memory operand shows the segment.
    pub(super) segment_is_shown: bool,
    /// CS and DS are hints about the branch.
    pub(super) is_conditional_jump: bool,
}

fn is_legacy(byte: u8) -> bool {
    matches!(
        byte,
        0xf0 | 0xf2 | 0xf3 | 0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67
    )
}

fn rposition(bytes: &[u8], found: impl Fn(u8) -> bool) -> Option<usize> {
    bytes.iter().rposition(|&byte| found(byte))
}
