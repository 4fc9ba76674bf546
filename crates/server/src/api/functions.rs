//! The rows of `top` in every sample type at once, and in the base where there is one.

use std::collections::HashMap;

use axum::body::Bytes;
use fathom_report::handle::Handle;
use fathom_report::options::Options;
use fathom_report::top::{Intervals, Top};
use fathom_report::{Granularity, Heading, Memoized};
use serde::Serialize;

use super::about::SampleType;
use super::{Work, json};
use crate::problem::Problem;
use crate::subject::Side;

/// Rows that are listed unless another number is asked for.
const ROWS: usize = 20_000;

/// The table.
#[derive(Debug, Serialize)]
struct Functions {
    schema: &'static str,
    heading: Heading,
    filters: Vec<String>,
    granularity: Granularity,
    /// Which of the sample types the heading is about.
    selected: usize,
    sample_types: Vec<SampleType>,
    names: Vec<String>,
    handles: Vec<Option<Handle>>,
    /// By sample type and row.
    flat: Vec<Vec<i64>>,
    cum: Vec<Vec<i64>>,
    /// The same of the base; empty without one.
    base_flat: Vec<Vec<i64>>,
    base_cum: Vec<Vec<i64>>,
    /// How many rows are beyond the limit.
    left_out: usize,
    notes: Vec<String>,
}

/// Rows by name, in columns.
#[derive(Debug, Default)]
struct Rows {
    places: HashMap<String, usize>,
    names: Vec<String>,
    handles: Vec<Option<Handle>>,
}

impl Rows {
    fn place(&mut self, name: &str, handle: Option<Handle>) -> usize {
        if let Some(&place) = self.places.get(name) {
            return place;
        }
        let place = self.names.len();
        self.places.insert(name.to_owned(), place);
        self.names.push(name.to_owned());
        self.handles.push(handle);
        place
    }
}

/// Flat and cum of one profile, by sample type and row.
type Values = (Vec<Vec<i64>>, Vec<Vec<i64>>);

pub(super) fn functions(work: &Work<'_>) -> Result<Bytes, Problem> {
    let named = work.named()?;
    let side = work.query.side(Side::New)?;
    let profile = &*named.side(side)?;
    // Where the change itself is asked for, the base is in it.
    let base = if side == Side::New {
        named.base()
    } else {
        None
    };
    let options = Options {
        trim: false,
        nodecount: 0,
        ..work.query.options_for(profile)?
    };
    let selected = profile.select_column(&options.sample_index);
    let selected = selected.map_err(|error| Problem::bad_request(error.to_string()))?;
    let mut rows = Rows::default();
    let mut head = None;
    let (flat, cum) = values(profile, &options, Some(selected), &mut rows, &mut head)?;
    let (base_flat, base_cum) = match base {
        Some(base) => values(base, &options, None, &mut rows, &mut None)?,
        None => Values::default(),
    };
    let Some(top) = head else {
        return Err(Problem::not_found("the profile has no sample types"));
    };
    let limit = work.query.number("limit")?.unwrap_or(ROWS);
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
    json(&Functions {
        schema: "fathom.functions/1",
        heading: top.head.heading,
        filters: top.head.filters,
        granularity: top.head.granularity,
        selected,
        sample_types: SampleType::all(profile),
        flat: filled(flat),
        cum: filled(cum),
        base_flat: filled(base_flat),
        base_cum: filled(base_cum),
        names: rows.names,
        handles: rows.handles,
        left_out,
        notes: top.notes,
    })
}

/// Adds the rows of every sample type, those of `first` before the others.
fn values(
    profile: &Memoized,
    options: &Options,
    first: Option<usize>,
    rows: &mut Rows,
    head: &mut Option<Top>,
) -> Result<Values, Problem> {
    let count = profile.sample_types().len();
    let (mut flat, mut cum) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    let first = first.unwrap_or(0);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&column| column != first);
    for (column, made) in order.iter().copied().zip(tops(profile, options, &order)) {
        let mut top = made?;
        for row in std::mem::take(&mut top.rows) {
            let place = rows.place(&row.name, row.handle);
            for (columns, value) in [(&mut flat, row.flat), (&mut cum, row.cum)] {
                let Some(values) = columns.get_mut(column) else {
                    continue;
                };
                if values.len() <= place {
                    values.resize(place + 1, 0);
                }
                if let Some(slot) = values.get_mut(place) {
                    *slot = value;
                }
            }
        }
        head.get_or_insert(top);
    }
    Ok((flat, cum))
}

/// Makes the table of each of several sample types, side by side.
fn tops(profile: &Memoized, options: &Options, columns: &[usize]) -> Vec<Result<Top, Problem>> {
    let of = |column: usize| {
        let options = Options {
            sample_index: column.to_string(),
            ..options.clone()
        };
        Ok(Top::new(profile, &options, Intervals::Omit)?)
    };
    let failed = |_| Err(Problem::bad_request("the table could not be made"));
    std::thread::scope(|scope| {
        let of = &of;
        let started = columns
            .iter()
            .map(|&column| scope.spawn(move || of(column)));
        let started: Vec<_> = started.collect();
        let made = started.into_iter().map(std::thread::ScopedJoinHandle::join);
        made.map(|joined| joined.unwrap_or_else(failed)).collect()
    })
}
