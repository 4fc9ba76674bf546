//! Arithmetic and logic on general registers.

use std::fmt::{self, Write};

use super::operand::{Either, General, Stack, Word, condition, w};

/// Appends an operation on a register and a constant.
pub(super) fn write_immediate(word: Word, text: &mut String) -> Option<()> {
    match word.bits(23, 3) {
        0b000 | 0b001 => write_relative(word, text),
        0b010 => write_add_immediate(word, text),
        0b100 => write_logical_immediate(word, text),
        0b101 => write_move_wide(word, text),
        0b110 => write_bit_field(word, text),
        0b111 => write_extract(word, text),
        _ => None,
    }
}

fn write_relative(word: Word, text: &mut String) -> Option<()> {
    let distance = word.signed(5, 19) << 2 | i64::from(word.bits(29, 2));
    let (name, distance) = if word.bit(31) {
        ("ADRP", distance << 12)
    } else {
        ("ADR", distance)
    };
    write!(text, "{name} {distance}(PC), {}", General(word.rd())).ok()
}

/// A constant that may be shifted to the left.
struct Shifted(u32, u32);

impl fmt::Display for Shifted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(value, 0) => write!(formatter, "${value}"),
            Self(value, shift) => write!(formatter, "$({value}<<{shift})"),
        }
    }
}

fn write_add_immediate(word: Word, text: &mut String) -> Option<()> {
    let narrow = w(!word.bit(31));
    let (rd, rn) = (word.rd(), Stack(word.rn()));
    let value = Shifted(word.bits(10, 12), word.bits(22, 1) * 12);
    let (subtracts, compares) = (word.bit(30), word.bit(29) && rd == 31);
    if compares {
        let name = if subtracts { "CMP" } else { "CMN" };
        return write!(text, "{name}{narrow} {value}, {rn}").ok();
    }
    if word.bits(10, 13) == 0 && !subtracts && !word.bit(29) && (rd == 31 || rn.0 == 31) {
        let name = if word.bit(31) { "MOVD" } else { "MOVW" };
        return write!(text, "{name} {rn}, {}", Stack(rd)).ok();
    }
    let name = ["ADD", "ADDS", "SUB", "SUBS"].get(word.bits(29, 2) as usize)?;
    let rd = Either::new(rd, !word.bit(29));
    write!(text, "{name}{narrow} {value}, {rn}, {rd}").ok()
}

/// Returns the constant of a logical operation: a run of ones, rotated and repeated
/// (`DecodeBitMasks` in the manual of Armv8-A).
fn bit_mask(word: Word) -> Option<u64> {
    let (n, rotation, ones) = (word.bits(22, 1), word.bits(16, 6), word.bits(10, 6));
    let length = 31_u32.checked_sub((n << 6 | (!ones & 0x3f)).leading_zeros())?;
    if length == 0 || (n == 1 && !word.bit(31)) {
        return None;
    }
    let size = 1_u32 << length;
    let (ones, rotation) = (ones & (size - 1), rotation & (size - 1));
    let full = u64::MAX >> (64 - size);
    // All ones, which is reserved, is not refused.
    let run = u64::MAX >> (63 - ones);
    let element = if rotation == 0 {
        run
    } else {
        (run >> rotation | run << (size - rotation)) & full
    };
    let mut mask = element;
    let mut filled = size;
    while filled < 64 {
        mask |= mask << filled;
        filled *= 2;
    }
    Some(if word.bit(31) {
        mask
    } else {
        mask & 0xffff_ffff
    })
}

/// Whether a constant is a single `MOVZ` or `MOVN` (`MoveWidePreferred` in the manual).
fn is_wide_move(word: Word) -> bool {
    let (n, rotation, ones) = (word.bits(22, 1), word.bits(16, 6), word.bits(10, 6));
    let width = if word.bit(31) { 64 } else { 32 };
    if (word.bit(31) && n != 1) || (!word.bit(31) && (n != 0 || ones & 0x20 != 0)) {
        return false;
    }
    if ones < 16 {
        return (16 - rotation % 16) % 16 <= 15 - ones;
    }
    ones >= width - 15 && rotation % 16 <= ones - (width - 15)
}

