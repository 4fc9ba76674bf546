//! System calls and callbacks of cgo.

use super::goroutines::transition;
use super::{
    Advance, GoroutineStatus, Need, Needs, Order, Place, ProcStatus, RUNNING, Slot, goroutine_id,
};
use crate::error::fault;
use crate::event::{
    EventKind, GoroutineId, GoroutineState, GoroutineTransition, ProcId, ProcState, ProcTransition,
};
use crate::frontier::Raw;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;

/// A place with a goroutine, with or without a P.
const IN_SYSCALL: Needs = Needs {
    proc: Need::Any,
    goroutine: Need::Yes,
};

impl Order {
    #[inline]
    pub(super) fn syscall_begin(
        &mut self,
        raw: &Raw,
        place: &mut Place,
        tables: &Tables,
    ) -> Advance {
        let [number, stack, ..] = raw.arguments;
        self.running(raw, place)?.status = GoroutineStatus::Syscall;
        // The number is of the P: without it nobody could tell from which system call a P is
        // taken when clocks are wrong. The P runs here, so the number must fit now.
        let sequence = self.sequence(number);
        let proc = self.proc(raw, place.proc)?;
        proc.status = ProcStatus::Syscall;
        if !sequence.follows(proc.sequence) {
            return Err(fault!(
                "a system call has the number {number} of P {}, which is at {}",
                place.proc.0,
                proc.sequence.number
            ));
        }
        proc.sequence = sequence;
        let stack = self.stack(stack, raw.wire, tables)?;
        let change = GoroutineTransition {
            stack,
            ..transition(
                place.goroutine,
                GoroutineState::Running,
                GoroutineState::Syscall,
            )
        };
        self.push(raw, place, stack, EventKind::Goroutine(change));
        Ok(true)
    }

    #[inline]
    pub(super) fn syscall_end(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        place.check(RUNNING)?;
        self.leave_syscall(raw, place, GoroutineStatus::Running)?;
        let proc = self.proc(raw, place.proc)?;
        if proc.status != ProcStatus::Syscall {
            return Err(fault!(
                "a system call ends, and its P {} is in none",
                place.proc.0
            ));
        }
        proc.status = ProcStatus::Running;
        let change = transition(
            place.goroutine,
            GoroutineState::Syscall,
            GoroutineState::Running,
        );
        self.push(raw, place, StackId::NONE, EventKind::Goroutine(change));
        Ok(true)
    }

    pub(super) fn syscall_end_blocked(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        // The event says that the P was lost, so it waits for that. Another P may have been
        // taken by then.
        if place.proc.is_some() && self.proc(raw, place.proc)?.status == ProcStatus::Syscall {
            return Ok(false);
        }
        place.check(IN_SYSCALL)?;
        self.leave_syscall(raw, place, GoroutineStatus::Runnable)?;
        let change = transition(
            place.goroutine,
            GoroutineState::Syscall,
            GoroutineState::Runnable,
        );
        self.push(raw, place, StackId::NONE, EventKind::Goroutine(change));
        (place.goroutine, place.slot) = (GoroutineId::NONE, Slot::NONE);
        Ok(true)
    }

    fn leave_syscall(
        &mut self,
        raw: &Raw,
        place: &Place,
        status: GoroutineStatus,
    ) -> Result<(), crate::error::Fault> {
        let goroutine = self.current(raw, place)?;
        if goroutine.status != GoroutineStatus::Syscall {
            return Err(fault!(
                "goroutine {} leaves a system call and is in none",
                place.goroutine.0
            ));
        }
        goroutine.status = status;
        Ok(())
    }

    /// A thread of C calls Go.
    pub(super) fn create_in_syscall(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        place.check(Needs {
            proc: Need::Any,
            goroutine: Need::No,
        })?;
        let [id, ..] = raw.arguments;
        let id = goroutine_id(id);
        let slot = self.create(id, GoroutineStatus::Syscall)?;
        let change = transition(id, GoroutineState::NotExist, GoroutineState::Syscall);
        self.push(raw, place, StackId::NONE, EventKind::Goroutine(change));
        (place.goroutine, place.slot) = (id, slot);
        Ok(true)
    }

    /// The callback of a thread of C ended, or the thread did.
    pub(super) fn destroy_in_syscall(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        place.check(IN_SYSCALL)?;
        let goroutine = self.current(raw, place)?;
        if goroutine.status != GoroutineStatus::Syscall {
            return Err(fault!(
                "goroutine {} ends in a system call and is in none",
                place.goroutine.0
            ));
        }
        self.goroutines.remove(place.goroutine);
        let told = *place;
        (place.goroutine, place.slot) = (GoroutineId::NONE, Slot::NONE);
        if place.proc.is_some() {
            // The thread's number may be used again, and its P be taken later: what is taken
            // then was nobody's.
            let proc = self.proc(raw, place.proc)?;
            if proc.status != ProcStatus::Syscall {
                return Err(fault!(
                    "a callback ends, and its P {} is in no system call",
                    place.proc.0
                ));
            }
            proc.status = ProcStatus::Abandoned;
            place.proc = ProcId::NONE;
            let taken = ProcTransition {
                proc: told.proc,
                from: ProcState::Running,
                to: ProcState::Idle,
            };
            let wire = Wire::ProcSteal;
            let kind = EventKind::Proc(taken);
            self.push(&Raw { wire, ..*raw }, &told, StackId::NONE, kind);
        }
        let change = transition(
            told.goroutine,
            GoroutineState::Syscall,
            GoroutineState::NotExist,
        );
        self.push(raw, &told, StackId::NONE, EventKind::Goroutine(change));
        Ok(true)
    }
}
