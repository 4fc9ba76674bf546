//! The head of a trace (`src/internal/trace/version/version.go`, Go 1.27.3).

use crate::error::Error;

/// The length of the head in bytes.
pub const HEAD_LENGTH: usize = 16;

/// A format of execution traces, named for the first Go release that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Written by Go 1.22.
    Go122,
    /// Written by Go 1.23 and 1.24: coroutines, stacks of goroutines that do not run.
    Go123,
    /// Written by Go 1.25: snapshots of the wall clock.
    Go125,
    /// Written by Go 1.26 and 1.27: generations say where they end.
    Go126,
}

impl Version {
    /// Reads the head of a trace.
    ///
    /// # Errors
    ///
    /// When it is no trace, or one of a format that is not read here.
    pub fn from_head(head: &[u8]) -> Result<Self, Error> {
        let minor = minor_version(head).ok_or_else(|| Error::NotATrace {
            found: head
                .iter()
                .take(HEAD_LENGTH)
                .flat_map(|&byte| byte.escape_ascii())
                .map(char::from)
                .collect(),
        })?;
        match minor {
            ..=21 => Err(Error::OldFormat { version: minor }),
            22 => Ok(Self::Go122),
            23 => Ok(Self::Go123),
            25 => Ok(Self::Go125),
            26 => Ok(Self::Go126),
            version => Err(Error::UnknownFormat { version }),
        }
    }

    /// The minor version of Go in the head.
    pub fn minor(self) -> u32 {
        match self {
            Self::Go122 => 22,
            Self::Go123 => 23,
            Self::Go125 => 25,
            Self::Go126 => 26,
        }
    }
}

/// The number in `go 1.N trace\0\0\0`.
fn minor_version(head: &[u8]) -> Option<u32> {
    let rest = head.strip_prefix(b"go 1.")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = rest.split_at_checked(digits)?;
    rest.strip_prefix(b" trace\0\0\0")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        let versions = [
            (22, Version::Go122),
            (23, Version::Go123),
            (25, Version::Go125),
        ];
        for (minor, version) in versions {
            let head = format!("go 1.{minor} trace\0\0\0");
            assert_eq!(
                Version::from_head(head.as_bytes()).expect("a trace"),
                version
            );
            assert_eq!(version.minor(), minor);
        }
    }

    #[test]
    fn what_is_not_read_is_told_why() {
        let message = |head: &[u8]| Version::from_head(head).expect_err("refused").to_string();
        assert!(message(b"go 1.21 trace\0\0\0").contains("Go 1.21"));
        assert!(message(b"go 1.5 trace\0\0\0\0").contains("Go 1.5"));
        assert!(message(b"go 1.24 trace\0\0\0").contains("go 1.24"));
        assert!(message(b"go 1.99 trace\0\0\0").contains("newest"));
        assert!(message(b"\x1f\x8b\x08").contains("no Go execution trace"));
        assert!(message(b"").contains("no Go execution trace"));
    }
}
