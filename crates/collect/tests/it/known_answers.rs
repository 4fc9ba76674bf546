//! What is said of processes with known answers.

use crate::simulated::{MIB, Simulated, goroutine_profile, ids};

#[test]
fn leaks_are_found_within_half_an_hour_with_the_right_line_first() {
    for bytes_a_second in [10e3, 100e3, 1e6] {
        let found = Simulated::new()
            .line("main.other", |_| 30.0 * MIB)
            .line("main.leak", move |second| second * bytes_a_second)
            .judged(0.52);
        assert_eq!(ids(&found), ["growth-live-heap"], "{bytes_a_second}");
        let site = &found.heap.as_ref().unwrap().sites[0];
        assert!(site.place.contains("main.leak"), "{}", site.place);
        let per_hour = found.live_heap.as_ref().unwrap().per_hour.unwrap();
        let ratio = per_hour.value / (bytes_a_second * 3600.0);
        assert!((0.8..1.25).contains(&ratio), "{bytes_a_second}: {ratio}");
    }
}

#[test]
fn a_slow_leak_is_found_when_it_is_eight_mebibytes() {
    // 1 kB a second is 8 MiB after 140 minutes.
    let found = Simulated::new()
        .line("main.leak", |second| second * 1e3)
        .judged(2.8);
    assert_eq!(ids(&found), ["growth-live-heap"]);
    let site = &found.heap.as_ref().unwrap().sites[0];
    assert!(site.place.contains("main.leak"), "{}", site.place);
}

#[test]
fn innocent_processes_are_not_accused_over_a_day() {
    let flat = Simulated::new();
    assert_eq!(ids(&flat.judged(24.0)), [""; 0]);
    let filled = Simulated::new().line("main.bounded", |second| {
        200.0 * MIB * (1.0 - (-second / 1200.0).exp())
    });
    assert_eq!(ids(&filled.judged(8.0)), [""; 0]);
    let saw = Simulated::new().line("main.batch", |second| {
        100.0 * MIB * (second / 2400.0).fract()
    });
    assert_eq!(ids(&saw.judged(12.0)), [""; 0]);
}

#[test]
fn memory_outside_go_and_goroutines_are_told_apart() {
    let outside = Simulated {
        outside: Box::new(|second| 20.0 * MIB + second * 50e3),
        ..Simulated::new()
    };
    let found = outside.judged(1.5);
    assert_eq!(ids(&found), ["growth-beyond-go"]);
    assert!(found.limit.is_some());
    let goroutines = Simulated {
        goroutines: Box::new(|second| 20.0 + second / 5.0),
        ..Simulated::new()
    };
    assert_eq!(ids(&goroutines.judged(1.5)), ["growth-goroutines"]);
}

#[test]
fn a_restart_begins_anew() {
    let process = Simulated {
        restart: Some(5400.0),
        ..Simulated::new()
    };
    let process = process.line("main.leak", |second| {
        if second < 5400.0 { second * 100e3 } else { 0.0 }
    });
    let found = process.judged(3.0);
    assert_eq!(found.restarts, 1);
    assert_eq!(ids(&found), [""; 0]);
}

#[test]
fn a_daily_load_is_no_leak_at_any_hour() {
    let load = |second: f64| 1.0 + 0.5 * (std::f64::consts::TAU * (second / 86_400.0)).sin();
    let process = Simulated {
        load: Box::new(load),
        goroutines: Box::new(move |second| 50.0 + 400.0 * load(second)),
        ..Simulated::new()
    };
    let process = process.line("main.requests", move |second| 120.0 * MIB * load(second));
    assert_eq!(process.accused(48), []);
}

#[test]
fn a_step_at_a_deploy_is_told_as_a_step_at_most() {
    let process = Simulated {
        restart: Some(4.0 * 3600.0),
        ..Simulated::new()
    };
    let process = process.line("main.index", |second| {
        if second < 4.0 * 3600.0 {
            40.0 * MIB
        } else {
            140.0 * MIB
        }
    });
    assert_eq!(process.accused(14), []);
    // Without a restart: a larger working set.
    let process = Simulated::new().line("main.index", |second| {
        if second < 4.0 * 3600.0 {
            40.0 * MIB
        } else {
            140.0 * MIB
        }
    });
    let found = process.accused(14);
    assert!(
        found.iter().all(|(_, id)| *id == "growth-step"),
        "{found:?}"
    );
    assert!(!found.is_empty());
}

