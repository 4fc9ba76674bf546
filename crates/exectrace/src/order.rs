//! The order of events: a model of the scheduler that says which event can come next
//! (`src/internal/trace/order.go`, Go 1.27.3).
//!
//! Clocks of processors differ, so an event may stand before its cause. Events that depend on
//! another thread carry a sequence number of the goroutine, the P or the collection that they
//! change, and wait until the model has reached it. All others are possible now, or the trace is
//! broken.

mod annotations;
mod collections;
mod goroutines;
mod procs;
mod ranges;
mod resources;
mod syscalls;

use hashbrown::HashMap;

use crate::error::{Fault, fault};
use crate::event::{Event, EventKind, GoroutineId, ProcId, TaskId, ThreadId, Time};
use crate::frontier::Raw;
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;
use ranges::Ranges;
use resources::{Goroutines, Procs, Slot};

/// Where an event happens.
#[derive(Debug, Clone, Copy)]
struct Place {
    thread: ThreadId,
    proc: ProcId,
    goroutine: GoroutineId,
    /// Where the goroutine is found.
    slot: Slot,
}

/// What an event's place must have.
#[derive(Debug, Clone, Copy)]
struct Needs {
    proc: Need,
    goroutine: Need,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Yes,
    No,
    Any,
}

/// The place of what runs as a user's code does.
const RUNNING: Needs = Needs {
    proc: Need::Yes,
    goroutine: Need::Yes,
};
/// The place of what a P does, with or without a goroutine.
const ON_PROC: Needs = Needs {
    proc: Need::Yes,
    goroutine: Need::Any,
};

impl Place {
    fn check(self, needs: Needs) -> Result<(), Fault> {
        let fits = |need: Need, has: bool| match need {
            Need::Yes => has,
            Need::No => !has,
            Need::Any => true,
        };
        if self.thread.is_some()
            && fits(needs.proc, self.proc.is_some())
            && fits(needs.goroutine, self.goroutine.is_some())
        {
            return Ok(());
        }
        let Self {
            thread: ThreadId(thread),
            proc: ProcId(proc),
            goroutine: GoroutineId(goroutine),
            ..
        } = self;
        Err(fault!(
            "an event cannot be on thread {thread}, P {proc} and goroutine {goroutine}"
        ))
    }
}

/// A sequence number within a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sequence {
    generation: u64,
    number: u64,
}

impl Sequence {
    #[inline]
    fn follows(self, before: Self) -> bool {
        self.generation == before.generation && self.number == before.number.wrapping_add(1)
    }
}

/// A goroutine's status on the wire (`tracev2.GoStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GoroutineStatus {
    Runnable,
    Running,
    Syscall,
    Waiting,
}

/// A P's status on the wire (`tracev2.ProcStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProcStatus {
    Running,
    Idle,
    Syscall,
    /// In a system call, and nobody knows of which thread: the P is first named when it is taken.
    Abandoned,
}

#[derive(Debug)]
struct Goroutine {
    id: GoroutineId,
    status: GoroutineStatus,
    sequence: Sequence,
    /// The regions that it is in, the innermost last.
    regions: Vec<(TaskId, Name)>,
    ranges: Ranges,
}

#[derive(Debug)]
struct Proc {
    status: ProcStatus,
    sequence: Sequence,
    ranges: Ranges,
}

#[derive(Debug)]
struct Thread {
    id: ThreadId,
    proc: ProcId,
    goroutine: GoroutineId,
    slot: Slot,
    /// Whether an event of it, or one that names it, was seen.
    is_known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    Undetermined,
    NotRunning,
    Running,
}

/// Whether an event is possible now. What it does to its thread is in the place that was given.
type Advance = Result<bool, Fault>;

/// The model.
#[derive(Debug)]
pub(crate) struct Order {
    first_generation: Option<u64>,
    generation: u64,
    goroutines: Goroutines,
    procs: Procs,
    threads: Vec<Thread>,
    thread_at: HashMap<ThreadId, u32>,
    tasks: HashMap<TaskId, (Name, TaskId)>,
    collection: Collection,
    collection_sequence: u64,
    /// Events that are in their order and were not handed out yet.
    pub(crate) ready: Vec<Event>,
    /// Whether a string or stack that is not there is put up with.
    pub(crate) is_lenient: bool,
    /// The first that was not there.
    pub(crate) missing: Option<Fault>,
}

