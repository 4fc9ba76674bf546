//! A profile of addresses while it is read: samples first, then what the addresses are.

use hashbrown::HashMap;

use crate::builder::ProfileBuilder;
use crate::error::{Error, LimitKind, Position};
use crate::handle::{FunctionId, LocationId, MappingId, NONE};
use crate::legacy::maps::MapEntry;
use crate::legacy::uninteresting;
use crate::limits::Limits;
use crate::profile::Profile;
use crate::tables::{Mapping, Symbolization};

/// The most sample types that any of the forms has.
const MOST_VALUES: usize = 4;

/// How many comparisons of locations with mappings are too many.
const MOST_LOOKUPS: u64 = 1 << 34;

/// Where the main binary of a Linux program that is not relocated begins.
const USUAL_START: u64 = 0x40_0000;

/// One sample.
#[derive(Debug, Clone, Copy)]
struct DraftSample {
    /// Where its stack is in `Draft::stacks`.
    start: usize,
    end: usize,
    values: [i64; MOST_VALUES],
    /// The size of each object, shown as the label `bytes`.
    bytes: Option<i64>,
}

/// The one line that a location of a Java profile stands for.
#[derive(Debug, Clone, Copy)]
struct NamedPlace {
    /// An index of `Draft::functions`.
    function: usize,
    line: i64,
}

/// A profile while it is read. Locations are numbered in the order in which their
/// addresses were first seen.
#[derive(Debug)]
pub(crate) struct Draft<'l> {
    limits: &'l Limits,
    position: Position,
    sample_types: Vec<(String, String)>,
    period_type: (String, String),
    pub(crate) period: i64,
    pub(crate) duration_nanos: i64,
    addresses: Vec<u64>,
    seen: HashMap<u64, u32>,
    stacks: Vec<u32>,
    samples: Vec<DraftSample>,
    places: HashMap<u32, NamedPlace>,
    /// Name and file.
    functions: Vec<(String, String)>,
    functions_seen: HashMap<String, usize>,
    mappings: Vec<MapEntry>,
    /// The locations that samples use, in the order of their first use.
    order: Vec<u32>,
    /// For each location of `order` the index of its mapping.
    mapping_of: Vec<Option<usize>>,
}

impl<'l> Draft<'l> {
    pub(crate) fn new(
        limits: &'l Limits,
        period_type: (&str, &str),
        sample_types: &[(&str, &str)],
    ) -> Self {
        let mut draft = Self {
            limits,
            position: Position::Whole,
            sample_types: Vec::new(),
            period_type: (String::new(), String::new()),
            period: 1,
            duration_nanos: 0,
            addresses: Vec::new(),
            seen: HashMap::new(),
            stacks: Vec::new(),
            samples: Vec::new(),
            places: HashMap::new(),
            functions: Vec::new(),
            functions_seen: HashMap::new(),
            mappings: Vec::new(),
            order: Vec::new(),
            mapping_of: Vec::new(),
        };
        draft.set_period_type(period_type.0, period_type.1);
        draft.set_sample_types(sample_types);
        draft
    }

    pub(crate) fn set_period_type(&mut self, kind: &str, unit: &str) {
        self.period_type = (kind.to_owned(), unit.to_owned());
    }

    /// Sets the sample types; at most four count.
    pub(crate) fn set_sample_types(&mut self, sample_types: &[(&str, &str)]) {
        self.sample_types = sample_types
            .iter()
            .take(MOST_VALUES)
            .map(|(kind, unit)| ((*kind).to_owned(), (*unit).to_owned()))
            .collect();
    }

    /// Whether no sample type is known.
    pub(crate) fn is_untyped(&self) -> bool {
        self.sample_types.is_empty()
    }

    pub(crate) fn sample_count(&self) -> usize {
        self.samples.len()
    }

    /// Sets what errors tell as the place of what is added next.
    pub(crate) fn at(&mut self, position: Position) {
        self.position = position;
    }

    fn check(&self, limit: LimitKind, maximum: u64, count: usize) -> Result<(), Error> {
        if (count as u64) <= maximum.min(u64::from(NONE)) {
            return Ok(());
        }
        Err(Error::Limit {
            limit,
            maximum,
            position: self.position,
        })
    }

