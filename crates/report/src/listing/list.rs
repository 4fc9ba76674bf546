//! The source of functions with what fell to each line.
//!
//! Which lines are shown, and the order of functions and files, follow google/pprof
//! `internal/report/source.go` (`printSource`, `getSourceFromFile`): from where a function
//! begins, or five lines before the first that counts, to five lines behind the last.

use std::collections::BTreeMap;

use fathom_profile::Profile;
use regex::Regex;
use serde::Serialize;

use super::head::ListingHead;
use super::source::{SourceFile, SourceReader, SourceText};
use crate::command::Format;
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::options::Options;
use crate::order::Large;
use crate::scope::Scope;
use crate::tally::{Tally, tally};
use crate::{Error, Failure, Sources, pattern};

/// How many lines are shown around those that count.
const MARGIN: i64 = 5;

/// The source of functions with their cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing {
    /// What stands above.
    #[serde(flatten)]
    pub head: ListingHead,
    /// The functions by name.
    pub functions: Vec<ListedFunction>,
    /// What to tell the user.
    pub notes: Vec<String>,
}

/// A function, which can have its lines in several files.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedFunction {
    /// What it is called.
    pub name: String,
    /// Its files by name; none where the profile does not say.
    pub files: Vec<ListedFile>,
}

/// The part of a function in one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedFile {
    /// The file as the profile names it, without what the options cut.
    pub file: String,
    /// What fell to its lines, in the unit of the heading.
    pub flat: i64,
    /// What fell to its lines and to what they called.
    pub cum: i64,
    /// `cum` in percent of the total.
    pub cum_percent: f64,
    /// Why there is no source text; `None` where there is.
    pub missing: Option<String>,
    /// The lines shown, in order. Without source text, those to which something fell.
    pub lines: Vec<ListedLine>,
}

/// A line with its cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedLine {
    /// Its number from 1; 0 for what has no known line.
    pub line: i64,
    /// What fell to the line itself, in the unit of the heading.
    pub flat: i64,
    /// What fell to it and to what it called.
    pub cum: i64,
    /// Its text; `None` where the file has no such line or is missing.
    pub source: Option<SourceText>,
}

impl Listing {
    /// Makes the view of all functions whose name matches a pattern.
    ///
    /// # Errors
    ///
    /// When an option or the pattern does not fit, or nothing matches the pattern.
    pub fn new(
        profile: &Profile,
        options: &Options,
        pattern: &str,
        sources: &dyn Sources,
    ) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "list", Format::List, options)?;
        let fail = |error| Failure::noted(error, &scope.notes);
        let wanted = pattern::compile("argument", pattern).map_err(fail)?;
        let nodes = NodeTable::new(&scope.profile, NodeRules::of(&scope));
        let tallies = tally(&scope, &nodes);
        let chosen = Chosen::new(&scope, &nodes, &tallies, &wanted);
        if chosen.functions.is_empty() {
            return Err(fail(Error::NoMatch {
                pattern: pattern.to_owned(),
                separator: ":",
            }));
        }
        let (files, lines) = chosen.sums(&scope, &nodes, &tallies);

        let head = ListingHead::new(&scope);
        let mut reader = SourceReader::new(sources, &scope.options);
        let mut remarks = scope.notes.clone();
        let mut writer = Writer {
            head: &head,
            compat: options.compat,
            reader: &mut reader,
            remarks: &mut remarks,
        };
        let functions = chosen
            .functions
            .iter()
            .map(|(name, function)| ListedFunction {
                name: (*name).to_owned(),
                files: function
                    .files
                    .iter()
                    .map(|(file, chosen)| {
                        writer.file(file, chosen, sum_of(&files, chosen.group), &lines)
                    })
                    .collect(),
            })
            .collect();
        Ok(Self {
            head,
            functions,
            notes: remarks,
        })
    }
}

/// Flat and cumulative values by number.
pub(super) type Sums = Vec<(i64, i64)>;

pub(super) fn sum_of(sums: &[(i64, i64)], group: u32) -> (i64, i64) {
    sums.get(group as usize).copied().unwrap_or_default()
}

/// The nodes that a pattern chooses, by function, file and line.
pub(super) struct Chosen<'n> {
    pub(super) functions: BTreeMap<&'n str, ChosenFunction<'n>>,
    /// For each node the number of its file and of its line, [`NodeTable::NO_GROUP`] for others.
    file_groups: Vec<u32>,
    line_groups: Vec<u32>,
    file_count: u32,
    line_count: u32,
}

#[derive(Default)]
pub(super) struct ChosenFunction<'n> {
    pub(super) files: BTreeMap<&'n str, ChosenFile>,
}

pub(super) struct ChosenFile {
    pub(super) group: u32,
    /// The numbers of the lines.
    pub(super) lines: BTreeMap<i64, u32>,
    pub(super) first: i64,
    pub(super) last: i64,
}

impl<'n> Chosen<'n> {
    fn new(scope: &Scope<'_>, nodes: &'n NodeTable<'_>, tallies: &[Tally], wanted: &Regex) -> Self {
        let counted = tallies
            .iter()
            .enumerate()
            .filter(|(_, tally)| Large::counts(scope, tally))
            .map(|(node, _)| node);
        Self::of(nodes, counted, |info| wanted.is_match(info.name))
    }

