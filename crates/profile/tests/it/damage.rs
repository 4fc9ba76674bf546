//! Damaged and hostile inputs end in one clear error, within the limits.

use std::io::Write as _;

use fathom_profile::{Error, LimitKind, Limits, ParseOptions, Profile, encode};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{fixtures, recorded_profile};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn error(bytes: &[u8]) -> Error {
    Profile::parse(bytes, &Limits::small()).unwrap_err()
}

/// A message's field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
    out.extend_from_slice(bytes);
    out
}

/// A profile of one sample type with more fields.
fn with(fields: &[Vec<u8>]) -> Vec<u8> {
    let mut out = field(1, &[0x08, 1, 0x10, 1]);
    out.extend(field(6, b""));
    out.extend(field(6, b"samples"));
    for field in fields {
        out.extend(field);
    }
    out
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let location = field(4, &[0x08, 1]);
    let cases = [
        error(b""),
        error(&gzip(b"")),
        error(&[0x0a]),
        error(&field(2, &[])),
        error(&with(&[location.clone(), field(2, &[0x08, 1])])),
        error(&with(&[location.clone(), field(2, &[0x08, 2, 0x10, 1])])),
        error(&with(&[
            location.clone(),
            field(2, &[0x0a, 1, 9, 0x12, 1, 1]),
        ])),
        error(&with(&[
            location.clone(),
            field(2, &[0x0a, 1, 1, 0x12, 2, 1, 1]),
        ])),
        error(&with(&[location.clone(), location.clone()])),
        error(&with(&[field(4, &[])])),
        error(&with(&[field(4, &[0x08, 1, 0x22, 2, 0x08, 7])])),
        error(&with(&[field(4, &[0x08, 1, 0x10, 7])])),
        error(&with(&[field(5, &[0x08, 1, 0x10, 99])])),
        error(&with(&[
            location,
            field(2, &[0x08, 1, 0x10, 1, 0x1a, 2, 0x08, 99]),
        ])),
        error(&with(&[vec![0x48, 1, 0x48, 2]])),
        error(&field(6, b"x")),
        error(b"%PDF-1.7 \x00\x01"),
    ];
    let text: Vec<String> = cases.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![0; 12 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(
        error(&bomb).to_string(),
        "more than 8388608 decompressed bytes in the whole"
    );
}

#[test]
fn every_limit_is_named() {
    let profile = recorded_profile("causes/go1.27.3/timer_leak/heap.pb.gz");
    let raw = encode::write_raw_proto(&profile);
    let with = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        match Profile::parse(&raw, &limits) {
            Err(Error::Limit { limit, .. }) => limit,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        with(|limits| limits.decompressed_bytes = 9),
        LimitKind::DecompressedBytes
    );
    assert_eq!(with(|limits| limits.strings = 9), LimitKind::Strings);
    assert_eq!(
        with(|limits| limits.string_bytes = 9),
        LimitKind::StringBytes
    );
    assert_eq!(
        with(|limits| limits.sample_types = 3),
        LimitKind::SampleTypes
    );
    assert_eq!(with(|limits| limits.samples = 3), LimitKind::Samples);
    assert_eq!(with(|limits| limits.locations = 9), LimitKind::Locations);
    assert_eq!(with(|limits| limits.lines = 9), LimitKind::Lines);
    assert_eq!(with(|limits| limits.functions = 9), LimitKind::Functions);
    assert_eq!(with(|limits| limits.mappings = 0), LimitKind::Mappings);
    assert_eq!(with(|limits| limits.depth = 3), LimitKind::Depth);
    assert_eq!(
        with(|limits| limits.stack_entries = 9),
        LimitKind::StackEntries
    );
    assert_eq!(with(|limits| limits.labels = 3), LimitKind::Labels);
}

#[test]
fn every_cut_of_a_file_is_an_error() {
    let path = fixtures().join("causes/go1.27.3/timer_leak/heap.pb.gz");
    let whole = std::fs::read(path).unwrap();
    for end in 0..whole.len() {
        assert!(
            Profile::parse(&whole[..end], &Limits::small()).is_err(),
            "{end} bytes"
        );
    }
    let cut = error(&whole[..whole.len() / 2]).to_string();
    assert!(
        cut.starts_with("damaged gzip data after ") && cut.ends_with("ends too early"),
        "{cut}"
    );
}

#[test]
fn flipped_bits_end_well() {
    let profile = recorded_profile("formats/go1.27.3/mutex.pb.gz");
    let raw = encode::write_raw_proto(&profile);
    let mut errors = 0;
    for at in 0..raw.len() {
        let mut damaged = raw.clone();
        damaged[at] ^= 1 << (at % 8);
        match Profile::parse(&damaged, &Limits::small()) {
            Ok(read) => {
                let again = encode::write_raw_proto(&read);
                assert_eq!(Profile::parse(&again, &Limits::small()), Ok(read));
            }
            Err(_) => errors += 1,
        }
    }
    // Most bits are texts and numbers, which may be anything.
    assert!(
        errors > 500,
        "only {errors} of {} flips were noticed",
        raw.len()
    );
}

#[test]
fn zstd_is_read_like_gzip() {
    // `main;work 3\n` as the zstd tool wrote it, raw block with a checksum.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 12, 0x61, 0, 0];
    let bytes: Vec<u8> = frame.iter().copied().chain(*b"main;work 3\n").collect();
    let profile = Profile::parse(&bytes, &Limits::small()).unwrap();
    assert_eq!(profile.column_sum(0), 3);
    let cut = error(&bytes[..12]).to_string();
    assert!(
        cut.starts_with("damaged zstd data after 0 decompressed bytes"),
        "{cut}"
    );
}

/// Seeds of a fuzz target, in order.
fn seeds(target: &str) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(target);
    let mut seeds: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    seeds.sort();
    assert!(seeds.len() > 5, "there are no seeds of {target}");
    seeds
}

