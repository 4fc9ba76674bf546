//! Operations on vectors, and on cryptographic state.

use std::fmt::{self, Write};

use super::operand::{General, Stack, Word};

/// How a vector is divided: the letter of its lanes, and their number.
#[derive(Clone, Copy)]
struct Arrangement {
    letter: char,
    lanes: u32,
}

impl Arrangement {
    /// The lanes of a size (as its logarithm) in half a register or a whole one.
    fn new(size: u32, whole: bool) -> Option<Self> {
        let letter = ['B', 'H', 'S', 'D'].get(size as usize).copied()?;
        let lanes = if whole { 16 } else { 8 } >> size;
        Some(Self { letter, lanes })
    }

    /// As `new`, but a single lane of 64 bits is no vector.
    fn of_several(size: u32, whole: bool) -> Option<Self> {
        Self::new(size, whole).filter(|arrangement| arrangement.lanes > 1)
    }
}

impl fmt::Display for Arrangement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, ".{}{}", self.letter, self.lanes)
    }
}

/// Appends an operation on vectors.
pub(super) fn write(word: Word, text: &mut String) -> Option<()> {
    if word.matches(0xdfe0_fc00, 0x5ee0_8400) {
        let name = if word.bit(29) { "VSUB" } else { "VADD" };
        return write!(
            text,
            "{name} V{}, V{}, V{}",
            word.rm(),
            word.rn(),
            word.rd()
        )
        .ok();
    }
    if word.matches(0xffe0_fc00, 0x5e00_0400) {
        let (letter, index) = lane(word.bits(16, 5))?;
        return write!(
            text,
            "VMOV V{}.{letter}[{index}], V{}",
            word.rn(),
            word.rd()
        )
        .ok();
    }
    if word.matches(0xff3e_0c00, 0x4e28_0800) || word.matches(0xff00_0000, 0x5e00_0000) {
        return write_cryptography(word, text);
    }
    if word.matches(0xbfe0_8400, 0x2e00_0000) {
        return write_extraction(word, text);
    }
    if word.matches(0x9fe0_8400, 0x0e00_0400) {
        return write_copy(word, text);
    }
    if word.matches(0xbfe0_8c00, 0x0e00_0000) {
        return write_table(word, text);
    }
    if word.matches(0x9f20_0400, 0x0e20_0400) {
        return write_three_same(word, text);
    }
    if word.matches(0x9f3e_0c00, 0x0e20_0800) {
        return write_two(word, text);
    }
    if word.matches(0x9f3e_0c00, 0x0e30_0800) {
        return write_across(word, text);
    }
    if word.matches(0x9f80_0400, 0x0f00_0400) {
        return write_shift(word, text);
    }
    None
}

fn write_cryptography(word: Word, text: &mut String) -> Option<()> {
    let (rd, rn, rm) = (word.rd(), word.rn(), word.rm());
    let name = match word.0 & 0xffff_fc00 {
        0x4e28_4800 => "AESE",
        0x4e28_5800 => "AESD",
        0x4e28_6800 => "AESMC",
        0x4e28_7800 => "AESIMC",
        _ => "",
    };
    if !name.is_empty() {
        return write!(text, "{name} V{rn}.B16, V{rd}.B16").ok();
    }
    match word.0 & 0xffff_fc00 {
        0x5e28_0800 => return write!(text, "SHA1H V{rn}, V{rd}").ok(),
        0x5e28_1800 => return write!(text, "SHA1SU1 V{rn}.S4, V{rd}.S4").ok(),
        0x5e28_2800 => return write!(text, "SHA256SU0 V{rn}.S4, V{rd}.S4").ok(),
        _ => {}
    }
    let name = match word.0 & 0xffe0_fc00 {
        0x5e00_0000 => "SHA1C",
        0x5e00_1000 => "SHA1P",
        0x5e00_2000 => "SHA1M",
        0x5e00_4000 => "SHA256H",
        0x5e00_5000 => "SHA256H2",
        0x5e00_3000 => return write!(text, "SHA1SU0 V{rm}.S4, V{rn}.S4, V{rd}.S4").ok(),
        0x5e00_6000 => return write!(text, "SHA256SU1 V{rm}.S4, V{rn}.S4, V{rd}.S4").ok(),
        _ => return None,
    };
    write!(text, "{name} V{rm}.S4, V{rn}, V{rd}").ok()
}

fn write_extraction(word: Word, text: &mut String) -> Option<()> {
    let whole = word.bit(30);
    let index = word.bits(11, 4);
    if !whole && index > 7 {
        return None;
    }
    let lanes = Arrangement::new(0, whole)?;
    let (rd, rn, rm) = (word.rd(), word.rn(), word.rm());
    write!(
        text,
        "VEXT ${index}, V{rm}{lanes}, V{rn}{lanes}, V{rd}{lanes}"
    )
    .ok()
}

