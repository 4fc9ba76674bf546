//! Where Go keeps the sources that a profile names, whoever built the program and where.
//!
//! A profile names files as the compiler did: `/usr/local/go/src/runtime/proc.go`,
//! `/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.0/lex.go`; with `-trimpath`
//! `runtime/proc.go`, `github.com/BurntSushi/toml@v1.2.0/lex.go` and, for the main
//! module, `example.com/app/main.go` (Go 1.27, `src/cmd/go/internal/work/gc.go`).

use std::env::split_paths;
use std::path::{Path, PathBuf};

/// The places.
#[derive(Debug, Default)]
pub(super) struct GoPlaces {
    /// Roots of Go installations.
    roots: Vec<PathBuf>,
    /// Module caches.
    caches: Vec<PathBuf>,
    /// Directories of the search path and their parents.
    near: Vec<PathBuf>,
    /// The path of the main module and its directory.
    module: Option<(String, PathBuf)>,
}

impl GoPlaces {
    /// Looks at the environment and at the `go` of the path, without running it.
    pub(super) fn of_this_machine(search: &str) -> Self {
        let variable = |name: &str| {
            let value = std::env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        let mut roots: Vec<PathBuf> = variable("GOROOT").into_iter().collect();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = format!("go{}", std::env::consts::EXE_SUFFIX);
        let programs = split_paths(&path).map(|directory| directory.join(&program));
        let installed = programs.filter_map(|program| program.canonicalize().ok());
        roots.extend(installed.filter_map(|go| Some(go.parent()?.parent()?.to_owned())));
        roots.push(PathBuf::from("/usr/local/go"));

        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let mut caches: Vec<PathBuf> = variable("GOMODCACHE").into_iter().collect();
        if let Some(paths) = std::env::var_os("GOPATH") {
            caches.extend(split_paths(&paths).map(|path| path.join("pkg/mod")));
        }
        caches.extend(variable(home).map(|home| home.join("go/pkg/mod")));

        let near: Vec<PathBuf> = split_paths(search)
            .flat_map(|directory| {
                let ancestors = directory.ancestors();
                ancestors.map(Path::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let module = near.iter().find_map(|directory| {
            let text = std::fs::read_to_string(directory.join("go.mod")).ok()?;
            Some((module_path(&text)?, directory.clone()))
        });
        Self {
            roots,
            caches,
            near,
            module,
        }
    }

    /// Lists where a file of a profile may be, the likeliest first.
    pub(super) fn candidates(&self, path: &str) -> Vec<PathBuf> {
        let path = path.replace('\\', "/");
        let mut found = Vec::new();
        let module = match path.rsplit_once("/pkg/mod/") {
            Some((_, module)) => Some(module),
            None => path.contains('@').then_some(path.as_str()),
        };
        if let Some((name, version, file)) = module.and_then(split_module) {
            let plain = unescaped(name);
            let directory = format!("{}@{}", escaped(&plain), escaped(&unescaped(version)));
            found.extend(
                self.caches
                    .iter()
                    .map(|cache| cache.join(&directory).join(file)),
            );
            let vendored = Path::new("vendor").join(&plain).join(file);
            found.extend(self.near.iter().map(|near| near.join(&vendored)));
            return found;
        }
        if let Some((_, vendored)) = path.split_once("/vendor/") {
            let vendored = Path::new("vendor").join(vendored);
            found.extend(self.near.iter().map(|near| near.join(&vendored)));
        }
        let standard = match path.rsplit_once("/src/") {
            Some((_, after)) => Some(after),
            None => (!path.starts_with('/')).then_some(path.as_str()),
        };
        if let Some(standard) = standard {
            found.extend(
                self.roots
                    .iter()
                    .map(|root| root.join("src").join(standard)),
            );
        }
        if let Some((name, directory)) = &self.module {
            let inside = path.strip_prefix(name.as_str());
            if let Some(file) = inside.and_then(|rest| rest.strip_prefix('/')) {
                found.push(directory.join(file));
            }
        }
        // A name that leads upwards is nobody's.
        found.retain(|candidate| {
            let mut parts = candidate.components();
            !parts.any(|part| part == std::path::Component::ParentDir)
        });
        found
    }
}

/// Splits `module@version/file`.
fn split_module(path: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = path.split_once('@')?;
    let (version, file) = rest.split_once('/')?;
    let upwards = [name, version, file]
        .iter()
        .any(|part| part.split('/').any(|part| part == ".."));
    (!upwards && !file.starts_with('/')).then_some((name.trim_start_matches('/'), version, file))
}

/// Writes capitals as the module cache does, `!b` for `B` (`golang.org/x/mod/module`).
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(character.to_ascii_lowercase());
    }
    escaped
}

fn unescaped(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            '!' => plain.extend(characters.next().map(|next| next.to_ascii_uppercase())),
            other => plain.push(other),
        }
    }
    plain
}

/// Finds the module's path in the text of a `go.mod`.
fn module_path(text: &str) -> Option<String> {
    let mut lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line).trim());
    let path = lines.find_map(|line| line.strip_prefix("module ").map(str::trim))?;
    let path = path.trim_matches(['"', '`']);
    (!path.is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> GoPlaces {
        GoPlaces {
            roots: vec!["/go".into()],
            caches: vec!["/mod".into()],
            near: vec!["/app/cmd".into(), "/app".into()],
            module: Some(("example.com/app".to_owned(), "/app".into())),
        }
    }

    #[test]
    fn sources_lie_where_go_keeps_them() {
        for (path, expected) in [
            (
                "/usr/local/go/src/runtime/proc.go",
                "/go/src/runtime/proc.go",
            ),
            ("runtime/proc.go", "/go/src/runtime/proc.go"),
            ("example.com/app/pkg/a.go", "/app/pkg/a.go"),
            (
                "github.com/BurntSushi/toml@v1.2.0-RC/Lex.go",
                "/mod/github.com/!burnt!sushi/toml@v1.2.0-!r!c/Lex.go",
            ),
            (
                "/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.0/sub/lex.go",
                "/mod/github.com/!burnt!sushi/toml@v1.2.0/sub/lex.go",
            ),
            (
                "github.com/BurntSushi/toml@v1.2.0/lex.go",
                "/app/vendor/github.com/BurntSushi/toml/lex.go",
            ),
            (
                "/build/vendor/golang.org/x/sys/a.go",
                "/app/vendor/golang.org/x/sys/a.go",
            ),
        ] {
            let found = places().candidates(path);
            assert!(
                found.contains(&PathBuf::from(expected)),
                "{path}: {found:?}"
            );
        }
    }

    #[test]
    fn no_name_leads_elsewhere() {
        for path in [
            "../../etc/passwd",
            "a@v1/../../etc/passwd",
            "x/src/../../etc/passwd",
        ] {
            assert!(places().candidates(path).is_empty(), "{path}");
        }
        assert!(places().candidates("/abs/main.go").is_empty());
    }

    #[test]
    fn a_module_names_itself() {
        let text = "// head\nmodule \"example.com/x\" // tail\n\ngo 1.27\n";
        assert_eq!(module_path(text).as_deref(), Some("example.com/x"));
        assert_eq!(module_path("go 1.27\n"), None);
    }
}
