//! `fathom convert`: other tools' formats, there and back.

use std::fs;
use std::path::Path;

use fathom_profile::exchange::Form;
use tempfile::TempDir;

use crate::pprof::heap;
use crate::views::assert_valid;
use crate::{FORMATS, fathom, fathom_reading, json};

/// Time, which all formats hold.
const TIMES: &str = "block.pb.gz";

fn at(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn times() -> String {
    format!("{FORMATS}/{TIMES}")
}

/// Holds what came out of a format to what went in.
#[track_caller]
fn assert_kept(found: &[(String, i64)], expected: &[(String, i64)], form: Form) {
    // Chrome counts microseconds, here one sample a row.
    let allowed = if form == Form::Chrome { 500 } else { 0 };
    assert_eq!(found.len(), expected.len(), "{form:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.0, expected.0, "{form:?}");
        assert!(
            (found.1 - expected.1).abs() <= allowed,
            "{form:?}: {found:?} {expected:?}"
        );
    }
}

/// The file that a format is recognised by.
const fn file(form: Form) -> &'static str {
    match form {
        Form::Folded => "cpu.folded",
        Form::Speedscope => "cpu.speedscope.json",
        Form::Firefox => "cpu.firefox.json",
        Form::Chrome => "cpu.cpuprofile",
        Form::Callgrind => "cpu.callgrind",
        Form::Pprof => "cpu.pb.gz",
    }
}

/// Functions with what they hold, which every format keeps.
fn flat(path: &str, sample: &[&str]) -> Vec<(String, i64)> {
    let mut arguments = vec!["top", path, "--json", "--nodefraction=0", "--trim=false"];
    arguments.extend(sample);
    let answer = json(&arguments);
    let rows = answer["rows"].as_array().unwrap().iter();
    let mut rows: Vec<(String, i64)> = rows
        .map(|row| {
            let name = row["name"].as_str().unwrap().to_owned();
            (name, row["flat"].as_i64().unwrap())
        })
        .filter(|(_, flat)| *flat != 0)
        .collect();
    rows.sort();
    rows
}

#[test]
fn every_format_is_written_by_its_ending_and_read_by_its_content() {
    let (times, folder) = (times(), TempDir::new().unwrap());
    let expected = flat(&times, &[]);
    assert!(expected.len() >= 2);
    for form in Form::ALL {
        let path = at(&folder, file(form));
        let done = fathom(&["convert", &times, "-o", &path]);
        assert_eq!(done.code, Some(0), "{form:?}: {}", done.stderr);
        assert_eq!(
            done.stderr.is_empty(),
            form == Form::Pprof,
            "{}",
            done.stderr
        );
        // What is read tells itself, under a name that says nothing.
        let nameless = at(&folder, "input");
        fs::copy(&path, &nameless).unwrap();
        assert_kept(&flat(&nameless, &[]), &expected, form);
        // And back, by name and from standard input.
        let back = at(&folder, "back.pb.gz");
        fathom(&["convert", &nameless, "--from", form.name(), "-o", &back]).fine();
        assert_kept(&flat(&back, &[]), &expected, form);
        let again = fathom_reading(
            &["convert", "-", "--to", "folded", "--quiet"],
            &fs::read(&path).unwrap(),
        );
        assert!(again.fine().lines().count() >= 2, "{form:?}");
    }
}

#[test]
fn formats_of_all_values_keep_all() {
    let (heap, folder) = (heap(), TempDir::new().unwrap());
    for form in [Form::Pprof, Form::Speedscope, Form::Firefox] {
        let path = at(&folder, file(form));
        fathom(&["convert", &heap, "-o", &path]).fine();
        for sample in [
            "inuse_space",
            "alloc_objects",
            "alloc_space",
            "inuse_objects",
        ] {
            let sample = ["--sample-index", sample];
            assert_eq!(flat(&path, &sample), flat(&heap, &sample), "{form:?}");
        }
    }
    // The others take the one that is asked for.
    let path = at(&folder, "heap.folded");
    let done = fathom(&[
        "convert",
        &heap,
        "--sample-index",
        "alloc_objects",
        "-o",
        &path,
    ]);
    assert!(
        done.stderr
            .contains("folded: it holds alloc_objects alone, not"),
        "{}",
        done.stderr
    );
    let expected = flat(&heap, &["--sample-index", "alloc_objects"]);
    assert_eq!(flat(&path, &[]), expected);
}

#[test]
fn a_name_in_gz_is_written_compressed_and_read() {
    let (times, folder) = (times(), TempDir::new().unwrap());
    let expected = flat(&times, &[]);
    for form in Form::ALL {
        let name = file(form);
        let name = format!("{}.gz", name.trim_end_matches(".gz"));
        let (plain, packed) = (at(&folder, file(form)), at(&folder, &name));
        let plain = if form == Form::Pprof {
            at(&folder, "cpu.pb")
        } else {
            plain
        };
        fathom(&["convert", &times, "-o", &plain]).fine();
        fathom(&["convert", &times, "-o", &packed]).fine();
        let (plain, bytes) = (fs::read(&plain).unwrap(), fs::read(&packed).unwrap());
        assert!(bytes.starts_with(&[0x1f, 0x8b]), "{form:?}");
        assert!(!plain.starts_with(&[0x1f, 0x8b]), "{form:?}");
        assert!(bytes.len() < plain.len(), "{form:?}");
        assert_kept(&flat(&packed, &[]), &expected, form);
    }
    // The name compresses whatever --to says; that of JSON alone tells no format.
    let path = at(&folder, "cpu.json.gz");
    fathom(&["convert", &times, "-o", &path]).failed();
    fathom(&["convert", &times, "-o", &path, "--to", "firefox"]).fine();
    assert_kept(&flat(&path, &[]), &expected, Form::Firefox);
}

#[test]
fn filters_come_first() {
    let times = times();
    let folded = fathom(&["convert", &times, "--to", "folded", "--quiet"]).fine();
    let some = fathom(&[
        "convert", &times, "--to", "folded", "--quiet", "--focus", "main",
    ])
    .fine();
    assert!(some.lines().count() < folded.lines().count());
    assert!(some.lines().all(|line| line.contains("main")), "{some}");
}

#[test]
fn json_tells_what_was_lost() {
    let (heap, folder) = (heap(), TempDir::new().unwrap());
    let path = at(&folder, "heap.folded");
    let summary = json(&["convert", &heap, "-o", &path, "--json"]);
    assert_valid(&summary);
    assert_eq!(summary["to"], "folded");
    assert_eq!(summary["bytes"], fs::metadata(&path).unwrap().len());
    assert!(!summary["lost"].as_array().unwrap().is_empty());
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let (heap, folder) = (heap(), TempDir::new().unwrap());
    let path = at(&folder, "out.json");
    let said = fathom(&["convert", &heap, "-o", &path]).failed();
    assert!(
        said.contains("its name does not tell a format\nhint: --to FORMAT, one of pprof"),
        "{said}"
    );
    let said = fathom(&["convert", &heap]).failed();
    assert!(said.contains("it is not said what to convert to"), "{said}");
    let said = fathom(&["convert", &heap, "--to", "chrome"]).failed();
    assert!(said.contains("error: "), "{said}");
    let said = fathom(&["convert", &heap, "--from", "speedscope", "--to", "folded"]).failed();
    assert!(said.contains("leave out --from speedscope"), "{said}");
    assert!(!Path::new(&path).exists());
    let said = fathom(&["convert", &heap, "--to", "nonsense"]).failed();
    assert!(said.contains("possible values: pprof, folded"), "{said}");
}
