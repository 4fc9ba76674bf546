//! What is told of each event.

use crate::event::Event;
use crate::tables::Tables;

/// Sees the events of a trace, one after another.
///
/// It keeps what it wants of them; [`Tables`] says what their handles stand for. Names and stacks
/// hold for the whole trace, texts for the generation.
pub trait Visitor {
    /// Sees one event.
    fn event(&mut self, event: &Event, tables: &Tables);
}

impl<V: Visitor + ?Sized> Visitor for &mut V {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        (**self).event(event, tables);
    }
}

impl<A: Visitor, B: Visitor> Visitor for (A, B) {
    #[inline]
    fn event(&mut self, event: &Event, tables: &Tables) {
        self.0.event(event, tables);
        self.1.event(event, tables);
    }
}
