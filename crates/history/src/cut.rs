//! Making a block of the head.

use std::path::Path;

use hashbrown::{HashMap, HashSet};
use rusqlite::{Connection, params};

use crate::block::{BlockWriter, ProfileRow, SeriesRow, blocks};
use crate::dictionary::{FrameRow, StackRow};
use crate::form::Form;
use crate::head::HeadStream;
use crate::numbers::{Numbers, growth};
use crate::options::DAY_MS;
use crate::rows::in_order;
use crate::shelf;
use crate::stream::Fail;
use crate::{Error, Result, catalogue};

/// A stream's row.
#[derive(Clone, Debug)]
struct StreamRow {
    id: i64,
    target: String,
    kind: String,
    form: Form,
    form_text: String,
}

/// How old and how large the head is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeadSize {
    /// The first and the last moment; nothing when it is empty.
    pub(crate) times: Option<(i64, i64)>,
    /// The bytes of what is in it.
    pub(crate) bytes: u64,
}

impl HeadSize {
    /// Counts a scrape.
    pub(crate) fn add(&mut self, at_ms: i64, bytes: u64) {
        let (first, last) = self.times.unwrap_or((at_ms, at_ms));
        self.times = Some((first.min(at_ms), last.max(at_ms)));
        self.bytes += bytes;
    }

    /// Measures the head; costs in proportion to it.
    pub(crate) fn measure(connection: &Connection) -> rusqlite::Result<Self> {
        let (first, last, bytes): (Option<i64>, Option<i64>, i64) = connection.query_row(
            "select min(first), max(last), sum(bytes) from (
                 select min(at_ms) as first, max(at_ms) as last,
                        coalesce(sum(length(points)), 0) as bytes from scrape
                 union all
                 select min(at_ms), max(at_ms), coalesce(sum(length(changes)), 0)
                     from head_profile)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(Self {
            times: first.zip(last),
            bytes: bytes.unsigned_abs(),
        })
    }
}

/// Makes a block of the head and empties it, so that later scrapes go on from there. Does nothing
/// when the head is empty. Whoever wrote to it must forget what it remembers.
pub(crate) fn cut(folder: &Path, connection: &mut Connection) -> Result<()> {
    let path = catalogue::path(folder);
    let fail: Fail<'_> = &|source| Error::catalogue(&path, source);
    let size = HeadSize::measure(connection).map_err(fail)?;
    let Some((first_ms, last_ms)) = size.times else {
        return Ok(());
    };
    let transaction = connection.transaction().map_err(fail)?;
    transaction
        .execute(
            "insert into block (folder, first_ms, last_ms, level, resolution_ms, bytes)
             values ('', ?1, ?2, 0, 0, 0)",
            [first_ms, last_ms],
        )
        .map_err(fail)?;
    let id = transaction.last_insert_rowid();
    let name = format!("{first_ms}-{last_ms}-0-{id}");
    let place = blocks(folder).join(&name);
    let mut block = BlockWriter::new(blocks(folder).join(format!("{name}.tmp")))?;

    let order = write_dictionary(&transaction, &mut block, fail)?;
    let streams = streams(&transaction, fail)?;
    let mut live: HashSet<u32> = HashSet::new();
    for stream in &streams {
        let head = HeadStream::read(&transaction, stream.id, &stream.form, fail)?;
        keep_base(&transaction, stream, &head, last_ms, &mut live, fail)?;
        write_stream(&transaction, &mut block, stream, &head, &order, fail)?;
    }
    write_points(&transaction, &mut block, fail)?;
    write_series(&transaction, &mut block, fail)?;
    let rows = std::mem::take(&mut block.rows);
    block.finish(&place)?;

    let bytes: u64 = crate::listing::files_in(&place).values().sum();
    let registered = register(&transaction, id, &name, bytes, &rows)
        .and_then(|()| empty(&transaction, &live))
        .and_then(|()| transaction.commit());
    keep_if(registered, &place, fail)?;
    connection
        .execute_batch("pragma incremental_vacuum; pragma wal_checkpoint(truncate);")
        .map_err(fail)
}

/// Removes a block again that the catalogue does not know in the end.
pub(crate) fn keep_if(
    registered: rusqlite::Result<()>,
    place: &Path,
    fail: Fail<'_>,
) -> Result<()> {
    registered.map_err(|source| {
        let _ = std::fs::remove_dir_all(place);
        fail(source)
    })
}

/// Writes down what a block is called and how many bytes it takes, and what share of them each
/// target has.
pub(crate) fn register(
    connection: &Connection,
    block: i64,
    name: &str,
    bytes: u64,
    rows: &HashMap<i64, u64>,
) -> rusqlite::Result<()> {
    connection.execute(
        "update block set folder = ?2, bytes = ?3 where id = ?1",
        params![block, name, bytes.cast_signed()],
    )?;
    let mut shares: HashMap<i64, u64> = HashMap::new();
    for (series, count) in rows {
        let target: i64 = connection
            .prepare_cached("select target from series where id = ?1")?
            .query_row([series], |row| row.get(0))?;
        *shares.entry(target).or_default() += count;
    }
    let all: u64 = shares.values().sum();
    for (target, count) in shares {
        let share = bytes as f64 * count as f64 / all.max(1) as f64;
        connection
            .prepare_cached("insert into block_share values (?1, ?2, ?3)")?
            .execute(params![block, target, share.round()])?;
    }
    Ok(())
}

