//! Which function and which instruction each address of a profile falls to, and what fell to
//! them.

use std::collections::BTreeMap;

use super::binary::{Body, Code, NamedRange};
use super::disassembly::{AnnotatedInstruction, CodeFrame, Routine};
use super::head::ListingHead;
use crate::node::{NodeInfo, NodeTable};
use crate::scope::Scope;
use crate::tally::{Tally, tally};
use crate::{Error, paths};

/// The functions to show, with the nodes that fall to each.
pub(super) struct Routines<'n, 'p> {
    nodes: &'n NodeTable<'p>,
    compat: bool,
    taken: Vec<bool>,
    found: Vec<Found>,
}

struct Found {
    /// The number of the binary.
    binary: usize,
    name: String,
    aliases: Vec<String>,
    start: u64,
    end: u64,
    /// Nodes by their address in the binary.
    nodes: Vec<(u64, u32)>,
}

impl<'n, 'p> Routines<'n, 'p> {
    pub(super) fn new(nodes: &'n NodeTable<'p>, compat: bool) -> Self {
        Self {
            nodes,
            compat,
            taken: vec![false; nodes.len()],
            found: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a function if something fell to it. Unless `compat` nothing falls to two functions:
    /// other symbols of the same code are aliases.
    pub(super) fn add(
        &mut self,
        binary: usize,
        symbol: &NamedRange<'_>,
        addressed: &BTreeMap<u64, Vec<u32>>,
    ) {
        let end = if self.compat {
            symbol.end.saturating_sub(1)
        } else {
            symbol.end
        };
        if symbol.start >= end {
            return;
        }
        if !self.compat
            && let Some(known) =
                self.found.iter_mut().rev().find(|known| {
                    (known.binary, known.start, known.end) == (binary, symbol.start, end)
                })
        {
            known.aliases.push(symbol.name.to_string());
            return;
        }
        let mut nodes: Vec<(u64, u32)> = Vec::new();
        for (&address, here) in addressed.range(symbol.start..end) {
            for &node in here {
                match self.taken.get_mut(node as usize) {
                    Some(taken) if !*taken || self.compat => *taken = true,
                    _ => continue,
                }
                nodes.push((address, node));
            }
        }
        if nodes.is_empty() {
            return;
        }
        // Nodes at one address come in the order of the texts that pprof makes of them.
        nodes.sort_by_cached_key(|&(address, node)| {
            let info = self.nodes.info(node as usize);
            (address, info.map(NodeInfo::rank))
        });
        self.found.push(Found {
            binary,
            name: symbol.name.to_string(),
            aliases: Vec::new(),
            start: symbol.start,
            end,
            nodes,
        });
    }
}

/// Adds up what fell to functions and instructions.
pub(super) struct Annotator<'a, 'p> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) nodes: &'a NodeTable<'p>,
    pub(super) tallies: &'a [Tally],
    pub(super) head: &'a ListingHead,
    /// For each binary its name in the profile, and its code.
    pub(super) files: &'a [&'a str],
    pub(super) codes: &'a [Code<'a>],
}

impl Annotator<'_, '_> {
    /// Writes the functions, in order.
    ///
    /// # Errors
    ///
    /// When code cannot be disassembled.
    pub(super) fn annotate(&self, routines: Routines<'_, '_>) -> Result<Vec<Routine>, Error> {
        let mut found = routines.found;
        found.sort_by(|a, b| (&a.name, a.start).cmp(&(&b.name, b.start)));
        let mut bodies = Vec::with_capacity(found.len());
        for routine in &found {
            let code = self.codes.get(routine.binary);
            let body = code.map(|code| code.instructions(routine.start, routine.end));
            bodies.push(body.transpose()?);
        }
        let bodies: Vec<(Found, Body)> = found
            .into_iter()
            .zip(bodies)
            .filter_map(|(found, body)| Some((found, body?)))
            .collect();
        let sums = self.sums(&bodies);
        let mut first = 0;
        let mut routines = Vec::with_capacity(bodies.len());
        for (index, (found, body)) in bodies.into_iter().enumerate() {
            let last = first + body.instructions.len();
            let each = sums.instructions.get(first..last).unwrap_or_default();
            let sum = sums.routines.get(index).copied().unwrap_or_default();
            routines.push(self.routine(found, &body, sum, each));
            first = last;
        }
        Ok(routines)
    }

