//! Making one profile of several, as pprof does (`profile/merge.go`,
//! `internal/measurement`).
//!
//! Sample types are those that all profiles have, by name, in the order of the first;
//! values are converted to the finest unit among them. Samples with the same stack and
//! labels become one; what is 0 is dropped. Mappings are the same when build id (else
//! file), offset and size to 4 KiB agree, so that address space randomisation does not
//! matter.
//!
//! Unlike pprof, locations that differ in the column of an inlined line stay apart, and a
//! sample is dropped only when all its values are 0 after scaling; [`Defects::AsPprof`]
//! repeats what pprof does.
//!
//! Rows come in the order in which they are first met, going through the samples of one
//! profile after the other, as in pprof: merging is a function of its input.

use std::hash::{BuildHasher, Hash as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::builder::ProfileBuilder;
use crate::error::Error;
use crate::handle::{FunctionId, LocationId, MappingId, NONE, StringId};
use crate::limits::Limits;
use crate::measurement;
use crate::options::Defects;
use crate::profile::{BASE_LABEL, Profile};
use crate::tables::{Label, LabelValue, Line, Mapping};

/// Merges profiles. One profile alone is returned as it is.
///
/// Time is the earliest, duration the sum, the period the longest; comments are joined.
/// Costs time and memory in proportion to all samples.
///
/// # Errors
///
/// [`Error::Incompatible`] when the profiles have no sample type in common, or units that
/// do not convert; [`Error::Unsuitable`] without any profile.
pub fn merge(profiles: &[&Profile]) -> Result<Profile, Error> {
    merge_with(profiles, Defects::Corrected)
}

/// Merges profiles as [`merge`] does, with pprof's defects or without.
///
/// # Errors
///
/// As [`merge`].
pub fn merge_with(profiles: &[&Profile], defects: Defects) -> Result<Profile, Error> {
    if let [only] = profiles {
        return Ok((*only).clone());
    }
    let sources: Vec<Source<'_>> = profiles
        .iter()
        .map(|profile| Source::plain(profile))
        .collect();
    merge_sources(&sources, defects)
}

/// A profile on its way into a merge.
pub(crate) struct Source<'p> {
    pub(crate) profile: &'p Profile,
    /// Values are multiplied by this, column by column of the profile; empty for 1.
    pub(crate) ratios: Vec<f64>,
    /// Whether values count negatively.
    pub(crate) negated: bool,
    /// Whether samples get the label [`BASE_LABEL`].
    pub(crate) marked: bool,
}

impl<'p> Source<'p> {
    pub(crate) const fn plain(profile: &'p Profile) -> Self {
        Self {
            profile,
            ratios: Vec::new(),
            negated: false,
            marked: false,
        }
    }
}

/// A column that all profiles have.
struct Column<'p> {
    kind: &'p str,
    unit: &'p str,
    /// For each profile its column and how much of `unit` its own unit is.
    sources: Vec<(usize, f64)>,
}

/// Returns the finest of some units of one kind of value, as pprof's `CommonValueType`.
fn finest<'p>(
    types: impl Iterator<Item = (&'p str, &'p str)>,
    of: &str,
) -> Result<Option<(&'p str, &'p str)>, Error> {
    let mut finest: Option<(&str, &str)> = None;
    for (kind, unit) in types {
        let Some((known_kind, known_unit)) = finest else {
            finest = Some((kind, unit));
            continue;
        };
        let singular = |kind: &'p str| kind.strip_suffix('s').unwrap_or(kind);
        let same_unit = unit == known_unit || measurement::same_family(unit, known_unit);
        if singular(kind) != singular(known_kind) || !same_unit {
            let reason =
                format!("{known_kind} in {known_unit} and {kind} in {unit} do not convert");
            let check = format!(
                "{of}: incompatible types: {{{known_kind} {known_unit} 0 0}} {{{kind} {unit} 0 0}}"
            );
            return Err(Error::Incompatible { reason, check });
        }
        if measurement::ratio(unit, known_unit) < 1.0 {
            finest = Some((kind, unit));
        }
    }
    Ok(finest)
}

