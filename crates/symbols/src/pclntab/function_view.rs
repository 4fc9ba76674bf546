//! A function of a table, as callers see it.

use std::borrow::Cow;

use super::values::Values;
use super::{Pclntab, function::Record};

/// A function that a table lists.
#[derive(Debug, Clone, Copy)]
pub struct Function<'a> {
    table: &'a Pclntab,
    index: usize,
}

impl<'a> Function<'a> {
    pub(super) fn new(table: &'a Pclntab, index: usize) -> Self {
        Self { table, index }
    }

    fn record(&self) -> Option<Record> {
        self.table.record(self.index)
    }

    /// The name as the linker has it; empty where the table is damaged.
    pub fn name(&self) -> Cow<'a, str> {
        self.record()
            .map_or(Cow::Borrowed(""), |record| self.table.name(record.name))
    }

    /// The address of its first instruction.
    pub fn entry(&self) -> u64 {
        let start = self.table.range(self.index).map_or(0, |(start, _)| start);
        self.table.text.address(start)
    }

    /// The address of the next function, as debug/gosym has it: padding belongs to the function
    /// before it.
    pub fn end(&self) -> u64 {
        let Some((start, end)) = self.table.range(self.index) else {
            return 0;
        };
        // In the terms of the function's own part of the code.
        self.table
            .text
            .address(start)
            .saturating_add(u64::from(end - start))
    }

    /// The address behind its last instruction, without padding. Decodes its line table.
    pub fn code_end(&self) -> u64 {
        let (Some((start, end)), Some(record)) = (self.table.range(self.index), self.record())
        else {
            return self.end();
        };
        let mut lines = Values::default();
        self.table
            .decode(record.line_table, end - start, &mut lines);
        match lines.end() {
            0 => self.end(),
            covered => self
                .entry()
                .saturating_add(u64::from(covered.min(end - start))),
        }
    }

    /// The line of the word `func`; 0 before Go 1.20 and for what the compiler made.
    pub fn start_line(&self) -> u32 {
        let line = self.record().map_or(0, |record| record.start_line);
        u32::try_from(line).unwrap_or(0)
    }

    /// The file and line of its first instruction, 0 where the table has none.
    pub fn entry_position(&self) -> (Cow<'a, str>, u32) {
        let found =
            self.table
                .range(self.index)
                .zip(self.record())
                .and_then(|((start, end), record)| {
                    let mut values = Values::default();
                    self.table
                        .decode(record.line_table, end - start, &mut values);
                    let line = u32::try_from(values.at(0)).ok()?;
                    self.table
                        .decode(record.file_table, end - start, &mut values);
                    let file = self.table.file_offset(record.unit, values.at(0))?;
                    Some((self.table.file(file), line))
                });
        found.unwrap_or_default()
    }

    /// Whether the compiler made it, for a method value or an interface.
    pub fn is_wrapper(&self) -> bool {
        self.record()
            .is_some_and(|record| self.table.is_wrapper(record.id))
    }
}
