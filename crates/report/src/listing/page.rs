//! Source lines with the instructions made of them: `weblist`.
//!
//! Functions match by their name, their name in the binary, their file or the file of their
//! mapping, or by an address (google/pprof `internal/report/source.go`, `newSourcePrinter`).

use fathom_profile::{LocationId, Profile};
use hashbrown::HashSet;
use regex::Regex;
use serde::Serialize;

use super::address::go_address;
use super::head::ListingHead;
use super::source::{SourceReader, SourceText};
use super::{page_compat, page_own};
use crate::command::Format;
use crate::options::Options;
use crate::scope::Scope;
use crate::{Error, Failure, Objects, Sources, pattern};

/// The source of functions with the instructions of each line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourcePage {
    /// What stands above.
    #[serde(flatten)]
    pub head: ListingHead,
    /// The functions by file and line, or unless `compat` by name.
    pub functions: Vec<PageFunction>,
    /// What to tell the user.
    pub notes: Vec<String>,
}

/// The part of a function in one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageFunction {
    /// What it is called.
    pub name: String,
    /// Its file.
    pub file: String,
    /// What fell to its lines, in the unit of the heading.
    pub flat: i64,
    /// What fell to its lines and to what they called.
    pub cum: i64,
    /// `cum` in percent of the total.
    pub cum_percent: f64,
    /// Why there is no source text; `None` where there is.
    pub missing: Option<String>,
    /// The lines shown, in order.
    pub lines: Vec<PageLine>,
}

/// A line with its cost and its instructions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageLine {
    /// Its number from 1; less for what has no known line.
    pub line: i64,
    /// What fell to the line itself, in the unit of the heading.
    pub flat: i64,
    /// What fell to it and to what it called.
    pub cum: i64,
    /// Its text; `None` where the file has no such line or is missing.
    pub source: Option<SourceText>,
    /// What the compiler made of it, in the order of addresses.
    pub instructions: Vec<PageInstruction>,
}

/// An instruction of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageInstruction {
    /// Its address: in the binary, or in the process where there is no binary.
    pub address: u64,
    /// The instruction as written; `None` where there is no binary.
    pub text: Option<String>,
    /// What fell to it, in the unit of the heading.
    pub flat: i64,
    /// What fell to it and to what it called.
    pub cum: i64,
    /// The file and the line it comes from itself: those of the innermost inlined call.
    pub file: String,
    /// See `file`.
    pub line: i64,
    /// Whether it does not follow on the instruction before it.
    pub starts_block: bool,
    /// The calls inlined at the line that lead to it, the outermost first: where each callee
    /// stands.
    pub calls: Vec<InlinedCall>,
}

/// A place in a function whose code stands inlined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InlinedCall {
    /// The function; empty where pprof does not tell.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line in it.
    pub line: i64,
    /// The text of that line.
    pub source: Option<SourceText>,
}

impl SourcePage {
    /// Makes the view of all functions that match a pattern, or of the one at an address.
    ///
    /// # Errors
    ///
    /// When an option or the pattern does not fit, or nothing matches the pattern.
    pub fn new(
        profile: &Profile,
        options: &Options,
        pattern: &str,
        sources: &dyn Sources,
        objects: &dyn Objects,
    ) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "weblist", Format::WebList, options)?;
        let fail = |error| Failure::noted(error, &scope.notes);
        let wanted = Wanted {
            regex: pattern::compile("argument", pattern).map_err(fail)?,
            address: go_address(pattern),
        };
        let mut notes = scope.notes.clone();
        let mut sources = SourceReader::new(sources, &scope.options);
        let head = ListingHead::new(&scope);
        let mut maker = Maker {
            scope: &scope,
            head: &head,
            wanted: &wanted,
            sources: &mut sources,
            objects,
            notes: &mut notes,
        };
        let functions = if options.compat {
            page_compat::functions(&mut maker)
        } else {
            page_own::functions(&mut maker)
        };
        match functions {
            Some(functions) => Ok(Self {
                head,
                functions,
                notes,
            }),
            None => Err(fail(Error::NoMatch {
                pattern: pattern.to_owned(),
                separator: ":",
            })),
        }
    }
}

/// What both ways to make the page need.
pub(super) struct Maker<'a, 's> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) head: &'a ListingHead,
    pub(super) wanted: &'a Wanted,
    pub(super) sources: &'a mut SourceReader<'s>,
    pub(super) objects: &'a dyn Objects,
    pub(super) notes: &'a mut Vec<String>,
}

/// What the user asks for.
pub(super) struct Wanted {
    regex: Regex,
    address: Option<u64>,
}

impl Wanted {
    /// Which lines of a location are meant. With an address that is the outermost; with the
    /// file of a mapping the innermost.
    fn lines(&self, profile: &Profile, location: LocationId, address: u64) -> Vec<usize> {
        let count = profile.line_count(location);
        if self.address == Some(address) {
            return count.checked_sub(1).into_iter().collect();
        }
        let mapping = profile.location_mapping(location);
        let mapping = mapping.and_then(|id| profile.mapping(id));
        let is_binary =
            mapping.is_some_and(|mapping| self.regex.is_match(profile.text(mapping.file)));
        let matches = |(index, line): (usize, fathom_profile::Line)| {
            let function = line.function?;
            let is_match = (index == 0 && is_binary)
                || [
                    profile.function_name(function),
                    profile.function_system_name(function),
                    profile.function_file(function),
                ]
                .into_iter()
                .any(|text| self.regex.is_match(text));
            is_match.then_some(index)
        };
        let lines = profile.lines(location).enumerate();
        lines.filter_map(matches).collect()
    }

    /// Adds the names of the functions of a location that are meant, and says whether there
    /// are any.
    pub(super) fn collect<'p>(
        &self,
        profile: &'p Profile,
        location: LocationId,
        address: u64,
        names: &mut HashSet<&'p str>,
    ) -> bool {
        let lines = self.lines(profile, location, address);
        let mut found = false;
        for index in lines {
            let line = profile.lines(location).nth(index);
            if let Some(function) = line.and_then(|line| line.function) {
                names.insert(profile.function_name(function));
                names.insert(profile.function_system_name(function));
                found = true;
            }
        }
        found
    }
}
