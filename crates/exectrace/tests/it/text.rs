//! Texts of traces, byte for byte those of `go tool trace`.

use fathom_exectrace::text::{EventLines, Parsed, Printed};
use fathom_exectrace::{Reader, Tail};
use fathom_testkit::fixtures::{Trace, traces};
use fathom_testkit::tracing::Reference;

/// The lines of all events of a trace.
fn printed(trace: &[u8], lines: impl EventLines) -> String {
    let mut printed = Printed::new(lines, Vec::new());
    let mut reader = Reader::new(trace).expect("a trace").tail(Tail::Drop);
    reader.run(&mut printed).expect("a slice is read");
    String::from_utf8(printed.finish().expect("memory takes all")).expect("text")
}

/// Asserts that two texts are the same, and names the first line in which they are not.
fn assert_same(trace: &Trace, ours: &str, theirs: &str) {
    let pairs = ours.lines().zip(theirs.lines()).enumerate();
    for (line, (our, their)) in pairs {
        assert_eq!(our, their, "line {line} of {}", trace.path.display());
    }
    assert_eq!(ours.len(), theirs.len(), "{}", trace.path.display());
}

#[test]
fn ordered_events_are_those_of_the_reference() {
    let reference = Reference::build().expect("the reference");
    let mut count = 0;
    for trace in traces() {
        let theirs = reference.parsed(&trace.path).expect("a whole trace");
        assert_same(&trace, &printed(&trace.read(), Parsed::default()), &theirs);
        count += 1;
    }
    assert!(count > 80, "all traces are looked at: {count}");
}
