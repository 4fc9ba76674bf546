//! The recorded execution traces, and the real `go tool trace` that they are compared with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fathom_testkit::fixtures::{self, Trace};
use fathom_testkit::tracing::{Reference, SCENARIOS, Scenario, Times, Waits, Web, events, record};
use fathom_testkit::{Error, GoVersion};

#[test]
fn every_scenario_was_recorded_with_every_version_that_has_it() {
    let recorded: Vec<String> = fixtures::traces().iter().map(Trace::to_string).collect();
    let mut known = Vec::new();
    for version in GoVersion::TRACED {
        let scenarios = SCENARIOS.iter();
        let able = scenarios.filter(|scenario| scenario.since <= version.minor());
        known.extend(able.map(|scenario| format!("go{version}/{}", scenario.name)));
    }
    assert_eq!(recorded, known);
}

#[test]
fn a_trace_begins_with_the_newest_format_that_its_version_writes() {
    for trace in fixtures::traces() {
        let format = match trace.version.minor() {
            22 => 22,
            23 | 24 => 23,
            25 => 25,
            _ => 26,
        };
        let header = format!("go 1.{format} trace\0\0\0");
        let bytes = trace.read();
        assert!(bytes.starts_with(header.as_bytes()), "{trace}");
        assert!(bytes.len() <= 60_000, "{trace}: {}", bytes.len());
    }
}

#[test]
fn the_reference_reads_every_trace_to_its_end() {
    let reference = Reference::build().unwrap();
    let mut generations = BTreeMap::new();
    for trace in fixtures::traces() {
        let parsed = reference.parsed(&trace.path).unwrap();
        let events = events(&parsed).unwrap();
        assert!(events.is_sorted_by(|a, b| a.time < b.time), "{trace}");
        assert_eq!(events.first().unwrap().kind, "Sync", "{trace}");
        assert_eq!(events.last().unwrap().kind, "Sync", "{trace}");
        // Each ends a generation but the first.
        let syncs = events.iter().filter(|event| event.kind == "Sync").count();
        generations.insert(trace.to_string(), syncs - 1);
    }
    for many in ["annotations", "channels", "stuck", "syscalls"] {
        for version in GoVersion::TRACED {
            let trace = format!("go{version}/{many}");
            assert!(generations[&trace] >= 2, "{generations:#?}");
        }
    }
}

#[test]
fn scenarios_show_what_they_are_for() {
    let reference = Reference::build().unwrap();
    for trace in fixtures::traces() {
        let scenario = Scenario::named(&trace.scenario).unwrap();
        if scenario.shows.is_empty() {
            continue;
        }
        let counts = reference.counts(&trace.path).unwrap();
        for &event in scenario.shows {
            assert!(
                counts.contains_key(event),
                "{trace} has no {event}: {counts:?}"
            );
        }
    }
}

#[test]
fn the_wire_text_has_the_batches() {
    let reference = Reference::build().unwrap();
    let trace = fixtures::trace(GoVersion::GO_1_22, "threads");
    let wire = reference.wire(&trace.path).unwrap();
    assert!(wire.starts_with("EventBatch gen=1 m="), "{}", &wire[..80]);
    assert!(wire.contains("\nFrequency freq="));
    let counts = reference.counts(&trace.path).unwrap();
    let threads = wire.matches("\nGoCreate ").count();
    assert_eq!(counts["GoCreate"], threads as u64);
}

#[test]
fn the_reference_lists_no_raw_experimental_events_of_older_formats() {
    let reference = Reference::build().unwrap();
    for version in GoVersion::TRACED.into_iter().filter(|v| v.minor() > 22) {
        let trace = fixtures::trace(version, "allocfree");
        let parsed = reference.parsed(&trace.path).unwrap();
        assert!(parsed.contains(" Experimental Time="), "{trace}");
        let can = version.minor() >= 26;
        assert_eq!(reference.wire(&trace.path).is_ok(), can, "{trace}");
        assert_eq!(reference.footprint(&trace.path).is_ok(), can, "{trace}");
    }
}

