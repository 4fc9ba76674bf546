//! The traces that the Go tree tests its own reader with, where the toolchain has them.

use std::path::{Path, PathBuf};

use fathom_exectrace::{Error, Reader};
use fathom_testkit::GoVersion;
use fathom_testkit::toolchain::{Cgo, Toolchain};
use fathom_testkit::tracing::Reference;
use tempfile::TempDir;

use crate::{reference, wire_text};

/// The folder of the Go tree with the data of a test.
fn data(folder: &str) -> PathBuf {
    let toolchain = Toolchain::find(GoVersion::GO_1_27).expect("a toolchain");
    let output = toolchain
        .command(Cgo::Off)
        .args(["env", "GOROOT"])
        .output()
        .expect("go env runs");
    let root = String::from_utf8(output.stdout).expect("a path");
    Path::new(root.trim())
        .join("src/internal/trace/testdata")
        .join(folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn the_traces_of_the_go_tree_have_their_order_or_their_fault() {
    let scratch = TempDir::new().expect("a folder");
    let tool = Reference::build().expect("go tool trace");
    let (mut good, mut bad) = (0, 0);
    for file in files(&data("tests")) {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).expect("a test");
        let (expected, trace) = text.split_once("-- trace --\n").expect("two parts");
        let bytes = wire_text::bytes(trace);
        let path = scratch.path().join("trace");
        std::fs::write(&path, &bytes).expect("a file");
        let (ours, outcome) = reference::ours(&bytes);
        let (theirs, errors) = reference::theirs(&tool, &path);
        reference::assert_same(&name, &ours, &theirs);
        if expected.contains("SUCCESS") {
            good += 1;
            assert_eq!(outcome.damage, None, "{name}");
            assert_eq!(errors, "", "{name}");
        } else {
            bad += 1;
            assert!(outcome.damage.is_some(), "{name}: {errors}");
        }
    }
    assert!(good >= 20 && bad >= 1, "{good} and {bad}");
}

#[test]
fn what_once_broke_the_reader_of_the_go_tree_does_not_break_ours() {
    let scratch = TempDir::new().expect("a folder");
    let tool = Reference::build().expect("go tool trace");
    let mut seen = 0;
    for file in files(&data("fuzz/FuzzReader")) {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).expect("an input");
        let line = text.lines().nth(1).expect("a value");
        let quoted = line
            .strip_prefix("[]byte(")
            .and_then(|rest| rest.strip_suffix(')'))
            .expect("bytes");
        let bytes = wire_text::unquoted(quoted);
        let mut salvaging = match Reader::new(&*bytes) {
            Ok(reader) => reader,
            Err(Error::OldFormat { .. }) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        salvaging
            .run(&mut reference::Lines::default())
            .expect("a slice is read");
        seen += 1;
        let path = scratch.path().join("trace");
        std::fs::write(&path, &bytes).expect("a file");
        let (ours, outcome) = reference::ours(&bytes);
        let (theirs, errors) = reference::theirs(&tool, &path);
        reference::assert_same(&name, &ours, &theirs);
        assert_eq!(
            outcome.damage.is_some(),
            !errors.is_empty(),
            "{name}: {errors}"
        );
    }
    assert!(seen >= 10, "{seen}");
}
