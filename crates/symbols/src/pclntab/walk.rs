//! From addresses to frames, decoding the tables of each function once.

use super::Pclntab;
use super::function::{InlinedCall, Record};
use super::values::Values;

/// A frame in terms of the table: what it costs nothing to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawFrame {
    /// The offset of the function's name.
    pub(crate) name: u32,
    /// The offset of the file's name.
    pub(crate) file: Option<u32>,
    pub(crate) line: u32,
    pub(crate) start_line: u32,
    pub(crate) id: u8,
}

/// The tables of one function, decoded, and kept until another is asked for.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    table: &'a Pclntab,
    current: Option<Current>,
    files: Values,
    lines: Values,
    calls: Values,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    /// The addresses of the first byte and behind the last.
    start: u64,
    end: u64,
    record: Record,
}

/// What decides which frames an address has: addresses of one function that agree in it have
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    function: u64,
    file: i32,
    line: i32,
    call: i32,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(table: &'a Pclntab) -> Self {
        Self {
            table,
            current: None,
            files: Values::default(),
            lines: Values::default(),
            calls: Values::default(),
        }
    }

    /// The place of an address, `None` where no Go function is. Cheap for addresses in order.
    pub(crate) fn place(&mut self, address: u64) -> Option<Place> {
        let current = self.enter(address)?;
        let offset = u32::try_from(address - current.start).ok()?;
        Some(Place {
            function: current.start,
            file: self.files.at(offset),
            line: self.lines.at(offset),
            call: self.calls.at(offset),
        })
    }

    /// Puts the frames of an address into `frames`, the innermost first.
    pub(crate) fn frames(&mut self, address: u64, frames: &mut Vec<RawFrame>) {
        frames.clear();
        let Some(current) = self.enter(address) else {
            return;
        };
        let Ok(mut offset) = u32::try_from(address - current.start) else {
            return;
        };
        let record = current.record;
        // A damaged tree may lead in a circle.
        while frames.len() < self.table.limits.depth {
            let call = record.inlining_tree.and_then(|tree| {
                let index = self.calls.at(offset);
                (index >= 0)
                    .then(|| InlinedCall::read(self.table, tree, index))
                    .flatten()
            });
            let (file, line) = self.position(&record, offset);
            let Some(call) = call else {
                frames.push(RawFrame {
                    name: record.name,
                    file,
                    line,
                    start_line: u32::try_from(record.start_line).unwrap_or(0),
                    id: record.id,
                });
                return;
            };
            frames.push(RawFrame {
                name: call.name,
                file,
                line,
                start_line: u32::try_from(call.start_line).unwrap_or(0),
                id: call.id,
            });
            offset = call.parent;
        }
    }

    /// The file and line of an offset; without either the runtime, too, tells none.
    fn position(&self, record: &Record, offset: u32) -> (Option<u32>, u32) {
        let file = self.table.file_offset(record.unit, self.files.at(offset));
        match (file, u32::try_from(self.lines.at(offset))) {
            (Some(file), Ok(line)) => (Some(file), line),
            _ => (None, 0),
        }
    }

    /// Decodes the tables of the function at an address, unless they are.
    fn enter(&mut self, address: u64) -> Option<Current> {
        if let Some(current) = self.current
            && (current.start..current.end).contains(&address)
        {
            return Some(current);
        }
        self.current = None;
        let index = self.table.index_at(address)?;
        let (start_offset, end_offset) = self.table.range(index)?;
        let record = self.table.record(index)?;
        let size = end_offset - start_offset;
        let start = self.table.text.address(start_offset);
        self.table.decode(record.file_table, size, &mut self.files);
        self.table.decode(record.line_table, size, &mut self.lines);
        if record.inlining_tree.is_some() {
            self.table
                .decode(record.inlining_table, size, &mut self.calls);
        } else {
            self.calls.clear();
        }
        let current = Current {
            start,
            end: start.checked_add(u64::from(size))?,
            record,
        };
        self.current = Some(current);
        (current.start..current.end)
            .contains(&address)
            .then_some(current)
    }
}

impl Pclntab {
    /// Decodes a table of values of a function of `size` bytes; none has offset 0.
    pub(super) fn decode(&self, offset: u32, size: u32, values: &mut Values) {
        if offset == 0 {
            values.clear();
            return;
        }
        let start = self.header.values.saturating_add(offset as usize);
        let bytes = self.bytes.as_slice().get(start..).unwrap_or_default();
        let most = self.limits.table_entries;
        values.decode(bytes, self.header.quantum, size, most);
    }
}
