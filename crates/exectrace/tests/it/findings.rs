//! What the rules say of traces of programs that do what they look for, and of others.

use fathom_exectrace::findings::findings;
use fathom_exectrace::{Analyses, Reader, TraceView};
use fathom_testkit::GoVersion;
use fathom_testkit::fixtures::{trace, traces};

fn view(bytes: &[u8]) -> TraceView {
    let mut reader = Reader::new(bytes).expect("a trace");
    let mut analyses = Analyses::default();
    let outcome = reader.run(&mut analyses).expect("a slice is read").clone();
    analyses.finish(&outcome, reader.tables())
}

fn ids(view: &TraceView) -> Vec<&'static str> {
    findings(view).iter().map(|finding| finding.id).collect()
}

/// A trace of which nothing is found.
fn healthy() -> TraceView {
    let view = view(&trace(GoVersion::GO_1_27, "channels").read());
    assert_eq!(ids(&view), [""; 0]);
    view
}

#[test]
fn programs_that_misbehave_are_told() {
    let told = [
        ("collections", "trace-gc-share"),
        ("collections", "trace-assists"),
        ("gomaxprocs", "trace-often-stopped"),
        ("goroutines", "trace-starved"),
        ("stuck", "trace-blocked-forever"),
    ];
    let spared = ["channels", "cgo", "coroutines", "cpuprofile", "flight"];
    let mut seen = 0;
    for trace in traces() {
        let view = view(&trace.read());
        for finding in findings(&view) {
            assert!(!finding.title.ends_with('.'), "{trace}: {}", finding.title);
            assert!(finding.detail.ends_with('.'), "{trace}: {}", finding.detail);
            assert!(finding.evidence.len() >= 2, "{trace}: {}", finding.id);
            assert!(!finding.action.is_empty() && !finding.verify.is_empty());
        }
        let ids = ids(&view);
        for (scenario, id) in told {
            if trace.scenario == scenario {
                assert!(ids.contains(&id), "{trace}: {ids:?} lacks {id}");
                seen += 1;
            }
        }
        if spared.contains(&trace.scenario.as_str()) {
            assert!(ids.is_empty(), "{trace}: {ids:?}");
        }
    }
    assert_eq!(seen, told.len() * GoVersion::TRACED.len());
}

#[test]
fn a_trace_that_was_cut_is_told() {
    let bytes = trace(GoVersion::GO_1_27, "channels").read();
    let view = view(&bytes[..bytes.len() - 100]);
    let found = findings(&view);
    let damaged = found.iter().find(|finding| finding.id == "trace-damaged");
    let damaged = damaged.expect("a finding");
    assert_eq!(damaged.bytes, view.overview.lost_bytes);
    assert!(damaged.detail.contains("damaged at byte"));
}

#[test]
fn a_long_pause_is_told_and_why() {
    let mut view = healthy();
    let pause = &mut view.pauses.list[0];
    pause.duration_ns = 9_999_999;
    assert_eq!(ids(&view), [""; 0]);
    let pause = &mut view.pauses.list[0];
    (pause.duration_ns, pause.stopping_ns) = (12_000_000, Some(11_000_000));
    let found = findings(&view);
    assert_eq!(found[0].id, "trace-long-pause");
    assert!(found[0].title.contains("12.0 ms"), "{}", found[0].title);
    assert!(found[0].detail.contains("until the last P"));
    view.pauses.list[0].stopping_ns = Some(1000);
    assert!(
        findings(&view)[0]
            .detail
            .contains("while all Ps stood still")
    );
}

#[test]
fn waits_for_a_processor_are_told_with_what_ran() {
    let mut view = healthy();
    view.latency.as_mut().expect("it was asked for").all.count = 100;
    view.latency.as_mut().expect("it was asked for").all.p99 = 9_999_999;
    assert_eq!(ids(&view), [""; 0]);
    view.latency.as_mut().expect("it was asked for").all.p99 = 10_000_000;
    let found = findings(&view);
    assert_eq!(found[0].id, "trace-scheduling-latency");
    assert!(found[0].title.contains("10.0 ms"), "{}", found[0].title);
    view.latency.as_mut().expect("it was asked for").all.count = 99;
    assert_eq!(ids(&view), [""; 0]);
}

#[test]
fn goroutines_that_stay_are_told_with_their_place() {
    let mut view = healthy();
    let groups = view.goroutines.iter_mut();
    let group = groups
        .max_by_key(|group| group.site.len())
        .expect("a group");
    assert!(!group.site.is_empty());
    (group.count, group.alive) = (112, 99);
    assert_eq!(ids(&view), [""; 0]);
    let groups = view.goroutines.iter_mut();
    let group = groups.max_by_key(|group| group.count).expect("a group");
    group.alive = 101;
    let site = group.site.clone();
    let found = findings(&view);
    assert_eq!(found[0].id, "trace-goroutines-stay");
    assert!(found[0].title.contains("101 of 112") && found[0].title.contains(&site));
}

#[test]
fn many_that_wait_through_the_trace_are_told() {
    let mut view = healthy();
    let waits = view
        .blocking
        .as_mut()
        .expect("it was asked for")
        .waits
        .iter_mut();
    let waits = waits.max_by_key(|waits| u8::from(waits.reason == "chan receive"));
    let waits = waits.expect("a wait");
    assert_eq!(waits.reason, "chan receive");
    (waits.open, waits.longest) = (9, view.overview.nanoseconds);
    assert_eq!(ids(&view), [""; 0]);
    let waits = view
        .blocking
        .as_mut()
        .expect("it was asked for")
        .waits
        .iter_mut();
    let waits = waits.max_by_key(|waits| waits.open).expect("a wait");
    waits.open = 10;
    assert_eq!(ids(&view), ["trace-blocked-forever"]);
}
