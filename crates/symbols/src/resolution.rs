//! What addresses were resolved to, in columns.

use hashbrown::HashMap;

use crate::{Error, Result};

/// What told the frames of an address.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Go's function table.
    Pclntab,
    /// DWARF.
    Dwarf,
    /// The symbol that covers the address: a function without file and line.
    Symbol,
}

/// The number of a function in a [`Resolution`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// A function, as a profile lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedFunction<'a> {
    /// The name to show: for Go as the runtime prints it, for others as in the binary, mangled.
    pub name: &'a str,
    /// The name as the binary has it.
    pub system_name: &'a str,
    /// The file; empty where it is not known.
    pub file: &'a str,
    /// The line at which the function begins; 0 where it is not known.
    pub start_line: u32,
}

/// A function that was running at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedFrame {
    /// The function.
    pub function: FunctionId,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
}

/// The frames of many addresses.
///
/// Addresses with the same frames share them.
#[derive(Debug, Default)]
pub struct Resolution {
    /// For each address the row of `stacks`, or [`NOTHING`].
    rows: Vec<u32>,
    stacks: Vec<Stack>,
    frames: Vec<ResolvedFrame>,
    functions: Vec<FunctionRow>,
    strings: Vec<Box<str>>,
    problem: Option<Error>,
}

#[derive(Debug, Clone, Copy)]
struct Stack {
    first: u32,
    count: u32,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FunctionRow {
    name: u32,
    system_name: u32,
    file: u32,
    start_line: u32,
}

const NOTHING: u32 = u32::MAX;

impl Resolution {
    /// The number of addresses.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no addresses.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The frames of the address that was the `index`th, the innermost first: each but the last
    /// is inlined in the one behind it. Empty where nothing is known of the address.
    pub fn frames(&self, index: usize) -> &[ResolvedFrame] {
        self.stack(index).map_or(&[], |stack| {
            let first = stack.first as usize;
            self.frames
                .get(first..first.saturating_add(stack.count as usize))
                .unwrap_or_default()
        })
    }

    /// What told the frames of the address that was the `index`th.
    pub fn source(&self, index: usize) -> Option<Source> {
        self.stack(index).map(|stack| stack.source)
    }

    /// The number of the list of frames of an address: equal for addresses that share one.
    pub fn stack_number(&self, index: usize) -> Option<u32> {
        self.rows.get(index).copied().filter(|row| *row != NOTHING)
    }

    fn stack(&self, index: usize) -> Option<&Stack> {
        let row = self.stack_number(index)?;
        self.stacks.get(row as usize)
    }

    /// A function by its number.
    pub fn function(&self, function: FunctionId) -> Option<ResolvedFunction<'_>> {
        let row = self.functions.get(function.0 as usize)?;
        Some(ResolvedFunction {
            name: self.string(row.name),
            system_name: self.string(row.system_name),
            file: self.string(row.file),
            start_line: row.start_line,
        })
    }

    /// All functions, in the order of their numbers.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = ResolvedFunction<'_>> {
        self.functions.iter().map(|row| ResolvedFunction {
            name: self.string(row.name),
            system_name: self.string(row.system_name),
            file: self.string(row.file),
            start_line: row.start_line,
        })
    }

    /// What went wrong with a part of the binary that could have told more: damaged debug
    /// information, for example. The first such thing only.
    pub fn problem(&self) -> Option<&Error> {
        self.problem.as_ref()
    }

    fn string(&self, index: u32) -> &str {
        self.strings
            .get(index as usize)
            .map_or("", |string| &**string)
    }
}

/// Builds a [`Resolution`].
#[derive(Debug, Default)]
pub(crate) struct Builder {
    resolution: Resolution,
    string_numbers: HashMap<Box<str>, u32>,
    function_numbers: HashMap<FunctionRow, FunctionId>,
}

impl Builder {
    pub(crate) fn new(addresses: usize) -> Self {
        let mut builder = Self::default();
        builder.resolution.rows = vec![NOTHING; addresses];
        builder
    }

    /// Numbers a string.
    pub(crate) fn string(&mut self, string: &str) -> Result<u32> {
        if let Some(number) = self.string_numbers.get(string) {
            return Ok(*number);
        }
        let number = number(self.resolution.strings.len(), "names")?;
        self.resolution.strings.push(string.into());
        self.string_numbers.insert(string.into(), number);
        Ok(number)
    }

    /// Numbers a function.
    pub(crate) fn function(
        &mut self,
        name: u32,
        system_name: u32,
        file: u32,
        start_line: u32,
    ) -> Result<FunctionId> {
        let row = FunctionRow {
            name,
            system_name,
            file,
            start_line,
        };
        if let Some(function) = self.function_numbers.get(&row) {
            return Ok(*function);
        }
        let function = FunctionId(number(self.resolution.functions.len(), "functions")?);
        self.resolution.functions.push(row);
        self.function_numbers.insert(row, function);
        Ok(function)
    }

    /// Adds a list of frames and returns its number.
    pub(crate) fn stack(&mut self, frames: &[ResolvedFrame], source: Source) -> Result<u32> {
        let stack = Stack {
            first: number(self.resolution.frames.len(), "frames")?,
            count: number(frames.len(), "frames")?,
            source,
        };
        self.resolution.frames.extend_from_slice(frames);
        let row = number(self.resolution.stacks.len(), "lists of frames")?;
        self.resolution.stacks.push(stack);
        Ok(row)
    }

    /// Gives an address the frames of a number.
    pub(crate) fn assign(&mut self, index: u32, stack: u32) {
        if let Some(row) = self.resolution.rows.get_mut(index as usize) {
            *row = stack;
        }
    }

    /// Notes what went wrong, if it is the first thing.
    pub(crate) fn note(&mut self, problem: Error) {
        self.resolution.problem.get_or_insert(problem);
    }

    pub(crate) fn finish(self) -> Resolution {
        self.resolution
    }
}

/// A number for the next row of a table; the last number means nothing.
fn number(length: usize, what: &'static str) -> Result<u32> {
    u32::try_from(length)
        .ok()
        .filter(|number| *number != NOTHING)
        .ok_or(Error::TooMany { what })
}
