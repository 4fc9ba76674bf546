//! Goroutines: created, started, stopped, woken.

use super::{
    Advance, Goroutine, GoroutineStatus, Need, Needs, ON_PROC, Order, Place, RUNNING, Ranges,
    Sequence, Slot, goroutine_id,
};
use crate::error::{Fault, fault};
use crate::event::{EventKind, GoroutineId, GoroutineState, GoroutineTransition, ProcId, ThreadId};
use crate::frontier::Raw;
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;

impl GoroutineStatus {
    fn from_wire(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Runnable),
            2 => Some(Self::Running),
            3 => Some(Self::Syscall),
            4 => Some(Self::Waiting),
            _ => None,
        }
    }

    fn state(self) -> GoroutineState {
        match self {
            Self::Runnable => GoroutineState::Runnable,
            Self::Running => GoroutineState::Running,
            Self::Syscall => GoroutineState::Syscall,
            Self::Waiting => GoroutineState::Waiting,
        }
    }
}

impl Goroutine {
    pub(super) fn new(id: GoroutineId, status: GoroutineStatus, sequence: Sequence) -> Self {
        Self {
            id,
            status,
            sequence,
            regions: Vec::new(),
            ranges: Ranges::default(),
        }
    }
}

/// A transition without reason and stack.
#[inline]
pub(super) fn transition(
    goroutine: GoroutineId,
    from: GoroutineState,
    to: GoroutineState,
) -> GoroutineTransition {
    GoroutineTransition {
        goroutine,
        from,
        to,
        reason: Name::EMPTY,
        stack: StackId::NONE,
    }
}

impl Order {
    #[inline]
    pub(super) fn go_start(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        let [id, number, ..] = raw.arguments;
        let id = goroutine_id(id);
        let sequence = self.sequence(number);
        let slot = self.goroutines.slot(id);
        let Some(goroutine) = self.goroutines.at(slot, id) else {
            return Ok(false);
        };
        if goroutine.status != GoroutineStatus::Runnable || !sequence.follows(goroutine.sequence) {
            return Ok(false);
        }
        place.check(Needs {
            proc: Need::Yes,
            goroutine: Need::No,
        })?;
        goroutine.status = GoroutineStatus::Running;
        goroutine.sequence = sequence;
        let change = transition(id, GoroutineState::Runnable, GoroutineState::Running);
        self.push(raw, place, StackId::NONE, EventKind::Goroutine(change));
        (place.goroutine, place.slot) = (id, slot);
        Ok(true)
    }

    #[inline]
    pub(super) fn go_unblock(&mut self, raw: &Raw, place: &mut Place, tables: &Tables) -> Advance {
        let [id, number, stack, _] = raw.arguments;
        let id = goroutine_id(id);
        let sequence = self.sequence(number);
        let Some(goroutine) = self.goroutines.find(id) else {
            return Ok(false);
        };
        if goroutine.status != GoroutineStatus::Waiting || !sequence.follows(goroutine.sequence) {
            return Ok(false);
        }
        goroutine.status = GoroutineStatus::Runnable;
        goroutine.sequence = sequence;
        let stack = self.stack(stack, raw.wire, tables)?;
        let change = transition(id, GoroutineState::Waiting, GoroutineState::Runnable);
        self.push(raw, place, stack, EventKind::Goroutine(change));
        Ok(true)
    }

    /// The running goroutine blocks, makes room for another, or ends.
    #[inline]
    pub(super) fn go_stop(&mut self, raw: &Raw, place: &mut Place, tables: &mut Tables) -> Advance {
        let goroutine = self.running(raw, place)?;
        let to = match raw.wire {
            Wire::GoBlock => {
                goroutine.status = GoroutineStatus::Waiting;
                GoroutineState::Waiting
            }
            Wire::GoStop => {
                goroutine.status = GoroutineStatus::Runnable;
                GoroutineState::Runnable
            }
            _ => {
                self.goroutines.remove(place.goroutine);
                GoroutineState::NotExist
            }
        };
        let mut change = transition(place.goroutine, GoroutineState::Running, to);
        if to != GoroutineState::NotExist {
            let [reason, stack, ..] = raw.arguments;
            change.reason = self.name(reason, raw.wire, tables)?;
            change.stack = self.stack(stack, raw.wire, tables)?;
        }
        self.push(raw, place, change.stack, EventKind::Goroutine(change));
        (place.goroutine, place.slot) = (GoroutineId::NONE, Slot::NONE);
        Ok(true)
    }

    pub(super) fn go_create(&mut self, raw: &Raw, place: &mut Place, tables: &Tables) -> Advance {
        // A goroutine is created on a P, though not always by a goroutine.
        place.check(ON_PROC)?;
        if let Some(creator) = self.goroutines.at(place.slot, place.goroutine)
            && creator.status != GoroutineStatus::Running
        {
            return Err(fault!(
                "goroutine {} creates another and does not run",
                place.goroutine.0
            ));
        }
        let [id, new_stack, stack, _] = raw.arguments;
        let id = goroutine_id(id);
        let status = if raw.wire == Wire::GoCreateBlocked {
            GoroutineStatus::Waiting
        } else {
            GoroutineStatus::Runnable
        };
        self.create(id, status)?;
        let change = GoroutineTransition {
            stack: self.stack(new_stack, raw.wire, tables)?,
            ..transition(id, GoroutineState::NotExist, status.state())
        };
        let stack = self.stack(stack, raw.wire, tables)?;
        self.push(raw, place, stack, EventKind::Goroutine(change));
        Ok(true)
    }

