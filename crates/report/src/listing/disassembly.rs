//! The instructions of functions with what fell to each: `disasm`.
//!
//! Which functions are shown, and in which order, follows google/pprof
//! `internal/report/report.go` (`PrintAssembly`, `symbolsFromBinaries`, `annotateAssembly`)
//! with the binaries of Go's cmd/pprof/pprof.go (Go 1.27.3): those of the binaries' symbols that
//! match and hold samples. A sample inside an instruction is that instruction's.
//!
//! cmd/pprof takes the end of a symbol for its last byte and leaves that byte out, so that it
//! cannot decode a function's last instruction where that is longer; it wants the name of a
//! function to match where an address was asked for, which none does. That is kept for `compat`
//! alone.

use std::collections::BTreeMap;

use fathom_profile::Profile;
use fathom_symbols::mapping::{RuntimeMapping, base, simple_base};
use hashbrown::HashMap;
use regex::Regex;
use serde::Serialize;

use super::address::go_address;
use super::annotate::{Annotator, Routines};
use super::binary::{Binary, Code, NamedRange};
use super::head::ListingHead;
use crate::command::Format;
use crate::node::{NodeRules, NodeTable};
use crate::options::Options;
use crate::order::Large;
use crate::scope::Scope;
use crate::tally::tally;
use crate::{Error, Failure, Objects, pattern};

/// The instructions of functions with their cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disassembly {
    /// What stands above.
    #[serde(flatten)]
    pub head: ListingHead,
    /// The functions by name and address.
    pub routines: Vec<Routine>,
    /// What to tell the user.
    pub notes: Vec<String>,
    /// Binaries that could not be read, which pprof prints before the report; for `compat`
    /// alone, else they are among the notes.
    #[serde(skip)]
    pub printed: Vec<String>,
}

/// A function of a binary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Routine {
    /// Its name in the binary.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// The binary, as the profile names it.
    pub binary: String,
    /// Its first address in the binary.
    pub start: u64,
    /// What fell to its instructions, in the unit of the heading.
    pub flat: i64,
    /// What fell to them and to what they called.
    pub cum: i64,
    /// `cum` in percent of the total.
    pub cum_percent: f64,
    /// Its instructions by address.
    pub instructions: Vec<AnnotatedInstruction>,
}

/// An instruction with its cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnnotatedInstruction {
    /// Its address in the binary.
    pub address: u64,
    /// The instruction as written.
    pub text: String,
    /// What fell to it, in the unit of the heading.
    pub flat: i64,
    /// What fell to it and to what it called.
    pub cum: i64,
    /// The function that the profile names for it; empty where no sample fell to it.
    pub function: String,
    /// The base name of the file it comes from; empty where it is not known.
    pub file: String,
    /// The line of that file; 0 where it is not known.
    pub line: i64,
    /// The functions whose code it is, the innermost inlined call first.
    pub frames: Vec<CodeFrame>,
}

/// A function whose code an instruction is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeFrame {
    /// The function, as profiles print it.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line of the file.
    pub line: i64,
}

impl Disassembly {
    /// Makes the view of all functions whose name matches a pattern, or of the one at an
    /// address.
    ///
    /// # Errors
    ///
    /// When an option or the pattern does not fit, when nothing matches the pattern, and when
    /// code cannot be disassembled.
    pub fn new(
        profile: &Profile,
        options: &Options,
        pattern: &str,
        objects: &dyn Objects,
    ) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "disasm", Format::Disassembly, options)?;
        let mut notes = scope.notes.clone();
        let mut printed = Vec::new();
        let made = Maker::new(&scope, pattern)
            .and_then(|maker| maker.routines(objects, &mut printed, &mut notes));
        if !options.compat {
            notes.append(&mut printed);
        }
        match made {
            Ok(routines) => Ok(Self {
                head: ListingHead::new(&scope),
                routines,
                notes,
                printed,
            }),
            Err(error) => Err(Failure {
                printed,
                ..Failure::noted(error, &notes)
            }),
        }
    }
}

struct Maker<'s> {
    scope: &'s Scope<'s>,
    pattern: &'s str,
    wanted: Regex,
    address: Option<u64>,
}

/// A mapping whose binary was opened, and by how much addresses differ.
struct Opened<'p> {
    file: &'p str,
    binary: Binary,
    /// What to subtract from an address of the process.
    base: u64,
}

impl<'s> Maker<'s> {
    fn new(scope: &'s Scope<'s>, pattern: &'s str) -> Result<Self, Error> {
        Ok(Self {
            scope,
            pattern,
            wanted: pattern::compile("argument", pattern)?,
            address: go_address(pattern),
        })
    }

