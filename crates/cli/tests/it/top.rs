//! `fathom top`. That its numbers are those of `go tool pprof` is tested where
//! they are made.

use std::fs;

use crate::{FORMATS, LEAK, fathom, fathom_reading, fixtures, json};

#[test]
fn a_profile_by_its_file_or_from_standard_input() {
    let path = format!("{FORMATS}/heap.pb.gz");
    let by_file = fathom(&["top", &path]).fine();
    insta::assert_snapshot!(by_file);
    let bytes = fs::read(fixtures().join(&path)).unwrap();
    assert_eq!(fathom_reading(&["top", "-"], &bytes).fine(), by_file);
}

#[test]
fn flags_reach_the_view() {
    let path = format!("{FORMATS}/heap.pb.gz");
    let done = fathom(&[
        "top",
        &path,
        "--sample",
        "alloc_objects",
        "-n",
        "2",
        "--cum",
    ]);
    assert!(
        done.stderr.contains("hidden by --nodecount"),
        "{}",
        done.stderr
    );
    let text = done.fine();
    assert!(
        text.contains("Type: alloc_objects") && text.contains("Showing top 2 nodes"),
        "{text}"
    );
    let text = fathom(&["top", &path, "--focus", r"main\.alloc", "--unit", "kb"]).fine();
    assert!(
        text.contains("focus=main\\.alloc") && text.contains("kB"),
        "{text}"
    );
    let text = fathom(&["top", &path, "--interval"]).fine();
    assert!(text.contains("flat 95%"), "{text}");
}

#[test]
fn a_profile_less_itself_is_nothing() {
    let path = format!("{FORMATS}/heap.pb.gz");
    for flag in ["--base", "--diff-base"] {
        let answer = json(&["top", &path, flag, &path, "--json"]);
        let rows = answer["rows"].as_array().unwrap();
        assert!(
            rows.iter().all(|row| row["flat"] == 0 && row["cum"] == 0),
            "{flag}: {rows:?}"
        );
    }
}

#[test]
fn json_is_a_contract() {
    let answer = json(&["top", &format!("{FORMATS}/heap.pb.gz"), "--json"]);
    assert_eq!(answer["schema"], "fathom.top/1");
    let total = answer["total"].as_i64().unwrap();
    let rows = answer["rows"].as_array().unwrap();
    let flat: i64 = rows.iter().map(|row| row["flat"].as_i64().unwrap()).sum();
    assert!(total > 0 && flat <= total);
    assert!(
        rows[0]["name"].is_string() && rows[0]["intervals"]["flat"]["low"].is_i64(),
        "{rows:?}"
    );
}

#[test]
fn errors_name_the_file_and_what_to_do() {
    let whole = fs::read(fixtures().join(FORMATS).join("heap.pb.gz")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.pb.gz");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let cut = cut.to_str().unwrap();
    let said = fathom(&["top", cut]).failed();
    assert!(
        said.starts_with(&format!("error: {cut}")) && said.contains("\nhint: "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");

    let said = fathom(&["top", &format!("{FORMATS}/index.html")]).failed();
    assert!(said.contains("no profile in it"), "{said}");
    let said = fathom(&["top", "no-such-file"]).failed();
    assert!(
        said.contains("no-such-file") && said.contains("hint: give a pid"),
        "{said}"
    );
    let said = fathom(&["top", &format!("{FORMATS}/heap.pb.gz"), "--focus", "("]).failed();
    assert!(said.contains("focus"), "{said}");
    let said = fathom(&["top", &format!("{LEAK}/heap.pb.gz"), "--sample", "delay"]).failed();
    assert!(said.contains("delay"), "{said}");
}
