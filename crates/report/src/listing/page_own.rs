//! The page of `weblist` with right numbers.
//!
//! Lines have what `list` gives them: what fell to frames of the function at the line, each
//! sample once. Below a line stand the instructions that the compiler made of it, those of
//! calls inlined there included. All of a function's code is decoded, from where it begins.

use std::collections::{BTreeMap, BTreeSet};

use fathom_profile::{LocationId, Mapping, Profile};
use fathom_symbols::mapping::{RuntimeMapping, base, simple_base};
use hashbrown::{HashMap, HashSet};

use super::binary::{Binary, Body, Code};
use super::list::{Chosen, ChosenFile, shown_lines, sum_of};
use super::page::{InlinedCall, Maker, PageFunction, PageInstruction, PageLine};
use super::source::SourceText;
use crate::Granularity;
use crate::node::{Frames, NodeRules, NodeTable};
use crate::order::Large;
use crate::paths;
use crate::tally::tally;

/// How many functions are decoded for one page.
const MOST_FUNCTIONS: usize = 2000;

/// Makes the functions of the page; `None` if nothing matches.
pub(super) fn functions(maker: &mut Maker<'_, '_>) -> Option<Vec<PageFunction>> {
    let scope = maker.scope;
    let profile = &*scope.profile;
    let mut is_met = vec![false; profile.location_count()];
    for sample in 0..profile.sample_count() {
        for location in profile.stack(sample) {
            if let Some(met) = is_met.get_mut(location.index()) {
                *met = true;
            }
        }
    }
    let met = || {
        let met = |location: &LocationId| is_met.get(location.index()).copied();
        let all = profile.location_ids();
        all.filter(move |location| met(location).unwrap_or_default())
    };
    let mut wanted = HashSet::new();
    for location in met() {
        let address = profile.address(location);
        maker
            .wanted
            .collect(profile, location, address, &mut wanted);
    }
    let is_wanted = |location: &LocationId| {
        let mut functions = profile.lines(*location).filter_map(|line| line.function);
        functions.any(|function| wanted.contains(profile.function_name(function)))
    };
    let places: Vec<LocationId> = met().filter(is_wanted).collect();
    let rules = NodeRules {
        granularity: Granularity::Lines,
        inlines: true,
        columns: false,
        objects: true,
        trim: None,
    };
    let nodes = NodeTable::new(profile, rules);
    let tallies = tally(scope, &nodes);
    let counted = tallies
        .iter()
        .enumerate()
        .filter(|(_, tally)| Large::counts(scope, tally))
        .map(|(node, _)| node);
    let chosen = Chosen::of(&nodes, counted, |info| wanted.contains(info.name));
    if chosen.functions.is_empty() {
        return None;
    }
    let (files, lines) = chosen.sums(scope, &nodes, &tallies);
    let opened = open(maker, &places);
    let codes: Vec<Code<'_>> = opened
        .iter()
        .map(|opened| Code::new(&opened.binary, &scope.options))
        .collect();
    let mut rows = Rows::default();
    rows.decode(maker, &opened, &codes, &places);
    rows.place(maker, &chosen);

    let mut functions = Vec::new();
    for (name, function) in &chosen.functions {
        for (file, chosen) in &function.files {
            let (flat, cum) = sum_of(&files, chosen.group);
            let (shown, missing) = match maker.sources.file(file) {
                Ok(source) => (shown_lines(chosen, Some(source), &lines, false), None),
                Err(reason) => {
                    let reason = reason.to_owned();
                    (shown_lines(chosen, None, &lines, false), Some(reason))
                }
            };
            let shown = shown.into_iter().map(|line| PageLine {
                instructions: rows.of(chosen, line.line),
                line: line.line,
                flat: line.flat,
                cum: line.cum,
                source: line.source,
            });
            functions.push(PageFunction {
                name: (*name).to_owned(),
                file: (*file).to_owned(),
                flat,
                cum,
                cum_percent: maker.head.percent(cum),
                missing,
                lines: shown.collect(),
            });
        }
    }
    Some(functions)
}

