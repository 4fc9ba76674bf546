//! Profiles come back as they went in, and merge by their meaning.

use std::collections::BTreeMap;

use fathom_history::{At, CurveQuery, Embedded, Error, History, Merge, Options, Range, Selector};
use fathom_profile::Profile;
use proptest::prelude::*;

use crate::support::{HEAP, Sample, append, content, profile, target};

/// A program's life: per scrape whether the process is a new one, and its samples.
type Life = Vec<(bool, Vec<Sample>)>;

fn options(head_ms: i64) -> Options {
    Options {
        head_ms,
        thinning: Vec::new(),
        ..Options::default()
    }
}

/// Some stacks, each with the growth of its counts and its level at each scrape. Several share
/// frames and label and differ by address alone.
fn life() -> impl Strategy<Value = Life> {
    let site = (0..3_usize, 0..2_u64, prop::option::of(1..3_i64));
    let scrape = (
        prop::bool::weighted(0.15),
        prop::collection::vec((site, 0..3_i64, 0..4_i64, prop::bool::weighted(0.1)), 0..8),
    );
    prop::collection::vec(scrape, 1..12).prop_map(|scrapes| {
        let paths: [&[&str]; 3] = [
            &["main", "work", "/inlined"],
            &["main", "work"],
            &["main", "wait", "sleep"],
        ];
        let mut totals: BTreeMap<(usize, u64, Option<i64>), i64> = BTreeMap::new();
        let scraped = |(is_new, sites): (bool, Vec<_>)| {
            if is_new {
                totals.clear();
            }
            let mut levels = BTreeMap::new();
            for (site, growth, level, falls) in sites {
                let total = totals.entry(site).or_default();
                // What was counted does not vanish within a run.
                *total = if falls { growth + 1 } else { *total + growth };
                levels.insert(site, level);
            }
            let samples = totals.iter().map(|(&site, &total)| {
                let (path, address, bytes) = site;
                let level = levels.get(&site).copied().unwrap_or(0);
                Sample {
                    address: address * 0x100,
                    size: bytes,
                    ..Sample::new(paths[path], &[total, total * 8, level, level * 8])
                }
            });
            (is_new, samples.collect())
        };
        scrapes.into_iter().map(scraped).collect()
    })
}

/// Writes a life; gives the profiles with their times.
fn write(history: &Embedded, life: &Life) -> Vec<(i64, Profile)> {
    let mut started_ms = 0;
    let mut written = Vec::new();
    for (index, (is_new, samples)) in life.iter().enumerate() {
        let at_ms = 1_000_000 + 15_000 * index as i64;
        if *is_new {
            started_ms = at_ms - 5_000;
        }
        let profile = profile(HEAP, at_ms * 1_000_000, samples);
        append(history, at_ms, started_ms, &[("heap", &profile)]).unwrap();
        written.push((at_ms, profile));
    }
    written
}

