//! The page of `weblist` with the numbers of `go tool pprof`, wrong ones included.
//!
//! google/pprof `internal/report/source.go` (`sourcePrinter`) with the binaries of Go's
//! cmd/pprof/pprof.go (Go 1.27.3). It decodes instructions from 500 bytes before the first
//! address of interest, wherever that is in an instruction; keeps the 25 stretches of code with
//! the largest flat values; counts a sample for each time an address is on its stack; and,
//! since cmd/pprof knows no inlined calls, takes an instruction for one of the outermost function
//! at the line of the innermost.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use fathom_profile::{LocationId, Mapping, Profile};
use fathom_symbols::mapping::simple_base;
use hashbrown::{HashMap, HashSet};

use super::binary::{Binary, Body, Code};
use super::page::{InlinedCall, Maker, PageFunction, PageInstruction, PageLine};
use super::source::SourceText;
use crate::paths;

/// How many bytes are decoded around addresses of interest.
const EXPAND: u64 = 500;
/// How many stretches of code are decoded.
const MOST_STRETCHES: usize = 25;
/// Up to how many bytes further an instruction without a line has that of the one before.
const NEIGHBOURHOOD: u64 = 32;
/// Lines of a function that are further apart are shown by themselves.
const MERGE_LINES: i64 = 20;
/// How many lines are shown around those with instructions.
const MARGIN: i64 = 5;

/// Makes the functions of the page; `None` if nothing matches.
pub(super) fn functions(maker: &mut Maker<'_, '_>) -> Option<Vec<PageFunction>> {
    let profile = &*maker.scope.profile;
    let costs = Costs::new(maker);
    let mut interest = HashSet::new();
    // For each address of interest the location that was met first.
    let mut places: BTreeMap<u64, LocationId> = BTreeMap::new();
    for &(location, address) in &costs.met {
        if maker
            .wanted
            .collect(profile, location, address, &mut interest)
        {
            places.entry(address).or_insert(location);
        }
    }
    if interest.is_empty() {
        return None;
    }
    let mut binaries: HashMap<&str, Option<(Binary, u64)>> = HashMap::new();
    for &location in places.values() {
        if let Some(mapping) = mapping_of(profile, location) {
            let file = profile.text(mapping.file);
            binaries.entry(file).or_insert_with(|| {
                let build_id = profile.text(mapping.build_id);
                let binary = Binary::open(maker.objects, file, build_id, true).ok()?;
                let base = simple_base(binary.image(), mapping.start);
                Some((binary, base))
            });
        }
    }
    let mut listing = Listing {
        interest: &interest,
        instructions: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    let is_open = |location: &LocationId| {
        let mapping = mapping_of(profile, *location)?;
        binaries.get(profile.text(mapping.file))?.as_ref()
    };
    for (&address, &location) in &places {
        if is_open(&location).is_none() {
            listing.add_unknown(profile, location, address);
        }
    }
    let known: Vec<(u64, LocationId)> = places
        .iter()
        .filter(|(_, location)| is_open(location).is_some())
        .map(|(&address, &location)| (address, location))
        .collect();
    let mut codes: HashMap<&str, Code<'_>> = HashMap::new();
    for stretch in stretches(profile, &known, &costs.flat) {
        let file = profile.text(stretch.mapping.file);
        if let Some((binary, base)) = binaries.get(file).and_then(Option::as_ref) {
            let code = codes
                .entry(file)
                .or_insert_with(|| Code::new(binary, &maker.scope.options));
            listing.add_code(code, &stretch, *base);
        }
    }
    listing.add_costs(&costs);
    Some(listing.finish(maker, &pretty_names(profile, &costs)))
}

fn mapping_of(profile: &Profile, location: LocationId) -> Option<&Mapping> {
    profile.mapping(profile.location_mapping(location)?)
}

fn pretty_names<'p>(profile: &'p Profile, costs: &Costs) -> HashMap<&'p str, &'p str> {
    let mut names = HashMap::new();
    for &(location, _) in &costs.met {
        for function in profile.lines(location).filter_map(|line| line.function) {
            names.insert(
                profile.function_system_name(function),
                profile.function_name(function),
            );
        }
    }
    names
}

