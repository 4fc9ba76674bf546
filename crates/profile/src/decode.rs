//! Reading profile.proto.
//!
//! The message is `perftools.profiles.Profile` of google/pprof's `proto/profile.proto`.
//! The references of samples cannot be resolved before the tables they point to have been
//! seen (Go's writer puts the string table last). So there are two ways: one pass that
//! takes the references for what they nearly always are, and gives up where anything is
//! out of the ordinary ([`once`]); and two passes over one buffer, the first of which takes
//! everything but the samples ([`twice`]).

use crate::error::{Error, LimitKind, Position};
use crate::handle::{NONE, StringId};
use crate::limits::Limits;
use crate::options::{ParseOptions, TextForms};
use crate::profile::{Numbers, Profile};
use crate::tables::{FunctionTable, Mapping, Symbolization, ValueType};
use crate::wire::{Field, Reader};

mod ids;
mod once;
mod samples;

use ids::IdMap;
pub(crate) use once::compressed;

/// What the first pass keeps until everything is known.
#[derive(Default)]
struct Raw {
    sample_types: Vec<RawType>,
    period_type: Option<RawType>,
    default_sample_type: Reference,
    comments: Vec<Reference>,
    doc_url: Reference,
    drop_frames: Reference,
    keep_frames: Reference,
    samples: u64,
    functions: Vec<RawFunction>,
    mappings: Vec<RawMapping>,
    locations: Vec<RawLocation>,
    /// Function id, line, column of all locations' lines.
    lines: Vec<(u64, i64, i64)>,
    string_bytes: usize,
    strings: u64,
    /// Where the first of them begins, so that the others are found without going through
    /// everything before it again.
    first_string: usize,
    first_sample: usize,
}

/// A reference into the string table, with the offset of the field that holds it.
type Reference = (u64, usize);

#[derive(Clone, Copy)]
struct RawType {
    kind: u64,
    unit: u64,
    offset: usize,
}

#[derive(Default)]
struct RawFunction {
    id: u64,
    name: u64,
    system_name: u64,
    file: u64,
    start_line: i64,
    offset: usize,
}

#[derive(Default)]
struct RawMapping {
    id: u64,
    start: u64,
    limit: u64,
    offset: u64,
    file: u64,
    build_id: u64,
    symbols: Symbolization,
    /// Where it is in the input.
    at: usize,
}

#[derive(Default)]
struct RawLocation {
    id: u64,
    mapping: u64,
    address: u64,
    folded: bool,
    /// Where its lines end in `Raw::lines`.
    lines_end: usize,
    /// Where it is in the input.
    offset: usize,
}

/// Reads profile.proto without compression.
pub(crate) fn proto(
    bytes: &[u8],
    limits: &Limits,
    options: ParseOptions,
) -> Result<Profile, Error> {
    match once::slice(bytes, limits, options) {
        Some(profile) => Ok(profile),
        None => twice(bytes, limits, options),
    }
}

/// Reads it in two passes, which finds whatever is wrong and where.
pub(crate) fn twice(
    bytes: &[u8],
    limits: &Limits,
    options: ParseOptions,
) -> Result<Profile, Error> {
    let mut profile = Profile::empty();
    let mut raw = first_pass(bytes, limits, &mut profile)?;
    strings(bytes, limits, &raw, &mut profile)?;
    let location_ids = tables(&mut raw, bytes.len(), options, &mut profile)?;
    let samples = Reader::at(
        bytes.get(raw.first_sample..).unwrap_or_default(),
        raw.first_sample,
    );
    let columns = profile.sample_types.len();
    let strings = profile.strings.len();
    let mut pass = samples::Pass::new(limits, &location_ids, columns, strings, options);
    pass.read(samples, raw.samples)?;
    profile.samples = pass.finish(&profile.strings);
    Ok(profile)
}

/// Makes all tables but that of samples, once strings are known; returns the positions of
/// locations. `length` is that of the input.
fn tables(
    raw: &mut Raw,
    length: usize,
    options: ParseOptions,
    profile: &mut Profile,
) -> Result<IdMap, Error> {
    heads(raw, profile)?;
    let mapping_ids = IdMap::new("mapping", raw.mappings.iter().map(|row| (row.id, row.at)))?;
    let function_ids = IdMap::new(
        "function",
        raw.functions.iter().map(|row| (row.id, row.offset)),
    )?;
    let location_ids = IdMap::new(
        "location",
        raw.locations.iter().map(|row| (row.id, row.offset)),
    )?;
    let in_order = [&mapping_ids, &function_ids, &location_ids]
        .iter()
        .all(|ids| ids.in_order().is_some());
    if !in_order {
        profile.numbers = Some(Box::new(Numbers {
            mappings: raw.mappings.iter().map(|row| row.id).collect(),
            locations: raw.locations.iter().map(|row| row.id).collect(),
            functions: raw.functions.iter().map(|row| row.id).collect(),
        }));
    }
    mappings(std::mem::take(&mut raw.mappings), profile)?;
    functions(std::mem::take(&mut raw.functions), profile)?;
    locations(
        raw,
        (&mapping_ids, &function_ids),
        options.text_forms,
        profile,
    )?;
    if raw.samples > 0 && profile.sample_types.is_empty() {
        return Err(Error::inconsistent(
            length,
            "samples without sample types",
            "missing sample type information",
        ));
    }
    Ok(location_ids)
}

