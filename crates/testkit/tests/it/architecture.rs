//! Dependencies between the crates go only where `crates/README.md` says, and files stay short.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fathom_testkit::repository;

/// A crate's short name, and the crates that it may use.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Past this a file wants to be split.
const LONGEST_FILE: usize = 800;

#[test]
fn the_arrows_between_crates_are_those_of_the_list() {
    let listed = listed_arrows();
    let declared = declared_arrows();
    let mut differences = Vec::new();
    for name in listed
        .keys()
        .chain(declared.keys())
        .collect::<BTreeSet<_>>()
    {
        match (listed.get(name), declared.get(name)) {
            (Some(listed), Some(declared)) => {
                for used in declared.difference(listed) {
                    differences.push(format!("`{name}` uses `{used}`, which is not listed"));
                }
                for unused in listed.difference(declared) {
                    differences.push(format!("`{name}` is listed to use `{unused}` but does not"));
                }
            }
            (None, _) => differences.push(format!("`{name}` is not listed")),
            (_, None) => differences.push(format!("`{name}` is listed but there is no such crate")),
        }
    }
    assert!(
        differences.is_empty(),
        "crates/README.md and the crates' Cargo.toml disagree:\n{}",
        differences.join("\n")
    );
}

#[test]
fn the_arrows_point_one_way() {
    let mut left = listed_arrows();
    while !left.is_empty() {
        let (leaves, others): (Arrows, Arrows) =
            left.into_iter().partition(|(_, used)| used.is_empty());
        assert!(!leaves.is_empty(), "a cycle among {:?}", others.keys());
        left = others;
        for used in left.values_mut() {
            used.retain(|name| !leaves.contains_key(name));
        }
    }
}

#[test]
fn nothing_that_is_published_uses_what_is_for_tests() {
    let unpublished = ["bench", "testkit", "xtask"];
    for (name, used) in declared_arrows() {
        if !unpublished.contains(&name.as_str()) {
            assert!(
                unpublished.iter().all(|tool| !used.contains(*tool)),
                "{name} uses {used:?}"
            );
        }
    }
}

#[test]
fn no_source_file_is_too_long() {
    let mut long = Vec::new();
    for directory in ["crates", "testbed", "fuzz", "web"] {
        for path in sources(&repository().join(directory)) {
            let lines = read(&path).lines().count();
            if lines > LONGEST_FILE {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(
        long.is_empty(),
        "past {LONGEST_FILE} lines:\n{}",
        long.join("\n")
    );
}

/// Reads the list: a heading "## `name`", and below it a line that begins with "Uses: " and names
/// crates in backquotes, or nothing.
fn listed_arrows() -> Arrows {
    let mut arrows = Arrows::new();
    let mut heading = None;
    for line in read(&repository().join("crates/README.md")).lines() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = quoted(title).next();
        } else if let Some(uses) = line.strip_prefix("Uses: ") {
            let name = heading.take().expect("a heading above each line of uses");
            arrows.insert(name, quoted(uses).collect());
        }
    }
    assert!(heading.is_none(), "{heading:?} has no line of uses");
    assert!(arrows.len() >= 10, "{arrows:?}");
    arrows
}

/// Reads what each crate's `Cargo.toml` says, tests aside.
fn declared_arrows() -> Arrows {
    let mut arrows = Arrows::new();
    for entry in std::fs::read_dir(repository().join("crates")).unwrap() {
        let directory = entry.unwrap().path();
        let manifest = directory.join("Cargo.toml");
        if manifest.is_file() {
            let name = directory.file_name().unwrap().to_str().unwrap().to_owned();
            arrows.insert(name, dependencies(&read(&manifest)));
        }
    }
    arrows
}

/// Returns the crates of this workspace in the tables of dependencies and build dependencies,
/// for every target.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut counts = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            let kind = table.rsplit('.').next().unwrap_or(table);
            counts = kind == "dependencies" || kind == "build-dependencies";
            assert!(
                !table.contains("dependencies.fathom-"),
                "write `fathom-x.workspace = true`, not a table: [{table}]"
            );
        } else if counts && let Some(dependency) = line.strip_prefix("fathom-") {
            let end = dependency
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
                .unwrap_or(dependency.len());
            found.insert(dependency[..end].to_owned());
        }
    }
    found
}

fn quoted(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path
                .file_name()
                .is_none_or(|name| name != "target" && name != "node_modules")
            {
                found.extend(sources(&path));
            }
        } else if path
            .extension()
            .and_then(|kind| kind.to_str())
            .is_some_and(|kind| matches!(kind, "rs" | "go" | "ts" | "tsx" | "mjs" | "css"))
        {
            found.push(path);
        }
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_manifest_is_read_as_cargo_reads_it() {
    let manifest = "[package]\nname = \"fathom-x\"\n[dependencies]\nfathom-a.workspace = true\n\
        serde = \"1\"\nfathom-b = { workspace = true }\n[dev-dependencies]\nfathom-c.workspace = true\n\
        [target.'cfg(unix)'.dependencies]\nfathom-d.workspace = true\n\
        [build-dependencies]\nfathom-e.workspace = true\n";
    let expected = ["a", "b", "d", "e"].map(str::to_owned);
    assert_eq!(dependencies(manifest), BTreeSet::from(expected));
}
