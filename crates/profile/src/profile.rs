//! The profile in memory and how it is read.

use crate::error::Error;
use crate::handle::{FunctionId, LocationId, MappingId, StringId};
use crate::limits::Limits;
use crate::options::ParseOptions;
use crate::strings::StringTable;
use crate::tables::{
    FunctionTable, Label, LabelValue, Line, LocationTable, Mapping, SampleTable, ValueType,
};

/// The label that marks the samples of the base of a `-diff_base` comparison.
pub const BASE_LABEL: &str = "pprof::base";

/// A profile: samples, each a stack with one value per sample type, and what the
/// locations of the stacks stand for.
///
/// Invariants, held by every constructor: all handles inside refer to existing rows; all
/// samples have one value per sample type; labels of a sample are sorted by key, text
/// before numbers.
///
/// Two profiles are equal when they say the same, however their strings are numbered.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(crate) strings: StringTable,
    pub(crate) sample_types: Vec<ValueType>,
    pub(crate) default_sample_type: StringId,
    pub(crate) period_type: Option<ValueType>,
    pub(crate) period: i64,
    pub(crate) time_nanos: i64,
    pub(crate) duration_nanos: i64,
    pub(crate) comments: Vec<StringId>,
    pub(crate) doc_url: StringId,
    pub(crate) drop_frames: StringId,
    pub(crate) keep_frames: StringId,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) functions: FunctionTable,
    pub(crate) locations: LocationTable,
    pub(crate) samples: SampleTable,
    /// The numbers of the file it was read from, where these are not 1, 2, 3, ….
    pub(crate) numbers: Option<Box<Numbers>>,
}

/// The ids that a writer chose for its rows. They mean nothing, but `go tool pprof` shows
/// and writes them as they were.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    pub(crate) mappings: Vec<u64>,
    pub(crate) locations: Vec<u64>,
    pub(crate) functions: Vec<u64>,
}

/// What becomes of the runtime's frames at the leaf of a heap profile's text form,
/// whose names Go's writer hides (`runtime/pprof/pprof.go`, `printStackRecord`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeLeaf {
    /// They are left out, as Go's protobuf writer leaves them out
    /// (`runtime/pprof/protomem.go`).
    Drop,
    /// They stay, most of them as locations without symbols.
    Keep,
}