/// A binary with the range of the process that shows it.
struct Opened<'p> {
    binary: Binary,
    mapping: &'p Mapping,
    base: u64,
}

/// Opens the binaries of locations.
fn open<'p>(maker: &mut Maker<'p, '_>, places: &[LocationId]) -> Vec<Opened<'p>> {
    let profile: &'p Profile = &maker.scope.profile;
    let mut met: HashMap<usize, u64> = HashMap::new();
    for &location in places {
        if let Some(mapping) = profile.location_mapping(location) {
            met.entry(mapping.index())
                .or_insert_with(|| profile.address(location));
        }
    }
    let mut opened = Vec::new();
    for (index, mapping) in profile.mappings().iter().enumerate() {
        let Some(&address) = met.get(&index) else {
            continue;
        };
        let file = profile.text(mapping.file);
        let build_id = profile.text(mapping.build_id);
        let binary = match Binary::open(maker.objects, file, build_id, false) {
            Ok(binary) => binary,
            Err(reason) => {
                maker.notes.push(format!("no instructions: {reason}"));
                continue;
            }
        };
        let runtime = RuntimeMapping {
            start: mapping.start,
            limit: mapping.limit,
            offset: mapping.offset,
        };
        let base = base(binary.image(), &runtime, address).unwrap_or_else(|error| {
            maker.notes.push(format!("{file}: {error}"));
            simple_base(binary.image(), mapping.start)
        });
        opened.push(Opened {
            binary,
            mapping,
            base,
        });
    }
    opened
}

/// A function's part in a file and a line of it, by the number of the part.
type Spot = (u32, i64);

/// The instructions and where they are shown.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    spots: BTreeMap<Spot, Vec<(usize, Vec<InlinedCall>)>>,
}

/// An instruction, or an address without a binary.
struct Row {
    address: u64,
    length: u64,
    text: Option<String>,
    /// The innermost first.
    frames: Vec<(String, String, i64)>,
    flat: i64,
    cum: i64,
}

