//! One colour for each meaning, told apart by the colour-blind.
//!
//! The colours are those of Okabe and Ito ("Color Universal Design", 2008) in
//! the nearest of a terminal's 256, with two greys and one lighter green where
//! their eight do not suffice.

use fathom_explain::Class;
use fathom_finding::Severity;

/// A colour, named for what it looks like; meanings choose theirs below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ink {
    /// #E69F00.
    Orange,
    /// #56B4E9.
    SkyBlue,
    /// #009E73.
    Green,
    /// #F0E442.
    Yellow,
    /// #0072B2.
    Blue,
    /// #D55E00.
    Vermillion,
    /// #CC79A7.
    Purple,
    /// A lighter green.
    Mint,
    /// A light grey.
    Silver,
    /// A dark grey.
    Grey,
}

impl Ink {
    /// Returns its number among the 256 colours of a terminal.
    pub const fn code(self) -> u8 {
        match self {
            Self::Orange => 214,
            Self::SkyBlue => 74,
            Self::Green => 36,
            Self::Yellow => 227,
            Self::Blue => 32,
            Self::Vermillion => 166,
            Self::Purple => 175,
            Self::Mint => 115,
            Self::Silver => 250,
            Self::Grey => 243,
        }
    }
}

/// Returns the colour of a severity.
pub const fn severity_colour(severity: Severity) -> Ink {
    match severity {
        Severity::Info => Ink::SkyBlue,
        Severity::Warning => Ink::Orange,
        Severity::Critical => Ink::Vermillion,
    }
}

/// Returns the colour of what resident bytes are for; a total has none.
pub const fn class_colour(class: Class) -> Option<Ink> {
    Some(match class {
        Class::Total => return None,
        Class::HeapLive => Ink::Blue,
        Class::HeapDead => Ink::Orange,
        Class::HeapFree => Ink::SkyBlue,
        Class::Stacks => Ink::Yellow,
        Class::Runtime => Ink::Purple,
        Class::Binary => Ink::Silver,
        Class::NonGo => Ink::Vermillion,
        Class::Files => Ink::Green,
        Class::Shared => Ink::Mint,
        Class::Unattributed => Ink::Grey,
    })
}

/// Returns the letter that stands for a class where colours are not to be had,
/// as in a bar of many classes.
pub const fn class_letter(class: Class) -> char {
    match class {
        Class::Total => '=',
        Class::HeapLive => 'L',
        Class::HeapDead => 'D',
        Class::HeapFree => 'F',
        Class::Stacks => 'S',
        Class::Runtime => 'R',
        Class::Binary => 'B',
        Class::NonGo => 'C',
        Class::Files => 'M',
        Class::Shared => 'H',
        Class::Unattributed => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Class; 11] = [
        Class::Total,
        Class::HeapLive,
        Class::HeapDead,
        Class::HeapFree,
        Class::Stacks,
        Class::Runtime,
        Class::Binary,
        Class::NonGo,
        Class::Files,
        Class::Shared,
        Class::Unattributed,
    ];

    #[test]
    fn no_two_classes_look_alike() {
        for (index, class) in CLASSES.iter().enumerate() {
            for other in CLASSES.iter().skip(index + 1) {
                assert_ne!(class_colour(*class), class_colour(*other));
                assert_ne!(class_letter(*class), class_letter(*other));
            }
        }
    }
}
