//! The critical path: what a goroutine's progress hung on, followed back from waker to waker.
//!
//! Every wake-up and every creation is an edge from the one who did it to the one to whom it
//! happened. The last edges are kept in a ring, each with the edges that both had before; so the
//! path to a moment can be walked back without the trace, and ended goroutines cost nothing.

use serde::Serialize;

use crate::event::{GoroutineId, GoroutineState, Time};
use crate::names::Name;
use crate::stacks::StackId;
use crate::states::{BySlot, Goroutine, Interval, Slot};
use crate::tables::Tables;

/// How many edges are kept: about 6 MB.
const EDGES: usize = 1 << 16;
/// A path has no more steps than this.
const MOST_STEPS: usize = 128;

/// Somebody wakes or makes a goroutine.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// When its wait began; for one that is made, when it is made.
    waits_from: Time,
    woken: Time,
    /// When it ran after that, once it does.
    ran: Option<Time>,
    waker: GoroutineId,
    reason: Name,
    wait_stack: StackId,
    wake_stack: StackId,
    /// The edge that the goroutine had before, and that which its waker had then.
    before: u64,
    of_waker: u64,
}

/// The last wake-ups.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    ring: Vec<Edge>,
    /// How many edges there were; the number of an edge is one more than those before it.
    count: u64,
    /// The number of each goroutine's last edge.
    last: BySlot<u64>,
}

/// What a step of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The goroutine ran, or was in system calls, or was preempted meanwhile.
    Active,
    /// It could have run and waited for a P.
    Runnable,
    /// It waited for something outside the program, or for the runtime.
    Waiting,
}

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    pub(crate) goroutine: GoroutineId,
    pub(crate) begin: Time,
    pub(crate) end: Time,
    pub(crate) reason: Name,
    /// Where it waited, or where it woke the one of the next step.
    pub(crate) stack: StackId,
}

/// What the time up to a moment hung on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Path {
    /// The earliest first.
    pub(crate) steps: Vec<Step>,
    /// Whether it begins later than asked for, because too much was woken since.
    pub(crate) cut: bool,
}

impl Wakes {
    fn edge(&self, number: u64) -> Option<&Edge> {
        let at = number.checked_sub(1)?;
        if at + (EDGES as u64) < self.count {
            return None;
        }
        self.ring.get(place_of(at))
    }

    fn push(&mut self, slot: Slot, waker: Slot, mut edge: Edge) {
        edge.before = *self.last.get(slot);
        edge.of_waker = if waker.is_some() {
            *self.last.get(waker)
        } else {
            0
        };
        let place = place_of(self.count);
        match self.ring.get_mut(place) {
            Some(old) => *old = edge,
            None => self.ring.push(edge),
        }
        self.count += 1;
        *self.last.get_mut(slot) = self.count;
    }

    /// Sees the end of a wait.
    #[inline]
    pub(crate) fn leave(&mut self, interval: &Interval) {
        if interval.state != GoroutineState::Waiting || interval.is_open() {
            return;
        }
        let edge = Edge {
            waits_from: interval.begin,
            woken: interval.end,
            ran: None,
            waker: interval.exit.goroutine,
            reason: interval.likely_reason,
            wait_stack: interval.stack,
            wake_stack: interval.exit.stack,
            before: 0,
            of_waker: 0,
        };
        self.push(interval.slot, interval.exit.slot, edge);
    }

    /// Sees a goroutine in a new state.
    #[inline]
    pub(crate) fn enter(&mut self, slot: Slot, goroutine: &Goroutine) {
        if goroutine.is_new() {
            *self.last.get_mut(slot) = 0;
            if goroutine.created_in_trace {
                let edge = Edge {
                    waits_from: goroutine.created,
                    woken: goroutine.created,
                    ran: None,
                    waker: goroutine.creator.goroutine,
                    reason: Name::EMPTY,
                    wait_stack: StackId::NONE,
                    wake_stack: goroutine.creator.stack,
                    before: 0,
                    of_waker: 0,
                };
                self.push(slot, goroutine.creator.slot, edge);
            }
        }
        if goroutine.now.state != GoroutineState::Running {
            return;
        }
        let number = *self.last.get(slot);
        if self.edge(number).is_none() {
            return;
        }
        let place = number.checked_sub(1).map(place_of);
        if let Some(edge) = place.and_then(|place| self.ring.get_mut(place))
            && edge.ran.is_none()
        {
            edge.ran = Some(goroutine.now.said);
        }
    }

