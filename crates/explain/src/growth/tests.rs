use super::*;

const MIB: f64 = 1_048_576.0;
const START: f64 = 1_700_000_000.0;

/// A look each 15 seconds over some hours.
fn series(hours: f64, value: impl Fn(f64) -> f64) -> Series {
    let times: Vec<f64> = (0..100_000_u32)
        .map(|look| START + 15.0 * f64::from(look))
        .take_while(|time| *time < START + hours * 3600.0)
        .collect();
    let values = times.iter().map(|time| value(time - START)).collect();
    Series::new(times, values).unwrap()
}

/// Noise of a few hundredths, the same in every run.
fn noise(seconds: f64) -> f64 {
    ((seconds * 12.9898).sin() * 43_758.547).fract() * 0.02
}

/// The heap between two collections: it rises from the live heap to twice as much.
fn saw(seconds: f64, live: f64) -> f64 {
    live * (1.0 + (seconds / 40.0).fract())
}

fn process(hours: f64, live: impl Fn(f64) -> f64 + Copy) -> GrowthEvidence {
    GrowthEvidence {
        started: Some(series(hours, |_| START - 86_400.0)),
        resident: Some(series(hours, |s| {
            2.2 * live(s) + 60.0 * MIB * (1.0 + noise(s))
        })),
        parts: vec![
            (Part::HeapObjects, series(hours, |s| saw(s, live(s)))),
            (
                Part::Stacks,
                series(hours, |s| 4.0 * MIB * (1.0 + noise(s))),
            ),
            (
                Part::IdleSpans,
                series(hours, |s| live(s) * (1.2 - 1.0 * (s / 40.0).fract())),
            ),
            (
                Part::BeyondRuntime,
                series(hours, |s| 20.0 * MIB * (1.0 + noise(s))),
            ),
        ],
        live_heap: Some(series(hours, |s| live(s) * (1.0 + noise(s)))),
        goroutines: Some(series(hours, |s| 40.0 + 10.0 * noise(s))),
        collections: Some(series(hours, |s| s / 40.0)),
        ..GrowthEvidence::default()
    }
}

fn assert_keeps_contract(growth: &Growth) {
    let contract = include_str!("../../schema/growth-1.schema.json");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("contract.json", serde_json::from_str(contract).unwrap())
        .unwrap();
    let index = compiler.compile("contract.json", &mut schemas).unwrap();
    let document = serde_json::to_value(growth).unwrap();
    if let Err(error) = schemas.validate(&document, index) {
        panic!("{error:#}");
    }
}

