//! Go execution traces: reads them in order and in bounded memory.
//!
//! A trace is read one generation (about a second) at a time: the events of a generation's
//! threads are put into the one order in which they can have happened, and each is handed to a
//! [`Visitor`], which keeps what it wants. Events are never stored. Names and stacks have handles
//! that hold for the whole trace, so that nothing pins a generation.
//!
//! The formats of Go 1.22 to 1.27 are read. The order is that of `go tool trace` of Go 1.27.3, to
//! the nanosecond (`src/internal/trace/order.go` and `reader.go` there). Damaged traces are read
//! up to the damage, and what was lost is told.
//!
//! Pure: bytes in, values out. It opens no file and knows no screen.

mod account;
mod analyses;
mod blocking;
mod calls;
mod collections;
mod difference;
mod error;
mod event;
pub mod export;
pub mod findings;
mod frontier;
mod generation;
mod groups;
mod histogram;
mod input;
mod latency;
mod load;
mod longest;
pub mod mmu;
mod names;
mod order;
mod origins;
mod pages;
mod path;
mod pauses;
mod procs;
mod profiles;
mod reader;
mod reasons;
mod regions;
mod samples;
#[cfg(test)]
mod script;
mod series;
mod stacks;
mod states;
#[cfg(test)]
mod stream;
mod summary;
mod tables;
mod task_views;
mod tasks;
pub mod text;
mod times;
mod top;
mod version;
mod visitor;
mod wire;
mod within;

pub use analyses::{
    Analyses, Overview, Selection, TraceView, UtilisationView, WaitProfile, WaitTotal, WindowView,
};
pub use blocking::{Blocking, BlockingView, LongWaitView, WaitsView, WakesView};
pub use calls::{CallView, Calls, CallsView, NetworkView};
pub use collections::{Assist, CollectionWatch, Collections, Cycle, GcWork};
pub use difference::{Change, GroupChange, NumberChange, TaskChange, TraceDifference, difference};
pub use error::{Damage, Error};
pub use event::{
    Event, EventKind, GoroutineId, GoroutineState, GoroutineTransition, Log, Metric, ProcId,
    ProcState, ProcTransition, Range, Region, Swept, Task, TaskId, Text, ThreadId, Time,
};
pub use groups::{GoroutineGroupView, GoroutineRow, GoroutineView, ReasonDistribution};
pub use histogram::{Distribution, Histogram};
pub use latency::{Latency, LatencyBucket, LatencyGroupView, LatencyView, MomentView, RunnerView};
pub use load::{Load, LoadWatch};
pub use longest::Durations;
pub use names::{Name, Names};
pub use origins::{Origin, OriginId, Origins};
pub use pages::TimeHistogram;
pub use path::{PathView, StepKind, StepView};
pub use pauses::{Pause, PauseReason, PauseWatch, Pauses};
pub use profiles::{
    ContentionView, Contentions, ContentionsView, ProfileFilter, Profiles, Rules, WaitKind,
};
pub use reader::{Limits, Outcome, Progress, Reader, Tail};
pub use regions::{RegionGroupView, RegionRow, RegionView};
pub use samples::{CpuSample, SampleFilter, Samples, USUAL_PERIOD_NS};
pub use series::{Bucket, MOST_BUCKETS, Points, Series};
pub use stacks::{Frame, FrameId, StackId, Stacks};
pub use states::{Analysis, BySlot, Cause, Goroutine, Interval, Live, Slot, States};
pub use summary::{Summary, SummaryOptions};
pub use tables::{ClockSnapshot, Tables};
pub use task_views::{ChildView, LogView, TaskGroupView, TaskView, TasksView};
pub use tasks::{TaskEvent, TaskMoment, TaskRow};
pub use times::{RangeName, RangeTimes, Reason, ReasonTime, Times, TimesView};
pub use top::Top;
pub use version::{HEAD_LENGTH, Version};
pub use visitor::Visitor;
pub use wire::{Spec, Wire};
pub use within::RegionFilter;
