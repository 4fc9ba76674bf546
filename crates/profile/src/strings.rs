//! The strings of a profile: one buffer, handles into it.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::{Error, LimitKind, Position};
use crate::handle::StringId;
use crate::limits::Limits;

/// Strings one after another in one buffer; the first is empty.
///
/// Equal strings may have several handles when the input repeats them.
#[derive(Debug, Clone)]
pub(crate) struct StringTable {
    text: String,
    ends: Vec<u32>,
}

impl StringTable {
    pub(crate) fn new() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
        }
    }

    pub(crate) fn reserve(&mut self, strings: usize, bytes: usize) {
        self.ends.reserve(strings);
        self.text.reserve(bytes);
    }

    /// Gives back room that was taken in advance.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.ends.shrink_to_fit();
        self.text.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, id: StringId) -> &str {
        let end = self.ends.get(id.index()).copied().unwrap_or(0) as usize;
        let start = match id.index().checked_sub(1) {
            Some(previous) => self.ends.get(previous).copied().unwrap_or(0) as usize,
            None => 0,
        };
        self.text.get(start..end).unwrap_or_default()
    }

    /// Appends a string; bytes that are not UTF-8 are replaced by U+FFFD.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        position: Position,
    ) -> Result<StringId, Error> {
        let over = |limit: LimitKind, maximum: u64| {
            Err(Error::Limit {
                limit,
                maximum,
                position,
            })
        };
        if self.ends.len() as u64 >= limits.strings {
            return over(LimitKind::Strings, limits.strings);
        }
        let Some(id) = StringId::from_index(self.ends.len()) else {
            return over(LimitKind::Strings, u64::from(u32::MAX));
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text.push_str(text),
            Err(_) => self.text.push_str(&String::from_utf8_lossy(bytes)),
        }
        let maximum = limits.string_bytes.min(u64::from(u32::MAX));
        if self.text.len() as u64 > maximum {
            return over(LimitKind::StringBytes, maximum);
        }
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        Ok(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|index| StringId::from_index(index).map(|id| self.get(id)))
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

/// A string table that gives equal strings one handle.
#[derive(Debug, Clone)]
pub(crate) struct Interner {
    table: StringTable,
    seen: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self {
            table: StringTable::new(),
            seen: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Goes on with a table that was made before; of strings that it repeats the first
    /// counts.
    pub(crate) fn resume(table: StringTable) -> Self {
        let hasher = DefaultHashBuilder::default();
        let mut seen: HashTable<u32> = HashTable::with_capacity(table.len());
        for (raw, text) in (0..).zip(table.iter()) {
            let hash = hasher.hash_one(text);
            if seen
                .find(hash, |&raw| table.get(StringId(raw)) == text)
                .is_none()
            {
                seen.insert_unique(hash, raw, |&raw| hasher.hash_one(table.get(StringId(raw))));
            }
        }
        Self {
            table,
            seen,
            hasher,
        }
    }

    pub(crate) fn intern(
        &mut self,
        text: &str,
        limits: &Limits,
        position: Position,
    ) -> Result<StringId, Error> {
        if text.is_empty() {
            return Ok(StringId::EMPTY);
        }
        let Self {
            table,
            seen,
            hasher,
        } = self;
        let hash = hasher.hash_one(text);
        if let Some(&raw) = seen.find(hash, |&raw| table.get(StringId(raw)) == text) {
            return Ok(StringId(raw));
        }
        let id = table.push(text.as_bytes(), limits, position)?;
        seen.insert_unique(hash, id.0, |&raw| hasher.hash_one(table.get(StringId(raw))));
        Ok(id)
    }

    pub(crate) fn get(&self, id: StringId) -> &str {
        self.table.get(id)
    }

    pub(crate) fn into_table(self) -> StringTable {
        self.table
    }
}