    /// Adds a sample with the stack of these addresses.
    pub(crate) fn add(
        &mut self,
        stack: impl IntoIterator<Item = u64>,
        values: &[i64],
        bytes: Option<i64>,
    ) -> Result<(), Error> {
        let start = self.stacks.len();
        for address in stack {
            let next = u32::try_from(self.addresses.len()).unwrap_or(NONE);
            let location = *self.seen.entry(address).or_insert(next);
            if location == next {
                self.addresses.push(address);
            }
            self.stacks.push(location);
        }
        let limits = self.limits;
        self.check(LimitKind::Locations, limits.locations, self.addresses.len())?;
        self.check(LimitKind::Depth, limits.depth, self.stacks.len() - start)?;
        self.check(
            LimitKind::StackEntries,
            limits.stack_entries,
            self.stacks.len(),
        )?;
        self.check(LimitKind::Samples, limits.samples, self.samples.len() + 1)?;
        let mut row = [0; MOST_VALUES];
        for (slot, &value) in row.iter_mut().zip(values) {
            *slot = value;
        }
        self.samples.push(DraftSample {
            start,
            end: self.stacks.len(),
            values: row,
            bytes,
        });
        Ok(())
    }

    /// Adds 1 to the first value of the last sample, if there is one.
    pub(crate) fn count_last_again(&mut self) {
        if let Some(last) = self.samples.last_mut() {
            last.values[0] = last.values[0].wrapping_add(1);
        }
    }

    fn address_at(&self, entry: usize) -> u64 {
        let location = self.stacks.get(entry).map_or(0, |&raw| raw as usize);
        self.addresses.get(location).copied().unwrap_or(0)
    }

    /// Takes the second location out of each stack of which `unwanted` says so, given the
    /// addresses of leaf and second.
    fn remove_second(&mut self, unwanted: impl Fn(u64, u64) -> bool) {
        for index in 0..self.samples.len() {
            let DraftSample { start, end, .. } = self.samples[index];
            if end - start > 1 && unwanted(self.address_at(start), self.address_at(start + 1)) {
                self.stacks[start + 1] = self.stacks[start];
                self.samples[index].start = start + 1;
            }
        }
    }

    /// Removes up to two frames that almost all samples have in second place: the signal
    /// handler's, which is above the true leaf.
    pub(crate) fn remove_handler_frames(&mut self) {
        const MOST_FRAMES: usize = 2;
        /// One sample in so many may be different.
        const DIFFERENT: usize = 32;
        let wanted = self.samples.len() - self.samples.len() / DIFFERENT;
        for _ in 0..MOST_FRAMES {
            let mut counts: HashMap<u64, usize> = HashMap::new();
            for sample in &self.samples {
                if sample.end - sample.start > 1 {
                    *counts.entry(self.address_at(sample.start + 1)).or_default() += 1;
                }
            }
            // More than half have it, so that there is at most one.
            let common = counts.into_iter().find(|&(_, count)| count >= wanted);
            if let Some((handler, _)) = common {
                self.remove_second(|_, second| second == handler);
            }
        }
    }

    /// Removes leaves that are there twice: as the signal found them, and as the call
    /// that was adjusted by 1.
    pub(crate) fn remove_double_leaves(&mut self) {
        self.remove_second(|leaf, second| leaf == second.wrapping_add(1));
    }

    /// Says what an address stands for. Functions are the same when their names are.
    pub(crate) fn name(
        &mut self,
        address: u64,
        function: &str,
        file: &str,
        line: i64,
    ) -> Result<(), Error> {
        let Some(&location) = self.seen.get(&address) else {
            return Ok(());
        };
        let next = self.functions.len();
        let function = *self
            .functions_seen
            .entry(function.to_owned())
            .or_insert_with(|| {
                self.functions.push((function.to_owned(), file.to_owned()));
                next
            });
        self.check(
            LimitKind::Functions,
            self.limits.functions,
            self.functions.len(),
        )?;
        self.places.insert(location, NamedPlace { function, line });
        Ok(())
    }

    /// Puts the locations in the order of their first use, and each with an address into
    /// its mapping; where there is none, into one that covers everything.
    pub(crate) fn place(&mut self, mappings: Vec<MapEntry>) -> Result<(), Error> {
        self.mappings = mappings;
        let mut used = vec![false; self.addresses.len()];
        self.order.clear();
        for sample in &self.samples {
            for &location in &self.stacks[sample.start..sample.end] {
                if !std::mem::replace(&mut used[location as usize], true) {
                    self.order.push(location);
                }
            }
        }
        let [first, second, ..] = self.mappings.as_slice() else {
            return self.place_locations();
        };
        if first.file.starts_with("/anon_hugepage") && first.limit == second.start {
            self.mappings.remove(0);
        }
        self.place_locations()
    }

