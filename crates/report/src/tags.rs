//! The values of each label: `tags`.

use std::collections::BTreeMap;

use fathom_profile::{LabelRefValue, Profile, measurement};
use serde::Serialize;

use crate::Failure;
use crate::command::Format;
use crate::options::Options;
use crate::scope::Scope;

/// The labels of a profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tags {
    /// The unit of the values.
    pub unit: String,
    /// What percentages are of.
    pub total: i64,
    /// The keys, the one with the largest sum first.
    pub keys: Vec<TagKey>,
    /// What to tell about the options.
    pub notes: Vec<String>,
    #[serde(skip)]
    text: String,
}

/// The values of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TagKey {
    /// The key.
    pub key: String,
    /// What fell to the samples that have it.
    pub total: i64,
    /// Its values, the one to which most fell first.
    pub values: Vec<TagValue>,
}

/// What fell to a value of a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TagValue {
    /// The value; numbers with their unit.
    pub value: String,
    /// What fell to it.
    pub flat: i64,
}

impl Tags {
    /// Makes the view.
    ///
    /// # Errors
    ///
    /// When an option does not fit.
    pub fn new(profile: &Profile, options: &Options) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "tags", Format::Tags, options)?;
        let mut sums: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
        for sample in 0..scope.profile.sample_count() {
            let value = scope.profile.value(sample, scope.column);
            for label in scope.profile.labels(sample) {
                let text = match label.value {
                    LabelRefValue::Text(text) => text.to_owned(),
                    LabelRefValue::Number { value, .. } => {
                        let unit = scope.label_units.of(label.key);
                        measurement::scaled_label(value, unit, &scope.unit)
                    }
                };
                let sum = sums.entry(label.key).or_default().entry(text).or_default();
                *sum = sum.wrapping_add(value);
            }
        }
        let mut keys: Vec<TagKey> = sums
            .into_iter()
            .map(|(key, values)| {
                let mut values: Vec<TagValue> = values
                    .into_iter()
                    .map(|(value, flat)| TagValue { value, flat })
                    .collect();
                // Sorted by text already.
                values.sort_by_key(|value| std::cmp::Reverse(value.flat.unsigned_abs()));
                TagKey {
                    key: key.to_owned(),
                    total: values
                        .iter()
                        .fold(0, |sum: i64, value| sum.wrapping_add(value.flat)),
                    values,
                }
            })
            .collect();
        keys.sort_by(|left, right| left.key.cmp(&right.key));
        let text = text(&scope, &keys);
        Ok(Self {
            unit: scope.heading.sample_unit.clone(),
            total: scope.total,
            keys,
            notes: scope.notes,
            text,
        })
    }

    /// Writes the values as comma-separated values, a row each.
    pub fn render_csv(&self) -> String {
        crate::csv::tags(self)
    }

    /// The view as `go tool pprof -tags` prints it.
    pub fn as_text(&self) -> &str {
        &self.text
    }
}

fn text(scope: &Scope<'_>, keys: &[TagKey]) -> String {
    let total = scope.total;
    let share = |value: i64| {
        if total > 0 {
            format!(" ({})", measurement::percentage(value, total))
        } else {
            String::new()
        }
    };
    let mut table = Columns::default();
    for key in keys {
        table.row(
            &format!("{}:", key.key),
            &format!(
                " Total {} of {}{}",
                scope.format(key.total),
                scope.format(total),
                share(key.total)
            ),
        );
        for value in &key.values {
            table.indented_row(
                &format!("{}{}:", scope.format(value.flat), share(value.flat)),
                &format!(" {}", value.value),
            );
        }
        table.blank();
    }
    table.finish()
}

/// Lines whose cells end at common columns, as Go's `text/tabwriter` aligns them to the
/// right with a padding of one space. A column is as wide as its widest cell in adjacent
/// lines that have it; the last cell of a line is no part of any column.
#[derive(Default)]
struct Columns {
    lines: Vec<(Vec<String>, String)>,
}

impl Columns {
    fn row(&mut self, first: &str, rest: &str) {
        self.lines.push((vec![first.to_owned()], rest.to_owned()));
    }

    fn indented_row(&mut self, second: &str, rest: &str) {
        let cells = vec![" ".to_owned(), second.to_owned()];
        self.lines.push((cells, rest.to_owned()));
    }

    fn blank(&mut self) {
        self.lines.push((Vec::new(), String::new()));
    }

    fn finish(self) -> String {
        let mut out = String::new();
        for (place, (cells, rest)) in self.lines.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let width = self.width(place, column);
                let padding = width.saturating_sub(cell.chars().count());
                out.extend(std::iter::repeat_n(' ', padding));
                out.push_str(cell);
            }
            out.push_str(rest);
            out.push('\n');
        }
        out
    }

    /// The width of a cell's column: over the lines around it that have the column.
    fn width(&self, place: usize, column: usize) -> usize {
        let has = |line: &&(Vec<String>, String)| line.0.len() > column;
        let (before, after) = self.lines.split_at(place);
        let block = before.iter().rev().take_while(has);
        let widest = block
            .chain(after.iter().take_while(has))
            .filter_map(|(cells, _)| cells.get(column))
            .map(|cell| cell.chars().count())
            .max();
        widest.unwrap_or(0) + 1
    }
}
