//! What grows over simulated series of heap profiles.

use crate::schema::assert_valid_by;
use fathom_explain::{DatedHeap, Leaks, LeaksError, leaks};
use fathom_profile::{Limits, Profile, ProfileBuilder};

const MINUTE: i64 = 60_000_000_000;
/// The first profile is of this time.
const BEGIN: i64 = 1_700_000_000_000_000_000;

/// One line of the program: its objects' size, how many samples of it live, and how many there
/// ever were.
struct Line {
    function: &'static str,
    size: u32,
    live: u32,
    ever: u32,
}

/// A heap profile of one sample per 512 kB, scaled as Go writes it.
#[expect(clippy::cast_possible_truncation, reason = "cut as Go cuts them")]
fn heap(lines: &[Line]) -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::default());
    for (kind, unit) in [
        ("alloc_objects", "count"),
        ("alloc_space", "bytes"),
        ("inuse_objects", "count"),
        ("inuse_space", "bytes"),
    ] {
        builder.add_sample_type(kind, unit).unwrap();
    }
    builder.set_period("space", "bytes", 512 << 10).unwrap();
    for (place, line) in (1_u32..).zip(lines) {
        let name = line.function;
        let function = builder.function(name, name, "/src/main.go", 0).unwrap();
        let address = u64::from(place) << 12;
        let leaf = builder
            .call(address, function, i64::from(place) * 10)
            .unwrap();
        // As many objects as a sample stands for (runtime/pprof/protomem.go, `scaleHeapSample`).
        let chance = 1.0 - (-(f64::from(line.size) / f64::from(512 << 10))).exp();
        let scaled = |samples: u32| (f64::from(samples) / chance) as i64;
        let bytes = |samples: u32| (f64::from(samples) / chance * f64::from(line.size)) as i64;
        let values = [
            scaled(line.ever),
            bytes(line.ever),
            scaled(line.live),
            bytes(line.live),
        ];
        builder.add_sample(&[leaf], &values, &[]).unwrap();
    }
    builder.finish()
}

/// A program that keeps a cache of some 200 MB and allocates without keeping, and with `leak`
/// keeps so many samples (half a megabyte each) more in each profile. What is sampled wavers.
fn program(profile: u32, leak: u32) -> Profile {
    let waver = profile * 7919 % 13;
    heap(&[
        Line {
            function: "main.cache",
            size: 32 << 10,
            live: 400 + waver,
            ever: 500 + 90 * profile,
        },
        Line {
            function: "main.remember",
            size: 64 << 10,
            live: 20 + leak * profile + waver % 3,
            ever: 30 + leak * profile + 40 * profile,
        },
    ])
}

fn told(profiles: &[(i64, Profile)], limit: Option<u64>) -> Result<Leaks, LeaksError> {
    let heaps = profiles
        .iter()
        .map(|(minutes, profile)| DatedHeap::read(profile, BEGIN + minutes * MINUTE).unwrap());
    let found = leaks(heaps.collect::<Vec<_>>(), limit)?;
    let schema = include_str!("../../schema/leaks-1.schema.json");
    assert_valid_by(schema, &serde_json::to_value(&found).unwrap());
    Ok(found)
}

/// So many profiles, two minutes apart.
fn every_two_minutes(count: u32, leak: u32) -> Vec<(i64, Profile)> {
    (0..count)
        .zip((0..).step_by(2))
        .map(|(number, minutes)| (minutes, program(number, leak)))
        .collect()
}

#[test]
fn a_line_that_keeps_what_it_allocates_is_named_with_its_rate() {
    // 2 samples of 64 kB objects in two minutes: each stands for 512 kB + half an object.
    let found = told(&every_two_minutes(60, 2), Some(4 << 30)).unwrap();
    assert!(found.leaks, "{:?}", found.checks);
    assert_eq!(found.shape, "linear");
    assert_eq!((found.profiles, found.profiles_of_earlier_runs), (60, 0));
    assert_eq!(found.sites.len(), 1, "{:?}", found.sites);
    let site = &found.sites[0];
    assert_eq!(site.place, "main.remember (main.go:20)");
    assert!(site.share > 0.95 && site.monotonicity > 0.9, "{site:?}");
    assert_eq!(site.bytes.len(), 60);
    let an_hour = 60.0 * (512.0 + 32.0) * 1024.0;
    let rate = found.rate.unwrap();
    assert!(
        rate.low <= an_hour * 1.02 && rate.high >= an_hour * 0.98,
        "{rate:?}"
    );
    assert!(
        (site.rate.bytes_per_hour / an_hour - 1.0).abs() < 0.05,
        "{site:?}"
    );
    let limit = found.limit.unwrap();
    let left = (limit.bytes - found.last_bytes) as f64 / rate.bytes_per_hour * 3600.0;
    assert!(
        (limit.seconds / left - 1.0).abs() < 0.1,
        "{limit:?}, {left}"
    );
    assert!(limit.soonest <= limit.seconds);
}

#[test]
fn a_program_that_stays_where_it_is_has_no_suspects() {
    let found = told(&every_two_minutes(60, 0), None).unwrap();
    assert!(!found.leaks && found.sites.is_empty(), "{found:?}");
    assert!(found.checks.iter().any(|check| !check.holds));
    assert_eq!(found.limit, None);
}

#[test]
fn growth_of_some_minutes_names_lines_and_says_what_is_missing() {
    let found = told(&every_two_minutes(12, 8), None).unwrap();
    assert!(!found.leaks);
    assert_eq!(found.shape, "unknown");
    assert_eq!(found.sites[0].place, "main.remember (main.go:20)");
    let failed = found.checks.iter().filter(|check| !check.holds);
    assert!(
        failed
            .map(|it| it.what)
            .any(|what| what.contains("lasted long enough"))
    );
}

#[test]
fn the_order_of_the_profiles_does_not_matter() {
    let mut profiles = every_two_minutes(40, 2);
    let sorted = told(&profiles, None).unwrap();
    profiles.reverse();
    profiles.swap(3, 30);
    assert_eq!(told(&profiles, None).unwrap(), sorted);
}

#[test]
fn what_was_before_a_restart_is_left_out() {
    let mut profiles = every_two_minutes(60, 2);
    let later = every_two_minutes(40, 0);
    profiles.extend(
        later
            .into_iter()
            .map(|(minutes, profile)| (minutes + 200, profile)),
    );
    let found = told(&profiles, None).unwrap();
    assert_eq!((found.profiles, found.profiles_of_earlier_runs), (40, 60));
    assert!(!found.leaks && found.sites.is_empty(), "{found:?}");
    assert_eq!(found.from_unix_nanos, BEGIN + 200 * MINUTE);
}

#[test]
fn what_shows_no_trend_is_an_error_that_says_so() {
    assert_eq!(
        told(&every_two_minutes(3, 2), None),
        Err(LeaksError::TooFew { found: 3 })
    );
    let same: Vec<_> = (0..5).map(|number| (7, program(number, 2))).collect();
    assert_eq!(told(&same, None), Err(LeaksError::TooFew { found: 5 }));
    assert_eq!(told(&[], None), Err(LeaksError::TooFew { found: 0 }));
    let other = Profile::parse(b"main.main 3\n", &Limits::default()).unwrap();
    assert!(DatedHeap::read(&other, BEGIN).is_none());
}
