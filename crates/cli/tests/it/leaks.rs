//! `fathom leaks`: profiles in a folder, by the time they were taken.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::*;

/// Writes text profiles two minutes apart, whose files tell when: `main.remember` keeps three
/// sampled objects of 64 kB more in each.
fn write(folder: &Path, profiles: u32) {
    let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for number in 0..profiles {
        let mut text = "heap profile: 0: 0 [0: 0] @ heap/1048576\n".to_owned();
        let lines = [("main.cache", 400), ("main.remember", 20 + 3 * number)];
        for (place, (function, live)) in (1..).zip(lines) {
            let bytes = live << 16;
            writeln!(
                text,
                "{live}: {bytes} [{live}: {bytes}] @ 0x{place}000\n\
                 #\t0x{place}000\t{function}+0x10\t/src/main.go:{place}0\n"
            )
            .unwrap();
        }
        let path = folder.join(format!("{}.txt", profiles - number));
        fs::write(&path, text).unwrap();
        let at = begin + Duration::from_mins(2) * number;
        File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(at))
            .unwrap();
    }
}

#[test]
fn what_grows_is_named_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 40);
    let path = folder.path().to_str().unwrap();
    let done = fathom(&["leaks", path, "--limit", "2GB"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    insta::assert_snapshot!(done.stdout);
    let done = fathom(&["leaks", path, "--fail-on", "warning"]);
    assert_eq!(done.code, Some(1));
    let answer = json(&["leaks", path, "--json"]);
    assert_eq!(answer["schema"], "fathom.leaks/1");
    assert_eq!(answer["leaks"], true);
    assert_eq!(answer["sites"][0]["place"], "main.remember (main.go:20)");
}

#[test]
fn a_few_minutes_are_no_proof() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 9);
    // What holds no heap profile is told and left out.
    fs::write(folder.path().join("smaps.txt"), read_fixture_smaps()).unwrap();
    fs::write(folder.path().join(".hidden"), "no evidence").unwrap();
    let path = folder.path().to_str().unwrap();
    let done = fathom(&["leaks", path, "--fail-on", "warning"]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    insta::assert_snapshot!(done.stdout);
    assert!(
        done.stderr
            .contains("smaps.txt: no heap profile in it, left out"),
        "{}",
        done.stderr
    );
}

#[test]
fn too_few_profiles_are_an_error_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 2);
    let done = fathom(&["leaks", folder.path().to_str().unwrap()]);
    assert_eq!(done.code, Some(2));
    assert!(done.stdout.is_empty());
    assert!(
        done.stderr
            .contains("2 heap profiles of one run of the process show no trend")
    );
    assert!(done.stderr.contains("fathom explain --base"));
    let done = fathom(&["leaks", "no/such/folder"]);
    assert_eq!(done.code, Some(2));
}

fn read_fixture_smaps() -> Vec<u8> {
    fs::read(fixtures().join("causes/go1.27.3/thp/smaps.txt")).unwrap()
}
