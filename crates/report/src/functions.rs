//! The functions of a profile in every sample type at once, and in an earlier state where
//! there is one: what a table needs that can be sorted by any of them.

use std::collections::HashMap;

use fathom_profile::Profile;
use serde::Serialize;

use crate::Failure;
use crate::command::Format;
use crate::handle::Handle;
use crate::head::active_filters;
use crate::heading::Heading;
use crate::node::{Granularity, NodeInfo, NodeRules, NodeTable};
use crate::options::Options;
use crate::order::{self, Large};
use crate::scope::Scope;
use crate::tally::{Tally, tally_column};

/// Functions, or what else the granularity makes a row of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionTable {
    /// The profile and the sample type that the options choose.
    pub heading: Heading,
    /// The filters that were applied, as `name=value`.
    pub filters: Vec<String>,
    /// What a row is.
    pub granularity: Granularity,
    /// The sample type that the options choose.
    pub selected: usize,
    /// What the rows are called; those with most of the chosen sample type first.
    pub names: Vec<String>,
    /// The handles of their functions; nothing where a row is no function.
    pub handles: Vec<Option<Handle>>,
    /// What fell to each row itself, by sample type and row.
    pub flat: Vec<Vec<i64>>,
    /// What fell to each row and what it called, by sample type and row.
    pub cum: Vec<Vec<i64>>,
    /// The same of the earlier state; empty without one.
    pub base_flat: Vec<Vec<i64>>,
    /// The same of the earlier state; empty without one.
    pub base_cum: Vec<Vec<i64>>,
    /// How many rows are beyond the limit.
    pub left_out: usize,
    /// What to tell about the options, for example a filter that matched nothing.
    pub notes: Vec<String>,
}

/// Flat and cum, by sample type and row.
type Values = (Vec<Vec<i64>>, Vec<Vec<i64>>);

impl FunctionTable {
    /// Makes the table: all that holds anything in any sample type, up to `limit` rows.
    /// What options say of how much is shown does not count.
    ///
    /// # Errors
    ///
    /// As [`Top::new`](crate::top::Top::new).
    pub fn new(
        profile: &Profile,
        base: Option<&Profile>,
        options: &Options,
        limit: usize,
    ) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "top", Format::Text, options)?;
        let mut rows = Rows::default();
        let (flat, cum) = rows.values(&scope);
        let (base_flat, base_cum) = match base {
            Some(base) => rows.values(&Scope::new(base, "top", Format::Text, options)?),
            None => Values::default(),
        };
        let left_out = rows.names.len().saturating_sub(limit);
        rows.names.truncate(limit);
        rows.handles.truncate(limit);
        let count = rows.names.len();
        let filled = |mut columns: Vec<Vec<i64>>| {
            for column in &mut columns {
                column.resize(count, 0);
            }
            columns
        };
        Ok(Self {
            filters: active_filters(&scope.options),
            granularity: scope.granularity,
            selected: scope.column,
            names: rows.names,
            handles: rows.handles,
            flat: filled(flat),
            cum: filled(cum),
            base_flat: filled(base_flat),
            base_cum: filled(base_cum),
            left_out,
            notes: scope.notes,
            heading: scope.heading,
        })
    }
}

/// Rows by name.
#[derive(Default)]
struct Rows {
    places: HashMap<String, usize>,
    names: Vec<String>,
    handles: Vec<Option<Handle>>,
}

