//! The table of functions: how much each holds itself (flat) and with all it called (cum).
//!
//! [`Top::new`] makes the view; [`render_text`] prints it byte for byte as
//! `go tool pprof -top` does. Deliberate differences from that tool: ties that it leaves
//! to chance have an order here, strings that are not UTF-8 are shown with U+FFFD, and the
//! frames that a profile's `drop_frames` names stay (Go's own profiles name none).

mod intervals;
mod options;
mod text;
mod trim;

use fathom_profile::{Profile, measurement};
use serde::Serialize;

pub use intervals::{Interval, RowIntervals, Sampling};
pub use options::{Intervals, PercentagesOf, Sort, TopOptions};
pub use text::{TextOptions, render_text};

use crate::filter::Selection;
use crate::heading::Heading;
use crate::inline::{Calls, Inlining};
use crate::node::NodeTable;
use crate::tally::tally;
use crate::{Error, Granularity};
use trim::Trimmed;

/// The functions of a profile by what they hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Top {
    /// What the profile says of itself.
    pub heading: Heading,
    /// The filters that were applied, as `name=value`.
    pub filters: Vec<String>,
    /// Which frames fall together.
    pub granularity: Granularity,
    /// The unit in which the numbers read best; `minimum` when there is none to choose.
    pub display_unit: String,
    /// What percentages are of, in the unit of the heading.
    pub total: i64,
    /// The sum of the rows' flat values.
    pub shown: i64,
    /// What is not among the rows.
    pub hidden: Hidden,
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

/// What a [`Top`] leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Hidden {
    /// Rows whose cum is below the node fraction.
    pub small_rows: usize,
    /// The sum of their absolute flat values.
    pub small_flat: i64,
    /// The node fraction of the total: what the head of the text form names.
    pub small_cutoff: i64,
    /// Rows that the fraction left and the node count cut off.
    pub further_rows: usize,
    /// The sum of their absolute flat values.
    pub further_flat: i64,
}

impl Top {
    /// Makes the view. The profile is only read; differences come from subtracting
    /// profiles before (`fathom_profile::diff`).
    ///
    /// Costs one pass over the locations and two over the stacks.
    ///
    /// # Errors
    ///
    /// When a filter's pattern does not parse, no column fits the sample index, or the
    /// node fraction is not one.
    pub fn new(profile: &Profile, options: &TopOptions) -> Result<Self, Error> {
        let fraction = options.node_fraction;
        if !(0.0..=1.0).contains(&fraction) {
            return Err(Error::NodeFraction {
                fraction: fraction.to_string(),
            });
        }
        let column = profile
            .select_column(&options.sample_index)
            .map_err(|source| Error::Column { source })?;
        let selection = Selection::by_name(profile, Some(&options.focus), Some(&options.ignore))?;
        let nodes = NodeTable::new(profile, options.granularity);
        let tallies = tally(profile, &nodes, column, &selection);
        let trimmed = Trimmed::new(&nodes, &tallies, options);
        let marks = Calls {
            profile,
            nodes: &nodes,
            column,
            selection: &selection,
            kept: &trimmed.kept,
            cutoff: trimmed.edge_cutoff,
        }
        .marks();

        let total = match options.percentages_of {
            PercentagesOf::Profile => profile.column_total(column),
            PercentagesOf::Selection => selection.total(profile, column),
        };
        let mut sum = 0_i64;
        let rows: Vec<TopRow> = trimmed
            .shown
            .iter()
            .map(|&node| {
                let tally = tallies.get(node).copied().unwrap_or_default();
                sum = sum.wrapping_add(tally.flat);
                TopRow {
                    name: nodes
                        .info(node)
                        .map(|info| info.label().into_owned())
                        .unwrap_or_default(),
                    inlining: marks.get(node).copied().flatten(),
                    flat: tally.flat,
                    flat_percent: percent(tally.flat, total),
                    sum_percent: percent(sum, total),
                    cum: tally.cum,
                    cum_percent: percent(tally.cum, total),
                    intervals: None,
                }
            })
            .collect();
        let heading = Heading::new(profile, column);
        let mut top = Self {
            display_unit: display_unit(&rows, total, &heading.sample_unit, &options.unit),
            filters: active_filters(options),
            granularity: options.granularity,
            total,
            shown: sum,
            hidden: Hidden {
                small_cutoff: trim::fraction_of(total, fraction),
                ..trimmed.hidden
            },
            rows,
            sampling: None,
            notes: selection.notes.clone(),
            heading,
        };
        if options.intervals == Intervals::Compute {
            top.sampling = intervals::Estimator {
                profile,
                nodes: &nodes,
                column,
                selection: &selection,
                shown: &trimmed.shown,
                sort: options.sort,
            }
            .attach(&mut top.rows);
        }
        Ok(top)
    }

    /// Tells what is not among the rows and which flags show it; `None` when all is.
    pub fn hidden_summary(&self) -> Option<String> {
        let mut parts = Vec::new();
        let hidden = &self.hidden;
        let mut tell = |rows: usize, flat: i64, flag: &str| {
            if rows > 0 {
                let plural = if rows == 1 { "node" } else { "nodes" };
                let percent = percent(flat, self.total);
                parts.push(format!("{rows} {plural} ({percent:.1} %) hidden by {flag}"));
            }
        };
        tell(hidden.small_rows, hidden.small_flat, "--nodefraction");
        tell(hidden.further_rows, hidden.further_flat, "--nodecount");
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

fn active_filters(options: &TopOptions) -> Vec<String> {
    [("focus", &options.focus), ("ignore", &options.ignore)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

fn percent(value: i64, total: i64) -> f64 {
    if total == 0 {
        0.0
    } else {
        value as f64 / total as f64 * 100.0
    }
}

/// Chooses one unit for all numbers (google/pprof `internal/report/report.go`,
/// `selectOutputUnit`): that of the smallest, or a larger one when the total's differs and
/// two decimals still show the smallest.
fn display_unit(rows: &[TopRow], total: i64, unit: &str, wanted: &str) -> String {
    if wanted != "minimum" || rows.is_empty() {
        return wanted.to_owned();
    }
    let smallest = rows
        .iter()
        .map(|row| if row.flat == 0 { row.cum } else { row.flat }.wrapping_abs())
        .filter(|&value| value > 0)
        .min()
        .unwrap_or(total);
    let (_, small_unit) = measurement::scale(smallest, unit, "minimum");
    let (_, large_unit) = measurement::scale(total, unit, "minimum");
    let chosen = if small_unit != large_unit && smallest.wrapping_mul(100) < total {
        measurement::scale(smallest.wrapping_mul(100), unit, "minimum").1
    } else {
        small_unit
    };
    if chosen.is_empty() {
        unit.to_owned()
    } else {
        chosen.to_string()
    }
}
