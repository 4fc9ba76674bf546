//! The function table of a Go binary: every function with its files, lines and inlined calls.
//!
//! The runtime needs this table to print a stack, so that it survives stripping
//! (`-ldflags=-s -w`) and says of every instruction what the compiler knew. Tables of Go 1.16 to
//! 1.27 are read; [`Pclntab::frames`] gives what `runtime.CallersFrames` does.
//!
//! Sources: runtime/symtab.go, runtime/symtabinl.go, internal/abi/symtab.go and
//! cmd/link/internal/ld/pcln.go of Go 1.27.3 and 1.21.13; for the records of Go 1.16 to 1.19
//! runtime/runtime2.go of those versions.

mod function;
mod header;
mod locate;
mod module;
mod text;
mod values;
mod walk;

use std::borrow::Cow;
use std::sync::OnceLock;

pub use self::function_view::Function;
use self::header::{Header, PART};
pub(crate) use self::locate::locate;
use self::text::Text;
pub(crate) use self::walk::{Place, RawFrame, Walk};
use crate::image::{Extent, Memory};
use crate::{Error, FileBytes, Limits, Result};

mod function_view;

/// The form of a table: its magic number (internal/abi/symtab.go).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableVersion {
    /// Go 1.16 and 1.17.
    Go116,
    /// Go 1.18 and 1.19: offsets in place of addresses.
    Go118,
    /// Go 1.20 and later: functions know their first line.
    Go120,
}

impl TableVersion {
    fn of_magic(magic: u32) -> Option<Self> {
        match magic {
            0xffff_fffa => Some(Self::Go116),
            0xffff_fff0 => Some(Self::Go118),
            0xffff_fff1 => Some(Self::Go120),
            _ => None,
        }
    }
}

/// The function table of a Go binary.
#[derive(Debug)]
pub struct Pclntab {
    bytes: FileBytes,
    address: u64,
    header: Header,
    text: Text,
    /// Offsets of the functions' entries and of their records, in order, and one entry more: the
    /// end of the last function.
    entries: Vec<(u32, u32)>,
    /// Where offsets of function data count from, `gofunc`.
    function_data: Option<u64>,
    memory: Memory,
    limits: Limits,
    wrapper_id: OnceLock<Option<u8>>,
}

/// A function that was running at an address, or a call inlined into one.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The function's name as the linker has it, with the types of generic functions.
    pub function: Cow<'a, str>,
    /// The file of the line; empty where the table has none.
    pub file: Cow<'a, str>,
    /// The line, from 1; 0 where the table has none.
    pub line: u32,
    /// The line of the word `func`; 0 before Go 1.20.
    pub start_line: u32,
    /// Whether the function's body stands inlined in that of the next frame.
    pub inlined: bool,
    /// Whether the compiler made the function, for a method value or an interface. Stacks that
    /// the runtime prints leave those out where they call a function of the source.
    pub wrapper: bool,
}

impl Pclntab {
    /// Reads a table that lies alone in memory, as in a core dump.
    ///
    /// `bytes` begin with the table and are at `address`; what is called function data must be
    /// among them. `text_start` is the address of the first function's code (`runtime.text`),
    /// `function_data` that of `go:func.*`.
    ///
    /// # Errors
    ///
    /// When the table is damaged, of another form, or passes a limit.
    pub fn parse(
        bytes: impl Into<FileBytes>,
        address: u64,
        text_start: u64,
        function_data: Option<u64>,
        limits: &Limits,
    ) -> Result<Self> {
        let bytes = bytes.into();
        let header = Header::parse(bytes.as_slice())?;
        let extent = Extent {
            address,
            offset: 0,
            size: bytes.len() as u64,
        };
        let wide = header.pointer_size == 8;
        let memory = Memory::new(bytes, vec![extent], header.big_endian, wide);
        let text = Text {
            start: text_start,
            parts: Vec::new(),
        };
        Self::open(memory, address, header, text, function_data, limits)
    }

    fn open(
        memory: Memory,
        address: u64,
        header: Header,
        text: Text,
        function_data: Option<u64>,
        limits: &Limits,
    ) -> Result<Self> {
        let bytes = memory
            .file_bytes_from(address)
            .ok_or_else(|| Error::malformed(PART, 0, "not in the file"))?;
        let mut table = Self {
            bytes,
            address,
            header,
            text,
            entries: Vec::new(),
            function_data,
            memory,
            limits: *limits,
            wrapper_id: OnceLock::new(),
        };
        table.read_entries()?;
        Ok(table)
    }