    /// Groups those of some nodes that are wanted.
    pub(super) fn of(
        nodes: &'n NodeTable<'_>,
        counted: impl Iterator<Item = usize>,
        mut is_wanted: impl FnMut(&NodeInfo<'_>) -> bool,
    ) -> Self {
        let mut chosen = Self {
            functions: BTreeMap::new(),
            file_groups: vec![NodeTable::NO_GROUP; nodes.len()],
            line_groups: vec![NodeTable::NO_GROUP; nodes.len()],
            file_count: 0,
            line_count: 0,
        };
        for node in counted {
            if let Some(info) = nodes.info(node).filter(|&info| is_wanted(info)) {
                chosen.add(node, info);
            }
        }
        chosen
    }

    fn add(&mut self, node: usize, info: &'n NodeInfo<'_>) {
        let function = self.functions.entry(info.name).or_default();
        if info.file.is_empty() {
            return;
        }
        let start = if info.start_line == 0 {
            info.line.saturating_sub(MARGIN)
        } else {
            info.start_line
        };
        let end = info.line.saturating_add(MARGIN);
        let file_count = &mut self.file_count;
        let file = function.files.entry(&info.file).or_insert_with(|| {
            *file_count += 1;
            ChosenFile {
                group: *file_count - 1,
                lines: BTreeMap::new(),
                first: start,
                last: end,
            }
        });
        file.first = file.first.min(start);
        file.last = file.last.max(end);
        let line_count = &mut self.line_count;
        let line = *file.lines.entry(info.line).or_insert_with(|| {
            *line_count += 1;
            *line_count - 1
        });
        for (groups, group) in [
            (&mut self.file_groups, file.group),
            (&mut self.line_groups, line),
        ] {
            if let Some(slot) = groups.get_mut(node) {
                *slot = group;
            }
        }
    }

    /// Flat and cumulative values of every file and of every line.
    ///
    /// pprof adds up those of nodes, so that a sample counts once for each node on its stack,
    /// and does not divide sums for averages.
    pub(super) fn sums(
        &self,
        scope: &Scope<'_>,
        nodes: &NodeTable<'_>,
        tallies: &[Tally],
    ) -> (Sums, Sums) {
        let of = |groups: &[u32], count: u32| {
            if scope.options.compat {
                added(groups, count, tallies)
            } else {
                let grouped = nodes.grouped(groups, count as usize);
                tally(scope, &grouped)
                    .iter()
                    .map(|tally| (tally.flat.mean(), tally.cum.mean()))
                    .collect()
            }
        };
        (
            of(&self.file_groups, self.file_count),
            of(&self.line_groups, self.line_count),
        )
    }
}

/// The sums of what fell to the nodes of each group.
fn added(groups: &[u32], count: u32, tallies: &[Tally]) -> Sums {
    let mut sums = vec![(0_i64, 0_i64); count as usize];
    for (&group, tally) in groups.iter().zip(tallies) {
        if let Some((flat, cum)) = sums.get_mut(group as usize) {
            *flat = flat.wrapping_add(tally.flat.value);
            *cum = cum.wrapping_add(tally.cum.value);
        }
    }
    sums
}

struct Writer<'a, 'r> {
    head: &'a ListingHead,
    compat: bool,
    reader: &'a mut SourceReader<'r>,
    remarks: &'a mut Vec<String>,
}

impl Writer<'_, '_> {
    fn file(
        &mut self,
        file: &str,
        chosen: &ChosenFile,
        (flat, cum): (i64, i64),
        sums: &[(i64, i64)],
    ) -> ListedFile {
        let (lines, missing) = match self.reader.file(file) {
            Ok(source) => {
                let last = chosen.lines.keys().next_back().copied();
                if let Some(last) = last.filter(|&last| last > 0)
                    && !self.compat
                    && source.line(last).is_none()
                {
                    self.remarks.push(format!(
                        "{file} has {} lines, the profile names line {last}: this is not the \
                         source that ran",
                        source.line_count()
                    ));
                }
                (shown_lines(chosen, Some(source), sums, self.compat), None)
            }
            Err(reason) => {
                let reason = reason.to_owned();
                (shown_lines(chosen, None, sums, false), Some(reason))
            }
        };
        ListedFile {
            file: file.to_owned(),
            flat,
            cum,
            cum_percent: self.head.percent(cum),
            missing,
            lines,
        }
    }
}

/// The lines of a file that are shown: those that it has, and unless `compat` those that it
/// should have. Without a file those to which something fell.
pub(super) fn shown_lines(
    chosen: &ChosenFile,
    source: Option<&SourceFile>,
    sums: &[(i64, i64)],
    compat: bool,
) -> Vec<ListedLine> {
    let text = |line: i64| source.and_then(|source| source.line(line));
    let line = |line: i64| {
        let group = chosen.lines.get(&line);
        let (flat, cum) = group.map_or((0, 0), |&group| sum_of(sums, group));
        ListedLine {
            line,
            flat,
            cum,
            source: text(line).map(SourceText::from),
        }
    };
    let first = chosen.first.max(1);
    let there = (first..=chosen.last).take_while(|&number| text(number).is_some());
    let lost = |number: &i64| !compat && text(*number).is_none();
    let before = chosen.lines.range(..first).map(|(&number, _)| number);
    let behind = chosen.lines.range(first..).map(|(&number, _)| number);
    before
        .filter(lost)
        .chain(there)
        .chain(behind.filter(lost))
        .map(line)
        .collect()
}