fn write_logical_immediate(word: Word, text: &mut String) -> Option<()> {
    let narrow = w(!word.bit(31));
    let (rd, rn) = (word.rd(), General(word.rn()));
    let value = bit_mask(word)?.cast_signed();
    match word.bits(29, 2) {
        0b11 if rd == 31 => return write!(text, "TST{narrow} ${value}, {rn}").ok(),
        0b01 if rn.0 == 31 && !is_wide_move(word) => {
            let name = if word.bit(31) { "MOVD" } else { "MOVW" };
            return write!(text, "{name} ${value}, {}", Stack(rd)).ok();
        }
        _ => {}
    }
    let name = ["AND", "ORR", "EOR", "ANDS"].get(word.bits(29, 2) as usize)?;
    let rd = Either::new(rd, word.bits(29, 2) != 0b11);
    write!(text, "{name}{narrow} ${value}, {rn}, {rd}").ok()
}

fn write_move_wide(word: Word, text: &mut String) -> Option<()> {
    let wide = word.bit(31);
    let (half, value) = (word.bits(21, 2), word.bits(5, 16));
    if !wide && half > 1 {
        return None;
    }
    let (rd, shift) = (General(word.rd()), half * 16);
    let mov = if wide { "MOVD" } else { "MOVW" };
    let is_plain = !(value == 0 && half != 0);
    let shifted = u64::from(value) << shift;
    match word.bits(29, 2) {
        0b00 if is_plain && (wide || value != 0xffff) => {
            let inverted = if wide {
                (!shifted).cast_signed()
            } else {
                i64::from(!(value << shift))
            };
            write!(text, "{mov} ${inverted}, {rd}").ok()
        }
        0b10 if is_plain => write!(text, "{mov} ${}, {rd}", shifted.cast_signed()).ok(),
        operation => {
            let name = match operation {
                0b00 => "MOVN",
                0b10 => "MOVZ",
                0b11 => "MOVK",
                _ => return None,
            };
            write!(text, "{name}{} {}, {rd}", w(!wide), Shifted(value, shift)).ok()
        }
    }
}

fn write_bit_field(word: Word, text: &mut String) -> Option<()> {
    let wide = word.bit(31);
    let width = if wide { 64 } else { 32 };
    let (rotation, last) = (word.bits(16, 6), word.bits(10, 6));
    if word.bit(22) != wide || (!wide && (rotation > 31 || last > 31)) {
        return None;
    }
    let (rd, rn, narrow) = (General(word.rd()), General(word.rn()), w(!wide));
    let inserts = last < rotation;
    match word.bits(29, 2) {
        0b00 => {
            let extension = match (rotation, last) {
                (0, 7) => "SXTB",
                (0, 15) => "SXTH",
                (0, 31) if wide => "SXTW",
                _ => "",
            };
            if last == width - 1 {
                return write!(text, "ASR{narrow} ${rotation}, {rn}, {rd}").ok();
            }
            if !extension.is_empty() {
                return write!(text, "{extension}{narrow} {rn}, {rd}").ok();
            }
        }
        0b10 => {
            let extension = match (rotation, last) {
                (0, 7) if !wide => "UXTB",
                (0, 15) if !wide => "UXTH",
                _ => "",
            };
            if last != width - 1 && last + 1 == rotation {
                let shift = width - rotation;
                return write!(text, "LSL{narrow} ${shift}, {rn}, {rd}").ok();
            }
            if last == width - 1 {
                return write!(text, "LSR{narrow} ${rotation}, {rn}, {rd}").ok();
            }
            if !extension.is_empty() {
                return write!(text, "{extension}{narrow} {rn}, {rd}").ok();
            }
        }
        _ => {}
    }
    let name = match (word.bits(29, 2), inserts) {
        (0b00, true) => "SBFIZ",
        (0b00, false) => "SBFX",
        (0b01, true) => "BFI",
        (0b01, false) => "BFXIL",
        (0b10, true) => "UBFIZ",
        (0b10, false) => "UBFX",
        _ => return None,
    };
    let (low, count) = if inserts {
        (width - rotation, last + 1)
    } else {
        (rotation, last + 1 - rotation)
    };
    write!(text, "{name}{narrow} ${low}, {rn}, ${count}, {rd}").ok()
}