/// The letter of a lane's size and its index, from five bits: the lowest that is set tells the
/// size, and those above it the index.
fn lane(place: u32) -> Option<(char, u32)> {
    let size = place.trailing_zeros();
    let letter = ['B', 'H', 'S', 'D'].get(size as usize)?;
    Some((*letter, place >> (size + 1)))
}

/// Between lanes, or between a lane and a general register.
fn write_copy(word: Word, text: &mut String) -> Option<()> {
    let place = word.bits(16, 5);
    let size = place.trailing_zeros();
    let (letter, index) = lane(place)?;
    let whole = word.bit(30);
    let (rd, rn) = (word.rd(), word.rn());
    if word.bit(29) {
        let from = word.bits(11, 4) >> size;
        return whole
            .then(|| write!(text, "VMOV V{rn}.{letter}[{from}], V{rd}.{letter}[{index}]").ok())?;
    }
    match word.bits(11, 4) {
        0b0000 => {
            let lanes = Arrangement::of_several(size, whole)?;
            write!(text, "VDUP V{rn}.{letter}[{index}], V{rd}{lanes}").ok()
        }
        0b0001 => {
            let lanes = Arrangement::of_several(size, whole)?;
            write!(text, "VDUP {}, V{rd}{lanes}", General(rn)).ok()
        }
        0b0011 if whole => write!(text, "VMOV {}, V{rd}.{letter}[{index}]", General(rn)).ok(),
        0b0111 if whole == (size == 3) => {
            write!(text, "VMOV V{rn}.{letter}[{index}], {}", General(rd)).ok()
        }
        _ => None,
    }
}

fn write_table(word: Word, text: &mut String) -> Option<()> {
    let lanes = Arrangement::new(0, word.bit(30))?;
    let name = if word.bit(12) { "VTBX" } else { "VTBL" };
    let table = List {
        first: word.rn(),
        count: word.bits(13, 2) + 1,
        lanes: Arrangement::new(0, true)?,
    };
    write!(
        text,
        "{name} V{}{lanes}, {table}, V{}{lanes}",
        word.rm(),
        word.rd()
    )
    .ok()
}

fn write_three_same(word: Word, text: &mut String) -> Option<()> {
    let (rd, rn, rm, size) = (word.rd(), word.rn(), word.rm(), word.bits(22, 2));
    let unsigned = word.bit(29);
    let operation = word.bits(11, 5);
    if operation == 0b00011 {
        let lanes = Arrangement::new(0, word.bit(30))?;
        if !unsigned && size == 2 && rn == rm {
            return write!(text, "VMOV V{rn}{lanes}, V{rd}{lanes}").ok();
        }
        let names = [
            "VAND", "VBIC", "VORR", "VORN", "VEOR", "VBSL", "VBIT", "VBIF",
        ];
        let name = names.get((u32::from(unsigned) << 2 | size) as usize)?;
        return write!(text, "{name} V{rm}{lanes}, V{rn}{lanes}, V{rd}{lanes}").ok();
    }
    let name = match (operation, unsigned) {
        (0b00110, false) => "VCMGT",
        (0b00110, true) => "VCMHI",
        (0b00111, false) => "VCMGE",
        (0b00111, true) => "VCMHS",
        (0b01100, false) => "VSMAX",
        (0b01100, true) => "VUMAX",
        (0b01101, false) => "VSMIN",
        (0b01101, true) => "VUMIN",
        (0b10000, false) => "VADD",
        (0b10000, true) => "VSUB",
        (0b10001, false) => "VCMTST",
        (0b10001, true) => "VCMEQ",
        (0b10011, false) => "VMUL",
        (0b10111, false) => "VADDP",
        _ => return None,
    };
    let lanes = Arrangement::of_several(size, word.bit(30))?;
    if size == 3 && matches!(operation, 0b01100 | 0b01101 | 0b10011) {
        return None;
    }
    write!(text, "{name} V{rm}{lanes}, V{rn}{lanes}, V{rd}{lanes}").ok()
}

fn write_two(word: Word, text: &mut String) -> Option<()> {
    let size = word.bits(22, 2);
    let name = match (word.bits(12, 5), word.bit(29), size) {
        (0, false, 0..=2) => "VREV64",
        (0, true, 0..=1) => "VREV32",
        (1, false, 0) => "VREV16",
        (5, false, 0) => "VCNT",
        _ => return None,
    };
    let lanes = Arrangement::new(size, word.bit(30))?;
    write!(text, "{name} V{}{lanes}, V{}{lanes}", word.rn(), word.rd()).ok()
}