impl Rows {
    /// Adds up what fell to each row, new ones included: the chosen sample type first.
    fn values(&mut self, scope: &Scope<'_>) -> Values {
        let nodes = NodeTable::new(&scope.profile, NodeRules::of(scope));
        let count = scope.profile.sample_types().len();
        let tallies: Vec<Vec<Tally>> = (0..count)
            .map(|column| tally_column(scope, &nodes, column))
            .collect();
        let mut places: Vec<Option<usize>> = vec![None; nodes.len()];
        let others = (0..count).filter(|&column| column != scope.column);
        for column in std::iter::once(scope.column).chain(others) {
            let Some(tallies) = tallies.get(column) else {
                continue;
            };
            let all = (0_u32..).zip(tallies);
            let counted = all.filter(|(_, tally)| Large::counts(scope, tally));
            let mut counted: Vec<u32> = counted.map(|(node, _)| node).collect();
            let by_cum = scope.options.sort == "cum";
            order::by_value(&mut counted, &nodes, tallies, by_cum);
            for node in counted {
                if let Some(place @ None) = places.get_mut(node as usize) {
                    *place = nodes.info(node as usize).map(|info| self.place(info));
                }
            }
        }
        let (mut flat, mut cum) = Values::default();
        for tallies in &tallies {
            let mut sums = (vec![0; self.names.len()], vec![0; self.names.len()]);
            let counted = tallies.iter().zip(&places);
            for (tally, place) in counted.filter(|(tally, _)| Large::counts(scope, tally)) {
                for (sums, weight) in [(&mut sums.0, tally.flat), (&mut sums.1, tally.cum)] {
                    if let Some(sum) = place.and_then(|place| sums.get_mut(place)) {
                        *sum = i64::saturating_add(*sum, weight.mean());
                    }
                }
            }
            flat.push(sums.0);
            cum.push(sums.1);
        }
        (flat, cum)
    }

    fn place(&mut self, info: &NodeInfo<'_>) -> usize {
        let name = info.label();
        if let Some(&place) = self.places.get(&*name) {
            return place;
        }
        let place = self.names.len();
        self.names.push(name.to_string());
        self.places.insert(name.into_owned(), place);
        self.handles.push(info.handle());
        place
    }
}

#[cfg(test)]
mod tests {
    use fathom_profile::Limits;

    use super::*;
    use crate::top::{Intervals, Top};

    /// Two sample types: `heap profile` of Go in its text form.
    const HEAP: &str = "heap profile: 3: 600 [5: 1000] @ heap/1\n\
        1: 100 [2: 200] @ 0x1 0x2\n\
        2: 500 [2: 500] @ 0x3 0x2\n\
        0: 0 [1: 300] @ 0x4\n";

    fn profile(text: &str) -> Profile {
        Profile::parse(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn all() -> Options {
        Options {
            trim: false,
            granularity: "addresses".to_owned(),
            ..Options::default()
        }
    }

    #[test]
    fn values_are_those_of_top_in_each_sample_type() {
        let profile = profile(HEAP);
        let table = FunctionTable::new(&profile, None, &all(), 100).unwrap();
        assert_eq!(table.flat.len(), 4);
        assert_eq!(table.names.len(), 4);
        for column in 0..4 {
            let options = Options {
                sample_index: column.to_string(),
                ..all()
            };
            let top = Top::new(&profile, &options, Intervals::Omit).unwrap();
            let mut rows = Vec::new();
            for (row, name) in table.names.iter().enumerate() {
                let (flat, cum) = (table.flat[column][row], table.cum[column][row]);
                if (flat, cum) != (0, 0) {
                    rows.push((name.clone(), flat, cum));
                }
            }
            let mut wanted: Vec<_> = top
                .rows
                .iter()
                .map(|row| (row.name.clone(), row.flat, row.cum))
                .collect();
            if column == table.selected {
                assert_eq!(rows, wanted);
            }
            rows.sort();
            wanted.sort();
            assert_eq!(rows, wanted);
            assert!(!rows.is_empty());
        }
    }

    #[test]
    fn rows_of_an_earlier_state_stand_beside() {
        let (new, base) = (profile("a;b 3\na;c 4\n"), profile("a;b 1\na;d 7\n"));
        let table = FunctionTable::new(&new, Some(&base), &Options::default(), 100).unwrap();
        let names: Vec<&str> = table.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["c", "b", "a", "d"]);
        assert_eq!(table.flat, [[4, 3, 0, 0]]);
        assert_eq!(table.cum, [[4, 3, 7, 0]]);
        assert_eq!(table.base_flat, [[0, 1, 0, 7]]);
        assert_eq!(table.base_cum, [[0, 1, 8, 7]]);
        let short = FunctionTable::new(&new, Some(&base), &Options::default(), 2).unwrap();
        assert_eq!((short.names.len(), short.left_out), (2, 2));
        assert_eq!(short.base_flat, [[0, 1]]);
    }
}