impl Profile {
    /// Reads a profile in any known form: profile.proto (gzip, zstd or raw), Go's text
    /// forms (`debug=1`), folded stacks.
    ///
    /// The input is read in place when it is not compressed. Costs about the size of the
    /// decompressed input while reading, and what [`Profile::memory_bytes`] tells after.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where when the input is damaged, unknown or passes one of
    /// `limits`. The caller adds the input's name.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        crate::detect::any(bytes.into(), limits, ParseOptions::default())
    }

    /// Reads a profile as [`Profile::parse`] does, deciding as `options` say.
    ///
    /// # Errors
    ///
    /// As [`Profile::parse`].
    pub fn parse_as(bytes: &[u8], limits: &Limits, options: ParseOptions) -> Result<Self, Error> {
        crate::detect::any(bytes.into(), limits, options)
    }

    /// Reads a profile as [`Profile::parse_as`] does, and frees `bytes` as soon as it can.
    ///
    /// # Errors
    ///
    /// As [`Profile::parse`].
    pub fn parse_owned_as(
        bytes: Vec<u8>,
        limits: &Limits,
        options: ParseOptions,
    ) -> Result<Self, Error> {
        crate::detect::any(bytes.into(), limits, options)
    }

    /// Reads a profile as [`Profile::parse`] does, but says what becomes of the
    /// runtime's frames at the leaf of a heap profile's text form. How many they are
    /// tells a growing map from other allocations.
    ///
    /// # Errors
    ///
    /// As [`Profile::parse`].
    pub fn parse_with(
        bytes: &[u8],
        limits: &Limits,
        runtime_leaf: RuntimeLeaf,
    ) -> Result<Self, Error> {
        let options = ParseOptions {
            runtime_leaf,
            ..ParseOptions::default()
        };
        crate::detect::any(bytes.into(), limits, options)
    }

    /// Reads a profile as [`Profile::parse`] does, and frees `bytes` as soon as it can.
    ///
    /// # Errors
    ///
    /// As [`Profile::parse`].
    pub fn parse_owned(bytes: Vec<u8>, limits: &Limits) -> Result<Self, Error> {
        crate::detect::any(bytes.into(), limits, ParseOptions::default())
    }

    pub(crate) fn empty() -> Self {
        Self {
            strings: StringTable::new(),
            sample_types: Vec::new(),
            default_sample_type: StringId::EMPTY,
            period_type: None,
            period: 0,
            time_nanos: 0,
            duration_nanos: 0,
            comments: Vec::new(),
            doc_url: StringId::EMPTY,
            drop_frames: StringId::EMPTY,
            keep_frames: StringId::EMPTY,
            mappings: Vec::new(),
            functions: FunctionTable::default(),
            locations: LocationTable::new(),
            samples: SampleTable::new(0),
            numbers: None,
        }
    }

    /// Copies everything but locations and samples.
    pub(crate) fn with_tables(&self, locations: LocationTable, samples: SampleTable) -> Self {
        Self {
            strings: self.strings.clone(),
            sample_types: self.sample_types.clone(),
            default_sample_type: self.default_sample_type,
            period_type: self.period_type,
            period: self.period,
            time_nanos: self.time_nanos,
            duration_nanos: self.duration_nanos,
            comments: self.comments.clone(),
            doc_url: self.doc_url,
            drop_frames: self.drop_frames,
            keep_frames: self.keep_frames,
            mappings: self.mappings.clone(),
            functions: self.functions.clone(),
            locations,
            samples,
            numbers: self.numbers.clone(),
        }
    }

    /// Returns the text of a string handle; empty for a handle of another profile that
    /// has no row here.
    #[inline]
    pub fn text(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    /// Returns how many strings there are; handles run from 0 to this.
    pub fn string_count(&self) -> usize {
        self.strings.len()
    }

    /// Finds the first handle of `text`. Costs a scan of all strings.
    pub fn find_text(&self, text: &str) -> Option<StringId> {
        self.strings
            .iter()
            .position(|known| known == text)
            .and_then(StringId::from_index)
    }

    // Values.

    /// Returns the sample types, one for each column of values.
    pub fn sample_types(&self) -> &[ValueType] {
        &self.sample_types
    }

    /// Returns kind and unit of a column, for example `("inuse_space", "bytes")`; empty
    /// texts for a column that does not exist.
    pub fn sample_type(&self, column: usize) -> (&str, &str) {
        self.sample_types.get(column).map_or(("", ""), |kind| {
            (self.text(kind.kind), self.text(kind.unit))
        })
    }

    /// Returns the column of the sample type named `kind`.
    pub fn column(&self, kind: &str) -> Option<usize> {
        self.sample_types
            .iter()
            .position(|known| self.text(known.kind) == kind)
    }

    /// Returns the column that a view shows unless told otherwise: the profile's own
    /// default sample type, else the last one. 0 when there are none.
    pub fn default_column(&self) -> usize {
        let named = (!self.default_sample_type.is_empty())
            .then(|| self.column(self.text(self.default_sample_type)))
            .flatten();
        named.unwrap_or_else(|| self.sample_types.len().saturating_sub(1))
    }

    /// Finds the column that `-sample_index` would choose, by the rules of pprof's
    /// `profile/index.go`: empty is the default; a number is an index; a name is a kind,
    /// and `inuse_X` also finds a kind `X`.
    ///
    /// # Errors
    ///
    /// Names the possible choices.
    pub fn select_column(&self, choice: &str) -> Result<usize, Error> {
        let unsuitable = |reason: String| Err(Error::Unsuitable { reason });
        if self.sample_types.is_empty() {
            return unsuitable("it has no sample types".to_owned());
        }
        if choice.is_empty() {
            return Ok(self.default_column());
        }
        if let Ok(index) = choice.parse::<usize>() {
            if index < self.sample_types.len() {
                return Ok(index);
            }
            let last = self.sample_types.len() - 1;
            return unsuitable(format!("sample index {index} is outside 0 to {last}"));
        }
        let plain = choice.strip_prefix("inuse_");
        self.column(choice)
            .or_else(|| plain.and_then(|kind| self.column(kind)))
            .map_or_else(
                || {
                    let known: Vec<&str> = self
                        .sample_types
                        .iter()
                        .map(|kind| self.text(kind.kind))
                        .collect();
                    unsuitable(format!(
                        "no sample type \"{choice}\"; it has {}",
                        known.join(", ")
                    ))
                },
                Ok,
            )
    }

    /// Returns the default sample type that the profile names; may be empty.
    pub fn default_sample_type(&self) -> &str {
        self.text(self.default_sample_type)
    }

    /// Returns how many samples there are.
    pub fn sample_count(&self) -> usize {
        self.samples.len()
    }

    /// Returns all values of a column, one for each sample; empty for an unknown column.
    #[inline]
    pub fn values(&self, column: usize) -> &[i64] {
        self.samples.values.get(column).map_or(&[], Vec::as_slice)
    }

    /// Returns the value of a sample in a column; 0 where there is none.
    #[inline]
    pub fn value(&self, sample: usize, column: usize) -> i64 {
        self.values(column).get(sample).copied().unwrap_or(0)
    }

    /// Sums a column, saturating.
    pub fn column_sum(&self, column: usize) -> i64 {
        self.values(column)
            .iter()
            .fold(0, |sum: i64, &value| sum.saturating_add(value))
    }

    /// Returns what percentages of a column are of, as pprof's `report.go` computes it:
    /// the sum of absolute values; of the base samples alone if there are base samples
    /// (those labelled [`BASE_LABEL`]) that are not all zero.
    pub fn column_total(&self, column: usize) -> i64 {
        let values = self.values(column);
        let absolute = |sum: i64, value: i64| sum.saturating_add(value.saturating_abs());
        let total = values.iter().fold(0, |sum, &value| absolute(sum, value));
        // Most profiles have labels, but not this one.
        if self.samples.labels.is_empty() || self.find_text(BASE_LABEL).is_none() {
            return total;
        }
        let base = (0..values.len())
            .filter(|&sample| self.is_base_sample(sample))
            .fold(0, |sum, sample| absolute(sum, self.value(sample, column)));
        if base > 0 { base } else { total }
    }

    /// Whether a sample belongs to the base of a `-diff_base` comparison.
    pub fn is_base_sample(&self, sample: usize) -> bool {
        self.labels(sample).any(|label| {
            label.key == BASE_LABEL && matches!(label.value, LabelRefValue::Text("true"))
        })
    }

    // Heads.

    /// Returns kind and unit of the period, for example `("space", "bytes")`.
    pub fn period_type(&self) -> Option<(&str, &str)> {
        self.period_type
            .map(|kind| (self.text(kind.kind), self.text(kind.unit)))
    }

    /// Returns the period: of a heap profile `MemProfileRate` in bytes, of a CPU profile
    /// the nanoseconds between two samples.
    pub const fn period(&self) -> i64 {
        self.period
    }

    /// Returns when the profile was taken, in nanoseconds since 1970; 0 when unknown.
    pub const fn time_nanos(&self) -> i64 {
        self.time_nanos
    }

    /// Returns over how many nanoseconds the profile was taken; 0 when it is an instant.
    pub const fn duration_nanos(&self) -> i64 {
        self.duration_nanos
    }

    /// Returns the comments.
    pub fn comments(&self) -> impl Iterator<Item = &str> {
        self.comments.iter().map(|&id| self.text(id))
    }

    /// Returns the URL of the profile's documentation; may be empty.
    pub fn doc_url(&self) -> &str {
        self.text(self.doc_url)
    }

    /// Returns the regular expression of frames to drop; may be empty.
    pub fn drop_frames(&self) -> &str {
        self.text(self.drop_frames)
    }

    /// Returns the regular expression of frames to keep in spite of
    /// [`drop_frames`](Self::drop_frames); may be empty.
    pub fn keep_frames(&self) -> &str {
        self.text(self.keep_frames)
    }

    // Rows.

    /// Returns the mappings.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Returns a mapping.
    pub fn mapping(&self, id: MappingId) -> Option<&Mapping> {
        self.mappings.get(id.index())
    }

    /// Returns a mapping's number: the id it had in the file it was read from, or its
    /// place counted from 1.
    pub fn mapping_number(&self, id: MappingId) -> u64 {
        number(self.numbers.as_ref().map(|ids| &ids.mappings), id.index())
    }

    /// Returns a location's number, as [`mapping_number`](Self::mapping_number).
    pub fn location_number(&self, id: LocationId) -> u64 {
        number(self.numbers.as_ref().map(|ids| &ids.locations), id.index())
    }

    /// Returns a function's number, as [`mapping_number`](Self::mapping_number).
    pub fn function_number(&self, id: FunctionId) -> u64 {
        number(self.numbers.as_ref().map(|ids| &ids.functions), id.index())
    }

    /// Returns how many functions there are.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// Returns the handle of a function's name.
    #[inline]
    pub fn function_name_id(&self, id: FunctionId) -> StringId {
        self.functions
            .name
            .get(id.index())
            .copied()
            .unwrap_or(StringId::EMPTY)
    }

    /// Returns the handle of the file a function is in.
    #[inline]
    pub fn function_file_id(&self, id: FunctionId) -> StringId {
        self.functions
            .file
            .get(id.index())
            .copied()
            .unwrap_or(StringId::EMPTY)
    }

    /// Returns a function's name.
    #[inline]
    pub fn function_name(&self, id: FunctionId) -> &str {
        self.text(self.function_name_id(id))
    }

    /// Returns a function's name as the linker knows it.
    pub fn function_system_name(&self, id: FunctionId) -> &str {
        self.text(
            self.functions
                .system_name
                .get(id.index())
                .copied()
                .unwrap_or(StringId::EMPTY),
        )
    }

    /// Returns the file a function is in.
    #[inline]
    pub fn function_file(&self, id: FunctionId) -> &str {
        self.text(self.function_file_id(id))
    }

    /// Returns the line at which a function starts; 0 when unknown.
    pub fn function_start_line(&self, id: FunctionId) -> i64 {
        self.functions
            .start_line
            .get(id.index())
            .copied()
            .unwrap_or(0)
    }

    /// Returns how many locations there are.
    pub fn location_count(&self) -> usize {
        self.locations.len()
    }

    /// Returns the handles of all locations.
    pub fn location_ids(&self) -> impl ExactSizeIterator<Item = LocationId> + use<> {
        (0..self.location_count()).map(|index| LocationId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Returns a location's address.
    pub fn address(&self, id: LocationId) -> u64 {
        self.locations.address.get(id.index()).copied().unwrap_or(0)
    }

    /// Returns the mapping a location lies in.
    pub fn location_mapping(&self, id: LocationId) -> Option<MappingId> {
        self.locations.mapping(id.index())
    }

    /// Whether several functions were folded into a location's code by the linker.
    pub fn is_folded(&self, id: LocationId) -> bool {
        self.locations
            .folded
            .get(id.index())
            .copied()
            .unwrap_or(false)
    }

    /// Returns how many lines a location stands for: 0 without symbols, more than 1 with
    /// inlined calls.
    #[inline]
    pub fn line_count(&self, id: LocationId) -> usize {
        self.locations.line_range(id.index()).len()
    }

    /// Returns the lines of a location, innermost inlined call first, outermost caller
    /// last, as profile.proto orders them.
    #[inline]
    pub fn lines(
        &self,
        id: LocationId,
    ) -> impl DoubleEndedIterator<Item = Line> + ExactSizeIterator {
        self.locations
            .line_range(id.index())
            .map(|row| self.locations.line(row))
    }

    /// Returns a sample's stack, leaf first.
    #[inline]
    pub fn stack(&self, sample: usize) -> &[LocationId] {
        self.samples.stack(sample)
    }

    /// Returns the frames of a sample, leaf first, inlined calls expanded.
    pub fn frames(&self, sample: usize) -> Frames<'_> {
        self.frames_of(self.stack(sample))
    }

    /// Returns the frames of a stack, leaf first, inlined calls expanded.
    pub fn frames_of<'p>(&'p self, stack: &'p [LocationId]) -> Frames<'p> {
        Frames {
            profile: self,
            stack: stack.iter(),
            location: None,
            rows: 0..0,
        }
    }

    /// Returns a sample's labels by handles, sorted by key.
    pub fn label_rows(&self, sample: usize) -> &[Label] {
        self.samples.labels(sample)
    }

    /// Returns a sample's labels, sorted by key.
    pub fn labels(&self, sample: usize) -> impl Iterator<Item = LabelRef<'_>> {
        self.samples
            .labels(sample)
            .iter()
            .map(|label| self.label_ref(label))
    }

    fn label_ref(&self, label: &Label) -> LabelRef<'_> {
        LabelRef {
            key: self.text(label.key),
            value: match label.value {
                LabelValue::Text(text) => LabelRefValue::Text(self.text(text)),
                LabelValue::Number { value, unit } => LabelRefValue::Number {
                    value,
                    unit: self.text(unit),
                },
            },
        }
    }

    /// Returns the first number a sample carries under `key`.
    pub fn number_label(&self, sample: usize, key: &str) -> Option<i64> {
        self.labels(sample).find_map(|label| match label.value {
            LabelRefValue::Number { value, .. } if label.key == key => Some(value),
            _ => None,
        })
    }

    /// Returns the bytes of memory that this profile occupies.
    pub fn memory_bytes(&self) -> usize {
        let samples = &self.samples;
        let columns: usize = samples
            .values
            .iter()
            .map(|column| column.capacity() * 8)
            .sum();
        let locations = &self.locations;
        self.strings.memory_bytes()
            + (samples.stack_starts.capacity()
                + samples.label_starts.capacity()
                + samples.stacks.capacity())
                * 4
            + columns
            + samples.labels.capacity() * size_of::<Label>()
            + locations.address.capacity() * 8
            + (locations.mapping.capacity() + locations.line_starts.capacity()) * 4
            + locations.folded.capacity()
            + locations.line_function.capacity() * 4
            + (locations.line_number.capacity() + locations.line_column.capacity()) * 8
            + self.functions.name.capacity() * (3 * 4 + 8)
            + self.mappings.capacity() * size_of::<Mapping>()
    }
}

