//! Several profiles become one as with `go tool pprof`, row for row, and what is written
//! is what it writes.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use fathom_profile::diff::{DiffMode, Normalize, subtract, subtract_with};
use fathom_profile::merge::{merge, merge_with};
use fathom_profile::{
    Defects, Limits, Line, Mapping, Profile, ProfileBuilder, Symbolization, encode, load, prune,
    raw,
};
use fathom_testkit::Random;
use flate2::read::GzDecoder;
use regex::Regex;
use tempfile::TempDir;

use crate::oracle::{difference, pprof, raw_text, read, recorded};

/// What makes two written profiles differ.
#[derive(Clone, Copy)]
struct Shape {
    seed: u64,
    start: u64,
    unit: &'static str,
    types: &'static [&'static str],
}

const SHAPES: [Shape; 4] = [
    Shape {
        seed: 1,
        start: 0x40_0000,
        unit: "milliseconds",
        types: &["samples", "cpu", "wall"],
    },
    Shape {
        seed: 2,
        start: 0x7f_0000_0000,
        unit: "microseconds",
        types: &["samples", "cpu", "wall"],
    },
    Shape {
        seed: 3,
        start: 0x55_0000_0000,
        unit: "milliseconds",
        types: &["wall", "samples", "extra"],
    },
    Shape {
        seed: 4,
        start: 0x40_0000,
        unit: "milliseconds",
        types: &["samples", "cpu", "wall"],
    },
];

/// Draws a profile with labels, inlined calls, columns, folded locations and zeros.
fn draw(shape: Shape) -> Profile {
    let mut random = Random::seeded(shape.seed);
    let mut below = |bound: u64| random.below(bound);
    let mut builder = ProfileBuilder::new(&Limits::default());
    for kind in shape.types {
        let unit = if *kind == "samples" {
            "count"
        } else {
            shape.unit
        };
        builder.add_sample_type(kind, unit).unwrap();
    }
    builder
        .set_period("cpu", shape.unit, 10 + i64::try_from(shape.seed).unwrap())
        .unwrap();
    builder.set_default_sample_type(shape.types[1]).unwrap();
    let time = 1_700_000_000_000_000_000 - i64::try_from(shape.seed).unwrap();
    builder.set_time(time, 30_500_000_000);
    builder.add_comment("one for all").unwrap();
    builder
        .add_comment(&format!("of seed {}", shape.seed))
        .unwrap();
    builder.set_doc_url("https://example.com/doc").unwrap();
    builder.set_drop_frames("f1|f2", "f2").unwrap();
    let mut mappings = Vec::new();
    for (index, size) in [(0, 0x5000), (1, 0x1234), (2, 0x800)] {
        let file = builder
            .string(["/bin/app", "/lib/x.so", ""][index])
            .unwrap();
        let build_id = builder.string(["abc", "", ""][index]).unwrap();
        let start = shape.start + 0x10_0000 * index as u64;
        let mapping = Mapping {
            start,
            limit: start + size + below(3),
            offset: 0x1000,
            file,
            build_id,
            symbols: Symbolization {
                functions: true,
                line_numbers: index == 0,
                ..Symbolization::default()
            },
        };
        mappings.push((builder.add_mapping(mapping).unwrap(), start));
    }
    let mut places = Vec::new();
    for _ in 0..60 {
        let lines: Vec<Line> = (0..below(4))
            .map(|_| {
                let name = format!("f{}", below(6));
                let system = if below(2) == 0 {
                    name.clone()
                } else {
                    format!("_{name}")
                };
                let function = builder.function(&name, &system, "a ü.go", 7).unwrap();
                Line {
                    function: Some(function),
                    line: i64::try_from(below(2)).unwrap(),
                    column: i64::try_from(below(2)).unwrap(),
                }
            })
            .collect();
        let at = usize::try_from(below(4)).unwrap();
        let (mapping, start) = mappings
            .get(at)
            .map_or((None, 0), |&(id, start)| (Some(id), start));
        let folded = below(8) == 0;
        places.push(
            builder
                .location(start + below(4), mapping, &lines, folded)
                .unwrap(),
        );
    }
    for _ in 0..300 {
        let depth = below(4);
        let stack: Vec<_> = (0..depth)
            .map(|_| places[usize::try_from(below(60)).unwrap()])
            .collect();
        let values: Vec<i64> = shape
            .types
            .iter()
            .map(|_| [0, 0, 1, -3, 1000, 7][usize::try_from(below(6)).unwrap()])
            .collect();
        let mut labels = Vec::new();
        for _ in 0..below(4) {
            let key = ["a", "b", "pprof::base"][usize::try_from(below(3)).unwrap()];
            let number = 1 + i64::try_from(below(2)).unwrap();
            labels.push(match below(3) {
                0 => builder.text_label(key, &format!("v{number}")).unwrap(),
                1 => builder.number_label(key, number, "").unwrap(),
                _ => builder.number_label(key, number - 1, "bytes").unwrap(),
            });
        }
        builder.add_sample(&stack, &values, &labels).unwrap();
    }
    builder.finish()
}

