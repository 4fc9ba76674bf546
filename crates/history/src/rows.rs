//! From profiles one after the other to rows by stack.

use hashbrown::HashMap;

use crate::Semantics;
use crate::changes::StackValues;
use crate::form::{Entry, Form, Origin, Pair};

/// What one stack did at one time in one series, that is in one or two columns.
///
/// - Level: the values hold in all profiles from `time` to `until`, both included.
/// - Cumulative: `values` is the increase at `time`; the count itself is the sum of `values` and
///   `carried` of all rows of the stack up to a time. What is carried is no increase: the count
///   that a block begins with, or, negative, the count that was lost at a new start.
/// - Delta: the values of the profile at `time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) stack: u32,
    pub(crate) time: i64,
    pub(crate) until: i64,
    pub(crate) values: [i64; 2],
    pub(crate) carried: [i64; 2],
}

impl Row {
    /// A row of one moment.
    pub(crate) const fn at(stack: u32, time: i64) -> Self {
        Self {
            stack,
            time,
            until: time,
            values: [0; 2],
            carried: [0; 2],
        }
    }

    /// Whether it says nothing.
    pub(crate) const fn is_empty(&self) -> bool {
        matches!((self.values, self.carried), ([0, 0], [0, 0]))
    }

    /// Adds what another row of the same stack and time says.
    pub(crate) fn add(&mut self, other: &Self) {
        for place in 0..2 {
            self.values[place] = self.values[place].wrapping_add(other.values[place]);
            self.carried[place] = self.carried[place].wrapping_add(other.carried[place]);
        }
    }
}

/// Turns the profiles of a stream, one after the other, into rows.
#[derive(Debug)]
pub(crate) struct Unroller {
    pairs: Vec<Pair>,
    columns: usize,
    places: HashMap<u32, usize>,
    stacks: Vec<u32>,
    /// The values of the profile before, by place and column; 0 for deltas.
    values: Vec<i64>,
    /// Since when a level holds, by place and pair.
    since: Vec<i64>,
    before_ms: Option<i64>,
    /// Whether a base stands in `values` that no row tells yet.
    has_base: bool,
    rows: Vec<Vec<Row>>,
}

impl Unroller {
    /// Begins a stream; `base` is the state before its first profile.
    pub(crate) fn new(form: &Form, base: Option<&StackValues>) -> Self {
        let pairs = form.pairs();
        let mut unroller = Self {
            columns: form.types.len(),
            places: HashMap::new(),
            stacks: Vec::new(),
            values: Vec::new(),
            since: Vec::new(),
            before_ms: None,
            has_base: base.is_some(),
            rows: vec![Vec::new(); pairs.len()],
            pairs,
        };
        for (stack, values) in base.iter().flat_map(|base| base.iter()) {
            let place = unroller.place(stack);
            unroller.values[place * unroller.columns..][..values.len()].copy_from_slice(values);
        }
        unroller
    }

    fn place(&mut self, stack: u32) -> usize {
        *self.places.entry(stack).or_insert_with(|| {
            self.stacks.push(stack);
            self.values.resize(self.values.len() + self.columns, 0);
            self.since.resize(self.since.len() + self.pairs.len(), 0);
            self.stacks.len() - 1
        })
    }

    fn old(&self, place: usize, pair: Pair) -> [i64; 2] {
        pair.of(&self.values[place * self.columns..][..self.columns])
    }

    /// Adds the next profile.
    pub(crate) fn push(&mut self, entry: &Entry, changes: &StackValues) {
        let at_ms = entry.at_ms;
        if std::mem::take(&mut self.has_base) {
            self.tell_base(at_ms);
        }
        if entry.origin != Origin::Continues {
            self.start_anew(at_ms);
        }
        let mut row = vec![0; self.columns];
        for (stack, differences) in changes.iter() {
            let place = self.place(stack);
            let start = place * self.columns;
            for (column, difference) in differences.iter().enumerate() {
                row[column] = self.values[start + column].wrapping_add(*difference);
            }
            for index in 0..self.pairs.len() {
                let pair = self.pairs[index];
                let (old, new) = (self.old(place, pair), pair.of(&row));
                self.change(index, place, at_ms, old, new, entry.origin);
            }
            for pair in &self.pairs {
                for (_, column) in pair.columns() {
                    let is_kept = pair.semantics != Semantics::Delta;
                    self.values[start + column] = if is_kept { row[column] } else { 0 };
                }
            }
        }
        self.before_ms = Some(at_ms);
    }