/// Writes frames and stacks in their order, and gives each stack of the head its number there.
fn write_dictionary(
    connection: &Connection,
    block: &mut BlockWriter,
    fail: Fail<'_>,
) -> Result<HashMap<u32, u32>> {
    let mut frames: Vec<(FrameRow, u32)> = Vec::new();
    let mut select = connection
        .prepare("select id, frame from head_frame")
        .map_err(fail)?;
    let mut rows = select.query([]).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let frame = row.get_ref(1).map_err(fail)?.as_blob().ok();
        let frame = frame.and_then(FrameRow::decode).unwrap_or_default();
        frames.push((frame, row.get(0).map_err(fail)?));
    }
    frames.sort_unstable();
    let mut ranks: HashMap<u32, u32> = HashMap::new();
    for (rank, (frame, id)) in (0..).zip(&frames) {
        ranks.insert(*id, rank);
        block.frame(frame)?;
    }
    drop(frames);
    let mut stacks: Vec<(StackRow, u32)> = Vec::new();
    shelf::each(connection, (0, u32::MAX), |id, mut stack| {
        for frame in &mut stack.frames {
            *frame = ranks.get(frame).copied().unwrap_or(0);
        }
        stacks.push((stack, id));
    })
    .map_err(fail)?;
    stacks.sort_unstable_by(|a, b| a.0.order(&b.0));
    let mut order = HashMap::with_capacity(stacks.len());
    for (stack, id) in stacks {
        order.insert(id, block.stack(stack)?);
    }
    Ok(order)
}

