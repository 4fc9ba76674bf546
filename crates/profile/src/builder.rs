//! Making a profile row by row.

use std::hash::{BuildHasher, Hash as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::{Error, LimitKind, Position};
use crate::handle::{FunctionId, LocationId, MappingId, NONE, StringId};
use crate::limits::Limits;
use crate::options::Defects;
use crate::profile::Profile;
use crate::strings::Interner;
use crate::tables::{Label, LabelValue, Line, Mapping, SampleTable, ValueType};

/// Makes a profile row by row; equal strings, functions and locations become one row.
///
/// ```
/// use fathom_profile::{Limits, ProfileBuilder};
///
/// let mut builder = ProfileBuilder::new(&Limits::default());
/// builder.add_sample_type("inuse_space", "bytes")?;
/// let function = builder.function("main.work", "main.work", "main.go", 10)?;
/// let leaf = builder.call(0x1000, function, 12)?;
/// builder.add_sample(&[leaf], &[4096], &[])?;
/// let profile = builder.finish();
/// assert_eq!(profile.frames(0).next().map(|frame| frame.line), Some(12));
/// # Ok::<(), fathom_profile::Error>(())
/// ```
#[derive(Debug)]
pub struct ProfileBuilder {
    limits: Limits,
    position: Position,
    strings: Interner,
    functions_seen: HashTable<u32>,
    locations_seen: HashTable<u32>,
    /// Of each location that is in the table above.
    location_hashes: Vec<u64>,
    hasher: DefaultHashBuilder,
    pub(crate) defects: Defects,
    pub(crate) profile: Profile,
}

impl ProfileBuilder {
    /// Starts an empty profile that refuses to grow past `limits`.
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            position: Position::Whole,
            strings: Interner::new(),
            functions_seen: HashTable::new(),
            locations_seen: HashTable::new(),
            location_hashes: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            defects: Defects::Corrected,
            profile: Profile::empty(),
        }
    }

    /// Sets what errors tell as the place of what is added next.
    pub(crate) fn at(&mut self, position: Position) {
        self.position = position;
    }

    fn check(&self, limit: LimitKind, maximum: u64, count: usize) -> Result<(), Error> {
        if (count as u64) < maximum.min(u64::from(NONE)) {
            return Ok(());
        }
        Err(Error::Limit {
            limit,
            maximum,
            position: self.position,
        })
    }

    /// Returns the handle of `text`, adding it when it is new.
    ///
    /// # Errors
    ///
    /// When a limit is passed, as all methods of the builder.
    pub fn string(&mut self, text: &str) -> Result<StringId, Error> {
        self.strings.intern(text, &self.limits, self.position)
    }

    /// Returns the text of a handle of this builder.
    pub fn text(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    fn value_type(&mut self, kind: &str, unit: &str) -> Result<ValueType, Error> {
        Ok(ValueType {
            kind: self.string(kind)?,
            unit: self.string(unit)?,
        })
    }

    /// Adds a column of values. Columns are added before samples.
    ///
    /// # Errors
    ///
    /// When a limit is passed, or when there are samples already.
    pub fn add_sample_type(&mut self, kind: &str, unit: &str) -> Result<usize, Error> {
        if self.profile.samples.len() > 0 {
            let reason = "sample types come before samples".to_owned();
            return Err(Error::Unsuitable { reason });
        }
        let column = self.profile.sample_types.len();
        self.check(LimitKind::SampleTypes, self.limits.sample_types, column)?;
        let value_type = self.value_type(kind, unit)?;
        self.profile.sample_types.push(value_type);
        self.profile.samples = SampleTable::new(column + 1);
        Ok(column)
    }

    /// Sets the sample type shown unless told otherwise.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn set_default_sample_type(&mut self, kind: &str) -> Result<(), Error> {
        self.profile.default_sample_type = self.string(kind)?;
        Ok(())
    }

    /// Sets the period and what it counts.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn set_period(&mut self, kind: &str, unit: &str, period: i64) -> Result<(), Error> {
        // One that says nothing is as good as none.
        let is_empty = kind.is_empty() && unit.is_empty();
        self.profile.period_type = if is_empty {
            None
        } else {
            Some(self.value_type(kind, unit)?)
        };
        self.profile.period = period;
        Ok(())
    }

    /// Sets when the profile was taken, in nanoseconds since 1970, and for how long.
    pub fn set_time(&mut self, time_nanos: i64, duration_nanos: i64) {
        self.profile.time_nanos = time_nanos;
        self.profile.duration_nanos = duration_nanos;
    }

    /// Adds a comment.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn add_comment(&mut self, comment: &str) -> Result<(), Error> {
        self.check(
            LimitKind::Comments,
            self.limits.comments,
            self.profile.comments.len(),
        )?;
        let id = self.string(comment)?;
        self.profile.comments.push(id);
        Ok(())
    }

    /// Sets the URL of the documentation.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn set_doc_url(&mut self, url: &str) -> Result<(), Error> {
        self.profile.doc_url = self.string(url)?;
        Ok(())
    }

    /// Sets the regular expressions of frames to drop and, of these, to keep.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn set_drop_frames(&mut self, drop: &str, keep: &str) -> Result<(), Error> {
        self.profile.drop_frames = self.string(drop)?;
        self.profile.keep_frames = self.string(keep)?;
        Ok(())
    }

    /// Adds a mapping, whose strings are handles of this builder.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn add_mapping(&mut self, mapping: Mapping) -> Result<MappingId, Error> {
        let index = self.profile.mappings.len();
        self.check(LimitKind::Mappings, self.limits.mappings, index)?;
        self.profile.mappings.push(mapping);
        Ok(MappingId(u32::try_from(index).unwrap_or(NONE)))
    }

    /// Returns the function with these properties, adding it when it is new.
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
        let key = (
            self.string(name)?,
            self.string(system_name)?,
            self.string(file)?,
            start_line,
        );
        self.function_of(key)
    }

    /// Returns the function with these handles: name, system name and file, and its start
    /// line.
    pub(crate) fn function_of(
        &mut self,
        key: (StringId, StringId, StringId, i64),
    ) -> Result<FunctionId, Error> {
        let Self {
            functions_seen,
            hasher,
            profile,
            ..
        } = self;
        let table = &profile.functions;
        let row = |raw: u32| {
            let index = raw as usize;
            (
                table.name[index],
                table.system_name[index],
                table.file[index],
                table.start_line[index],
            )
        };
        let hash = hasher.hash_one(key);
        if let Some(&raw) = functions_seen.find(hash, |&raw| row(raw) == key) {
            return Ok(FunctionId(raw));
        }
        let raw = u32::try_from(table.len()).unwrap_or(NONE);
        functions_seen.insert_unique(hash, raw, |&raw| hasher.hash_one(row(raw)));
        self.check(LimitKind::Functions, self.limits.functions, raw as usize)?;
        let table = &mut self.profile.functions;
        table.name.push(key.0);
        table.system_name.push(key.1);
        table.file.push(key.2);
        table.start_line.push(key.3);
        Ok(FunctionId(raw))
    }

    /// Returns the location with these properties, adding it when it is new. `lines` run
    /// from the innermost inlined call to the outermost caller.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn location(
        &mut self,
        address: u64,
        mapping: Option<MappingId>,
        lines: &[Line],
        folded: bool,
    ) -> Result<LocationId, Error> {
        let mapping = mapping.map_or(NONE, |id| id.0);
        let Self {
            locations_seen,
            location_hashes,
            hasher,
            defects,
            profile,
            ..
        } = self;
        let table = &profile.locations;
        let hash = {
            let mut state = hasher.build_hasher();
            (address, mapping).hash(&mut state);
            for line in lines {
                (line.function, line.line).hash(&mut state);
            }
            state.finish()
        };
        let same = |raw: u32| {
            let index = raw as usize;
            let range = table.line_range(index);
            table.address[index] == address
                && table.mapping[index] == mapping
                && table.folded[index] == folded
                && range.len() == lines.len()
                && range.zip(lines).enumerate().all(|(at, (row, line))| {
                    let known = table.line(row);
                    // The outermost line is the only one whose column always counts.
                    let is_forgotten = *defects == Defects::AsPprof && at + 1 < lines.len();
                    let column = if is_forgotten {
                        line.column
                    } else {
                        known.column
                    };
                    Line { column, ..known } == *line
                })
        };
        if let Some(&raw) = locations_seen.find(hash, |&raw| same(raw)) {
            return Ok(LocationId(raw));
        }
        let raw = u32::try_from(table.len()).unwrap_or(NONE);
        location_hashes.resize(raw as usize, 0);
        location_hashes.push(hash);
        locations_seen.insert_unique(hash, raw, |&raw| location_hashes[raw as usize]);
        self.another_location(
            address,
            (mapping != NONE).then_some(MappingId(mapping)),
            lines,
            folded,
        )
    }

    /// Adds a location, even if there is one with the same properties.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn another_location(
        &mut self,
        address: u64,
        mapping: Option<MappingId>,
        lines: &[Line],
        folded: bool,
    ) -> Result<LocationId, Error> {
        let raw = u32::try_from(self.profile.locations.len()).unwrap_or(NONE);
        self.check(LimitKind::Locations, self.limits.locations, raw as usize)?;
        let rows = self.profile.locations.line_function.len() + lines.len();
        self.check(LimitKind::Lines, self.limits.lines, rows)?;
        let table = &mut self.profile.locations;
        table.address.push(address);
        table.mapping.push(mapping.map_or(NONE, |id| id.0));
        table.folded.push(folded);
        for line in lines {
            table
                .line_function
                .push(line.function.map_or(NONE, |id| id.0));
            table.line_number.push(line.line);
            table.line_column.push(line.column);
        }
        table.close();
        Ok(LocationId(raw))
    }

    /// Returns the location of a plain call: one address, one function, one line.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn call(
        &mut self,
        address: u64,
        function: FunctionId,
        line: i64,
    ) -> Result<LocationId, Error> {
        let line = Line {
            function: Some(function),
            line,
            column: 0,
        };
        self.location(address, None, &[line], false)
    }

    /// Makes a label with a text.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn text_label(&mut self, key: &str, value: &str) -> Result<Label, Error> {
        Ok(Label {
            key: self.string(key)?,
            value: LabelValue::Text(self.string(value)?),
        })
    }

    /// Makes a label with a number; `unit` may be empty.
    ///
    /// # Errors
    ///
    /// When a limit is passed.
    pub fn number_label(&mut self, key: &str, value: i64, unit: &str) -> Result<Label, Error> {
        let unit = self.string(unit)?;
        Ok(Label {
            key: self.string(key)?,
            value: LabelValue::Number { value, unit },
        })
    }

    /// Adds a sample: its stack leaf first, one value per sample type, its labels.
    ///
    /// # Errors
    ///
    /// When a limit is passed, or when the number of values is not that of the sample
    /// types.
    pub fn add_sample(
        &mut self,
        stack: &[LocationId],
        values: &[i64],
        labels: &[Label],
    ) -> Result<(), Error> {
        if values.len() != self.profile.sample_types.len() {
            let reason = format!(
                "a sample has {} values for {} sample types",
                values.len(),
                self.profile.sample_types.len()
            );
            return Err(Error::Unsuitable { reason });
        }
        let limits = &self.limits;
        let samples = &self.profile.samples;
        self.check(LimitKind::Samples, limits.samples, samples.len())?;
        self.check(
            LimitKind::Depth,
            limits.depth.saturating_add(1),
            stack.len(),
        )?;
        let entries = samples.stacks.len() + stack.len();
        self.check(LimitKind::StackEntries, limits.stack_entries, entries)?;
        let all_labels = samples.labels.len() + labels.len();
        self.check(LimitKind::Labels, limits.labels, all_labels)?;
        let samples = &mut self.profile.samples;
        samples.stacks.extend_from_slice(stack);
        for (column, &value) in samples.values.iter_mut().zip(values) {
            column.push(value);
        }
        let start = samples.labels.len();
        samples.labels.extend_from_slice(labels);
        if labels.len() > 1 {
            let strings = &self.strings;
            samples.labels[start..]
                .sort_by(|a, b| label_order(a, b, strings.get(a.key), strings.get(b.key)));
        }
        samples.close();
        Ok(())
    }

    /// Returns the profile.
    pub fn finish(self) -> Profile {
        let mut profile = self.profile;
        profile.strings = self.strings.into_table();
        profile
    }
}

/// Orders labels by key, text before numbers, as pprof's encoder writes them.
pub(crate) fn label_order(a: &Label, b: &Label, a_key: &str, b_key: &str) -> std::cmp::Ordering {
    let is_number = |label: &Label| matches!(label.value, LabelValue::Number { .. });
    a_key.cmp(b_key).then(is_number(a).cmp(&is_number(b)))
}