    /// Adds a goroutine that must not be there yet.
    pub(super) fn create(
        &mut self,
        id: GoroutineId,
        status: GoroutineStatus,
    ) -> Result<Slot, Fault> {
        if self.goroutines.find(id).is_some() {
            return Err(fault!(
                "goroutine {} is created, and it exists already",
                id.0
            ));
        }
        let sequence = self.sequence(0);
        Ok(self.goroutines.add(Goroutine::new(id, status, sequence)))
    }

    /// Says what a goroutine does as the generation begins.
    pub(super) fn go_status(&mut self, raw: &Raw, place: &mut Place, tables: &Tables) -> Advance {
        let [id, thread, status, stack] = raw.arguments;
        let id = goroutine_id(id);
        let thread = ThreadId(thread.cast_signed());
        let status = GoroutineStatus::from_wire(status)
            .ok_or_else(|| fault!("goroutine {} has the unknown status {status}", id.0))?;
        let sequence = self.sequence(0);
        let is_first = self.is_first_generation();
        let mut from = status.state();
        let mut slot = self.goroutines.slot(id);
        if let Some(goroutine) = self.goroutines.at(slot, id) {
            if goroutine.status != status {
                return Err(fault!(
                    "goroutine {} was {:?}, and the generation says that it is {status:?}",
                    id.0,
                    goroutine.status
                ));
            }
            goroutine.sequence = sequence;
        } else if is_first {
            slot = self.goroutines.add(Goroutine::new(id, status, sequence));
            from = GoroutineState::Undetermined;
        } else {
            return Err(fault!(
                "goroutine {} is there and was not in the generation before",
                id.0
            ));
        }
        let mut told = *place;
        match status {
            GoroutineStatus::Running => (place.goroutine, place.slot) = (id, slot),
            GoroutineStatus::Syscall if !thread.is_some() => {
                return Err(fault!(
                    "goroutine {} is in a system call without a thread",
                    id.0
                ));
            }
            GoroutineStatus::Syscall if thread == place.thread => {
                // After the first generation the thread must have been seen with it.
                if !is_first && place.goroutine != id {
                    return Err(wrong_thread(id, place.goroutine));
                }
                (place.goroutine, place.slot) = (id, slot);
            }
            GoroutineStatus::Syscall => {
                // It was in the system call for the whole generation before, on another thread,
                // and without a P: that of each thread was taken to begin the generation.
                let at = self.thread(thread);
                let known = at.and_then(|at| self.threads.get_mut(at as usize));
                if let Some(known) = known {
                    if known.is_known {
                        if known.goroutine != id {
                            return Err(wrong_thread(id, known.goroutine));
                        }
                        told.goroutine = id;
                    } else {
                        known.is_known = true;
                        known.goroutine = id;
                        known.slot = slot;
                        known.proc = ProcId::NONE;
                    }
                }
                told.thread = thread;
            }
            GoroutineStatus::Runnable | GoroutineStatus::Waiting => {}
        }
        let stack = if raw.wire == Wire::GoStatusStack {
            self.stack(stack, raw.wire, tables)?
        } else {
            StackId::NONE
        };
        let change = GoroutineTransition {
            stack,
            ..transition(id, from, status.state())
        };
        self.push(raw, &told, stack, EventKind::Goroutine(change));
        Ok(true)
    }

    /// A coroutine hands its thread to another: that is woken, this blocks or ends, that starts.
    pub(super) fn go_switch(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        self.running(raw, place)?;
        let [id, number, ..] = raw.arguments;
        let id = goroutine_id(id);
        let sequence = self.sequence(number);
        let slot = self.goroutines.slot(id);
        let Some(next) = self.goroutines.at(slot, id) else {
            return Ok(false);
        };
        if next.status != GoroutineStatus::Waiting || !sequence.follows(next.sequence) {
            return Ok(false);
        }
        next.status = GoroutineStatus::Running;
        next.sequence = sequence;
        let woken = transition(id, GoroutineState::Waiting, GoroutineState::Runnable);
        self.push(raw, place, StackId::NONE, EventKind::Goroutine(woken));

        let (wire, to) = if raw.wire == Wire::GoSwitch {
            if let Some(current) = self.goroutines.find(place.goroutine) {
                current.status = GoroutineStatus::Waiting;
            }
            (Wire::GoBlock, GoroutineState::Waiting)
        } else {
            self.goroutines.remove(place.goroutine);
            (Wire::GoDestroy, GoroutineState::NotExist)
        };
        let stopped = transition(place.goroutine, GoroutineState::Running, to);
        let kind = EventKind::Goroutine(stopped);
        self.push(&Raw { wire, ..*raw }, place, StackId::NONE, kind);

        let started = transition(id, GoroutineState::Runnable, GoroutineState::Running);
        let nobody = Place {
            goroutine: GoroutineId::NONE,
            slot: Slot::NONE,
            ..*place
        };
        let wire = Wire::GoStart;
        let kind = EventKind::Goroutine(started);
        self.push(&Raw { wire, ..*raw }, &nobody, StackId::NONE, kind);
        (place.goroutine, place.slot) = (id, slot);
        Ok(true)
    }
}

fn wrong_thread(goroutine: GoroutineId, found: GoroutineId) -> Fault {
    fault!(
        "goroutine {} is in a system call of a thread that has goroutine {}",
        goroutine.0,
        found.0
    )
}

/// What every event of a running goroutine needs.
pub(super) fn check_running(place: &Place) -> Result<(), Fault> {
    place.check(RUNNING)
}
