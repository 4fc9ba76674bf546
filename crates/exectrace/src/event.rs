//! Events in their order, as visitors see them.
//!
//! They say what the events of `src/internal/trace/event.go` (Go 1.27.3) say. An event is a value
//! of the moment: what it names, it names by handles into [`Tables`](crate::Tables).

use crate::names::Name;
use crate::stacks::StackId;
use crate::wire::Wire;

/// A moment of the trace's clock in nanoseconds. It does not begin at zero; on Linux it is that
/// of `CLOCK_MONOTONIC`. Events of a trace strictly increase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// The nanoseconds since another moment.
    #[inline]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $id(pub i64);

            impl $id {
                /// None of them.
                pub const NONE: Self = Self(-1);

                /// Whether it is one at all.
                #[inline]
                pub fn is_some(self) -> bool {
                    self != Self::NONE
                }
            }
        )*
    };
}

ids! {
    /// A goroutine by the number that the runtime gave it; numbers are not used twice.
    GoroutineId;
    /// A P, from 0 to GOMAXPROCS.
    ProcId;
    /// A thread (M) by the number that the system gave it.
    ThreadId;
}

/// A user's task by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl TaskId {
    /// No task: the parent of a task without one.
    pub const NONE: Self = Self(u64::MAX);
    /// The task of what has none: regions outside of tasks belong to it.
    pub const BACKGROUND: Self = Self(0);
}

/// A text that holds for the current generation only, such as the message of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text(pub(crate) u64);

/// What a goroutine does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum GoroutineState {
    /// It was there before the trace; nothing is known of it yet.
    Undetermined,
    /// It is not there: before its creation and after its end.
    NotExist,
    /// It could run and waits for a P.
    Runnable,
    /// It runs.
    Running,
    /// It waits for something.
    Waiting,
    /// It is in a system call or in C.
    Syscall,
}

impl GoroutineState {
    /// All states, by their number.
    pub const ALL: [Self; 6] = [
        Self::Undetermined,
        Self::NotExist,
        Self::Runnable,
        Self::Running,
        Self::Waiting,
        Self::Syscall,
    ];

    /// Whether it has a thread.
    #[inline]
    pub fn is_executing(self) -> bool {
        matches!(self, Self::Running | Self::Syscall)
    }

    /// Its name in the Go tree.
    pub fn name(self) -> &'static str {
        match self {
            Self::Undetermined => "Undetermined",
            Self::NotExist => "NotExist",
            Self::Runnable => "Runnable",
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Syscall => "Syscall",
        }
    }
}

/// What a P does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ProcState {
    /// It was there before the trace; nothing is known of it yet.
    Undetermined,
    /// It is not there.
    NotExist,
    /// A thread has it.
    Running,
    /// No thread has it.
    Idle,
}

impl ProcState {
    /// Its name in the Go tree.
    pub fn name(self) -> &'static str {
        match self {
            Self::Undetermined => "Undetermined",
            Self::NotExist => "NotExist",
            Self::Running => "Running",
            Self::Idle => "Idle",
        }
    }
}

/// A goroutine goes from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoroutineTransition {
    /// The goroutine, which need not be the one that did it.
    pub goroutine: GoroutineId,
    /// Its state before.
    pub from: GoroutineState,
    /// Its state after.
    pub to: GoroutineState,
    /// Why it stopped or blocked; [`Name::EMPTY`] where it is not said.
    pub reason: Name,
    /// The stack of that goroutine: where it blocked, or where a new one will begin.
    pub stack: StackId,
}

/// A P goes from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcTransition {
    /// The P, which need not be the one on which it happened.
    pub proc: ProcId,
    /// Its state before.
    pub from: ProcState,
    /// Its state after.
    pub to: ProcState,
}

/// A number that the runtime reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// GOMAXPROCS, in Ps.
    Procs,
    /// The heap that is live or was allocated since, in bytes.
    HeapLive,
    /// The size at which the next collection is to end, in bytes.
    HeapGoal,
}

