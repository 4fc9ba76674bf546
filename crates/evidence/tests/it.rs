//! Bundles and recognition, against what real Go processes printed.

#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use fathom_evidence::{Artefact, Capture, Error, Kind, Limits, Missing, Target, identify};
use zip::write::SimpleFileOptions;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn bundle_of(capture: &Capture) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    capture.write_bundle(&mut bytes).unwrap();
    bytes.into_inner()
}

fn read(bytes: &[u8]) -> Result<Capture, Error> {
    Capture::read_bundle(bytes, "incident.fathom", &Limits::default())
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn sample() -> Capture {
    let evidence = fixtures().join("causes/go1.27.3/stale_profile");
    let file = |name: &str| fs::read(evidence.join(name)).unwrap();
    let mut capture = Capture::new();
    capture.target = Target {
        pid: Some(4711),
        url: Some("http://localhost:6060/debug/pprof/".to_owned()),
        go_version: Some("go1.27.3".to_owned()),
        ..Target::default()
    };
    capture.started_at_unix_nanos = 1_795_227_880_000_000_000;
    capture.finished_at_unix_nanos = 1_795_227_881_000_000_000;
    capture.push(Artefact::new(
        Kind::Smaps,
        "proc/smaps.txt",
        file("smaps.txt"),
    ));
    capture.push(Artefact {
        origin: "http://localhost:6060/debug/pprof/heap".to_owned(),
        taken_at_unix_nanos: 1_795_227_880_500_000_000,
        duration_nanos: 12_345,
        go_version: Some("go1.27.3".to_owned()),
        ..Artefact::new(Kind::Heap, "pprof/heap.pb.gz", file("heap.pb.gz"))
    });
    capture.push(Artefact {
        round: 1,
        ..Artefact::new(Kind::Status, "proc/status.1.txt", file("status_2.txt"))
    });
    capture
        .missing
        .push(Missing::new("pprof/goroutineleak", "404").with_hint("Go 1.27 has it"));
    capture.notes.push("forced a garbage collection".to_owned());
    capture
}

#[test]
fn a_bundle_reads_back_as_it_was_written() {
    let capture = sample();
    assert_eq!(read(&bundle_of(&capture)).unwrap(), capture);
}

#[test]
fn parts_of_a_bundle_are_ordinary_files() {
    let capture = sample();
    let bytes = bundle_of(&capture);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_slice())).unwrap();
    let names: Vec<_> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "manifest.json",
            "proc/smaps.txt",
            "pprof/heap.pb.gz",
            "proc/status.1.txt"
        ]
    );
    let mut manifest = String::new();
    std::io::Read::read_to_string(&mut archive.by_index(0).unwrap(), &mut manifest).unwrap();
    assert!(manifest.contains("\"schema\": \"fathom.bundle/1\""));
    assert!(manifest.contains("\"kind\": \"heap\""));
}

#[test]
fn nothing_secret_reaches_a_bundle() {
    let mut capture = sample();
    capture.target.url = Some("https://bob:hunter2@host/debug/pprof/".to_owned());
    let vars = br#"{"cmdline": ["./prog","--key=hunter2"],"memstats": {"Alloc":1}}"#;
    capture.push(Artefact {
        origin: "https://bob:hunter2@host/debug/vars?token=hunter2".to_owned(),
        ..Artefact::new(Kind::ExpVar, "debug/vars.json", vars.to_vec())
    });
    capture.missing.push(Missing::new(
        "https://bob:hunter2@host/metrics",
        "GET https://bob:hunter2@host/metrics: 404",
    ));
    capture
        .notes
        .push("found https://host/?sig=hunter2".to_owned());
    let bytes = bundle_of(&capture);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_slice())).unwrap();
    for index in 0..archive.len() {
        let mut entry = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_index(index).unwrap(), &mut entry).unwrap();
        let found = entry.windows(7).any(|window| window == b"hunter2");
        assert!(!found, "entry {index}");
    }
    let back = read(&bytes).unwrap();
    assert_eq!(
        back.first(Kind::ExpVar).unwrap().text(),
        r#"{"cmdline": ["(removed)"],"memstats": {"Alloc":1}}"#
    );
}

#[test]
fn a_cut_bundle_gives_what_precedes_the_cut() {
    let capture = sample();
    let whole = bundle_of(&capture);
    let mut rescued = 0;
    for length in (4..whole.len()).step_by(97) {
        match read(&whole[..length]) {
            Ok(back) => {
                rescued += 1;
                let lost = capture.artefacts.len() - back.artefacts.len();
                let told = back
                    .missing
                    .iter()
                    .filter(|missing| missing.why.contains("cut off at byte"))
                    .count();
                assert_eq!(lost, told, "cut at {length}");
                assert!(back.notes.iter().any(|note| note.contains("cut off")));
                for artefact in &back.artefacts {
                    assert_eq!(Some(artefact), capture.by_name(&artefact.name));
                }
            }
            Err(error) => assert!(
                matches!(error, Error::Cut { offset: 0, .. }),
                "cut at {length}: {error}"
            ),
        }
    }
    assert!(rescued > 10);
}

#[test]
fn a_flipped_byte_costs_one_entry_at_most_or_one_clear_error() {
    let capture = sample();
    let whole = bundle_of(&capture);
    let mut damaged = 0;
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        if let Ok(back) = read(&bytes) {
            damaged += usize::from(back.artefacts.len() < capture.artefacts.len());
        }
    }
    assert!(damaged > 0);
}