/// Returns the number of a row: the one it had, or its place counted from 1.
fn number(numbers: Option<&Vec<u64>>, index: usize) -> u64 {
    numbers
        .and_then(|numbers| numbers.get(index))
        .copied()
        .unwrap_or(index as u64 + 1)
}

/// A label with its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelRef<'p> {
    /// The key.
    pub key: &'p str,
    /// The value.
    pub value: LabelRefValue<'p>,
}

/// The value of a label with its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelRefValue<'p> {
    /// A text.
    Text(&'p str),
    /// A number with its unit; empty when it was not given.
    Number {
        /// The number.
        value: i64,
        /// Its unit.
        unit: &'p str,
    },
}

/// One frame of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'p> {
    /// The function's name; empty when unknown.
    pub function: &'p str,
    /// The file; empty when unknown.
    pub file: &'p str,
    /// The line; 0 when unknown.
    pub line: i64,
    /// The column; 0 when unknown.
    pub column: i64,
    /// The address of the location.
    pub address: u64,
    /// The location.
    pub location: LocationId,
    /// The function's handle.
    pub function_id: Option<FunctionId>,
    /// Whether this frame was inlined into the one that follows.
    pub inlined: bool,
}

/// The frames of a stack, leaf first, inlined calls expanded.
///
/// A location without symbols is one frame with an address alone.
#[derive(Debug, Clone)]
pub struct Frames<'p> {
    profile: &'p Profile,
    stack: std::slice::Iter<'p, LocationId>,
    location: Option<LocationId>,
    rows: std::ops::Range<usize>,
}

impl<'p> Iterator for Frames<'p> {
    type Item = Frame<'p>;

    fn next(&mut self) -> Option<Frame<'p>> {
        let profile = self.profile;
        if let (Some(location), Some(row)) = (self.location, self.rows.next()) {
            let line = profile.locations.line(row);
            return Some(Frame {
                function: line.function.map_or("", |id| profile.function_name(id)),
                file: line.function.map_or("", |id| profile.function_file(id)),
                line: line.line,
                column: line.column,
                address: profile.address(location),
                location,
                function_id: line.function,
                inlined: !self.rows.is_empty(),
            });
        }
        let location = *self.stack.next()?;
        self.rows = profile.locations.line_range(location.index());
        self.location = Some(location);
        if !self.rows.is_empty() {
            return self.next();
        }
        Some(Frame {
            function: "",
            file: "",
            line: 0,
            column: 0,
            address: profile.address(location),
            location,
            function_id: None,
            inlined: false,
        })
    }
}
