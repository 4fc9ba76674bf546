//! The change of each function from one profile to another.
//!
//! Unlike a profile subtracted from another (`fathom_profile::diff`), which shows what is
//! left, a comparison knows both sides: what a function held before, what it holds now,
//! and whether it is new or gone. Both profiles go through the same options first.

use std::fmt::Write as _;

use fathom_profile::{Profile, measurement};
use hashbrown::HashMap;
use serde::Serialize;

use crate::command::Format;
use crate::handle::Handle;
use crate::head::active_filters;
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::options::Options;
use crate::order::{fraction_of, limit};
use crate::scope::Scope;
use crate::tally::tally;
use crate::{Error, Failure, Granularity};

/// What changed between two profiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// What stands above the rows.
    #[serde(flatten)]
    pub head: DiffHead,
    /// The rows that changed, the largest change first.
    pub rows: Vec<DiffRow>,
    /// What to tell about the options.
    pub notes: Vec<String>,
}

/// What stands above the rows of a [`Diff`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffHead {
    /// The kind of value compared.
    pub sample_type: String,
    /// Its unit; that of the first profile where the two differ.
    pub sample_unit: String,
    /// The filters that were applied to both, as `name=value`.
    pub filters: Vec<String>,
    /// Which frames fall together.
    pub granularity: Granularity,
    /// The unit in which the numbers read best.
    pub display_unit: String,
    /// What values are divided by when they are written.
    pub divide_by: f64,
    /// The totals of both.
    pub total: Pair,
    /// What is not shown.
    pub hidden: DiffHidden,
    #[serde(skip)]
    compact: bool,
}

/// What a [`Diff`] leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct DiffHidden {
    /// Rows that are the same in both.
    pub unchanged_rows: usize,
    /// Rows whose change is below the node fraction of the larger total.
    pub small_rows: usize,
    /// The sum of their absolute flat changes.
    pub small_change: i64,
    /// Rows that the fraction left and the node count cut off.
    pub further_rows: usize,
    /// The sum of their absolute flat changes.
    pub further_change: i64,
}

/// One function, or what else the granularity makes a row of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffRow {
    /// What it is called.
    pub name: String,
    /// The handle of its function; nothing where the row is no function.
    pub handle: Option<Handle>,
    /// What became of it.
    pub change: Change,
    /// What it held itself.
    pub flat: Pair,
    /// What it and all it called held.
    pub cum: Pair,
}

/// A value in both profiles, in the unit of the head.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pair {
    /// In the first.
    pub old: i64,
    /// In the second.
    pub new: i64,
    /// How much more it is in the second.
    pub change: i64,
    /// The change in percent of the first; `None` where that is 0.
    pub percent: Option<f64>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is in the second profile alone.
    New,
    /// It is in the first profile alone.
    Gone,
    /// It holds more, by the value that orders the rows.
    Grew,
    /// It holds less.
    Shrank,
    /// It holds the same, but not what it called, or the other way round.
    Same,
}

impl Change {
    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Grew => "grew",
            Self::Shrank => "shrank",
            Self::Same => "same",
        }
    }
}

impl Pair {
    fn new(old: i64, new: i64) -> Self {
        let change = new.saturating_sub(old);
        Self {
            old,
            new,
            change,
            percent: (old != 0).then(|| change as f64 / old.unsigned_abs() as f64 * 100.0),
        }
    }
}

/// What one profile says of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    flat: i64,
    cum: i64,
}

impl Side {
    const fn is_empty(self) -> bool {
        self.flat == 0 && self.cum == 0
    }
}

/// A row before it is ordered.
#[derive(Debug, Default)]
struct Both {
    handle: Option<Handle>,
    old: Side,
    new: Side,
}