fn ids(growth: &Growth) -> Vec<&str> {
    growth.findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn a_flat_process_grows_nowhere() {
    let found = growth(process(24.0, |_| 200.0 * MIB));
    assert_eq!(ids(&found), [""; 0]);
    assert!(!found.grows);
    assert_eq!(found.live_heap.unwrap().shape, "flat");
}

#[test]
fn a_live_heap_that_grows_is_named_with_its_limit() {
    let mut evidence = process(2.0, |s| 200.0 * MIB + s * 20_000.0);
    evidence.limit = Some(2048 << 20);
    let found = growth(evidence);
    assert_eq!(ids(&found), ["growth-live-heap"]);
    let per_hour = found.live_heap.as_ref().unwrap().per_hour.unwrap();
    assert!((per_hour.value / (20_000.0 * 3600.0) - 1.0).abs() < 0.1);
    let limit = found.limit.unwrap();
    assert!(limit.soonest < limit.seconds && limit.seconds < limit.latest.unwrap());
    assert_keeps_contract(&found);
    // What is left of 2 GiB at 2.2 times 20 kB a second.
    let left = (2048.0 * MIB - found.resident.unwrap().last) / (2.2 * 20_000.0);
    assert!(
        (limit.seconds / left - 1.0).abs() < 0.15,
        "{} {left}",
        limit.seconds
    );
}

#[test]
fn idle_heap_that_is_kept_is_no_leak() {
    let mut evidence = process(3.0, |_| 200.0 * MIB);
    evidence.resident = Some(series(3.0, |s| 500.0 * MIB + s * 30_000.0));
    evidence
        .parts
        .push((Part::IdleSpans, series(3.0, |s| s * 30_000.0)));
    evidence.parts.remove(2);
    let found = growth(evidence);
    assert_eq!(ids(&found), ["growth-idle-heap"]);
    assert!(found.findings[0].title.starts_with("Nothing leaks"));
    assert!(found.parts[0].share > 0.9);
}

#[test]
fn memory_outside_go_is_told_apart_from_the_heap() {
    let mut evidence = process(3.0, |_| 200.0 * MIB);
    evidence.resident = Some(series(3.0, |s| 500.0 * MIB + s * 30_000.0));
    evidence.parts[3].1 = series(3.0, |s| 20.0 * MIB + s * 30_000.0);
    let found = growth(evidence);
    assert_eq!(ids(&found), ["growth-beyond-go"]);
    assert!(
        found.findings[0]
            .title
            .starts_with("The heap is flat: memory outside Go grows")
    );
}

#[test]
fn goroutines_that_become_more_are_named_by_place() {
    let mut evidence = process(2.0, |_| 200.0 * MIB);
    evidence.goroutines = Some(series(2.0, |s| 40.0 + s / 10.0));
    evidence.goroutine_times = vec![START, START + 3600.0, START + 7200.0];
    evidence.goroutine_sites = vec![
        GoroutineSite {
            place: "main.worker (main.go:7)".to_owned(),
            counts: vec![40.0, 40.0, 41.0],
        },
        GoroutineSite {
            place: "main.ask (main.go:20)".to_owned(),
            counts: vec![0.0, 360.0, 719.0],
        },
    ];
    let found = growth(evidence);
    assert_eq!(ids(&found), ["growth-goroutines"]);
    assert!(
        found.findings[0]
            .title
            .ends_with("at main.ask (main.go:20)")
    );
    assert_eq!(found.goroutine_sites.len(), 1);
}

#[test]
fn what_came_before_a_restart_is_not_judged() {
    // It leaked until it was started anew an hour ago, and does not since.
    let live = |s: f64| {
        if s < 3600.0 {
            100.0 * MIB + s * 100_000.0
        } else {
            100.0 * MIB
        }
    };
    let mut evidence = process(3.0, live);
    evidence.started = Some(series(3.0, |s| {
        if s < 3600.0 {
            START - 9000.0
        } else {
            START + 3595.0
        }
    }));
    let found = growth(evidence);
    assert_eq!(found.restarts, 1);
    assert_eq!(ids(&found), [""; 0]);
    // Ten minutes of warm-up are left out.
    assert!(
        (found.from - (START + 3595.0 + 600.0)).abs() < 16.0,
        "{}",
        found.from - START
    );
}

#[test]
fn a_daily_load_and_a_step_are_no_leaks() {
    let day = |s: f64| 200.0 * MIB * (1.0 + 0.3 * (s / 86_400.0 * std::f64::consts::TAU).sin());
    let mut evidence = process(48.0, day);
    evidence.allocation_rate = Some(series(48.0, |s| day(s) / 20.0 * (1.0 + noise(s))));
    assert_eq!(ids(&growth(evidence)), [""; 0]);
    let step = process(6.0, |s| if s < 7200.0 { 200.0 * MIB } else { 320.0 * MIB });
    assert_eq!(ids(&growth(step)), ["growth-step"]);
}

#[test]
fn little_data_is_not_judged() {
    let found = growth(process(0.2, |s| 200.0 * MIB + s * 100_000.0));
    assert!(!found.grows);
    assert_eq!(found.live_heap.unwrap().shape, "unknown");
    assert!(!growth(GrowthEvidence::default()).grows);
}