fn columns<'p>(sources: &[Source<'p>]) -> Result<Vec<Column<'p>>, Error> {
    let Some(first) = sources.first() else {
        return Err(Error::Unsuitable {
            reason: "there is no profile to merge".to_owned(),
        });
    };
    let mut columns = Vec::new();
    for index in 0..first.profile.sample_types().len() {
        let (kind, _) = first.profile.sample_type(index);
        let found: Option<Vec<usize>> = sources
            .iter()
            .map(|source| source.profile.column(kind))
            .collect();
        let Some(found) = found else { continue };
        let types = sources
            .iter()
            .zip(&found)
            .map(|(source, &at)| source.profile.sample_type(at));
        let unit = finest(types, "sample types")?.map_or("", |(_, unit)| unit);
        let ratio = |(source, at): (&Source<'p>, usize)| {
            let (_, own) = source.profile.sample_type(at);
            (
                at,
                if own == unit {
                    1.0
                } else {
                    measurement::ratio(own, unit)
                },
            )
        };
        let sources = sources.iter().zip(found).map(ratio).collect();
        columns.push(Column {
            kind,
            unit,
            sources,
        });
    }
    if columns.is_empty() {
        let reason = "they have no sample type in common".to_owned();
        let check = "profiles have empty common sample type list".to_owned();
        return Err(Error::Incompatible { reason, check });
    }
    Ok(columns)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "as pprof does; what does not fit saturates"
)]
fn truncated(value: f64) -> i64 {
    value as i64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded; what does not fit saturates"
)]
fn multiplied(value: i64, ratio: f64) -> i64 {
    if ratio.to_bits() == 1.0_f64.to_bits() {
        value
    } else {
        (value as f64 * ratio).round() as i64
    }
}

/// Whether pprof's `ScaleN` loses a sample: some ratio is not 1, and each value whose
/// ratio is not 1 has become 0.
fn is_lost(scaled: impl Iterator<Item = (f64, i64)>) -> bool {
    let mut has_ratio = false;
    for (ratio, value) in scaled {
        if ratio.to_bits() != 1.0_f64.to_bits() {
            has_ratio = true;
            if value != 0 {
                return false;
            }
        }
    }
    has_ratio
}

pub(crate) fn merge_sources(sources: &[Source<'_>], defects: Defects) -> Result<Profile, Error> {
    let columns = columns(sources)?;
    let mut merge = Merge::new(defects);
    merge.heads(sources, &columns, defects)?;
    // Most samples are in one profile alone.
    let samples = sources.iter().map(|source| source.profile.sample_count());
    merge.reserve(samples.sum());
    for (index, source) in sources.iter().enumerate() {
        let mut values = vec![0; columns.len()];
        let mut translation = Translation::new(source.profile);
        if merge.mappings.is_empty() && !source.profile.mappings.is_empty() {
            // The first mapping is the main binary, even when no sample lies in it.
            merge.mapping(&mut translation, MappingId(0))?;
        }
        for sample in 0..source.profile.sample_count() {
            let own = |at: usize| {
                let ratio = source.ratios.get(at).copied().unwrap_or(1.0);
                (ratio, multiplied(source.profile.value(sample, at), ratio))
            };
            for (column, value) in columns.iter().zip(&mut values) {
                let (at, ratio) = column.sources[index];
                *value = multiplied(own(at).1, ratio);
                if source.negated {
                    *value = value.saturating_neg();
                }
            }
            if defects == Defects::AsPprof {
                let ratios = columns.iter().map(|column| column.sources[index].1);
                let all = 0..source.profile.sample_types.len();
                if is_lost(all.map(own)) || is_lost(ratios.zip(values.iter().copied())) {
                    continue;
                }
            }
            if values.iter().any(|&value| value != 0) {
                merge.sample(&mut translation, sample, &values, source.marked)?;
            }
        }
    }
    let merged = merge.builder.finish();
    let cancelled = |sample: usize| (0..columns.len()).all(|at| merged.value(sample, at) == 0);
    if (0..merged.sample_count()).any(cancelled) {
        // Once more, without the samples that cancelled out and what only they used.
        return merge_sources(&[Source::plain(&merged)], defects);
    }
    Ok(merged)
}

/// Returns a source's default sample type. Where columns had to be left out or moved, and
/// the default is among those left out, it is the first (`profile/merge.go`,
/// `compatibilizeSampleTypes`).
fn default_type<'p>(sources: &[Source<'p>], columns: &[Column<'p>], index: usize) -> &'p str {
    let Some(source) = sources.get(index) else {
        return "";
    };
    let own = source.profile.default_sample_type();
    let is_unchanged = columns.len() == source.profile.sample_types().len()
        && (0..columns.len()).all(|at| columns[at].sources[index].0 == at);
    if is_unchanged || columns.iter().any(|column| column.kind == own) {
        own
    } else {
        columns.first().map_or("", |column| column.kind)
    }
}

/// What the rows of one source are in the merged profile; `NONE` until they are met.
pub(crate) struct Translation<'p> {
    profile: &'p Profile,
    strings: Vec<u32>,
    mappings: Vec<u32>,
    functions: Vec<u32>,
    locations: Vec<u32>,
}

