//! Texts of traces, byte for byte those of `go tool trace`.

use fathom_exectrace::text::{EventLines, Footprint, Parsed, Printed, RawEvent, RawEvents};
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

/// The lines of the events of a trace as they stand in it, and the table of what they take.
fn raw(trace: &[u8]) -> (String, String) {
    let mut events = RawEvents::new(trace).expect("a trace");
    let (mut event, mut footprint) = (RawEvent::default(), Footprint::default());
    let mut lines = Vec::new();
    while events.next(&mut event).expect("events") {
        event.push(&mut lines);
        footprint.add(&event);
    }
    let lines = String::from_utf8(lines).expect("text");
    (lines, footprint.table(events.version(), trace.len() as u64))
}

/// The rows of a table: those of equal bytes in no order, as the reference's sort leaves it open.
fn rows(table: &str) -> Vec<&str> {
    let bytes = |row: &str| {
        let cells = row.rsplit("  ").filter(|cell| !cell.is_empty());
        let bytes = cells.map(str::trim).nth(3).map(str::parse::<u64>);
        bytes.and_then(Result::ok).map_or(u64::MAX, |bytes| bytes)
    };
    let mut rows: Vec<_> = table.lines().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(bytes(row)), *row));
    rows
}

#[test]
fn events_of_the_file_are_those_of_the_reference() {
    let reference = Reference::build().expect("the reference");
    let (mut whole, mut beyond) = (0, 0);
    for trace in traces() {
        let (lines, table) = raw(&trace.read());
        let path = trace.path.to_str().expect("a readable path");
        let theirs = reference
            .run(["-d=wire", path])
            .expect("the reference runs");
        let text = String::from_utf8(theirs.output).expect("text");
        if theirs.is_success {
            assert_same(&trace, &lines, &text);
            let footprint = reference.footprint(&trace.path).expect("a whole trace");
            assert_eq!(rows(&table), rows(&footprint), "{trace}");
            whole += 1;
        } else {
            // It does not know the experiments of these formats; ours goes on.
            assert_eq!(trace.scenario, "allocfree");
            assert!(
                lines.starts_with(&text) && lines.len() > text.len(),
                "{trace}"
            );
            beyond += 1;
        }
    }
    assert!(whole > 80, "all traces are looked at: {whole}");
    assert!(beyond <= 3);
}
