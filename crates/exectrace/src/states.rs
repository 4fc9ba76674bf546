//! What each goroutine does from when to when.
//!
//! [`States`] sees the events of a trace and turns the transitions of goroutines into
//! [`Interval`]s, which it hands to an [`Analysis`] together with the events: one pass feeds all.
//! Its memory grows with the goroutines that are alive at the same time, not with those that ever
//! were. A goroutine has a [`Slot`] while it is alive; slots are dense and used again, so that
//! analyses keep tables ([`BySlot`]) and no maps. A transition costs one look-up of a map at most.

use hashbrown::HashMap;

use crate::event::{
    Event, EventKind, GoroutineId, GoroutineState, GoroutineTransition, ProcId, ThreadId, Time,
};
use crate::names::Name;
use crate::origins::{Origin, OriginId, Origins};
use crate::reasons;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::visitor::Visitor;

/// The place of a live goroutine in tables by slot. The place of one that ended is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Slot(u32);

impl Slot {
    /// No goroutine, or one that is not known.
    pub const NONE: Self = Self(0);

    /// Whether it is one at all.
    #[inline]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// The place in tables by slot.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Values by slot, which are there as soon as they are asked for.
#[derive(Debug, Default)]
pub struct BySlot<T> {
    values: Vec<T>,
    default: T,
}

impl<T: Default> BySlot<T> {
    /// The value of a slot.
    #[inline]
    pub fn get(&self, slot: Slot) -> &T {
        self.values.get(slot.index()).unwrap_or(&self.default)
    }

    /// The value of a slot, to change it.
    #[inline]
    pub fn get_mut(&mut self, slot: Slot) -> &mut T {
        let at = slot.index();
        if at >= self.values.len() {
            self.values.resize_with(at + 1, T::default);
        }
        &mut self.values[at]
    }
}

/// Who let a goroutine go from one state to another, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// The goroutine that did it, itself where it blocked itself; none for the runtime.
    pub goroutine: GoroutineId,
    /// Its slot, [`Slot::NONE`] where there is none.
    pub slot: Slot,
    /// The thread on which it happened.
    pub thread: ThreadId,
    /// The P on which it happened.
    pub proc: ProcId,
    /// The stack of what happened: of the one who did it.
    pub stack: StackId,
}

impl Cause {
    /// Nobody did it: the trace began or ended.
    pub const NONE: Self = Self {
        goroutine: GoroutineId::NONE,
        slot: Slot::NONE,
        thread: ThreadId::NONE,
        proc: ProcId::NONE,
        stack: StackId::NONE,
    };
}

/// A while in which a goroutine was in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The goroutine.
    pub goroutine: GoroutineId,
    /// Its slot.
    pub slot: Slot,
    /// What it did.
    pub state: GoroutineState,
    /// What it did before: [`GoroutineState::NotExist`] in its first interval,
    /// [`GoroutineState::Undetermined`] where it was there before the trace.
    pub from: GoroutineState,
    /// What it does after; [`GoroutineState::Undetermined`] where the trace ends.
    pub next: GoroutineState,
    /// Why it stopped or blocked, as the trace says it.
    pub reason: Name,
    /// The same, but for waits from before the trace, of which the trace says no reason, what the
    /// stack tells.
    pub likely_reason: Name,
    /// The goroutine's own stack in this state, where it is known.
    pub stack: StackId,
    /// When it began: for what was there before the trace, when the trace began.
    pub begin: Time,
    /// When the trace said so. Later than `begin` only for what was there before the trace.
    pub said: Time,
    /// When it ended, or the trace did.
    pub end: Time,
    /// Who brought it into this state. Of a runnable goroutine this is who woke or made it.
    pub enter: Cause,
    /// Who brought it out of this state. Of a waiting goroutine this is who woke it.
    pub exit: Cause,
}

impl Interval {
    /// How long it lasted, in nanoseconds.
    #[inline]
    pub fn nanoseconds(&self) -> i64 {
        self.end.since(self.begin)
    }