/// What fell to addresses.
struct Costs {
    flat: HashMap<u64, i64>,
    cum: HashMap<u64, i64>,
    /// The locations on stacks, in the order in which they are met, with their addresses.
    met: Vec<(LocationId, u64)>,
}

impl Costs {
    fn new(maker: &Maker<'_, '_>) -> Self {
        let scope = maker.scope;
        let profile = &*scope.profile;
        let mut sums = vec![(0_i64, 0_i64); profile.location_count()];
        let mut is_met = vec![false; profile.location_count()];
        let mut order = Vec::new();
        for sample in 0..profile.sample_count() {
            let value = scope.weight(sample).mean();
            let stack = profile.stack(sample);
            for (place, &location) in stack.iter().enumerate().rev() {
                if let Some(met) = is_met.get_mut(location.index())
                    && !*met
                {
                    *met = true;
                    order.push(location);
                }
                if let Some((flat, cum)) = sums.get_mut(location.index()) {
                    *cum = cum.wrapping_add(value);
                    if place == 0 {
                        *flat = flat.wrapping_add(value);
                    }
                }
            }
        }
        // Locations without an address get one behind all mappings.
        let limits = profile.mappings().iter().map(|mapping| mapping.limit);
        let mut next = limits.fold(1, u64::max);
        let mut costs = Self {
            flat: HashMap::new(),
            cum: HashMap::new(),
            met: Vec::with_capacity(order.len()),
        };
        for location in order {
            let mut address = profile.address(location);
            if address == 0 {
                address = next;
                next = next.wrapping_add(1);
            }
            let (flat, cum) = sums.get(location.index()).copied().unwrap_or_default();
            let add = |to: &mut HashMap<u64, i64>, value: i64| {
                let sum = to.entry(address).or_default();
                *sum = sum.wrapping_add(value);
            };
            add(&mut costs.flat, flat);
            add(&mut costs.cum, cum);
            costs.met.push((location, address));
        }
        costs
    }
}

/// A stretch of code to decode, in addresses of the process.
struct Stretch<'p> {
    begin: u64,
    end: u64,
    mapping: &'p Mapping,
    flat: i64,
}

/// The stretches around addresses, the one with the largest flat value first.
fn stretches<'p>(
    profile: &'p Profile,
    places: &[(u64, LocationId)],
    flat: &HashMap<u64, i64>,
) -> Vec<Stretch<'p>> {
    let flat_at = |address: u64| flat.get(&address).copied().unwrap_or_default();
    let mut stretches = Vec::new();
    let mut places = places.iter().copied().peekable();
    while let Some((first, location)) = places.next() {
        let Some(mapping) = mapping_of(profile, location) else {
            continue;
        };
        let (mut begin, mut end, mut sum) = (first, first, flat_at(first));
        while let Some((next, _)) = places
            .next_if(|&(next, _)| next <= end.wrapping_add(2 * EXPAND) && next < mapping.limit)
        {
            end = next;
            sum = sum.wrapping_add(flat_at(next));
        }
        // The difference of the beginning wraps around, so that all but the first address of a
        // mapping is far enough.
        begin = if mapping.start.wrapping_sub(begin) >= EXPAND {
            begin.wrapping_sub(EXPAND)
        } else {
            mapping.start
        };
        end = if mapping.limit.wrapping_sub(end) >= EXPAND {
            end.wrapping_add(EXPAND)
        } else {
            mapping.limit
        };
        stretches.push(Stretch {
            begin,
            end,
            mapping,
            flat: sum,
        });
    }
    stretches.sort_by_key(|stretch| Reverse(stretch.flat));
    stretches.truncate(MOST_STRETCHES);
    stretches
}

/// An instruction, by its address in the process.
struct Known {
    address: u64,
    length: u64,
    text: Option<String>,
    file: String,
    line: i64,
    flat: i64,
    cum: i64,
}

#[derive(Clone)]
struct Place {
    function: String,
    file: String,
    line: i64,
}

/// An instruction below a line.
struct Shown {
    /// Its address in the process.
    address: u64,
    /// Files and lines of the inlined calls that lead to it.
    calls: Vec<(String, i64)>,
}

#[derive(Default)]
struct File {
    /// The instructions of each line.
    lines: BTreeMap<i64, Vec<Shown>>,
    names: HashMap<i64, String>,
}

