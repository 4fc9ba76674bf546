//! Go versions and their order.

use std::cmp::Ordering;
use std::fmt;

/// Is a Go version as the runtime reports it: `go1.27.3`, `go1.22rc1`,
/// `devel go1.28-abcdef Tue ...`, each perhaps with ` X:experiment,...`.
///
/// The order is that of releases: betas, then release candidates, then the
/// release; a development version stands before all releases of its number. Two
/// versions with the same numbers are equal whatever their experiments are.
#[derive(Clone, Debug)]
pub struct GoVersion {
    /// Is 1.
    pub major: u32,
    /// Is 27 in `go1.27.3`.
    pub minor: u32,
    /// Is 3 in `go1.27.3`, 0 where none is written.
    pub patch: u32,
    /// Says which stage of the release it is.
    pub stage: Stage,
    /// Names the experiments it was built with.
    pub experiments: Vec<String>,
}

/// Is a stage of a release.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// Built from the development tree.
    Devel,
    /// `go1.22beta1`.
    Beta(u32),
    /// `go1.22rc1`.
    Candidate(u32),
    /// `go1.22` and later.
    Release,
}

impl GoVersion {
    /// Makes the version of a release.
    pub fn release(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
            stage: Stage::Release,
            experiments: Vec::new(),
        }
    }

    /// Reads a version; `None` if the text has no Go version's form. A
    /// development version that does not name its number (`devel +abcdef`,
    /// before Go 1.17) has none to compare and is `None` as well. Suffixes of
    /// distributors (`go1.22.1-foo`, `go1.22.1 (Red Hat)`) are passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let first = words.next()?;
        let devel = first == "devel" || first.starts_with("devel-");
        let number = if first == "devel" {
            words.next()?
        } else {
            first.trim_start_matches("devel-")
        };
        let rest = number.strip_prefix("go")?;
        let (major, rest) = take_number(rest)?;
        let (minor, rest) = match rest.strip_prefix('.') {
            Some(rest) => take_number(rest)?,
            None => (0, rest),
        };
        let (patch, rest) = match rest.strip_prefix('.') {
            Some(rest) => take_number(rest)?,
            None => (0, rest),
        };
        let development = devel || rest.starts_with("-devel");
        let stage = if development {
            Stage::Devel
        } else if let Some(rest) = rest.strip_prefix("beta") {
            Stage::Beta(take_number(rest)?.0)
        } else if let Some(rest) = rest.strip_prefix("rc") {
            Stage::Candidate(take_number(rest)?.0)
        } else {
            Stage::Release
        };
        let suffix = rest.split_once("-X:").map(|(_, experiments)| experiments);
        let listed = words
            .find_map(|word| word.strip_prefix("X:"))
            .or(suffix)
            .unwrap_or_default();
        let experiments = listed
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Some(Self {
            major,
            minor,
            patch,
            stage,
            experiments,
        })
    }

    /// Tells whether it is of the given release's series or a later one, its
    /// betas, candidates and development versions included.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    fn key(&self) -> (u32, u32, Stage, u32) {
        (self.major, self.minor, self.stage, self.patch)
    }
}

fn take_number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

impl PartialEq for GoVersion {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for GoVersion {}

impl PartialOrd for GoVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GoVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for GoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            major,
            minor,
            patch,
            ..
        } = self;
        match self.stage {
            Stage::Devel => write!(f, "devel go{major}.{minor}")?,
            Stage::Beta(beta) => write!(f, "go{major}.{minor}beta{beta}")?,
            Stage::Candidate(candidate) => write!(f, "go{major}.{minor}rc{candidate}")?,
            // Since Go 1.21 the first release is written go1.21.0.
            Stage::Release if *patch == 0 && (*major, *minor) < (1, 21) => {
                write!(f, "go{major}.{minor}")?;
            }
            Stage::Release => write!(f, "go{major}.{minor}.{patch}")?,
        }
        if !self.experiments.is_empty() {
            write!(f, " X:{}", self.experiments.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> GoVersion {
        GoVersion::parse(text).unwrap()
    }

    #[test]
    fn versions_are_ordered_as_released() {
        let order = [
            "go1.4",
            "go1.20",
            "devel go1.22-2a3b4c5 Thu Jan 4 2024",
            "go1.22beta1",
            "go1.22rc1",
            "go1.22rc2",
            "go1.22.0",
            "go1.22.10",
            "go1.27.3 X:nogreenteagc",
        ];
        for pair in order.windows(2) {
            assert!(parse(pair[0]) < parse(pair[1]), "{pair:?}");
        }
        assert_eq!(
            parse("go1.27.3-X:aliastypeparams,boringcrypto").experiments,
            ["aliastypeparams", "boringcrypto"]
        );
        assert_eq!(parse("go1.28-devel_abc X:a").stage, Stage::Devel);
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in [
            "",
            "1.22",
            "devel +abcdef Mon",
            "go",
            "gopher",
            "go1.22beta",
            "go99999999999.1",
        ] {
            assert!(GoVersion::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn printing_is_what_was_read() {
        for text in [
            "go1.27.3",
            "go1.22rc1",
            "go1.4",
            "go1.21.0",
            "go1.27.3 X:a,b",
        ] {
            assert_eq!(parse(text).to_string(), text);
        }
    }
}
