//! The rows and columns that a profile is made of.

use crate::handle::{FunctionId, LocationId, MappingId, NONE, StringId};

/// A kind of value and its unit: `inuse_space` in `bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueType {
    /// What is counted.
    pub kind: StringId,
    /// In which unit.
    pub unit: StringId,
}

/// Which symbols a mapping already carries (`has_*` of profile.proto's `Mapping`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the four flags of profile.proto"
)]
pub struct Symbolization {
    /// Function names are known.
    pub functions: bool,
    /// File names are known.
    pub filenames: bool,
    /// Line numbers are known.
    pub line_numbers: bool,
    /// Inlined frames are known.
    pub inline_frames: bool,
}

/// An object file mapped into the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Its first address.
    pub start: u64,
    /// The address behind its last.
    pub limit: u64,
    /// Where in the file the mapping begins, in bytes.
    pub offset: u64,
    /// The file.
    pub file: StringId,
    /// The build id.
    pub build_id: StringId,
    /// Which symbols it already carries.
    pub symbols: Symbolization,
}

/// One line that a location stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The function, if known.
    pub function: Option<FunctionId>,
    /// The line in the function's file; 0 when unknown.
    pub line: i64,
    /// The column in that line; 0 when unknown.
    pub column: i64,
}

/// A label of a sample, by handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    /// The key.
    pub key: StringId,
    /// The value.
    pub value: LabelValue,
}

/// The value of a label, by handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelValue {
    /// A text.
    Text(StringId),
    /// A number with its unit; the unit is empty when it was not given.
    Number {
        /// The number.
        value: i64,
        /// Its unit.
        unit: StringId,
    },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FunctionTable {
    pub(crate) name: Vec<StringId>,
    pub(crate) system_name: Vec<StringId>,
    pub(crate) file: Vec<StringId>,
    pub(crate) start_line: Vec<i64>,
}

impl FunctionTable {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            name: Vec::with_capacity(rows),
            system_name: Vec::with_capacity(rows),
            file: Vec::with_capacity(rows),
            start_line: Vec::with_capacity(rows),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.name.len()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct LocationTable {
    pub(crate) address: Vec<u64>,
    /// A mapping's index, or `NONE`.
    pub(crate) mapping: Vec<u32>,
    pub(crate) folded: Vec<bool>,
    /// `line_starts[i]..line_starts[i + 1]` are location `i`'s lines.
    pub(crate) line_starts: Vec<u32>,
    /// A function's index, or `NONE`.
    pub(crate) line_function: Vec<u32>,
    pub(crate) line_number: Vec<i64>,
    pub(crate) line_column: Vec<i64>,
}

impl LocationTable {
    pub(crate) fn new() -> Self {
        Self {
            address: Vec::new(),
            mapping: Vec::new(),
            folded: Vec::new(),
            line_starts: vec![0],
            line_function: Vec::new(),
            line_number: Vec::new(),
            line_column: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.address.len()
    }

    pub(crate) fn mapping(&self, index: usize) -> Option<MappingId> {
        self.mapping
            .get(index)
            .copied()
            .filter(|&raw| raw != NONE)
            .map(MappingId)
    }

    pub(crate) fn line_range(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.line_starts.get(index).copied().unwrap_or(0) as usize;
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(start, |&end| end as usize);
        start..end
    }

    pub(crate) fn line(&self, row: usize) -> Line {
        Line {
            function: self
                .line_function
                .get(row)
                .copied()
                .filter(|&raw| raw != NONE)
                .map(FunctionId),
            line: self.line_number.get(row).copied().unwrap_or(0),
            column: self.line_column.get(row).copied().unwrap_or(0),
        }
    }

    /// Ends the location whose lines were pushed last.
    pub(crate) fn close(&mut self) {
        self.line_starts
            .push(u32::try_from(self.line_function.len()).unwrap_or(u32::MAX));
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SampleTable {
    /// `stack_starts[i]..stack_starts[i + 1]` is sample `i`'s stack, leaf first.
    pub(crate) stack_starts: Vec<u32>,
    pub(crate) stacks: Vec<LocationId>,
    /// One column for each sample type.
    pub(crate) values: Vec<Vec<i64>>,
    pub(crate) label_starts: Vec<u32>,
    pub(crate) labels: Vec<Label>,
}

impl SampleTable {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            stack_starts: vec![0],
            stacks: Vec::new(),
            values: vec![Vec::new(); columns],
            label_starts: vec![0],
            labels: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.stack_starts.len() - 1
    }

    fn range(starts: &[u32], index: usize) -> std::ops::Range<usize> {
        let start = starts.get(index).copied().unwrap_or(0) as usize;
        let end = starts.get(index + 1).map_or(start, |&end| end as usize);
        start..end
    }

    #[inline]
    pub(crate) fn stack(&self, index: usize) -> &[LocationId] {
        self.stacks
            .get(Self::range(&self.stack_starts, index))
            .unwrap_or_default()
    }

    #[inline]
    pub(crate) fn labels(&self, index: usize) -> &[Label] {
        self.labels
            .get(Self::range(&self.label_starts, index))
            .unwrap_or_default()
    }

    /// Ends the sample whose stack, values and labels were pushed last.
    pub(crate) fn close(&mut self) {
        self.stack_starts
            .push(u32::try_from(self.stacks.len()).unwrap_or(u32::MAX));
        self.label_starts
            .push(u32::try_from(self.labels.len()).unwrap_or(u32::MAX));
    }
}
