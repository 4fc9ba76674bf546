//! The text forms: `go version -m`, and that of `runtime/debug.BuildInfo`.

use std::fmt;

use super::{BuildInfo, Module};
use crate::line::Lines;
use crate::version::GoVersion;
use crate::{Error, Result};

const INPUT: &str = "build info text";

impl BuildInfo {
    /// Reads what `go version -m FILE` prints (for the first file), what
    /// `debug.BuildInfo.String` returns, or what [`BuildInfo`] itself prints.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if no line names a Go version.
    pub fn parse_text(text: &[u8]) -> Result<Self> {
        let text = String::from_utf8_lossy(text);
        let mut info = Self::default();
        let mut body = String::new();
        for (line, _) in Lines::new(text.as_bytes()) {
            let line = String::from_utf8_lossy(line);
            let named = line
                .strip_prefix("go\t")
                .or_else(|| line.rsplit_once(": ").map(|(_, version)| version));
            let version = named.unwrap_or(&line);
            let is_version = !line.starts_with('\t') && GoVersion::parse(version).is_some();
            if is_version && !info.go_version.is_empty() {
                break;
            } else if is_version {
                version.trim_end().clone_into(&mut info.go_version);
            } else {
                body.push_str(line.trim_start_matches('\t'));
                body.push('\n');
            }
        }
        if info.go_version.is_empty() {
            return Err(Error::NotFound {
                input: INPUT,
                expected: "Go version",
            });
        }
        read_modules(&mut info, &body);
        Ok(info)
    }
}

/// Reads the lines `path`, `mod`, `dep`, `=>` and `build`, whose fields tabs
/// part (`runtime/debug/mod.go`, `ParseBuildInfo`).
pub(super) fn read_modules(info: &mut BuildInfo, text: &str) {
    for line in text.lines() {
        let (key, rest) = line.split_once('\t').unwrap_or((line, ""));
        match key {
            "path" => info.path = Some(rest.to_owned()),
            "mod" => {
                let mut fields = rest.split('\t').map(str::to_owned);
                let path = fields.next().unwrap_or_default();
                info.main_module = Some(Module {
                    path,
                    version: fields.next().unwrap_or_default(),
                });
            }
            "dep" => info.deps = info.deps.saturating_add(1),
            "build" => info.settings.extend(setting(rest)),
            // A replacement of the module before, and what is not known.
            _ => {}
        }
    }
}

/// Reads `key=value`, each quoted as Go does if it must be.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, value) = match text.strip_prefix(['"', '`']) {
        Some(quoted) => {
            let end = quoted.find(['"', '`'])?;
            let (key, rest) = quoted.split_at_checked(end)?;
            (key, rest.get(1..)?.strip_prefix('=')?)
        }
        None => text.split_once('=')?,
    };
    let unquoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    let raw = value
        .strip_prefix('`')
        .and_then(|value| value.strip_suffix('`'));
    let value = match unquoted {
        Some(escaped) => escaped
            .replace("\\\"", "\"")
            .replace("\\n", "\n")
            .replace("\\\\", "\\"),
        None => raw.unwrap_or(value).to_owned(),
    };
    Some((key.to_owned(), value))
}

impl fmt::Display for BuildInfo {
    /// Writes the form of `debug.BuildInfo.String`, without the names of the
    /// modules it depends on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "go\t{}", self.go_version)?;
        if let Some(path) = &self.path {
            writeln!(f, "path\t{path}")?;
        }
        if let Some(Module { path, version }) = &self.main_module {
            writeln!(f, "mod\t{path}\t{version}")?;
        }
        for _ in 0..self.deps {
            writeln!(f, "dep")?;
        }
        for (key, value) in &self.settings {
            let plain = !value.contains(['"', '`', ' ', '\t', '\n', '\\']);
            if plain {
                writeln!(f, "build\t{key}={value}")?;
            } else {
                let value = value
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n");
                writeln!(f, "build\t{key}=\"{value}\"")?;
            }
        }
        Ok(())
    }
}
