//! Loads and stores.

use std::fmt::{self, Write};

use super::operand::{General, Stack, Word};
use super::{Place, vector};

/// Appends a load or store.
pub(super) fn write(word: Word, place: &Place<'_, '_>, text: &mut String) -> Option<()> {
    if word.matches(0x3f00_0000, 0x0800_0000) {
        return write_exclusive(word, text);
    }
    if word.matches(0x3b00_0000, 0x1800_0000) {
        return write_literal(word, place, text);
    }
    if word.matches(0x3a00_0000, 0x2800_0000) {
        return write_pair(word, text);
    }
    if word.matches(0x3b00_0000, 0x3900_0000) || word.matches(0x3b00_0000, 0x3800_0000) {
        return write_single(word, text);
    }
    vector::write_memory(word, text)
}

/// How an address changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Offset,
    Before,
    After,
}

impl Mode {
    fn suffix(self) -> &'static str {
        match self {
            Self::Offset => "",
            Self::Before => ".W",
            Self::After => ".P",
        }
    }
}

/// A register and a distance.
struct Address {
    base: u32,
    offset: i64,
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.offset != 0 {
            write!(formatter, "{}", self.offset)?;
        }
        write!(formatter, "({})", Stack(self.base))
    }
}

/// What is loaded or stored.
struct Access {
    name: &'static str,
    /// Where the offset counts single bytes, if it has another name then.
    unscaled: &'static str,
    loads: bool,
    float: bool,
    /// The logarithm of the number of bytes.
    scale: u32,
}

impl Access {
    fn new(size: u32, float: bool, operation: u32) -> Option<Self> {
        let (name, unscaled, loads, scale) = match (float, size, operation) {
            (false, 0, 0) => ("MOVB", "MOVB", false, 0),
            (false, 0, 1) => ("MOVBU", "LDURBW", true, 0),
            (false, 0, 2) => ("MOVB", "LDURSB", true, 0),
            (false, 0, 3) => ("MOVBW", "LDURSBW", true, 0),
            (false, 1, 0) => ("MOVH", "MOVH", false, 1),
            (false, 1, 1) => ("MOVHU", "LDURHW", true, 1),
            (false, 1, 2) => ("MOVH", "LDURSH", true, 1),
            (false, 1, 3) => ("MOVHW", "LDURSHW", true, 1),
            (false, 2, 0) => ("MOVW", "MOVW", false, 2),
            (false, 2, 1) => ("MOVWU", "MOVWU", true, 2),
            (false, 2, 2) => ("MOVW", "LDURSW", true, 2),
            (false, 3, 0) => ("MOVD", "MOVD", false, 3),
            (false, 3, 1) => ("MOVD", "MOVD", true, 3),
            (true, 0, 0 | 1) => ("FMOVB", "FMOVB", operation == 1, 0),
            (true, 1, 0 | 1) => ("FMOVH", "FMOVH", operation == 1, 1),
            (true, 2, 0 | 1) => ("FMOVS", "FMOVS", operation == 1, 2),
            (true, 3, 0 | 1) => ("FMOVD", "FMOVD", operation == 1, 3),
            (true, 0, 2 | 3) => ("FMOVQ", "FMOVQ", operation == 3, 4),
            _ => return None,
        };
        Some(Self {
            name,
            unscaled,
            loads,
            float,
            scale,
        })
    }

    fn register(&self, number: u32) -> String {
        if self.float {
            format!("F{number}")
        } else {
            General(number).to_string()
        }
    }
}