fn reads_back_or_is_refused(path: &std::path::Path, bytes: &[u8]) -> bool {
    match Profile::parse(bytes, &Limits::small()) {
        Ok(profile) => {
            let raw = encode::write_raw_proto(&profile);
            let again = Profile::parse(&raw, &Limits::default());
            assert!(
                again.is_ok_and(|again| again == profile),
                "{}",
                path.display()
            );
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty(), "{}", path.display());
            false
        }
    }
}

#[test]
fn seeds_of_the_fuzzed_reader_are_read_or_refused() {
    let read = seeds("profile")
        .iter()
        .filter(|(path, bytes)| reads_back_or_is_refused(path, bytes))
        .count();
    assert!(read >= 7, "only {read} seeds are profiles");
}

#[test]
fn seeds_of_the_fuzzed_exchange_formats_are_read() {
    for (path, bytes) in seeds("exchange") {
        assert!(
            reads_back_or_is_refused(&path, &bytes),
            "{}",
            path.display()
        );
    }
}

#[test]
fn seeds_of_the_fuzzed_old_forms_are_read_or_refused() {
    for options in [ParseOptions::default(), ParseOptions::as_pprof()] {
        for (path, bytes) in seeds("legacy") {
            let profile = Profile::parse_as(&bytes, &Limits::small(), options)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let again = encode::write_raw_proto(&profile);
            assert_eq!(Profile::parse(&again, &Limits::small()), Ok(profile));
        }
    }
}

#[test]
fn seeds_of_the_fuzzed_text_forms_are_read_or_refused() {
    // The headers of the target `text_forms`, which the first byte chooses.
    const HEADERS: [&str; 6] = [
        "heap profile: 1: 2 [3: 4] @ heap/1048576\n",
        "heap profile: 1: 2 [1: 2] @ heap_v2/1\n",
        "goroutine profile: total 3\n",
        "--- contention:\ncycles/second=1000000000\n",
        "--- mutex:\ncycles/second=1\nsampling period=3\n",
        "",
    ];
    let mut read = 0;
    for (path, bytes) in seeds("text_forms") {
        let header = HEADERS[usize::from(bytes[0]) % HEADERS.len()];
        let text = [header.as_bytes(), &bytes[1..]].concat();
        read += usize::from(reads_back_or_is_refused(&path, &text));
    }
    assert!(read >= 6, "only {read} seeds are profiles");
}
