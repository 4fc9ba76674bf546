//! Events as lines of our own, for people and as JSON, with a choice of what is shown.

use super::json::{Object, push_json};
use super::output::EventLines;
use super::{push_number, push_signed};
use crate::event::{Event, EventKind, GoroutineId, Metric, Range, Time};
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;

/// Which events are shown: those for which all holds that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// On this goroutine, or about it.
    pub goroutine: Option<GoroutineId>,
    /// Of one of these kinds, by the name of the kind or of the event, such as `Log` or
    /// `GoBlock`; all where there are none.
    pub kinds: Vec<String>,
    /// From the first moment on and before the second, in nanoseconds since the trace began.
    pub window: Option<(i64, i64)>,
}

impl EventFilter {
    /// Whether an event is shown that comes so many nanoseconds after the trace began.
    pub fn admits(&self, event: &Event, since_ns: i64) -> bool {
        let is_about = |wanted: GoroutineId| {
            event.goroutine == wanted
                || matches!(event.kind, EventKind::Goroutine(to) if to.goroutine == wanted)
        };
        let is_named = |name: &String| {
            name.eq_ignore_ascii_case(event.kind.name())
                || name.eq_ignore_ascii_case(event.wire.spec().name)
        };
        self.window
            .is_none_or(|(from, to)| from <= since_ns && since_ns < to)
            && self.goroutine.is_none_or(is_about)
            && (self.kinds.is_empty() || self.kinds.iter().any(is_named))
    }
}

/// The moment at which a trace began: that of its first event.
#[derive(Debug, Default)]
struct Since(Option<Time>);

impl Since {
    fn nanoseconds(&mut self, event: &Event) -> i64 {
        event.time.since(*self.0.get_or_insert(event.time))
    }
}

/// Writes an event a line, for people.
#[derive(Debug, Default)]
pub struct TextEvents {
    filter: EventFilter,
    since: Since,
}

impl TextEvents {
    /// Writes what a filter admits.
    pub fn new(filter: EventFilter) -> Self {
        Self {
            filter,
            since: Since::default(),
        }
    }
}

impl EventLines for TextEvents {
    fn push(&mut self, out: &mut Vec<u8>, event: &Event, tables: &Tables) {
        let since = self.since.nanoseconds(event);
        if !self.filter.admits(event, since) {
            return;
        }
        push_seconds(out, since);
        for (mark, number) in [
            (b'M', event.thread.0),
            (b'P', event.proc.0),
            (b'G', event.goroutine.0),
        ] {
            out.extend_from_slice(&[b' ', mark]);
            if number < 0 {
                out.push(b'-');
            } else {
                push_signed(out, number);
            }
        }
        out.push(b' ');
        out.extend_from_slice(event.wire.spec().name.as_bytes());
        push_details(out, event, tables);
        if let Some(leaf) = tables.stacks.frames(event.stack).next() {
            out.extend_from_slice(b" at ");
            out.extend_from_slice(tables.names.get(leaf.function).as_bytes());
            out.push(b':');
            push_number(out, leaf.line);
        }
        out.push(b'\n');
    }
}

/// Appends seconds with nine digits behind the point.
fn push_seconds(out: &mut Vec<u8>, nanoseconds: i64) {
    let nanoseconds = nanoseconds.max(0).unsigned_abs();
    push_number(out, nanoseconds / 1_000_000_000);
    out.push(b'.');
    let rest = nanoseconds % 1_000_000_000;
    let mut place = 100_000_000;
    while place > rest.max(1) {
        out.push(b'0');
        place /= 10;
    }
    push_number(out, rest);
}