impl Order {
    pub(crate) fn new() -> Self {
        Self {
            first_generation: None,
            generation: 0,
            goroutines: Goroutines::default(),
            procs: Procs::default(),
            threads: Vec::new(),
            thread_at: HashMap::new(),
            tasks: HashMap::new(),
            collection: Collection::Undetermined,
            collection_sequence: 0,
            ready: Vec::new(),
            is_lenient: false,
            missing: None,
        }
    }

    /// Begins a generation.
    pub(crate) fn begin(&mut self, generation: u64) {
        self.first_generation.get_or_insert(generation);
        self.generation = generation;
    }

    /// The place of a thread in the model; nothing for the batches that belong to no thread.
    pub(crate) fn thread(&mut self, id: ThreadId) -> Option<u32> {
        if !id.is_some() {
            return None;
        }
        let threads = &mut self.threads;
        Some(*self.thread_at.entry(id).or_insert_with(|| {
            threads.push(Thread {
                id,
                proc: ProcId::NONE,
                goroutine: GoroutineId::NONE,
                slot: Slot::NONE,
                is_known: false,
            });
            u32::try_from(threads.len() - 1).unwrap_or(u32::MAX)
        }))
    }

    /// Takes the event if it is possible now: it is then among `ready`, with what it entails.
    ///
    /// # Errors
    ///
    /// When the trace is broken: the event is possible neither now nor later.
    #[inline]
    pub(crate) fn advance(
        &mut self,
        raw: &Raw,
        thread: Option<u32>,
        tables: &mut Tables,
    ) -> Result<bool, Fault> {
        let mut place = Place {
            thread: ThreadId::NONE,
            proc: ProcId::NONE,
            goroutine: GoroutineId::NONE,
            slot: Slot::NONE,
        };
        let at = thread.map(|thread| thread as usize);
        if let Some(thread) = at.and_then(|at| self.threads.get_mut(at)) {
            thread.is_known = true;
            place = Place {
                thread: thread.id,
                proc: thread.proc,
                goroutine: thread.goroutine,
                slot: thread.slot,
            };
        }
        if !self.dispatch(raw, &mut place, tables)? {
            return Ok(false);
        }
        if let Some(thread) = at.and_then(|at| self.threads.get_mut(at)) {
            thread.proc = place.proc;
            thread.goroutine = place.goroutine;
            thread.slot = place.slot;
        }
        Ok(true)
    }

    #[inline]
    fn dispatch(&mut self, raw: &Raw, place: &mut Place, tables: &mut Tables) -> Advance {
        match raw.wire {
            Wire::GoStart => self.go_start(raw, place),
            Wire::GoUnblock => self.go_unblock(raw, place, tables),
            Wire::GoBlock | Wire::GoStop | Wire::GoDestroy => self.go_stop(raw, place, tables),
            Wire::GoCreate | Wire::GoCreateBlocked => self.go_create(raw, place, tables),
            Wire::GoStatus | Wire::GoStatusStack => self.go_status(raw, place, tables),
            Wire::GoSwitch | Wire::GoSwitchDestroy => self.go_switch(raw, place),
            Wire::GoSyscallBegin => self.syscall_begin(raw, place, tables),
            Wire::GoSyscallEnd => self.syscall_end(raw, place),
            Wire::GoSyscallEndBlocked => self.syscall_end_blocked(raw, place),
            Wire::GoCreateSyscall => self.create_in_syscall(raw, place),
            Wire::GoDestroySyscall => self.destroy_in_syscall(raw, place),
            Wire::ProcStart => self.proc_start(raw, place),
            Wire::ProcStop => self.proc_stop(raw, place),
            Wire::ProcSteal => self.proc_steal(raw, place),
            Wire::ProcStatus => self.proc_status(raw, place),
            Wire::GCActive | Wire::GCBegin | Wire::GCEnd => self.mark(raw, place, tables),
            Wire::GCSweepBegin | Wire::GCSweepActive | Wire::GCSweepEnd => {
                self.sweep(raw, place, tables)
            }
            Wire::STWBegin
            | Wire::STWEnd
            | Wire::GCMarkAssistBegin
            | Wire::GCMarkAssistActive
            | Wire::GCMarkAssistEnd => self.goroutine_range(raw, place, tables),
            Wire::ProcsChange | Wire::HeapAlloc | Wire::HeapGoal => self.metric(raw, place, tables),
            Wire::GoLabel => self.label(raw, place, tables),
            Wire::UserTaskBegin | Wire::UserTaskEnd => self.task(raw, place, tables),
            Wire::UserRegionBegin | Wire::UserRegionEnd => self.region(raw, place, tables),
            Wire::UserLog => self.log(raw, place, tables),
            Wire::Span
            | Wire::SpanAlloc
            | Wire::SpanFree
            | Wire::HeapObject
            | Wire::HeapObjectAlloc
            | Wire::HeapObjectFree
            | Wire::GoroutineStack
            | Wire::GoroutineStackAlloc
            | Wire::GoroutineStackFree => self.experiment(raw, place),
            wire => Err(fault!("{} does not belong among events", wire.spec().name)),
        }
    }

