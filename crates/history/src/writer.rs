//! Appending scrapes to the head.

use std::path::{Path, PathBuf};

use fathom_series::{Look, Value};
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::answer::Maintenance;
use crate::cut::{HeadSize, cut};
use crate::form::Form;
use crate::interner::Interner;
use crate::numbers::Numbers;
use crate::options::Options;
use crate::scrape::{Scrape, Taken};
use crate::stream::{Fail, Moment, Stream};
use crate::upkeep::maintain;
use crate::{Build, Error, Labels, Mark, Result, catalogue};

/// Two looks at one process may disagree by so much about its start.
const START_TOLERANCE_MS: i64 = 2_000;

/// What writes to a history: its connection, and what it remembers so as not to ask for it at
/// each scrape. After an error it is thrown away, and another one learns everything anew.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    pub(crate) connection: Connection,
    targets: HashMap<Labels, Target>,
    interner: Interner,
    head: HeadSize,
}

/// What is remembered of a target.
#[derive(Debug)]
struct Target {
    id: i64,
    run: Option<KnownRun>,
    series: HashMap<SeriesKey, i64>,
    /// By the kinds of the profiles.
    streams: HashMap<String, Stream>,
}

#[derive(Clone, Debug)]
struct KnownRun {
    id: i64,
    started_ms: Option<i64>,
    build: Build,
}

/// Name, meaning, unit and detail of a series.
type SeriesKey = (String, &'static str, &'static str, String);

impl Writer {
    /// Opens the catalogue of a folder for writing.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = catalogue::path(folder);
        let connection = catalogue::open_for_writing(folder)?;
        let interner = Interner::load(&connection);
        let head = HeadSize::measure(&connection);
        Ok(Self {
            interner: interner.map_err(|source| Error::catalogue(&path, source))?,
            head: head.map_err(|source| Error::catalogue(&path, source))?,
            targets: HashMap::new(),
            connection,
            path,
        })
    }

    /// How old and how large the head is.
    pub(crate) const fn head_size(&self) -> HeadSize {
        self.head
    }

    /// Makes a block of the head.
    pub(crate) fn cut(&mut self, folder: &Path) -> Result<()> {
        cut(folder, &mut self.connection)?;
        self.head_is_empty()
    }

    /// Does what is due at a moment.
    pub(crate) fn maintain(
        &mut self,
        folder: &Path,
        options: &Options,
        now_ms: i64,
    ) -> Result<Maintenance> {
        let (done, is_cut) = maintain(folder, &mut self.connection, options, now_ms)?;
        if is_cut {
            self.head_is_empty()?;
        }
        Ok(done)
    }

    /// Learns what is left after the head became a block.
    fn head_is_empty(&mut self) -> Result<()> {
        let interner = self.interner.reload(&self.connection);
        self.interner = interner.map_err(|source| self.fail(source))?;
        let kept: HashSet<i64> = self
            .connection
            .prepare("select stream from head_base")
            .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
            .map_err(|source| self.fail(source))?;
        for target in self.targets.values_mut() {
            target.streams.retain(|_, stream| {
                stream.head_is_empty();
                kept.contains(&stream.id)
            });
        }
        self.head = HeadSize::measure(&self.connection).map_err(|source| self.fail(source))?;
        Ok(())
    }

    /// Stores a scrape in one transaction.
    pub(crate) fn append(&mut self, scrape: &Scrape<'_>) -> Result<()> {
        let path = &self.path;
        let fail = |source| Error::catalogue(path, source);
        let transaction = self.connection.transaction().map_err(fail)?;
        let target = match self.targets.entry(scrape.target.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let target = Target::load(&transaction, scrape.target).map_err(fail)?;
                entry.insert(target)
            }
        };
        let (run, is_restart) = target
            .see_run(&transaction, scrape.look, scrape.build)
            .map_err(fail)?;
        let numbers = target
            .numbers(&transaction, scrape.look)
            .map_err(fail)?
            .encode()
            .map_err(Error::io(path))?;
        transaction
            .prepare_cached(
                "insert into scrape (target, at_ms, is_restart, points) values (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| {
                insert.execute(params![target.id, scrape.look.at_ms, is_restart, numbers])
            })
            .map_err(fail)?;
        let mut bytes = numbers.len() as u64;
        let moment = Moment {
            at_ms: scrape.look.at_ms,
            run,
        };
        for (place, taken) in scrape.profiles.iter().enumerate() {
            if scrape.profiles[..place]
                .iter()
                .any(|other| other.kind == taken.kind)
            {
                return Err(Error::unsuitable(format!(
                    "two profiles of one scrape are called {:?}; give each kind once",
                    taken.kind
                )));
            }
            let stream = target.stream(&transaction, &self.interner, taken, &fail)?;
            bytes += stream.append(
                &transaction,
                &mut self.interner,
                taken.profile,
                moment,
                &fail,
            )?;
        }
        for mark in scrape.marks {
            insert_mark(&transaction, Some(target.id), mark).map_err(fail)?;
        }
        transaction.commit().map_err(fail)?;
        self.head.add(scrape.look.at_ms, bytes);
        Ok(())
    }

    /// Makes an error of what SQLite says.
    pub(crate) fn fail(&self, source: rusqlite::Error) -> Error {
        Error::catalogue(&self.path, source)
    }

    /// Whether a profile of the scrape would stand before one that the head holds already, because
    /// a clock went back. The head then has to become a block first.
    pub(crate) fn is_behind(&mut self, scrape: &Scrape<'_>) -> Result<bool> {
        let path = &self.path;
        let fail = |source| Error::catalogue(path, source);
        let target = match self.targets.entry(scrape.target.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let target = Target::load(&self.connection, scrape.target).map_err(fail)?;
                entry.insert(target)
            }
        };
        for taken in scrape.profiles {
            let stream = target.stream(&self.connection, &self.interner, taken, &fail)?;
            if stream.is_behind(scrape.look.at_ms) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds or makes the row of a target.
    pub(crate) fn target_id(&mut self, labels: &Labels) -> Result<i64> {
        let fail = |source| Error::catalogue(&self.path, source);
        target_id(&self.connection, labels).map_err(fail)
    }
}

