//! Go's syntax on arm64 (`cmd/vendor/golang.org/x/arch/arm64/arm64asm/{plan9x,tables}.go`,
//! Go 1.27.3).
//!
//! Instructions are decoded here, from their bits: which of several names for the same bits is
//! printed is Go's own choice. Destinations come last. Known are the integer, branching, memory,
//! atomic and floating point instructions, and of the vector ones those that Go's library uses.

mod data;
mod float;
mod memory;
mod operand;
mod vector;

use std::fmt::Write;

use super::super::Lookup;
use super::LENGTH;
use operand::{General, Word, w};

/// What stands for a word that is no known instruction.
const UNKNOWN: &str = "?";

/// The names of conditions after `B`.
const BRANCH_CONDITIONS: [&str; 16] = [
    "EQ", "NE", "CS", "CC", "MI", "PL", "VS", "VC", "HI", "LS", "GE", "LT", "GT", "LE", "AL", "AL",
];

/// Writes instructions as Go's tools do.
pub(in super::super) struct GoSyntax<'a, 's> {
    code: &'a [u8],
    start: u64,
    lookup: Lookup<'a, 's>,
}

/// Where an instruction is and how its addresses are named.
struct Place<'a, 's> {
    address: u64,
    lookup: Lookup<'a, 's>,
}

impl<'a, 's> GoSyntax<'a, 's> {
    pub(in super::super) fn new(code: &'a [u8], start: u64, lookup: Lookup<'a, 's>) -> Self {
        Self {
            code,
            start,
            lookup,
        }
    }

    /// Appends the instruction at a position and returns its length in bytes.
    pub(in super::super) fn write(&mut self, position: usize, text: &mut String) -> usize {
        let rest = self.code.get(position..).unwrap_or_default();
        let place = Place {
            address: self.start.wrapping_add(position as u64),
            lookup: self.lookup,
        };
        let written = rest
            .first_chunk::<LENGTH>()
            .and_then(|bytes| write(Word(u32::from_le_bytes(*bytes)), &place, text));
        if written.is_none() {
            text.clear();
            text.push_str(UNKNOWN);
        }
        LENGTH
    }
}

impl Place<'_, '_> {
    /// The name of what is at a distance, if a symbol begins there.
    fn symbol(&self, distance: i64) -> Option<&str> {
        let target = self.address.wrapping_add_signed(distance);
        (self.lookup)(target)
            .filter(|symbol| symbol.base == target && !symbol.name.is_empty())
            .map(|symbol| symbol.name)
    }

    /// Appends a target: the symbol that begins there, or the distance in instructions.
    fn write_target(&self, distance: i64, text: &mut String) -> Option<()> {
        match self.symbol(distance) {
            Some(name) => write!(text, "{name}(SB)").ok(),
            None => write!(text, "{}(PC)", distance / 4).ok(),
        }
    }
}

/// Appends an instruction, by the groups of the architecture's manual (bits 25 to 28).
fn write(word: Word, place: &Place<'_, '_>, text: &mut String) -> Option<()> {
    match word.bits(25, 4) {
        0b1000 | 0b1001 => data::write_immediate(word, text),
        0b1010 | 0b1011 => write_branch(word, place, text),
        0b0101 | 0b1101 => data::write_register(word, text),
        0b0111 | 0b1111 => float::write(word, text).or_else(|| {
            text.clear();
            vector::write(word, text)
        }),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => memory::write(word, place, text),
        _ => None,
    }
}

fn write_branch(word: Word, place: &Place<'_, '_>, text: &mut String) -> Option<()> {
    let register = General(word.bits(0, 5));
    if word.matches(0x7c00_0000, 0x1400_0000) {
        text.push_str(if word.bit(31) { "CALL " } else { "JMP " });
        return place.write_target(word.signed(0, 26) * 4, text);
    }
    if word.matches(0x7e00_0000, 0x3400_0000) {
        let name = if word.bit(24) { "CBNZ" } else { "CBZ" };
        write!(text, "{name}{} {register}, ", w(!word.bit(31))).ok()?;
        return place.write_target(word.signed(5, 19) * 4, text);
    }
    if word.matches(0x7e00_0000, 0x3600_0000) {
        let name = if word.bit(24) { "TBNZ" } else { "TBZ" };
        let bit = word.bits(31, 1) << 5 | word.bits(19, 5);
        write!(text, "{name} ${bit}, {register}, ").ok()?;
        return place.write_target(word.signed(5, 14) * 4, text);
    }
    if word.matches(0xff00_0010, 0x5400_0000) {
        let condition = BRANCH_CONDITIONS.get(word.bits(0, 4) as usize)?;
        write!(text, "B{condition} ").ok()?;
        return place.write_target(word.signed(5, 19) * 4, text);
    }
    let target = General(word.bits(5, 5));
    match word.0 & 0xffff_fc1f {
        0xd61f_0000 => return write!(text, "JMP (R{})", target.0).ok(),
        0xd63f_0000 => return write!(text, "CALL (R{})", target.0).ok(),
        0xd65f_0000 if target.0 == 30 => return write!(text, "RET").ok(),
        0xd65f_0000 => return write!(text, "RET {target}").ok(),
        _ => {}
    }
    match word.0 {
        0xd69f_03e0 => return write!(text, "ERET").ok(),
        0xd6bf_03e0 => return write!(text, "DRPS").ok(),
        _ => {}
    }
    let exception = match word.0 & 0xffe0_001f {
        0xd400_0001 => Some("SVC"),
        0xd420_0000 => Some("BRK"),
        0xd440_0000 => Some("HLT"),
        _ => None,
    };
    if let Some(name) = exception {
        return write!(text, "{name} ${}", word.bits(5, 16)).ok();
    }
    write_system(word, text)
}

fn write_system(word: Word, text: &mut String) -> Option<()> {
    let name = match word.0 {
        0xd503_201f => "NOOP",
        0xd503_203f => "YIELD",
        0xd503_205f => "WFE",
        0xd503_207f => "WFI",
        0xd503_209f => "SEV",
        0xd503_20bf => "SEVL",
        _ => "",
    };
    if !name.is_empty() {
        return write!(text, "{name}").ok();
    }
    if word.matches(0xffff_f01f, 0xd503_201f) {
        return write!(text, "HINT ${}", word.bits(5, 7)).ok();
    }
    let barrier = match word.0 & 0xffff_f0ff {
        0xd503_309f => "DSB",
        0xd503_30bf => "DMB",
        0xd503_30df => "ISB",
        0xd503_305f => "CLREX",
        _ => "",
    };
    if !barrier.is_empty() {
        return write!(text, "{barrier} ${}", word.bits(8, 4)).ok();
    }
    let register = General(word.bits(0, 5));
    if word.matches(0xfff0_0000, 0xd530_0000) {
        return write!(text, "MRS ${}, {register}", word.bits(5, 15)).ok();
    }
    if word.matches(0xfff0_0000, 0xd510_0000) {
        return write!(
            text,
            "MSR {register}, S{}_{}_C{}_C{}_{}",
            word.bits(19, 2),
            word.bits(16, 3),
            word.bits(12, 4),
            word.bits(8, 4),
            word.bits(5, 3)
        )
        .ok();
    }
    // The one operation on caches that programs use.
    if word.matches(0xffff_ffe0, 0xd50b_7420) {
        return write!(text, "DC ZVA, {register}").ok();
    }
    None
}