    /// Puts an event among those that are ready.
    #[inline]
    fn push(&mut self, raw: &Raw, place: &Place, stack: StackId, kind: EventKind) {
        self.ready.push(Event {
            time: Time(raw.time),
            thread: place.thread,
            proc: place.proc,
            goroutine: place.goroutine,
            stack,
            wire: raw.wire,
            kind,
        });
    }

    fn sequence(&self, number: u64) -> Sequence {
        Sequence {
            generation: self.generation,
            number,
        }
    }

    fn is_first_generation(&self) -> bool {
        self.first_generation == Some(self.generation)
    }

    /// The stack of a number.
    #[inline]
    pub(crate) fn stack(&mut self, id: u64, wire: Wire, tables: &Tables) -> Result<StackId, Fault> {
        match tables.stack(id) {
            Some(stack) => Ok(stack),
            None => self
                .without(fault!(
                    "{} names stack {id}, which is not there",
                    wire.spec().name
                ))
                .map(|()| StackId::NONE),
        }
    }

    /// The name of a number.
    #[inline]
    fn name(&mut self, id: u64, wire: Wire, tables: &mut Tables) -> Result<Name, Fault> {
        match tables.name(id) {
            Some(name) => Ok(name),
            None => self
                .without(fault!(
                    "{} names string {id}, which is not there",
                    wire.spec().name
                ))
                .map(|()| Name::EMPTY),
        }
    }

    /// Goes on without what is missing, if that is put up with.
    #[cold]
    fn without(&mut self, fault: Fault) -> Result<(), Fault> {
        if !self.is_lenient {
            return Err(fault);
        }
        self.missing.get_or_insert(fault);
        Ok(())
    }

    /// The goroutine that runs at a place.
    #[inline]
    fn running(&mut self, raw: &Raw, place: &Place) -> Result<&mut Goroutine, Fault> {
        place.check(RUNNING)?;
        let goroutine = self.current(raw, place)?;
        if goroutine.status == GoroutineStatus::Running {
            Ok(goroutine)
        } else {
            Err(fault!(
                "{} for goroutine {}, which does not run",
                raw.wire.spec().name,
                place.goroutine.0
            ))
        }
    }

    /// The goroutine of a place.
    #[inline]
    fn current(&mut self, raw: &Raw, place: &Place) -> Result<&mut Goroutine, Fault> {
        self.goroutines
            .at(place.slot, place.goroutine)
            .ok_or_else(|| unknown_goroutine(raw, place.goroutine))
    }

    #[inline]
    fn goroutine(&mut self, raw: &Raw, id: GoroutineId) -> Result<&mut Goroutine, Fault> {
        self.goroutines
            .find(id)
            .ok_or_else(|| unknown_goroutine(raw, id))
    }

    #[inline]
    fn proc(&mut self, raw: &Raw, id: ProcId) -> Result<&mut Proc, Fault> {
        self.procs.find(id).ok_or_else(|| {
            fault!(
                "{} for P {}, which does not exist",
                raw.wire.spec().name,
                id.0
            )
        })
    }
}

#[cold]
fn unknown_goroutine(raw: &Raw, id: GoroutineId) -> Fault {
    fault!(
        "{} for goroutine {}, which does not exist",
        raw.wire.spec().name,
        id.0
    )
}

/// The number of a goroutine in an argument.
#[inline]
fn goroutine_id(argument: u64) -> GoroutineId {
    GoroutineId(argument.cast_signed())
}

/// The number of a P in an argument.
#[inline]
fn proc_id(argument: u64) -> ProcId {
    ProcId(argument.cast_signed())
}