struct Listing<'i> {
    interest: &'i HashSet<&'i str>,
    instructions: BTreeMap<u64, Known>,
    files: BTreeMap<String, File>,
}

impl Listing<'_> {
    /// Adds an address whose binary is not there.
    fn add_unknown(&mut self, profile: &Profile, location: LocationId, address: u64) {
        let places: Vec<Place> = profile
            .lines(location)
            .filter_map(|line| {
                let function = line.function?;
                Some(Place {
                    function: profile.function_name(function).to_owned(),
                    file: profile.function_file(function).to_owned(),
                    line: line.line,
                })
            })
            .collect();
        let (file, line) = places
            .first()
            .map_or_else(Default::default, |place| (place.file.clone(), place.line));
        let known = Known {
            address,
            length: 1,
            text: None,
            file,
            line,
            flat: 0,
            cum: 0,
        };
        self.instructions.insert(address, known);
        self.add_places(address, &places);
    }

    fn add_code(&mut self, code: &Code<'_>, stretch: &Stretch<'_>, base: u64) {
        let begin = stretch.begin.wrapping_sub(base);
        let end = stretch.end.wrapping_sub(base);
        let Some((begin, end)) = code.within_text(begin, end) else {
            return;
        };
        let Ok(body) = code.instructions(begin, end) else {
            return;
        };
        let mut last: Option<(Place, u64)> = None;
        let mut furthest = 0;
        for (index, instruction) in body.instructions.iter().enumerate() {
            let address = instruction.address.wrapping_add(base);
            if address <= furthest {
                continue;
            }
            furthest = address;
            let mut place = place(code, &body, index, instruction.address);
            let is_last = index + 1 == body.instructions.len();
            let known = Known {
                address: instruction.address,
                length: if is_last {
                    1
                } else {
                    instruction.length as u64
                },
                text: Some(instruction.text.clone()),
                file: place.file.clone(),
                line: place.line,
                flat: 0,
                cum: 0,
            };
            self.instructions.insert(address, known);
            if place.line != 0 {
                last = Some((place.clone(), address));
            } else if let Some((near, at)) = &last
                && address.wrapping_sub(*at) <= NEIGHBOURHOOD
            {
                place = near.clone();
            }
            self.add_places(address, &[place]);
        }
    }

    fn add_places(&mut self, address: u64, places: &[Place]) {
        for (index, place) in places.iter().enumerate() {
            if !self.interest.contains(place.function.as_str()) {
                continue;
            }
            let file = self.files.entry(canonical(&place.file)).or_default();
            let callees = places.get(..index).unwrap_or_default().iter().rev();
            let calls = callees.map(|callee| (callee.file.clone(), callee.line));
            let line = file.lines.entry(place.line).or_default();
            line.push(Shown {
                address,
                calls: calls.collect(),
            });
            file.names
                .entry(place.line)
                .or_insert_with(|| place.function.clone());
        }
    }

    /// Gives each instruction what fell to any of its bytes.
    fn add_costs(&mut self, costs: &Costs) {
        for (&address, known) in &mut self.instructions {
            for byte in 0..known.length {
                let at = address.wrapping_add(byte);
                let value = |of: &HashMap<u64, i64>| of.get(&at).copied().unwrap_or_default();
                known.flat = known.flat.wrapping_add(value(&costs.flat));
                known.cum = known.cum.wrapping_add(value(&costs.cum));
            }
        }
    }

    fn finish(&self, maker: &mut Maker<'_, '_>, pretty: &HashMap<&str, &str>) -> Vec<PageFunction> {
        let mut functions = Vec::new();
        for (name, file) in &self.files {
            for range in self.ranges(file, pretty) {
                if range.cum != 0 {
                    functions.push(self.function(maker, name, file, &range));
                }
            }
        }
        functions
    }

    /// Parts a file into functions.
    fn ranges(&self, file: &File, pretty: &HashMap<&str, &str>) -> Vec<LineRange> {
        let mut ranges: Vec<LineRange> = Vec::new();
        for (&line, instructions) in &file.lines {
            let name = file.names.get(&line).map_or("", String::as_str);
            let name = pretty.get(name).copied().unwrap_or(name);
            let (flat, cum) = self.sum(instructions);
            match ranges.last_mut() {
                Some(last) if line - last.end < MERGE_LINES && last.name == name => {
                    last.end = line + 1;
                    last.flat = last.flat.wrapping_add(flat);
                    last.cum = last.cum.wrapping_add(cum);
                }
                _ => ranges.push(LineRange {
                    name: name.to_owned(),
                    begin: line,
                    end: line + 1,
                    flat,
                    cum,
                }),
            }
        }
        // Neighbours share the lines between them.
        let mut before: Option<&mut LineRange> = None;
        for range in &mut ranges {
            match before {
                None if range.begin > MARGIN => range.begin -= MARGIN,
                None if range.begin > 1 => range.begin = 1,
                None => {}
                Some(before) => {
                    let half = ((range.begin - before.end) / 2).min(MARGIN);
                    before.end += half;
                    range.begin -= half;
                }
            }
            before = Some(range);
        }
        if let Some(last) = before {
            last.end += MARGIN;
        }
        ranges
    }

    fn sum(&self, instructions: &[Shown]) -> (i64, i64) {
        let known = instructions
            .iter()
            .filter_map(|shown| self.instructions.get(&shown.address));
        known.fold((0, 0), |(flat, cum), known| {
            (flat.wrapping_add(known.flat), cum.wrapping_add(known.cum))
        })
    }

    fn function(
        &self,
        maker: &mut Maker<'_, '_>,
        name: &str,
        file: &File,
        range: &LineRange,
    ) -> PageFunction {
        let mut lines = Vec::new();
        for number in range.begin..range.end {
            let instructions = file.lines.get(&number).map_or(&[][..], Vec::as_slice);
            let source = text_of(maker, name, number);
            if source.is_none() && instructions.is_empty() {
                continue;
            }
            let (flat, cum) = self.sum(instructions);
            lines.push(PageLine {
                line: number,
                flat,
                cum,
                source,
                instructions: self.instructions(maker, instructions),
            });
        }
        PageFunction {
            name: range.name.clone(),
            file: name.to_owned(),
            flat: range.flat,
            cum: range.cum,
            cum_percent: maker.head.percent(range.cum),
            missing: maker.sources.file(name).err().map(str::to_owned),
            lines,
        }
    }

    fn instructions(
        &self,
        maker: &mut Maker<'_, '_>,
        instructions: &[Shown],
    ) -> Vec<PageInstruction> {
        let mut previous_end = 0;
        let mut made = Vec::with_capacity(instructions.len());
        for Shown { address, calls } in instructions {
            let Some(known) = self.instructions.get(address) else {
                continue;
            };
            let calls = calls.iter().map(|(file, line)| InlinedCall {
                function: String::new(),
                file: file.clone(),
                line: *line,
                source: text_of(maker, file, *line),
            });
            made.push(PageInstruction {
                address: known.address,
                text: known.text.clone(),
                flat: known.flat,
                cum: known.cum,
                file: known.file.clone(),
                line: known.line,
                starts_block: *address != previous_end,
                calls: calls.collect(),
            });
            previous_end = address.wrapping_add(known.length);
        }
        made
    }
}