fn write_extract(word: Word, text: &mut String) -> Option<()> {
    let wide = word.bit(31);
    let low = word.bits(10, 6);
    if word.bits(29, 2) != 0 || word.bit(21) || word.bit(22) != wide || (!wide && low > 31) {
        return None;
    }
    let (rd, rn, rm) = (General(word.rd()), General(word.rn()), General(word.rm()));
    let narrow = w(!wide);
    if rn.0 == rm.0 {
        return write!(text, "ROR{narrow} ${low}, {rn}, {rd}").ok();
    }
    write!(text, "EXTR{narrow} ${low}, {rm}, {rn}, {rd}").ok()
}

/// Appends an operation on registers.
pub(super) fn write_register(word: Word, text: &mut String) -> Option<()> {
    match (word.bit(28), word.bits(21, 4)) {
        (false, 0..=7) => write_logical(word, text),
        (false, operation) if operation & 1 == 0 => write_add_shifted(word, text),
        (false, _) => write_add_extended(word, text),
        (true, 0b0000) => write_with_carry(word, text),
        (true, 0b0010) => write_conditional_compare(word, text),
        (true, 0b0100) => write_conditional_select(word, text),
        (true, 0b0110) if word.bit(30) => write_one_source(word, text),
        (true, 0b0110) => write_two_sources(word, text),
        (true, 8..=15) => write_three_sources(word, text),
        _ => None,
    }
}

/// A register that may be shifted.
struct ShiftedRegister {
    register: General,
    kind: u32,
    amount: u32,
}

impl ShiftedRegister {
    fn new(word: Word) -> Option<Self> {
        let amount = word.bits(10, 6);
        (word.bit(31) || amount < 32).then_some(Self {
            register: General(word.rm()),
            kind: word.bits(22, 2),
            amount,
        })
    }

    fn is_plain(&self) -> bool {
        self.kind == 0 && self.amount == 0
    }
}

impl fmt::Display for ShiftedRegister {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            return self.register.fmt(formatter);
        }
        let arrow = match self.kind {
            0 => "<<",
            1 => ">>",
            2 => "->",
            _ => "@>",
        };
        write!(formatter, "{}{arrow}{}", self.register, self.amount)
    }
}

fn write_logical(word: Word, text: &mut String) -> Option<()> {
    let narrow = w(!word.bit(31));
    let (rd, rn, rm) = (
        General(word.rd()),
        General(word.rn()),
        ShiftedRegister::new(word)?,
    );
    let operation = word.bits(29, 2) << 1 | word.bits(21, 1);
    match operation {
        0b010 if rn.0 == 31 && rm.is_plain() => {
            let name = if word.bit(31) { "MOVD" } else { "MOVW" };
            return write!(text, "{name} {rm}, {rd}").ok();
        }
        0b011 if rn.0 == 31 => return write!(text, "MVN{narrow} {rm}, {rd}").ok(),
        0b110 if rd.0 == 31 => return write!(text, "TST{narrow} {rm}, {rn}").ok(),
        _ => {}
    }
    let name =
        ["AND", "BIC", "ORR", "ORN", "EOR", "EON", "ANDS", "BICS"].get(operation as usize)?;
    write!(text, "{name}{narrow} {rm}, {rn}, {rd}").ok()
}