fn write_across(word: Word, text: &mut String) -> Option<()> {
    let name = match (word.bits(12, 5), word.bit(29)) {
        (0b00011, true) => "VUADDLV",
        (0b00011, false) => "VSADDLV",
        (0b11011, false) => "VADDV",
        (0b01010, true) => "VUMAXV",
        (0b11010, true) => "VUMINV",
        _ => return None,
    };
    let lanes = Arrangement::new(word.bits(22, 2), word.bit(30)).filter(|it| it.lanes > 2)?;
    write!(text, "{name} V{}{lanes}, V{}", word.rn(), word.rd()).ok()
}

fn write_shift(word: Word, text: &mut String) -> Option<()> {
    let position = word.bits(16, 7);
    let size = 31_u32
        .checked_sub((position >> 3).leading_zeros())
        .filter(|size| *size < 4)?;
    let width = 8 << size;
    let lanes = Arrangement::of_several(size, word.bit(30))?;
    let (name, amount) = match (word.bits(11, 5), word.bit(29)) {
        (0b00000, false) => ("VSSHR", 2 * width - position),
        (0b00000, true) => ("VUSHR", 2 * width - position),
        (0b01000, true) => ("VSRI", 2 * width - position),
        (0b01010, false) => ("VSHL", position - width),
        (0b01010, true) => ("VSLI", position - width),
        _ => return None,
    };
    write!(
        text,
        "{name} ${amount}, V{}{lanes}, V{}{lanes}",
        word.rn(),
        word.rd()
    )
    .ok()
}

/// Consecutive vectors.
struct List {
    first: u32,
    count: u32,
    lanes: Arrangement,
}

impl fmt::Display for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('[')?;
        for index in 0..self.count {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            write!(formatter, "V{}{}", (self.first + index) % 32, self.lanes)?;
        }
        formatter.write_char(']')
    }
}

/// Appends a load or store of one lane.
fn write_lane(word: Word, text: &mut String) -> Option<()> {
    let (whole, high, size) = (word.bits(30, 1), word.bits(12, 1), word.bits(10, 2));
    let (letter, index, bytes) = match (word.bits(13, 3), size) {
        (0b000, _) => ('B', whole << 3 | high << 2 | size, 1),
        (0b010, 0 | 2) => ('H', whole << 2 | high << 1 | size >> 1, 2),
        (0b100, 0) => ('S', whole << 1 | high, 4),
        (0b100, 1) if high == 0 => ('D', whole, 8),
        _ => return None,
    };
    let after = word.bit(23);
    let suffix = if after { ".P" } else { "" };
    let address = advancing(word, after, bytes);
    let register = word.rd();
    if word.bit(22) {
        write!(
            text,
            "VLD1{suffix} {address}, V{register}.{letter}[{index}]"
        )
        .ok()
    } else {
        write!(
            text,
            "VST1{suffix} V{register}.{letter}[{index}], {address}"
        )
        .ok()
    }
}

/// An address that may advance afterwards, by what is accessed or by a register.
fn advancing(word: Word, after: bool, bytes: u32) -> String {
    let base = Stack(word.rn());
    match (after, word.rm()) {
        (false, _) => format!("({base})"),
        (true, 31) => format!("{bytes}({base})"),
        (true, register) => format!("({base})(R{register})"),
    }
}

/// Appends a load or store of vectors.
pub(super) fn write_memory(word: Word, text: &mut String) -> Option<()> {
    if word.matches(0xbf20_0000, 0x0d00_0000) && word.bits(14, 2) != 0b11 && !word.bit(13) {
        if !word.bit(23) && word.rm() != 0 {
            return None;
        }
        return write_lane(word, text);
    }
    let whole = word.bit(30);
    let lanes = Arrangement::new(word.bits(10, 2), whole)?;
    let loads = word.bit(22);
    let after = word.bit(23);
    if !after && word.rm() != 0 {
        return None;
    }
    let multiple = word.matches(0xbf20_0000, 0x0c00_0000);
    let (name, count, bytes) = if multiple {
        let count = match word.bits(12, 4) {
            0b0111 => 1,
            0b1010 => 2,
            0b0110 => 3,
            0b0010 => 4,
            _ => return None,
        };
        let name = if loads { "VLD1" } else { "VST1" };
        (name, count, count * if whole { 16 } else { 8 })
    } else if word.matches(0xbf40_d000, 0x0d40_c000) && !(word.bit(12)) {
        let (name, count) = match (word.bit(13), word.bit(21)) {
            (false, false) => ("VLD1R", 1),
            (false, true) => ("VLD2R", 2),
            (true, false) => ("VLD3R", 3),
            (true, true) => ("VLD4R", 4),
        };
        (name, count, count << word.bits(10, 2))
    } else {
        return None;
    };
    let address = advancing(word, after, bytes);
    let suffix = if after { ".P" } else { "" };
    let list = List {
        first: word.rd(),
        count,
        lanes,
    };
    if loads {
        write!(text, "{name}{suffix} {address}, {list}").ok()
    } else {
        write!(text, "{name}{suffix} {list}, {address}").ok()
    }
}
