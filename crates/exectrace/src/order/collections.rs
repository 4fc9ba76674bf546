//! The concurrent mark phase, which is nobody's. Its beginning and end carry a number, for they
//! happen on different threads.

use super::goroutines::check_running;
use super::{Advance, Collection, Order, Place};
use crate::error::fault;
use crate::event::{EventKind, Range};
use crate::frontier::Raw;
use crate::stacks::StackId;
use crate::tables::Tables;
use crate::wire::Wire;

impl Order {
    pub(super) fn mark(&mut self, raw: &Raw, place: &mut Place, tables: &Tables) -> Advance {
        let [number, stack, ..] = raw.arguments;
        // What comes first in a trace needs no number before it, nor a goroutine.
        let is_first = match raw.wire {
            Wire::GCActive if self.is_first_generation() => {
                if self.collection != Collection::Undetermined {
                    return Err(fault!(
                        "GCActive is not the first of the collector's events"
                    ));
                }
                true
            }
            Wire::GCBegin => self.collection == Collection::Undetermined,
            _ => false,
        };
        if !is_first {
            if number != self.collection_sequence.wrapping_add(1) {
                return Ok(false);
            }
            let expected = if raw.wire == Wire::GCBegin {
                Collection::NotRunning
            } else {
                Collection::Running
            };
            if self.collection != expected {
                return Err(fault!(
                    "{} while the mark phase is {:?}",
                    raw.wire.spec().name,
                    self.collection
                ));
            }
            check_running(place)?;
        }
        self.collection_sequence = number;
        let (collection, kind) = match raw.wire {
            Wire::GCActive => (Collection::Running, EventKind::RangeActive(Range::Mark)),
            Wire::GCBegin => (Collection::Running, EventKind::RangeBegin(Range::Mark)),
            _ => (
                Collection::NotRunning,
                EventKind::RangeEnd(Range::Mark, None),
            ),
        };
        self.collection = collection;
        let stack = if raw.wire == Wire::GCBegin {
            self.stack(stack, raw.wire, tables)?
        } else {
            StackId::NONE
        };
        self.push(raw, place, stack, kind);
        Ok(true)
    }
}