#[test]
fn limits_are_named() {
    let zeroes = vec![0_u8; 4 << 20];
    let bomb = zip_of(&[
        ("manifest.json", br#"{"schema":"fathom.bundle/1"}"#),
        ("a", &zeroes),
        ("b", &zeroes),
    ]);
    let limited = |limits: Limits| Capture::read_bundle(&bomb, "bomb.fathom", &limits);
    let default = Limits::default();
    let cases = [
        (
            Limits {
                max_entry_bytes: 1 << 20,
                ..default
            },
            "bomb.fathom: bytes of a above the limit of 1048576",
        ),
        (
            Limits {
                max_total_bytes: 5 << 20,
                ..default
            },
            "bomb.fathom: bytes in all above the limit of 5242880",
        ),
        (
            Limits {
                max_entries: 2,
                ..default
            },
            "bomb.fathom: number of entries above the limit of 2",
        ),
        (
            Limits {
                max_manifest_bytes: 8,
                ..default
            },
            "bomb.fathom: bytes of manifest.json above the limit of 8",
        ),
    ];
    for (limits, message) in cases {
        assert_eq!(limited(limits).unwrap_err().to_string(), message);
    }
    assert_eq!(limited(default).unwrap().artefacts.len(), 2);
}

#[test]
fn names_that_point_outside_are_harmless() {
    let bytes = zip_of(&[
        ("manifest.json", br#"{"schema":"fathom.bundle/1"}"#),
        ("../../etc/passwd", b"x"),
        ("/abs/olute", b"x"),
        ("c:\\windows\\x\n.txt", b"x"),
    ]);
    let mut names: Vec<_> = read(&bytes)
        .unwrap()
        .artefacts
        .into_iter()
        .map(|artefact| artefact.name)
        .collect();
    names.sort();
    assert_eq!(names, ["abs/olute", "c_/windows/x_.txt", "etc/passwd"]);
}

#[test]
fn wrong_manifests_are_told_apart() {
    let message = |manifest: &[u8]| {
        read(&zip_of(&[("manifest.json", manifest)]))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(br#"{"schema":"fathom.bundle/9"}"#),
        "incident.fathom: written as fathom.bundle/9, and this version reads up to fathom.bundle/1"
    );
    assert_eq!(
        message(br#"{"schema":"other/1"}"#),
        "incident.fathom: not a fathom bundle: its manifest says schema \"other/1\""
    );
    assert!(message(b"{\"schema\":\n 3}").starts_with("incident.fathom: manifest.json, line 2 "));
    assert!(
        read(b"hello")
            .unwrap_err()
            .to_string()
            .contains("not a fathom bundle")
    );
    let foreign = zip_of(&[("word/document.xml", b"<w/>")]);
    assert!(
        read(&foreign)
            .unwrap_err()
            .to_string()
            .contains("nothing that looks like evidence")
    );
}

#[test]
fn a_zip_of_loose_files_is_evidence() {
    let rollup = b"Rss:  284 kB\nPss:  28 kB\n";
    let capture = read(&zip_of(&[("a/rollup", rollup), ("notes", b"hello")])).unwrap();
    assert_eq!(capture.first(Kind::SmapsRollup).unwrap().name, "a/rollup");
    assert_eq!(capture.notes.len(), 1);
}

#[test]
fn a_manifest_that_is_an_artefact_does_not_shadow_the_manifest() {
    let mut capture = Capture::new();
    for _ in 0..2 {
        capture.artefacts.push(Artefact::new(
            Kind::Unknown,
            "./manifest.json",
            b"{}".to_vec(),
        ));
    }
    let back = read(&bundle_of(&capture)).unwrap();
    let names: Vec<_> = back.artefacts.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(
        names,
        ["artefact-0/manifest.json", "artefact-1/manifest.json"]
    );
}

/// Says what a fixture is from its file name alone, as the recorder named it.
fn expected_kind(name: &str) -> Option<Kind> {
    let kinds = [
        ("smaps_rollup", Kind::SmapsRollup),
        ("smaps", Kind::Smaps),
        ("maps", Kind::Maps),
        ("statm", Kind::Statm),
        ("status", Kind::Status),
        ("cgroup", Kind::CgroupText),
        ("vars", Kind::ExpVar),
        ("heap_gc1", Kind::HeapAfterGc),
        ("heap_delta.pb", Kind::OtherProfile),
        ("heap_debug1", Kind::Heap),
        ("heap.pb", Kind::Heap),
        ("allocs", Kind::Allocs),
        ("goroutine_debug1", Kind::Goroutine),
        ("goroutine.pb", Kind::Goroutine),
        ("goroutine_debug2", Kind::GoroutineDump),
        ("goroutine_debug3", Kind::GoroutineDump),
        ("threadcreate", Kind::ThreadCreate),
        ("block", Kind::Block),
        ("mutex", Kind::Mutex),
        ("custom_debug1", Kind::OtherProfile),
        ("index.html", Kind::PprofIndex),
        ("gctrace=1", Kind::GcTraceLog),
        ("scavtrace=1", Kind::GcTraceLog),
    ];
    if Path::new(name).extension().is_some_and(|end| end == "hdr") {
        return None;
    }
    kinds
        .iter()
        .find(|(start, _)| name.starts_with(start))
        .map(|(_, kind)| *kind)
}

fn visit(folder: &Path, seen: &mut Vec<(PathBuf, Kind, Kind)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, seen);
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        if let Some(expected) = expected_kind(name) {
            seen.push((path.clone(), expected, identify(name, &bytes)));
        }
    }
}

#[test]
fn every_recorded_file_is_recognised() {
    let mut seen = Vec::new();
    visit(&fixtures(), &mut seen);
    assert!(seen.len() > 300, "{} fixtures", seen.len());
    let wrong: Vec<_> = seen
        .iter()
        .filter(|(_, expected, found)| expected != found)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
