//! Giving addresses of a profile the functions and lines that a binary has for them.

use hashbrown::HashMap;

use crate::error::{Error, LimitKind, Position};
use crate::handle::{FunctionId, LocationId, MappingId, NONE, StringId};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::strings::{Interner, StringTable};
use crate::tables::{Line, LocationTable, Symbolization};

/// A list of lines that several locations may share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinesId(u32);

/// Gives locations of a profile new lines; samples, addresses and mappings stay.
///
/// ```
/// use fathom_profile::{Limits, Line, LocationId, ProfileBuilder};
/// use fathom_profile::naming::Naming;
///
/// let limits = Limits::default();
/// let mut builder = ProfileBuilder::new(&limits);
/// builder.add_sample_type("samples", "count")?;
/// let bare = builder.location(0x1000, None, &[], false)?;
/// builder.add_sample(&[bare], &[1], &[])?;
///
/// let mut naming = Naming::new(builder.finish(), &limits);
/// let function = naming.function("main.work", "main.work", "main.go", 10)?;
/// let line = Line { function: Some(function), line: 12, column: 0 };
/// let lines = naming.lines(&[line])?;
/// naming.assign(bare, lines);
/// let profile = naming.finish()?;
/// assert_eq!(profile.frames(0).next().map(|frame| frame.function), Some("main.work"));
/// # Ok::<(), fathom_profile::Error>(())
/// ```
#[derive(Debug)]
pub struct Naming {
    profile: Profile,
    limits: Limits,
    strings: Interner,
    /// Those that were added here: what the profile had before keeps its rows.
    functions: HashMap<(StringId, StringId, StringId, i64), FunctionId>,
    lists: Vec<(u32, u32)>,
    lines: Vec<Line>,
    /// For each location the new list, or `NONE`; empty as long as nothing was assigned.
    assigned: Vec<u32>,
}

impl Naming {
    /// Takes a profile, which may not grow past `limits`. Costs a pass over its strings.
    pub fn new(mut profile: Profile, limits: &Limits) -> Self {
        let strings = std::mem::replace(&mut profile.strings, StringTable::new());
        Self {
            profile,
            limits: limits.clone(),
            strings: Interner::resume(strings),
            functions: HashMap::new(),
            lists: Vec::new(),
            lines: Vec::new(),
            assigned: Vec::new(),
        }
    }

    fn check(limit: LimitKind, maximum: u64, count: usize) -> Result<(), Error> {
        if (count as u64) < maximum.min(u64::from(NONE)) {
            return Ok(());
        }
        Err(Error::Limit {
            limit,
            maximum,
            position: Position::Whole,
        })
    }