#[test]
fn pools_and_maps_that_are_emptied_are_not_accused() {
    // A pool is filled by requests and dropped by every second collection.
    let pool = Simulated::new().line("main.buffers", |second| {
        90.0 * MIB * (second / 74.0 * 1.618).fract()
    });
    assert_eq!(pool.accused(12), []);
    let map = Simulated::new().line("main.sessions", |second| {
        let minute = (second / 60.0) % 70.0;
        let full = if minute < 40.0 {
            minute / 40.0
        } else {
            (1.0 - (minute - 40.0) / 10.0).max(0.0)
        };
        150.0 * MIB * full
    });
    assert_eq!(map.accused(12), []);
}

#[test]
fn a_map_that_only_grows_is_found() {
    // Its table doubles when it is full; the entries come steadily.
    let found = Simulated::new()
        .line("main.other", |_| 30.0 * MIB)
        .line("main.seen", |second| {
            let entries = second * 100.0;
            let table = 2.0_f64.powf((entries / 6.5).max(1.0).log2().ceil()) * 8.0 * 16.0;
            table + entries * 200.0
        })
        .judged(3.0);
    assert_eq!(ids(&found), ["growth-live-heap"]);
    let site = &found.heap.as_ref().unwrap().sites[0];
    assert!(site.place.contains("main.seen"), "{}", site.place);
}

#[test]
fn a_limit_that_is_near_and_a_collector_that_is_busy_are_told_at_once() {
    let near = Simulated {
        limit: 380.0 * MIB,
        ..Simulated::new()
    };
    // 150 MiB live are 338 MiB resident.
    assert_eq!(ids(&near.judged(0.5)), ["near-cgroup-limit"]);
    let busy = |memory_limit| Simulated {
        gc_seconds: Box::new(|second| 0.5 * (second - 600.0).max(0.0)),
        memory_limit,
        ..Simulated::new()
    };
    assert_eq!(ids(&busy(None).judged(0.6)), ["gc-cpu-high"]);
    assert_eq!(
        ids(&busy(Some(320.0 * MIB)).judged(0.6)),
        ["memory-limit-thrash"]
    );
    assert_eq!(ids(&busy(Some(900.0 * MIB)).judged(0.6)), ["gc-cpu-high"]);
    // A busy hour that is over is no finding.
    let over = Simulated {
        gc_seconds: Box::new(|second| 0.5 * second.min(3600.0)),
        ..Simulated::new()
    };
    assert_eq!(ids(&over.judged(2.0)), [""; 0]);
}

#[test]
fn leaked_goroutines_and_a_crowd_are_told() {
    let leaked = Simulated {
        more: vec![(
            "goroutineleak",
            goroutine_profile("300 main.send\n2 main.wait"),
        )],
        ..Simulated::new()
    };
    let found = leaked.judged(0.5);
    assert_eq!(ids(&found), ["goroutine-leak"]);
    assert!(
        found.findings[0].title.contains("302"),
        "{}",
        found.findings[0].title
    );
    assert!(
        found.findings[0].title.contains("main.send"),
        "{}",
        found.findings[0].title
    );
    let crowd = Simulated {
        more: vec![(
            "goroutine",
            goroutine_profile("2000 main.queue\n100 main.serve"),
        )],
        ..Simulated::new()
    };
    let found = crowd.judged(0.5);
    assert_eq!(ids(&found), ["goroutines-at-one-line"]);
    assert!(
        found.findings[0].title.contains("main.queue"),
        "{}",
        found.findings[0].title
    );
}

#[test]
fn a_map_that_doubles_is_told_by_its_steps() {
    // As of Go 1.24 all parts of a map fill at the same time, and double together.
    let found = Simulated::new()
        .line("main.seen", |second| {
            let doublings = (1.0 + second / 400.0).log2().floor();
            20.0 * MIB * 2.0_f64.powf(doublings)
        })
        .judged(1.0);
    assert_eq!(ids(&found), ["growth-step"]);
    let title = &found.findings[0].title;
    assert!(title.contains("main.seen"), "{title}");
}
