//! `fathom record` and what becomes of a recording.

use std::fs;

use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;

use super::*;

#[test]
fn a_recording_holds_curves_and_profiles_and_is_judged() {
    let program = Program::new("publisher", GoVersion::GO_1_27)
        .start()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    let address = program.address().to_string();
    let done = fathom(&[
        "record",
        &address,
        "-o",
        kept,
        "--interval",
        "1s",
        "--profiles",
        "1s",
        "--for",
        "4s",
    ]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stderr.contains("looks stored"), "{}", done.stderr);
    let judged = json(&["leaks", kept, "--json"]);
    assert_eq!(judged["schema"], "fathom.recording-growth/1");
    let target = &judged["targets"][0];
    contracts::assert_keeps(contracts::GROWTH, target);
    assert_eq!(target["target"]["instance"], address.as_str());
    assert_eq!(target["grows"], false);
    assert_eq!(target["resident"]["shape"], "unknown");
    let parts = target["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 6);
    // The same in words.
    let told = fathom(&["leaks", kept]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(told.stdout.contains("Nothing grows"), "{}", told.stdout);
    assert!(told.stdout.contains("resident memory"), "{}", told.stdout);
}

#[test]
fn what_cannot_be_recorded_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    // Nobody listens there.
    let done = fathom(&[
        "record",
        "127.0.0.1:1",
        "-o",
        kept,
        "--interval",
        "1s",
        "--for",
        "2s",
    ]);
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(
        done.stderr.contains("nothing could be recorded"),
        "{}",
        done.stderr
    );
    let config = folder.path().join("fathom.yaml");
    fs::write(&config, "scrape_configs:\n  - job_nam: x\n").unwrap();
    let done = fathom(&["record", "-c", config.to_str().unwrap(), "-o", kept]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("job_nam"), "{}", done.stderr);
    assert!(done.stderr.contains("job_name"), "{}", done.stderr);
    let done = fathom(&["serve", "--no-browser"]);
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("nothing to serve"), "{}", done.stderr);
}
