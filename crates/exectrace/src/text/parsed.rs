//! Ordered events as `go tool trace -d=parsed` prints them (`Event.String` of
//! `src/internal/trace/event.go`, Go 1.27.3), byte for byte.

use std::fmt;

use super::output::EventLines;
use super::{push_number, push_quoted, push_signed};
use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState, GoroutineTransition, ProcId, Range, Swept, Task,
};
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;

/// How far the local time is ahead of UTC, in seconds, at a second since 1970.
pub type Zone = Box<dyn Fn(i64) -> i32 + Send>;

/// Writes events as `go tool trace -d=parsed` does.
///
/// It keeps the text of each frame that it wrote, which is as much as the frames of [`Tables`]
/// need themselves.
pub struct Parsed {
    zone: Zone,
    /// The two lines of every frame, one after another.
    frames: String,
    /// For each frame, where its lines are; 0 to 0 for those not seen yet.
    frame_at: Vec<(usize, usize)>,
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed")
            .field("frames", &self.frame_at.len())
            .finish_non_exhaustive()
    }
}

impl Default for Parsed {
    /// A writer whose local time is UTC.
    fn default() -> Self {
        Self::new(Box::new(|_| 0))
    }
}

impl Parsed {
    /// A writer whose local time is as far ahead of UTC as it is told.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            frames: String::new(),
            frame_at: Vec::new(),
        }
    }

    /// Appends the lines of an event, with the end of the last.
    fn push_event(&mut self, out: &mut Vec<u8>, event: &Event, tables: &Tables) {
        out.extend_from_slice(b"M=");
        push_signed(out, event.thread.0);
        out.extend_from_slice(b" P=");
        push_signed(out, event.proc.0);
        out.extend_from_slice(b" G=");
        push_signed(out, event.goroutine.0);
        out.push(b' ');
        out.extend_from_slice(event.kind.name().as_bytes());
        out.extend_from_slice(b" Time=");
        push_signed(out, event.time.0);
        match event.kind {
            EventKind::Sync(count) => self.push_sync(out, count, tables),
            EventKind::Metric(metric, value) => {
                out.extend_from_slice(b" Name=");
                push_quoted(out, metric.name().as_bytes());
                out.extend_from_slice(b" Value=");
                push_value(out, value);
            }
            EventKind::Label(label) => {
                out.extend_from_slice(b" Label=");
                push_name(out, tables, label);
                out.extend_from_slice(b" Resource=");
                push_goroutine(out, event.goroutine);
            }
            EventKind::StackSample => {}
            EventKind::RangeBegin(range) | EventKind::RangeActive(range) => {
                push_range(out, tables, range);
            }
            EventKind::RangeEnd(range, swept) => {
                push_range(out, tables, range);
                push_attributes(out, swept);
            }
            EventKind::TaskBegin(task) | EventKind::TaskEnd(task) => push_task(out, tables, task),
            EventKind::RegionBegin(region) | EventKind::RegionEnd(region) => {
                out.extend_from_slice(b" Task=");
                push_number(out, region.task.0);
                out.extend_from_slice(b" Type=");
                push_name(out, tables, region.kind);
            }
            EventKind::Log(log) => {
                out.extend_from_slice(b" Task=");
                push_number(out, log.task.0);
                out.extend_from_slice(b" Category=");
                push_name(out, tables, log.category);
                out.extend_from_slice(b" Message=");
                push_quoted(out, tables.text_bytes(log.message));
            }
            EventKind::Goroutine(transition) => {
                self.push_transition(out, event, &transition, tables);
            }
            EventKind::Proc(transition) => {
                out.extend_from_slice(b" ProcID=");
                push_signed(out, transition.proc.0);
                out.push(b' ');
                out.extend_from_slice(transition.from.name().as_bytes());
                out.extend_from_slice(b"->");
                out.extend_from_slice(transition.to.name().as_bytes());
                out.extend_from_slice(b" Reason=\"\"");
            }
            EventKind::Experimental(values) => push_experimental(out, event.wire, values),
        }
        // A sample has a stack even where it is empty.
        if event.stack.is_some() || event.kind == EventKind::StackSample {
            out.extend_from_slice(b"\nStack=\n");
            self.push_stack(out, event.stack, tables);
        }
        out.push(b'\n');
    }

    fn push_transition(
        &mut self,
        out: &mut Vec<u8>,
        event: &Event,
        transition: &GoroutineTransition,
        tables: &Tables,
    ) {
        out.extend_from_slice(b" GoID=");
        push_signed(out, transition.goroutine.0);
        out.push(b' ');
        out.extend_from_slice(transition.from.name().as_bytes());
        out.extend_from_slice(b"->");
        out.extend_from_slice(transition.to.name().as_bytes());
        out.extend_from_slice(b" Reason=");
        push_name(out, tables, transition.reason);
        // The stack of a new goroutine is written even where it is empty.
        let is_new = transition.from == GoroutineState::NotExist
            && matches!(event.wire, Wire::GoCreate | Wire::GoCreateBlocked);
        if is_new || transition.stack.is_some() {
            out.extend_from_slice(b"\nTransitionStack=\n");
            self.push_stack(out, transition.stack, tables);
        }
    }

    fn push_stack(&mut self, out: &mut Vec<u8>, stack: StackId, tables: &Tables) {
        for &frame in tables.stacks.get(stack) {
            let index = frame.index();
            if self.frame_at.len() <= index {
                self.frame_at.resize(index + 1, (0, 0));
            }
            let Some(at) = self.frame_at.get_mut(index) else {
                continue;
            };
            if at.1 == 0 {
                let Some(frame) = tables.stacks.frame(frame) else {
                    continue;
                };
                let start = self.frames.len();
                let (function, file) = (
                    tables.names.get(frame.function),
                    tables.names.get(frame.file),
                );
                let lines = format!(
                    "\t{function} @ 0x{:x}\n\t\t{file}:{}\n",
                    frame.address, frame.line
                );
                self.frames.push_str(&lines);
                *at = (start, self.frames.len());
            }
            let (start, end) = *at;
            out.extend_from_slice(self.frames.as_bytes().get(start..end).unwrap_or_default());
        }
    }

    fn push_sync(&self, out: &mut Vec<u8>, count: u32, tables: &Tables) {
        out.extend_from_slice(b" N=");
        push_number(out, u64::from(count));
        let Some(clocks) = tables.clocks() else {
            return;
        };
        out.extend_from_slice(b" Trace=");
        push_signed(out, clocks.trace.0);
        out.extend_from_slice(b" Mono=");
        push_number(out, clocks.monotonic);
        out.extend_from_slice(b" Wall=");
        let wall = clocks.wall(clocks.trace);
        let seconds = i64::try_from(wall.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
        let nanoseconds = u64::try_from(wall.rem_euclid(1_000_000_000)).unwrap_or_default();
        push_moment(out, seconds, nanoseconds, (self.zone)(seconds));
    }
}