fn over(limit: LimitKind, maximum: u64, offset: usize) -> Error {
    Error::Limit {
        limit,
        maximum,
        position: Position::Byte(offset as u64),
    }
}

/// Pushes onto a table unless its limit is reached.
fn push<T>(
    table: &mut Vec<T>,
    row: T,
    limit: LimitKind,
    maximum: u64,
    offset: usize,
) -> Result<(), Error> {
    if table.len() as u64 >= maximum.min(u64::from(NONE)) {
        return Err(over(limit, maximum, offset));
    }
    table.push(row);
    Ok(())
}

fn first_pass(bytes: &[u8], limits: &Limits, profile: &mut Profile) -> Result<Raw, Error> {
    let mut raw = Raw::default();
    let mut reader = Reader::new(bytes);
    while let Some(field) = reader.field()? {
        raw.take(&field, limits, profile)?;
    }
    raw.check(bytes.len())?;
    Ok(raw)
}

impl Raw {
    /// Takes a field of the profile: of samples and strings only how many they are, and
    /// where they begin.
    fn take(
        &mut self,
        field: &Field<'_>,
        limits: &Limits,
        profile: &mut Profile,
    ) -> Result<(), Error> {
        let at = field.offset;
        match field.number {
            1 => {
                let kind = value_type(field)?;
                push(
                    &mut self.sample_types,
                    kind,
                    LimitKind::SampleTypes,
                    limits.sample_types,
                    at,
                )?;
            }
            2 => {
                field.message()?;
                if self.samples == 0 {
                    self.first_sample = at;
                }
                self.samples += 1;
                if self.samples > limits.samples {
                    return Err(over(LimitKind::Samples, limits.samples, at));
                }
            }
            3 => {
                let mapping = mapping(field)?;
                push(
                    &mut self.mappings,
                    mapping,
                    LimitKind::Mappings,
                    limits.mappings,
                    at,
                )?;
            }
            4 => {
                let location = location(field, limits, &mut self.lines)?;
                push(
                    &mut self.locations,
                    location,
                    LimitKind::Locations,
                    limits.locations,
                    at,
                )?;
            }
            5 => {
                let function = function(field)?;
                push(
                    &mut self.functions,
                    function,
                    LimitKind::Functions,
                    limits.functions,
                    at,
                )?;
            }
            6 => {
                let text = field.message()?.bytes();
                if self.strings == 0 && !text.is_empty() {
                    return Err(Error::malformed(at, "the first string is not empty"));
                }
                if self.strings == 0 {
                    self.first_string = at;
                }
                self.strings += 1;
                self.string_bytes += text.len();
                if self.strings > limits.strings {
                    return Err(over(LimitKind::Strings, limits.strings, at));
                }
            }
            7 => self.drop_frames = (field.unsigned()?, at),
            8 => self.keep_frames = (field.unsigned()?, at),
            9 => {
                let time = field.signed()?;
                if profile.time_nanos != 0 && time != 0 {
                    return Err(Error::Concatenated { offset: at as u64 });
                }
                profile.time_nanos = time;
            }
            10 => profile.duration_nanos = field.signed()?,
            11 => self.period_type = Some(value_type(field)?),
            12 => profile.period = field.signed()?,
            13 => each_number(field, |comment| {
                push(
                    &mut self.comments,
                    (comment, at),
                    LimitKind::Comments,
                    limits.comments,
                    at,
                )
            })?,
            14 => self.default_sample_type = (field.unsigned()?, at),
            15 => self.doc_url = (field.unsigned()?, at),
            _ => {}
        }
        Ok(())
    }

    /// Checks what must have come by the end of the input, which is `length` long.
    fn check(&self, length: usize) -> Result<(), Error> {
        if self.strings == 0 {
            return Err(Error::malformed(length, "there is no string table"));
        }
        Ok(())
    }
}

/// Calls `take` with each number of a repeated field, packed or not.
fn each_number(
    field: &Field<'_>,
    mut take: impl FnMut(u64) -> Result<(), Error>,
) -> Result<(), Error> {
    if let Ok(number) = field.unsigned() {
        return take(number);
    }
    let mut packed = field.message()?;
    while !packed.is_empty() {
        take(packed.varint()?)?;
    }
    Ok(())
}

