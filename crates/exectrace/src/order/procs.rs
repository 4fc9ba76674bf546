//! Ps: taken, given back, taken away.

use super::{Advance, Need, Needs, Order, Place, Proc, ProcStatus, RUNNING, Ranges, proc_id};
use crate::error::fault;
use crate::event::{EventKind, ProcId, ProcState, ProcTransition, ThreadId};
use crate::frontier::Raw;
use crate::stacks::StackId;

impl ProcStatus {
    fn from_wire(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Running),
            2 => Some(Self::Idle),
            3 => Some(Self::Syscall),
            4 => Some(Self::Abandoned),
            _ => None,
        }
    }

    fn state(self) -> ProcState {
        match self {
            Self::Running | Self::Syscall => ProcState::Running,
            Self::Idle | Self::Abandoned => ProcState::Idle,
        }
    }
}

fn change(proc: ProcId, from: ProcState, to: ProcState) -> EventKind {
    EventKind::Proc(ProcTransition { proc, from, to })
}

/// A place with or without anything but a thread.
const ON_THREAD: Needs = Needs {
    proc: Need::Any,
    goroutine: Need::Any,
};

impl Order {
    /// Says what a P does as the generation begins.
    pub(super) fn proc_status(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        let [id, status, ..] = raw.arguments;
        let id = proc_id(id);
        let mut status = ProcStatus::from_wire(status)
            .ok_or_else(|| fault!("P {} has the unknown status {status}", id.0))?;
        let sequence = self.sequence(0);
        let mut from = status.state();
        let mut is_promoted = false;
        let is_first = self.is_first_generation();
        if let Some(proc) = self.procs.find(id) {
            match (status, proc.status) {
                // The event lost sight of the thread that has the P, but the model did not.
                (ProcStatus::Abandoned, ProcStatus::Syscall) => {
                    is_promoted = true;
                    from = ProcState::Running;
                    status = ProcStatus::Syscall;
                }
                (new, old) if new == old => {}
                (new, old) => {
                    return Err(fault!(
                        "P {} was {old:?}, and the generation says that it is {new:?}",
                        id.0
                    ));
                }
            }
            proc.sequence = sequence;
        } else {
            let ranges = Ranges::default();
            self.procs.add(
                id,
                Proc {
                    status,
                    sequence,
                    ranges,
                },
            );
            from = if is_first {
                ProcState::Undetermined
            } else {
                ProcState::NotExist
            };
        }
        let mut told = *place;
        if is_promoted {
            // It is about to be taken, and another thread than that which has it says so; what
            // is said is of the one that has it.
            let owner = self
                .threads
                .iter()
                .find(|thread| thread.is_known && thread.proc == id)
                .ok_or_else(|| fault!("P {} is in a system call of no thread", id.0))?;
            told = Place {
                thread: owner.id,
                proc: id,
                goroutine: owner.goroutine,
                slot: owner.slot,
            };
        } else if matches!(status, ProcStatus::Running | ProcStatus::Syscall) {
            place.proc = id;
        }
        self.push(raw, &told, StackId::NONE, change(id, from, status.state()));
        Ok(true)
    }

    pub(super) fn proc_start(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        let [id, number, ..] = raw.arguments;
        let id = proc_id(id);
        let sequence = self.sequence(number);
        let Some(proc) = self.procs.find(id) else {
            return Ok(false);
        };
        // A thread that has a P is in a system call, and has not learnt that the P was taken.
        if proc.status != ProcStatus::Idle
            || !sequence.follows(proc.sequence)
            || place.proc.is_some()
        {
            return Ok(false);
        }
        // It may have a goroutine: one that leaves a system call.
        place.check(Needs {
            proc: Need::No,
            goroutine: Need::Any,
        })?;
        proc.status = ProcStatus::Running;
        proc.sequence = sequence;
        let kind = change(id, ProcState::Idle, ProcState::Running);
        self.push(raw, place, StackId::NONE, kind);
        place.proc = id;
        Ok(true)
    }

    pub(super) fn proc_stop(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        let proc = self.proc(raw, place.proc)?;
        if !matches!(proc.status, ProcStatus::Running | ProcStatus::Syscall) {
            return Err(fault!("P {} stops and does not run", place.proc.0));
        }
        place.check(Needs {
            goroutine: Need::Any,
            ..RUNNING
        })?;
        proc.status = ProcStatus::Idle;
        let kind = change(place.proc, ProcState::Running, ProcState::Idle);
        self.push(raw, place, StackId::NONE, kind);
        place.proc = ProcId::NONE;
        Ok(true)
    }

    pub(super) fn proc_steal(&mut self, raw: &Raw, place: &mut Place) -> Advance {
        let [id, number, thread, _] = raw.arguments;
        let id = proc_id(id);
        let thread = ThreadId(thread.cast_signed());
        let sequence = self.sequence(number);
        let Some(proc) = self.procs.find(id) else {
            return Ok(false);
        };
        let before = proc.status;
        if !matches!(before, ProcStatus::Syscall | ProcStatus::Abandoned)
            || !sequence.follows(proc.sequence)
        {
            return Ok(false);
        }
        place.check(ON_THREAD)?;
        proc.status = ProcStatus::Idle;
        proc.sequence = sequence;
        let kind = change(id, before.state(), ProcState::Idle);
        if before == ProcStatus::Abandoned {
            // Whose it was is not known.
            self.push(raw, place, StackId::NONE, kind);
            return Ok(true);
        }
        let told = *place;
        if thread == place.thread {
            if place.proc != id {
                return Err(fault!(
                    "a thread takes P {} from itself and has P {}",
                    id.0,
                    place.proc.0
                ));
            }
            place.proc = ProcId::NONE;
        } else {
            let at = self.thread_at.get(&thread).copied();
            let victim = at.and_then(|at| self.threads.get_mut(at as usize));
            match victim.filter(|victim| victim.is_known) {
                Some(victim) if victim.proc == id => victim.proc = ProcId::NONE,
                Some(victim) => {
                    return Err(fault!(
                        "P {} is taken from thread {}, which has P {}",
                        id.0,
                        thread.0,
                        victim.proc.0
                    ));
                }
                None => {
                    return Err(fault!(
                        "P {} is taken from thread {}, which is not known",
                        id.0,
                        thread.0
                    ));
                }
            }
        }
        self.push(raw, &told, StackId::NONE, kind);
        Ok(true)
    }
}