fn push_details(out: &mut Vec<u8>, event: &Event, tables: &Tables) {
    let name = |name: Name| tables.names.get(name).as_bytes();
    match event.kind {
        EventKind::Sync(count) => {
            out.push(b' ');
            push_number(out, u64::from(count));
        }
        EventKind::Metric(metric, value) => {
            out.push(b' ');
            out.extend_from_slice(metric_name(metric).as_bytes());
            out.push(b'=');
            push_number(out, value);
        }
        EventKind::Label(label) => push_word(out, name(label)),
        EventKind::StackSample => {}
        EventKind::RangeBegin(range) | EventKind::RangeActive(range) => {
            push_range(out, range, tables);
        }
        EventKind::RangeEnd(range, swept) => {
            push_range(out, range, tables);
            if let Some(swept) = swept {
                out.extend_from_slice(b" swept=");
                push_number(out, swept.swept);
                out.extend_from_slice(b" reclaimed=");
                push_number(out, swept.reclaimed);
            }
        }
        EventKind::TaskBegin(task) | EventKind::TaskEnd(task) => {
            push_word(out, name(task.kind));
            out.extend_from_slice(b" task=");
            push_number(out, task.id.0);
        }
        EventKind::RegionBegin(region) | EventKind::RegionEnd(region) => {
            push_word(out, name(region.kind));
            out.extend_from_slice(b" task=");
            push_number(out, region.task.0);
        }
        EventKind::Log(log) => {
            push_word(out, name(log.category));
            push_word(out, tables.text_bytes(log.message));
            out.extend_from_slice(b" task=");
            push_number(out, log.task.0);
        }
        EventKind::Goroutine(to) => {
            out.extend_from_slice(b" G");
            push_signed(out, to.goroutine.0);
            out.push(b' ');
            out.extend_from_slice(to.from.name().as_bytes());
            out.extend_from_slice(b"->");
            out.extend_from_slice(to.to.name().as_bytes());
            if to.reason != Name::EMPTY {
                push_word(out, name(to.reason));
            }
        }
        EventKind::Proc(to) => {
            out.extend_from_slice(b" P");
            push_signed(out, to.proc.0);
            out.push(b' ');
            out.extend_from_slice(to.from.name().as_bytes());
            out.extend_from_slice(b"->");
            out.extend_from_slice(to.to.name().as_bytes());
        }
        EventKind::Experimental(values) => {
            for (argument, &value) in event.wire.spec().arguments.iter().zip(&values) {
                out.push(b' ');
                out.extend_from_slice(argument.as_bytes());
                out.push(b'=');
                push_number(out, value);
            }
        }
    }
}

/// Appends a text between quotes, so that a line stays a line.
fn push_word(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b' ');
    super::push_quoted(out, text);
}

fn push_range(out: &mut Vec<u8>, range: Range, tables: &Tables) {
    if let Range::StopTheWorld(_, reason) = range {
        push_word(out, tables.names.get(reason).as_bytes());
    }
}

/// What a number of the runtime is called here.
pub(crate) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Procs => "gomaxprocs",
        Metric::HeapLive => "heap_live_bytes",
        Metric::HeapGoal => "heap_goal_bytes",
    }
}

/// Writes an event a line as a JSON object.
///
/// Every object has `time_ns` (since the trace began), `event`, `kind`, and, where there is one,
/// `thread`, `proc`, `goroutine` and `stack`, a list of `{function, file, line}` from the leaf on.
#[derive(Debug, Default)]
pub struct JsonEvents {
    filter: EventFilter,
    since: Since,
}

impl JsonEvents {
    /// Writes what a filter admits.
    pub fn new(filter: EventFilter) -> Self {
        Self {
            filter,
            since: Since::default(),
        }
    }
}

impl EventLines for JsonEvents {
    fn push(&mut self, out: &mut Vec<u8>, event: &Event, tables: &Tables) {
        let since = self.since.nanoseconds(event);
        if !self.filter.admits(event, since) {
            return;
        }
        let mut object = Object::begin(out);
        object.signed("time_ns", since);
        object.text("event", event.wire.spec().name.as_bytes());
        object.text("kind", event.kind.name().as_bytes());
        for (field, number) in [
            ("thread", event.thread.0),
            ("proc", event.proc.0),
            ("goroutine", event.goroutine.0),
        ] {
            if number >= 0 {
                object.signed(field, number);
            }
        }
        put_details(&mut object, event, tables);
        if event.stack.is_some() {
            put_stack(&mut object, "stack", event.stack, tables);
        }
        object.end();
        out.push(b'\n');
    }
}

fn put_details(object: &mut Object<'_>, event: &Event, tables: &Tables) {
    let name = |name: Name| tables.names.get(name).as_bytes();
    match event.kind {
        EventKind::Sync(count) => object.number("count", u64::from(count)),
        EventKind::Metric(metric, value) => object.number(metric_name(metric), value),
        EventKind::Label(label) => object.text("label", name(label)),
        EventKind::StackSample => {}
        EventKind::RangeBegin(range) | EventKind::RangeActive(range) => {
            put_range(object, range, tables);
        }
        EventKind::RangeEnd(range, swept) => {
            put_range(object, range, tables);
            if let Some(swept) = swept {
                object.number("swept_bytes", swept.swept);
                object.number("reclaimed_bytes", swept.reclaimed);
            }
        }
        EventKind::TaskBegin(task) | EventKind::TaskEnd(task) => {
            object.number("task", task.id.0);
            if task.parent != crate::event::TaskId::NONE {
                object.number("parent", task.parent.0);
            }
            object.text("name", name(task.kind));
        }
        EventKind::RegionBegin(region) | EventKind::RegionEnd(region) => {
            object.number("task", region.task.0);
            object.text("name", name(region.kind));
        }
        EventKind::Log(log) => {
            object.number("task", log.task.0);
            object.text("category", name(log.category));
            object.text("message", tables.text_bytes(log.message));
        }
        EventKind::Goroutine(to) => {
            object.signed("of", to.goroutine.0);
            object.text("from", to.from.name().as_bytes());
            object.text("to", to.to.name().as_bytes());
            if to.reason != Name::EMPTY {
                object.text("reason", name(to.reason));
            }
            if to.stack.is_some() && to.stack != event.stack {
                put_stack(object, "own_stack", to.stack, tables);
            }
        }
        EventKind::Proc(to) => {
            object.signed("of", to.proc.0);
            object.text("from", to.from.name().as_bytes());
            object.text("to", to.to.name().as_bytes());
        }
        EventKind::Experimental(values) => {
            for (argument, &value) in event.wire.spec().arguments.iter().zip(&values) {
                object.number(argument, value);
            }
        }
    }
}

