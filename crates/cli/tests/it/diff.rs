//! `fathom diff`: the change of each function.

use serde_json::Value;

use crate::views::assert_valid;
use crate::{FORMATS, command, fathom, json};

const OLD: &str = "main;parse 100\nmain;cache;grow 50\nmain;old 30\nmain;same 5\n";
const NEW: &str = "main;parse 160\nmain;cache;grow 40\nmain;fresh 25\nmain;same 5\n";

struct Pair {
    _folder: tempfile::TempDir,
    old: String,
    new: String,
}

fn pair() -> Pair {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    Pair {
        old: file("old.folded", OLD),
        new: file("new.folded", NEW),
        _folder: folder,
    }
}

#[test]
fn the_table_tells_changes_and_what_is_new_or_gone() {
    let Pair { old, new, _folder } = &pair();
    insta::assert_snapshot!("diff", fathom(&["diff", old, new]).fine());
    insta::assert_snapshot!(
        "diff_cum",
        fathom(&["diff", old, new, "--cum", "--handles"]).fine()
    );
    insta::assert_snapshot!("diff_csv", fathom(&["diff", old, new, "--csv"]).fine());
}

#[test]
fn json_agrees_with_the_two_tables() {
    let (old, new) = (
        format!("{FORMATS}/heap.pb.gz"),
        "causes/go1.27.3/stale_profile/heap.pb.gz".to_owned(),
    );
    let new = if crate::fixtures().join(&new).is_file() {
        new
    } else {
        format!("{}/heap.pb.gz", crate::LEAK)
    };
    let everything = ["--nodefraction", "0", "--json"];
    let table = |path: &str| {
        let mut arguments = vec!["top", path];
        arguments.extend(everything);
        let answer = json(&arguments);
        let rows = answer["rows"].as_array().unwrap().clone();
        move |name: &Value| {
            let row = rows.iter().find(|row| row["name"] == *name);
            row.map_or((0, 0), |row| {
                (row["flat"].as_i64().unwrap(), row["cum"].as_i64().unwrap())
            })
        }
    };
    let mut arguments = vec!["diff", &old, &new];
    arguments.extend(everything);
    let diff = json(&arguments);
    assert_valid(&diff);
    let (before, after) = (table(&old), table(&new));
    let rows = diff["rows"].as_array().unwrap();
    assert!(rows.len() > 3, "{diff}");
    let mut last = i64::MAX;
    for row in rows {
        let (old, new) = (before(&row["name"]), after(&row["name"]));
        assert_eq!(
            (row["flat"]["old"].as_i64(), row["flat"]["new"].as_i64()),
            (Some(old.0), Some(new.0))
        );
        assert_eq!(
            (row["cum"]["old"].as_i64(), row["cum"]["new"].as_i64()),
            (Some(old.1), Some(new.1))
        );
        let change = row["flat"]["change"].as_i64().unwrap();
        assert_eq!(change, new.0 - old.0);
        assert!(change.abs() <= last);
        last = change.abs();
    }
    let sum: i64 = rows
        .iter()
        .map(|row| row["flat"]["change"].as_i64().unwrap())
        .sum();
    assert_eq!(diff["total"]["change"], sum);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let Pair { old, .. } = &pair();
    let heap = format!("{FORMATS}/heap.pb.gz");
    let said = fathom(&["diff", old, &heap]).failed();
    assert!(
        said.contains("one shows samples in count, the other inuse_space in bytes\nhint: "),
        "{said}"
    );
    let said = fathom(&["diff", old]).failed();
    assert!(said.contains("<NEW>"), "{said}");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let Pair { old, new, _folder } = &pair();
    let plain = fathom(&["diff", old, new]).fine();
    assert!(!plain.contains('\x1b'));
    let mut coloured = command(&["diff", old, new, "--color", "always"]);
    let text = String::from_utf8(coloured.output().unwrap().stdout).unwrap();
    assert!(text.contains('\x1b'), "{text}");
    // The option that names hidden rows is the one that shows them.
    let few = fathom(&["diff", old, new, "-n", "1"]);
    assert!(
        few.stderr.contains("hidden by --nodecount"),
        "{}",
        few.stderr
    );
}