    /// Whether it was there before the trace, so that it lasted longer.
    #[inline]
    pub fn is_from_before(&self) -> bool {
        self.from == GoroutineState::Undetermined
    }

    /// Whether the trace ended before it, so that it lasts longer.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.next == GoroutineState::Undetermined
    }
}

/// A live goroutine.
#[derive(Debug, Clone)]
pub struct Goroutine {
    /// Its number.
    pub id: GoroutineId,
    /// The function with which it began: the root of the first stack that was seen of it;
    /// [`Name::EMPTY`] while none was.
    pub entry: Name,
    /// The address of that frame.
    pub entry_address: u64,
    /// Where it comes from: `entry` and the call that made it.
    pub origin: OriginId,
    /// Who made it and where; [`Cause::NONE`] where it was there before the trace.
    pub creator: Cause,
    /// Whether it was made within the trace.
    pub created_in_trace: bool,
    /// When it was made; for one that was there before the trace, when the trace began.
    pub created: Time,
    /// When it first ran.
    pub started: Option<Time>,
    /// The interval that it is in; its end is not yet known.
    pub now: Interval,
}

impl Goroutine {
    fn nobody(origin: OriginId) -> Self {
        Self {
            id: GoroutineId::NONE,
            entry: Name::EMPTY,
            entry_address: 0,
            origin,
            creator: Cause::NONE,
            created_in_trace: false,
            created: Time(0),
            started: None,
            now: Interval {
                goroutine: GoroutineId::NONE,
                slot: Slot::NONE,
                state: GoroutineState::NotExist,
                from: GoroutineState::NotExist,
                next: GoroutineState::NotExist,
                reason: Name::EMPTY,
                likely_reason: Name::EMPTY,
                stack: StackId::NONE,
                begin: Time(0),
                said: Time(0),
                end: Time(0),
                enter: Cause::NONE,
                exit: Cause::NONE,
            },
        }
    }

    /// Whether this is the interval with which it became known.
    #[inline]
    pub fn is_new(&self) -> bool {
        matches!(
            self.now.from,
            GoroutineState::Undetermined | GoroutineState::NotExist
        )
    }
}

/// The goroutines that are alive, and the trace's clock.
#[derive(Debug)]
pub struct Live {
    slots: Vec<Goroutine>,
    free: Vec<u32>,
    by_id: HashMap<GoroutineId, u32>,
    origins: Origins,
    unknown: OriginId,
    /// Who ran last on each P; only a hint.
    last_on: Vec<u32>,
    first: Option<Time>,
    sync: Time,
    now: Time,
}

/// More Ps than this get no hints; the runtime has no more than 1024 or so.
const MOST_PROCS: usize = 1 << 14;

impl Default for Live {
    fn default() -> Self {
        let mut origins = Origins::default();
        let unknown = origins.intern(Origin {
            entry: Name::EMPTY,
            site: None,
        });
        Self {
            slots: vec![Goroutine::nobody(unknown)],
            free: Vec::new(),
            by_id: HashMap::new(),
            origins,
            unknown,
            last_on: Vec::new(),
            first: None,
            sync: Time(0),
            now: Time(0),
        }
    }
}

impl Live {
    /// A goroutine by its slot; for [`Slot::NONE`] one that does not exist.
    #[inline]
    pub fn get(&self, slot: Slot) -> &Goroutine {
        let at = slot.index();
        // Slots are made here and never go away.
        self.slots.get(at).unwrap_or(&self.slots[0])
    }

    /// The slot of a goroutine that an event on a P names. Costs no look-up of a map where it is
    /// the one that runs there.
    #[inline]
    pub fn find(&self, goroutine: GoroutineId, on: ProcId) -> Slot {
        if !goroutine.is_some() {
            return Slot::NONE;
        }
        if let Some(&hint) = usize::try_from(on.0)
            .ok()
            .and_then(|at| self.last_on.get(at))
            && self.slots[hint as usize].id == goroutine
        {
            return Slot(hint);
        }
        self.by_id
            .get(&goroutine)
            .map_or(Slot::NONE, |&at| Slot(at))
    }