fn put_range(object: &mut Object<'_>, range: Range, tables: &Tables) {
    match range {
        Range::StopTheWorld(goroutine, reason) => {
            object.text("range", b"stop the world");
            object.signed("of", goroutine.0);
            object.text("reason", tables.names.get(reason).as_bytes());
        }
        Range::Mark => object.text("range", b"mark"),
        Range::Sweep(proc) => {
            object.text("range", b"sweep");
            object.signed("of", proc.0);
        }
        Range::MarkAssist(goroutine) => {
            object.text("range", b"mark assist");
            object.signed("of", goroutine.0);
        }
    }
}

fn put_stack(object: &mut Object<'_>, field: &str, stack: StackId, tables: &Tables) {
    let out = object.field(field);
    out.push(b'[');
    for (index, frame) in tables.stacks.frames(stack).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"function\":");
        push_json(out, tables.names.get(frame.function).as_bytes());
        out.extend_from_slice(b",\"file\":");
        push_json(out, tables.names.get(frame.file).as_bytes());
        out.extend_from_slice(b",\"line\":");
        push_number(out, frame.line);
        out.push(b'}');
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{GoroutineState, Log, TaskId, Text};
    use crate::stream::Stream;
    use crate::text::Printed;
    use crate::visitor::Visitor;

    fn stream() -> Stream {
        let mut stream = Stream::default();
        stream.sync(5_000_000_000);
        let work = stream.stack(&["main.work", "main.main"]);
        stream.go(
            5_000_001_000,
            1,
            7,
            GoroutineState::Running,
            GoroutineState::Waiting,
        );
        stream.with_stack(work);
        if let EventKind::Goroutine(to) = &mut stream.events[1].kind {
            (to.reason, to.stack) = (Name::CHAN_SEND, work);
        }
        assert!(stream.tables.generation.add_string(1, b"order \"5\"\n"));
        let category = stream.name("shop");
        let log = Log {
            task: TaskId(3),
            category,
            message: Text(1),
        };
        stream.event(6_000_000_007, 0, 8, EventKind::Log(log));
        stream.metric(6_000_000_008, Metric::HeapLive, 4096);
        stream
    }

    fn printed(lines: impl EventLines) -> String {
        let stream = stream();
        let mut printed = Printed::new(lines, Vec::new());
        for event in &stream.events {
            printed.event(event, &stream.tables);
        }
        String::from_utf8(printed.finish().expect("written")).expect("text")
    }

    #[test]
    fn people_read_lines() {
        let filter = EventFilter {
            goroutine: Some(GoroutineId(7)),
            ..EventFilter::default()
        };
        assert_eq!(
            printed(TextEvents::new(filter)),
            "0.000001000 M1 P1 G7 Sync G7 Running->Waiting \"chan send\" at main.work:7\n"
        );
        let filter = EventFilter {
            kinds: vec!["log".to_owned(), "Metric".to_owned()],
            ..EventFilter::default()
        };
        assert_eq!(
            printed(TextEvents::new(filter)),
            "1.000000007 M0 P0 G8 Sync \"shop\" \"order \\\"5\\\"\\n\" task=3\n\
             1.000000008 M0 P0 G- Sync heap_live_bytes=4096\n"
        );
    }

    #[test]
    fn programs_read_json() {
        let filter = EventFilter {
            window: Some((1000, 1_000_000_008)),
            ..EventFilter::default()
        };
        assert_eq!(
            printed(JsonEvents::new(filter)),
            "{\"time_ns\":1000,\"event\":\"Sync\",\"kind\":\"StateTransition\",\"thread\":1,\
             \"proc\":1,\"goroutine\":7,\"of\":7,\"from\":\"Running\",\"to\":\"Waiting\",\
             \"reason\":\"chan send\",\"stack\":[{\"function\":\"main.work\",\"file\":\"\",\
             \"line\":7},{\"function\":\"main.main\",\"file\":\"\",\"line\":7}]}\n\
             {\"time_ns\":1000000007,\"event\":\"Sync\",\"kind\":\"Log\",\"thread\":0,\
             \"proc\":0,\"goroutine\":8,\"task\":3,\"category\":\"shop\",\
             \"message\":\"order \\\"5\\\"\\n\"}\n"
        );
    }
}