    fn change(
        &mut self,
        index: usize,
        place: usize,
        at_ms: i64,
        old: [i64; 2],
        new: [i64; 2],
        origin: Origin,
    ) {
        let mut row = Row::at(self.stacks[place], at_ms);
        match self.pairs[index].semantics {
            Semantics::Level => {
                if old != new {
                    self.close(index, place, old);
                    self.since[place * self.pairs.len() + index] = at_ms;
                }
                return;
            }
            Semantics::Delta => row.values = new,
            Semantics::Cumulative => {
                for column in 0..2 {
                    let (old, new) = (old[column], new[column]);
                    if origin == Origin::First {
                        row.carried[column] = new;
                    } else if new >= old {
                        row.values[column] = new.wrapping_sub(old);
                    } else {
                        row.values[column] = new;
                        row.carried[column] = old.wrapping_neg();
                    }
                }
            }
        }
        if !row.is_empty() {
            self.rows[index].push(row);
        }
    }

    /// Ends the stretch of a level with the profile before.
    fn close(&mut self, index: usize, place: usize, values: [i64; 2]) {
        let time = self.since[place * self.pairs.len() + index];
        if let Some(until) = self.before_ms
            && values != [0; 2]
            && time <= until
        {
            self.rows[index].push(Row {
                stack: self.stacks[place],
                time,
                until,
                values,
                carried: [0; 2],
            });
        }
    }

    /// Makes rows of the state before the first profile.
    fn tell_base(&mut self, at_ms: i64) {
        self.since.fill(at_ms);
        for index in 0..self.pairs.len() {
            if self.pairs[index].semantics != Semantics::Cumulative {
                continue;
            }
            for place in 0..self.stacks.len() {
                let mut row = Row::at(self.stacks[place], at_ms);
                row.carried = self.old(place, self.pairs[index]);
                if !row.is_empty() {
                    self.rows[index].push(row);
                }
            }
        }
    }

    /// Forgets all values, because the next profile goes on from nothing.
    fn start_anew(&mut self, at_ms: i64) {
        for index in 0..self.pairs.len() {
            for place in 0..self.stacks.len() {
                let old = self.old(place, self.pairs[index]);
                match self.pairs[index].semantics {
                    Semantics::Level => self.close(index, place, old),
                    Semantics::Cumulative if old != [0; 2] => {
                        let mut row = Row::at(self.stacks[place], at_ms);
                        row.carried = old.map(i64::wrapping_neg);
                        self.rows[index].push(row);
                    }
                    Semantics::Cumulative | Semantics::Delta => {}
                }
            }
        }
        self.values.fill(0);
    }

    /// Ends the stream: the rows of each pair, in no order, some stacks with several rows of one
    /// time.
    pub(crate) fn finish(mut self) -> Vec<Vec<Row>> {
        for index in 0..self.pairs.len() {
            if self.pairs[index].semantics == Semantics::Level {
                for place in 0..self.stacks.len() {
                    let values = self.old(place, self.pairs[index]);
                    self.close(index, place, values);
                }
            }
        }
        self.rows
    }
}

/// Sorts rows by stack and time and makes one of those with the same.
pub(crate) fn in_order(rows: &mut Vec<Row>) {
    rows.sort_unstable_by_key(|row| (row.stack, row.time));
    rows.dedup_by(|next, kept| {
        let is_same = (next.stack, next.time) == (kept.stack, kept.time);
        if is_same {
            kept.add(next);
        }
        is_same
    });
    rows.retain(|row| !row.is_empty());
}