impl Diff {
    /// Compares two profiles.
    ///
    /// The option `normalize` scales the second to the total of the first; `nodefraction`
    /// is of the larger total and applies to changes; `drop_negative` leaves out what
    /// shrank. Costs what two tables cost.
    ///
    /// # Errors
    ///
    /// When an option does not fit, or the profiles show values of different kinds.
    pub fn new(old: &Profile, new: &Profile, options: &Options) -> Result<Self, Failure> {
        let old = Scope::new(old, "top", Format::Text, options)?;
        let new = Scope::new(new, "top", Format::Text, options)?;
        let ratio = ratio(&old, &new)?;
        let new_total = scaled(new.total, ratio);
        let factor = match new_total {
            0 => ratio,
            total if options.normalize => ratio * old.total as f64 / total as f64,
            _ => ratio,
        };
        let total = Pair::new(old.total, scaled(new.total, factor));

        let mut both: HashMap<String, Both> = HashMap::new();
        collect(&old, 1.0, &mut both, |row| &mut row.old);
        collect(&new, factor, &mut both, |row| &mut row.new);

        let by_cum = old.options.sort == "cum";
        let mut hidden = DiffHidden::default();
        let mut rows: Vec<DiffRow> = both
            .into_iter()
            .filter(|(_, both)| !(both.old.is_empty() && both.new.is_empty()))
            .map(|(name, both)| row(name, &both, by_cum))
            .collect();
        let all = rows.len();
        rows.retain(|row| row.flat.change != 0 || row.cum.change != 0);
        hidden.unchanged_rows = all - rows.len();
        if options.drop_negative {
            rows.retain(|row| !matches!(row.change, Change::Gone | Change::Shrank));
        }
        let largest = old.total.saturating_abs().max(total.new.saturating_abs());
        let cutoff = fraction_of(largest, old.options.nodefraction).unsigned_abs();
        rows.retain(|row| {
            let is_large = |pair: Pair| pair.change.unsigned_abs() >= cutoff;
            let stays = is_large(row.flat) || is_large(row.cum);
            if !stays {
                hidden.small_rows += 1;
                hidden.small_change = added(hidden.small_change, row);
            }
            stays
        });
        rows.sort_by(|left, right| {
            let key = |row: &DiffRow| {
                let (flat, cum) = (
                    row.flat.change.unsigned_abs(),
                    row.cum.change.unsigned_abs(),
                );
                if by_cum { (cum, flat) } else { (flat, cum) }
            };
            key(right)
                .cmp(&key(left))
                .then_with(|| left.name.cmp(&right.name))
        });
        let further = rows.split_off(limit(old.options.nodecount).min(rows.len()));
        hidden.further_rows = further.len();
        hidden.further_change = further.iter().fold(0, added);

        let values = rows
            .iter()
            .flat_map(|row| {
                [
                    (row.flat.change, row.cum.change),
                    (row.flat.new, row.cum.new),
                ]
            })
            .filter(|(flat, cum)| *flat != 0 || *cum != 0);
        let display_unit = old.choose_unit(values);
        let mut notes = old.notes.clone();
        notes.extend(
            new.notes
                .iter()
                .filter(|note| !old.notes.contains(note))
                .cloned(),
        );
        Ok(Self {
            head: DiffHead {
                sample_type: old.heading.sample_type.clone(),
                sample_unit: old.heading.sample_unit.clone(),
                filters: active_filters(&old.options),
                granularity: old.granularity,
                display_unit,
                divide_by: old.options.divide_by,
                total,
                hidden,
                compact: old.options.compact_labels,
            },
            rows,
            notes,
        })
    }

    /// Writes the rows as comma-separated values.
    pub fn render_csv(&self) -> String {
        crate::csv::diff(self)
    }

    /// Prints the rows as a table; with `handles`, each with the handle of its function.
    pub fn render_text(&self, handles: bool) -> String {
        let head = &self.head;
        let mut out = String::new();
        if !head.compact {
            let _ = writeln!(out, "Type: {}", head.sample_type);
        }
        if !head.filters.is_empty() {
            let _ = writeln!(out, "Active filters:\n   {}", head.filters.join("\n   "));
        }
        let total = head.total;
        let _ = writeln!(
            out,
            "Total: {} before, {} now, {} ({})",
            head.format(total.old),
            head.format(total.new),
            head.signed(total.change),
            relative(&total, Change::Same),
        );
        let handle = |text: &str| {
            if handles {
                format!("  {text:>9}")
            } else {
                String::new()
            }
        };
        let _ = writeln!(
            out,
            "{:>10} {:>8} {:>10} {:>10} {:>10} {:>8}{}",
            "flat",
            "flat%",
            "before",
            "now",
            "cum",
            "cum%",
            handle("handle"),
        );
        for row in &self.rows {
            let own = row.handle.map(|handle| handle.to_string());
            let _ = writeln!(
                out,
                "{:>10} {:>8} {:>10} {:>10} {:>10} {:>8}{}  {}",
                head.signed(row.flat.change),
                relative(&row.flat, row.change),
                head.format(row.flat.old),
                head.format(row.flat.new),
                head.signed(row.cum.change),
                relative(&row.cum, row.change),
                handle(&own.unwrap_or_default()),
                row.name,
            );
        }
        out
    }