/// What the store must answer for the sum of `alloc_space` over all but the first profile.
fn increase(life: &Life) -> i64 {
    type Site = (Vec<String>, Option<i64>, u64);
    let mut before: BTreeMap<Site, i64> = BTreeMap::new();
    let mut sum = 0;
    for (index, (is_new, samples)) in life.iter().enumerate() {
        let now: BTreeMap<Site, i64> = samples
            .iter()
            .map(|sample| {
                (
                    (sample.path.clone(), sample.size, sample.address),
                    sample.values[1],
                )
            })
            .collect();
        if *is_new {
            before.clear();
        }
        if index > 0 {
            for (site, value) in &now {
                let old = before.get(site).copied().unwrap_or(0);
                sum += if *value < old { *value } else { value - old };
            }
        }
        before = now;
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// In the head, in blocks of a few scrapes and in compacted ones, each profile is the one that
    /// was put in, and ranges mean what they should.
    #[test]
    fn profiles_come_back(life in life(), head_ms in prop::sample::select(vec![30_000, 60_000, 7_200_000])) {
        let folder = tempfile::tempdir().unwrap();
        let history = Embedded::open(folder.path(), options(head_ms)).unwrap();
        let written = write(&history, &life);
        check(&history, &life, &written);
        drop(history);
        // Another process goes on.
        let history = Embedded::open(folder.path(), options(head_ms)).unwrap();
        check(&history, &life, &written);
        history.maintain(40 * 86_400_000 / 2).unwrap();
        check(&history, &life, &written);
        let reader = Embedded::open_read_only(folder.path()).unwrap();
        check(&reader, &life, &written);
    }
}

fn check(history: &Embedded, life: &Life, written: &[(i64, Profile)]) {
    for (at_ms, profile) in written {
        let read = history
            .profile_at(&target(), "heap", At::Nearest(*at_ms))
            .unwrap()
            .unwrap();
        assert_eq!(content(&read), content(profile), "at {at_ms}");
        assert_eq!(read.time_nanos(), profile.time_nanos());
        assert_eq!(read.default_sample_type(), "alloc_objects");
        assert_eq!(read.period(), 512);
    }
    let entries = history
        .profiles(&Selector::all(), Some("heap"), Range::ALL)
        .unwrap();
    assert_eq!(entries.len(), written.len());
    for (entry, (at_ms, profile)) in entries.iter().zip(written) {
        assert_eq!(entry.at_ms, *at_ms);
        assert_eq!(entry.totals[3].value, profile.column_sum(3));
    }
    let merged = |how| {
        history
            .merged(&Selector::all(), "heap", Range::ALL, how)
            .unwrap()
    };
    let by_default = merged(Merge::Default);
    assert_eq!(by_default.column_sum(1), increase(life));
    let levels: i64 = written
        .iter()
        .map(|(_, profile)| profile.column_sum(3))
        .sum();
    let mean = levels as f64 / written.len() as f64;
    let slack = 0.5 * by_default.sample_count() as f64;
    assert!((by_default.column_sum(3) as f64 - mean).abs() <= slack + 1e-9);
    let last = merged(Merge::Last);
    assert_eq!(last.column_sum(3), written.last().unwrap().1.column_sum(3));
    let most = written
        .iter()
        .map(|(_, profile)| profile.column_sum(3))
        .max()
        .unwrap();
    assert!(merged(Merge::Max).column_sum(3) >= most);
    curves(history, written);
}

/// The curve of `work` is what the single profiles say of it.
fn curves(history: &Embedded, written: &[(i64, Profile)]) {
    let query = CurveQuery {
        selector: Selector::all(),
        kind: "heap".to_owned(),
        sample_type: None,
        range: Range::ALL,
        step_ms: 0,
    };
    let curves = history.function_curve(&query, "work").unwrap();
    let inuse = &curves[3];
    assert_eq!(inuse.sample_type, "inuse_space");
    assert_eq!(inuse.steps.len(), written.len());
    for (step, (at_ms, profile)) in inuse.steps.iter().zip(written) {
        let (mut flat, mut cum) = (0, 0);
        for sample in 0..profile.sample_count() {
            let frames: Vec<&str> = profile.frames(sample).map(|frame| frame.function).collect();
            if frames.contains(&"work") {
                cum += profile.value(sample, 3);
            }
            if frames.first() == Some(&"work") {
                flat += profile.value(sample, 3);
            }
        }
        assert_eq!(
            (step.at_ms, step.flat, step.cum),
            (*at_ms, flat as f64, cum as f64)
        );
    }
    let path = history.stack_curve(&query, &["main", "work"]).unwrap();
    assert_eq!(path[3].steps, inuse.steps);
    // Each sample type asked for by itself is the same.
    for curve in &curves {
        let one = CurveQuery {
            sample_type: Some(curve.sample_type.clone()),
            ..query.clone()
        };
        let alone = history.function_curve(&one, "work").unwrap();
        assert_eq!(alone.as_slice(), std::slice::from_ref(curve));
    }
}

#[test]
fn a_sum_of_levels_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let history = Embedded::open(folder.path(), Options::default()).unwrap();
    let taken = profile(HEAP, 0, &[Sample::new(&["main"], &[1, 8, 1, 8])]);
    append(&history, 1_000, 0, &[("heap", &taken)]).unwrap();
    let answer = history.merged(&Selector::all(), "heap", Range::ALL, Merge::Sum);
    let message = answer.unwrap_err().to_string();
    assert!(
        message.contains("heap/inuse_objects holds at its moment"),
        "{message}"
    );
    let none = history.merged(&Selector::all(), "mutex", Range::ALL, Merge::Default);
    assert!(matches!(none, Err(Error::NoProfile { .. })));
}

#[test]
fn deltas_are_summed_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let history = Embedded::open(folder.path(), options(20_000)).unwrap();
    let types = [("samples", "count"), ("cpu", "nanoseconds")];
    for (index, value) in [5, 5, 7].into_iter().enumerate() {
        let at_ms = 1_000 + 10_000 * index as i64;
        let samples = [Sample::new(&["main", "spin"], &[value, value * 10])];
        let taken = profile(&types, at_ms, &samples);
        append(&history, at_ms, 0, &[("profile", &taken)]).unwrap();
    }
    let all = history
        .merged(&Selector::all(), "profile", Range::ALL, Merge::Default)
        .unwrap();
    assert_eq!((all.column_sum(0), all.column_sum(1)), (17, 170));
    let some = Range::new(1_000, 12_000);
    let mean = history
        .merged(&Selector::all(), "profile", some, Merge::Mean)
        .unwrap();
    assert_eq!(mean.column_sum(0), 5);
}

#[test]
fn a_clock_that_jumps_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let history = Embedded::open(folder.path(), Options::default()).unwrap();
    let times = [
        1_000_000,
        1_015_000,
        500_000,
        515_000,
        99_000_000_000,
        530_000,
        530_000,
    ];
    for (index, at_ms) in (1_i64..).zip(times) {
        let samples = [Sample::new(
            &["main"],
            &[index, index * 8, index, index * 8],
        )];
        let taken = profile(HEAP, at_ms, &samples);
        append(&history, at_ms, 0, &[("heap", &taken)]).unwrap();
    }
    let entries = history
        .profiles(&Selector::all(), None, Range::ALL)
        .unwrap();
    assert_eq!(entries.len(), times.len());
    for (index, at_ms) in (1_i64..).zip(&times[..6]) {
        let read = history
            .profile_at(&target(), "heap", At::AtOrBefore(*at_ms))
            .unwrap();
        assert_eq!(read.unwrap().column_sum(0), index, "at {at_ms}");
    }
    let all = history
        .merged(&Selector::all(), "heap", Range::ALL, Merge::Default)
        .unwrap();
    assert_eq!(all.column_sum(0), 6, "the increase since the first profile");
    history.maintain(1_000_000).unwrap();
    let read = history
        .profile_at(&target(), "heap", At::Nearest(500_000))
        .unwrap();
    assert_eq!(read.unwrap().column_sum(0), 3);
}