fn streams(connection: &Connection, fail: Fail<'_>) -> Result<Vec<StreamRow>> {
    let mut select = connection
        .prepare(
            "select stream.id, target.labels, kind, form from stream
             join target on target.id = stream.target
             where stream.id in (select stream from head_profile)
                or stream.id in (select stream from head_base)
             order by stream.id",
        )
        .map_err(fail)?;
    let mut rows = select.query([]).map_err(fail)?;
    let mut streams = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let form_text: String = row.get(3).map_err(fail)?;
        let form = serde_json::from_str(&form_text)
            .map_err(|error| fail(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        streams.push(StreamRow {
            id: row.get(0).map_err(fail)?,
            target: row.get(1).map_err(fail)?,
            kind: row.get(2).map_err(fail)?,
            form,
            form_text,
        });
    }
    Ok(streams)
}

/// Keeps what the next head begins with. A stream that had no profile for a day begins anew.
fn keep_base(
    connection: &Connection,
    stream: &StreamRow,
    head: &HeadStream,
    now_ms: i64,
    live: &mut HashSet<u32>,
    fail: Fail<'_>,
) -> Result<()> {
    let (Some(run), Some(last_ms)) = (head.run, head.last_ms) else {
        return Ok(());
    };
    if now_ms.saturating_sub(last_ms) > DAY_MS {
        for table in ["head_base", "head_double"] {
            connection
                .execute(
                    &format!("delete from {table} where stream = ?1"),
                    [stream.id],
                )
                .map_err(fail)?;
        }
        return Ok(());
    }
    let doubled: Vec<u32> = connection
        .prepare_cached("select stack from head_double where stream = ?1")
        .and_then(|mut select| select.query_map([stream.id], |row| row.get(0))?.collect())
        .map_err(fail)?;
    live.extend(doubled);
    let state = head.last_state(&stream.form);
    live.extend(state.stacks.iter().copied());
    let changes = state
        .encode()
        .map_err(|error| fail(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
    connection
        .prepare_cached("insert or replace into head_base values (?1, ?2, ?3, ?4)")
        .and_then(|mut insert| insert.execute(params![stream.id, run, last_ms, changes]))
        .map_err(fail)?;
    Ok(())
}

fn write_stream(
    connection: &Connection,
    block: &mut BlockWriter,
    stream: &StreamRow,
    head: &HeadStream,
    order: &HashMap<u32, u32>,
    fail: Fail<'_>,
) -> Result<()> {
    for (entry, _) in &head.profiles {
        block.profile(&ProfileRow {
            stream: stream.id,
            target: stream.target.clone(),
            kind: stream.kind.clone(),
            form: stream.form_text.clone(),
            entry: entry.clone(),
        })?;
    }
    let series = series_of(connection, stream.id).map_err(fail)?;
    for (series, mut rows) in series.into_iter().zip(head.rows(&stream.form)) {
        for row in &mut rows {
            row.stack = order.get(&row.stack).copied().unwrap_or(0);
        }
        in_order(&mut rows);
        for row in &rows {
            block.sample(series, row)?;
        }
    }
    Ok(())
}

/// The series of a stream, one for each pair of its form.
pub(crate) fn series_of(connection: &Connection, stream: i64) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached("select id from series where stream = ?1 order by id")?
        .query_map([stream], |row| row.get(0))?
        .collect()
}

/// Writes all numbers by series, and keeps what the next increase of histograms is counted from.
fn write_points(connection: &Connection, block: &mut BlockWriter, fail: Fail<'_>) -> Result<()> {
    let mut points: HashMap<i64, Vec<(i64, f64)>> = HashMap::new();
    let mut buckets: HashMap<i64, Vec<(i64, u32, u64)>> = HashMap::new();
    let mut targets = connection
        .prepare("select distinct target from scrape")
        .map_err(fail)?;
    let targets: Vec<i64> = targets
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .map_err(fail)?;
    for target in targets {
        let mut before: Option<Numbers> = None;
        crate::point_query::each_scrape(connection, target, fail, |at_ms, mark, numbers| {
            use crate::point_query::ScrapeKind;
            if mark != ScrapeKind::Base {
                for (series, value) in &numbers.values {
                    points.entry(*series).or_default().push((at_ms, *value));
                }
                for (series, counts) in &numbers.histograms {
                    let known = before.as_ref().and_then(|before| before.histogram(*series));
                    let is_restart = mark == ScrapeKind::Restart;
                    if known.is_some() || is_restart {
                        let grown = growth(known, counts, is_restart);
                        let grown = grown.into_iter();
                        let grown = grown.map(|(bucket, count)| (at_ms, bucket, count));
                        buckets.entry(*series).or_default().extend(grown);
                    }
                }
            }
            before = Some(numbers);
        })?;
    }
    let mut points: Vec<_> = points.into_iter().collect();
    points.sort_unstable_by_key(|(series, _)| *series);
    for (series, mut values) in points {
        values.sort_by_key(|(at_ms, _)| *at_ms);
        for (at_ms, value) in values {
            block.point(series, &crate::curves::Point::single(at_ms, value))?;
        }
    }
    let mut buckets: Vec<_> = buckets.into_iter().collect();
    buckets.sort_unstable_by_key(|(series, _)| *series);
    for (series, mut rows) in buckets {
        rows.sort_unstable();
        for row in rows {
            block.bucket(series, row)?;
        }
    }
    connection
        .execute_batch(
            "insert or replace into head_points_base
                 select target, at_ms, points from scrape
                 where id in (select max(id) from scrape group by target);",
        )
        .map_err(fail)
}

/// Writes what the series of a block's rows are.
pub(crate) fn write_series(
    connection: &Connection,
    block: &mut BlockWriter,
    fail: Fail<'_>,
) -> Result<()> {
    let mut all: Vec<i64> = block.rows.keys().copied().collect();
    all.sort_unstable();
    for id in all {
        let (row, detail, units): (SeriesRow, String, String) = connection
            .prepare_cached(
                "select labels, name, meaning, detail, unit from series
                 join target on target.id = series.target where series.id = ?1",
            )
            .and_then(|mut select| {
                select.query_row([id], |row| {
                    let series = SeriesRow {
                        series: id,
                        target: row.get(0)?,
                        name: row.get(1)?,
                        meaning: row.get(2)?,
                        ..SeriesRow::default()
                    };
                    Ok((series, row.get(3)?, row.get(4)?))
                })
            })
            .map_err(fail)?;
        let words = |text: &str| -> Option<Vec<String>> { serde_json::from_str(text).ok() };
        let row = if let (Some(types), Some(units)) = (words(&detail), words(&units)) {
            let word = |words: &[String], at: usize| words.get(at).cloned().unwrap_or_default();
            SeriesRow {
                types: [word(&types, 0), word(&types, 1)],
                units: [word(&units, 0), word(&units, 1)],
                ..row
            }
        } else {
            SeriesRow {
                units: [units, String::new()],
                boundaries: detail,
                ..row
            }
        };
        block.series(&row)?;
    }
    Ok(())
}

/// Empties the head but for the stacks that the next one begins with.
fn empty(connection: &Connection, live: &HashSet<u32>) -> rusqlite::Result<()> {
    let mut kept: Vec<(u32, StackRow)> = Vec::new();
    let mut frames: HashSet<u32> = HashSet::new();
    shelf::each(connection, (0, u32::MAX), |number, stack| {
        if live.contains(&number) {
            frames.extend(stack.frames.iter().copied());
            kept.push((number, stack));
        }
    })?;
    connection.execute_batch(
        "delete from scrape; delete from head_profile; delete from head_stacks;
         create temp table if not exists live (id integer primary key);
         delete from live;",
    )?;
    shelf::store(connection, &kept)?;
    {
        let mut insert = connection.prepare_cached("insert into live values (?1)")?;
        for frame in &frames {
            insert.execute([frame])?;
        }
    }
    connection.execute(
        "delete from head_frame where id not in (select id from live)",
        [],
    )?;
    connection.execute("delete from live", [])?;
    Ok(())
}
