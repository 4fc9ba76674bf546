//! What `-symbolize` asks for.

use fathom_symbols::names::DemangleMode;

/// Whether binaries of this machine are read for names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Local {
    /// They are not.
    No,
    /// For functions alone: without debug information where that would have to be read.
    Fast,
    /// For all they know.
    #[default]
    Full,
}

/// Where names come from and how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// Whether binaries of this machine are read.
    pub local: Local,
    /// Whether the servers that profiles came from are asked.
    pub remote: bool,
    /// Whether what has names is named anew.
    pub force: bool,
    /// How names are written.
    pub demangle: DemangleMode,
    /// Whether names that were demangled before are written anew: a way to write them was
    /// asked for.
    pub demangle_again: bool,
}

impl Default for Mode {
    fn default() -> Self {
        Self {
            local: Local::Full,
            remote: true,
            force: false,
            demangle: DemangleMode::Short,
            demangle_again: false,
        }
    }
}

/// A mode, and what was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// `None` for `none`: nothing is named and nothing is demangled.
    pub mode: Option<Mode>,
    /// Lines to tell the user, in pprof's words.
    pub warnings: Vec<String>,
}

const EXPECTED: &str = "expecting -symbolize=[local|fastlocal|remote|none][:force]\
                        [:demangle=[none|full|templates|default]";

impl Mode {
    /// Reads words separated by colons. The last of `local`, `fastlocal` and `remote`
    /// wins; what is unknown is told and ignored.
    ///
    /// ```
    /// use fathom_report::symbolize::{Local, Mode};
    /// use fathom_symbols::names::DemangleMode;
    ///
    /// let mode = Mode::parse("local:demangle=full").mode.unwrap_or_default();
    /// assert_eq!((mode.local, mode.remote), (Local::Full, false));
    /// assert_eq!(mode.demangle, DemangleMode::Full);
    /// assert_eq!(Mode::parse("none").mode, None);
    /// ```
    pub fn parse(text: &str) -> Parsed {
        let (mut local, mut remote, mut fast) = (true, true, false);
        let mut mode = Mode::default();
        let mut warnings = Vec::new();
        for word in text.to_lowercase().split(':') {
            match word {
                "" => {}
                "none" | "no" => {
                    return Parsed {
                        mode: None,
                        warnings,
                    };
                }
                "local" => (local, remote) = (true, false),
                "fastlocal" => (local, remote, fast) = (true, false, true),
                "remote" => (local, remote) = (false, true),
                "force" => mode.force = true,
                word => {
                    let demangle = match word.strip_prefix("demangle=").unwrap_or(word) {
                        "full" => DemangleMode::Full,
                        "none" => DemangleMode::None,
                        "templates" => DemangleMode::Templates,
                        "default" => continue,
                        _ => {
                            warnings.push(format!(
                                "ignoring unrecognized symbolization option: {text}"
                            ));
                            warnings.push(EXPECTED.to_owned());
                            continue;
                        }
                    };
                    mode.demangle = demangle;
                    mode.demangle_again = true;
                }
            }
        }
        mode.remote = remote;
        mode.local = match (local, fast) {
            (false, _) => Local::No,
            (true, true) => Local::Fast,
            (true, false) => Local::Full,
        };
        Parsed {
            mode: Some(mode),
            warnings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Mode {
        let parsed = Mode::parse(text);
        assert!(parsed.warnings.is_empty(), "{text}: {:?}", parsed.warnings);
        parsed.mode.unwrap()
    }

    #[test]
    fn words_are_combined_as_pprof_combines_them() {
        assert_eq!(mode(""), Mode::default());
        let places = |text: &str| (mode(text).local, mode(text).remote);
        assert_eq!(places("Remote"), (Local::No, true));
        assert_eq!(places("remote:local"), (Local::Full, false));
        assert_eq!(places("fastlocal"), (Local::Fast, false));
        // Being fast is not taken back, being local is.
        assert_eq!(places("fastlocal:local"), (Local::Fast, false));
        assert_eq!(places("fastlocal:remote"), (Local::No, true));
        assert!(mode("local:force").force && !mode("local").force);
        for (text, demangle, again) in [
            ("demangle=full", DemangleMode::Full, true),
            ("templates", DemangleMode::Templates, true),
            ("demangle=none", DemangleMode::None, true),
            ("demangle=default", DemangleMode::Short, false),
            ("demangle=full:default", DemangleMode::Full, true),
        ] {
            let mode = mode(text);
            assert_eq!((mode.demangle, mode.demangle_again), (demangle, again));
        }
    }

    #[test]
    fn what_is_unknown_is_told_until_none_ends_it() {
        for (text, warnings) in [
            ("none", 0),
            ("no:x", 0),
            ("quick", 2),
            ("a:b:demangle=c", 6),
            ("x:none:y", 2),
        ] {
            let parsed = Mode::parse(text);
            assert_eq!(parsed.warnings.len(), warnings, "{text}");
            assert_eq!(parsed.mode.is_none(), text.contains("no"), "{text}");
        }
        let told = Mode::parse("Quick").warnings;
        assert_eq!(told[0], "ignoring unrecognized symbolization option: Quick");
    }
}
