//! gctrace and scavtrace lines of recorded programs.

use fathom_goruntime::gctrace::{Dialect, Event, GcCycle, Observation, Parser, parse, summary};

use crate::{VERSIONS, fixture};

fn cycles(events: &[Event]) -> Vec<GcCycle> {
    let cycles = events.iter().filter_map(|event| match event {
        Event::Cycle(cycle) => Some(cycle.clone()),
        _ => None,
    });
    cycles.collect()
}

fn lines_with(text: &[u8], start: &str) -> usize {
    text.split(|&b| b == b'\n')
        .filter(|line| line.starts_with(start.as_bytes()))
        .count()
}

#[test]
fn every_recorded_line_is_read() {
    for version in VERSIONS {
        for setting in [
            "gctrace=1",
            "gctrace=2",
            "gctrace=1,gccheckmark=1",
            "gctrace=1,gcstoptheworld=1",
        ] {
            let text = fixture(&format!("godebug/{version}/{setting}.txt"));
            let (events, parser) = parse(&text);
            let found = cycles(&events);
            assert_eq!(found.len(), lines_with(&text, "gc "), "{version} {setting}");
            assert!(found.len() >= 30, "{version} {setting}");
            assert!(found.iter().all(|cycle| cycle.dialect == Dialect::Go1_18));
            assert_eq!(parser.torn(), 0);
            let scans = events
                .iter()
                .filter(|event| matches!(event, Event::Scan(_)))
                .count();
            assert_eq!(scans, lines_with(&text, "scan: "), "{version} {setting}");
            assert!(found.last().unwrap().forced, "{version} {setting}");
            let summary = summary(&found);
            assert_eq!(
                (summary.segments.len(), summary.segments[0].missing),
                (1, 0)
            );
        }
        let text = fixture(&format!("godebug/{version}/scavtrace=1.txt"));
        let (events, _) = parse(&text);
        let scavenges = events
            .iter()
            .filter(|event| matches!(event, Event::Scavenge(_)))
            .count();
        assert_eq!(scavenges, lines_with(&text, "scav "), "{version}");
        assert!(scavenges > 20, "{version}");
    }
}

#[test]
fn other_settings_hold_no_collection() {
    for version in VERSIONS {
        for setting in [
            "gcpacertrace=1",
            "schedtrace=100",
            "inittrace=1",
            "checkfinalizers=1",
            "allocfreetrace=1",
        ] {
            let (events, parser) = parse(&fixture(&format!("godebug/{version}/{setting}.txt")));
            assert_eq!((events, parser.torn()), (vec![], 0), "{version} {setting}");
        }
    }
}

#[test]
fn a_line_of_go_1_27_field_by_field() {
    let (events, _) = parse(&fixture("godebug/go1.27.3/gctrace=1.txt"));
    let found = cycles(&events);
    let last = found.iter().find(|cycle| cycle.number == 41).unwrap();
    assert_eq!(
        (last.number, last.at_seconds, last.gc_percent),
        (41, Some(0.614), Some(15))
    );
    assert_eq!(
        (
            last.sweep_termination_ms,
            last.mark_ms,
            last.mark_termination_ms
        ),
        (2.0, 0.80, 0.006)
    );
    assert_eq!(
        (last.heap_start_mib, last.heap_end_mib, last.heap_live_mib),
        (65, 65, 65)
    );
    assert_eq!(
        (last.goal_mib, last.stacks_mib, last.globals_mib, last.procs),
        (Some(78), Some(0), Some(0), 2)
    );
    let cpu = last.cpu.unwrap();
    assert_eq!(
        (cpu.sweep_termination_ms, cpu.assist_ms, cpu.dedicated_ms),
        (4.0, 0.0, 1.0)
    );
    assert_eq!((cpu.idle_ms, cpu.mark_termination_ms), (0.0, 0.012));
}

#[test]
fn prefixes_and_restarts() {
    let text = String::from_utf8(fixture("godebug/go1.25.5/gctrace=1.txt")).unwrap();
    let mut parser = Parser::new();
    let mut found = Vec::new();
    for _process in 0..2 {
        for line in text.lines() {
            let logged = format!("2026-01-02T03:04:05.6789Z stderr F {line}\r\n");
            found.extend(parser.line(logged.as_bytes()));
        }
    }
    let found = cycles(&found);
    let whole = summary(&found);
    assert_eq!(whole.segments.len(), 2);
    assert_eq!(whole.segments[1].start * 2, found.len());
    let once = summary(&found[..found.len() / 2]);
    assert_eq!(whole.per_second, once.per_second);
    assert_eq!(
        whole.pause_ms.map(|pauses| pauses.max),
        once.pause_ms.map(|pauses| pauses.max)
    );
}

