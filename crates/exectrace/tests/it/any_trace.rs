//! What holds of the reading of any bytes.

use std::collections::HashMap;

use fathom_exectrace::text::{Parsed, Printed};
use fathom_exectrace::{
    Analyses, Event, EventKind, GoroutineId, GoroutineState, Limits, Outcome, ProcId, ProcState,
    Reader, Tables, Tail, Visitor,
};

/// Sees that events follow one another as they can.
#[derive(Default)]
pub(crate) struct Checked {
    count: u64,
    last: Option<i64>,
    goroutines: HashMap<GoroutineId, GoroutineState>,
    procs: HashMap<ProcId, ProcState>,
    /// A sum over all events up to each, to compare two readings by.
    pub(crate) sums: Vec<u64>,
    /// How many events there were before each sync.
    pub(crate) syncs: Vec<usize>,
}

impl Visitor for Checked {
    fn event(&mut self, event: &Event, tables: &Tables) {
        assert!(
            self.last.is_none_or(|last| last < event.time.0) || event.time.0 == i64::MIN,
            "time goes on"
        );
        self.last = Some(event.time.0);
        self.count += 1;
        match event.kind {
            EventKind::Goroutine(change) => {
                let known = self.goroutines.insert(change.goroutine, change.to);
                let before = known.unwrap_or(GoroutineState::NotExist);
                assert!(
                    change.from == before || change.from == GoroutineState::Undetermined,
                    "goroutine {:?} was {before:?}: {change:?}",
                    change.goroutine
                );
            }
            EventKind::Proc(change) => {
                let known = self.procs.insert(change.proc, change.to);
                assert!(
                    known.is_none_or(|before| before == change.from)
                        || change.from == ProcState::Undetermined,
                    "P {:?} was {known:?}: {change:?}",
                    change.proc
                );
            }
            EventKind::Sync(_) => self.syncs.push(self.sums.len()),
            EventKind::Log(log) => {
                tables.text(log.message);
            }
            _ => {}
        }
        let sum = self.sums.last().copied().unwrap_or(0);
        let frames = tables.stacks.frames(event.stack).count() as u64;
        let parts = [
            event.time.0.cast_unsigned(),
            event.thread.0.cast_unsigned(),
            event.goroutine.0.cast_unsigned(),
            event.wire as u64,
            frames,
        ];
        let sum = parts.iter().fold(sum, |sum, part| {
            sum.rotate_left(7)
                .wrapping_add(*part)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        self.sums.push(sum);
    }
}

/// Reads bytes with everything that reads traces, and says what a reading found that leaves out
/// what is not whole.
pub(crate) fn read(bytes: &[u8]) -> Option<(Outcome, Checked)> {
    let limits = Limits {
        generation_bytes: 16 << 20,
    };
    let outcomes = [Tail::Drop, Tail::Salvage].map(|tail| {
        let mut reader = Reader::new(bytes).ok()?.tail(tail).limits(limits);
        let mut all = (
            (Checked::default(), Analyses::default()),
            Printed::new(Parsed::default(), std::io::sink()),
        );
        let outcome = reader.run(&mut all).ok()?.clone();
        let ((checked, analyses), _) = all;
        assert_eq!(outcome.events, checked.count);
        assert!(outcome.bytes <= bytes.len() as u64);
        if let Some(damage) = &outcome.damage {
            assert!(!damage.what.is_empty());
            assert!(damage.offset <= bytes.len() as u64);
            assert!(damage.lost_bytes <= bytes.len() as u64, "{damage}");
        }
        let view = analyses.finish(&outcome, reader.tables());
        assert_eq!(view.overview.events, outcome.events);
        Some((outcome, checked))
    });
    let [dropped, salvaged] = outcomes;
    let (dropped, salvaged) = (dropped?, salvaged?);
    // What is salvaged is more, and the same as far as the rest goes; but for the sync that ends
    // what was read before the damage.
    let shared = dropped.1.sums.len().saturating_sub(1);
    assert!(dropped.1.sums.get(..shared) == salvaged.1.sums.get(..shared));
    assert_eq!(dropped.0.damage.is_some(), salvaged.0.damage.is_some());
    Some(dropped)
}
