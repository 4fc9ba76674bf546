//! Hand-made streams of events for tests.

use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState, GoroutineTransition, Metric, ProcId, ProcState,
    ProcTransition, Range, Swept, ThreadId, Time,
};
use crate::names::Name;
use crate::stacks::{Frame, StackId};
use crate::tables::Tables;
use crate::visitor::Visitor;
use crate::wire::Wire;

/// Events and what their handles stand for.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) tables: Tables,
    pub(crate) events: Vec<Event>,
    syncs: u32,
}

impl Stream {
    pub(crate) fn name(&mut self, text: &str) -> Name {
        self.tables.names.intern(text)
    }

    /// A stack of functions, the leaf first.
    pub(crate) fn stack(&mut self, functions: &[&str]) -> StackId {
        let mut frames = Vec::new();
        for function in functions {
            let name = self.name(function);
            frames.push(self.tables.stacks.intern_frame(Frame {
                address: 0x1000 + name.index() as u64,
                function: name,
                file: Name::EMPTY,
                line: 7,
            }));
        }
        self.tables.stacks.intern(&frames)
    }

    /// An event on a P (and the thread of the same number) and a goroutine; -1 is none.
    pub(crate) fn event(&mut self, time: i64, proc: i64, goroutine: i64, kind: EventKind) {
        self.events.push(Event {
            time: Time(time),
            thread: ThreadId(proc),
            proc: ProcId(proc),
            goroutine: GoroutineId(goroutine),
            stack: StackId::NONE,
            wire: Wire::Sync,
            kind,
        });
    }

    /// Gives the last event a stack.
    pub(crate) fn with_stack(&mut self, stack: StackId) {
        self.events.last_mut().expect("an event").stack = stack;
    }

    pub(crate) fn sync(&mut self, time: i64) {
        self.syncs += 1;
        self.event(time, -1, -1, EventKind::Sync(self.syncs));
    }

    pub(crate) fn proc(&mut self, time: i64, proc: i64, from: ProcState, to: ProcState) {
        let transition = ProcTransition {
            proc: ProcId(proc),
            from,
            to,
        };
        self.event(time, proc, -1, EventKind::Proc(transition));
    }

    pub(crate) fn go(
        &mut self,
        time: i64,
        proc: i64,
        goroutine: i64,
        from: GoroutineState,
        to: GoroutineState,
    ) {
        let transition = GoroutineTransition {
            goroutine: GoroutineId(goroutine),
            from,
            to,
            reason: Name::EMPTY,
            stack: StackId::NONE,
        };
        let on = if from.is_executing() { goroutine } else { -1 };
        self.event(time, proc, on, EventKind::Goroutine(transition));
    }

    pub(crate) fn metric(&mut self, time: i64, metric: Metric, value: u64) {
        self.event(time, 0, -1, EventKind::Metric(metric, value));
    }

    pub(crate) fn label(&mut self, time: i64, proc: i64, goroutine: i64, label: &str) {
        let label = self.name(label);
        self.event(time, proc, goroutine, EventKind::Label(label));
    }

    pub(crate) fn begin(&mut self, time: i64, proc: i64, goroutine: i64, range: Range) {
        self.event(time, proc, goroutine, EventKind::RangeBegin(range));
    }

    pub(crate) fn end(&mut self, time: i64, proc: i64, goroutine: i64, range: Range) {
        self.event(time, proc, goroutine, EventKind::RangeEnd(range, None));
    }

    pub(crate) fn swept(&mut self, time: i64, proc: i64, swept: u64, reclaimed: u64) {
        let range = Range::Sweep(ProcId(proc));
        let swept = Some(Swept { swept, reclaimed });
        self.event(time, proc, -1, EventKind::RangeEnd(range, swept));
    }

    pub(crate) fn run(&self, visitor: &mut impl Visitor) {
        for event in &self.events {
            visitor.event(event, &self.tables);
        }
    }
}