fn write_single(word: Word, text: &mut String) -> Option<()> {
    let (size, operation) = (word.bits(30, 2), word.bits(22, 2));
    if size == 3 && operation == 2 && !word.bit(26) {
        return write_prefetch(word, text);
    }
    let access = Access::new(size, word.bit(26), operation)?;
    let base = word.rn();
    let mut name = access.name;
    let mut mode = Mode::Offset;
    let address = if word.bit(24) {
        let offset = i64::from(word.bits(10, 12)) << access.scale;
        Address { base, offset }.to_string()
    } else if word.bit(21) {
        if word.bits(10, 2) != 0b10 {
            return None;
        }
        indexed(word, access.scale)?
    } else {
        match word.bits(10, 2) {
            0b00 => name = access.unscaled,
            0b01 => mode = Mode::After,
            0b11 => mode = Mode::Before,
            _ => return write_unprivileged(word, text),
        }
        let offset = word.signed(12, 9);
        Address { base, offset }.to_string()
    };
    let register = access.register(word.rd());
    let suffix = mode.suffix();
    if access.loads {
        write!(text, "{name}{suffix} {address}, {register}").ok()
    } else {
        write!(text, "{name}{suffix} {register}, {address}").ok()
    }
}

/// An address with a register as its index.
fn indexed(word: Word, scale: u32) -> Option<String> {
    let base = Stack(word.rn());
    let index = General(word.rm());
    let extension = match word.bits(13, 3) {
        2 => ".UXTW",
        3 => "",
        6 => ".SXTW",
        7 => ".SXTX",
        _ => return None,
    };
    let shifted = word.bit(12);
    Some(match (shifted, scale, extension) {
        (true, 0, "") => format!("({base})({index}<<0)"),
        (true, 1.., _) => format!("({base})({index}{extension}<<{scale})"),
        _ => format!("({base})({index}{extension})"),
    })
}

/// Accesses as if from a user's program.
fn write_unprivileged(word: Word, text: &mut String) -> Option<()> {
    if word.bit(26) {
        return None;
    }
    let name = match (word.bits(30, 2), word.bits(22, 2)) {
        (0, 0) => "STTRBW",
        (0, 1) => "LDTRBW",
        (0, 2) => "LDTRSB",
        (0, 3) => "LDTRSBW",
        (1, 0) => "STTRHW",
        (1, 1) => "LDTRH",
        (1, 2) => "LDTRSH",
        (1, 3) => "LDTRSHW",
        (2, 0) => "STTRW",
        (2, 1) => "LDTRW",
        (2, 2) => "LDTRSW",
        (3, 0) => "STTR",
        (3, 1) => "LDTR",
        _ => return None,
    };
    let address = Address {
        base: word.rn(),
        offset: word.signed(12, 9),
    };
    // Stores are written like loads here.
    write!(text, "{name} {address}, {}", General(word.rd())).ok()
}

fn write_prefetch(word: Word, text: &mut String) -> Option<()> {
    // Other forms of it are not known to be used.
    if !word.bit(24) {
        return None;
    }
    let address = Address {
        base: word.rn(),
        offset: i64::from(word.bits(10, 12)) << 3,
    };
    let kinds = ["PLD", "PLI", "PST"];
    let operation = word.rd();
    match (kinds.get((operation >> 3) as usize), operation >> 1 & 3) {
        (Some(kind), level @ 0..=2) => {
            let policy = if operation & 1 == 0 { "KEEP" } else { "STRM" };
            write!(text, "PRFM {address}, {kind}L{}{policy}", level + 1).ok()
        }
        _ => write!(text, "PRFM {address}, ${operation}").ok(),
    }
}

fn write_literal(word: Word, place: &Place<'_, '_>, text: &mut String) -> Option<()> {
    let distance = word.signed(5, 19) * 4;
    let float = word.bit(26);
    let name = match (float, word.bits(30, 2)) {
        (false, 0) => "MOVWU",
        (false, 1) => "MOVD",
        (false, 2) => "MOVW",
        (true, 0) => "FMOVS",
        (true, 1) => "FMOVD",
        (true, 2) => "FMOVQ",
        _ => return None,
    };
    write!(text, "{name} ").ok()?;
    if !float && place.symbol(distance).is_some() {
        text.push('$');
    }
    place.write_target(distance, text)?;
    if float {
        write!(text, ", F{}", word.rd()).ok()
    } else {
        write!(text, ", {}", General(word.rd())).ok()
    }
}

