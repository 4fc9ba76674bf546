//! The table of functions: how much each holds itself (flat) and with all it called (cum).
//!
//! [`Top::new`] makes the view; [`render_text`] prints it byte for byte as
//! `go tool pprof -top` does. Ties that it leaves to chance have an order here, and strings
//! that are not UTF-8 are shown with U+FFFD.

mod intervals;
mod text;

use serde::Serialize;

pub use intervals::{Interval, RowIntervals, Sampling};
pub use text::{TextOptions, render_text};

use crate::Failure;
use crate::command::Format;
use crate::edge::{Calls, Inlining};
use crate::graph::Dropped;
use crate::handle::Handle;
use crate::head::Head;
use crate::memo::Subject;
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::options::Options;
use crate::order::{self, Large};
use crate::scope::Scope;

/// Whether rows carry what the sampling profiler cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Intervals {
    /// Numbers alone, as `go tool pprof` prints them.
    #[default]
    Omit,
    /// Rows of a sampled heap profile carry the 95 % interval of each number.
    Compute,
}

/// The functions of a profile by what they hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Top {
    /// What stands above the rows.
    #[serde(flatten)]
    pub head: Head,
    /// The rows, most first.
    pub rows: Vec<TopRow>,
    /// What sampling leaves open; `None` when it was not asked for, or the profile is not
    /// of a sampled heap or is a difference.
    pub sampling: Option<Sampling>,
    /// What to tell about the options, for example a filter that matched nothing.
    pub notes: Vec<String>,
}

/// One function, or what else the granularity makes a row of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopRow {
    /// What it is called.
    pub name: String,
    /// The handle of its function; nothing where the row is no function.
    pub handle: Option<Handle>,
    /// Whether its code was inlined into its callers.
    pub inlining: Option<Inlining>,
    /// What fell to it, in the unit of the heading.
    pub flat: i64,
    /// `flat` in percent of the total; negative where a difference shrank.
    pub flat_percent: f64,
    /// The flat values up to this row, in percent of the total.
    pub sum_percent: f64,
    /// What fell to it and to what it called, in the unit of the heading.
    pub cum: i64,
    /// `cum` in percent of the total.
    pub cum_percent: f64,
    /// What sampling leaves open; `None` where [`Top::sampling`] is.
    pub intervals: Option<RowIntervals>,
}

impl Top {
    /// Makes the view. The profile is only read; differences come from subtracting
    /// profiles before (`fathom_profile::diff`).
    ///
    /// Costs one pass over the locations and two over the stacks, and a copy of what
    /// filters leave.
    ///
    /// # Errors
    ///
    /// When a filter's pattern does not parse, or an option does not fit the profile.
    pub fn new<'p>(
        profile: impl Into<Subject<'p>>,
        options: &Options,
        intervals: Intervals,
    ) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "top", Format::Text, options)?;
        let nodes = NodeTable::new(&scope.profile, NodeRules::of(&scope));
        let tallies = scope.tallies(&nodes);
        let large = Large::new(&scope, &tallies);
        let mut dropped = Dropped {
            nodes: large.small,
            nodes_flat: large.small_flat,
            candidates: large.nodes.len(),
            ..Dropped::default()
        };
        let mut shown = large.nodes;
        let by_cum = scope.options.sort == "cum";
        order::by_value(&mut shown, &nodes, &tallies, by_cum);
        let limit = order::limit(scope.options.nodecount).min(shown.len());
        let further = shown.split_off(limit);
        let flat = |node: u32| tallies.get(node as usize).map_or(0, |it| it.flat.value);
        dropped.further_flat = further.iter().fold(0, |sum: i64, &node| {
            sum.saturating_add(flat(node).saturating_abs())
        });
        let is_trimmed = dropped.nodes > 0 || !further.is_empty();
        let kept = is_trimmed.then(|| order::mask(&shown, nodes.len()));
        let marks = Calls {
            scope: &scope,
            nodes: &nodes,
            kept: kept.as_deref(),
        }
        .inlining(&shown, large.cutoffs.edge);

        let mut sum = 0_i64;
        let values: Vec<(i64, i64)> = shown
            .iter()
            .map(|&node| {
                let tally = tallies.get(node as usize).copied().unwrap_or_default();
                (tally.flat.mean(), tally.cum.mean())
            })
            .collect();
        let head = Head::new(&scope, &values, dropped);
        let mut rows: Vec<TopRow> = shown
            .iter()
            .zip(&values)
            .map(|(&node, &(flat, cum))| {
                sum = sum.wrapping_add(flat);
                let info = nodes.info(node as usize);
                TopRow {
                    name: info
                        .map(|info| info.label().into_owned())
                        .unwrap_or_default(),
                    handle: info.and_then(NodeInfo::handle),
                    inlining: marks.get(node as usize).copied().flatten(),
                    flat,
                    flat_percent: head.percent(flat),
                    sum_percent: head.percent(sum),
                    cum,
                    cum_percent: head.percent(cum),
                    intervals: None,
                }
            })
            .collect();
        let sampling = match intervals {
            Intervals::Omit => None,
            Intervals::Compute => intervals::Estimator {
                scope: &scope,
                nodes: &nodes,
                shown: &shown,
            }
            .attach(&mut rows),
        };
        Ok(Self {
            head,
            rows,
            sampling,
            notes: scope.notes.clone(),
        })
    }

    /// Writes the rows as comma-separated values.
    pub fn render_csv(&self) -> String {
        crate::csv::top(self)
    }

    /// Tells what is not among the rows and which flags show it; `None` when all is.
    pub fn hidden_summary(&self) -> Option<String> {
        self.head.hidden_summary()
    }
}