/// Lines of a file that belong to one function.
struct LineRange {
    name: String,
    begin: i64,
    end: i64,
    flat: i64,
    cum: i64,
}

/// What cmd/pprof says of an instruction: the outermost function with the innermost line.
fn place(code: &Code<'_>, body: &Body, index: usize, address: u64) -> Place {
    let frames = body.frames(index);
    let is_go = body.is_go(index);
    let mut place = Place {
        function: String::new(),
        file: String::new(),
        line: 0,
    };
    for (depth, (function, line)) in frames.enumerate() {
        if depth == 0 {
            function.file.clone_into(&mut place.file);
            place.line = line;
        }
        function.system_name.clone_into(&mut place.function);
    }
    if let Some(name) = code.go_function(address)
        && (place.line == 0 || !is_go)
    {
        place.function = name;
        place.line = -1;
    }
    place
}

fn text_of(maker: &mut Maker<'_, '_>, file: &str, line: i64) -> Option<SourceText> {
    let file = maker.sources.file(file).ok()?;
    file.line(line).map(SourceText::from)
}

/// A file name as the page orders by it.
fn canonical(file: &str) -> String {
    let file = file.strip_prefix("/proc/self/cwd/").unwrap_or(file);
    let file = file.strip_prefix("./").unwrap_or(file);
    paths::clean(file).into_owned()
}
