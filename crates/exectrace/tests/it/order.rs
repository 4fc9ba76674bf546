//! The order of events, each with all that it says, against `go tool trace -d=parsed`.

use std::path::Path;

use fathom_exectrace::text::{Parsed, Printed};
use fathom_exectrace::{Outcome, Reader, Tail};
use fathom_testkit::tracing::{Reference, record};
use fathom_testkit::{GoVersion, fixtures};

use crate::reference;

/// All that is said of every event, in our words.
fn parsed(trace: &Path) -> (String, Outcome) {
    let file = std::fs::File::open(trace).expect("a trace");
    let mut reader = Reader::new(file).expect("a trace").tail(Tail::Drop);
    let mut printed = Printed::new(Parsed::default(), Vec::new());
    let outcome = reader.run(&mut printed).expect("a file is read").clone();
    let bytes = printed.finish().expect("memory takes all");
    (String::from_utf8(bytes).expect("text"), outcome)
}

fn compare(name: &str, trace: &Path) -> Outcome {
    let tool = Reference::build().expect("go tool trace");
    let theirs = tool.parsed(trace).expect("it reads the trace");
    let (ours, outcome) = parsed(trace);
    reference::assert_same(name, &ours, &theirs);
    assert_eq!(outcome.damage, None, "{name}");
    outcome
}

#[test]
fn every_recorded_trace_has_the_order_of_the_reference() {
    let traces = fixtures::traces();
    assert!(traces.len() >= 80, "{}", traces.len());
    for trace in traces {
        let name = format!("{} of Go {}", trace.scenario, trace.version);
        compare(&name, &trace.path);
    }
}

#[test]
fn live_programs_have_the_order_of_the_reference() {
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        for (scenario, arguments) in [
            ("channels", &["-n", "1000"][..]),
            ("goroutines", &["-n", "20000"]),
            ("gomaxprocs", &[]),
            ("network", &[]),
            ("cgo", &[]),
            ("service", &["-for", "200ms"]),
        ] {
            let trace = record(version, scenario, arguments).expect("a recording");
            let outcome = compare(&format!("{scenario} of Go {version}"), &trace);
            assert!(outcome.events > 500, "{scenario}: {outcome:?}");
        }
    }
}

/// With more than twelve threads the reference does not keep the order of equal times, so that
/// there is more than one right answer: events of the same thread must be in the same order, and
/// the moments be the same.
#[test]
fn many_threads_have_the_order_of_the_reference() {
    let tool = Reference::build().expect("go tool trace");
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        let trace = record(version, "threads", &[]).expect("a recording");
        let theirs = tool.parsed(&trace).expect("it reads the trace");
        let (ours, outcome) = parsed(&trace);
        assert_eq!(outcome.damage, None, "Go {version}");
        assert_same_by_thread(&format!("threads of Go {version}"), &ours, &theirs);
    }
}

/// The lines of a thread, without their time: what the order of equal times may not change.
fn by_thread(text: &str) -> std::collections::BTreeMap<&str, Vec<String>> {
    let mut threads = std::collections::BTreeMap::<&str, Vec<String>>::new();
    for line in text.lines().filter(|line| line.starts_with("M=")) {
        let mut words = line.split(' ');
        let thread = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.filter(|word| !word.starts_with("Time=")).collect();
        threads.entry(thread).or_default().push(rest.join(" "));
    }
    threads
}

fn assert_same_by_thread(name: &str, ours: &str, theirs: &str) {
    let (ours, theirs) = (by_thread(ours), by_thread(theirs));
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>(),
        "{name}"
    );
    assert!(ours.len() > 40, "{name}: {} threads", ours.len());
    for (thread, lines) in &ours {
        assert_eq!(Some(lines), theirs.get(thread), "{name}: {thread}");
    }
}
