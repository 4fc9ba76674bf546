//! The next event of each thread, the earliest first
//! (`src/internal/trace/batchcursor.go`, Go 1.27.3).
//!
//! Events of the same moment come in the order that this heap leaves them in, so it moves its
//! entries exactly as the reference's does.

use crate::error::{Fault, fault};
use crate::generation::{Batch, Frequency};
use crate::wire::{MOST_ARGUMENTS, Wire, timed_arguments, varint};

/// An event of the wire with its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw {
    pub(crate) wire: Wire,
    pub(crate) time: i64,
    pub(crate) arguments: [u64; MOST_ARGUMENTS],
}

impl Raw {
    pub(crate) const NOTHING: Self = Self {
        wire: Wire::Sync,
        time: 0,
        arguments: [0; MOST_ARGUMENTS],
    };
}

/// Where in a thread's batches reading is, and the event that was read last.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// The thread's place in the generation.
    pub(crate) thread: usize,
    pub(crate) event: Raw,
    last: i64,
    batch: usize,
    /// Where in the batch its last event begins, and where the next does.
    before: usize,
    at: usize,
}

impl Cursor {
    pub(crate) fn new(thread: usize) -> Self {
        Self {
            thread,
            event: Raw::NOTHING,
            last: 0,
            batch: 0,
            before: 0,
            at: 0,
        }
    }

    /// Reads the thread's next event; says no at its end.
    #[inline]
    pub(crate) fn advance(
        &mut self,
        batches: &[Batch],
        bytes: &[u8],
        frequency: Frequency,
    ) -> Result<bool, Fault> {
        let (batch, data) = loop {
            let Some(batch) = batches.get(self.batch) else {
                return Ok(false);
            };
            let data = bytes.get(batch.start..batch.end).unwrap_or_default();
            if self.at < data.len() {
                break (batch, data);
            }
            self.batch += 1;
            self.at = 0;
            self.last = 0;
        };
        if self.last == 0 {
            self.last = frequency.moment(batch.time);
        }
        let distance = self.read(data)?;
        self.event.time = frequency.moment(distance).wrapping_add(self.last);
        self.last = self.event.time;
        Ok(true)
    }

    /// How many bytes of the thread's batches are left, its last event counted.
    pub(crate) fn rest(&self, batches: &[Batch]) -> usize {
        let rest = batches.get(self.batch..).unwrap_or_default();
        let bytes: usize = rest.iter().map(|batch| batch.end - batch.start).sum();
        bytes.saturating_sub(self.before)
    }

    /// Reads an event and returns how long after the one before it was, in the clock's units.
    #[inline]
    fn read(&mut self, data: &[u8]) -> Result<u64, Fault> {
        let number = data.get(self.at).copied().unwrap_or_default();
        let (Some(count), Some(wire)) = (timed_arguments(number), Wire::from_number(number)) else {
            return Err(fault!("event {number} is none of a thread's"));
        };
        self.event.wire = wire;
        let cut = || fault!("the arguments of {} are cut or too long", wire.spec().name);
        let (distance, mut at) = varint(data, self.at + 1).ok_or_else(cut)?;
        for argument in self.event.arguments.iter_mut().take(count) {
            (*argument, at) = varint(data, at).ok_or_else(cut)?;
        }
        self.before = self.at;
        self.at = at;
        Ok(distance)
    }
}

/// A heap of cursors by the time of their event.
#[derive(Debug, Default)]
pub(crate) struct Frontier {
    /// The time of the event, and which cursor it is.
    heap: Vec<(i64, u32)>,
    pub(crate) cursors: Vec<Cursor>,
}

impl Frontier {
    pub(crate) fn clear(&mut self) {
        self.heap.clear();
        self.cursors.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The time of the earliest event.
    #[inline]
    pub(crate) fn earliest(&self) -> Option<i64> {
        self.heap.first().map(|&(time, _)| time)
    }

    /// The cursor at a place of the heap.
    #[inline]
    pub(crate) fn cursor(&mut self, place: usize) -> Option<&mut Cursor> {
        let &(_, cursor) = self.heap.get(place)?;
        self.cursors.get_mut(cursor as usize)
    }

    pub(crate) fn insert(&mut self, cursor: Cursor) {
        let at = u32::try_from(self.cursors.len()).unwrap_or(u32::MAX);
        self.heap.push((cursor.event.time, at));
        self.cursors.push(cursor);
        self.sift_up(self.heap.len() - 1);
    }

    /// Says that the cursor at a place has another event.
    #[inline]
    pub(crate) fn update(&mut self, place: usize, time: i64) {
        if let Some(entry) = self.heap.get_mut(place) {
            entry.0 = time;
        }
        if self.sift_up(place) == place {
            self.sift_down(place);
        }
    }

    /// Takes the cursor at a place out.
    pub(crate) fn remove(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            self.heap.swap(parent, place);
            place = parent;
        }
        if !self.heap.is_empty() {
            self.heap.swap_remove(0);
            self.sift_down(0);
        }
    }

