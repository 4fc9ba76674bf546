//! `fathom merge`: one profile of several.

use std::fs;

use crate::pprof::{heap, theirs};
use crate::views::assert_valid;
use crate::{command, fathom, json};

#[test]
fn many_become_one_that_the_real_tool_reads() {
    let (heap, folder) = (heap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("all.pb.gz");
    let path = file.to_str().unwrap();
    let mut arguments = vec!["merge", "-o", path];
    arguments.extend([heap.as_str(); 20]);
    let done = fathom(&arguments);
    assert!(
        done.stderr.contains("samples of 20 profiles"),
        "{}",
        done.stderr
    );
    assert_eq!(done.fine(), "");
    let total = |path: &str| json(&["top", path, "--json"])["total"].as_i64().unwrap();
    assert_eq!(total(path), 20 * total(&heap));
    let raw = theirs(&["-raw", path], b"");
    assert_eq!(raw.code, Some(0), "{}", raw.stderr);
    assert_eq!(
        fathom(&["pprof", "-compat", "-raw", path]).fine(),
        raw.stdout
    );

    let plain = folder.path().join("all.pb");
    fathom(&["merge", &heap, &heap, "-o", plain.to_str().unwrap()]).fine();
    assert!(!fs::read(&plain).unwrap().starts_with(&[0x1f, 0x8b]));
    let piped = command(&["merge", &heap, &heap]).output().unwrap();
    assert!(piped.stdout.starts_with(&[0x1f, 0x8b]));
}

#[test]
fn filters_apply_to_the_result() {
    let (heap, folder) = (heap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("some.pb.gz");
    let path = file.to_str().unwrap();
    fathom(&["merge", &heap, "--focus", "main", "-o", path]).fine();
    let merged = fathom(&["traces", path]).fine();
    assert_eq!(merged, fathom(&["traces", &heap, "--focus", "main"]).fine());
}

#[test]
fn a_failure_is_partial_unless_strict() {
    let (heap, folder) = (heap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("all.pb.gz");
    let path = file.to_str().unwrap();
    let done = fathom(&["merge", &heap, "no-such-file", "-o", path, "--strict"]);
    assert_eq!(done.code, Some(2));
    assert!(!file.exists());
    let done = fathom(&["merge", &heap, "no-such-file", "-o", path, "--json"]);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    let summary: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_valid(&summary);
    assert_eq!(
        (&summary["sources"], &summary["read"]),
        (&2.into(), &1.into())
    );
    assert!(file.exists());
    let said = fathom(&["merge", &heap, "--json"]).failed();
    assert!(
        said.contains("hint: write the profile to a file: -o FILE"),
        "{said}"
    );
}
