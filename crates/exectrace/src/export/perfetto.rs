//! Perfetto's protobuf (`perfetto.protos.Trace`): packets that describe tracks, and events on
//! them. Numbers of fields are those of `trace_packet.proto`, `track_descriptor.proto`,
//! `counter_descriptor.proto`, `track_event.proto` and `debug_annotation.proto`.

use std::io;

use super::{Arrow, Canvas, Counter, Track};

/// How many bytes are written at once.
const PIECE: usize = 256 << 10;

/// The track of the program, in which all others are.
const PROGRAM: u64 = 1;

// Types of `TrackEvent`.
const SLICE_BEGIN: u64 = 1;
const SLICE_END: u64 = 2;
const INSTANT: u64 = 3;
const COUNTER: u64 = 4;

/// Writes a trace for Perfetto as it is drawn.
#[derive(Debug)]
pub struct Perfetto<W> {
    output: W,
    waiting: Vec<u8>,
    packet: Vec<u8>,
    inner: Vec<u8>,
    failure: Option<io::Error>,
    is_begun: bool,
    counters: [bool; 5],
}

impl<W: io::Write> Perfetto<W> {
    /// Writes to an output.
    pub fn new(output: W) -> Self {
        Self {
            output,
            waiting: Vec::new(),
            packet: Vec::new(),
            inner: Vec::new(),
            failure: None,
            is_begun: false,
            counters: [false; 5],
        }
    }

    /// Ends a packet, of which `inner` is the field of the given number.
    fn packet(&mut self, field: u32, time: Option<i64>) {
        self.packet.clear();
        if let Some(time) = time {
            put_number(&mut self.packet, 8, time.max(0).unsigned_abs());
        }
        // All packets are of one sequence, whose state begins with the first.
        put_number(&mut self.packet, 10, 1);
        if !self.is_begun {
            put_number(&mut self.packet, 13, 1);
        }
        self.is_begun = true;
        put_bytes(&mut self.packet, field, &self.inner);
        put_bytes(&mut self.waiting, 1, &self.packet);
        self.inner.clear();
        if self.waiting.len() >= PIECE {
            self.write();
        }
    }

    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.output.write_all(&self.waiting).err();
        }
        self.waiting.clear();
    }

    fn describe_program(&mut self) {
        if self.is_begun {
            return;
        }
        let mut process = Vec::new();
        put_number(&mut process, 1, 1);
        put_bytes(&mut process, 6, b"Go program");
        put_number(&mut self.inner, 1, PROGRAM);
        put_bytes(&mut self.inner, 3, &process);
        self.packet(60, None);
    }

    fn describe_counter(&mut self, counter: Counter) {
        let seen = &mut self.counters[counter as usize];
        if std::mem::replace(seen, true) {
            return;
        }
        self.describe_program();
        let mut descriptor = Vec::new();
        put_number(&mut descriptor, 3, if counter.is_bytes() { 3 } else { 2 });
        put_number(&mut self.inner, 1, uuid_of_counter(counter));
        put_bytes(&mut self.inner, 2, counter.name().as_bytes());
        put_number(&mut self.inner, 5, PROGRAM);
        put_bytes(&mut self.inner, 8, &descriptor);
        self.packet(60, None);
    }

    fn begin_event(&mut self, kind: u64, track: u64) {
        put_number(&mut self.inner, 9, kind);
        put_number(&mut self.inner, 11, track);
    }

    fn put_arrow(&mut self, arrow: Option<Arrow>) {
        let (field, id) = match arrow {
            Some(Arrow::From(id)) => (47, id),
            Some(Arrow::To(id)) => (48, id),
            None => return,
        };
        // A number of eight bytes.
        put_key(&mut self.inner, field, 1);
        self.inner.extend_from_slice(&id.to_le_bytes());
    }
}

impl<W: io::Write> Canvas for Perfetto<W> {
    fn track(&mut self, track: Track, name: &str) {
        self.describe_program();
        put_number(&mut self.inner, 1, uuid(track));
        put_bytes(&mut self.inner, 2, name.as_bytes());
        put_number(&mut self.inner, 5, PROGRAM);
        self.packet(60, None);
    }

    fn begin(&mut self, track: Track, time: i64, name: &str, place: &str, arrow: Option<Arrow>) {
        self.begin_event(SLICE_BEGIN, uuid(track));
        put_bytes(&mut self.inner, 23, name.as_bytes());
        if !place.is_empty() {
            let mut annotation = Vec::new();
            put_bytes(&mut annotation, 10, b"at");
            put_bytes(&mut annotation, 6, place.as_bytes());
            put_bytes(&mut self.inner, 4, &annotation);
        }
        self.put_arrow(arrow);
        self.packet(11, Some(time));
    }

    fn end(&mut self, track: Track, time: i64) {
        self.begin_event(SLICE_END, uuid(track));
        self.packet(11, Some(time));
    }

    fn mark(&mut self, track: Track, time: i64, name: &str, arrow: Option<Arrow>) {
        self.begin_event(INSTANT, uuid(track));
        put_bytes(&mut self.inner, 23, name.as_bytes());
        self.put_arrow(arrow);
        self.packet(11, Some(time));
    }

    fn count(&mut self, counter: Counter, time: i64, value: u64) {
        self.describe_counter(counter);
        self.begin_event(COUNTER, uuid_of_counter(counter));
        put_number(&mut self.inner, 30, value.min(i64::MAX.unsigned_abs()));
        self.packet(11, Some(time));
    }

    fn finish(mut self) -> io::Result<()> {
        self.write();
        match self.failure {
            Some(failure) => Err(failure),
            None => self.output.flush(),
        }
    }
}

/// The number of a track: its kind in the first byte.
fn uuid(track: Track) -> u64 {
    let (kind, number) = match track {
        Track::Stops => (1, 0),
        Track::Collector => (2, 0),
        Track::Proc(proc) => (3, proc.cast_unsigned()),
        Track::Sweep(proc) => (4, proc.cast_unsigned()),
        Track::Thread(thread) => (5, thread.cast_unsigned()),
        Track::Goroutine(goroutine) => (6, goroutine.cast_unsigned()),
        Track::Regions(goroutine) => (7, goroutine.cast_unsigned()),
        Track::Task(task) => (8, task),
    };
    (kind << 56) ^ number
}

fn uuid_of_counter(counter: Counter) -> u64 {
    (9 << 56) ^ counter as u64
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn put_key(out: &mut Vec<u8>, field: u32, kind: u64) {
    put_varint(out, u64::from(field) << 3 | kind);
}

fn put_number(out: &mut Vec<u8>, field: u32, value: u64) {
    put_key(out, field, 0);
    put_varint(out, value);
}

fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_key(out, field, 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
