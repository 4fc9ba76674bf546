//! Arithmetic on floating point registers.

use std::fmt::Write;

use super::operand::{General, Word, condition, w};

/// The suffix of an operation on registers of a type, if it is one that has a suffix.
fn precision(kind: u32) -> Option<&'static str> {
    match kind {
        0 => Some("S"),
        1 => Some("D"),
        _ => None,
    }
}

/// Appends an operation on floating point registers.
pub(super) fn write(word: Word, text: &mut String) -> Option<()> {
    if word.matches(0xff00_0000, 0x1f00_0000) {
        return write_fused(word, text);
    }
    if word.matches(0x7f20_fc00, 0x1e20_0000) {
        return write_conversion(word, text);
    }
    if !word.matches(0xff20_0000, 0x1e20_0000) {
        return None;
    }
    // Of half precision only the conversion to others is known.
    let is_half = word.bits(22, 2) == 3;
    if is_half && word.bits(10, 5) == 0b10000 {
        return write_one_source(word, "H", text);
    }
    let kind = precision(word.bits(22, 2))?;
    let (rd, rn, rm) = (word.rd(), word.rn(), word.rm());
    let condition = condition(word.bits(12, 4));
    match word.bits(10, 2) {
        0b01 => {
            let name = if word.bit(4) { "FCCMPE" } else { "FCCMP" };
            let flags = word.bits(0, 4);
            write!(text, "{name}{kind} {condition}, F{rm}, F{rn}, ${flags}").ok()
        }
        0b10 => {
            let names = [
                "FMUL", "FDIV", "FADD", "FSUB", "FMAX", "FMIN", "FMAXNM", "FMINNM", "FNMUL",
            ];
            let name = names.get(word.bits(12, 4) as usize)?;
            write!(text, "{name}{kind} F{rm}, F{rn}, F{rd}").ok()
        }
        0b11 => write!(text, "FCSEL{kind} {condition}, F{rn}, F{rm}, F{rd}").ok(),
        _ if word.bit(12) => write_constant(word, kind, text),
        _ if word.bit(13) => write_comparison(word, kind, text),
        _ if word.bit(14) => write_one_source(word, kind, text),
        _ => None,
    }
}

fn write_fused(word: Word, text: &mut String) -> Option<()> {
    let kind = precision(word.bits(22, 2))?;
    let names = ["FMADD", "FMSUB", "FNMADD", "FNMSUB"];
    let name = names.get((word.bits(21, 1) << 1 | word.bits(15, 1)) as usize)?;
    let (rd, rn, rm, ra) = (word.rd(), word.rn(), word.rm(), word.bits(10, 5));
    write!(text, "{name}{kind} F{rm}, F{ra}, F{rn}, F{rd}").ok()
}

/// Between a general register and a floating point one.
fn write_conversion(word: Word, text: &mut String) -> Option<()> {
    let kind = precision(word.bits(22, 2));
    let narrow = w(!word.bit(31));
    let (rd, rn) = (word.rd(), word.rn());
    match (word.bits(19, 2), word.bits(16, 3)) {
        (0, operation @ 2..=3) => {
            let name = if operation == 2 { "SCVTF" } else { "UCVTF" };
            write!(text, "{name}{narrow}{} {}, F{rd}", kind?, General(rn)).ok()
        }
        (3, operation @ 0..=1) => {
            let name = if operation == 0 { "FCVTZS" } else { "FCVTZU" };
            write!(text, "{name}{}{narrow} F{rn}, {}", kind?, General(rd)).ok()
        }
        (rounding, operation @ (0 | 1 | 4 | 5)) => {
            let rounding = match (rounding, operation) {
                (0, 0 | 1) => "N",
                (1, 0 | 1) => "P",
                (2, 0 | 1) => "M",
                (0, _) => "A",
                _ => return None,
            };
            kind?;
            let sign = if operation & 1 == 0 { "S" } else { "U" };
            write!(text, "FCVT{rounding}{sign}{narrow} F{rn}, {}", General(rd)).ok()
        }
        // A copy of all bits, which must be as many.
        (0, 6) if word.bits(22, 2) == word.bits(31, 1) => {
            write!(text, "FMOV{} F{rn}, {}", kind?, General(rd)).ok()
        }
        (0, 7) if word.bits(22, 2) == word.bits(31, 1) => {
            write!(text, "FMOV{} {}, F{rd}", kind?, General(rn)).ok()
        }
        _ => None,
    }
}

/// A constant of eight bits: a sign, three bits of exponent and four of fraction.
fn write_constant(word: Word, kind: &str, text: &mut String) -> Option<()> {
    if word.rn() != 0 {
        return None;
    }
    let sign = if word.bit(20) { -1.0 } else { 1.0 };
    let low = word.bits(17, 2).cast_signed();
    let exponent = if word.bit(19) { low - 3 } else { low + 1 };
    let fraction = f64::from(16 + word.bits(13, 4)) / 16.0;
    let number = format!("{:.6}", sign * fraction * 2_f64.powi(exponent));
    let number = number.trim_end_matches('0');
    write!(text, "FMOV{kind} ${number}, F{}", word.rd()).ok()
}

fn write_comparison(word: Word, kind: &str, text: &mut String) -> Option<()> {
    if word.bits(14, 2) != 0 {
        return None;
    }
    let name = match word.bits(0, 5) {
        0 | 8 => "FCMP",
        16 | 24 => "FCMPE",
        _ => return None,
    };
    let (rn, rm) = (word.rn(), word.rm());
    if word.bit(3) {
        write!(text, "{name}{kind} $(0.0), F{rn}").ok()
    } else {
        write!(text, "{name}{kind} F{rm}, F{rn}").ok()
    }
}

fn write_one_source(word: Word, kind: &str, text: &mut String) -> Option<()> {
    let name = match word.bits(15, 6) {
        0 => "FMOV",
        1 => "FABS",
        2 => "FNEG",
        3 => "FSQRT",
        4 | 5 | 7 => "FCVT",
        8 => "FRINTN",
        9 => "FRINTP",
        10 => "FRINTM",
        11 => "FRINTZ",
        12 => "FRINTA",
        14 => "FRINTX",
        15 => "FRINTI",
        _ => return None,
    };
    let (rd, rn) = (word.rd(), word.rn());
    if name != "FCVT" {
        return (kind != "H").then(|| write!(text, "{name}{kind} F{rn}, F{rd}").ok())?;
    }
    let to = ["S", "D", "", "H"].get(word.bits(15, 2) as usize)?;
    if kind == *to {
        return None;
    }
    write!(text, "FCVT{kind}{to} F{rn}, F{rd}").ok()
}