    fn routines(
        &self,
        objects: &dyn Objects,
        unread: &mut Vec<String>,
        remarks: &mut Vec<String>,
    ) -> Result<Vec<Routine>, Error> {
        let scope = self.scope;
        let nodes = NodeTable::new(&scope.profile, NodeRules::of(scope));
        let tallies = tally(scope, &nodes);
        let counted: Vec<usize> = tallies
            .iter()
            .enumerate()
            .filter(|(_, tally)| Large::counts(scope, tally))
            .map(|(node, _)| node)
            .collect();
        let opened = self.open(objects, &nodes, &counted, unread, remarks);
        let codes: Vec<Code<'_>> = opened
            .iter()
            .map(|opened| Code::new(&opened.binary, &scope.options))
            .collect();
        let mut found = 0_usize;
        let mut routines = Routines::new(&nodes, scope.options.compat);
        for (index, (opened, code)) in opened.iter().zip(&codes).enumerate() {
            let symbols = self.symbols(code, opened.base);
            found += symbols.len();
            let addressed = self.addressed(&nodes, &counted, opened);
            for symbol in symbols {
                routines.add(index, symbol, &addressed);
            }
        }
        if routines.is_empty() {
            return Err(self.nothing(found));
        }
        let annotator = Annotator {
            scope,
            nodes: &nodes,
            tallies: &tallies,
            head: &ListingHead::new(scope),
            files: &opened.iter().map(|opened| opened.file).collect::<Vec<_>>(),
            codes: &codes,
        };
        annotator.annotate(routines)
    }

    fn nothing(&self, found: usize) -> Error {
        match self.address {
            None => Error::NoMatch {
                pattern: self.pattern.to_owned(),
                separator: "",
            },
            Some(address) if found == 0 => Error::NoAddress { address },
            Some(address) => Error::NoSamplesAt { address },
        }
    }

    /// Opens the binaries of all mappings of which a frame matches.
    fn open(
        &self,
        objects: &dyn Objects,
        nodes: &NodeTable<'_>,
        counted: &[usize],
        unread: &mut Vec<String>,
        remarks: &mut Vec<String>,
    ) -> Vec<Opened<'_>> {
        let compat = self.scope.options.compat;
        let profile = &self.scope.profile;
        // For each binary an address at which something ran.
        let mut matched: HashMap<&str, bool> = HashMap::new();
        for &node in counted {
            let Some(info) = nodes.info(node).filter(|info| !info.object.is_empty()) else {
                continue;
            };
            let is_match = matched.entry(info.object).or_default();
            // The text of a node begins with its address, which an anchored pattern misses.
            *is_match = *is_match
                || self.wanted.is_match(&info.label())
                || (!compat && self.wanted.is_match(info.name));
        }
        let mut opened: Vec<Opened<'_>> = Vec::new();
        for mapping in profile.mappings() {
            let file = profile.text(mapping.file);
            let covers = self
                .address
                .is_some_and(|address| (mapping.start..=mapping.limit).contains(&address));
            if !matched.get(file).copied().unwrap_or_default() && !covers {
                continue;
            }
            let build_id = profile.text(mapping.build_id);
            let binary = match Binary::open(objects, file, build_id, compat) {
                Ok(binary) => binary,
                Err(reason) => {
                    unread.push(reason);
                    continue;
                }
            };
            let simple = simple_base(binary.image(), mapping.start);
            let base = if compat {
                simple
            } else {
                let range = mapping.start..mapping.limit;
                let inside = counted
                    .iter()
                    .filter_map(|&node| nodes.info(node))
                    .find(|info| range.contains(&info.address));
                let runtime = RuntimeMapping {
                    start: mapping.start,
                    limit: mapping.limit,
                    offset: mapping.offset,
                };
                let address = inside.map_or(mapping.start, |info| info.address);
                base(binary.image(), &runtime, address).unwrap_or_else(|error| {
                    remarks.push(format!("{file}: {error}"));
                    simple
                })
            };
            let is_same = |other: &Opened<'_>| other.file == file && other.base == base;
            if compat || !opened.iter().any(is_same) {
                opened.push(Opened { file, binary, base });
            }
        }
        opened
    }

    /// The symbols that match, or that hold the address asked for.
    fn symbols<'c, 'b>(&self, code: &'c Code<'b>, base: u64) -> Vec<&'c NamedRange<'b>> {
        match self.address {
            Some(address) if !self.scope.options.compat => {
                let at = code.covering(address.wrapping_sub(base));
                at.collect()
            }
            // 0 stands for no address in cmd/pprof.
            address => code
                .matching(&self.wanted)
                .filter(|symbol| {
                    let range = symbol.start..symbol.end;
                    address.is_none_or(|address| address == 0 || range.contains(&address))
                })
                .collect(),
        }
    }

    /// Nodes by their address in a binary: all, or unless `compat` those of the binary.
    fn addressed(
        &self,
        nodes: &NodeTable<'_>,
        counted: &[usize],
        opened: &Opened<'_>,
    ) -> BTreeMap<u64, Vec<u32>> {
        let compat = self.scope.options.compat;
        let mut addressed: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for &node in counted {
            let Some(info) = nodes.info(node) else {
                continue;
            };
            if !compat && (info.object != opened.file || info.address == 0) {
                continue;
            }
            let address = info.address.wrapping_sub(opened.base);
            let node = u32::try_from(node).unwrap_or(NodeTable::NO_GROUP);
            addressed.entry(address).or_default().push(node);
        }
        addressed
    }
}