#[test]
fn profiles_of_waits_are_compressed_and_damage_is_told() {
    let reference = Reference::build().unwrap();
    let trace = fixtures::trace(GoVersion::GO_1_27, "channels");
    for waits in Waits::ALL {
        let profile = reference.pprof(waits, &trace.path).unwrap();
        assert!(profile.starts_with(b"\x1f\x8b"), "{waits:?}");
    }
    let bytes = trace.read();
    let cut = scratch("cut.trace");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let error = reference.parsed(&cut).unwrap_err();
    assert!(matches!(error, Error::Failed { .. }), "{error}");
    let answer = reference
        .run(["-d=parsed".as_ref(), cut.as_os_str()])
        .unwrap();
    assert!(!answer.output.is_empty());
    let error = Web::open(&reference, &scratch("missing.trace")).unwrap_err();
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[test]
fn the_pages_of_goroutines_agree_with_each_other() {
    let reference = Reference::build().unwrap();
    for version in GoVersion::LIVE {
        let trace = fixtures::trace(version, "collections");
        let web = Web::open(&reference, &trace.path).unwrap();
        let groups = web.goroutine_groups().unwrap();
        let workers = groups
            .iter()
            .find(|group| group.name == "main.collections.func1");
        assert_eq!(workers.unwrap().count, 4, "{groups:#?}");
        let mut has_assists = false;
        for group in &groups {
            let page = web.goroutines(&group.name).unwrap();
            assert_eq!((&page.name, page.count), (&group.name, group.count));
            assert_eq!(page.breakdown.len() as u64, group.count);
            assert!(page.ranges.len() <= page.breakdown.len());
            // Only those that ran have the column.
            let ran = page
                .breakdown
                .iter()
                .filter_map(|row| row.columns.get("Execution time"));
            assert_eq!(ran.sum::<i64>(), group.execution, "{group:?}");
            has_assists |= page
                .ranges
                .iter()
                .any(|row| row.columns.contains_key("GC mark assist"));
            for row in &page.breakdown {
                assert!(sum(row) >= row.total, "{trace} {group:?} {row:?}");
            }
        }
        assert!(has_assists, "{trace}");
        let profile = web.waits(Waits::Scheduler, Some("main.collections.func1"));
        assert!(profile.unwrap().starts_with(b"\x1f\x8b"));
        let view = web.get("/jsontrace?view=proc").unwrap();
        assert!(view.starts_with(b"{"));
    }
}

#[test]
fn the_pages_of_tasks_have_the_orders_and_what_happened_in_them() {
    let reference = Reference::build().unwrap();
    let trace = fixtures::trace(GoVersion::GO_1_27, "annotations");
    let web = Web::open(&reference, &trace.path).unwrap();
    let groups: BTreeMap<String, u64> = web
        .task_groups()
        .unwrap()
        .into_iter()
        .map(|group| (group.name, group.count))
        .collect();
    let expected = [
        // One that began before the trace, and what belongs to no task.
        ("", 2),
        ("item 0", 10),
        ("item 1", 10),
        ("never ended", 1),
        ("order", 10),
    ];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(groups, BTreeMap::from(expected));

    let orders = web.tasks("order").unwrap();
    assert_eq!(orders.len(), 10);
    for order in &orders {
        assert!(order.is_complete);
        let what: Vec<&str> = order
            .events
            .iter()
            .map(|event| event.what.as_str())
            .collect();
        assert_eq!(what.len(), 9, "{what:#?}");
        assert!(what[0].starts_with("task \"order\" (ID "), "{what:#?}");
        assert!(what[1].starts_with("log (category: order): \"number "));
        assert_eq!(what[2], "region \"check\" begin");
        assert_eq!(what[8], "task end");
        let first = &order.events[0];
        assert_eq!(first.when, order.start);
        assert_eq!(
            order.events[8].when - first.when,
            order.duration,
            "{order:#?}"
        );
        let steps: i64 = order.events.iter().map(|event| event.elapsed).sum();
        assert_eq!(steps, order.events[8].when);
    }
    assert!(orders.is_sorted_by_key(|order| order.duration));
    let open = web.tasks_that("complete=0").unwrap();
    assert_eq!(open.len(), 3, "{open:#?}");
    let found = web.tasks_that("logtext=open").unwrap();
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn the_pages_of_regions_agree_with_each_other() {
    let reference = Reference::build().unwrap();
    let trace = fixtures::trace(GoVersion::GO_1_27, "annotations");
    let web = Web::open(&reference, &trace.path).unwrap();
    let groups = web.region_groups().unwrap();
    let names: Vec<(&str, u64)> = groups
        .iter()
        .map(|group| (group.name.as_str(), group.count))
        .collect();
    for expected in [("check credit", 10), ("pack", 20), ("no task", 1)] {
        assert!(names.contains(&expected), "{names:?}");
    }
    for group in &groups {
        let regions = web.regions(group).unwrap();
        assert_eq!(regions.breakdown.len() as u64, group.count, "{group:?}");
        let counted: u64 = group.histogram.iter().map(|bucket| bucket.count).sum();
        assert_eq!(counted, group.count, "{group:?}");
        let shortest = regions.breakdown.iter().map(|row| row.total).min();
        // The bounds are powers of ten to the fifth, cut to nanoseconds.
        let bound = group.histogram.first().map(|bucket| bucket.from);
        assert!(shortest >= bound, "{group:?} {shortest:?}");
        if group.name == "check" {
            assert_eq!(group.function, "main.annotations.func1");
            assert!(group.file.ends_with("testbed/tracing/annotations.go"));
            assert!(group.line > 0 && group.pc > 0);
            assert!(regions.breakdown.iter().all(|row| row.task.is_some()));
            let profile = web.region_waits(Waits::Synchronization, group).unwrap();
            assert!(profile.starts_with(b"\x1f\x8b"));
        }
    }
    let long = web.regions_that("latmin=1ms").unwrap();
    assert!(!long.breakdown.is_empty());
    assert!(long.breakdown.iter().all(|row| row.total >= 1_000_000));
}

#[test]
fn the_curve_of_utilization_grows_with_the_window() {
    let reference = Reference::build().unwrap();
    let trace = fixtures::trace(GoVersion::GO_1_27, "collections");
    let web = Web::open(&reference, &trace.path).unwrap();
    let curve = web.mmu(&["stw", "background", "assist"]).unwrap();
    assert_eq!(curve.points.len(), 100);
    assert!(curve.quantiles.is_empty());
    assert!(curve.points.is_sorted_by(|a, b| a.0 <= b.0));
    for (window, shares) in &curve.points {
        assert_eq!(shares.len(), 1);
        assert!((0.0..=1.0).contains(&shares[0]), "{window} {shares:?}");
    }
    let quantiles = web.mmu(&["stw", "perProc", "mut"]).unwrap();
    assert_eq!(quantiles.quantiles.len(), 4);
    assert!(quantiles.points.iter().all(|(_, shares)| shares.len() == 4));
}

#[test]
fn a_recording_is_made_once() {
    let trace = record(GoVersion::GO_1_27, "annotations", &["-n", "2"]).unwrap();
    let made = trace.metadata().unwrap().modified().unwrap();
    assert_eq!(
        record(GoVersion::GO_1_27, "annotations", &["-n", "2"]).unwrap(),
        trace
    );
    assert_eq!(trace.metadata().unwrap().modified().unwrap(), made);
    let error = record(GoVersion::GO_1_27, "nosuch", &[]).unwrap_err();
    assert!(matches!(error, Error::NoProgram { .. }), "{error}");
    let error = record(GoVersion::GO_1_27, "annotations", &["-nosuch"]).unwrap_err();
    assert!(error.to_string().contains("-nosuch"), "{error}");
}

fn sum(row: &Times) -> i64 {
    row.columns.values().sum()
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn every_page_of_every_scenario_is_understood() {
    let reference = Reference::build().unwrap();
    let live = |trace: &Trace| GoVersion::LIVE.contains(&trace.version);
    for trace in fixtures::traces().into_iter().filter(live) {
        let web = Web::open(&reference, &trace.path).unwrap();
        for group in web.goroutine_groups().unwrap() {
            let page = web.goroutines(&group.name).unwrap();
            assert_eq!(page.breakdown.len() as u64, group.count, "{trace}");
        }
        for group in web.region_groups().unwrap() {
            let page = web.regions(&group).unwrap();
            assert_eq!(page.breakdown.len() as u64, group.count, "{trace}");
        }
        for group in web.task_groups().unwrap() {
            let tasks = web.tasks(&group.name).unwrap();
            assert_eq!(tasks.len() as u64, group.count, "{trace}");
        }
        web.mmu(&["stw", "background", "assist", "sweep", "mut"])
            .unwrap();
    }
}
