//! `fathom capture`, and the bundles it writes.

use std::fs;

use crate::{LEAK, fathom, json};

#[test]
fn a_bundle_reads_like_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leak.fathom");
    let bundle = path.to_str().unwrap();
    let said = fathom(&["capture", LEAK, "-o", bundle]).fine();
    assert!(
        said.contains("artefacts, ") && said.ends_with(&format!("next: fathom explain {bundle}\n")),
        "{said}"
    );
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["leak.fathom"], "nothing half-written is left");

    let of_bundle = fathom(&["top", bundle, "--profile", "heap"]).fine();
    assert_eq!(
        of_bundle,
        fathom(&["top", &format!("{LEAK}/heap.pb.gz")]).fine()
    );
    let answer = json(&["goroutines", bundle, "--json"]);
    assert_eq!(
        (&answer["form"], &answer["total"]),
        (&"dump".into(), &2003.into())
    );
    let said = fathom(&["top", bundle, "--profile", "mutex"]).failed();
    assert!(said.contains("no mutex profile in it"), "{said}");
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fathom");
    fs::write(&path, "precious").unwrap();
    let bundle = path.to_str().unwrap();
    let heap = format!("{LEAK}/heap.pb.gz");
    let said = fathom(&["capture", &heap, "-o", bundle]).failed();
    assert!(said.contains("exists\nhint: --force replaces it"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    let answer = json(&["capture", &heap, "-o", bundle, "--force", "--json"]);
    assert_eq!(answer["schema"], "fathom.capture/1");
    assert_eq!(answer["artefacts"][0]["kind"], "heap");
    assert_eq!(
        answer["bytes"].as_u64(),
        Some(fs::metadata(&path).unwrap().len())
    );
}

#[test]
fn a_folder_that_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/such/a.fathom");
    let said = fathom(&[
        "capture",
        &format!("{LEAK}/heap.pb.gz"),
        "-o",
        path.to_str().unwrap(),
    ])
    .failed();
    assert!(
        said.contains("cannot write") && said.contains("a.fathom"),
        "{said}"
    );
}