fn write(directory: &Path, name: &str, profile: &Profile) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, encode::write_proto(profile)).unwrap();
    path
}

/// Writes all drawn profiles and reads them as pprof does.
fn drawn(directory: &Path) -> (Vec<PathBuf>, Vec<Profile>) {
    let paths: Vec<PathBuf> = SHAPES
        .iter()
        .map(|&shape| write(directory, &format!("{}.pb.gz", shape.seed), &draw(shape)))
        .collect();
    let profiles = paths
        .iter()
        .map(|path| read(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    (paths, profiles)
}

fn all_frames_text(profile: Profile) -> String {
    raw::write(&load::with_all_frames(profile), &raw::TimeZone::UTC)
}

#[track_caller]
fn assert_same(ours: &str, theirs: &str) {
    assert!(ours == theirs, "{}", difference(ours, theirs));
}

#[test]
fn merging_written_profiles() {
    let directory = TempDir::new().unwrap();
    let (paths, profiles) = drawn(directory.path());
    let mut differ = 0;
    for choice in [
        &[0, 3][..],
        &[0, 1],
        &[1, 0],
        &[0, 2],
        &[2, 0],
        &[0, 1, 2, 3],
        &[0, 0],
    ] {
        let files: Vec<&Path> = choice.iter().map(|&at| paths[at].as_path()).collect();
        let sources: Vec<&Profile> = choice.iter().map(|&at| &profiles[at]).collect();
        let theirs = raw_text(&files).unwrap();
        let ours = merge_with(&sources, Defects::AsPprof).unwrap();
        assert_same(&all_frames_text(ours), &theirs);
        differ += usize::from(all_frames_text(merge(&sources).unwrap()) != theirs);
    }
    assert!(differ > 0, "the defects were not met");
}

#[test]
fn differences_of_written_profiles() {
    let directory = TempDir::new().unwrap();
    let (paths, profiles) = drawn(directory.path());
    for (mode, flag) in [
        (DiffMode::Base, "-base"),
        (DiffMode::DiffBase, "-diff_base"),
    ] {
        for (profile, base) in [(0, 3), (3, 0), (0, 1), (1, 0), (0, 2), (0, 0)] {
            for normalize in [Normalize::No, Normalize::Yes] {
                let base_flag = format!("{flag}={}", paths[base].display());
                let mut arguments = vec!["-raw", "-all_frames", &base_flag];
                if normalize == Normalize::Yes {
                    if SHAPES[profile].unit != SHAPES[base].unit
                        || SHAPES[profile].types != SHAPES[base].types
                    {
                        // Refused by the real tool.
                        continue;
                    }
                    arguments.push("-normalize");
                }
                let theirs = pprof(&arguments, &[&paths[profile]]);
                let theirs = String::from_utf8(theirs.output).unwrap();
                let (profile, base) = (&profiles[profile], &profiles[base]);
                let ours = subtract_with(profile, base, mode, normalize, Defects::AsPprof).unwrap();
                assert_same(&all_frames_text(ours), &theirs);
                let right = subtract(profile, base, mode, normalize).unwrap();
                assert!(right.sample_count() > 0 || profile == base);
            }
        }
    }
}

#[test]
fn merging_recorded_profiles() {
    for kind in [
        "heap.pb.gz",
        "goroutine.pb.gz",
        "mutex.pb.gz",
        "threadcreate.pb.gz",
    ] {
        let paths = recorded(|name| name == kind);
        let paths: Vec<&Path> = paths.iter().take(12).map(PathBuf::as_path).collect();
        let profiles: Vec<Profile> = paths
            .iter()
            .map(|path| read(&std::fs::read(path).unwrap()).unwrap())
            .collect();
        let sources: Vec<&Profile> = profiles.iter().collect();
        assert!(paths.len() >= 6, "{kind}");
        let ours = merge_with(&sources, Defects::AsPprof).unwrap();
        assert_same(&all_frames_text(ours), &raw_text(&paths).unwrap());
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_the_same_words() {
    let directory = TempDir::new().unwrap();
    let make = |kind: &str, unit: &str, period: (&str, &str)| {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type(kind, unit).unwrap();
        builder.set_period(period.0, period.1, 1).unwrap();
        let leaf = builder.location(1, None, &[], false).unwrap();
        builder.add_sample(&[leaf], &[1], &[]).unwrap();
        builder.finish()
    };
    let first = make("cpu", "ns", ("cpu", "ns"));
    for second in [
        make("other", "ns", ("cpu", "ns")),
        make("cpu", "bytes", ("cpu", "ns")),
        make("cpu", "ns", ("space", "bytes")),
        make("cpu", "ns", ("", "")),
    ] {
        let paths = [
            write(directory.path(), "a", &first),
            write(directory.path(), "b", &second),
        ];
        let theirs = raw_text(&[&paths[0], &paths[1]]).unwrap_err();
        let ours = merge_with(&[&first, &second], Defects::AsPprof).unwrap_err();
        let ours = format!("problem fetching source profiles: {}\n", ours.pprof_text());
        assert_eq!(ours, theirs);
    }
}

/// What `-proto` writes, without compression.
fn proto(files: &[&Path], directory: &Path) -> Vec<u8> {
    let output = directory.join("output.pb.gz");
    let answer = pprof(&["-proto", &format!("-output={}", output.display())], files);
    assert!(answer.is_success, "{}", answer.errors);
    let mut plain = Vec::new();
    GzDecoder::new(std::fs::File::open(output).unwrap())
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

fn as_loaded(profile: Profile) -> Profile {
    let compile =
        |pattern: &str| Regex::new(pattern).map(|regex| move |name: &str| regex.is_match(name));
    prune::remove_uninteresting(profile, compile).unwrap()
}

#[test]
fn what_is_written_is_what_they_write() {
    let directory = TempDir::new().unwrap();
    let (drawn_paths, _) = drawn(directory.path());
    let mut paths = recorded(|name| name.ends_with(".pb.gz") && !name.contains("delta"));
    paths.extend(recorded(|name| name == "heap_debug1.txt"));
    paths.extend(
        std::fs::read_dir(crate::fixtures().join("legacy"))
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    paths.extend(drawn_paths);
    let mut compared = 0;
    for path in &paths {
        let Ok(profile) = read(&std::fs::read(path).unwrap()) else {
            continue;
        };
        let ours = encode::write_raw_proto(&as_loaded(profile));
        assert!(
            ours == proto(&[path], directory.path()),
            "{}",
            path.display()
        );
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn numbers_of_rows_are_kept() {
    let directory = TempDir::new().unwrap();
    // sample_type 1 1, mapping 9, function 1<<40, locations 7 and 3, two samples, strings.
    let function = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x10, 1, 0x18, 1];
    let line = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x10, 5];
    let mut location = vec![0x08, 7, 0x10, 9, 0x18, 0x20, 0x22, 9];
    location.extend(line);
    let fields: [(u8, &[u8]); 9] = [
        (1, &[0x08, 1, 0x10, 1]),
        (2, &[0x08, 7, 0x08, 3, 0x10, 5]),
        (2, &[0x0a, 3, 3, 7, 3, 0x10, 6]),
        (3, &[0x08, 9, 0x18, 0x7f]),
        (4, &location),
        (4, &[0x08, 3, 0x18, 0x21]),
        (5, &function),
        (6, b""),
        (6, b"f"),
    ];
    let mut bytes = Vec::new();
    for (number, field) in fields {
        bytes.extend([number << 3 | 2, u8::try_from(field.len()).unwrap()]);
        bytes.extend(field);
    }
    let path = directory.path().join("numbers.pb");
    std::fs::write(&path, &bytes).unwrap();
    let profile = read(&bytes).unwrap();
    assert_same(
        &raw::write(&profile, &raw::TimeZone::UTC),
        &raw_text(&[&path]).unwrap(),
    );
    let written = encode::write_raw_proto(&profile);
    assert!(written == proto(&[&path], directory.path()));
    assert_eq!(Profile::parse(&written, &Limits::default()), Ok(profile));
}

#[test]
fn checks_are_told_in_their_words() {
    let directory = TempDir::new().unwrap();
    let head: &[(u8, &[u8])] = &[(1, &[0x08, 1, 0x10, 1]), (6, b""), (6, b"f")];
    let cases: [&[(u8, &[u8])]; 12] = [
        &[(2, &[0x10, 1, 0x10, 2])],
        &[(2, &[])],
        &[(2, &[0x08, 4, 0x10, 1])],
        &[(3, &[0x08, 0])],
        &[(4, &[0x08, 0])],
        &[(5, &[0x08, 0])],
        &[(3, &[0x08, 2]), (3, &[0x08, 2])],
        &[(4, &[0x08, 2]), (4, &[0x08, 2])],
        &[(5, &[0x08, 2]), (5, &[0x08, 2])],
        &[(4, &[0x08, 2, 0x22, 2, 0x08, 5])],
        &[(4, &[0x08, 2, 0x22, 2, 0x10, 5])],
        &[(5, &[0x08, 2, 0x10, 9])],
    ];
    let bytes = |fields: &[&[(u8, &[u8])]]| {
        let mut bytes = Vec::new();
        for (number, field) in fields.iter().copied().flatten() {
            bytes.extend([number << 3 | 2, u8::try_from(field.len()).unwrap()]);
            bytes.extend(*field);
        }
        bytes
    };
    let check = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        crate::oracle::same(&path)
    };
    for (index, case) in cases.iter().enumerate() {
        assert!(
            !check(&format!("case{index}"), &bytes(&[head, case])),
            "{index}"
        );
    }
    let no_types = bytes(&[&head[1..], &[(2, &[0x10, 1])]]);
    assert!(!check("no_types", &no_types));
    let twice = [bytes(&[head]), vec![0x48, 1], bytes(&[head]), vec![0x48, 2]].concat();
    assert!(!check("twice", &twice));
    // A mapping that does not exist is none to them.
    assert!(check(
        "no_mapping",
        &bytes(&[head, &[(4, &[0x08, 2, 0x10, 7])]])
    ));
}
