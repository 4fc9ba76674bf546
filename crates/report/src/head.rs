//! What stands above every report: the profile, the filters, how much is shown.

use fathom_profile::measurement;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::Granularity;
use crate::graph::Dropped;
use crate::heading::Heading;
use crate::options::Options;
use crate::order::fraction_of;
use crate::scope::Scope;

/// Filters longer than this many bytes are cut.
const FILTER_BYTES: usize = 80;

/// What stands above a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// What the profile says of itself.
    pub heading: Heading,
    /// The filters that were applied, as `name=value`.
    pub filters: Vec<String>,
    /// Which frames fall together.
    pub granularity: Granularity,
    /// The unit in which the numbers read best; `minimum` when there is none to choose.
    pub display_unit: String,
    /// What values are divided by when they are written.
    pub divide_by: f64,
    /// What percentages are of, in the unit of the heading.
    pub total: i64,
    /// The sum of the flat values of the entries shown.
    pub shown: i64,
    /// What is not shown.
    pub hidden: Hidden,
    /// How many entries are shown.
    #[serde(skip)]
    pub(crate) entries: usize,
    #[serde(skip)]
    pub(crate) compact: bool,
}

/// What a report leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Hidden {
    /// Entries whose cum is below the node fraction.
    pub small_rows: usize,
    /// The sum of their absolute flat values.
    pub small_flat: i64,
    /// The node fraction of the total: what the head of the text form names.
    pub small_cutoff: i64,
    /// Entries that the fraction left and the node count cut off.
    pub further_rows: usize,
    /// The sum of their absolute flat values.
    pub further_flat: i64,
    /// Calls below the edge fraction.
    pub small_edges: usize,
    /// The edge fraction of the total.
    pub edge_cutoff: i64,
}

/// How much of the head a report prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// As the option `compact_labels` says.
    Text,
    /// All, and where to read how the graph is read: for pictures.
    Graph,
}

impl Head {
    /// Collects the head of a report that shows entries of these flat and cum values.
    pub(crate) fn new(scope: &Scope<'_>, values: &[(i64, i64)], dropped: Dropped) -> Self {
        let entries = values.len();
        let shown = values
            .iter()
            .fold(0_i64, |sum, (flat, _)| sum.wrapping_add(*flat));
        Self {
            heading: scope.heading.clone(),
            filters: active_filters(&scope.options),
            granularity: scope.granularity,
            display_unit: scope.choose_unit(values.iter().copied()),
            divide_by: scope.options.divide_by,
            total: scope.total,
            shown,
            hidden: Hidden {
                small_rows: dropped.nodes,
                small_flat: dropped.nodes_flat,
                small_cutoff: fraction_of(scope.total, scope.options.nodefraction),
                further_rows: dropped.candidates.saturating_sub(entries),
                further_flat: dropped.further_flat,
                small_edges: dropped.edges,
                edge_cutoff: fraction_of(scope.total, scope.options.edgefraction),
            },
            entries,
            compact: scope.options.compact_labels,
        }
    }

    /// Writes a value in the display unit, as pprof does.
    pub fn format(&self, value: i64) -> String {
        self.heading
            .format(value, self.divide_by, &self.display_unit)
    }

    /// Writes a share of the total, as pprof does.
    pub fn percentage(&self, value: i64) -> String {
        measurement::percentage(value, self.total)
    }

    /// A share of the total in percent; negative where a difference shrank.
    pub(crate) fn percent(&self, value: i64) -> f64 {
        percent(value, self.total)
    }

    /// Tells what is not shown and which flags show it; `None` when all is.
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

