//! Frames are left out as `go tool pprof` leaves them out.

use std::path::PathBuf;

use fathom_profile::{Limits, Line, LocationId, Profile, ProfileBuilder, encode, load, prune, raw};
use regex::Regex;
use tempfile::TempDir;

use crate::oracle::{difference, pprof};

/// C++ names, some of them inlined into others (innermost first).
const PLACES: [&[&str]; 9] = [
    &["main"],
    &["server::Handle(Request const&)"],
    &["operator new(unsigned long)"],
    &["tcmalloc::Alloc(int)", "server::Pool::Get(int)"],
    &["std::vector<int>::push_back(int)", "malloc"],
    &["(anonymous namespace)::malloc(char)"],
    &[".free"],
    &["malloc", "helper", "calloc"],
    &[],
];

fn profile(drop: &str, keep: &str) -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder.add_sample_type("space", "bytes").unwrap();
    builder.set_drop_frames(drop, keep).unwrap();
    let mut places: Vec<LocationId> = Vec::new();
    for (names, address) in PLACES.iter().zip(1_u64..) {
        let lines: Vec<Line> = names
            .iter()
            .map(|name| Line {
                function: Some(builder.function(name, name, "a.cc", 1).unwrap()),
                line: 7,
                column: 0,
            })
            .collect();
        places.push(builder.location(address, None, &lines, false).unwrap());
    }
    // All stacks of up to three places, leaf first.
    for a in 0..places.len() {
        builder.add_sample(&[places[a]], &[1], &[]).unwrap();
        for b in 0..places.len() {
            builder
                .add_sample(&[places[a], places[b]], &[2], &[])
                .unwrap();
            for c in 0..places.len() {
                let stack = [places[a], places[b], places[c], places[0]];
                builder.add_sample(&stack, &[3], &[]).unwrap();
            }
        }
    }
    builder.finish()
}

fn write(directory: &TempDir, profile: &Profile) -> PathBuf {
    let path = directory.path().join("profile.pb.gz");
    std::fs::write(&path, encode::write_proto(profile)).unwrap();
    path
}

fn compile(pattern: &str) -> Result<impl Fn(&str) -> bool + use<>, regex::Error> {
    Regex::new(pattern).map(|regex| move |name: &str| regex.is_match(name))
}

#[test]
fn uninteresting_frames() {
    let directory = TempDir::new().unwrap();
    let rules = [
        ("malloc|calloc|free|operator new|tcmalloc::.*", ""),
        ("malloc|calloc|free|operator new|tcmalloc::.*", "free|mal.*"),
        ("server::.*|main", ""),
        (r"\(anonymous namespace\)::malloc|std::.*", ""),
        (".*", ""),
        ("mal", ""),
        ("(", ""),
    ];
    for (drop, keep) in rules {
        let profile = profile(drop, keep);
        let path = write(&directory, &profile);
        let theirs = pprof(&["-raw"], &[&path]).output;
        let theirs = String::from_utf8(theirs).unwrap();
        let profile = load::with_some_mapping(profile);
        let pruned = prune::remove_uninteresting(profile.clone(), compile).unwrap_or(profile);
        let ours = raw::write(&pruned, &raw::TimeZone::UTC);
        assert!(
            ours == theirs,
            "{drop} {keep} {}",
            difference(&ours, &theirs)
        );
    }
}

#[test]
fn prune_from() {
    let directory = TempDir::new().unwrap();
    let profile = profile("", "");
    let path = write(&directory, &profile);
    for pattern in [
        "malloc",
        "^malloc$",
        "server",
        "helper|main",
        "nothing",
        "int",
    ] {
        let theirs = pprof(&["-raw", &format!("-prune_from={pattern}")], &[&path]).output;
        let theirs = String::from_utf8(theirs).unwrap();
        let matches = compile(pattern).unwrap();
        let pruned = prune::prune_from(load::with_some_mapping(profile.clone()), matches);
        let ours = raw::write(&pruned, &raw::TimeZone::UTC);
        assert!(ours == theirs, "{pattern} {}", difference(&ours, &theirs));
    }
}
