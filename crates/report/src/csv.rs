//! Tables as comma-separated values (RFC 4180): a line of names, then a line a row.
//!
//! Values are whole numbers in the unit of the profile, which a column names; shares are
//! in percent with two decimals.

use std::fmt::{Display, Write as _};

use crate::diff::Diff;
use crate::handle::Handle;
use crate::tags::Tags;
use crate::top::Top;
use crate::tree::{Call, Tree};

/// Lines of cells.
struct Csv(String);

impl Csv {
    fn new(header: &str) -> Self {
        Self(format!("{header}\n"))
    }

    fn row(&mut self, cells: &[&dyn Display]) {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.0.push(',');
            }
            let text = cell.to_string();
            if text.contains([',', '"', '\n', '\r']) {
                let _ = write!(self.0, "\"{}\"", text.replace('"', "\"\""));
            } else {
                self.0.push_str(&text);
            }
        }
        self.0.push('\n');
    }
}

fn told(handle: Option<Handle>) -> String {
    handle.map(|handle| handle.to_string()).unwrap_or_default()
}

fn percent(value: f64) -> String {
    format!("{value:.2}")
}

/// Writes the rows of a table. Intervals have columns where the view has them.
pub(crate) fn top(top: &Top) -> String {
    let intervals = top.sampling.is_some();
    let mut csv = Csv::new(if intervals {
        "name,handle,flat,flat_percent,sum_percent,cum,cum_percent,unit,\
         flat_low,flat_high,cum_low,cum_high"
    } else {
        "name,handle,flat,flat_percent,sum_percent,cum,cum_percent,unit"
    });
    for row in &top.rows {
        let handle = told(row.handle);
        let shares = [row.flat_percent, row.sum_percent, row.cum_percent].map(percent);
        let mut cells: Vec<&dyn Display> = vec![
            &row.name,
            &handle,
            &row.flat,
            &shares[0],
            &shares[1],
            &row.cum,
            &shares[2],
            &top.head.heading.sample_unit,
        ];
        let bounds = row.intervals.map_or([None; 4], |bounds| {
            let (flat, cum) = (bounds.flat, bounds.cum);
            [
                flat.map(|it| it.low),
                flat.map(|it| it.high),
                cum.map(|it| it.low),
                cum.map(|it| it.high),
            ]
        });
        let bounds = bounds.map(|bound| bound.map(|it| it.to_string()).unwrap_or_default());
        if intervals {
            cells.extend(bounds.iter().map(|bound| bound as &dyn Display));
        }
        csv.row(&cells);
    }
    csv.0
}

/// Writes a row for each entry and one for each of its calls, which `relation` tells
/// apart. The value of a call is what went through it.
pub(crate) fn tree(tree: &Tree) -> String {
    let mut csv = Csv::new(
        "entry,entry_handle,relation,name,handle,flat,flat_percent,cum,cum_percent,calls,unit",
    );
    let unit = &tree.head.heading.sample_unit;
    for entry in &tree.entries {
        let own = told(entry.handle);
        let mut calls = |relation: &str, calls: &[Call]| {
            for call in calls {
                let other = told(call.handle);
                csv.row(&[
                    &entry.name,
                    &own,
                    &relation,
                    &call.name,
                    &other,
                    &"",
                    &"",
                    &"",
                    &"",
                    &call.weight,
                    unit,
                ]);
            }
        };
        calls("caller", &entry.callers);
        calls("callee", &entry.callees);
        csv.row(&[
            &entry.name,
            &own,
            &"self",
            &entry.name,
            &own,
            &entry.flat,
            &percent(entry.flat_percent),
            &entry.cum,
            &percent(entry.cum_percent),
            &"",
            unit,
        ]);
    }
    csv.0
}

/// Writes a row for each value of each label.
pub(crate) fn tags(tags: &Tags) -> String {
    let mut csv = Csv::new("key,value,flat,flat_percent,key_total,unit");
    for key in &tags.keys {
        for value in &key.values {
            let share = if tags.total == 0 {
                0.0
            } else {
                value.flat as f64 / tags.total as f64 * 100.0
            };
            csv.row(&[
                &key.key,
                &value.value,
                &value.flat,
                &percent(share),
                &key.total,
                &tags.unit,
            ]);
        }
    }
    csv.0
}

/// Writes the rows of a comparison.
pub(crate) fn diff(diff: &Diff) -> String {
    let mut csv = Csv::new(
        "name,handle,change,flat_old,flat_new,flat_change,flat_change_percent,\
         cum_old,cum_new,cum_change,cum_change_percent,unit",
    );
    for row in &diff.rows {
        let relative = |share: Option<f64>| share.map(percent).unwrap_or_default();
        csv.row(&[
            &row.name,
            &told(row.handle),
            &row.change.name(),
            &row.flat.old,
            &row.flat.new,
            &row.flat.change,
            &relative(row.flat.percent),
            &row.cum.old,
            &row.cum.new,
            &row.cum.change,
            &relative(row.cum.percent),
            &diff.head.sample_unit,
        ]);
    }
    csv.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut csv = Csv::new("a,b,c");
        csv.row(&[&"x", &"func(int, string)", &"say \"no\"\n"]);
        assert_eq!(
            csv.0,
            "a,b,c\nx,\"func(int, string)\",\"say \"\"no\"\"\n\"\n"
        );
    }
}