    /// The lines of the head (google/pprof `internal/report/report.go`, `reportLabels`).
    pub(crate) fn lines(&self, zone: &TimeZone, extent: Extent) -> Vec<String> {
        let is_graph = extent == Extent::Graph;
        let mut lines = if is_graph || !self.compact {
            profile_lines(&self.heading, self.total, zone, &|value| self.format(value))
        } else {
            Vec::new()
        };
        if !self.filters.is_empty() {
            lines.push("Active filters:".to_owned());
            let cut = self
                .filters
                .iter()
                .map(|filter| format!("   {}", cut(filter)));
            lines.extend(cut);
        }
        lines.push(format!(
            "Showing nodes accounting for {}, {} of {} total",
            self.format(self.shown),
            self.percentage(self.shown).trim(),
            self.format(self.total),
        ));
        if self.total != 0 {
            let hidden = &self.hidden;
            let mut dropped = |count: usize, noun: &str, value: &str, cutoff: i64| {
                if count > 0 {
                    let plural = if count > 1 { "s" } else { "" };
                    let cutoff = self.format(cutoff);
                    lines.push(format!(
                        "Dropped {count} {noun}{plural} ({value} <= {cutoff})"
                    ));
                }
            };
            dropped(hidden.small_rows, "node", "cum", hidden.small_cutoff);
            if is_graph {
                dropped(hidden.small_edges, "edge", "freq", hidden.edge_cutoff);
            }
            if hidden.further_rows > 0 && self.entries > 0 {
                let (shown, all) = (self.entries, self.entries + hidden.further_rows);
                lines.push(format!("Showing top {shown} nodes out of {all}"));
            }
        }
        if is_graph {
            lines.push("\nSee https://git.io/JfYMW for how to read the graph".to_owned());
        }
        lines
    }
}

/// What a profile says of itself, a line each (google/pprof `internal/report/report.go`,
/// `ProfileLabels`). Oddities are kept, since scripts read it: the share in the duration
/// line keeps its padding, and a duration without a share ends in a space.
pub(crate) fn profile_lines(
    heading: &Heading,
    total: i64,
    zone: &TimeZone,
    format: &dyn Fn(i64) -> String,
) -> Vec<String> {
    let mut lines = Vec::new();
    let labelled = |lines: &mut Vec<String>, label: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{label}: {text}"));
        }
    };
    labelled(&mut lines, "File", &heading.file);
    labelled(&mut lines, "Build ID", &heading.build_id);
    lines.extend(heading.comments.iter().cloned());
    labelled(&mut lines, "Type", &heading.sample_type);
    labelled(&mut lines, "Doc", &heading.doc_url);
    if let Some(nanos) = heading.time_unix_nanos {
        lines.push(format!("Time: {}", local_time(nanos, zone)));
    }
    if let Some(nanos) = heading.duration_nanos {
        let (scaled, unit) = measurement::scale(total, &heading.sample_unit, "nanoseconds");
        let share = if unit == "ns" && scaled != 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "nanoseconds in whole numbers"
            )]
            let scaled = scaled as i64;
            format!("({})", measurement::percentage(scaled, nanos))
        } else {
            String::new()
        };
        lines.push(format!(
            "Duration: {}, Total samples = {} {share}",
            measurement::label(nanos, "nanoseconds"),
            format(total),
        ));
    }
    lines
}

/// The filters that the head names, in pprof's order.
pub(crate) fn active_filters(options: &Options) -> Vec<String> {
    [
        ("focus", &options.focus),
        ("ignore", &options.ignore),
        ("hide", &options.hide),
        ("show", &options.show),
        ("show_from", &options.show_from),
        ("tagfocus", &options.tagfocus),
        ("tagignore", &options.tagignore),
        ("tagshow", &options.tagshow),
        ("taghide", &options.taghide),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name}={value}"))
    .collect()
}

pub(crate) fn percent(value: i64, total: i64) -> f64 {
    if total == 0 {
        0.0
    } else {
        value as f64 / total as f64 * 100.0
    }
}

/// A filter short enough for a heading.
fn cut(filter: &str) -> String {
    if filter.len() <= FILTER_BYTES {
        return filter.to_owned();
    }
    let end = filter.floor_char_boundary(FILTER_BYTES);
    format!("{}…", filter.get(..end).unwrap_or_default())
}

/// An instant as Go writes it in the layout `2006-01-02 15:04:05 MST`.
fn local_time(unix_nanos: i64, zone: &TimeZone) -> String {
    match Timestamp::from_nanosecond(i128::from(unix_nanos)) {
        Ok(instant) => instant
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        Err(_) => format!("{unix_nanos} ns after 1970"),
    }
}
