//! Every entry with its callers above and its callees below: `tree` and `peek`.

use std::fmt::Write as _;

use fathom_profile::measurement;
use jiff::tz::TimeZone;
use regex::Regex;
use serde::Serialize;

use crate::command::Format;
use crate::edge::Edge;
use crate::graph::Graph;
use crate::handle::Handle;
use crate::head::{Extent, Head};
use crate::memo::Subject;
use crate::node::NodeInfo;
use crate::options::Options;
use crate::scope::Scope;
use crate::{Error, Failure, pattern};

const SEPARATOR: &str = "----------------------------------------------------------+-------------";
/// The legend ends in spaces and tabs, as pprof prints it.
const LEGEND: &str = "      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t ";

/// Entries with their callers and callees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tree {
    /// What stands above the entries.
    #[serde(flatten)]
    pub head: Head,
    /// The entries, most first.
    pub entries: Vec<TreeEntry>,
    /// What to tell about the options.
    pub notes: Vec<String>,
}

/// An entry with its callers and callees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeEntry {
    /// What it is called.
    pub name: String,
    /// The handle of its function; nothing where it is no function.
    pub handle: Option<Handle>,
    /// What fell to it, in the unit of the heading.
    pub flat: i64,
    /// `flat` in percent of the total.
    pub flat_percent: f64,
    /// The flat values of the entries up to this one, in percent of the total.
    pub sum_percent: f64,
    /// What fell to it and to what it called.
    pub cum: i64,
    /// `cum` in percent of the total.
    pub cum_percent: f64,
    /// Who called it, the most first.
    pub callers: Vec<Call>,
    /// What it called, the most first.
    pub callees: Vec<Call>,
}

/// A call from or to another entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// The other entry.
    pub name: String,
    /// The handle of its function.
    pub handle: Option<Handle>,
    /// What went through the call, in the unit of the heading.
    pub weight: i64,
    /// Whether every such call was inlined.
    pub inline: bool,
}

impl Tree {
    /// Makes the view; with `pattern`, of all entries whose name matches.
    ///
    /// # Errors
    ///
    /// When an option or the pattern does not fit, or nothing matches the pattern.
    pub fn new<'p>(
        profile: impl Into<Subject<'p>>,
        options: &Options,
        pattern: Option<&str>,
    ) -> Result<Self, Failure> {
        let name = if pattern.is_some() { "peek" } else { "tree" };
        let scope = Scope::new(profile, name, Format::Tree, options)?;
        let wanted = pattern
            .map(|text| pattern::compile("argument", text))
            .transpose()?;
        let graph = Graph::new(&scope);
        let head = Head::new(&scope, &graph.values(), graph.dropped);
        let entries = entries(&scope, &head, &graph, wanted.as_ref());
        if let Some(pattern) = pattern
            && entries.is_empty()
        {
            let error = Error::NoMatch {
                pattern: pattern.to_owned(),
                separator: ":",
            };
            return Err(Failure::noted(error, &scope.notes));
        }
        Ok(Self {
            head,
            entries,
            notes: scope.notes.clone(),
        })
    }

    /// Prints the view as `go tool pprof -tree` does.
    pub fn render_text(&self, zone: &TimeZone) -> String {
        self.render(zone, false)
    }

    /// Writes entries and calls as comma-separated values, a row each.
    pub fn render_csv(&self) -> String {
        crate::csv::tree(self)
    }

    /// Prints the view as [`Tree::render_text`] does, with the handle of its function
    /// behind the name of each entry.
    pub fn render_text_with_handles(&self, zone: &TimeZone) -> String {
        self.render(zone, true)
    }

    fn render(&self, zone: &TimeZone, handles: bool) -> String {
        let head = &self.head;
        let mut out = head.lines(zone, Extent::Text).join("\n");
        let _ = write!(out, "\n{SEPARATOR}\n{LEGEND}\n");
        let mut sum = 0_i64;
        for entry in &self.entries {
            let _ = writeln!(out, "{SEPARATOR}");
            self.write_calls(&mut out, &entry.callers, entry.cum);
            sum = sum.wrapping_add(entry.flat);
            let _ = writeln!(
                out,
                "{:>10} {} {} {:>10} {}                | {}{}",
                head.format(entry.flat),
                head.percentage(entry.flat),
                head.percentage(sum),
                head.format(entry.cum),
                head.percentage(entry.cum),
                entry.name,
                entry
                    .handle
                    .filter(|_| handles)
                    .map_or_else(String::new, |handle| format!(" {handle}")),
            );
            self.write_calls(&mut out, &entry.callees, entry.cum);
        }
        if head.entries > 0 {
            let _ = writeln!(out, "{SEPARATOR}");
        }
        out
    }

    fn write_calls(&self, out: &mut String, calls: &[Call], cum: i64) {
        for call in calls {
            let inline = if call.inline { " (inline)" } else { "" };
            let _ = writeln!(
                out,
                "{:>50} {} |   {}{inline}",
                self.head.format(call.weight),
                measurement::percentage(call.weight, cum),
                call.name,
            );
        }
    }
}

fn entries(
    scope: &Scope<'_>,
    head: &Head,
    graph: &Graph<'_>,
    wanted: Option<&Regex>,
) -> Vec<TreeEntry> {
    let call = |edge: &Edge, other: u32| Call {
        name: graph.label(other).into_owned(),
        handle: graph.info(other).and_then(NodeInfo::handle),
        weight: edge.weight_of(scope),
        inline: edge.inline,
    };
    let calls = |edges: Vec<&Edge>, other: fn(&Edge) -> u32| {
        let edges = edges.into_iter();
        edges.map(|edge| call(edge, other(edge))).collect()
    };
    let mut sum = 0_i64;
    let mut entries = Vec::new();
    for &node in &graph.shown {
        let name = graph.label(node);
        if wanted.is_some_and(|wanted| !wanted.is_match(&name)) {
            continue;
        }
        let tally = graph.tally(node);
        let (flat, cum) = (tally.flat.mean(), tally.cum.mean());
        sum = sum.wrapping_add(flat);
        entries.push(TreeEntry {
            name: name.into_owned(),
            handle: graph.info(node).and_then(NodeInfo::handle),
            flat,
            flat_percent: head.percent(flat),
            sum_percent: head.percent(sum),
            cum,
            cum_percent: head.percent(cum),
            callers: calls(graph.callers(node), |edge| edge.from),
            callees: calls(graph.callees(node), |edge| edge.to),
        });
    }
    entries
}