    /// The slot of the goroutine on which an event happened.
    #[inline]
    pub fn actor(&self, event: &Event) -> Slot {
        self.find(event.goroutine, event.proc)
    }

    /// All goroutines that are alive, by their slots.
    pub fn all(&self) -> impl Iterator<Item = (Slot, &Goroutine)> {
        (0u32..)
            .zip(&self.slots)
            .filter(|(_, goroutine)| goroutine.id.is_some())
            .map(|(at, goroutine)| (Slot(at), goroutine))
    }

    /// Who runs, or is in a system call with its P, on each P.
    pub fn running(&self) -> impl Iterator<Item = (ProcId, &Goroutine)> {
        (0i64..)
            .zip(&self.last_on)
            .map(|(proc, &at)| (ProcId(proc), self.get(Slot(at))))
            .filter(|(proc, goroutine)| {
                goroutine.now.state.is_executing() && goroutine.now.enter.proc == *proc
            })
    }

    /// Where goroutines come from.
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// How many goroutines are alive.
    pub fn count(&self) -> usize {
        self.by_id.len()
    }

    /// The time of the trace's first event.
    pub fn first(&self) -> Time {
        self.first.unwrap_or_default()
    }

    /// When the generation began; before the first, when the trace did.
    pub fn generation_began(&self) -> Time {
        self.sync
    }

    /// The time of the last event.
    pub fn now(&self) -> Time {
        self.now
    }

    #[inline]
    fn tick(&mut self, event: &Event) {
        if self.first.is_none() {
            self.first = Some(event.time);
            self.sync = event.time;
        }
        self.now = event.time;
        if matches!(event.kind, EventKind::Sync(_)) {
            self.sync = event.time;
        }
    }

    fn add(&mut self, id: GoroutineId) -> Slot {
        let mut goroutine = Goroutine::nobody(self.unknown);
        goroutine.id = id;
        let at = if let Some(at) = self.free.pop() {
            self.slots[at as usize] = goroutine;
            at
        } else {
            // 4 thousand million live goroutines need more memory than there is.
            let at = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
            self.slots.push(goroutine);
            at
        };
        self.by_id.insert(id, at);
        Slot(at)
    }

    fn remove(&mut self, slot: Slot) {
        let goroutine = &mut self.slots[slot.index()];
        self.by_id.remove(&goroutine.id);
        *goroutine = Goroutine::nobody(self.unknown);
        self.free.push(slot.0);
    }

    fn runs_on(&mut self, slot: Slot, proc: ProcId) {
        let Ok(at) = usize::try_from(proc.0) else {
            return;
        };
        if at >= self.last_on.len() {
            if at >= MOST_PROCS {
                return;
            }
            self.last_on.resize(at + 1, 0);
        }
        self.last_on[at] = slot.0;
    }
}

/// Sees events and what they say of goroutines.
///
/// For an event that is a transition of a goroutine the order is: `event`, `leave` with the
/// interval that ended, `enter` with the state that began, and `forget` if that is its end.
pub trait Analysis {
    /// Sees an event, before what it does to goroutines.
    fn event(&mut self, event: &Event, live: &Live, tables: &Tables) {
        let _ = (event, live, tables);
    }

    /// Sees that a goroutine was in a state. At the trace's end it sees the intervals that are
    /// open there.
    fn leave(&mut self, interval: &Interval, live: &Live, tables: &Tables) {
        let _ = (interval, live, tables);
    }

    /// Sees that a goroutine is in another state, which is in [`Goroutine::now`]. A slot may have
    /// had another goroutine before: [`Goroutine::is_new`] says so.
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        let _ = (slot, event, live, tables);
    }

    /// Sees that a goroutine ended.
    fn forget(&mut self, slot: Slot, live: &Live, tables: &Tables) {
        let _ = (slot, live, tables);
    }

    /// Sees the end of the trace, after all intervals that are open. All goroutines that did not
    /// end are still alive.
    fn finish(&mut self, live: &Live, tables: &Tables) {
        let _ = (live, tables);
    }
}