fn write_add_shifted(word: Word, text: &mut String) -> Option<()> {
    let narrow = w(!word.bit(31));
    let (rd, rn, rm) = (
        General(word.rd()),
        General(word.rn()),
        ShiftedRegister::new(word).filter(|register| register.kind < 3)?,
    );
    match word.bits(29, 2) {
        0b01 if rd.0 == 31 => return write!(text, "CMN{narrow} {rm}, {rn}").ok(),
        0b11 if rd.0 == 31 => return write!(text, "CMP{narrow} {rm}, {rn}").ok(),
        0b10 if rn.0 == 31 => return write!(text, "NEG{narrow} {rm}, {rd}").ok(),
        0b11 if rn.0 == 31 => return write!(text, "NEGS{narrow} {rm}, {rd}").ok(),
        _ => {}
    }
    let name = ["ADD", "ADDS", "SUB", "SUBS"].get(word.bits(29, 2) as usize)?;
    write!(text, "{name}{narrow} {rm}, {rn}, {rd}").ok()
}

/// The names of extensions of a register.
const EXTENSIONS: [&str; 8] = [
    "UXTB", "UXTH", "UXTW", "UXTX", "SXTB", "SXTH", "SXTW", "SXTX",
];

fn write_add_extended(word: Word, text: &mut String) -> Option<()> {
    if word.bits(22, 2) != 0 {
        return None;
    }
    let (rd, rn) = (word.rd(), Stack(word.rn()));
    let (option, amount) = (word.bits(13, 3), word.bits(10, 3));
    let sets_flags = word.bit(29);
    let full = if word.bit(31) { 3 } else { 2 };
    // With the stack pointer, an extension of all bits is a shift.
    let is_shift = option == full && (rn.0 == 31 || (!sets_flags && rd == 31));
    let mut rm = General(word.rm()).to_string();
    if !is_shift {
        rm.push('.');
        rm.push_str(EXTENSIONS.get(option as usize)?);
    }
    if amount != 0 {
        write!(rm, "<<{amount}").ok()?;
    }
    let narrow = w(!word.bit(31));
    match word.bits(29, 2) {
        0b01 if rd == 31 => return write!(text, "CMN{narrow} {rm}, {rn}").ok(),
        0b11 if rd == 31 => return write!(text, "CMP{narrow} {rm}, {rn}").ok(),
        _ => {}
    }
    let name = ["ADD", "ADDS", "SUB", "SUBS"].get(word.bits(29, 2) as usize)?;
    let rd = Either::new(rd, !sets_flags);
    write!(text, "{name}{narrow} {rm}, {rn}, {rd}").ok()
}

fn write_with_carry(word: Word, text: &mut String) -> Option<()> {
    if word.bits(10, 6) != 0 {
        return None;
    }
    let narrow = w(!word.bit(31));
    let (rd, rn, rm) = (General(word.rd()), General(word.rn()), General(word.rm()));
    let operation = word.bits(29, 2) as usize;
    if operation >= 2 && rn.0 == 31 {
        let name = ["NGC", "NGCS"].get(operation - 2)?;
        return write!(text, "{name}{narrow} {rm}, {rd}").ok();
    }
    let name = ["ADC", "ADCS", "SBC", "SBCS"].get(operation)?;
    write!(text, "{name}{narrow} {rm}, {rn}, {rd}").ok()
}

fn write_conditional_compare(word: Word, text: &mut String) -> Option<()> {
    if !word.bit(29) || word.bit(10) || word.bit(4) {
        return None;
    }
    let name = if word.bit(30) { "CCMP" } else { "CCMN" };
    let rn = General(word.rn());
    let condition = condition(word.bits(12, 4));
    write!(text, "{name}{} {condition}, {rn}, ", w(!word.bit(31))).ok()?;
    if word.bit(11) {
        write!(text, "${}", word.rm()).ok()?;
    } else {
        write!(text, "{}", General(word.rm())).ok()?;
    }
    write!(text, ", ${}", word.bits(0, 4)).ok()
}

