//! Reading the profiles of the head.

use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension as _};

use crate::changes::StackValues;
use crate::dictionary::{FrameRow, StackRow};
use crate::form::{Entry, Form, Origin};
use crate::rows::{Row, Unroller};
use crate::shelf;
use crate::sources::Stacks;
use crate::stream::Fail;
use crate::{Result, Semantics};

/// What the head holds of a stream.
#[derive(Debug)]
pub(crate) struct HeadStream {
    /// What it held before the first profile.
    pub(crate) base: Option<StackValues>,
    pub(crate) profiles: Vec<(Entry, StackValues)>,
    /// The run of the last profile.
    pub(crate) run: Option<i64>,
    /// When the last profile was taken, of the head or before.
    pub(crate) last_ms: Option<i64>,
}

impl HeadStream {
    /// Reads it.
    pub(crate) fn read(
        connection: &Connection,
        stream: i64,
        form: &Form,
        fail: Fail<'_>,
    ) -> Result<Self> {
        let columns = form.types.len();
        let base: Option<(i64, i64, Vec<u8>)> = connection
            .prepare_cached("select run, at_ms, changes from head_base where stream = ?1")
            .and_then(|mut select| {
                select
                    .query_row([stream], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .optional()
            })
            .map_err(fail)?;
        let mut head = Self {
            base: None,
            profiles: Vec::new(),
            run: base.as_ref().map(|(run, ..)| *run),
            last_ms: base.as_ref().map(|(_, at_ms, _)| *at_ms),
        };
        if let Some((_, _, bytes)) = base {
            let values = StackValues::decode(columns, &bytes);
            head.base = Some(values.ok_or_else(|| fail(damaged("head_base", stream)))?);
        }
        let mut select = connection
            .prepare_cached(
                "select run, at_ms, entry, changes from head_profile where stream = ?1 order by id",
            )
            .map_err(fail)?;
        let mut rows = select.query([stream]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            let at_ms: i64 = row.get(1).map_err(fail)?;
            let blob = |column| row.get_ref(column).ok()?.as_blob().ok();
            let entry = blob(2).and_then(|bytes| Entry::decode(at_ms, bytes));
            let changes = blob(3).and_then(|bytes| StackValues::decode(columns, bytes));
            let (Some(entry), Some(changes)) = (entry, changes) else {
                return Err(fail(damaged("head_profile", stream)));
            };
            head.run = Some(row.get(0).map_err(fail)?);
            head.last_ms = Some(at_ms);
            head.profiles.push((entry, changes));
        }
        Ok(head)
    }

    /// What the last profile held; 0 for deltas.
    pub(crate) fn last_state(&self, form: &Form) -> StackValues {
        let columns = form.types.len();
        let mut values: HashMap<u32, Vec<i64>> = HashMap::new();
        if let Some(base) = &self.base {
            for (stack, row) in base.iter() {
                values.insert(stack, row.to_vec());
            }
        }
        for (entry, changes) in &self.profiles {
            if entry.origin != Origin::Continues {
                values.clear();
            }
            for (stack, differences) in changes.iter() {
                let row = values.entry(stack).or_insert_with(|| vec![0; columns]);
                for (column, difference) in differences.iter().enumerate() {
                    if form.types[column].semantics != Semantics::Delta {
                        row[column] = row[column].wrapping_add(*difference);
                    }
                }
            }
        }
        let mut stacks: Vec<(u32, Vec<i64>)> = values.into_iter().collect();
        stacks.retain(|(_, row)| row.iter().any(|value| *value != 0));
        stacks.sort_unstable_by_key(|(stack, _)| *stack);
        let mut state = StackValues::new(columns);
        for (stack, row) in stacks {
            state.push(stack, &row);
        }
        state
    }

    /// Makes rows of all, pair by pair, in no order.
    pub(crate) fn rows(&self, form: &Form) -> Vec<Vec<Row>> {
        let mut unroller = Unroller::new(form, self.base.as_ref());
        for (entry, changes) in &self.profiles {
            unroller.push(entry, changes);
        }
        unroller.finish()
    }
}

fn damaged(table: &str, stream: i64) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnName(format!("a row of {table} of stream {stream} is damaged"))
}

/// Reads stacks of the head by their numbers (sorted), with their frames.
pub(crate) fn stacks(connection: &Connection, wanted: &[u32], fail: Fail<'_>) -> Result<Stacks> {
    let mut frames: Vec<FrameRow> = Vec::new();
    let mut places: HashMap<u32, u32> = HashMap::new();
    let mut stacks = Vec::with_capacity(wanted.len());
    let mut select_frame = connection
        .prepare_cached("select frame from head_frame where id = ?1")
        .map_err(fail)?;
    let mut found: Vec<(u32, StackRow)> = Vec::with_capacity(wanted.len());
    if let (Some(first), Some(last)) = (wanted.first(), wanted.last()) {
        shelf::each(connection, (*first, *last), |number, stack| {
            if wanted.binary_search(&number).is_ok() {
                found.push((number, stack));
            }
        })
        .map_err(fail)?;
    }
    for (id, mut stack) in found {
        for frame in &mut stack.frames {
            let place = if let Some(&place) = places.get(frame) {
                place
            } else {
                let bytes: Vec<u8> = select_frame
                    .query_row([*frame], |row| row.get(0))
                    .map_err(fail)?;
                let row = FrameRow::decode(&bytes);
                let row = row.ok_or_else(|| fail(damaged("head_frame", i64::from(*frame))))?;
                let place = u32::try_from(frames.len()).unwrap_or(u32::MAX);
                frames.push(row);
                places.insert(*frame, place);
                place
            };
            *frame = place;
        }
        stacks.push((id, stack));
    }
    Ok((frames, stacks))
}
