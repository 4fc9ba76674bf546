//! Writes the lines of events while the trace is read.

use std::fmt;
use std::io;

use crate::event::Event;
use crate::tables::Tables;
use crate::visitor::Visitor;

/// A form in which events are written.
pub trait EventLines {
    /// Appends what is written of an event, which may be nothing.
    fn push(&mut self, out: &mut Vec<u8>, event: &Event, tables: &Tables);
}

/// How many bytes are written at once.
const PIECE: usize = 256 << 10;

/// Writes the lines of all events that it sees.
pub struct Printed<L, W> {
    lines: L,
    output: W,
    waiting: Vec<u8>,
    failure: Option<io::Error>,
}

impl<L, W> fmt::Debug for Printed<L, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printed")
            .field("waiting", &self.waiting.len())
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl<L: EventLines, W: io::Write> Printed<L, W> {
    /// Writes in a form to an output.
    pub fn new(lines: L, output: W) -> Self {
        Self {
            lines,
            output,
            waiting: Vec::with_capacity(PIECE + 4096),
            failure: None,
        }
    }

    /// Whether the output refused a piece: the rest of the trace need not be read.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Writes what is left and gives the output back.
    ///
    /// # Errors
    ///
    /// The first that the output made.
    pub fn finish(mut self) -> io::Result<W> {
        self.write();
        match self.failure {
            Some(failure) => Err(failure),
            None => self.output.flush().map(|()| self.output),
        }
    }

    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.output.write_all(&self.waiting).err();
        }
        self.waiting.clear();
    }
}

impl<L: EventLines, W: io::Write> Visitor for Printed<L, W> {
    fn event(&mut self, event: &Event, tables: &Tables) {
        self.lines.push(&mut self.waiting, event, tables);
        if self.waiting.len() >= PIECE {
            self.write();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, GoroutineId, ProcId, ThreadId, Time};
    use crate::stacks::StackId;
    use crate::text::Parsed;
    use crate::wire::Wire;

    fn sync() -> Event {
        Event {
            time: Time(1),
            thread: ThreadId::NONE,
            proc: ProcId::NONE,
            goroutine: GoroutineId::NONE,
            stack: StackId::NONE,
            wire: Wire::Sync,
            kind: EventKind::Sync(1),
        }
    }

    #[test]
    fn everything_is_written() {
        let tables = Tables::default();
        let mut printed = Printed::new(Parsed::default(), Vec::new());
        for _ in 0..20_000 {
            printed.event(&sync(), &tables);
        }
        let text = String::from_utf8(printed.finish().expect("written")).expect("text");
        assert_eq!(text, "M=-1 P=-1 G=-1 Sync Time=1 N=1\n".repeat(20_000));
    }

    #[test]
    fn a_closed_output_is_told() {
        #[derive(Debug)]
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut printed = Printed::new(Parsed::default(), Closed);
        let tables = Tables::default();
        for _ in 0..20_000 {
            printed.event(&sync(), &tables);
        }
        assert!(printed.has_failed());
        let error = printed.finish().expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