fn target_id(connection: &Connection, labels: &Labels) -> rusqlite::Result<i64> {
    let text = label_text(labels)?;
    let known = connection
        .prepare_cached("select id from target where labels = ?1")?
        .query_row([&text], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    connection.execute("insert into target (labels) values (?1)", [&text])?;
    Ok(connection.last_insert_rowid())
}

/// Labels as they are stored: a JSON object, its names sorted.
pub(crate) fn label_text(labels: &Labels) -> rusqlite::Result<String> {
    serde_json::to_string(labels)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Stores a mark.
pub(crate) fn insert_mark(
    connection: &Connection,
    target: Option<i64>,
    mark: &Mark,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into mark (target, at_ms, kind, text) values (?1, ?2, ?3, ?4)")?
        .execute(params![target, mark.at_ms, mark.kind.name(), mark.text])?;
    Ok(())
}

impl Target {
    fn load(transaction: &Connection, labels: &Labels) -> rusqlite::Result<Self> {
        let id = target_id(transaction, labels)?;
        let run = transaction
            .query_row(
                "select id, started_ms, build from run where target = ?1 order by id desc limit 1",
                [id],
                |row| {
                    let build: String = row.get(2)?;
                    Ok(KnownRun {
                        id: row.get(0)?,
                        started_ms: row.get(1)?,
                        build: serde_json::from_str(&build).unwrap_or_default(),
                    })
                },
            )
            .optional()?;
        Ok(Self {
            id,
            run,
            series: HashMap::new(),
            streams: HashMap::new(),
        })
    }

    /// The stream of a profile.
    fn stream(
        &mut self,
        connection: &Connection,
        interner: &Interner,
        taken: &Taken<'_>,
        fail: Fail<'_>,
    ) -> Result<&mut Stream> {
        let suits = match self.streams.get(taken.kind) {
            Some(stream) => stream.suits(taken)?,
            None => false,
        };
        if !suits {
            let form = Form::of(taken)?;
            let stream = Stream::load(connection, interner, (self.id, taken.kind), form, fail)?;
            self.streams.insert(taken.kind.to_owned(), stream);
        }
        let missing = || Error::unsuitable("a stream is missing; append the scrape again");
        self.streams.get_mut(taken.kind).ok_or_else(missing)
    }

    /// Notes that a run was seen; gives its number and whether it is another one than before.
    fn see_run(
        &mut self,
        transaction: &Transaction<'_>,
        look: &Look,
        build: &Build,
    ) -> rusqlite::Result<(i64, bool)> {
        if let Some(run) = &self.run
            && run.is_same(look.started_ms, build)
        {
            transaction
                .prepare_cached(
                    "update run set first_ms = min(first_ms, ?2), last_ms = max(last_ms, ?2)
                     where id = ?1",
                )?
                .execute(params![run.id, look.at_ms])?;
            return Ok((run.id, false));
        }
        let text = serde_json::to_string(build)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        transaction.execute(
            "insert into run (target, started_ms, first_ms, last_ms, build)
             values (?1, ?2, ?3, ?3, ?4)",
            params![self.id, look.started_ms, look.at_ms, text],
        )?;
        let is_restart = self.run.is_some();
        let id = transaction.last_insert_rowid();
        self.run = Some(KnownRun {
            id,
            started_ms: look.started_ms,
            build: build.clone(),
        });
        Ok((id, is_restart))
    }

    fn numbers(&mut self, transaction: &Transaction<'_>, look: &Look) -> rusqlite::Result<Numbers> {
        let mut numbers = Numbers::default();
        for reading in &look.readings {
            let detail = match &reading.value {
                Value::Number(_) => String::new(),
                Value::Histogram(histogram) => boundaries_text(&histogram.buckets),
            };
            let key = (
                reading.name.clone(),
                reading.kind.name(),
                reading.unit.name(),
                detail,
            );
            let series = if let Some(&series) = self.series.get(&key) {
                series
            } else {
                let series = series_id(transaction, self.id, &key)?;
                self.series.insert(key, series);
                series
            };
            match &reading.value {
                Value::Number(value) => numbers.values.push((series, *value)),
                Value::Histogram(histogram) => {
                    let counts = (0..).zip(histogram.counts.iter().copied());
                    let counts = counts.filter(|(_, count)| *count > 0).collect();
                    numbers.histograms.push((series, counts));
                }
            }
        }
        Ok(numbers)
    }
}

impl KnownRun {
    fn is_same(&self, started_ms: Option<i64>, build: &Build) -> bool {
        let same_start = match (self.started_ms, started_ms) {
            (Some(known), Some(now)) => known.abs_diff(now) <= START_TOLERANCE_MS.unsigned_abs(),
            _ => true,
        };
        // What one look does not tell is no difference.
        let same = |known: &Option<String>, now: &Option<String>| {
            known.is_none() || now.is_none() || known == now
        };
        same_start && same(&self.build.version, &build.version) && same(&self.build.id, &build.id)
    }
}

/// The boundaries of a histogram as they are stored: exact, the infinite ones included.
pub(crate) fn boundaries_text(boundaries: &[f64]) -> String {
    let texts: Vec<String> = boundaries.iter().map(f64::to_string).collect();
    texts.join(" ")
}

/// Reads what [`boundaries_text`] wrote.
pub(crate) fn boundaries_of(text: &str) -> Vec<f64> {
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

fn series_id(
    transaction: &Transaction<'_>,
    target: i64,
    (name, meaning, unit, detail): &SeriesKey,
) -> rusqlite::Result<i64> {
    let known = transaction
        .prepare_cached(
            "select id from series
             where target = ?1 and name = ?2 and meaning = ?3 and unit = ?4 and detail = ?5",
        )?
        .query_row(params![target, name, meaning, unit, detail], |row| {
            row.get(0)
        })
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "insert into series (target, name, meaning, unit, detail) values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![target, name, meaning, unit, detail])?;
    Ok(transaction.last_insert_rowid())
}