fn write_pair(word: Word, text: &mut String) -> Option<()> {
    let (size, float, loads) = (word.bits(30, 2), word.bit(26), word.bit(22));
    let mode = match word.bits(23, 2) {
        1 => Mode::After,
        2 => Mode::Offset,
        3 => Mode::Before,
        _ => return write_passing_pair(word, text),
    };
    let (kind, scale) = match (float, size) {
        (false, 0) => ("W", 2),
        (false, 1) if loads => ("SW", 2),
        (false, 2) => ("", 3),
        (true, 0) => ("S", 2),
        (true, 1) => ("D", 3),
        (true, 2) => ("Q", 4),
        _ => return None,
    };
    let address = Address {
        base: word.rn(),
        offset: word.signed(15, 7) << scale,
    };
    let suffix = mode.suffix();
    let (first, second) = (word.rd(), word.bits(10, 5));
    if kind == "SW" {
        let (first, second) = (General(first), General(second));
        return write!(text, "LDPSW{suffix} {address}, {second}, {first}").ok();
    }
    let registers = if float {
        format!("(F{first}, F{second})")
    } else {
        format!("({}, {})", General(first), General(second))
    };
    let f = if float { "F" } else { "" };
    if loads {
        write!(text, "{f}LDP{kind}{suffix} {address}, {registers}").ok()
    } else {
        write!(text, "{f}STP{kind}{suffix} {registers}, {address}").ok()
    }
}

/// Pairs that caches need not keep. Stores are written like loads here.
fn write_passing_pair(word: Word, text: &mut String) -> Option<()> {
    let (size, float) = (word.bits(30, 2), word.bit(26));
    let name = if word.bit(22) { "LDNP" } else { "STNP" };
    let (suffix, scale) = match (float, size) {
        (false, 0) => ("W", 2),
        (false, 2) => ("", 3),
        (true, 0..=2) => ("", size + 2),
        _ => return None,
    };
    let address = Address {
        base: word.rn(),
        offset: word.signed(15, 7) << scale,
    };
    let (first, second) = (word.rd(), word.bits(10, 5));
    if float {
        return write!(text, "V{name} {address}, V{second}, V{first}").ok();
    }
    let (first, second) = (General(first), General(second));
    write!(text, "{name}{suffix} {address}, {second}, {first}").ok()
}

/// Exclusive loads and stores of pairs.
fn write_exclusive_pair(word: Word, text: &mut String) -> Option<()> {
    let narrow = match word.bits(30, 2) {
        2 => "W",
        3 => "",
        _ => return None,
    };
    let pair = (General(word.rd()), General(word.bits(10, 5)));
    let base = Stack(word.rn());
    let name = match (word.bit(22), word.bit(15)) {
        (true, true) => "LDAXP",
        (true, false) => "LDXP",
        (false, true) => "STLXP",
        (false, false) => "STXP",
    };
    let (first, second) = pair;
    if word.bit(22) {
        return write!(text, "{name}{narrow} ({base}), ({first}, {second})").ok();
    }
    let status = General(word.rm());
    write!(
        text,
        "{name}{narrow} ({first}, {second}), ({base}), {status}"
    )
    .ok()
}

/// Loads that acquire, stores that release, and those that must not be interrupted.
fn write_exclusive(word: Word, text: &mut String) -> Option<()> {
    let size = word.bits(30, 2);
    let (ordinary, loads, pair) = (word.bit(23), word.bit(22), word.bit(21));
    let ordered = word.bit(15);
    if ordinary && (pair || !ordered) {
        return None;
    }
    if pair {
        return write_exclusive_pair(word, text);
    }
    let narrow = match size {
        0 => "B",
        1 => "H",
        2 => "W",
        _ => "",
    };
    let (register, base) = (General(word.rd()), Stack(word.rn()));
    let name = match (loads, ordinary, ordered) {
        (true, true, _) => "LDAR",
        (true, false, true) => "LDAXR",
        (true, false, false) => "LDXR",
        (false, true, _) => "STLR",
        (false, false, true) => "STLXR",
        (false, false, false) => "STXR",
    };
    if loads {
        return write!(text, "{name}{narrow} ({base}), {register}").ok();
    }
    write!(text, "{name}{narrow} {register}, ({base})").ok()?;
    if !ordinary {
        write!(text, ", {}", General(word.rm())).ok()?;
    }
    Some(())
}