impl EventLines for Parsed {
    #[inline]
    fn push(&mut self, out: &mut Vec<u8>, event: &Event, tables: &Tables) {
        self.push_event(out, event, tables);
    }
}

fn push_name(out: &mut Vec<u8>, tables: &Tables, name: Name) {
    push_quoted(out, tables.names.get(name).as_bytes());
}

fn push_value(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(b"Value{Uint64(");
    push_number(out, value);
    out.extend_from_slice(b")}");
}

fn push_goroutine(out: &mut Vec<u8>, goroutine: GoroutineId) {
    out.extend_from_slice(b"Goroutine(");
    push_signed(out, goroutine.0);
    out.push(b')');
}

fn push_proc(out: &mut Vec<u8>, proc: ProcId) {
    out.extend_from_slice(b"Proc(");
    push_signed(out, proc.0);
    out.push(b')');
}

fn push_range(out: &mut Vec<u8>, tables: &Tables, range: Range) {
    out.extend_from_slice(b" Name=");
    match range {
        Range::StopTheWorld(goroutine, reason) => {
            // The quotes enclose more than the reason.
            out.extend_from_slice(b"\"stop-the-world (");
            let start = out.len();
            push_name(out, tables, reason);
            out.remove(start);
            out.pop();
            out.extend_from_slice(b")\" Scope=");
            push_goroutine(out, goroutine);
        }
        Range::Mark => out.extend_from_slice(b"\"GC concurrent mark phase\" Scope=None"),
        Range::Sweep(proc) => {
            out.extend_from_slice(b"\"GC incremental sweep\" Scope=");
            push_proc(out, proc);
        }
        Range::MarkAssist(goroutine) => {
            out.extend_from_slice(b"\"GC mark assist\" Scope=");
            push_goroutine(out, goroutine);
        }
    }
}

