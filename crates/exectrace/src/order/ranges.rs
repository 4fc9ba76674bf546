//! What the runtime does for a while on a goroutine or a P.

use super::goroutines::check_running;
use super::{Advance, ON_PROC, Order, Place, goroutine_id, proc_id};
use crate::error::{Fault, fault};
use crate::event::{EventKind, Range, Swept};
use crate::frontier::Raw;
use crate::names::Name;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;

/// The ranges that a goroutine or a P is in: what began them, and why.
#[derive(Debug, Default)]
pub(super) struct Ranges(Vec<(Wire, Name)>);

impl Ranges {
    fn begin(&mut self, wire: Wire, reason: Name) -> Result<(), Fault> {
        if self.0.contains(&(wire, reason)) {
            return Err(fault!("{} within another", wire.spec().name));
        }
        self.0.push((wire, reason));
        Ok(())
    }

    /// Says that a range is there: news in the first generation, known in others.
    fn active(&mut self, wire: Wire, is_first: bool) -> Result<(), Fault> {
        let range = (wire, Name::EMPTY);
        match (is_first, self.0.contains(&range)) {
            (true, false) => self.0.push(range),
            (false, true) => {}
            (true, true) => return Err(fault!("{} is active twice", wire.spec().name)),
            (false, false) => {
                return Err(fault!("{} is active and never began", wire.spec().name));
            }
        }
        Ok(())
    }

    fn end(&mut self, wire: Wire) -> Result<Name, Fault> {
        let at = self.0.iter().position(|&(began, _)| began == wire);
        at.map(|at| self.0.swap_remove(at).1)
            .ok_or_else(|| fault!("an end of {} without its beginning", wire.spec().name))
    }
}

impl Order {
    /// Stop-the-world and mark assists, which are a goroutine's.
    pub(super) fn goroutine_range(
        &mut self,
        raw: &Raw,
        place: &mut Place,
        tables: &mut Tables,
    ) -> Advance {
        let [first, second, ..] = raw.arguments;
        let (kind, stack) = match raw.wire {
            Wire::GCMarkAssistActive => {
                // It may be of a goroutine that does not run.
                let id = goroutine_id(first);
                let is_first = self.is_first_generation();
                let goroutine = self.goroutine(raw, id)?;
                goroutine.ranges.active(Wire::GCMarkAssistBegin, is_first)?;
                (EventKind::RangeActive(Range::MarkAssist(id)), 0)
            }
            Wire::STWBegin => {
                check_running(place)?;
                let reason = self.name(first, raw.wire, tables)?;
                let goroutine = self.current(raw, place)?;
                goroutine.ranges.begin(Wire::STWBegin, reason)?;
                let range = Range::StopTheWorld(place.goroutine, reason);
                (EventKind::RangeBegin(range), second)
            }
            Wire::STWEnd => {
                check_running(place)?;
                let goroutine = self.current(raw, place)?;
                let reason = goroutine.ranges.end(Wire::STWBegin)?;
                let range = Range::StopTheWorld(place.goroutine, reason);
                (EventKind::RangeEnd(range, None), 0)
            }
            Wire::GCMarkAssistBegin => {
                check_running(place)?;
                let goroutine = self.current(raw, place)?;
                goroutine.ranges.begin(raw.wire, Name::EMPTY)?;
                let range = Range::MarkAssist(place.goroutine);
                (EventKind::RangeBegin(range), first)
            }
            _ => {
                check_running(place)?;
                let goroutine = self.current(raw, place)?;
                goroutine.ranges.end(Wire::GCMarkAssistBegin)?;
                let range = Range::MarkAssist(place.goroutine);
                (EventKind::RangeEnd(range, None), 0)
            }
        };
        let stack = self.stack(stack, raw.wire, tables)?;
        self.push(raw, place, stack, kind);
        Ok(true)
    }

    /// Sweeps, which are a P's.
    pub(super) fn sweep(&mut self, raw: &Raw, place: &mut Place, tables: &Tables) -> Advance {
        let [first, second, ..] = raw.arguments;
        let (kind, stack) = match raw.wire {
            Wire::GCSweepActive => {
                let id = proc_id(first);
                let is_first = self.is_first_generation();
                let proc = self.proc(raw, id)?;
                proc.ranges.active(Wire::GCSweepBegin, is_first)?;
                (EventKind::RangeActive(Range::Sweep(id)), StackId::NONE)
            }
            Wire::GCSweepBegin => {
                place.check(ON_PROC)?;
                let proc = self.proc(raw, place.proc)?;
                proc.ranges.begin(raw.wire, Name::EMPTY)?;
                let stack = self.stack(first, raw.wire, tables)?;
                (EventKind::RangeBegin(Range::Sweep(place.proc)), stack)
            }
            _ => {
                place.check(ON_PROC)?;
                let proc = self.proc(raw, place.proc)?;
                proc.ranges.end(Wire::GCSweepBegin)?;
                let swept = Swept {
                    swept: first,
                    reclaimed: second,
                };
                let range = Range::Sweep(place.proc);
                (EventKind::RangeEnd(range, Some(swept)), StackId::NONE)
            }
        };
        self.push(raw, place, stack, kind);
        Ok(true)
    }
}