fn value_type(field: &Field<'_>) -> Result<RawType, Error> {
    let mut message = field.message()?;
    let mut value_type = RawType {
        kind: 0,
        unit: 0,
        offset: field.offset,
    };
    while let Some(field) = message.field()? {
        match field.number {
            1 => value_type.kind = field.unsigned()?,
            2 => value_type.unit = field.unsigned()?,
            _ => {}
        }
    }
    Ok(value_type)
}

fn mapping(field: &Field<'_>) -> Result<RawMapping, Error> {
    let mut message = field.message()?;
    let mut mapping = RawMapping {
        at: field.offset,
        ..RawMapping::default()
    };
    while let Some(field) = message.field()? {
        match field.number {
            1 => mapping.id = field.unsigned()?,
            2 => mapping.start = field.unsigned()?,
            3 => mapping.limit = field.unsigned()?,
            4 => mapping.offset = field.unsigned()?,
            5 => mapping.file = field.unsigned()?,
            6 => mapping.build_id = field.unsigned()?,
            7 => mapping.symbols.functions = field.flag()?,
            8 => mapping.symbols.filenames = field.flag()?,
            9 => mapping.symbols.line_numbers = field.flag()?,
            10 => mapping.symbols.inline_frames = field.flag()?,
            _ => {}
        }
    }
    if mapping.id == 0 {
        return Err(Error::inconsistent(
            field.offset,
            "a mapping has the reserved id 0",
            "found mapping with reserved ID=0",
        ));
    }
    Ok(mapping)
}

fn function(field: &Field<'_>) -> Result<RawFunction, Error> {
    let mut message = field.message()?;
    let mut function = RawFunction {
        offset: field.offset,
        ..RawFunction::default()
    };
    while let Some(field) = message.field()? {
        match field.number {
            1 => function.id = field.unsigned()?,
            2 => function.name = field.unsigned()?,
            3 => function.system_name = field.unsigned()?,
            4 => function.file = field.unsigned()?,
            5 => function.start_line = field.signed()?,
            _ => {}
        }
    }
    if function.id == 0 {
        return Err(Error::inconsistent(
            field.offset,
            "a function has the reserved id 0",
            "found function with reserved ID=0",
        ));
    }
    Ok(function)
}

fn location(
    field: &Field<'_>,
    limits: &Limits,
    lines: &mut Vec<(u64, i64, i64)>,
) -> Result<RawLocation, Error> {
    let mut message = field.message()?;
    let mut location = RawLocation {
        offset: field.offset,
        ..RawLocation::default()
    };
    while let Some(field) = message.field()? {
        match field.number {
            1 => location.id = field.unsigned()?,
            2 => location.mapping = field.unsigned()?,
            3 => location.address = field.unsigned()?,
            4 => {
                let mut message = field.message()?;
                let mut line = (0, 0, 0);
                while let Some(field) = message.field()? {
                    match field.number {
                        1 => line.0 = field.unsigned()?,
                        2 => line.1 = field.signed()?,
                        3 => line.2 = field.signed()?,
                        _ => {}
                    }
                }
                push(lines, line, LimitKind::Lines, limits.lines, field.offset)?;
            }
            5 => location.folded = field.flag()?,
            _ => {}
        }
    }
    if location.id == 0 {
        return Err(Error::inconsistent(
            field.offset,
            "a location has the reserved id 0",
            "found location with reserved id=0",
        ));
    }
    location.lines_end = lines.len();
    Ok(location)
}

fn strings(bytes: &[u8], limits: &Limits, raw: &Raw, profile: &mut Profile) -> Result<(), Error> {
    if raw.string_bytes as u64 > limits.string_bytes.min(u64::from(u32::MAX)) {
        return Err(over(
            LimitKind::StringBytes,
            limits.string_bytes,
            bytes.len(),
        ));
    }
    let count = usize::try_from(raw.strings).unwrap_or(usize::MAX);
    profile.strings.reserve(count, raw.string_bytes);
    let mut reader = Reader::at(
        bytes.get(raw.first_string..).unwrap_or_default(),
        raw.first_string,
    );
    let mut read = 0;
    while read < raw.strings {
        let Some(field) = reader.field()? else { break };
        if field.number != 6 {
            continue;
        }
        read += 1;
        // The first is the empty string, which every table has.
        if read > 1 {
            let position = Position::Byte(field.offset as u64);
            profile
                .strings
                .push(field.message()?.bytes(), limits, position)?;
        }
    }
    Ok(())
}