    /// Returns the function with these properties, adding it when it was not added here
    /// before.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn function(
        &mut self,
        name: &str,
        system_name: &str,
        file: &str,
        start_line: i64,
    ) -> Result<FunctionId, Error> {
        let mut string = |text| self.strings.intern(text, &self.limits, Position::Whole);
        let key = (
            string(name)?,
            string(system_name)?,
            string(file)?,
            start_line,
        );
        if let Some(&known) = self.functions.get(&key) {
            return Ok(known);
        }
        let table = &mut self.profile.functions;
        let raw = u32::try_from(table.len()).unwrap_or(NONE);
        Self::check(LimitKind::Functions, self.limits.functions, table.len())?;
        table.name.push(key.0);
        table.system_name.push(key.1);
        table.file.push(key.2);
        table.start_line.push(start_line);
        if let Some(numbers) = &mut self.profile.numbers {
            let largest = numbers.functions.iter().max().copied().unwrap_or(0);
            numbers.functions.push(largest.saturating_add(1));
        }
        self.functions.insert(key, FunctionId(raw));
        Ok(FunctionId(raw))
    }

    /// Makes a list of lines, from the innermost inlined call to the outermost caller.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn lines(&mut self, lines: &[Line]) -> Result<LinesId, Error> {
        let end = self.lines.len().saturating_add(lines.len());
        Self::check(LimitKind::Lines, self.limits.lines, end)?;
        let start = u32::try_from(self.lines.len()).unwrap_or(NONE);
        let count = u32::try_from(lines.len()).unwrap_or(NONE);
        let id = LinesId(u32::try_from(self.lists.len()).unwrap_or(NONE));
        self.lists.push((start, count));
        self.lines.extend_from_slice(lines);
        Ok(id)
    }

    /// Puts the lines of a list in place of those that a location had, which is then no
    /// longer folded. A location or list of another profile changes nothing.
    pub fn assign(&mut self, location: LocationId, lines: LinesId) {
        if self.assigned.is_empty() {
            self.assigned = vec![NONE; self.profile.locations.len()];
        }
        if let Some(slot) = self.assigned.get_mut(location.index()) {
            *slot = lines.0;
        }
    }

    /// Adds to what is known of the symbols of a mapping.
    pub fn add_symbols(&mut self, mapping: MappingId, known: Symbolization) {
        if let Some(mapping) = self.profile.mappings.get_mut(mapping.index()) {
            let symbols = &mut mapping.symbols;
            symbols.functions |= known.functions;
            symbols.filenames |= known.filenames;
            symbols.line_numbers |= known.line_numbers;
            symbols.inline_frames |= known.inline_frames;
        }
    }

    /// Returns the profile with its new lines.
    ///
    /// # Errors
    ///
    /// When there are more lines than the limits allow.
    pub fn finish(self) -> Result<Profile, Error> {
        let Self {
            mut profile,
            limits,
            strings,
            lists,
            lines,
            assigned,
            ..
        } = self;
        profile.strings = strings.into_table();
        if assigned.is_empty() {
            return Ok(profile);
        }
        let old = std::mem::replace(&mut profile.locations, LocationTable::new());
        let list = |raw: u32| {
            let (start, count) = lists.get(raw as usize).copied()?;
            let start = start as usize;
            lines.get(start..start.saturating_add(count as usize))
        };
        let rows: usize = assigned
            .iter()
            .enumerate()
            .map(|(index, &raw)| list(raw).map_or_else(|| old.line_range(index).len(), <[_]>::len))
            .sum();
        Self::check(LimitKind::Lines, limits.lines, rows)?;
        let mut table = LocationTable::new();
        table.line_starts.reserve_exact(assigned.len());
        table.line_function.reserve_exact(rows);
        table.line_number.reserve_exact(rows);
        table.line_column.reserve_exact(rows);
        for (index, &raw) in assigned.iter().enumerate() {
            let mut push = |line: Line| {
                let function = line.function.map_or(NONE, |id| id.0);
                table.line_function.push(function);
                table.line_number.push(line.line);
                table.line_column.push(line.column);
            };
            match list(raw) {
                Some(lines) => lines.iter().copied().for_each(&mut push),
                None => old.line_range(index).for_each(|row| push(old.line(row))),
            }
            table.close();
        }
        table.address = old.address;
        table.mapping = old.mapping;
        table.folded = old.folded;
        for (folded, &raw) in table.folded.iter_mut().zip(&assigned) {
            *folded &= raw == NONE;
        }
        profile.locations = table;
        Ok(profile)
    }
}

/// What a function is called, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called<'a> {
    /// The name that is shown.
    pub name: &'a str,
    /// The name that the binary has.
    pub system_name: &'a str,
    /// The file; may be empty.
    pub file: &'a str,
}

