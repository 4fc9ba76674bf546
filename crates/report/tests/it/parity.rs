//! `top` prints what `go tool pprof -top` prints, to the byte, for every recorded profile.
//!
//! The text forms (`debug=1`) carry symbols in comments that the real tool does not read.
//! They are compared without these comments, so that both programs know addresses alone;
//! with them `fathom` shows names where the other shows `<unknown>`. Three kinds are left
//! out: `threadcreate`, whose stacks of zeros the real tool takes for addresses or, where
//! older versions of Go print no address at all, refuses; `goroutineleak`, which old
//! versions do not have; and differences over seconds, which have no text form.

use std::path::{Path, PathBuf};

use fathom_profile::diff::{DiffMode, Normalize, subtract};
use fathom_profile::{Limits, Profile};
use fathom_report::Granularity;
use fathom_report::top::{PercentagesOf, Sort, TextOptions, Top, TopOptions, render_text};
use fathom_testkit::generator::Shape;

use crate::oracle;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// All fixtures whose name satisfies `wanted`, sorted.
fn find(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![fixtures().join("causes"), fixtures().join("formats")];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("fixtures are readable") {
            let path = entry.expect("fixtures are readable").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                open.push(path);
            } else if wanted(&name) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn protos() -> Vec<PathBuf> {
    let mut found = find(|name| name.ends_with(".pb.gz"));
    // What a server answers about a profile that its Go version does not have.
    found.retain(|path| is_profile(path));
    assert!(found.len() >= 85, "only {} profiles", found.len());
    found
}

fn is_profile(path: &Path) -> bool {
    !std::fs::read(path)
        .expect("a fixture is readable")
        .starts_with(b"Unknown profile")
}

fn read(path: &Path) -> Profile {
    let bytes = std::fs::read(path).expect("a fixture is readable");
    Profile::parse_owned(bytes, &Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(profile: &Profile, options: &TopOptions) -> String {
    let top = Top::new(profile, options).expect("a view");
    render_text(&top, &TextOptions::default())
}

fn compare(flags: &[&str], path: &Path, ours: &str) {
    let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
    let theirs = oracle::top(&flags, path);
    assert_eq!(ours, theirs, "{flags:?} {}", path.display());
}

#[test]
fn every_sample_type() {
    for path in protos() {
        let profile = read(&path);
        compare(&[], &path, &text(&profile, &TopOptions::default()));
        for column in 0..profile.sample_types().len() {
            let (kind, _) = profile.sample_type(column);
            let options = TopOptions {
                sample_index: kind.to_owned(),
                ..TopOptions::default()
            };
            let flag = format!("-sample_index={kind}");
            compare(&[&flag], &path, &text(&profile, &options));
        }
        let options = TopOptions {
            sample_index: "0".to_owned(),
            ..TopOptions::default()
        };
        compare(&["-sample_index=0"], &path, &text(&profile, &options));
    }
}

#[test]
fn trimming_and_order() {
    for path in protos() {
        let profile = read(&path);
        let plain = TopOptions::default;
        let cases: [(&[&str], TopOptions); 8] = [
            (
                &["-nodecount=3"],
                TopOptions {
                    node_count: Some(3),
                    ..plain()
                },
            ),
            (
                &["-nodecount=10"],
                TopOptions {
                    node_count: Some(10),
                    ..plain()
                },
            ),
            (
                &["-cum"],
                TopOptions {
                    sort: Sort::Cum,
                    ..plain()
                },
            ),
            (
                &["-cum", "-nodecount=5"],
                TopOptions {
                    sort: Sort::Cum,
                    node_count: Some(5),
                    ..plain()
                },
            ),
            (
                &["-nodefraction=0"],
                TopOptions {
                    node_fraction: 0.0,
                    ..plain()
                },
            ),
            (
                &["-nodefraction=0.2"],
                TopOptions {
                    node_fraction: 0.2,
                    ..plain()
                },
            ),
            (
                &["-unit=auto"],
                TopOptions {
                    unit: "auto".to_owned(),
                    ..plain()
                },
            ),
            (
                &["-unit=kb"],
                TopOptions {
                    unit: "kb".to_owned(),
                    ..plain()
                },
            ),
        ];
        for (flags, options) in cases {
            compare(flags, &path, &text(&profile, &options));
        }
    }
}

#[test]
fn filters() {
    let patterns = [
        "main",
        r"^main\.main$",
        r"runtime\.(malloc|main)",
        r"\.go",
        "nothing matches this",
        r"net/http.*|\Qsync.(*Mutex).Lock\E",
        "f2[0-9]$",
        "a filter so long that its mention in the heading has to be cut off before its very end|main",
    ];
    for path in protos() {
        let profile = read(&path);
        let of_a_cause = path.to_string_lossy().contains("causes");
        for pattern in &patterns[..if of_a_cause { 3 } else { patterns.len() }] {
            let pattern_of = || (*pattern).to_owned();
            let options = TopOptions {
                focus: pattern_of(),
                ..TopOptions::default()
            };
            compare(
                &[&format!("-focus={pattern}")],
                &path,
                &text(&profile, &options),
            );
            let options = TopOptions {
                ignore: pattern_of(),
                ..TopOptions::default()
            };
            compare(
                &[&format!("-ignore={pattern}")],
                &path,
                &text(&profile, &options),
            );
        }
        let options = TopOptions {
            focus: "main".to_owned(),
            ignore: "main.alloc".to_owned(),
            percentages_of: PercentagesOf::Selection,
            ..TopOptions::default()
        };
        let flags = ["-focus=main", "-ignore=main.alloc", "-relative_percentages"];
        compare(&flags, &path, &text(&profile, &options));
    }
}

#[test]
fn granularities() {
    for path in protos() {
        let profile = read(&path);
        for granularity in Granularity::ALL {
            // Rows of equal text and value come in random order from the real tool.
            let options = TopOptions {
                granularity,
                node_fraction: 0.0,
                ..TopOptions::default()
            };
            let flag = format!("-{}", granularity.name());
            let ours = text(&profile, &options);
            if granularity == Granularity::Files {
                let flags = [flag, "-nodefraction=0".to_owned()];
                let sorted = |text: &str| {
                    let mut lines: Vec<String> = text.lines().map(without_sum).collect();
                    lines.sort();
                    lines
                };
                let theirs = oracle::top(&flags, &path);
                assert_eq!(sorted(&ours), sorted(&theirs), "{}", path.display());
            } else {
                compare(&[&flag, "-nodefraction=0"], &path, &ours);
            }
        }
    }
}

/// A row without the column that depends on the rows above it.
fn without_sum(line: &str) -> String {
    let columns: Vec<&str> = line.split_whitespace().collect();
    match columns.as_slice() {
        [flat, percent, _sum, rest @ ..] if percent.ends_with('%') => {
            format!("{flat} {percent} {}", rest.join(" "))
        }
        _ => line.to_owned(),
    }
}

/// Pairs of profiles that can be compared: of one cause before and after a collection, and
/// of one kind and two Go versions.
fn pairs() -> Vec<(PathBuf, PathBuf)> {
    let mut pairs = Vec::new();
    for after in find(|name| name == "heap_gc1.pb.gz") {
        pairs.push((after.with_file_name("heap.pb.gz"), after));
    }
    for newer in protos() {
        let text = newer.to_string_lossy();
        if let Some((head, tail)) = text
            .split_once("go1.27.3/")
            .filter(|_| text.contains("formats"))
        {
            for older in ["go1.21.13", "go1.26.6"] {
                let older = PathBuf::from(format!("{head}{older}/{tail}"));
                if older.exists() && is_profile(&older) {
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
        let profile = read(&path);
        let base_profile = read(&base);
        let base_text = base.to_string_lossy();
        for column in 0..profile.sample_types().len() {
            let (kind, _) = profile.sample_type(column);
            let options = TopOptions {
                sample_index: kind.to_owned(),
                ..TopOptions::default()
            };
            let index = format!("-sample_index={kind}");
            for (mode, flag) in [
                (DiffMode::Base, "-base"),
                (DiffMode::DiffBase, "-diff_base"),
            ] {
                let difference = subtract(&profile, &base_profile, mode, Normalize::No)
                    .expect("comparable profiles");
                let flag = format!("{flag}={base_text}");
                compare(&[&index, &flag], &path, &text(&difference, &options));
                let options = TopOptions {
                    drop_negative: true,
                    sort: Sort::Cum,
                    node_count: Some(8),
                    ..options.clone()
                };
                let flags = [&*index, &flag, "-drop_negative", "-cum", "-nodecount=8"];
                compare(&flags, &path, &text(&difference, &options));
            }
        }
    }
}

/// The lines of a text form without the comments that hold symbols.
fn without_comments(text: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn text_forms_without_their_comments() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let found = find(|name| {
        let omitted = ["goroutineleak", "threadcreate", "heap_delta"];
        let omitted = omitted.iter().any(|prefix| name.starts_with(prefix));
        name.ends_with("_debug1.txt") && !omitted
    });
    assert!(found.len() > 60, "only {} text forms", found.len());
    let mut compared = 0;
    for path in found {
        // One recording was cut in the midst of a line.
        if path.to_string_lossy().contains("profile_buckets/heap_") {
            continue;
        }
        let whole = std::fs::read_to_string(&path).expect("a fixture is readable");
        let bare = without_comments(&whole);
        let file = scratch.path().join("profile.txt");
        std::fs::write(&file, &bare).expect("scratch is writable");
        let profile = Profile::parse(bare.as_bytes(), &Limits::default())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for column in 0..profile.sample_types().len() {
            let options = TopOptions {
                sample_index: column.to_string(),
                ..TopOptions::default()
            };
            compare(
                &[&format!("-sample_index={column}")],
                &file,
                &text(&profile, &options),
            );
            let options = TopOptions {
                granularity: Granularity::Addresses,
                ..options
            };
            let flags = [&*format!("-sample_index={column}"), "-addresses"];
            compare(&flags, &file, &text(&profile, &options));
            compared += 1;
        }
    }
    assert!(compared > 60);
}

/// Large enough that edges fall below their fraction, and that the work is split between
/// threads.
#[test]
fn generated_profiles() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let file = scratch.path().join("heap.pb.gz");
    let shape = Shape {
        samples: 60_000,
        functions: 2_000,
        ..Shape::medium()
    };
    let mut bytes = Vec::new();
    shape.write_gzip(&mut bytes).expect("memory takes all");
    std::fs::write(&file, bytes).expect("scratch is writable");
    let profile = read(&file);
    let plain = TopOptions::default;
    let cases: [(&[&str], TopOptions); 4] = [
        (&[], plain()),
        (
            &["-cum", "-nodecount=40"],
            TopOptions {
                sort: Sort::Cum,
                node_count: Some(40),
                ..plain()
            },
        ),
        (
            &[
                "-focus=Server2.*serve",
                "-ignore=package01",
                "-nodefraction=0",
            ],
            TopOptions {
                focus: "Server2.*serve".to_owned(),
                ignore: "package01".to_owned(),
                node_fraction: 0.0,
                ..plain()
            },
        ),
        (
            &[
                "-lines",
                "-nodefraction=0.001",
                "-sample_index=alloc_objects",
            ],
            TopOptions {
                granularity: Granularity::Lines,
                node_fraction: 0.001,
                sample_index: "alloc_objects".to_owned(),
                ..plain()
            },
        ),
    ];
    let everything = TopOptions {
        node_fraction: 0.0,
        ..plain()
    };
    let marks = text(&profile, &everything);
    assert!(marks.contains(" (inline)\n") && marks.contains(" (partial-inline)\n"));
    for (flags, options) in cases {
        let ours = text(&profile, &options);
        assert!(ours.lines().count() > 20, "{flags:?}: {ours}");
        compare(flags, &file, &ours);
    }
}