/// Makes cycles in the form the runtime prints.
fn series(line: impl Fn(u64) -> String) -> Vec<GcCycle> {
    let text: Vec<String> = (1..=60).map(line).collect();
    let (events, _) = parse(text.join("\n").as_bytes());
    let found = cycles(&events);
    assert_eq!(found.len(), 60);
    found
}

#[test]
fn observations_name_what_the_series_shows() {
    let leak = series(|n| {
        let live = 10 + 2 * n;
        format!(
            "gc {n} @{n}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0/1.0/0+0.2 ms cpu, {live}->{live}->{live} MB, {} MB goal, 0 MB stacks, 0 MB globals, 2 P",
            2 * live
        )
    });
    let summary_of_leak = summary(&leak);
    let [
        Observation::LiveHeapGrows {
            from_mib,
            to_mib,
            mib_per_hour: Some(slope),
        },
    ] = summary_of_leak.observations[..]
    else {
        panic!("{:?}", summary_of_leak.observations);
    };
    assert_eq!(
        summary_of_leak.observations[0].to_string(),
        format!(
            "The live heap grew steadily from {from_mib} MiB to {to_mib} MiB, 7200.0 MiB an hour: a leak, or a cache that fills."
        )
    );
    assert!(from_mib < 40 && to_mib > 110, "{from_mib} {to_mib}");
    assert!((slope - 7200.0).abs() < 1e-6, "{slope}");
    assert_eq!(
        (
            summary_of_leak.headroom_mib,
            summary_of_leak.interval_seconds
        ),
        (Some(130), Some(1.0))
    );
    assert_eq!(summary_of_leak.per_second, Some(1.0));
    // 1.4 ms of CPU each of 59 cycles, of 2 processors over 59 seconds.
    assert!((summary_of_leak.gc_cpu_share.unwrap() - 0.0007).abs() < 1e-9);

    let steady = series(|n| {
        format!(
            "gc {n} @{n}.000s 1%: 0.1+1.0+0.1 ms clock, 0.2+0/1.0/0+0.2 ms cpu, 60->61->30 MB, 60 MB goal, 0 MB stacks, 0 MB globals, 2 P"
        )
    });
    assert_eq!(summary(&steady).observations, []);

    let thrash = series(|n| {
        format!(
            "gc {n} @{}.{:02}0s 60%: 0.1+15+0.1 ms clock, 0.2+15/9.0/1+0.2 ms cpu, 64->65->63 MB, 63 MB goal, 0 MB stacks, 0 MB globals, 2 P",
            n / 50,
            n % 50 * 2
        )
    });
    let found = summary(&thrash).observations;
    let has = |wanted: fn(&Observation) -> bool| found.iter().any(wanted);
    assert!(
        has(|o| matches!(o, Observation::MemoryLimitThrash { cycles: 59, .. })),
        "{found:?}"
    );
    assert!(
        has(|o| matches!(o, Observation::GcCpuHigh { share } if *share > 0.25)),
        "{found:?}"
    );
    assert!(
        has(|o| matches!(o, Observation::CyclesFrequent { .. })),
        "{found:?}"
    );
    assert!(
        has(|o| matches!(o, Observation::AssistsHigh { .. })),
        "{found:?}"
    );
}

#[test]
fn go_1_4_has_no_times_but_pauses() {
    let old = series(|n| {
        format!(
            "gc{n}(4): 2+1+{n}000+1 us, 1 -> 3 MB, 16397 (1015746-999349) objects, 12 goroutines, 1436/1/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0 yields"
        )
    });
    let summary = summary(&old);
    assert_eq!(
        (summary.seconds, summary.per_second, summary.gc_cpu_share),
        (None, None, None)
    );
    let pauses = summary.pause_ms.unwrap();
    assert_eq!(
        (pauses.p50, pauses.p95, pauses.p99, pauses.max),
        (30.004, 57.004, 60.004, 60.004)
    );
    assert_eq!(
        summary.observations,
        [Observation::PausesLong { p99_ms: 60.004 }]
    );
}
