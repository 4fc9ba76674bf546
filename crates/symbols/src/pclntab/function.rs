//! The record of one function in a table.

use super::{Pclntab, TableVersion};

/// The tables of values by address that are numbered, and the kinds of function data
/// (internal/abi/symtab.go of Go 1.27, runtime/funcdata.h of Go 1.16).
const INLINING_INDEX_TABLE: u32 = 2;
const INLINING_TREE_DATA: u32 = 3;

/// What the runtime keeps about a function, `_func` in runtime/runtime2.go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// The offset of its name.
    pub(super) name: u32,
    /// The line of the word `func`, 0 before Go 1.20.
    pub(super) start_line: i32,
    pub(super) id: u8,
    /// The offset of the numbers of its files.
    pub(super) unit: u32,
    /// Offsets of tables of values by address, 0 where there is none.
    pub(super) file_table: u32,
    pub(super) line_table: u32,
    pub(super) inlining_table: u32,
    /// The address of its inlining tree.
    pub(super) inlining_tree: Option<u64>,
}

/// One call that the compiler inlined, `inlinedCall` in runtime/symtabinl.go (runtime/symtab.go
/// before Go 1.21).
#[derive(Debug, Clone, Copy)]
pub(super) struct InlinedCall {
    pub(super) name: u32,
    pub(super) start_line: i32,
    pub(super) id: u8,
    /// The offset from the function's entry of an instruction of the caller's at the call.
    pub(super) parent: u32,
}

impl InlinedCall {
    /// The size of a call in the tree.
    fn size(version: TableVersion) -> u64 {
        match version {
            TableVersion::Go116 | TableVersion::Go118 => 20,
            TableVersion::Go120 => 16,
        }
    }

    /// Reads one call of the tree that lies at an address.
    pub(super) fn read(table: &Pclntab, tree: u64, index: i32) -> Option<Self> {
        let size = Self::size(table.version());
        let offset = u64::try_from(index).ok()?.checked_mul(size)?;
        let bytes = table.memory.read(tree.checked_add(offset)?, size)?;
        let word = |at: usize| -> Option<i32> {
            let word = bytes.get(at..at + 4)?;
            let word = crate::image::decode_word(word, table.header.big_endian);
            Some(u32::try_from(word).ok()?.cast_signed())
        };
        let (id, name, parent, start_line) = match table.version() {
            // parent, id, file, line, name, parent's offset
            TableVersion::Go116 | TableVersion::Go118 => (*bytes.get(2)?, word(12)?, word(16)?, 0),
            // id, name, parent's offset, first line
            TableVersion::Go120 => (*bytes.first()?, word(4)?, word(8)?, word(12)?),
        };
        Some(Self {
            name: u32::try_from(name).ok()?,
            start_line,
            id,
            parent: u32::try_from(parent).ok()?,
        })
    }

    /// Whether this can be a call: what a search for the right place of the trees asks.
    pub(super) fn is_plausible(&self, names: &[u8], function_size: u32) -> bool {
        /// There were 24 ids in Go 1.27.
        const MOST_IDS: u8 = 64;
        let name = self.name as usize;
        let begins = name == 0 || name.checked_sub(1).and_then(|at| names.get(at)) == Some(&0);
        let has_text = names.get(name).is_some_and(|byte| *byte != 0);
        let line = (0..1 << 24).contains(&self.start_line);
        begins && has_text && line && self.id < MOST_IDS && self.parent < function_size
    }
}

impl Record {
    /// Reads the record that stands at an offset in the table's part for records.
    pub(super) fn read(table: &Pclntab, offset: u32) -> Option<Self> {
        let header = &table.header;
        let start = header.records.checked_add(offset as usize)?;
        let bytes = table.bytes.as_slice().get(start..)?;
        // Before Go 1.18 the entry was an address.
        let entry_size = match header.version {
            TableVersion::Go116 => header.pointer_size,
            TableVersion::Go118 | TableVersion::Go120 => 4,
        };
        let word = |index: usize| -> Option<u32> {
            let at = entry_size + 4 * index;
            let word = crate::image::decode_word(bytes.get(at..at + 4)?, header.big_endian);
            u32::try_from(word).ok()
        };
        // name, arguments, deferreturn, stack table, file table, line table, tables, unit
        let (start_line, bytes_at) = match header.version {
            TableVersion::Go116 | TableVersion::Go118 => (0, entry_size + 32),
            TableVersion::Go120 => (word(8)?.cast_signed(), entry_size + 36),
        };
        let id = *bytes.get(bytes_at)?;
        let data_count = u32::from(*bytes.get(bytes_at + 3)?);
        let tables = word(6)?;
        let tables_at = bytes_at + 4;
        let word_at = |at: usize, size: usize| -> Option<u64> {
            let word = bytes.get(at..at.checked_add(size)?)?;
            Some(crate::image::decode_word(word, header.big_endian))
        };
        let inlining_table = if tables > INLINING_INDEX_TABLE {
            u32::try_from(word_at(tables_at + 4 * INLINING_INDEX_TABLE as usize, 4)?).ok()?
        } else {
            0
        };
        let data_at = tables_at.checked_add((tables as usize).checked_mul(4)?)?;
        let inlining_tree = if data_count <= INLINING_TREE_DATA {
            None
        } else if header.version == TableVersion::Go116 {
            // Addresses, aligned as such.
            let size = header.pointer_size as u64;
            let record = table.address.checked_add(start as u64)?;
            let data = record
                .checked_add(data_at as u64)?
                .checked_next_multiple_of(size)?;
            let place = data.checked_add(size * u64::from(INLINING_TREE_DATA))?;
            table.memory.pointer(place).filter(|tree| *tree != 0)
        } else {
            let at = data_at.checked_add(4 * INLINING_TREE_DATA as usize)?;
            let offset = word_at(at, 4)?;
            table
                .function_data
                .filter(|_| offset != u64::from(u32::MAX))
                .and_then(|base| base.checked_add(offset))
        };
        Some(Self {
            name: word(0)?,
            start_line,
            id,
            unit: word(7)?,
            file_table: word(4)?,
            line_table: word(5)?,
            inlining_table,
            inlining_tree,
        })
    }
}