    fn place_locations(&mut self) -> Result<(), Error> {
        if let Some(main) = self.mappings.first_mut()
            && main.start.wrapping_sub(main.offset) == USUAL_START
        {
            main.start = USUAL_START;
            main.offset = 0;
        }
        let lookups = (self.order.len() as u64).saturating_mul(self.mappings.len() as u64);
        if lookups > MOST_LOOKUPS {
            return Err(Error::Limit {
                limit: LimitKind::Mappings,
                maximum: MOST_LOOKUPS / (self.order.len() as u64).max(1),
                position: Position::Whole,
            });
        }
        let mut everything = None;
        let mappings = &mut self.mappings;
        self.mapping_of.clear();
        for &location in &self.order {
            let address = self.addresses[location as usize];
            if address == 0 || self.places.contains_key(&location) {
                self.mapping_of.push(None);
                continue;
            }
            let holds = |entry: &MapEntry| entry.start <= address && address < entry.limit;
            let lies_before = |entry: &MapEntry| {
                entry.offset != 0
                    && entry.start.wrapping_sub(entry.offset) <= address
                    && address < entry.start
            };
            let mapping = if let Some(found) = mappings.iter().position(holds) {
                found
            } else if let Some(found) = mappings.iter().position(lies_before) {
                // The first part of a mapping that was split is missing.
                let entry = &mut mappings[found];
                entry.start = entry.start.wrapping_sub(entry.offset);
                entry.offset = 0;
                found
            } else {
                *everything.get_or_insert_with(|| {
                    mappings.push(MapEntry {
                        limit: u64::MAX,
                        ..MapEntry::default()
                    });
                    mappings.len() - 1
                })
            };
            self.mapping_of.push(Some(mapping));
        }
        Ok(())
    }

    /// Returns the profile, with the frames to drop that pprof sets for its sample types.
    /// Addresses are left out when names are all that counts.
    pub(crate) fn finish(self, addresses: Addresses) -> Result<Profile, Error> {
        let mut builder = ProfileBuilder::new(self.limits);
        for (kind, unit) in &self.sample_types {
            builder.add_sample_type(kind, unit)?;
        }
        builder.set_period(&self.period_type.0, &self.period_type.1, self.period)?;
        builder.set_time(0, self.duration_nanos);
        for entry in &self.mappings {
            let file = builder.string(&entry.file)?;
            let build_id = builder.string(&entry.build_id)?;
            builder.add_mapping(Mapping {
                start: entry.start,
                limit: entry.limit,
                offset: entry.offset,
                file,
                build_id,
                symbols: Symbolization::default(),
            })?;
        }
        let mut numbers = vec![NONE; self.addresses.len()];
        let places = self.order.iter().zip(&self.mapping_of).zip(0_u32..);
        for ((&location, mapping), number) in places {
            numbers[location as usize] = number;
            let place = self.places.get(&location);
            let mut function = None;
            if let Some((name, file)) = place.and_then(|place| self.functions.get(place.function)) {
                function = Some(builder.function(name, name, file, 0)?);
            }
            let address = match (addresses, place) {
                (Addresses::Keep, None) => self.addresses[location as usize],
                _ => 0,
            };
            let mapping = mapping.and_then(MappingId::from_index);
            // Not through the builder, which would join locations that are told apart by
            // nothing but their address.
            let table = &mut builder.profile.locations;
            table.address.push(address);
            table.mapping.push(mapping.map_or(NONE, |id| id.0));
            table.folded.push(false);
            if let (Some(place), Some(FunctionId(raw))) = (place, function) {
                table.line_function.push(raw);
                table.line_number.push(place.line);
                table.line_column.push(0);
            }
            table.close();
        }
        let mut stack = Vec::new();
        for sample in &self.samples {
            stack.clear();
            let locations = &self.stacks[sample.start..sample.end];
            stack.extend(
                locations
                    .iter()
                    .map(|&raw| LocationId(numbers[raw as usize])),
            );
            let values = sample.values.get(..self.sample_types.len());
            let mut labels = Vec::new();
            if let Some(bytes) = sample.bytes {
                labels.push(builder.number_label("bytes", bytes, "")?);
            }
            builder.add_sample(&stack, values.unwrap_or_default(), &labels)?;
        }
        let kinds: Vec<&str> = self
            .sample_types
            .iter()
            .map(|(kind, _)| kind.as_str())
            .collect();
        let (drop, keep) = uninteresting::frames(&kinds);
        builder.set_drop_frames(&drop, &keep)?;
        Ok(builder.finish())
    }
}

/// What becomes of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Locations without names keep them.
    Keep,
    /// None is kept: they differ from run to run and mean nothing.
    Drop,
}