impl Analysis for () {}

impl<A: Analysis + ?Sized> Analysis for &mut A {
    #[inline]
    fn event(&mut self, event: &Event, live: &Live, tables: &Tables) {
        (**self).event(event, live, tables);
    }
    #[inline]
    fn leave(&mut self, interval: &Interval, live: &Live, tables: &Tables) {
        (**self).leave(interval, live, tables);
    }
    #[inline]
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        (**self).enter(slot, event, live, tables);
    }
    #[inline]
    fn forget(&mut self, slot: Slot, live: &Live, tables: &Tables) {
        (**self).forget(slot, live, tables);
    }
    #[inline]
    fn finish(&mut self, live: &Live, tables: &Tables) {
        (**self).finish(live, tables);
    }
}

impl<A: Analysis> Analysis for Option<A> {
    #[inline]
    fn event(&mut self, event: &Event, live: &Live, tables: &Tables) {
        if let Some(analysis) = self {
            analysis.event(event, live, tables);
        }
    }
    #[inline]
    fn leave(&mut self, interval: &Interval, live: &Live, tables: &Tables) {
        if let Some(analysis) = self {
            analysis.leave(interval, live, tables);
        }
    }
    #[inline]
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        if let Some(analysis) = self {
            analysis.enter(slot, event, live, tables);
        }
    }
    #[inline]
    fn forget(&mut self, slot: Slot, live: &Live, tables: &Tables) {
        if let Some(analysis) = self {
            analysis.forget(slot, live, tables);
        }
    }
    #[inline]
    fn finish(&mut self, live: &Live, tables: &Tables) {
        if let Some(analysis) = self {
            analysis.finish(live, tables);
        }
    }
}

impl<A: Analysis, B: Analysis> Analysis for (A, B) {
    #[inline]
    fn event(&mut self, event: &Event, live: &Live, tables: &Tables) {
        self.0.event(event, live, tables);
        self.1.event(event, live, tables);
    }
    #[inline]
    fn leave(&mut self, interval: &Interval, live: &Live, tables: &Tables) {
        self.0.leave(interval, live, tables);
        self.1.leave(interval, live, tables);
    }
    #[inline]
    fn enter(&mut self, slot: Slot, event: &Event, live: &Live, tables: &Tables) {
        self.0.enter(slot, event, live, tables);
        self.1.enter(slot, event, live, tables);
    }
    #[inline]
    fn forget(&mut self, slot: Slot, live: &Live, tables: &Tables) {
        self.0.forget(slot, live, tables);
        self.1.forget(slot, live, tables);
    }
    #[inline]
    fn finish(&mut self, live: &Live, tables: &Tables) {
        self.0.finish(live, tables);
        self.1.finish(live, tables);
    }
}

/// Turns transitions of goroutines into intervals for an analysis.
#[derive(Debug, Default)]
pub struct States<A> {
    live: Live,
    analysis: A,
}

impl<A: Analysis> States<A> {
    /// Feeds an analysis.
    pub fn new(analysis: A) -> Self {
        Self {
            live: Live::default(),
            analysis,
        }
    }

    /// The goroutines that are alive now.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Ends the intervals that are open and gives the analysis back.
    pub fn finish(mut self, tables: &Tables) -> A {
        let now = self.live.now;
        for at in 0..self.live.slots.len() {
            let goroutine = &self.live.slots[at];
            if goroutine.id.is_some() {
                let interval = Interval {
                    next: GoroutineState::Undetermined,
                    end: now,
                    exit: Cause::NONE,
                    ..goroutine.now
                };
                self.analysis.leave(&interval, &self.live, tables);
            }
        }
        self.analysis.finish(&self.live, tables);
        self.analysis
    }