    /// What a goroutine's progress from one moment until now hung on.
    pub(crate) fn path(&self, slot: Slot, id: GoroutineId, begin: Time, now: Time) -> Path {
        let mut path = Path::default();
        let mut goroutine = id;
        let mut number = *self.last.get(slot);
        let mut until = now;
        let mut stack = StackId::NONE;
        while until > begin {
            if path.steps.len() >= MOST_STEPS {
                path.cut = true;
                break;
            }
            let known = self.edge(number);
            path.cut = number != 0 && known.is_none();
            let Some(edge) = known.filter(|edge| edge.woken > begin && !path.cut) else {
                if !path.cut {
                    path.push(
                        StepKind::Active,
                        goroutine,
                        (begin, until),
                        Name::EMPTY,
                        stack,
                    );
                }
                break;
            };
            let ran = edge
                .ran
                .unwrap_or(until)
                .clamp(edge.woken, until.max(edge.woken));
            path.push(
                StepKind::Active,
                goroutine,
                (ran, until),
                Name::EMPTY,
                stack,
            );
            let woken = edge.woken.min(until);
            path.push(
                StepKind::Runnable,
                goroutine,
                (woken, ran),
                Name::EMPTY,
                stack,
            );
            until = woken;
            if edge.waker.is_some() && edge.waker != goroutine {
                goroutine = edge.waker;
                number = edge.of_waker;
                stack = edge.wake_stack;
            } else {
                let from = edge.waits_from.max(begin).min(until);
                let span = (from, until);
                path.push(
                    StepKind::Waiting,
                    goroutine,
                    span,
                    edge.reason,
                    edge.wait_stack,
                );
                until = from;
                number = edge.before;
                stack = edge.wait_stack;
            }
        }
        path.steps.reverse();
        path
    }
}

fn place_of(at: u64) -> usize {
    // EDGES is far below what a usize holds.
    usize::try_from(at % EDGES as u64).unwrap_or(0)
}

impl Path {
    fn push(
        &mut self,
        kind: StepKind,
        goroutine: GoroutineId,
        (begin, end): (Time, Time),
        reason: Name,
        stack: StackId,
    ) {
        if end > begin {
            self.steps.push(Step {
                kind,
                goroutine,
                begin,
                end,
                reason,
                stack,
            });
        }
    }

    pub(crate) fn view(&self, tables: &Tables, first: Time) -> PathView {
        let steps = self.steps.iter().map(|step| StepView {
            kind: step.kind,
            goroutine: step.goroutine.0,
            begin: step.begin.since(first),
            nanoseconds: step.end.since(step.begin),
            reason: tables.names.get(step.reason).to_owned(),
            stack: stack_view(step.stack, tables),
        });
        PathView {
            steps: steps.collect(),
            cut: self.cut,
        }
    }
}

/// The functions of a stack with their lines, the leaf first.
pub(crate) fn stack_view(stack: StackId, tables: &Tables) -> Vec<String> {
    tables
        .stacks
        .frames(stack)
        .map(|frame| {
            let (function, file) = (
                tables.names.get(frame.function),
                tables.names.get(frame.file),
            );
            format!("{function} {file}:{}", frame.line)
        })
        .collect()
}

/// What the time up to a moment hung on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PathView {
    /// The steps, the earliest first. Their times add up to the whole unless it is cut.
    pub steps: Vec<StepView>,
    /// Whether it begins later than asked for, because too many were woken since.
    pub cut: bool,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// What it is.
    pub kind: StepKind,
    /// Whose step it is.
    pub goroutine: i64,
    /// When it began, in nanoseconds since the trace's beginning.
    pub begin: i64,
    /// How long it took.
    pub nanoseconds: i64,
    /// For what was waited, where that is told.
    pub reason: String,
    /// Where was waited, or where the goroutine woke the one of the next step.
    pub stack: Vec<String>,
}