    /// Reads where each function begins and where its record is.
    fn read_entries(&mut self) -> Result<()> {
        let header = self.header;
        let bad = |index: usize, reason: &str| {
            let offset = header.records as u64;
            Error::malformed(PART, offset, format!("function {index}: {reason}"))
        };
        let count = usize::try_from(header.functions).unwrap_or(usize::MAX);
        if count > self.limits.functions {
            return Err(Error::limit("functions", self.limits.functions));
        }
        let field = match header.version {
            TableVersion::Go116 => header.pointer_size,
            TableVersion::Go118 | TableVersion::Go120 => 4,
        };
        let table = self.bytes.as_slice();
        let rows = table
            .get(header.records..)
            .and_then(|rows| rows.get(..(2 * count + 1) * field))
            .ok_or_else(|| bad(count, "the list of functions is cut"))?;
        let mut entries: Vec<(u32, u32)> = Vec::with_capacity(count + 1);
        let rows_address = self.address.wrapping_add(header.records as u64);
        for (index, row) in rows.chunks(2 * field).enumerate() {
            let (entry_word, record_word) = row.split_at(field);
            let entry = match header.version {
                TableVersion::Go116 => {
                    let place = rows_address.wrapping_add((index * 2 * field) as u64);
                    let entry = self
                        .memory
                        .pointer(place)
                        .ok_or_else(|| bad(index, "its entry cannot be read"))?;
                    if index == 0 {
                        self.text.start = entry;
                    }
                    entry
                        .checked_sub(self.text.start)
                        .ok_or_else(|| bad(index, "it begins before the first"))?
                }
                TableVersion::Go118 | TableVersion::Go120 => {
                    crate::image::decode_word(entry_word, header.big_endian)
                }
            };
            let entry =
                u32::try_from(entry).map_err(|_| bad(index, "it begins 4 GiB behind the first"))?;
            if entries.last().is_some_and(|(last, _)| *last > entry) {
                return Err(bad(index, "it begins before the one before it"));
            }
            // The last row is only the end of the last function.
            let record = crate::image::decode_word(record_word, header.big_endian);
            let record =
                u32::try_from(record).map_err(|_| bad(index, "its record lies outside"))?;
            entries.push((entry, record));
        }
        self.entries = entries;
        Ok(())
    }

    /// The form of the table.
    pub fn version(&self) -> TableVersion {
        self.header.version
    }

    /// The address of the table in the binary.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// The address of the first function's code, `runtime.text`.
    pub fn text_start(&self) -> u64 {
        self.text.start
    }

    /// Whether inlined calls can be told: where their trees lie is known.
    pub fn knows_inlining(&self) -> bool {
        self.header.version == TableVersion::Go116 || self.function_data.is_some()
    }

    /// The functions by address.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = Function<'_>> {
        (0..self.function_count()).map(|index| Function::new(self, index))
    }

    /// The number of functions.
    pub fn function_count(&self) -> usize {
        self.entries.len().saturating_sub(1)
    }

    /// The function whose code an address of the binary lies in, or in whose padding.
    pub fn function_at(&self, address: u64) -> Option<Function<'_>> {
        self.index_at(address)
            .map(|index| Function::new(self, index))
    }

    /// What was running at an address of the binary, the innermost inlined call first; empty
    /// where no Go function is.
    ///
    /// The address is that of an instruction. Of a return address, as stacks have it, pass the
    /// address before. Each call decodes the tables of the function: for many addresses use
    /// [`Symbolizer::resolve`](crate::Symbolizer::resolve).
    pub fn frames(&self, address: u64) -> Vec<Frame<'_>> {
        let mut walk = Walk::new(self);
        let mut raw = Vec::new();
        walk.frames(address, &mut raw);
        let last = raw.len().saturating_sub(1);
        raw.iter()
            .enumerate()
            .map(|(index, frame)| Frame {
                function: self.name(frame.name),
                file: frame.file.map_or_else(Cow::default, |file| self.file(file)),
                line: frame.line,
                start_line: frame.start_line,
                inlined: index < last,
                wrapper: self.is_wrapper(frame.id),
            })
            .collect()
    }

    fn index_at(&self, address: u64) -> Option<usize> {
        let offset = self.text.offset(address)?;
        let after = self.entries.partition_point(|(entry, _)| *entry <= offset);
        let index = after.checked_sub(1)?;
        (index < self.function_count()).then_some(index)
    }

    /// The offsets of a function's first byte and of the next function's.
    fn range(&self, index: usize) -> Option<(u32, u32)> {
        let (start, _) = self.entries.get(index)?;
        let (end, _) = self.entries.get(index.checked_add(1)?)?;
        Some((*start, *end))
    }

    fn record(&self, index: usize) -> Option<function::Record> {
        let (_, record) = self.entries.get(index)?;
        function::Record::read(self, *record)
    }

    /// The function name at an offset in the names.
    pub(crate) fn name(&self, offset: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text_at(self.header.names, offset))
    }

    /// The file name at an offset in the files.
    pub(crate) fn file(&self, offset: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text_at(self.header.files, offset))
    }

    fn text_at(&self, part: usize, offset: u32) -> &[u8] {
        let start = part.saturating_add(offset as usize);
        let rest = self.bytes.as_slice().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        rest.get(..length).unwrap_or_default()
    }

    /// The offset in the files of a file that a function knows by number.
    fn file_offset(&self, unit: u32, number: i32) -> Option<u32> {
        let index = unit.checked_add(u32::try_from(number).ok()?)? as usize;
        let start = self.header.units.checked_add(index.checked_mul(4)?)?;
        let word = self.bytes.as_slice().get(start..start.checked_add(4)?)?;
        let offset = crate::image::decode_word(word, self.header.big_endian);
        u32::try_from(offset)
            .ok()
            .filter(|offset| *offset != u32::MAX)
    }

    /// Whether an id is that of wrappers.
    ///
    /// Its number changed with the Go versions, but it has always been the last, directly behind
    /// that of `runtime.systemstack_switch` (`FuncID` in internal/abi/symtab.go).
    pub(crate) fn is_wrapper(&self, id: u8) -> bool {
        let wrapper = self.wrapper_id.get_or_init(|| {
            (0..self.function_count()).find_map(|index| {
                let record = self.record(index)?;
                let name = self.text_at(self.header.names, record.name);
                (record.id != 0 && name == b"runtime.systemstack_switch")
                    .then(|| record.id.checked_add(1))
                    .flatten()
            })
        });
        *wrapper == Some(id)
    }
}