    fn transition(&mut self, event: &Event, transition: &GoroutineTransition, tables: &Tables) {
        if transition.from == transition.to {
            return;
        }
        let mut slot = self.live.find(transition.goroutine, event.proc);
        let actor = if event.goroutine == transition.goroutine {
            slot
        } else {
            self.live.actor(event)
        };
        let cause = Cause {
            goroutine: event.goroutine,
            slot: actor,
            thread: event.thread,
            proc: event.proc,
            stack: event.stack,
        };
        let is_creation = transition.from == GoroutineState::NotExist;
        if slot.is_some() && is_creation {
            // It came into being twice, which no sound trace says.
            self.leave(
                slot,
                event.time,
                GoroutineState::NotExist,
                Cause::NONE,
                tables,
            );
            self.forget(slot, tables);
            slot = Slot::NONE;
        }
        let is_new = !slot.is_some();
        if is_new {
            if !transition.goroutine.is_some() {
                return;
            }
            slot = self.live.add(transition.goroutine);
        } else {
            self.leave(slot, event.time, transition.to, cause, tables);
        }
        let sync = self.live.sync;
        let goroutine = &mut self.live.slots[slot.index()];
        let begin = if is_new && !is_creation {
            sync
        } else {
            event.time
        };
        if is_new {
            goroutine.created_in_trace = is_creation;
            goroutine.created = begin;
            if is_creation {
                goroutine.creator = cause;
            }
        }
        let unnamed = goroutine.entry == Name::EMPTY;
        if unnamed && let Some(root) = tables.stacks.root(transition.stack) {
            goroutine.entry = root.function;
            goroutine.entry_address = root.address;
        }
        if is_new || (unnamed && goroutine.entry != Name::EMPTY) {
            goroutine.origin = self.live.origins.intern(Origin {
                entry: goroutine.entry,
                site: tables.stacks.get(goroutine.creator.stack).first().copied(),
            });
        }
        let from = match (is_new, is_creation) {
            (true, true) => GoroutineState::NotExist,
            (true, false) => GoroutineState::Undetermined,
            _ => transition.from,
        };
        let likely_reason = if transition.to == GoroutineState::Waiting
            && transition.reason == Name::EMPTY
            && transition.stack.is_some()
            && !is_creation
        {
            reasons::of_stack(transition.stack, tables)
        } else {
            transition.reason
        };
        // Field by field: a copy of the whole would wait for what was just written to it.
        let now = &mut goroutine.now;
        now.goroutine = transition.goroutine;
        now.slot = slot;
        now.state = transition.to;
        now.from = from;
        now.next = GoroutineState::Undetermined;
        now.reason = transition.reason;
        now.likely_reason = likely_reason;
        now.stack = transition.stack;
        now.begin = begin;
        now.said = event.time;
        now.end = event.time;
        now.enter = cause;
        now.exit = Cause::NONE;
        if transition.to == GoroutineState::Running && goroutine.started.is_none() {
            goroutine.started = Some(event.time);
        }
        if transition.to.is_executing() {
            self.live.runs_on(slot, event.proc);
        }
        self.analysis.enter(slot, event, &self.live, tables);
        if transition.to == GoroutineState::NotExist {
            self.forget(slot, tables);
        }
    }

    #[inline]
    fn leave(&mut self, slot: Slot, end: Time, next: GoroutineState, exit: Cause, tables: &Tables) {
        let now = &mut self.live.slots[slot.index()].now;
        now.next = next;
        now.end = end;
        now.exit = exit;
        let interval = &self.live.slots[slot.index()].now;
        self.analysis.leave(interval, &self.live, tables);
    }

    fn forget(&mut self, slot: Slot, tables: &Tables) {
        self.analysis.forget(slot, &self.live, tables);
        self.live.remove(slot);
    }
}

impl<A: Analysis> Visitor for States<A> {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        self.live.tick(event);
        self.analysis.event(event, &self.live, tables);
        if let EventKind::Goroutine(transition) = &event.kind {
            self.transition(event, transition, tables);
        }
    }
}

#[cfg(test)]
#[path = "states_test.rs"]
mod tests;
