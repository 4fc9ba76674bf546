//! The bits of an instruction, and registers.

use std::fmt;

/// An instruction.
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) u32);

impl Word {
    /// Some bits, as an unsigned number. At most 31 of them.
    pub(super) fn bits(self, low: u32, count: u32) -> u32 {
        (self.0 >> low) & ((1 << count) - 1)
    }

    /// Some bits, as a signed number.
    pub(super) fn signed(self, low: u32, count: u32) -> i64 {
        let unused = 64 - count;
        (i64::from(self.bits(low, count)) << unused) >> unused
    }

    pub(super) fn bit(self, position: u32) -> bool {
        self.bits(position, 1) == 1
    }

    pub(super) fn matches(self, mask: u32, value: u32) -> bool {
        self.0 & mask == value
    }

    /// The register in the lowest bits, which most instructions write.
    pub(super) fn rd(self) -> u32 {
        self.bits(0, 5)
    }

    pub(super) fn rn(self) -> u32 {
        self.bits(5, 5)
    }

    pub(super) fn rm(self) -> u32 {
        self.bits(16, 5)
    }
}

/// The suffix of operations on 32 bits.
pub(super) fn w(narrow: bool) -> &'static str {
    if narrow { "W" } else { "" }
}

/// A general register; the last is zero.
#[derive(Clone, Copy)]
pub(super) struct General(pub(super) u32);

impl fmt::Display for General {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            31 => formatter.write_str("ZR"),
            number => write!(formatter, "R{number}"),
        }
    }
}

/// A general register; the last is the stack pointer.
#[derive(Clone, Copy)]
pub(super) struct Stack(pub(super) u32);

impl fmt::Display for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            31 => formatter.write_str("RSP"),
            number => write!(formatter, "R{number}"),
        }
    }
}

/// A register where an instruction takes one or the other.
#[derive(Clone, Copy)]
pub(super) enum Either {
    General(General),
    Stack(Stack),
}

impl Either {
    pub(super) fn new(number: u32, stack: bool) -> Self {
        if stack {
            Self::Stack(Stack(number))
        } else {
            Self::General(General(number))
        }
    }
}

impl fmt::Display for Either {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::General(register) => register.fmt(formatter),
            Self::Stack(register) => register.fmt(formatter),
        }
    }
}

/// Go's names of conditions as operands.
pub(super) const CONDITIONS: [&str; 16] = [
    "EQ", "NE", "HS", "LO", "MI", "PL", "VS", "VC", "HI", "LS", "GE", "LT", "GT", "LE", "AL", "AL",
];

/// The name of a condition.
pub(super) fn condition(number: u32) -> &'static str {
    CONDITIONS.get(number as usize).copied().unwrap_or_default()
}