    /// Puts all in order of time. A sorted heap is still a heap.
    ///
    /// The reference sorts without keeping the order of equal times where there are more than
    /// twelve threads.
    pub(crate) fn sort(&mut self) {
        self.heap.sort_by_key(|&(time, _)| time);
    }

    #[inline]
    fn time(&self, place: usize) -> i64 {
        self.heap.get(place).map_or(i64::MAX, |&(time, _)| time)
    }

    #[inline]
    fn sift_up(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.time(parent) <= self.time(place) {
                break;
            }
            self.heap.swap(parent, place);
            place = parent;
        }
        place
    }

    #[inline]
    fn sift_down(&mut self, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let mut least = place;
            if self.time(left) < self.time(least) {
                least = left;
            }
            if self.time(right) < self.time(least) {
                least = right;
            }
            if least == place {
                return;
            }
            self.heap.swap(place, least);
            place = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(thread: usize, time: i64) -> Cursor {
        let mut cursor = Cursor::new(thread);
        cursor.event.time = time;
        cursor
    }

    #[test]
    fn the_earliest_is_first() {
        let mut frontier = Frontier::default();
        for (thread, time) in [9, 4, 7, 1, 8, 2].into_iter().enumerate() {
            frontier.insert(cursor(thread, time));
        }
        let mut seen = Vec::new();
        while let Some(time) = frontier.earliest() {
            seen.push(time);
            frontier.remove(0);
        }
        assert_eq!(seen, [1, 2, 4, 7, 8, 9]);
    }

    #[test]
    fn any_place_can_change_or_go() {
        let mut frontier = Frontier::default();
        for (thread, time) in [1, 2, 3, 4, 5].into_iter().enumerate() {
            frontier.insert(cursor(thread, time));
        }
        frontier.sort();
        frontier.update(3, 0);
        assert_eq!(frontier.earliest(), Some(0));
        frontier.sort();
        frontier.remove(4);
        let mut seen = Vec::new();
        while let Some(time) = frontier.earliest() {
            seen.push(time);
            frontier.remove(0);
        }
        assert_eq!(seen, [0, 1, 2, 3]);
    }

    #[test]
    fn a_cursor_reads_batch_after_batch() {
        // GoDestroy at 2, ProcStop at 3; then a batch with GoStart of goroutine 5.
        let bytes = [17, 2, 11, 3, 16, 1, 5, 9];
        let batches = [
            Batch {
                time: 100,
                start: 0,
                end: 4,
            },
            Batch {
                time: 0,
                start: 4,
                end: 4,
            },
            Batch {
                time: 200,
                start: 4,
                end: 8,
            },
        ];
        let frequency = Frequency::from_units_per_second(500_000_000);
        let mut cursor = Cursor::new(0);
        let mut seen = Vec::new();
        while cursor.advance(&batches, &bytes, frequency).expect("events") {
            seen.push((cursor.event.wire, cursor.event.time));
        }
        let expected = [
            (Wire::GoDestroy, 204),
            (Wire::ProcStop, 210),
            (Wire::GoStart, 402),
        ];
        assert_eq!(seen, expected);
        assert_eq!(cursor.event.arguments, [5, 9, 0, 0]);
    }

    #[test]
    fn what_is_no_event_is_told() {
        let batches = [Batch {
            time: 1,
            start: 0,
            end: 2,
        }];
        let frequency = Frequency::from_units_per_second(1_000_000_000);
        let message = |bytes: &[u8]| {
            let mut cursor = Cursor::new(0);
            cursor
                .advance(&batches, bytes, frequency)
                .expect_err("a fault")
                .0
        };
        assert!(message(&[99, 0]).contains("event 99"));
        assert!(message(&[16, 0x80]).contains("GoStart"));
    }
}