fn push_attributes(out: &mut Vec<u8>, swept: Option<Swept>) {
    out.extend_from_slice(b" Attributes=[");
    if let Some(swept) = swept {
        out.extend_from_slice(b"\"bytes swept\"=");
        push_value(out, swept.swept);
        out.extend_from_slice(b" \"bytes reclaimed\"=");
        push_value(out, swept.reclaimed);
    }
    out.push(b']');
}

fn push_task(out: &mut Vec<u8>, tables: &Tables, task: Task) {
    out.extend_from_slice(b" ID=");
    push_number(out, task.id.0);
    out.extend_from_slice(b" Parent=");
    push_number(out, task.parent.0);
    out.extend_from_slice(b" Type=");
    push_name(out, tables, task.kind);
}

fn push_experimental(out: &mut Vec<u8>, wire: Wire, values: [u64; 3]) {
    let spec = wire.spec();
    out.extend_from_slice(b" Name=");
    out.extend_from_slice(spec.name.as_bytes());
    out.extend_from_slice(b" Args=[");
    for (index, (argument, &value)) in spec.arguments.iter().zip(&values).enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(argument.as_bytes());
        out.push(b'=');
        push_value(out, value);
    }
    out.push(b']');
}

/// Appends a moment in the form that Go calls `RFC3339Nano`.
fn push_moment(out: &mut Vec<u8>, seconds: i64, nanoseconds: u64, offset: i32) {
    let local = seconds.saturating_add(i64::from(offset));
    let (year, month, day) = date(local.div_euclid(86_400));
    let second = local.rem_euclid(86_400).unsigned_abs();
    push_padded(out, year, 4);
    out.push(b'-');
    push_padded(out, month, 2);
    out.push(b'-');
    push_padded(out, day, 2);
    out.push(b'T');
    push_padded(out, second / 3600, 2);
    out.push(b':');
    push_padded(out, second / 60 % 60, 2);
    out.push(b':');
    push_padded(out, second % 60, 2);
    if nanoseconds > 0 {
        out.push(b'.');
        push_padded(out, nanoseconds, 9);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
    if offset == 0 {
        out.push(b'Z');
        return;
    }
    out.push(if offset < 0 { b'-' } else { b'+' });
    let minutes = u64::from(offset.unsigned_abs()) / 60;
    push_padded(out, minutes / 60, 2);
    out.push(b':');
    push_padded(out, minutes % 60, 2);
}

fn push_padded(out: &mut Vec<u8>, number: u64, width: u32) {
    for place in (1..width).rev() {
        if number < 10_u64.pow(place) {
            out.push(b'0');
        }
    }
    push_number(out, number);
}

/// The year, month and day of a day since 1970 in the Gregorian calendar: years are counted from
/// March, so that the leap day is their last.
fn date(day: i64) -> (u64, u64, u64) {
    let day = day.saturating_add(719_468).max(0).unsigned_abs();
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        GoroutineState, Log, Metric, ProcState, ProcTransition, Region, TaskId, Text, ThreadId,
        Time,
    };
    use crate::stacks::Frame;
    use crate::tables::ClockSnapshot;

    fn event(wire: Wire, kind: EventKind) -> Event {
        Event {
            time: Time(99),
            thread: ThreadId(7),
            proc: ProcId(1),
            goroutine: GoroutineId(5),
            stack: StackId::NONE,
            wire,
            kind,
        }
    }

    fn line(event: &Event, tables: &Tables) -> String {
        let mut out = Vec::new();
        Parsed::new(Box::new(|_| -12_600)).push(&mut out, event, tables);
        String::from_utf8(out).expect("text")
    }

    fn stack(tables: &mut Tables) -> StackId {
        let frames = [("main.work", 0x4a1, 12), ("main.main", 0x4ff, 40)].map(
            |(function, address, line)| Frame {
                address,
                function: tables.names.intern(function),
                file: tables.names.intern("/src/main.go"),
                line,
            },
        );
        let frames = frames.map(|frame| tables.stacks.intern_frame(frame));
        tables.stacks.intern(&frames)
    }

    const WORK: &str =
        "\tmain.work @ 0x4a1\n\t\t/src/main.go:12\n\tmain.main @ 0x4ff\n\t\t/src/main.go:40\n";

    #[test]
    fn transitions_show_their_stacks() {
        let mut tables = Tables::default();
        let work = stack(&mut tables);
        let transition = GoroutineTransition {
            goroutine: GoroutineId(5),
            from: GoroutineState::Running,
            to: GoroutineState::Waiting,
            reason: Name::CHAN_SEND,
            stack: work,
        };
        let mut block = event(Wire::GoBlock, EventKind::Goroutine(transition));
        block.stack = work;
        assert_eq!(
            line(&block, &tables),
            format!(
                "M=7 P=1 G=5 StateTransition Time=99 GoID=5 Running->Waiting Reason=\"chan send\"\n\
                 TransitionStack=\n{WORK}\nStack=\n{WORK}\n"
            )
        );
        // The second time the frames come from what was kept.
        let mut out = Vec::new();
        let mut parsed = Parsed::default();
        parsed.push(&mut out, &block, &tables);
        parsed.push(&mut out, &block, &tables);
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, line(&block, &tables).repeat(2));

        let created = GoroutineTransition {
            goroutine: GoroutineId(9),
            from: GoroutineState::NotExist,
            to: GoroutineState::Runnable,
            reason: Name::EMPTY,
            stack: StackId::NONE,
        };
        let created = event(Wire::GoCreate, EventKind::Goroutine(created));
        assert_eq!(
            line(&created, &tables),
            "M=7 P=1 G=5 StateTransition Time=99 GoID=9 NotExist->Runnable Reason=\"\"\n\
             TransitionStack=\n\n"
        );
        let proc = ProcTransition {
            proc: ProcId(3),
            from: ProcState::Undetermined,
            to: ProcState::Idle,
        };
        assert_eq!(
            line(&event(Wire::ProcStatus, EventKind::Proc(proc)), &tables),
            "M=7 P=1 G=5 StateTransition Time=99 ProcID=3 Undetermined->Idle Reason=\"\"\n"
        );
        assert_eq!(
            line(&event(Wire::CPUSample, EventKind::StackSample), &tables),
            "M=7 P=1 G=5 StackSample Time=99\nStack=\n\n"
        );
    }

    #[test]
    fn every_kind_has_its_fields() {
        let mut tables = Tables::default();
        assert!(tables.generation.add_string(1, b"a \"b\" \xff"));
        let name = tables.names.intern("x\"y");
        let region = Region {
            task: TaskId(2),
            kind: name,
        };
        let log = Log {
            task: TaskId(2),
            category: name,
            message: Text(1),
        };
        let task = Task {
            id: TaskId(2),
            parent: TaskId::NONE,
            kind: name,
        };
        let swept = Swept {
            swept: 1,
            reclaimed: 2,
        };
        let cases = [
            (
                Wire::HeapAlloc,
                EventKind::Metric(Metric::HeapLive, 4096),
                "Metric Time=99 Name=\"/memory/classes/heap/objects:bytes\" Value=Value{Uint64(4096)}",
            ),
            (
                Wire::GoLabel,
                EventKind::Label(name),
                "Label Time=99 Label=\"x\\\"y\" Resource=Goroutine(5)",
            ),
            (
                Wire::STWBegin,
                EventKind::RangeBegin(Range::StopTheWorld(GoroutineId(5), name)),
                "RangeBegin Time=99 Name=\"stop-the-world (x\\\"y)\" Scope=Goroutine(5)",
            ),
            (
                Wire::GCActive,
                EventKind::RangeActive(Range::Mark),
                "RangeActive Time=99 Name=\"GC concurrent mark phase\" Scope=None",
            ),
            (
                Wire::GCMarkAssistEnd,
                EventKind::RangeEnd(Range::MarkAssist(GoroutineId(5)), None),
                "RangeEnd Time=99 Name=\"GC mark assist\" Scope=Goroutine(5) Attributes=[]",
            ),
            (
                Wire::GCSweepEnd,
                EventKind::RangeEnd(Range::Sweep(ProcId(1)), Some(swept)),
                "RangeEnd Time=99 Name=\"GC incremental sweep\" Scope=Proc(1) \
                 Attributes=[\"bytes swept\"=Value{Uint64(1)} \"bytes reclaimed\"=Value{Uint64(2)}]",
            ),
            (
                Wire::UserTaskBegin,
                EventKind::TaskBegin(task),
                "TaskBegin Time=99 ID=2 Parent=18446744073709551615 Type=\"x\\\"y\"",
            ),
            (
                Wire::UserRegionEnd,
                EventKind::RegionEnd(region),
                "RegionEnd Time=99 Task=2 Type=\"x\\\"y\"",
            ),
            (
                Wire::UserLog,
                EventKind::Log(log),
                r#"Log Time=99 Task=2 Category="x\"y" Message="a \"b\" \xff""#,
            ),
            (
                Wire::SpanAlloc,
                EventKind::Experimental([1, 2, 3]),
                "Experimental Time=99 Name=SpanAlloc Args=[id=Value{Uint64(1)}, \
                 npages_value=Value{Uint64(2)}, kindclass=Value{Uint64(3)}]",
            ),
        ];
        for (wire, kind, expected) in cases {
            assert_eq!(
                line(&event(wire, kind), &tables),
                format!("M=7 P=1 G=5 {expected}\n")
            );
        }
    }

    #[test]
    fn synchronisations_tell_the_local_time() {
        let mut tables = Tables::default();
        let sync = event(Wire::Sync, EventKind::Sync(1));
        assert_eq!(line(&sync, &tables), "M=7 P=1 G=5 Sync Time=99 N=1\n");
        tables.generation.clocks = Some(ClockSnapshot {
            trace: Time(50),
            monotonic: 51,
            seconds: 1_709_164_800, // 2024-02-29 00:00:00 UTC
            nanoseconds: 12_300,
        });
        assert_eq!(
            line(&sync, &tables),
            "M=7 P=1 G=5 Sync Time=99 N=1 Trace=50 Mono=51 Wall=2024-02-28T20:30:00.0000123-03:30\n"
        );
        let mut out = Vec::new();
        Parsed::default().push(&mut out, &sync, &tables);
        assert!(out.ends_with(b"Wall=2024-02-29T00:00:00.0000123Z\n"));
        let moment = |seconds, nanoseconds, offset| {
            let mut out = Vec::new();
            push_moment(&mut out, seconds, nanoseconds, offset);
            String::from_utf8(out).expect("text")
        };
        assert_eq!(moment(0, 0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(-1, 5, 3600), "1970-01-01T00:59:59.000000005+01:00");
        assert_eq!(moment(951_782_399, 0, 0), "2000-02-28T23:59:59Z");
        assert_eq!(moment(4_102_444_799, 0, 0), "2099-12-31T23:59:59Z");
    }
}
