//! The JSON of Chrome's tracing ("Trace Event Format"), which Perfetto and others read too.

use std::io;

use super::{Arrow, Canvas, Counter, Track};
use crate::text::json::Object;
use crate::text::push_number;

/// How many bytes are written at once.
const PIECE: usize = 256 << 10;

/// Groups of tracks, which the format calls processes.
const GROUPS: [(u64, &str); 5] = [
    (1, "runtime"),
    (2, "Ps"),
    (3, "threads"),
    (4, "goroutines"),
    (5, "tasks"),
];

/// Writes Chrome's JSON as it is drawn.
#[derive(Debug)]
pub struct Chrome<W> {
    output: W,
    waiting: Vec<u8>,
    failure: Option<io::Error>,
    is_begun: bool,
}

impl<W: io::Write> Chrome<W> {
    /// Writes to an output.
    pub fn new(output: W) -> Self {
        Self {
            output,
            waiting: Vec::new(),
            failure: None,
            is_begun: false,
        }
    }

    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.output.write_all(&self.waiting).err();
        }
        self.waiting.clear();
    }

    /// Writes what comes before an event, and the head of the file before the first.
    fn next(&mut self) {
        if self.waiting.len() >= PIECE {
            self.write();
        }
        if self.is_begun {
            self.waiting.extend_from_slice(b",\n");
            return;
        }
        self.is_begun = true;
        self.waiting
            .extend_from_slice(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
        for (group, name) in GROUPS {
            self.metadata("process_name", group, 0, name);
            self.waiting.extend_from_slice(b",\n");
        }
    }

    fn metadata(&mut self, kind: &str, group: u64, number: u64, name: &str) {
        let mut object = Object::begin(&mut self.waiting);
        object.text("ph", b"M");
        object.text("name", kind.as_bytes());
        object.number("pid", group);
        object.number("tid", number);
        let mut arguments = Object::begin(object.field("args"));
        arguments.text("name", name.as_bytes());
        arguments.end();
        object.end();
    }

    fn event(&mut self, phase: &str, track: Track, time: i64, fill: impl FnOnce(&mut Object<'_>)) {
        self.next();
        let (group, number) = place(track);
        let mut object = Object::begin(&mut self.waiting);
        object.text("ph", phase.as_bytes());
        object.number("pid", group);
        object.number("tid", number);
        push_micros(object.field("ts"), time);
        fill(&mut object);
        object.end();
    }

    fn arrow(&mut self, track: Track, time: i64, arrow: Option<Arrow>) {
        let (phase, id) = match arrow {
            Some(Arrow::From(id)) => ("s", id),
            Some(Arrow::To(id)) => ("f", id),
            None => return,
        };
        self.event(phase, track, time, |object| {
            object.text("name", b"wake");
            object.text("cat", b"wake");
            object.number("id", id);
            if phase == "f" {
                // It ends at the slice around it, not at the next.
                object.text("bp", b"e");
            }
        });
    }
}

impl<W: io::Write> Canvas for Chrome<W> {
    fn track(&mut self, track: Track, name: &str) {
        self.next();
        let (group, number) = place(track);
        self.metadata("thread_name", group, number, name);
    }

    fn begin(&mut self, track: Track, time: i64, name: &str, place: &str, arrow: Option<Arrow>) {
        self.event("B", track, time, |object| {
            object.text("name", name.as_bytes());
            if !place.is_empty() {
                let mut arguments = Object::begin(object.field("args"));
                arguments.text("at", place.as_bytes());
                arguments.end();
            }
        });
        self.arrow(track, time, arrow);
    }

    fn end(&mut self, track: Track, time: i64) {
        self.event("E", track, time, |_| {});
    }

    fn mark(&mut self, track: Track, time: i64, name: &str, arrow: Option<Arrow>) {
        self.event("i", track, time, |object| {
            object.text("name", name.as_bytes());
            object.text("s", b"t");
        });
        self.arrow(track, time, arrow);
    }

    fn count(&mut self, counter: Counter, time: i64, value: u64) {
        self.event("C", Track::Collector, time, |object| {
            object.text("name", counter.name().as_bytes());
            let mut arguments = Object::begin(object.field("args"));
            arguments.number("value", value);
            arguments.end();
        });
    }

    fn finish(mut self) -> io::Result<()> {
        if !self.is_begun {
            self.waiting
                .extend_from_slice(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
        }
        self.waiting.extend_from_slice(b"\n]}\n");
        self.write();
        match self.failure {
            Some(failure) => Err(failure),
            None => self.output.flush(),
        }
    }
}

/// The group of a track and its number in it. Odd numbers are tracks that belong to the even
/// one before.
fn place(track: Track) -> (u64, u64) {
    let pair = |number: i64| number.unsigned_abs().wrapping_mul(2);
    match track {
        Track::Collector => (1, 0),
        Track::Stops => (1, 1),
        Track::Proc(proc) => (2, pair(proc)),
        Track::Sweep(proc) => (2, pair(proc).wrapping_add(1)),
        Track::Thread(thread) => (3, thread.unsigned_abs()),
        Track::Goroutine(goroutine) => (4, pair(goroutine)),
        Track::Regions(goroutine) => (4, pair(goroutine).wrapping_add(1)),
        Track::Task(task) => (5, task),
    }
}

/// Appends microseconds with three digits behind the point.
fn push_micros(out: &mut Vec<u8>, nanoseconds: i64) {
    let nanoseconds = nanoseconds.max(0).unsigned_abs();
    push_number(out, nanoseconds / 1000);
    out.push(b'.');
    let rest = nanoseconds % 1000;
    if rest < 100 {
        out.push(b'0');
    }
    if rest < 10 {
        out.push(b'0');
    }
    push_number(out, rest);
}
