//! A utilisation over time: a number that holds until it changes, in few bytes a change.

use hashbrown::HashMap;

use crate::event::Time;

/// The changes of a block, after which the time and the sum are written out again.
const BLOCK: usize = 64;

/// A utilisation over time, from its first change to its last.
///
/// A change takes 8 bytes and a 64th of 24: its time from the beginning of its block, and which
/// of the few different values it has.
#[derive(Debug, Default, Clone)]
pub(crate) struct Changes {
    /// From the time of the block.
    offsets: Vec<u32>,
    /// Which of `values` holds from then on.
    held: Vec<u32>,
    values: Vec<f64>,
    known: HashMap<u64, u32>,
    blocks: Vec<Block>,
    last: i64,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    time: i64,
    first: usize,
    /// The integral of the utilisation from the first change to here.
    sum: f64,
}

impl Changes {
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn first_time(&self) -> i64 {
        self.blocks.first().map_or(0, |block| block.time)
    }

    pub(crate) fn last_time(&self) -> i64 {
        self.last
    }

    pub(crate) fn duration(&self) -> i64 {
        self.last.saturating_sub(self.first_time())
    }

    /// Lets a value hold from a time on. At the same time as the change before, the lower value
    /// holds.
    pub(crate) fn add(&mut self, time: Time, value: f64) {
        if let Some(last) = self.len().checked_sub(1) {
            let before = self.value(last);
            if value.to_bits() == before.to_bits() {
                return;
            }
            if time.0 == self.last {
                if value < before {
                    let value = self.intern(value);
                    if let Some(place) = self.held.get_mut(last) {
                        *place = value;
                    }
                }
                return;
            }
        }
        let offset = self.blocks.last().and_then(|block| {
            let is_full = self.len() - block.first >= BLOCK;
            let offset = u32::try_from(time.0.checked_sub(block.time)?).ok()?;
            (!is_full).then_some(offset)
        });
        if offset.is_none() {
            self.blocks.push(Block {
                time: time.0,
                first: self.len(),
                sum: 0.0,
            });
        }
        let value = self.intern(value);
        self.offsets.push(offset.unwrap_or_default());
        self.held.push(value);
        self.last = time.0;
    }

    /// Lowers each value by what a function makes of its time, but not below 0.
    pub(crate) fn lower(&mut self, mut by: impl FnMut(i64) -> f64) {
        let mut block = 0;
        for at in 0..self.len() {
            block = self.block_of(block, at);
            let lower = self.value(at) - by(self.time(block, at));
            let lower = self.intern(lower.max(0.0));
            if let Some(place) = self.held.get_mut(at) {
                *place = lower;
            }
        }
    }

    /// Adds up, after which nothing may change.
    pub(crate) fn add_up(&mut self) {
        let mut cursor = Cursor::default();
        for block in 1..self.blocks.len() {
            while let Some(next) = cursor.next_change(self)
                && cursor.block < block
            {
                cursor.step(self, next);
            }
            if let Some(place) = self.blocks.get_mut(block) {
                place.sum = cursor.sum;
            }
        }
    }

    fn intern(&mut self, value: f64) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let at = *self.known.entry(value.to_bits()).or_insert(next);
        if at == next {
            self.values.push(value);
        }
        at
    }

    pub(crate) fn value(&self, at: usize) -> f64 {
        let held = self.held.get(at).copied().unwrap_or_default();
        self.values.get(held as usize).copied().unwrap_or_default()
    }

    fn time(&self, block: usize, at: usize) -> i64 {
        let base = self.blocks.get(block).map_or(0, |block| block.time);
        base + i64::from(self.offsets.get(at).copied().unwrap_or_default())
    }

    /// The block of a change, which is not before a block that is known.
    fn block_of(&self, known: usize, at: usize) -> usize {
        match self.blocks.get(known + 1) {
            Some(next) if next.first <= at => known + 1,
            _ => known,
        }
    }
}

/// A place in a utilisation, and the integral until there.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Cursor {
    at: usize,
    block: usize,
    /// From the first change to the change at `at`.
    sum: f64,
}

impl Cursor {
    /// The value that holds here.
    pub(crate) fn value(&self, changes: &Changes) -> f64 {
        changes.value(self.at)
    }

    /// When the next change comes.
    pub(crate) fn next_change(&self, changes: &Changes) -> Option<i64> {
        let next = self.at + 1;
        (next < changes.len()).then(|| changes.time(changes.block_of(self.block, next), next))
    }

    /// Goes to the next change, whose time is given.
    pub(crate) fn step(&mut self, changes: &Changes, time: i64) {
        self.sum += self.value(changes) * (time - changes.time(self.block, self.at)) as f64;
        self.at += 1;
        self.block = changes.block_of(self.block, self.at);
    }

    /// Goes to the last change that is not after a time, and gives the integral from the first
    /// change to that time. Past the last change it goes on.
    pub(crate) fn advance(&mut self, changes: &Changes, time: i64) -> f64 {
        let is_far = match changes.blocks.get(self.block + 2) {
            Some(ahead) => ahead.time <= time,
            None => false,
        };
        if is_far || time < changes.time(self.block, self.at) {
            let after = changes.blocks.partition_point(|block| block.time <= time);
            self.block = after.saturating_sub(1);
            if let Some(block) = changes.blocks.get(self.block) {
                self.at = block.first;
                self.sum = block.sum;
            }
        }
        while let Some(next) = self.next_change(changes)
            && next <= time
        {
            self.step(changes, next);
        }
        let rest = time.saturating_sub(changes.time(self.block, self.at));
        self.sum + self.value(changes) * rest as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_is_that_of_the_steps() {
        let mut changes = Changes::default();
        let mut steps = Vec::new();
        let mut time = 5;
        for step in 0..1000_i64 {
            let value = f64::from(i32::try_from(step % 5).expect("small")) / 4.0;
            changes.add(Time(time), value);
            steps.push((time, value));
            // Some gaps are longer than a block's offsets.
            time += if step % 100 == 99 {
                1 << 33
            } else {
                7 + step % 13
            };
        }
        changes.add_up();
        assert_eq!(changes.len(), 1000);
        assert_eq!(changes.duration(), steps[999].0 - 5);
        let integral = |until: i64| {
            steps
                .iter()
                .enumerate()
                .fold(0.0, |sum, (at, &(from, value))| {
                    let to = steps.get(at + 1).map_or(until, |next| next.0.min(until));
                    sum + value * (to - from).max(0) as f64
                })
        };
        let mut forward = Cursor::default();
        for &(at, _) in steps.iter().step_by(3) {
            for time in [at, at + 3] {
                let expected = integral(time);
                let mut fresh = Cursor::default();
                assert!((fresh.advance(&changes, time) - expected).abs() < 1e-3);
                assert!((forward.advance(&changes, time) - expected).abs() < 1e-3);
            }
        }
        assert!(
            forward.advance(&changes, 40).abs() - integral(40) < 1e-9,
            "back"
        );
    }

    #[test]
    fn the_lower_of_two_at_a_time_holds() {
        let mut changes = Changes::default();
        changes.add(Time(1), 1.0);
        changes.add(Time(1), 0.5);
        changes.add(Time(1), 0.75);
        changes.add(Time(2), 0.5);
        changes.add(Time(3), 1.0);
        assert_eq!(changes.len(), 2);
        assert!((changes.value(0) - 0.5).abs() < 1e-12);
        changes.lower(|time| if time == 1 { 0.25 } else { 2.0 });
        assert!((changes.value(0) - 0.25).abs() < 1e-12);
        assert!(changes.value(1).abs() < 1e-12);
    }
}
