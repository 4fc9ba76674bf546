//! Pushes as agents send them, from the seeds of the fuzz target.

use std::fs;
use std::path::PathBuf;

use fathom_profile::Limits;
use fathom_scrape::ingest::{Push, Pushed, Semantics};

use crate::any_push;

fn seeds() -> Vec<(String, Vec<u8>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/ingest");
    let mut seeds: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    seeds
}

fn pushed(name: &str) -> Pushed {
    let seed = seeds().into_iter().find(|(seed, _)| seed == name);
    any_push::read(&seed.unwrap().1).unwrap().unwrap()
}

/// The columns as `kind unit semantics`.
fn columns(pushed: &Pushed) -> Vec<String> {
    let columns = pushed.columns.iter();
    columns
        .map(|column| format!("{} {} {:?}", column.kind, column.unit, column.semantics))
        .collect()
}

#[test]
fn seeds_whole_and_cut() {
    for (name, seed) in seeds() {
        let outcome = any_push::read(&seed).unwrap();
        assert_eq!(
            outcome.is_err(),
            name.starts_with("refused-"),
            "{name}: {outcome:?}"
        );
        for end in 0..seed.len() {
            any_push::read(&seed[..end]);
        }
        // Each byte another.
        for at in 0..seed.len() {
            let mut changed = seed.clone();
            changed[at] ^= 0x55;
            any_push::read(&changed);
        }
    }
}

#[test]
fn a_heap_profile_has_amounts_and_levels() {
    let heap = pushed("go-heap");
    assert_eq!(
        heap.labels.to_string(),
        r#"{__name__="memory", env="prod", pyroscope_spy="gospy", service_name="shop"}"#
    );
    assert_eq!(
        heap.meta.until_unix_nanos - heap.meta.from_unix_nanos,
        15_000_000_000
    );
    assert_eq!(
        columns(&heap),
        [
            "alloc_objects objects Delta",
            "alloc_space bytes Cumulative",
            "inuse_objects objects Level",
            "inuse_space bytes Level",
        ]
    );
    assert_eq!(heap.columns[3].display_name.as_deref(), Some("in_use"));
    assert_eq!(heap.profile.column_sum(1), 5000);
    // Without a word of the agent: allocations of the time, and levels.
    assert_eq!(
        columns(&pushed("raw-pprof")),
        [
            "alloc_objects count Delta",
            "alloc_space bytes Delta",
            "inuse_objects count Level",
            "inuse_space bytes Level",
        ]
    );
    assert_eq!(pushed("raw-pprof-wins-over-form").profile.column_sum(0), 5);
}

#[test]
fn other_profiles_have_their_names() {
    let name = |seed: &str| pushed(seed).labels.get("__name__").to_owned();
    assert_eq!(name("go-cpu"), "process_cpu");
    assert_eq!(name("go-mutex"), "mutex");
    assert_eq!(name("go-goroutine"), "goroutines");
    assert_eq!(
        columns(&pushed("go-goroutine")),
        ["goroutine goroutines Level"]
    );
    assert_eq!(
        columns(&pushed("go-mutex")),
        [
            "contentions lock_samples Delta",
            "delay lock_nanoseconds Delta"
        ]
    );
}

#[test]
fn folded_stacks_become_time_by_the_rate() {
    let groups = pushed("groups");
    assert_eq!(
        columns(&groups),
        ["samples count Delta", "cpu nanoseconds Delta"]
    );
    assert_eq!(groups.profile.column_sum(0), 7);
    assert_eq!(groups.profile.column_sum(1), 140_000_000);
    let lines = pushed("lines");
    assert_eq!(columns(&lines), ["alloc_objects count Delta"]);
    assert_eq!(lines.profile.column_sum(0), 3);
    assert_eq!(lines.labels.get("__name__"), "memory");
}

#[test]
fn the_label_delta_says_that_values_are_cumulative() {
    let push = Push {
        query: "name=a%7B__delta__%3Dtrue%7D&units=bytes",
        content_type: "",
        body: b"main 5\n",
        now_unix_nanos: 5,
    };
    let pushed = fathom_scrape::ingest::read(&push, 100, &Limits::default()).unwrap();
    assert_eq!(pushed.columns[0].semantics, Semantics::Cumulative);
    assert_eq!(pushed.labels.get("__delta__"), "");
}

#[test]
fn what_is_refused_has_its_status_and_reason() {
    let refused = |query: &str, content_type: &str, body: &[u8]| {
        let push = Push {
            query,
            content_type,
            body,
            now_unix_nanos: 5,
        };
        let rejected = fathom_scrape::ingest::read(&push, 20, &Limits::small()).unwrap_err();
        format!("{} {rejected}", rejected.status.code())
    };
    let form = "multipart/form-data; boundary=x";
    for (query, content_type, body, expected) in [
        ("", "", "a 1", "400 the query has no name"),
        ("name=a", "", "", "422 the body is empty"),
        (
            "name=a",
            "",
            "a 1\nb\n",
            "422 line 2: this is no stack with a count",
        ),
        ("name=a", "", "\n\n", "422 the body holds no stack"),
        ("name=a&format=jfr", "", "x", "422 the form jfr is not read"),
        (
            "name=a&format=tree",
            "",
            "x",
            "422 the form tree is not read",
        ),
        ("name=a&format=pprof", "", "\x08\x01", "422 profile: "),
        (
            "name=a",
            "",
            "aaaaaaaaaaaaaaaaaaaaaaaa 1",
            "413 the body has 26 bytes",
        ),
        (
            "name=a",
            form,
            "--x--",
            "422 the form has no field called profile",
        ),
        ("name=a", form, "--y--", "422 the form has no boundary"),
        (
            "name=a",
            "multipart/form-data",
            "--y--",
            "422 the content type names no boundary",
        ),
    ] {
        let found = refused(query, content_type, body.as_bytes());
        assert!(found.starts_with(expected), "{found}");
    }
    let (_, seed) = seeds()
        .into_iter()
        .find(|(name, _)| name == "refused-prev")
        .unwrap();
    let rejected = any_push::read(&seed).unwrap().unwrap_err();
    assert!(
        rejected.reason.starts_with("unsupported client version"),
        "{rejected}"
    );
}
