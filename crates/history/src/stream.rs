//! Appending profiles to the head.

use fathom_profile::Profile;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::changes::StackValues;
use crate::form::{Entry, Form, Origin};
use crate::interner::{Doubles, Interner};
use crate::scrape::Taken;
use crate::{Result, Semantics};

/// Makes the error of a statement.
pub(crate) type Fail<'a> = &'a dyn Fn(rusqlite::Error) -> crate::Error;

/// A target's profiles of one kind and form, as far as the next one needs them.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: i64,
    pub(crate) form: Form,
    /// What the profile before held; 0 for deltas.
    state: StackValues,
    /// Of each stack of `state`, the addresses it had; empty when they are not known.
    variants: Vec<u64>,
    doubles: Doubles,
    /// The run of the profile before; nothing before the first.
    run: Option<i64>,
    /// When the last profile of the head was taken.
    last_ms: Option<i64>,
}

/// When and in which run a profile was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at_ms: i64,
    pub(crate) run: i64,
}

impl Stream {
    /// Finds or makes the stream of a form, with what the head holds of it.
    pub(crate) fn load(
        connection: &Connection,
        interner: &Interner,
        (target, kind): (i64, &str),
        form: Form,
        fail: Fail<'_>,
    ) -> Result<Self> {
        let id = id_of(connection, target, kind, &form).map_err(fail)?;
        let mut stream = Self {
            id,
            state: StackValues::new(form.types.len()),
            form,
            variants: Vec::new(),
            doubles: interner.load_doubles(connection, id).map_err(fail)?,
            run: None,
            last_ms: None,
        };
        let head = crate::head::HeadStream::read(connection, id, &stream.form, fail)?;
        stream.run = head.run;
        stream.last_ms = head.profiles.iter().map(|(entry, _)| entry.at_ms).max();
        stream.state = head.last_state(&stream.form);
        Ok(stream)
    }

    /// Stores a profile, and tells how many bytes it took.
    pub(crate) fn append(
        &mut self,
        connection: &Connection,
        interner: &mut Interner,
        profile: &Profile,
        moment: Moment,
        fail: Fail<'_>,
    ) -> Result<u64> {
        let origin = match self.run {
            None => Origin::First,
            Some(run) if run == moment.run => Origin::Continues,
            Some(_) => Origin::Restart,
        };
        if origin == Origin::Restart {
            self.state = StackValues::new(self.form.types.len());
            self.variants.clear();
            self.doubles = Doubles::default();
            connection
                .prepare_cached("delete from head_double where stream = ?1")
                .and_then(|mut delete| delete.execute([self.id]))
                .map_err(fail)?;
        }
        let (state, variants) = (&self.state, &self.variants);
        let known = |stack: u32| {
            let place = state.stacks.binary_search(&stack).ok()?;
            variants.get(place).copied()
        };
        let numbered = interner
            .number(connection, profile, &mut self.doubles, known)
            .map_err(fail)?;
        interner
            .store_doubles(connection, self.id, &mut self.doubles)
            .map_err(fail)?;
        let columns = self.form.types.len();
        let mut now = StackValues::new(columns);
        let mut kept = StackValues::new(columns);
        let mut kept_variants = Vec::new();
        let mut values = vec![0; columns];
        for numbered in &numbered {
            for (column, value) in values.iter_mut().enumerate() {
                *value = profile.value(numbered.sample, column);
            }
            now.push(numbered.stack, &values);
            for (value, sample_type) in values.iter_mut().zip(&self.form.types) {
                if sample_type.semantics == Semantics::Delta {
                    *value = 0;
                }
            }
            if values.iter().any(|value| *value != 0) {
                kept.push(numbered.stack, &values);
                kept_variants.push(numbered.variant);
            }
        }
        let at_ms = match self.last_ms {
            Some(last_ms) if last_ms == moment.at_ms => last_ms + 1,
            _ => moment.at_ms,
        };
        let entry = Entry::of(profile, at_ms, origin, numbered.len() as u64);
        let changes = now
            .since(&self.state)
            .encode()
            .map_err(|error| fail(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        connection
            .prepare_cached(
                "insert into head_profile (stream, run, at_ms, entry, changes)
                 values (?1, ?2, ?3, ?4, ?5)",
            )
            .and_then(|mut insert| {
                insert.execute(params![self.id, moment.run, at_ms, entry.encode(), changes])
            })
            .map_err(fail)?;
        self.state = kept;
        self.variants = kept_variants;
        self.run = Some(moment.run);
        self.last_ms = Some(at_ms);
        Ok(changes.len() as u64 + interner.take_written())
    }

    /// Notes that the head became a block and is empty.
    pub(crate) const fn head_is_empty(&mut self) {
        self.last_ms = None;
    }

    /// Whether a profile at this time would stand before one that the head holds already.
    pub(crate) fn is_behind(&self, at_ms: i64) -> bool {
        self.last_ms.is_some_and(|last_ms| at_ms < last_ms)
    }

    /// Whether a profile is of this form.
    pub(crate) fn suits(&self, taken: &Taken<'_>) -> Result<bool> {
        Ok(Form::of(taken)? == self.form)
    }
}

fn id_of(connection: &Connection, target: i64, kind: &str, form: &Form) -> rusqlite::Result<i64> {
    let text = serde_json::to_string(form)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let known = connection
        .prepare_cached("select id from stream where target = ?1 and kind = ?2 and form = ?3")?
        .query_row(params![target, kind, text], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    connection.execute(
        "insert into stream (target, kind, form) values (?1, ?2, ?3)",
        params![target, kind, text],
    )?;
    let id = connection.last_insert_rowid();
    for pair in form.pairs() {
        let (names, units) = pair.names(form);
        connection.execute(
            "insert into series (target, name, meaning, unit, detail, stream)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
            params![target, kind, pair.semantics.name(), units, names, id],
        )?;
    }
    Ok(id)
}