fn write_conditional_select(word: Word, text: &mut String) -> Option<()> {
    if word.bit(29) || word.bit(11) {
        return None;
    }
    let narrow = w(!word.bit(31));
    let (rd, rn, rm) = (General(word.rd()), General(word.rn()), General(word.rm()));
    let number = word.bits(12, 4);
    let inverted = condition(number ^ 1);
    let operation = word.bits(30, 1) << 1 | word.bits(10, 1);
    if number < 14 && rn.0 == rm.0 {
        let name = match (operation, rn.0) {
            (0b01, 31) => "CSET",
            (0b10, 31) => "CSETM",
            (0b01, _) => "CINC",
            (0b10, _) => "CINV",
            (0b11, _) => "CNEG",
            _ => "",
        };
        match name {
            "" => {}
            "CSET" | "CSETM" => return write!(text, "{name}{narrow} {inverted}, {rd}").ok(),
            _ => return write!(text, "{name}{narrow} {inverted}, {rn}, {rd}").ok(),
        }
    }
    let name = ["CSEL", "CSINC", "CSINV", "CSNEG"].get(operation as usize)?;
    write!(
        text,
        "{name}{narrow} {}, {rn}, {rm}, {rd}",
        condition(number)
    )
    .ok()
}

fn write_one_source(word: Word, text: &mut String) -> Option<()> {
    if word.bit(29) || word.rm() != 0 {
        return None;
    }
    let wide = word.bit(31);
    let name = match (word.bits(10, 6), wide) {
        (0, _) => "RBIT",
        (1, _) => "REV16",
        (2, false) | (3, true) => "REV",
        (2, true) => "REV32",
        (4, _) => "CLZ",
        (5, _) => "CLS",
        _ => return None,
    };
    let (rd, rn) = (General(word.rd()), General(word.rn()));
    write!(text, "{name}{} {rn}, {rd}", w(!wide)).ok()
}

fn write_two_sources(word: Word, text: &mut String) -> Option<()> {
    if word.bit(29) {
        return None;
    }
    let wide = word.bit(31);
    let name = match (word.bits(10, 6), wide) {
        (2, _) => "UDIV",
        (3, _) => "SDIV",
        (8, _) => "LSL",
        (9, _) => "LSR",
        (10, _) => "ASR",
        (11, _) => "ROR",
        (0x10, false) => "CRC32B",
        (0x11, false) => "CRC32H",
        (0x12, false) => "CRC32W",
        (0x13, true) => "CRC32X",
        (0x14, false) => "CRC32CB",
        (0x15, false) => "CRC32CH",
        (0x16, false) => "CRC32CW",
        (0x17, true) => "CRC32CX",
        _ => return None,
    };
    let narrow = w(!wide && !name.starts_with("CRC"));
    let (rd, rn, rm) = (General(word.rd()), General(word.rn()), General(word.rm()));
    write!(text, "{name}{narrow} {rm}, {rn}, {rd}").ok()
}

fn write_three_sources(word: Word, text: &mut String) -> Option<()> {
    if word.bits(29, 2) != 0 {
        return None;
    }
    let wide = word.bit(31);
    let (rd, rn, rm) = (General(word.rd()), General(word.rn()), General(word.rm()));
    let ra = General(word.bits(10, 5));
    let alone = ra.0 == 31;
    let operation = word.bits(21, 3) << 1 | word.bits(15, 1);
    let name = match (operation, alone) {
        (0b0000, true) => "MUL",
        (0b0000, false) => "MADD",
        (0b0001, true) => "MNEG",
        (0b0001, false) => "MSUB",
        (0b0010, true) if wide => "SMULL",
        (0b0010, false) if wide => "SMADDL",
        (0b0011, true) if wide => "SMNEGL",
        (0b0011, false) if wide => "SMSUBL",
        (0b0100, _) if wide => "SMULH",
        (0b1010, true) if wide => "UMULL",
        (0b1010, false) if wide => "UMADDL",
        (0b1011, true) if wide => "UMNEGL",
        (0b1011, false) if wide => "UMSUBL",
        (0b1100, _) if wide => "UMULH",
        _ => return None,
    };
    let narrow = w(!wide);
    if alone || name.ends_with('H') {
        return write!(text, "{name}{narrow} {rm}, {rn}, {rd}").ok();
    }
    write!(text, "{name}{narrow} {rm}, {ra}, {rn}, {rd}").ok()
}
