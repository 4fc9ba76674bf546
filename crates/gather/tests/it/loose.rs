//! Files, folders, bundles, and what arguments mean.

use std::fs;
use std::io::Write;
use std::path::Path;

use fathom_evidence::{Artefact, Capture, Kind, Target};
use fathom_gather::{Error, Source};

use super::scripted::{alone, capture, fixture, fixtures, missing};

fn bundle_at(path: &Path, pid: u32) {
    let mut bundle = Capture::new();
    bundle.target = Target {
        pid: Some(pid),
        ..Target::default()
    };
    bundle.started_at_unix_nanos = 7;
    bundle.finished_at_unix_nanos = 9;
    bundle.push(Artefact::new(
        Kind::Heap,
        "pprof/heap.pb.gz",
        fixture("formats/go1.27.3/heap.pb.gz"),
    ));
    bundle
        .write_bundle(fs::File::create(path).unwrap())
        .unwrap();
}

#[test]
fn a_folder_of_recorded_evidence() {
    let folder = fixtures().join("causes/go1.27.3/stale_profile");
    let taken = capture(Source::Directory(folder), &alone()).unwrap();
    for kind in [
        Kind::Smaps,
        Kind::SmapsRollup,
        Kind::Maps,
        Kind::Status,
        Kind::Statm,
        Kind::CgroupText,
        Kind::ExpVar,
        Kind::Heap,
        Kind::HeapAfterGc,
        Kind::Goroutine,
        Kind::GoroutineDump,
        Kind::GoroutineLeak,
        Kind::ThreadCreate,
    ] {
        assert!(taken.first(kind).is_some(), "{kind}");
    }
    assert_eq!(
        taken.in_round(Kind::Status, 1).unwrap().name,
        "status_2.txt"
    );
    assert_eq!(
        taken.in_round(Kind::ExpVar, 1).unwrap().name,
        "vars_gc1.json"
    );
    // Notes and expectations that lie beside the evidence are nobody's loss.
    assert!(taken.by_name("expect.json").is_none());
    assert!(taken.missing.is_empty());
    assert!(taken.started_at_unix_nanos > 0);
}

#[test]
fn files_that_are_no_evidence_are_told_and_the_rest_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        Source::parse(path.to_str().unwrap()).unwrap()
    };
    let sources = [
        file("page", b"<html>sign in</html>"),
        file("empty", b""),
        file("notes", b"hello\n"),
        file("script", b"\x7fELF\x01\x01"),
        file("heap.txt", &fixture("formats/go1.27.3/heap_debug1.txt")),
    ];
    let taken = fathom_gather::capture(&sources, &alone(), &mut |_| {}).unwrap();
    assert_eq!(taken.artefacts.len(), 1);
    assert!(missing(&taken, "page").why.contains("HTML page"));
    assert_eq!(missing(&taken, "empty").why, "the file is empty");
    assert!(missing(&taken, "notes").hint.is_some());
    assert!(missing(&taken, "script").hint.is_none());

    let error = capture(sources[0].clone(), &alone()).unwrap_err();
    assert!(error.to_string().contains("HTML page"), "{error}");
}

#[test]
fn a_compressed_text_is_unpacked_and_a_profile_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let log = b"gc 1 @0.010s 1%: 0.01+0.5+0.0 ms clock, 4->4->0 MB\n";
    let path = folder.path().join("gc.log.gz");
    let file = fs::File::create(&path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(log).unwrap();
    encoder.finish().unwrap();
    let taken = capture(Source::File(path), &alone()).unwrap();
    assert_eq!(taken.first(Kind::GcTraceLog).unwrap().bytes, log);

    let heap = fixtures().join("formats/go1.27.3/heap.pb.gz");
    let taken = capture(Source::File(heap), &alone()).unwrap();
    assert!(taken.artefacts[0].bytes.starts_with(&[0x1f, 0x8b]));
}

#[test]
fn a_bundle_is_read_as_it_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fathom");
    bundle_at(&path, 1);
    let taken = capture(Source::File(path.clone()), &alone()).unwrap();
    assert_eq!(taken.target.pid, Some(1));
    assert_eq!(
        (taken.started_at_unix_nanos, taken.finished_at_unix_nanos),
        (7, 9)
    );

    let other = folder.path().join("b.fathom");
    bundle_at(&other, 2);
    let sources = [Source::File(path.clone()), Source::File(other)];
    let error = fathom_gather::capture(&sources, &alone(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Combination { .. }), "{error}");

    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..100]).unwrap();
    let error = capture(Source::File(path), &alone()).unwrap_err();
    assert!(error.to_string().contains("cut off at byte 0"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn arguments() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let number = folder.path().join("6060");
    fs::write(&number, b"x").unwrap();
    assert_eq!(Source::parse(&text(&number)).unwrap(), Source::File(number));
    assert_eq!(
        Source::parse(&text(folder.path())).unwrap(),
        Source::Directory(folder.path().to_owned())
    );
    assert_eq!(Source::parse("-").unwrap(), Source::Stdin);
    assert_eq!(Source::parse("1").unwrap(), Source::Pid(1));
    for wrong in ["0", "99999999999", "no-such-file.pb.gz", "ftp://h/x", ""] {
        let error = Source::parse(wrong).unwrap_err();
        assert!(matches!(error, Error::Source { .. }), "{wrong}: {error}");
        assert!(error.hint().is_some());
    }
    let error = Source::parse("ftp://bob:hunter2@h/x").unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}