    fn routine(
        &self,
        found: Found,
        body: &Body,
        (flat, cum): (i64, i64),
        sums: &[(i64, i64)],
    ) -> Routine {
        let code = self.codes.get(found.binary);
        let mut nodes = found.nodes.iter().copied().peekable();
        let all = body.instructions.iter().enumerate();
        let instructions = all.map(|(index, instruction)| {
            let (flat, cum) = sums.get(index).copied().unwrap_or_default();
            let frames: Vec<CodeFrame> = body
                .frames(index)
                .map(|(function, line)| CodeFrame {
                    function: function.name.to_owned(),
                    file: function.file.to_owned(),
                    line,
                })
                .collect();
            let mut here = AnnotatedInstruction {
                address: instruction.address,
                text: instruction.text.clone(),
                flat,
                cum,
                function: String::new(),
                file: String::new(),
                line: 0,
                frames,
            };
            self.place(&mut here, code, body.is_go(index));
            let next = body.instructions.get(index + 1).map(|next| next.address);
            while let Some((_, node)) =
                nodes.next_if(|(address, _)| next.is_none_or(|next| *address < next))
            {
                if let Some(info) = self.nodes.info(node as usize) {
                    complete(&mut here, info);
                }
            }
            here
        });
        let instructions = instructions.collect();
        Routine {
            name: found.name,
            aliases: found.aliases,
            binary: self
                .files
                .get(found.binary)
                .map(|file| (*file).to_owned())
                .unwrap_or_default(),
            start: found.start,
            flat,
            cum,
            cum_percent: self.head.percent(cum),
            instructions,
        }
    }

    /// Says where an instruction comes from. cmd/pprof asks Go's function table alone, which
    /// answers -1 where it has no line.
    fn place(&self, here: &mut AnnotatedInstruction, code: Option<&Code<'_>>, is_go: bool) {
        let compat = self.scope.options.compat;
        if let Some(frame) = here.frames.first().filter(|_| is_go || !compat) {
            if !frame.file.is_empty() {
                paths::base(&frame.file).clone_into(&mut here.file);
            }
            here.line = frame.line;
        }
        if compat && here.line == 0 && code.is_some_and(|code| code.is_go(here.address)) {
            here.line = -1;
        }
    }

    fn sums(&self, bodies: &[(Found, Body)]) -> Sums {
        let instructions: usize = bodies.iter().map(|(_, body)| body.instructions.len()).sum();
        let mut places = Vec::new();
        let mut first = 0;
        for (index, (found, body)) in bodies.iter().enumerate() {
            for &(address, node) in &found.nodes {
                let after = body
                    .instructions
                    .partition_point(|instruction| instruction.address <= address);
                places.push((node, index, first + after.saturating_sub(1)));
            }
            first += body.instructions.len();
        }
        if self.scope.options.compat {
            return self.added(&places, bodies.len(), instructions);
        }
        let group = |number: fn(&(u32, usize, usize)) -> usize, count: usize| {
            let mut groups = vec![NodeTable::NO_GROUP; self.nodes.len()];
            for place in &places {
                if let Some(slot) = groups.get_mut(place.0 as usize) {
                    *slot = u32::try_from(number(place)).unwrap_or(NodeTable::NO_GROUP);
                }
            }
            let grouped = self.nodes.grouped(&groups, count);
            let tallies = tally(self.scope, &grouped);
            let means = tallies
                .iter()
                .map(|tally| (tally.flat.mean(), tally.cum.mean()));
            means.collect()
        };
        Sums {
            routines: group(|place| place.1, bodies.len()),
            instructions: group(|place| place.2, instructions),
        }
    }

    /// The sums of nodes, as pprof adds them: averages are divided for each instruction, but
    /// not for functions.
    fn added(&self, places: &[(u32, usize, usize)], routines: usize, instructions: usize) -> Sums {
        let mut whole = vec![(0_i64, 0_i64); routines];
        let mut each = vec![Tally::default(); instructions];
        for &(node, routine, instruction) in places {
            let Some(tally) = self.tallies.get(node as usize) else {
                continue;
            };
            if let Some((flat, cum)) = whole.get_mut(routine) {
                *flat = flat.wrapping_add(tally.flat.value);
                *cum = cum.wrapping_add(tally.cum.value);
            }
            if let Some(sum) = each.get_mut(instruction) {
                sum.flat.add(tally.flat);
                sum.cum.add(tally.cum);
            }
        }
        Sums {
            routines: whole,
            instructions: each
                .iter()
                .map(|tally| (tally.flat.mean(), tally.cum.mean()))
                .collect(),
        }
    }
}

/// What fell to functions and to instructions, flat and cumulative.
struct Sums {
    routines: Vec<(i64, i64)>,
    instructions: Vec<(i64, i64)>,
}

/// Fills in from the profile what the binary does not tell.
fn complete(here: &mut AnnotatedInstruction, info: &NodeInfo<'_>) {
    if here.file.is_empty() && !info.file.is_empty() {
        paths::base(&info.file).clone_into(&mut here.file);
    }
    if here.line == 0 {
        here.line = info.line;
    }
    if here.function.is_empty() {
        info.name.clone_into(&mut here.function);
    }
}