impl Rows {
    /// Decodes the functions that locations lie in, and adds up what fell to instructions.
    fn decode(
        &mut self,
        maker: &mut Maker<'_, '_>,
        opened: &[Opened<'_>],
        codes: &[Code<'_>],
        places: &[LocationId],
    ) {
        let scope = maker.scope;
        let profile = &*scope.profile;
        // For each binary the extents of functions, and each location's address in it.
        let mut extents: BTreeSet<(usize, u64, u64)> = BTreeSet::new();
        let mut homes: BTreeMap<(usize, u64), Vec<LocationId>> = BTreeMap::new();
        let mut homeless = Vec::new();
        for &location in places {
            let address = profile.address(location);
            let mapping = profile
                .location_mapping(location)
                .and_then(|id| profile.mapping(id));
            let home = opened
                .iter()
                .zip(codes)
                .enumerate()
                .find_map(|(index, it)| {
                    let (opened, code) = it;
                    let is_home =
                        mapping.is_some_and(|mapping| std::ptr::eq(mapping, opened.mapping));
                    let at = address.wrapping_sub(opened.base);
                    let function = code.covering(at).next().filter(|_| is_home)?;
                    Some((index, at, function.start, function.end))
                });
            match home {
                Some((index, at, start, end)) => {
                    extents.insert((index, start, end));
                    homes.entry((index, at)).or_default().push(location);
                }
                None => homeless.push(location),
            }
        }
        if extents.len() > MOST_FUNCTIONS {
            maker.notes.push(format!(
                "instructions of {MOST_FUNCTIONS} functions of {} are shown",
                extents.len()
            ));
        }
        let mut groups = vec![NodeTable::NO_GROUP; profile.location_count()];
        let mut join = |location: LocationId, row: usize| {
            if let Some(slot) = groups.get_mut(location.index()) {
                *slot = u32::try_from(row).unwrap_or(NodeTable::NO_GROUP);
            }
        };
        for &(index, start, end) in extents.iter().take(MOST_FUNCTIONS) {
            let Some(code) = codes.get(index) else {
                continue;
            };
            let first = self.rows.len();
            match code.instructions(start, end) {
                Ok(body) => self.add(&body),
                Err(error) => {
                    let note = format!("no instructions: {error}");
                    if !maker.notes.contains(&note) {
                        maker.notes.push(note);
                    }
                }
            }
            for (&(_, at), locations) in homes.range((index, start)..(index, end)) {
                let rows = self.rows.get(first..).unwrap_or_default();
                let before = rows.partition_point(|row| row.address <= at);
                if let Some(row) = before.checked_sub(1) {
                    for &location in locations {
                        join(location, first + row);
                    }
                }
            }
        }
        for location in homeless {
            join(location, self.rows.len());
            self.rows.push(Row::without_binary(profile, location));
        }
        let by_location = ByLocation {
            groups,
            count: self.rows.len(),
        };
        for (row, tally) in self.rows.iter_mut().zip(tally(scope, &by_location)) {
            row.flat = tally.flat.mean();
            row.cum = tally.cum.mean();
        }
    }

    fn add(&mut self, body: &Body) {
        for (index, instruction) in body.instructions.iter().enumerate() {
            let frames = body.frames(index);
            self.rows.push(Row {
                address: instruction.address,
                length: instruction.length as u64,
                text: Some(instruction.text.clone()),
                frames: frames
                    .map(|(function, line)| {
                        (function.name.to_owned(), function.file.to_owned(), line)
                    })
                    .collect(),
                flat: 0,
                cum: 0,
            });
        }
    }

    /// Finds the lines under which each instruction is shown: that of every function on the
    /// page whose code it is.
    fn place(&mut self, maker: &mut Maker<'_, '_>, chosen: &Chosen<'_>) {
        let Self { rows, spots } = self;
        for (index, row) in rows.iter().enumerate() {
            for (depth, (name, file, line)) in row.frames.iter().enumerate() {
                let Some(function) = chosen.functions.get(name.as_str()) else {
                    continue;
                };
                let Some(shown) = function.files.get(&*paths::clean(file)) else {
                    continue;
                };
                let inner = row.frames.get(..depth).unwrap_or_default();
                if row.text.is_none() && inner.is_empty() {
                    continue;
                }
                let calls = inner.iter().rev().map(|(name, file, line)| InlinedCall {
                    function: name.clone(),
                    file: file.clone(),
                    line: *line,
                    source: maker
                        .sources
                        .file(file)
                        .ok()
                        .and_then(|file| file.line(*line))
                        .map(SourceText::from),
                });
                spots
                    .entry((shown.group, *line))
                    .or_default()
                    .push((index, calls.collect()));
            }
        }
    }

    /// The instructions of a line.
    fn of(&self, file: &ChosenFile, line: i64) -> Vec<PageInstruction> {
        let spot = self.spots.get(&(file.group, line));
        let mut next = None;
        let instructions = spot.into_iter().flatten().filter_map(|(index, calls)| {
            let row = self.rows.get(*index)?;
            let (_, file, line) = row.frames.first()?;
            let starts_block = next != Some(row.address);
            next = Some(row.address.wrapping_add(row.length));
            Some(PageInstruction {
                address: row.address,
                text: row.text.clone(),
                flat: row.flat,
                cum: row.cum,
                file: file.clone(),
                line: *line,
                starts_block,
                calls: calls.clone(),
            })
        });
        instructions.collect()
    }
}

impl Row {
    fn without_binary(profile: &Profile, location: LocationId) -> Self {
        let frames = profile.lines(location).filter_map(|line| {
            let function = line.function?;
            Some((
                profile.function_name(function).to_owned(),
                profile.function_file(function).to_owned(),
                line.line,
            ))
        });
        Self {
            address: profile.address(location),
            length: 1,
            text: None,
            frames: frames.collect(),
            flat: 0,
            cum: 0,
        }
    }
}

/// One number for each location.
struct ByLocation {
    groups: Vec<u32>,
    count: usize,
}

impl Frames for ByLocation {
    fn count(&self) -> usize {
        self.count
    }

    fn of(&self, location: LocationId) -> &[u32] {
        let index = location.index();
        self.groups.get(index..=index).unwrap_or_default()
    }
}
