//! Stacks of a trace, each kept once for the whole trace.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::names::Name;

/// A handle of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId(pub(crate) u32);

impl StackId {
    /// No stack.
    pub const NONE: Self = Self(0);

    /// Whether it is one at all.
    #[inline]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// The place in tables by stack.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A handle of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(u32);

impl FrameId {
    /// The place in tables by frame.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One call of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Its address; inlined calls have addresses that are made up but differ.
    pub address: u64,
    /// The function's whole name.
    pub function: Name,
    /// The file as the compiler named it.
    pub file: Name,
    /// The line in the file.
    pub line: u64,
}

/// Stacks and their frames, each once. What is in it stays for the whole trace.
#[derive(Debug)]
pub struct Stacks {
    frames: Vec<Frame>,
    known_frames: HashMap<Frame, u32>,
    /// The frames of all stacks, the leaf of each first.
    rows: Vec<FrameId>,
    /// Where each stack ends in `rows`.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Default for Stacks {
    fn default() -> Self {
        Self {
            frames: Vec::new(),
            known_frames: HashMap::new(),
            rows: Vec::new(),
            // The first is the stack that is none.
            ends: vec![0],
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Stacks {
    /// The frames of a stack, the leaf first.
    pub fn get(&self, stack: StackId) -> &[FrameId] {
        row(&self.rows, &self.ends, stack.0)
    }

    /// A frame by its handle.
    pub fn frame(&self, frame: FrameId) -> Option<&Frame> {
        self.frames.get(frame.index())
    }

    /// The frames of a stack, the leaf first.
    pub fn frames(&self, stack: StackId) -> impl DoubleEndedIterator<Item = &Frame> {
        self.get(stack)
            .iter()
            .filter_map(|&frame| self.frame(frame))
    }

    /// The frame at which the stack began: the goroutine's entry, if the stack is whole.
    pub fn root(&self, stack: StackId) -> Option<&Frame> {
        self.get(stack).last().and_then(|&frame| self.frame(frame))
    }

    /// How many stacks there are, the one that is none among them.
    #[expect(
        clippy::len_without_is_empty,
        reason = "the stack that is none is always there"
    )]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn intern_frame(&mut self, frame: Frame) -> FrameId {
        let next = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        let at = *self.known_frames.entry(frame).or_insert(next);
        if at == next {
            self.frames.push(frame);
        }
        FrameId(at)
    }

    /// The handle of a stack of frames, the leaf first. Stacks without frames are their own
    /// stack, not the one that is none.
    pub(crate) fn intern(&mut self, frames: &[FrameId]) -> StackId {
        let hash = self.hasher.hash_one(frames);
        let (rows, ends, hasher) = (&self.rows, &self.ends, &self.hasher);
        let entry = self.table.entry(
            hash,
            |&at| row(rows, ends, at) == frames,
            |&at| hasher.hash_one(row(rows, ends, at)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(known) => StackId(*known.get()),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let at = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
                vacant.insert(at);
                self.rows.extend_from_slice(frames);
                self.ends.push(self.rows.len());
                StackId(at)
            }
        }
    }
}

fn row<'a>(rows: &'a [FrameId], ends: &[usize], at: u32) -> &'a [FrameId] {
    let at = at as usize;
    let start = at
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    ends.get(at)
        .and_then(|&end| rows.get(start..end))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_kept_once() {
        let mut stacks = Stacks::default();
        let frame = |address| Frame {
            address,
            function: Name::EMPTY,
            file: Name::EMPTY,
            line: 1,
        };
        let leaf = stacks.intern_frame(frame(1));
        let root = stacks.intern_frame(frame(2));
        assert_eq!(stacks.intern_frame(frame(1)), leaf);
        let stack = stacks.intern(&[leaf, root]);
        assert_eq!(stacks.intern(&[leaf, root]), stack);
        assert_ne!(stacks.intern(&[root]), stack);
        assert!(stacks.intern(&[]).is_some());
        assert_eq!(stacks.get(stack), [leaf, root]);
        assert_eq!(stacks.root(stack), Some(&frame(2)));
        assert_eq!(stacks.get(StackId::NONE), []);
        assert_eq!(stacks.root(StackId::NONE), None);
    }
}
