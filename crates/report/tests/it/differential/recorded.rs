//! What Go programs really handed out: differences between recordings, text forms, and
//! profiles of many samples.

use std::path::PathBuf;

use fathom_testkit::generator::Shape;
use tempfile::TempDir;

use super::{Compared, compare, find};

/// Pairs of profiles that can be compared: of one cause before and after a collection, and
/// of one kind and two Go versions.
fn pairs() -> Vec<(PathBuf, PathBuf)> {
    let mut pairs = Vec::new();
    for after in find(|name| name == "heap_gc1.pb.gz") {
        pairs.push((after.with_file_name("heap.pb.gz"), after));
    }
    for newer in find(|name| name.ends_with(".pb.gz")) {
        let text = newer.to_string_lossy();
        if let Some((head, tail)) = text.split_once("formats/go1.27.3/") {
            for older in ["go1.21.13", "go1.26.6"] {
                let older = PathBuf::from(format!("{head}formats/{older}/{tail}"));
                if older.exists() && super::is_profile(&older) {
                    pairs.push((older, newer.clone()));
                }
            }
        }
    }
    assert!(pairs.len() > 30);
    pairs
}

#[test]
fn differences() {
    for (base, path) in pairs() {
        for mode in ["-base", "-diff_base"] {
            let base = format!("{mode}={}", base.display());
            for column in 0..super::read(&path).sample_types().len() {
                let index = format!("-sample_index={column}");
                compare(&["-top", &index, &base], &path, Compared::Exactly);
                let flags = [
                    "-top",
                    &index,
                    &base,
                    "-drop_negative",
                    "-cum",
                    "-nodecount=8",
                ];
                compare(&flags, &path, Compared::Exactly);
            }
            for command in ["-raw", "-proto", "-traces"] {
                compare(&[command, &base], &path, Compared::Exactly);
            }
            // Calls through which as much came as went have no order in the real tool.
            for command in ["-dot", "-tree"] {
                compare(&[command, &base], &path, Compared::Sorted);
            }
        }
    }
}

#[test]
fn text_forms() {
    let found = find(|name| {
        let omitted = ["goroutineleak", "heap_delta"];
        let omitted = omitted.iter().any(|prefix| name.starts_with(prefix));
        name.ends_with("_debug1.txt") && !omitted
    });
    assert!(found.len() > 60, "only {} text forms", found.len());
    for path in found {
        // One recording was cut in the midst of a line; some threads of old versions of Go
        // have no addresses, which both refuse, each in its own words.
        let text = path.to_string_lossy();
        if text.contains("profile_buckets/heap_") || text.contains("threadcreate") {
            continue;
        }
        for command in ["-top", "-raw", "-addresses -top", "-traces"] {
            let flags: Vec<&str> = command.split(' ').collect();
            compare(&flags, &path, Compared::Exactly);
        }
    }
}

/// Large enough that edges fall below their fraction, and that the work is split between
/// threads.
#[test]
fn generated_profiles() {
    let scratch = TempDir::new().expect("a scratch directory");
    let file = scratch.path().join("heap.pb.gz");
    let shape = Shape {
        samples: 60_000,
        functions: 2_000,
        ..Shape::medium()
    };
    let mut bytes = Vec::new();
    shape.write_gzip(&mut bytes).expect("memory takes all");
    std::fs::write(&file, bytes).expect("scratch is writable");
    for flags in [
        &["-top"][..],
        &["-top", "-cum", "-nodecount=40"],
        &[
            "-top",
            "-focus=Server2.*serve",
            "-ignore=package01",
            "-nodefraction=0",
        ],
        &[
            "-top",
            "-lines",
            "-nodefraction=0.001",
            "-sample_index=alloc_objects",
        ],
        &["-tree"],
        &["-dot"],
        &[
            "-dot",
            "-nodecount=300",
            "-nodefraction=0",
            "-edgefraction=0",
        ],
    ] {
        compare(flags, &file, Compared::Exactly);
    }
}