    /// Tells which changes are not shown and which flags show them; `None` when all are.
    pub fn hidden_summary(&self) -> Option<String> {
        let hidden = &self.head.hidden;
        let mut parts = Vec::new();
        for (rows, change, flag) in [
            (hidden.small_rows, hidden.small_change, "--nodefraction"),
            (hidden.further_rows, hidden.further_change, "--nodecount"),
        ] {
            if rows > 0 {
                let plural = if rows == 1 { "" } else { "s" };
                let change = self.head.format(change);
                parts.push(format!("{rows} change{plural} ({change}) hidden by {flag}"));
            }
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl DiffHead {
    /// Writes a value in the display unit.
    pub fn format(&self, value: i64) -> String {
        let value = scaled(value, 1.0 / self.divide_by);
        measurement::scaled_label(value, &self.sample_unit, &self.display_unit)
    }

    /// Writes a change in the display unit, with its sign.
    fn signed(&self, change: i64) -> String {
        let text = self.format(change);
        if change > 0 { format!("+{text}") } else { text }
    }
}

/// A change in percent of what was, or in a word where nothing was or is.
fn relative(pair: &Pair, change: Change) -> String {
    match (pair.percent, change) {
        (_, Change::New | Change::Gone) if pair.change == 0 => String::new(),
        (_, Change::New | Change::Gone) => change.name().to_owned(),
        _ if pair.change == 0 => "0%".to_owned(),
        (None, _) => "new".to_owned(),
        (Some(percent), _) if percent.abs() >= 99_999.5 => {
            let sign = if percent > 0.0 { '+' } else { '-' };
            format!("{sign}>99999%")
        }
        (Some(percent), _) if percent.abs() >= 999.5 => format!("{percent:+.0}%"),
        (Some(percent), _) => format!("{percent:+.1}%"),
    }
}

fn added(sum: i64, row: &DiffRow) -> i64 {
    sum.saturating_add(row.flat.change.saturating_abs())
}

#[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
fn scaled(value: i64, ratio: f64) -> i64 {
    if ratio > 0.0 && ratio.total_cmp(&1.0).is_ne() {
        (value as f64 * ratio) as i64
    } else {
        value
    }
}

/// How much of the old unit the new one is.
fn ratio(old: &Scope<'_>, new: &Scope<'_>) -> Result<f64, Error> {
    let (old, new) = (&old.heading, &new.heading);
    let is_same_kind = old.sample_type == new.sample_type;
    if is_same_kind && old.sample_unit == new.sample_unit {
        return Ok(1.0);
    }
    if is_same_kind && measurement::same_family(&new.sample_unit, &old.sample_unit) {
        return Ok(measurement::ratio(&new.sample_unit, &old.sample_unit));
    }
    let told = |kind: &str, unit: &str| format!("{kind} in {unit}");
    Err(Error::Incomparable {
        old: told(&old.sample_type, &old.sample_unit),
        new: told(&new.sample_type, &new.sample_unit),
    })
}

/// Adds what one profile says of each row.
fn collect(
    scope: &Scope<'_>,
    factor: f64,
    both: &mut HashMap<String, Both>,
    side: fn(&mut Both) -> &mut Side,
) {
    let nodes = NodeTable::new(&scope.profile, NodeRules::of(scope));
    for (node, tally) in tally(scope, &nodes).iter().enumerate() {
        if tally.is_empty() {
            continue;
        }
        let info = nodes.info(node);
        let name = info.map(NodeInfo::label).unwrap_or_default();
        let row = both.entry_ref(&*name).or_default();
        row.handle = info.and_then(NodeInfo::handle);
        let side = side(row);
        side.flat = side.flat.saturating_add(scaled(tally.flat.mean(), factor));
        side.cum = side.cum.saturating_add(scaled(tally.cum.mean(), factor));
    }
}

fn row(name: String, both: &Both, by_cum: bool) -> DiffRow {
    let (old, new) = (both.old, both.new);
    let flat = Pair::new(old.flat, new.flat);
    let cum = Pair::new(old.cum, new.cum);
    let ordered_by = if by_cum { cum } else { flat };
    let change = match (old.is_empty(), new.is_empty()) {
        (true, false) => Change::New,
        (false, true) => Change::Gone,
        _ if ordered_by.change > 0 => Change::Grew,
        _ if ordered_by.change < 0 => Change::Shrank,
        _ => Change::Same,
    };
    DiffRow {
        name,
        handle: both.handle,
        change,
        flat,
        cum,
    }
}

#[cfg(test)]
mod tests {
    use fathom_profile::Limits;

    use super::*;

    fn profile(text: &str) -> Profile {
        Profile::parse(text.as_bytes(), &Limits::small()).unwrap()
    }

    fn told(diff: &Diff) -> Vec<(String, i64, i64, Change)> {
        let rows = diff.rows.iter();
        rows.map(|row| {
            (
                row.name.clone(),
                row.flat.change,
                row.cum.change,
                row.change,
            )
        })
        .collect()
    }

    #[test]
    fn the_largest_change_is_first_whatever_its_sign() {
        let old = profile("main;work 100\nmain;wait 10\nmain;old 50\nmain;same 5\n");
        let new = profile("main;work 130\nmain;wait 15\nmain;fresh 7\nmain;same 5\n");
        let diff = Diff::new(&old, &new, &Options::default()).unwrap();
        let name = |name: &str| name.to_owned();
        assert_eq!(
            told(&diff),
            [
                (name("old"), -50, -50, Change::Gone),
                (name("work"), 30, 30, Change::Grew),
                (name("fresh"), 7, 7, Change::New),
                (name("wait"), 5, 5, Change::Grew),
                (name("main"), 0, -8, Change::Same),
            ]
        );
        assert_eq!(diff.head.total, Pair::new(165, 157));
        assert_eq!(diff.head.hidden.unchanged_rows, 1);
        let text = diff.render_text(false);
        assert!(
            text.contains("Total: 165 before, 157 now, -8 (-4.8%)"),
            "{text}"
        );
        assert!(
            text.contains("       +30   +30.0%        100        130"),
            "{text}"
        );
        assert!(
            text.contains("       -50     gone         50          0"),
            "{text}"
        );
    }

    #[test]
    fn a_profile_does_not_differ_from_itself() {
        let profile = profile("main;work 100\nmain;wait 10\n");
        let diff = Diff::new(&profile, &profile, &Options::default()).unwrap();
        assert!(diff.rows.is_empty());
        assert_eq!(diff.head.total.change, 0);
    }

    #[test]
    fn the_change_of_the_total_is_the_sum_of_flat_changes() {
        let old = profile("a;b 7\na;c 11\nd 13\n");
        let new = profile("a;b 17\ne;c 19\nd;b 23\n");
        let diff = Diff::new(&old, &new, &Options::default()).unwrap();
        let sum: i64 = diff.rows.iter().map(|row| row.flat.change).sum();
        assert_eq!(sum, diff.head.total.change);
        let back = Diff::new(&new, &old, &Options::default()).unwrap();
        let mirrored: Vec<i64> = back.rows.iter().map(|row| -row.flat.change).collect();
        let changes: Vec<i64> = diff.rows.iter().map(|row| row.flat.change).collect();
        assert_eq!(mirrored, changes);
    }

    #[test]
    fn options_hide_and_scale() {
        let old = profile("a 1000\nb 10\nc 500\n");
        let new = profile("a 2000\nb 11\nc 900\n");
        let few = Options {
            nodecount: 1,
            ..Options::default()
        };
        let diff = Diff::new(&old, &new, &few).unwrap();
        assert_eq!(
            diff.hidden_summary().as_deref(),
            Some("1 change (1) hidden by --nodefraction, 1 change (400) hidden by --nodecount")
        );
        let normal = Options {
            normalize: true,
            nodefraction: 0.0,
            ..Options::default()
        };
        let diff = Diff::new(&old, &new, &normal).unwrap();
        assert_eq!(diff.head.total.change, 0);
        assert!(diff.rows.iter().any(|row| row.change == Change::Shrank));
        let grown = Options {
            drop_negative: true,
            ..normal
        };
        let diff = Diff::new(&old, &new, &grown).unwrap();
        assert!(diff.rows.iter().all(|row| row.change != Change::Shrank));
    }
}
