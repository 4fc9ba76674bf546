//! Hand-made streams of events for the tests of analyses.

use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState as G, GoroutineTransition, Log, ProcId,
    ProcState, ProcTransition, Range, Region, Task, TaskId, Text, ThreadId, Time,
};
use crate::names::Name;
use crate::stacks::{Frame, StackId};
use crate::states::{Analysis, States};
use crate::tables::Tables;
use crate::visitor::Visitor;
use crate::wire::Wire;

/// A stream that grows event by event. Goroutine `g` runs on P and thread `g` unless said.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) tables: Tables,
    events: Vec<Event>,
    texts: u64,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn name(&mut self, text: &str) -> Name {
        self.tables.names.intern(text)
    }

    /// A stack of functions, the leaf first.
    pub(crate) fn stack(&mut self, functions: &[&str]) -> StackId {
        let frames: Vec<_> = functions
            .iter()
            .map(|function| {
                let name = self.tables.names.intern(function);
                self.tables.stacks.intern_frame(Frame {
                    address: 0x1000 + name.index() as u64,
                    function: name,
                    file: Name::EMPTY,
                    line: 7,
                })
            })
            .collect();
        self.tables.stacks.intern(&frames)
    }

    pub(crate) fn push(
        &mut self,
        time: i64,
        goroutine: i64,
        stack: StackId,
        wire: Wire,
        kind: EventKind,
    ) -> &mut Self {
        self.events.push(Event {
            time: Time(time),
            thread: ThreadId(goroutine),
            proc: ProcId(goroutine),
            goroutine: GoroutineId(goroutine),
            stack,
            wire,
            kind,
        });
        self
    }

    /// Lets the last event happen on a P.
    pub(crate) fn on(&mut self, proc: i64) -> &mut Self {
        let last = self.events.last_mut().expect("an event");
        last.proc = ProcId(proc);
        last.thread = ThreadId(proc);
        self
    }

    pub(crate) fn sync(&mut self, time: i64) -> &mut Self {
        self.push(time, -1, StackId::NONE, Wire::Sync, EventKind::Sync(1))
    }

    pub(crate) fn go(
        &mut self,
        time: i64,
        (actor, goroutine): (i64, i64),
        (from, to): (G, G),
        reason: Name,
        (stack, own): (StackId, StackId),
    ) -> &mut Self {
        let kind = EventKind::Goroutine(GoroutineTransition {
            goroutine: GoroutineId(goroutine),
            from,
            to,
            reason,
            stack: own,
        });
        self.push(time, actor, stack, Wire::GoStatus, kind)
    }

    pub(crate) fn status(&mut self, time: i64, goroutine: i64, to: G, own: StackId) -> &mut Self {
        let states = (G::Undetermined, to);
        self.go(time, (-1, goroutine), states, Name::EMPTY, (own, own))
            .on(goroutine)
    }

    pub(crate) fn create(
        &mut self,
        time: i64,
        (actor, goroutine): (i64, i64),
        (at, entry): (StackId, StackId),
    ) -> &mut Self {
        let states = (G::NotExist, G::Runnable);
        self.go(time, (actor, goroutine), states, Name::EMPTY, (at, entry))
    }

    pub(crate) fn start(&mut self, time: i64, goroutine: i64) -> &mut Self {
        let none = (StackId::NONE, StackId::NONE);
        let states = (G::Runnable, G::Running);
        self.go(time, (-1, goroutine), states, Name::EMPTY, none)
            .on(goroutine)
    }

    pub(crate) fn block(
        &mut self,
        time: i64,
        goroutine: i64,
        reason: Name,
        stack: StackId,
    ) -> &mut Self {
        let states = (G::Running, G::Waiting);
        self.go(time, (goroutine, goroutine), states, reason, (stack, stack))
    }

    pub(crate) fn unblock(
        &mut self,
        time: i64,
        (actor, goroutine): (i64, i64),
        stack: StackId,
    ) -> &mut Self {
        let states = (G::Waiting, G::Runnable);
        let stacks = (stack, StackId::NONE);
        self.go(time, (actor, goroutine), states, Name::EMPTY, stacks)
    }

    pub(crate) fn call(&mut self, time: i64, goroutine: i64, stack: StackId) -> &mut Self {
        let states = (G::Running, G::Syscall);
        self.go(
            time,
            (goroutine, goroutine),
            states,
            Name::EMPTY,
            (stack, stack),
        )
    }

    /// Returns from a system call, to [`G::Running`] or, where the P was lost, to [`G::Runnable`].
    pub(crate) fn returns(&mut self, time: i64, goroutine: i64, to: G) -> &mut Self {
        let none = (StackId::NONE, StackId::NONE);
        self.go(
            time,
            (goroutine, goroutine),
            (G::Syscall, to),
            Name::EMPTY,
            none,
        )
    }

    pub(crate) fn end(&mut self, time: i64, goroutine: i64) -> &mut Self {
        let none = (StackId::NONE, StackId::NONE);
        let states = (G::Running, G::NotExist);
        self.go(time, (goroutine, goroutine), states, Name::EMPTY, none)
    }

    pub(crate) fn idle(&mut self, time: i64, proc: i64) -> &mut Self {
        let kind = EventKind::Proc(ProcTransition {
            proc: ProcId(proc),
            from: ProcState::Running,
            to: ProcState::Idle,
        });
        self.push(time, -1, StackId::NONE, Wire::ProcStop, kind)
    }

    pub(crate) fn range(
        &mut self,
        (begin, end): (i64, i64),
        actor: i64,
        range: Range,
    ) -> &mut Self {
        let none = StackId::NONE;
        self.push(begin, actor, none, Wire::Sync, EventKind::RangeBegin(range));
        self.push(
            end,
            actor,
            none,
            Wire::Sync,
            EventKind::RangeEnd(range, None),
        )
    }

    pub(crate) fn task(
        &mut self,
        time: i64,
        actor: i64,
        task: (u64, u64),
        kind: &str,
    ) -> &mut Self {
        let kind = EventKind::TaskBegin(Task {
            id: TaskId(task.0),
            parent: TaskId(task.1),
            kind: self.name(kind),
        });
        self.push(time, actor, StackId::NONE, Wire::UserTaskBegin, kind)
    }

    pub(crate) fn task_end(
        &mut self,
        time: i64,
        actor: i64,
        task: (u64, u64),
        kind: &str,
    ) -> &mut Self {
        let kind = EventKind::TaskEnd(Task {
            id: TaskId(task.0),
            parent: TaskId(task.1),
            kind: self.name(kind),
        });
        self.push(time, actor, StackId::NONE, Wire::UserTaskEnd, kind)
    }

    pub(crate) fn region(
        &mut self,
        time: i64,
        actor: i64,
        (task, kind): (u64, &str),
        stack: StackId,
    ) -> &mut Self {
        let kind = EventKind::RegionBegin(Region {
            task: TaskId(task),
            kind: self.name(kind),
        });
        self.push(time, actor, stack, Wire::UserRegionBegin, kind)
    }

    pub(crate) fn region_end(
        &mut self,
        time: i64,
        actor: i64,
        (task, kind): (u64, &str),
    ) -> &mut Self {
        let kind = EventKind::RegionEnd(Region {
            task: TaskId(task),
            kind: self.name(kind),
        });
        self.push(time, actor, StackId::NONE, Wire::UserRegionEnd, kind)
    }

    pub(crate) fn log(
        &mut self,
        time: i64,
        actor: i64,
        task: u64,
        (category, message): (&str, &str),
    ) -> &mut Self {
        self.texts += 1;
        let id = self.texts;
        assert!(self.tables.generation.add_string(id, message.as_bytes()));
        let kind = EventKind::Log(Log {
            task: TaskId(task),
            category: self.name(category),
            message: Text(id),
        });
        self.push(time, actor, StackId::NONE, Wire::UserLog, kind)
    }

    /// Feeds an analysis with the stream.
    pub(crate) fn run<A: Analysis>(&self, analysis: A) -> A {
        let mut states = States::new(analysis);
        for event in &self.events {
            states.event(event, &self.tables);
        }
        states.finish(&self.tables)
    }
}