impl Metric {
    /// Its name in `runtime/metrics`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Procs => "/sched/gomaxprocs:threads",
            Self::HeapLive => "/memory/classes/heap/objects:bytes",
            Self::HeapGoal => "/gc/heap/goal:bytes",
        }
    }
}

/// Something that the runtime does for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// The world is stopped, or about to be, by this goroutine, for this reason.
    StopTheWorld(GoroutineId, Name),
    /// The concurrent mark phase.
    Mark,
    /// A P sweeps.
    Sweep(ProcId),
    /// A goroutine helps to mark because it allocates.
    MarkAssist(GoroutineId),
}

/// What a sweep achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Swept {
    /// The bytes that were looked at.
    pub swept: u64,
    /// The bytes that became free.
    pub reclaimed: u64,
}

/// A user's task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Task {
    /// Its number.
    pub id: TaskId,
    /// The task within which it was begun, or [`TaskId::NONE`].
    pub parent: TaskId,
    /// The name that its author gave it.
    pub kind: Name,
}

/// A user's region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// The task that it belongs to.
    pub task: TaskId,
    /// The name that its author gave it.
    pub kind: Name,
}

/// A user's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Log {
    /// The task that it belongs to.
    pub task: TaskId,
    /// Its category.
    pub category: Name,
    /// Its message, which [`Tables::text`](crate::Tables::text) reads.
    pub message: Text,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A generation begins, or the trace ends: the n-th of them. What is known of the clocks
    /// is in [`Tables::clocks`](crate::Tables::clocks).
    Sync(u32),
    /// A number of the runtime changes.
    Metric(Metric, u64),
    /// The running goroutine gets a label.
    Label(Name),
    /// A sample of the CPU profiler. It is ordered by time alone: states may lag behind.
    StackSample,
    /// A range begins.
    RangeBegin(Range),
    /// A range was already there when the generation began.
    RangeActive(Range),
    /// A range ends; sweeps say what they achieved.
    RangeEnd(Range, Option<Swept>),
    /// A task begins.
    TaskBegin(Task),
    /// A task ends.
    TaskEnd(Task),
    /// A region begins on the goroutine.
    RegionBegin(Region),
    /// A region ends on the goroutine.
    RegionEnd(Region),
    /// A user's log.
    Log(Log),
    /// A goroutine goes from one state to another.
    Goroutine(GoroutineTransition),
    /// A P goes from one state to another.
    Proc(ProcTransition),
    /// An event of an experiment, whose arguments [`Wire::spec`] names.
    Experimental([u64; 3]),
}

impl EventKind {
    /// Its name in the Go tree.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sync(_) => "Sync",
            Self::Metric(..) => "Metric",
            Self::Label(_) => "Label",
            Self::StackSample => "StackSample",
            Self::RangeBegin(_) => "RangeBegin",
            Self::RangeActive(_) => "RangeActive",
            Self::RangeEnd(..) => "RangeEnd",
            Self::TaskBegin(_) => "TaskBegin",
            Self::TaskEnd(_) => "TaskEnd",
            Self::RegionBegin(_) => "RegionBegin",
            Self::RegionEnd(_) => "RegionEnd",
            Self::Log(_) => "Log",
            Self::Goroutine(_) | Self::Proc(_) => "StateTransition",
            Self::Experimental(_) => "Experimental",
        }
    }
}

/// One event of a trace.
///
/// `thread`, `proc` and `goroutine` are where it happened, as it was just before: when a goroutine
/// begins to run, `goroutine` is none and the transition names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub time: Time,
    /// On which thread.
    pub thread: ThreadId,
    /// On which P.
    pub proc: ProcId,
    /// On which goroutine.
    pub goroutine: GoroutineId,
    /// The stack of what happened on, [`StackId::NONE`] where there is none.
    pub stack: StackId,
    /// The event of the wire that it comes from; [`Wire::Sync`] for what the reader adds.
    pub wire: Wire,
    /// What happened.
    pub kind: EventKind,
}
