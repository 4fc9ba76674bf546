//! Symbols by address.

use std::borrow::Cow;

/// What a symbol names.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SymbolKind {
    /// A function, or anything else in executable memory.
    Code,
    /// A variable, or anything else in other memory.
    Data,
    /// Something without a place in memory that is known.
    Other,
}

/// A symbol of a binary.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its name as the file has it, but for the underscore that Mach-O puts before every name.
    pub raw_name: &'a [u8],
    /// Its address in the file.
    pub address: u64,
    /// Its size in bytes as the file tells it; 0 where it does not.
    pub size: u64,
    /// The address after the last that it covers: by its size, or else by what follows it.
    pub end: u64,
    /// What it names.
    pub kind: SymbolKind,
    /// Whether other binaries see it.
    pub global: bool,
}

impl<'a> Symbol<'a> {
    /// The name, with what is no UTF-8 replaced.
    pub fn name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.raw_name)
    }
}

/// A symbol, its name a place in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) end: u64,
    pub(super) name_offset: u64,
    pub(super) name_length: u32,
    pub(super) kind: SymbolKind,
    pub(super) global: bool,
}

/// All symbols of a binary, by address.
#[derive(Debug, Default)]
pub(super) struct SymbolTable {
    entries: Vec<Entry>,
    /// For each entry the furthest end of it and all before it, so that a search backwards from
    /// an address knows when nothing before can reach it.
    reach: Vec<u64>,
    full: bool,
}

impl SymbolTable {
    /// Sorts symbols and finds out how far those without a size reach.
    ///
    /// `bounds` are the ranges of the sections; `full` says whether the symbols are more than
    /// those for dynamic linking. Without a full table the gap behind a symbol means nothing, so
    /// that symbols without a size cover nothing then.
    pub(super) fn new(mut entries: Vec<Entry>, mut bounds: Vec<(u64, u64)>, full: bool) -> Self {
        bounds.sort_unstable();
        entries.sort_by(|a, b| {
            (a.address, a.size == 0, !a.global, a.name_offset).cmp(&(
                b.address,
                b.size == 0,
                !b.global,
                b.name_offset,
            ))
        });
        let mut next_address = u64::MAX;
        let mut last_address = u64::MAX;
        for entry in entries.iter_mut().rev() {
            if entry.address != last_address {
                next_address = last_address;
                last_address = entry.address;
            }
            entry.end = if entry.size > 0 {
                entry.address.saturating_add(entry.size)
            } else if full {
                let after = bounds.partition_point(|(start, _)| *start <= entry.address);
                let bound = after
                    .checked_sub(1)
                    .and_then(|index| bounds.get(index))
                    .map_or(entry.address, |(_, end)| *end);
                bound.min(next_address).max(entry.address)
            } else {
                entry.address
            };
        }
        let mut furthest = 0;
        let reach = entries
            .iter()
            .map(|entry| {
                furthest = entry.end.max(furthest);
                furthest
            })
            .collect();
        Self {
            entries,
            reach,
            full,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn iter<'a>(
        &'a self,
        file: &'a [u8],
    ) -> impl ExactSizeIterator<Item = Symbol<'a>> + 'a {
        self.entries.iter().map(move |entry| entry.symbol(file))
    }

    /// The symbol that covers an address and begins last.
    pub(super) fn at<'a>(&self, file: &'a [u8], address: u64) -> Option<Symbol<'a>> {
        /// Bounds the search in a file with very many nested symbols.
        const MOST_STEPS: usize = 4096;
        let after = self
            .entries
            .partition_point(|entry| entry.address <= address);
        let mut best: Option<&Entry> = None;
        for (entry, reach) in self
            .entries
            .get(..after)?
            .iter()
            .zip(self.reach.get(..after)?)
            .rev()
            .take(MOST_STEPS)
        {
            if *reach <= address || best.is_some_and(|best| best.address != entry.address) {
                break;
            }
            // Going backwards through equal addresses ends with the best of them.
            if entry.end > address && entry.kind != SymbolKind::Other {
                best = Some(entry);
            }
        }
        best.map(|entry| entry.symbol(file))
    }
}

impl Entry {
    fn symbol<'a>(&self, file: &'a [u8]) -> Symbol<'a> {
        let start = usize::try_from(self.name_offset).unwrap_or(usize::MAX);
        let raw_name = file
            .get(start..start.saturating_add(self.name_length as usize))
            .unwrap_or_default();
        Symbol {
            raw_name,
            address: self.address,
            size: self.size,
            end: self.end,
            kind: self.kind,
            global: self.global,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[u8] = b"abcdef";

    fn entry(name: u8, address: u64, size: u64, global: bool) -> Entry {
        Entry {
            address,
            size,
            end: 0,
            name_offset: u64::from(name - b'a'),
            name_length: 1,
            kind: SymbolKind::Code,
            global,
        }
    }

    fn name_at(table: &SymbolTable, address: u64) -> Option<String> {
        table
            .at(NAMES, address)
            .map(|symbol| symbol.name().into_owned())
    }

    #[test]
    fn a_size_is_the_limit_of_a_symbol() {
        let table = SymbolTable::new(
            vec![entry(b'a', 100, 20, true), entry(b'b', 140, 10, false)],
            vec![(100, 1000)],
            true,
        );
        assert_eq!(name_at(&table, 99), None);
        assert_eq!(name_at(&table, 119).as_deref(), Some("a"));
        assert_eq!(name_at(&table, 120), None);
        assert_eq!(name_at(&table, 149).as_deref(), Some("b"));
        assert_eq!(name_at(&table, 150), None);
    }

    #[test]
    fn without_a_size_the_next_symbol_or_the_section_ends_it() {
        let entries = vec![entry(b'a', 100, 0, true), entry(b'b', 140, 0, true)];
        let table = SymbolTable::new(entries.clone(), vec![(100, 160), (200, 300)], true);
        assert_eq!(name_at(&table, 139).as_deref(), Some("a"));
        assert_eq!(name_at(&table, 159).as_deref(), Some("b"));
        assert_eq!(name_at(&table, 160), None);
        let dynamic = SymbolTable::new(entries, vec![(100, 160)], false);
        assert_eq!(name_at(&dynamic, 120), None);
    }

    #[test]
    fn the_innermost_and_then_the_global_symbol_is_it() {
        let table = SymbolTable::new(
            vec![
                entry(b'a', 100, 100, true),
                entry(b'b', 120, 10, false),
                entry(b'c', 120, 10, true),
            ],
            vec![],
            true,
        );
        assert_eq!(name_at(&table, 125).as_deref(), Some("c"));
        assert_eq!(name_at(&table, 135).as_deref(), Some("a"));
    }
}
