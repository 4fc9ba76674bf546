//! What the handles of events stand for.

use hashbrown::HashMap;

use crate::event::{Text, Time};
use crate::names::{Name, Names};
use crate::stacks::{StackId, Stacks};

/// The clocks at the same moment, since Go 1.25.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSnapshot {
    /// The trace's clock.
    pub trace: Time,
    /// The monotonic clock in nanoseconds.
    pub monotonic: u64,
    /// The wall clock: seconds since 1970.
    pub seconds: i64,
    /// The wall clock: nanoseconds of the second.
    pub nanoseconds: u64,
}

impl ClockSnapshot {
    /// The wall clock at a moment of the trace, in nanoseconds since 1970.
    pub fn wall(&self, time: Time) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds) + i128::from(time.0)
            - i128::from(self.trace.0)
    }
}

/// What the handles of events stand for: names and stacks for the whole trace, the rest for the
/// generation that is being read.
#[derive(Debug, Default)]
pub struct Tables {
    /// The names of the trace.
    pub names: Names,
    /// The stacks of the trace.
    pub stacks: Stacks,
    pub(crate) generation: GenerationTables,
}

impl Tables {
    /// The number of the generation.
    pub fn generation(&self) -> u64 {
        self.generation.number
    }

    /// The clocks at the beginning of the generation, where they are known.
    pub fn clocks(&self) -> Option<&ClockSnapshot> {
        self.generation.clocks.as_ref()
    }

    /// Reads a text of the current generation. What is no UTF-8 is replaced.
    pub fn text(&self, text: Text) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.generation.string(text.0).unwrap_or_default())
    }

    /// Whether there is a text of a number.
    pub(crate) fn has_text(&self, id: u64) -> bool {
        self.generation.string(id).is_some()
    }

    /// The bytes of a text of the current generation, which are UTF-8 unless it was cut.
    pub fn text_bytes(&self, text: Text) -> &[u8] {
        self.generation.string(text.0).unwrap_or_default()
    }

    /// The name behind the number of a string, which stays when the generation ends.
    #[inline]
    pub(crate) fn name(&mut self, id: u64) -> Option<Name> {
        if id == 0 {
            return Some(Name::EMPTY);
        }
        let generation = &mut self.generation;
        let at = generation.string_at.get(id)? as usize;
        if let Some(&Some(name)) = generation.names.get(at) {
            return Some(name);
        }
        let name = self
            .names
            .intern(&String::from_utf8_lossy(generation.string(id)?));
        *generation.names.get_mut(at)? = Some(name);
        Some(name)
    }

    /// The stack behind its number.
    #[inline]
    pub(crate) fn stack(&self, id: u64) -> Option<StackId> {
        if id == 0 {
            return Some(StackId::NONE);
        }
        self.generation.stacks.get(id).map(StackId)
    }
}

/// What holds for one generation.
#[derive(Debug, Default)]
pub(crate) struct GenerationTables {
    pub(crate) number: u64,
    pub(crate) clocks: Option<ClockSnapshot>,
    /// From the number of a string to its place in `strings` and `names`.
    string_at: IdTable,
    /// Where each string stands in `bytes`.
    strings: Vec<(u32, u32)>,
    bytes: Vec<u8>,
    names: Vec<Option<Name>>,
    /// From the number of a stack to its handle.
    stacks: IdTable,
}

impl GenerationTables {
    pub(crate) fn clear(&mut self) {
        self.number = 0;
        self.clocks = None;
        self.string_at.clear();
        self.strings.clear();
        self.bytes.clear();
        self.names.clear();
        self.stacks.clear();
    }

    fn string(&self, id: u64) -> Option<&[u8]> {
        if id == 0 {
            return Some(&[]);
        }
        let &(start, end) = self.strings.get(self.string_at.get(id)? as usize)?;
        self.bytes.get(start as usize..end as usize)
    }

    /// Adds a string; says no where its number is taken or the table is full.
    pub(crate) fn add_string(&mut self, id: u64, text: &[u8]) -> bool {
        let start = self.bytes.len();
        let (Ok(at), Ok(from), Ok(to)) = (
            u32::try_from(self.strings.len()),
            u32::try_from(start),
            u32::try_from(start + text.len()),
        ) else {
            return false;
        };
        if !self.string_at.insert(id, at) {
            return false;
        }
        self.bytes.extend_from_slice(text);
        self.strings.push((from, to));
        self.names.push(None);
        true
    }

    /// Adds a stack; says no where its number is taken.
    pub(crate) fn add_stack(&mut self, id: u64, stack: StackId) -> bool {
        self.stacks.insert(id, stack.0)
    }
}

/// From numbers of the trace to handles: an array for those that are as dense as the runtime
/// makes them, a map for the rest, so that damaged numbers cost no memory.
#[derive(Debug, Default)]
struct IdTable {
    /// The handle and one, or 0.
    dense: Vec<u32>,
    sparse: HashMap<u64, u32>,
    count: usize,
}

impl IdTable {
    fn clear(&mut self) {
        self.dense.clear();
        self.sparse.clear();
        self.count = 0;
    }

    #[inline]
    fn get(&self, id: u64) -> Option<u32> {
        let dense = usize::try_from(id).ok().and_then(|at| self.dense.get(at));
        match dense {
            Some(&handle) if handle != 0 => Some(handle - 1),
            _ if self.sparse.is_empty() => None,
            _ => self.sparse.get(&id).copied(),
        }
    }

    fn insert(&mut self, id: u64, handle: u32) -> bool {
        if id == 0 || self.get(id).is_some() {
            return false;
        }
        self.count += 1;
        let most = 4 * self.count + 4096;
        match (usize::try_from(id), handle.checked_add(1)) {
            (Ok(at), Some(stored)) if at < most => {
                if self.dense.len() <= at {
                    self.dense.resize(at + 1, 0);
                }
                if let Some(place) = self.dense.get_mut(at) {
                    *place = stored;
                }
            }
            _ => {
                self.sparse.insert(id, handle);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_near_and_far_are_found() {
        let mut table = IdTable::default();
        assert!(table.insert(1, 7));
        assert!(table.insert(u64::MAX, 8));
        assert!(table.insert(100_000, 9));
        assert!(!table.insert(1, 10), "taken");
        assert!(!table.insert(0, 10), "0 is none");
        assert_eq!(table.get(1), Some(7));
        assert_eq!(table.get(u64::MAX), Some(8));
        assert_eq!(table.get(100_000), Some(9));
        assert_eq!(table.get(2), None);
        assert!(table.dense.len() < 10_000);
        table.clear();
        assert_eq!(table.get(1), None);
    }

    #[test]
    fn names_stay_when_generations_end() {
        let mut tables = Tables::default();
        assert!(tables.generation.add_string(3, b"request"));
        let name = tables.name(3).expect("a name");
        assert_eq!(tables.text(Text(3)), "request");
        tables.generation.clear();
        assert_eq!(tables.name(3), None);
        assert_eq!(tables.names.get(name), "request");
        assert_eq!(tables.name(0), Some(Name::EMPTY));
    }
}
