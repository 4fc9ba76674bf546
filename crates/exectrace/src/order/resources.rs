//! Where goroutines and Ps are found by number.
//!
//! A million goroutines may come and go in a trace, and few live at the same time: their places
//! are used again. What a thread runs it finds by place, without looking its number up.

use hashbrown::HashMap;

use super::{Goroutine, Proc};
use crate::event::{GoroutineId, ProcId};

/// A goroutine's place, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// The goroutines that live.
#[derive(Debug, Default)]
pub(super) struct Goroutines {
    by_id: HashMap<GoroutineId, u32>,
    places: Vec<Goroutine>,
    free: Vec<u32>,
}

impl Goroutines {
    /// The place of a goroutine.
    #[inline]
    pub(super) fn slot(&self, id: GoroutineId) -> Slot {
        self.by_id.get(&id).map_or(Slot::NONE, |&at| Slot(at))
    }

    /// The goroutine at a place, if it is this one: a damaged trace may have let another have it.
    #[inline]
    pub(super) fn at(&mut self, slot: Slot, id: GoroutineId) -> Option<&mut Goroutine> {
        self.places
            .get_mut(slot.0 as usize)
            .filter(|goroutine| goroutine.id == id)
    }

    /// Finds a goroutine.
    #[inline]
    pub(super) fn find(&mut self, id: GoroutineId) -> Option<&mut Goroutine> {
        let &at = self.by_id.get(&id)?;
        self.places.get_mut(at as usize)
    }

    /// Adds a goroutine that is not there.
    pub(super) fn add(&mut self, goroutine: Goroutine) -> Slot {
        let id = goroutine.id;
        let at = if let Some(at) = self.free.pop() {
            if let Some(place) = self.places.get_mut(at as usize) {
                *place = goroutine;
            }
            at
        } else {
            self.places.push(goroutine);
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        };
        self.by_id.insert(id, at);
        Slot(at)
    }

    /// Takes a goroutine away.
    pub(super) fn remove(&mut self, id: GoroutineId) {
        if let Some(at) = self.by_id.remove(&id) {
            self.free.push(at);
            if let Some(place) = self.places.get_mut(at as usize) {
                place.id = GoroutineId::NONE;
            }
        }
    }
}

/// The numbers up to which Ps are found by place; they count from 0.
const DENSE: i64 = 4096;

/// The Ps that are known.
#[derive(Debug, Default)]
pub(super) struct Procs {
    dense: Vec<Option<Proc>>,
    sparse: HashMap<ProcId, Proc>,
}

impl Procs {
    /// Finds a P.
    #[inline]
    pub(super) fn find(&mut self, id: ProcId) -> Option<&mut Proc> {
        if (0..DENSE).contains(&id.0) {
            let at = usize::try_from(id.0).ok()?;
            self.dense.get_mut(at)?.as_mut()
        } else {
            self.sparse.get_mut(&id)
        }
    }

    /// Adds a P that is not there.
    pub(super) fn add(&mut self, id: ProcId, proc: Proc) {
        let at = usize::try_from(id.0).ok().filter(|_| id.0 < DENSE);
        let Some(at) = at else {
            self.sparse.insert(id, proc);
            return;
        };
        if self.dense.len() <= at {
            self.dense.resize_with(at + 1, || None);
        }
        if let Some(place) = self.dense.get_mut(at) {
            *place = Some(proc);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{GoroutineStatus, ProcStatus, Ranges, Sequence};
    use super::*;

    const SEQUENCE: Sequence = Sequence {
        generation: 1,
        number: 0,
    };

    #[test]
    fn places_are_used_again_and_never_mistaken() {
        let mut goroutines = Goroutines::default();
        let new = |id| Goroutine::new(GoroutineId(id), GoroutineStatus::Running, SEQUENCE);
        let first = goroutines.add(new(7));
        assert_eq!(goroutines.slot(GoroutineId(7)), first);
        goroutines.remove(GoroutineId(7));
        assert!(goroutines.at(first, GoroutineId(7)).is_none());
        assert_eq!(goroutines.slot(GoroutineId(7)), Slot::NONE);
        let second = goroutines.add(new(8));
        assert_eq!(second, first);
        assert!(goroutines.at(first, GoroutineId(7)).is_none());
        assert!(goroutines.at(second, GoroutineId(8)).is_some());
        assert!(goroutines.at(Slot::NONE, GoroutineId(8)).is_none());
    }

    #[test]
    fn ps_of_any_number_are_found() {
        let mut procs = Procs::default();
        for id in [0, 3, DENSE, -5, i64::MAX] {
            let proc = Proc {
                status: ProcStatus::Idle,
                sequence: SEQUENCE,
                ranges: Ranges::default(),
            };
            assert!(procs.find(ProcId(id)).is_none());
            procs.add(ProcId(id), proc);
            assert!(procs.find(ProcId(id)).is_some(), "{id}");
        }
        assert!(procs.find(ProcId(1)).is_none());
    }
}
