//! The Go versions that tests know.

use std::fmt;

/// A Go release, such as `1.27.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoVersion(u16, u16, u16);

impl GoVersion {
    /// The older version that live tests build with.
    pub const GO_1_22: Self = Self(1, 22, 10);
    /// The newer version that live tests build with; the causes were recorded with it.
    pub const GO_1_27: Self = Self(1, 27, 3);
    /// The versions that live tests build with, oldest first.
    pub const LIVE: [Self; 2] = [Self::GO_1_22, Self::GO_1_27];
    /// The versions whose formats were recorded, oldest first.
    pub const RECORDED: [Self; 6] = [
        Self(1, 21, 13),
        Self::GO_1_22,
        Self(1, 24, 11),
        Self(1, 25, 5),
        Self(1, 26, 6),
        Self::GO_1_27,
    ];

    /// The versions whose execution traces were recorded, oldest first.
    pub const TRACED: [Self; 6] = [
        Self::GO_1_22,
        Self(1, 23, 9),
        Self(1, 24, 11),
        Self(1, 25, 5),
        Self(1, 26, 6),
        Self::GO_1_27,
    ];

    /// Reads `1.27.3`; returns nothing when the text is not three numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse::<u16>);
        let mut next = || numbers.next()?.ok();
        let version = Self(next()?, next()?, next()?);
        numbers.next().is_none().then_some(version)
    }

    /// The minor version: 27 of `1.27.3`.
    pub fn minor(self) -> u16 {
        self.1
    }
}

impl fmt::Display for GoVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_what_it_prints() {
        for version in GoVersion::RECORDED.into_iter().chain(GoVersion::TRACED) {
            assert_eq!(GoVersion::parse(&version.to_string()), Some(version));
        }
        for wrong in ["", "1.27", "1.27.3.1", "go1.27.3", "1.27.x"] {
            assert_eq!(GoVersion::parse(wrong), None, "{wrong}");
        }
    }
}