/// Returns the profile with the names that `rename` has for its functions; `None` leaves
/// a function as it is.
///
/// # Errors
///
/// When the new names pass the limits of strings.
pub fn with_renamed_functions(
    mut profile: Profile,
    limits: &Limits,
    mut rename: impl FnMut(Called<'_>) -> Option<String>,
) -> Result<Profile, Error> {
    let mut renamed = Vec::new();
    for row in 0..profile.functions.len() {
        let text = |column: &[StringId]| {
            let id = column.get(row).copied().unwrap_or(StringId::EMPTY);
            profile.text(id)
        };
        let table = &profile.functions;
        let called = Called {
            name: text(&table.name),
            system_name: text(&table.system_name),
            file: text(&table.file),
        };
        if let Some(name) = rename(called).filter(|name| name != called.name) {
            renamed.push((row, name));
        }
    }
    if renamed.is_empty() {
        return Ok(profile);
    }
    let strings = std::mem::replace(&mut profile.strings, StringTable::new());
    let mut strings = Interner::resume(strings);
    for (row, name) in renamed {
        let id = strings.intern(&name, limits, Position::Whole)?;
        if let Some(slot) = profile.functions.name.get_mut(row) {
            *slot = id;
        }
    }
    profile.strings = strings.into_table();
    Ok(profile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProfileBuilder;
    use crate::tables::Mapping;

    fn bare(limits: &Limits) -> (Profile, [LocationId; 3]) {
        let mut builder = ProfileBuilder::new(limits);
        builder.add_sample_type("samples", "count").unwrap();
        let file = builder.string("/bin/app").unwrap();
        let mapping = builder
            .add_mapping(Mapping {
                start: 0x1000,
                limit: 0x2000,
                offset: 0,
                file,
                build_id: StringId::EMPTY,
                symbols: Symbolization::default(),
            })
            .unwrap();
        let known = builder.function("known", "known", "k.c", 1).unwrap();
        let line = Line {
            function: Some(known),
            line: 7,
            column: 3,
        };
        let locations = [
            builder.location(0x1000, Some(mapping), &[], true).unwrap(),
            builder
                .location(0x1001, Some(mapping), &[line], true)
                .unwrap(),
            builder.location(0x1002, Some(mapping), &[], false).unwrap(),
        ];
        builder.add_sample(&locations, &[1], &[]).unwrap();
        (builder.finish(), locations)
    }

    #[test]
    fn only_what_is_assigned_changes() {
        let limits = Limits::default();
        let (profile, [first, _, last]) = bare(&limits);
        let mut naming = Naming::new(profile, &limits);
        let inner = naming.function("inner", "inner", "a.c", 0).unwrap();
        let outer = naming.function("known", "known", "k.c", 1).unwrap();
        assert_eq!(naming.function("inner", "inner", "a.c", 0).unwrap(), inner);
        let line = |function, line| Line {
            function: Some(function),
            line,
            column: 0,
        };
        let lines = naming.lines(&[line(inner, 4), line(outer, 9)]).unwrap();
        naming.assign(first, lines);
        naming.assign(last, lines);
        naming.assign(LocationId(99), lines);
        let known = Symbolization {
            functions: true,
            ..Symbolization::default()
        };
        naming.add_symbols(MappingId(0), known);
        let profile = naming.finish().unwrap();
        let frames: Vec<_> = profile
            .frames(0)
            .map(|frame| (frame.function, frame.line))
            .collect();
        assert_eq!(
            frames,
            [
                ("inner", 4),
                ("known", 9),
                ("known", 7),
                ("inner", 4),
                ("known", 9)
            ]
        );
        assert_eq!(profile.function_count(), 3, "old functions keep their rows");
        assert!(profile.mappings()[0].symbols.functions);
        assert!(!profile.locations.folded[0] && profile.locations.folded[1]);
        assert_eq!(
            profile
                .strings
                .iter()
                .filter(|&text| text == "known")
                .count(),
            1
        );
    }

    #[test]
    fn limits_hold() {
        let limits = Limits {
            functions: 2,
            lines: 3,
            ..Limits::default()
        };
        let (profile, [first, _, last]) = bare(&limits);
        let mut naming = Naming::new(profile, &limits);
        let function = naming.function("f", "f", "", 0).unwrap();
        let full = naming.function("g", "g", "", 0).unwrap_err();
        assert!(full.to_string().contains("functions"), "{full}");
        let line = Line {
            function: Some(function),
            line: 1,
            column: 0,
        };
        assert!(naming.lines(&[line; 3]).is_err());
        let lines = naming.lines(&[line]).unwrap();
        naming.assign(first, lines);
        naming.assign(last, lines);
        assert!(naming.finish().is_err());
    }

    #[test]
    fn functions_are_renamed_by_what_they_are_called() {
        let limits = Limits::default();
        let (profile, _) = bare(&limits);
        let same = with_renamed_functions(profile.clone(), &limits, |_| None).unwrap();
        assert_eq!(same, profile);
        let renamed = with_renamed_functions(profile, &limits, |called| {
            Some(format!("{}@{}", called.system_name, called.file))
        });
        let renamed = renamed.unwrap();
        let names: Vec<_> = renamed.frames(0).map(|frame| frame.function).collect();
        assert_eq!(names, ["", "known@k.c", ""]);
        assert_eq!(renamed.text(renamed.functions.system_name[0]), "known");
    }
}