/// Checks a reference into the string table.
fn string(profile: &Profile, (raw, offset): Reference, of: &str) -> Result<StringId, Error> {
    let count = profile.strings.len();
    usize::try_from(raw)
        .ok()
        .filter(|&index| index < count)
        .and_then(StringId::from_index)
        .ok_or_else(|| Error::malformed(offset, format!("{of} refers to string {raw} of {count}")))
}

fn heads(raw: &Raw, profile: &mut Profile) -> Result<(), Error> {
    let value_type = |profile: &Profile, raw: RawType, of: &str| {
        Ok::<_, Error>(ValueType {
            kind: string(profile, (raw.kind, raw.offset), of)?,
            unit: string(profile, (raw.unit, raw.offset), of)?,
        })
    };
    for &kind in &raw.sample_types {
        let kind = value_type(profile, kind, "a sample type")?;
        profile.sample_types.push(kind);
    }
    if let Some(kind) = raw.period_type {
        let kind = value_type(profile, kind, "the period type")?;
        // One that says nothing is as good as none.
        let is_empty = profile.text(kind.kind).is_empty() && profile.text(kind.unit).is_empty();
        profile.period_type = (!is_empty).then_some(kind);
    }
    profile.default_sample_type =
        string(profile, raw.default_sample_type, "the default sample type")?;
    for &comment in &raw.comments {
        let comment = string(profile, comment, "a comment")?;
        profile.comments.push(comment);
    }
    profile.doc_url = string(profile, raw.doc_url, "the documentation URL")?;
    profile.drop_frames = string(profile, raw.drop_frames, "drop_frames")?;
    profile.keep_frames = string(profile, raw.keep_frames, "keep_frames")?;
    Ok(())
}

fn mappings(raw: Vec<RawMapping>, profile: &mut Profile) -> Result<(), Error> {
    profile.mappings.reserve(raw.len());
    for mapping in raw {
        let row = Mapping {
            start: mapping.start,
            limit: mapping.limit,
            offset: mapping.offset,
            file: string(profile, (mapping.file, mapping.at), "a mapping")?,
            build_id: string(profile, (mapping.build_id, mapping.at), "a mapping")?,
            symbols: mapping.symbols,
        };
        profile.mappings.push(row);
    }
    Ok(())
}

fn functions(raw: Vec<RawFunction>, profile: &mut Profile) -> Result<(), Error> {
    let mut table = FunctionTable::with_capacity(raw.len());
    for function in raw {
        let text = |raw: u64| string(profile, (raw, function.offset), "a function");
        table.name.push(text(function.name)?);
        table.system_name.push(text(function.system_name)?);
        table.file.push(text(function.file)?);
        table.start_line.push(function.start_line);
    }
    profile.functions = table;
    Ok(())
}

fn locations(
    raw: &mut Raw,
    (mapping_ids, function_ids): (&IdMap, &IdMap),
    text_forms: TextForms,
    profile: &mut Profile,
) -> Result<(), Error> {
    let lines = std::mem::take(&mut raw.lines);
    let rows = std::mem::take(&mut raw.locations);
    let table = &mut profile.locations;
    table.address.reserve_exact(rows.len());
    table.mapping.reserve_exact(rows.len());
    table.folded.reserve_exact(rows.len());
    table.line_starts.reserve_exact(rows.len());
    table.line_function.reserve_exact(lines.len());
    table.line_number.reserve_exact(lines.len());
    table.line_column.reserve_exact(lines.len());
    // pprof takes a missing mapping for none, but wants each line to have a function.
    let as_pprof = text_forms == TextForms::AsPprof;
    let missing = |ids: &IdMap, id: u64, location: &RawLocation| {
        let (number, of) = (location.id, ids.of());
        Error::inconsistent(
            location.offset,
            format!("location {number} refers to missing {of} {id}"),
            format!("location id: {number} has a line with nil function"),
        )
    };
    let mapping_of = |location: &RawLocation| match location.mapping {
        0 => Ok(NONE),
        id => match mapping_ids.get(id) {
            None if as_pprof => Ok(NONE),
            found => found.ok_or_else(|| missing(mapping_ids, id, location)),
        },
    };
    let function_of = |id: u64, location: &RawLocation| match function_ids.get(id) {
        None if id == 0 && !as_pprof => Ok(NONE),
        found => found.ok_or_else(|| missing(function_ids, id, location)),
    };
    let mut lines = lines.into_iter();
    let mut line_count = 0;
    for location in &rows {
        table.address.push(location.address);
        table.mapping.push(mapping_of(location)?);
        table.folded.push(location.folded);
        for (function, line, column) in lines.by_ref().take(location.lines_end - line_count) {
            table.line_function.push(function_of(function, location)?);
            table.line_number.push(line);
            table.line_column.push(column);
        }
        line_count = location.lines_end;
        table.close();
    }
    Ok(())
}
