//! What `go tool trace` of Go 1.27.3 says of a trace, and what we say.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use fathom_exectrace::{Event, Outcome, Reader, Tables, Tail, Visitor};
use fathom_testkit::tracing::Reference;

/// Where and when each event happened and what it was, a line each; and what the tool complains
/// of.
pub(crate) fn theirs(tool: &Reference, trace: &Path) -> (String, String) {
    let answer = tool
        .run([OsStr::new("-d=parsed"), trace.as_os_str()])
        .expect("go tool trace runs");
    let text = String::from_utf8_lossy(&answer.output);
    let lines = text
        .lines()
        .filter(|line| line.starts_with("M="))
        .map(|line| {
            let words: Vec<&str> = line.splitn(6, ' ').take(5).collect();
            words.join(" ") + "\n"
        })
        .collect();
    (lines, answer.errors)
}

#[derive(Default)]
pub(crate) struct Lines(String);

impl Visitor for Lines {
    fn event(&mut self, event: &Event, _: &Tables) {
        writeln!(
            self.0,
            "M={} P={} G={} {} Time={}",
            event.thread.0,
            event.proc.0,
            event.goroutine.0,
            event.kind.name(),
            event.time.0
        )
        .expect("a string takes all");
    }
}

/// The same of ours, of a trace of which generations that are not whole are left out.
pub(crate) fn ours(trace: &[u8]) -> (String, Outcome) {
    let mut lines = Lines::default();
    let mut reader = Reader::new(trace).expect("a trace").tail(Tail::Drop);
    let outcome = reader.run(&mut lines).expect("a slice is read").clone();
    (lines.0, outcome)
}

/// Asserts that both say the same, and names the first line in which they do not.
pub(crate) fn assert_same(name: &str, ours: &str, theirs: &str) {
    let pairs = ours.lines().zip(theirs.lines()).enumerate();
    for (line, (our, their)) in pairs {
        assert_eq!(our, their, "{name}: event {line}");
    }
    assert_eq!(
        ours.lines().count(),
        theirs.lines().count(),
        "{name}: how many events"
    );
}