impl<'p> Translation<'p> {
    pub(crate) fn new(profile: &'p Profile) -> Self {
        Self {
            profile,
            strings: vec![NONE; profile.string_count()],
            mappings: vec![NONE; profile.mappings.len()],
            functions: vec![NONE; profile.function_count()],
            locations: vec![NONE; profile.location_count()],
        }
    }
}

/// What makes two mappings one: size, offset, and build id or file.
type MappingKey = (u64, u64, String);

/// The merged profile while it grows.
pub(crate) struct Merge {
    builder: ProfileBuilder,
    mappings: HashMap<MappingKey, MappingId>,
    samples: HashTable<u32>,
    /// Of each sample, so that the table grows without looking at stacks again.
    hashes: Vec<u64>,
    hasher: DefaultHashBuilder,
    stack: Vec<LocationId>,
    labels: Vec<Label>,
    lines: Vec<Line>,
}

impl Merge {
    pub(crate) fn new(defects: Defects) -> Self {
        // What was read once passed the limits then.
        let unlimited = Limits {
            strings: u64::MAX,
            string_bytes: u64::MAX,
            samples: u64::MAX,
            locations: u64::MAX,
            lines: u64::MAX,
            functions: u64::MAX,
            mappings: u64::MAX,
            depth: u64::MAX,
            stack_entries: u64::MAX,
            labels: u64::MAX,
            comments: u64::MAX,
            ..Limits::default()
        };
        let mut builder = ProfileBuilder::new(&unlimited);
        builder.defects = defects;
        Self {
            builder,
            mappings: HashMap::new(),
            samples: HashTable::new(),
            hashes: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            stack: Vec::new(),
            labels: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Makes room for so many samples.
    fn reserve(&mut self, samples: usize) {
        let hashes = &self.hashes;
        self.samples.reserve(samples, |&row| hashes[row as usize]);
        self.hashes.reserve(samples);
    }

    fn heads(
        &mut self,
        sources: &[Source<'_>],
        columns: &[Column<'_>],
        defects: Defects,
    ) -> Result<(), Error> {
        let builder = &mut self.builder;
        for column in columns {
            builder.add_sample_type(column.kind, column.unit)?;
        }
        let period_types = sources.iter().filter_map(|source| {
            let own = source.profile.period_type();
            // To pprof, one that is not known is one that differs.
            own.or((defects == Defects::AsPprof).then_some(("", "")))
        });
        let period_type = finest(period_types, "period type")?;
        let mut period = 0;
        let mut time = 0;
        let mut duration = 0_i64;
        let mut comments: Vec<&str> = Vec::new();
        for source in sources {
            let profile = source.profile;
            let own = match (profile.period_type(), period_type) {
                (Some((_, from)), Some((_, to))) if from != to => {
                    truncated(measurement::scale(profile.period(), from, to).0)
                }
                _ => profile.period(),
            };
            if period == 0 || period < own {
                period = own;
            }
            if time == 0 || profile.time_nanos() < time {
                time = profile.time_nanos();
            }
            duration = duration.saturating_add(profile.duration_nanos());
            for comment in profile.comments() {
                if !comments.contains(&comment) {
                    comments.push(comment);
                    builder.add_comment(comment)?;
                }
            }
        }
        if let Some((kind, unit)) = period_type {
            builder.set_period(kind, unit, period)?;
        }
        builder.profile.period = period;
        builder.set_time(time, duration);
        if let Some(first) = sources.first() {
            builder.set_drop_frames(first.profile.drop_frames(), first.profile.keep_frames())?;
        }
        let given = |text: &&str| !text.is_empty();
        let defaults = (0..sources.len()).map(|index| default_type(sources, columns, index));
        if let Some(kind) = defaults.into_iter().find(given) {
            builder.set_default_sample_type(kind)?;
        }
        if let Some(url) = sources
            .iter()
            .map(|source| source.profile.doc_url())
            .find(given)
        {
            builder.set_doc_url(url)?;
        }
        Ok(())
    }

    fn string(&mut self, from: &mut Translation<'_>, id: StringId) -> Result<StringId, Error> {
        let profile = from.profile;
        let Some(known) = from.strings.get_mut(id.index()) else {
            return Ok(StringId::EMPTY);
        };
        if *known == NONE {
            *known = self.builder.string(profile.text(id))?.0;
        }
        Ok(StringId(*known))
    }

    fn mapping(&mut self, from: &mut Translation<'_>, id: MappingId) -> Result<MappingId, Error> {
        const PAGE: u64 = 4096;
        if let Some(&known) = from
            .mappings
            .get(id.index())
            .filter(|&&known| known != NONE)
        {
            return Ok(MappingId(known));
        }
        let profile = from.profile;
        let mapping = profile.mappings[id.index()];
        let size = mapping.limit.wrapping_sub(mapping.start);
        let size = size.checked_next_multiple_of(PAGE).unwrap_or(size);
        let build_id = profile.text(mapping.build_id);
        let name = if build_id.is_empty() {
            profile.text(mapping.file)
        } else {
            build_id
        };
        let key = (size, mapping.offset, name.to_owned());
        let merged = if let Some(&merged) = self.mappings.get(&key) {
            merged
        } else {
            let file = self.string(from, mapping.file)?;
            let build_id = self.string(from, mapping.build_id)?;
            let merged = self.builder.add_mapping(Mapping {
                file,
                build_id,
                ..mapping
            })?;
            self.mappings.insert(key, merged);
            merged
        };
        from.mappings[id.index()] = merged.0;
        Ok(merged)
    }

    fn function(
        &mut self,
        from: &mut Translation<'_>,
        id: FunctionId,
    ) -> Result<FunctionId, Error> {
        let known = from.functions[id.index()];
        if known != NONE {
            return Ok(FunctionId(known));
        }
        let profile = from.profile;
        let table = &profile.functions;
        let row = id.index();
        let name = self.string(from, table.name[row])?;
        let system_name = self.string(from, table.system_name[row])?;
        let file = self.string(from, table.file[row])?;
        let merged = self
            .builder
            .function_of((name, system_name, file, table.start_line[row]))?;
        from.functions[id.index()] = merged.0;
        Ok(merged)
    }

    /// Returns what a location of a source is here.
    pub(crate) fn location(
        &mut self,
        from: &mut Translation<'_>,
        id: LocationId,
    ) -> Result<LocationId, Error> {
        let known = from.locations[id.index()];
        if known != NONE {
            return Ok(LocationId(known));
        }
        let profile = from.profile;
        let mut address = profile.address(id);
        let mut mapping = None;
        if let Some(source) = profile.location_mapping(id) {
            let merged = self.mapping(from, source)?;
            let start = profile.mappings[source.index()].start;
            let merged_start = self.builder.profile.mappings[merged.index()].start;
            address = address.wrapping_sub(start).wrapping_add(merged_start);
            mapping = Some(merged);
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        for line in profile.lines(id) {
            let function = match line.function {
                Some(function) => Some(self.function(from, function)?),
                None => None,
            };
            lines.push(Line { function, ..line });
        }
        let merged = self
            .builder
            .location(address, mapping, &lines, profile.is_folded(id))?;
        self.lines = lines;
        from.locations[id.index()] = merged.0;
        Ok(merged)
    }

    fn sample(
        &mut self,
        from: &mut Translation<'_>,
        sample: usize,
        values: &[i64],
        marked: bool,
    ) -> Result<(), Error> {
        let profile = from.profile;
        let mut stack = std::mem::take(&mut self.stack);
        let mut labels = std::mem::take(&mut self.labels);
        stack.clear();
        labels.clear();
        for &location in profile.stack(sample) {
            let known = from.locations[location.index()];
            stack.push(if known == NONE {
                self.location(from, location)?
            } else {
                LocationId(known)
            });
        }
        for label in profile.label_rows(sample) {
            let value = match label.value {
                LabelValue::Text(text) => LabelValue::Text(self.string(from, text)?),
                LabelValue::Number { value, unit } => LabelValue::Number {
                    value,
                    unit: self.string(from, unit)?,
                },
            };
            labels.push(Label {
                key: self.string(from, label.key)?,
                value,
            });
        }
        if marked {
            let mark = self.builder.text_label(BASE_LABEL, "true")?;
            let is_text = |label: &Label| matches!(label.value, LabelValue::Text(_));
            labels.retain(|label| label.key != mark.key || !is_text(label));
            let after = labels
                .iter()
                .position(|label| self.builder.text(label.key) >= BASE_LABEL);
            labels.insert(after.unwrap_or(labels.len()), mark);
        }
        self.add(&stack, values, &labels)?;
        self.stack = stack;
        self.labels = labels;
        Ok(())
    }

    /// Adds values to the sample with this stack and these labels.
    fn add(&mut self, stack: &[LocationId], values: &[i64], labels: &[Label]) -> Result<(), Error> {
        let mut state = self.hasher.build_hasher();
        let (pairs, rest) = stack.as_chunks::<2>();
        for &[first, second] in pairs {
            state.write_u64(u64::from(first.0) << 32 | u64::from(second.0));
        }
        for location in rest {
            state.write_u32(location.0);
        }
        state.write_usize(labels.len());
        for label in labels {
            let value = match label.value {
                LabelValue::Text(text) => i64::from(text.0),
                LabelValue::Number { value, .. } => value,
            };
            (label.key, value).hash(&mut state);
        }
        let hash = state.finish();
        let samples = &self.builder.profile.samples;
        let found = self.samples.find(hash, |&row| {
            samples.stack(row as usize) == stack && samples.labels(row as usize) == labels
        });
        if let Some(&row) = found {
            let columns = &mut self.builder.profile.samples.values;
            for (column, value) in columns.iter_mut().zip(values) {
                let sum = &mut column[row as usize];
                *sum = sum.saturating_add(*value);
            }
            return Ok(());
        }
        let row = u32::try_from(samples.len()).unwrap_or(NONE);
        let hashes = &mut self.hashes;
        hashes.push(hash);
        self.samples
            .insert_unique(hash, row, |&row| hashes[row as usize]);
        self.builder.add_sample(stack, values, labels)
    }
}
