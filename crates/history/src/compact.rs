//! Making one block of several, and thinning: everything is read and written as it comes, so that
//! memory grows with the number of stacks, not with that of rows.

use std::path::Path;

use hashbrown::{HashMap, HashSet};
use rusqlite::Connection;

use crate::answer::Range;
use crate::block::{
    BlockInfo, BlockReader, BlockWriter, ProfileRow, ProfileStream, SampleStream, StackStream,
    blocks,
};
use crate::curves::{Point, increase, step_of};
use crate::cut::{keep_if, register, write_series};
use crate::dictionary::{FrameRow, StackRow};
use crate::form::{Entry, Form};
use crate::rows::Row;
use crate::stream::Fail;
use crate::{Error, Result, Semantics, catalogue};

/// Makes one block of several that follow each other in time, with one point and profile for so
/// many milliseconds; 0 keeps all. The old ones leave the catalogue; their folders are returned.
pub(crate) fn compact(
    folder: &Path,
    connection: &mut Connection,
    old: &[BlockInfo],
    level: i64,
    resolution_ms: i64,
) -> Result<Vec<String>> {
    let path = catalogue::path(folder);
    let fail: Fail<'_> = &|source| Error::catalogue(&path, source);
    let first_ms = old.iter().map(|block| block.first_ms).min().unwrap_or(0);
    let last_ms = old.iter().map(|block| block.last_ms).max().unwrap_or(0);
    let transaction = connection.transaction().map_err(fail)?;
    transaction
        .execute(
            "insert into block (folder, first_ms, last_ms, level, resolution_ms, bytes)
             values ('', ?1, ?2, ?3, ?4, 0)",
            [first_ms, last_ms, level, resolution_ms],
        )
        .map_err(fail)?;
    let id = transaction.last_insert_rowid();
    let name = format!("{first_ms}-{last_ms}-{level}-{id}");
    let place = blocks(folder).join(&name);
    let mut block = BlockWriter::new(blocks(folder).join(format!("{name}.tmp")))?;
    let readers: Vec<BlockReader> = old
        .iter()
        .map(|block| BlockReader::new(block.path(folder)))
        .collect();

    let numbers = merge_dictionaries(&readers, &mut block)?;
    let times = merge_directories(&readers, &mut block, resolution_ms)?;
    let semantics = semantics(&transaction).map_err(fail)?;
    merge_samples(&readers, &mut block, &numbers, &times, &semantics)?;
    merge_points(&transaction, &readers, &mut block, resolution_ms, fail)?;
    merge_buckets(&transaction, &readers, &mut block, resolution_ms, fail)?;
    write_series(&transaction, &mut block, fail)?;
    let rows = std::mem::take(&mut block.rows);
    block.finish(&place)?;

    let bytes: u64 = crate::listing::files_in(&place).values().sum();
    let registered = register(&transaction, id, &name, bytes, &rows)
        .and_then(|()| {
            old.iter()
                .try_for_each(|block| forget(&transaction, block.id))
        })
        .and_then(|()| transaction.commit());
    keep_if(registered, &place, fail)?;
    Ok(old.iter().map(|block| block.folder.clone()).collect())
}

/// Takes a block out of the catalogue.
pub(crate) fn forget(connection: &Connection, block: i64) -> rusqlite::Result<()> {
    connection.execute("delete from block where id = ?1", [block])?;
    connection.execute("delete from block_share where block = ?1", [block])?;
    Ok(())
}

/// Merges frames and stacks; gives for each block the new numbers of its stacks. In all of them
/// the order is the same, so that rows stay sorted.
fn merge_dictionaries(readers: &[BlockReader], block: &mut BlockWriter) -> Result<Vec<Vec<u32>>> {
    let frames: Vec<Vec<FrameRow>> = readers
        .iter()
        .map(BlockReader::frames)
        .collect::<Result<_>>()?;
    let mut all: Vec<&FrameRow> = frames.iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    for frame in &all {
        block.frame(frame)?;
    }
    let renumber = |frames: &Vec<FrameRow>| -> Vec<u32> {
        let number = |frame: &FrameRow| all.binary_search(&frame).unwrap_or(0);
        let number = |frame| u32::try_from(number(frame)).unwrap_or(u32::MAX);
        frames.iter().map(number).collect()
    };
    let renumbered: Vec<Vec<u32>> = frames.iter().map(renumber).collect();
    let next = |stream: &mut StackStream, numbers: &[u32]| -> Result<Option<StackRow>> {
        let mut stack = stream.next()?;
        for frame in stack.iter_mut().flat_map(|stack| &mut stack.frames) {
            *frame = numbers.get(*frame as usize).copied().unwrap_or(0);
        }
        Ok(stack)
    };
    let mut streams: Vec<StackStream> = readers
        .iter()
        .map(BlockReader::stacks)
        .collect::<Result<_>>()?;
    let mut waiting = Vec::with_capacity(streams.len());
    for (stream, numbers) in streams.iter_mut().zip(&renumbered) {
        waiting.push(next(stream, numbers)?);
    }
    let mut numbers: Vec<Vec<u32>> = vec![Vec::new(); readers.len()];
    loop {
        let least = waiting.iter().flatten().min_by(|a, b| a.order(b)).cloned();
        let Some(least) = least else {
            return Ok(numbers);
        };
        let number = block.stack(least.clone())?;
        for (place, stream) in streams.iter_mut().enumerate() {
            if waiting[place].as_ref() == Some(&least) {
                numbers[place].push(number);
                waiting[place] = next(stream, &renumbered[place])?;
            }
        }
    }
}

/// The times of a series' profiles.
#[derive(Debug, Default)]
struct Times {
    /// Of each block, the first and the last.
    ends: Vec<Option<(i64, i64)>>,
    /// Those that stay, sorted.
    kept: Vec<i64>,
}

impl Times {
    /// The first profile that stays, from a time on.
    fn from(&self, at_ms: i64) -> Option<i64> {
        let next = self.kept.partition_point(|kept| *kept < at_ms);
        self.kept.get(next).copied()
    }

    /// The last profile that stays, up to a time.
    fn until(&self, at_ms: i64) -> Option<i64> {
        let behind = self.kept.partition_point(|kept| *kept <= at_ms);
        self.kept.get(behind.checked_sub(1)?).copied()
    }
}

/// Merges the directories of profiles: of each step the last one stays, and stands for the others.
fn merge_directories(
    readers: &[BlockReader],
    block: &mut BlockWriter,
    resolution_ms: i64,
) -> Result<HashMap<i64, Times>> {
    let mut all: HashMap<i64, Times> = HashMap::new();
    let mut streams: Vec<ProfileStream> = readers
        .iter()
        .map(BlockReader::profiles)
        .collect::<Result<_>>()?;
    let mut waiting = Vec::with_capacity(streams.len());
    for stream in &mut streams {
        waiting.push(stream.next()?);
    }
    while let Some(least) = waiting.iter().flatten().map(|row| row.stream).min() {
        let mut times = Times {
            ends: vec![None; readers.len()],
            ..Times::default()
        };
        let mut before: Option<ProfileRow> = None;
        for (place, stream) in streams.iter_mut().enumerate() {
            while let Some(row) = waiting[place].take_if(|row| row.stream == least) {
                waiting[place] = stream.next()?;
                let at_ms = row.entry.at_ms;
                let (first_ms, _) = times.ends[place].unwrap_or((at_ms, at_ms));
                times.ends[place] = Some((first_ms, at_ms));
                let step = |row: &ProfileRow| step_of(row.entry.at_ms, resolution_ms);
                before = Some(match before {
                    Some(old) if step(&old) == step(&row) => stand_for(&old, row),
                    Some(old) => {
                        block.profile(&old)?;
                        times.kept.push(old.entry.at_ms);
                        row
                    }
                    None => row,
                });
            }
        }
        if let Some(last) = before {
            block.profile(&last)?;
            times.kept.push(last.entry.at_ms);
        }
        all.insert(least, times);
    }
    Ok(all)
}

/// Which columns of a form are summed.
fn deltas(form: &str) -> Vec<bool> {
    let form: Option<Form> = serde_json::from_str(form).ok();
    let types = form.map(|form| form.types).unwrap_or_default();
    let is_delta = |kind: &crate::form::SampleType| kind.semantics == Semantics::Delta;
    types.iter().map(is_delta).collect()
}

/// Makes one profile of two: the later one, with the sums of what is summed.
fn stand_for(old: &ProfileRow, new: ProfileRow) -> ProfileRow {
    let sums = deltas(&new.form);
    let has_deltas = sums.contains(&true);
    let totals = new.entry.totals.iter().enumerate().map(|(column, total)| {
        let before = old.entry.totals.get(column).copied().unwrap_or(0);
        let is_sum = sums.get(column).copied().unwrap_or(false);
        if is_sum {
            total.saturating_add(before)
        } else {
            *total
        }
    });
    let duration = new.entry.duration_nanos;
    let entry = Entry {
        totals: totals.collect(),
        profiles: old.entry.profiles + new.entry.profiles,
        duration_nanos: if has_deltas {
            duration.saturating_add(old.entry.duration_nanos)
        } else {
            duration
        },
        ..new.entry.clone()
    };
    ProfileRow { entry, ..new }
}

/// What each series of profiles means, and its stream.
fn semantics(connection: &Connection) -> rusqlite::Result<HashMap<i64, (Semantics, i64)>> {
    let mut select =
        connection.prepare("select id, meaning, stream from series where stream is not null")?;
    let rows = select.query_map([], |row| {
        let meaning: String = row.get(1)?;
        let semantics = Semantics::named(&meaning).unwrap_or(Semantics::Level);
        Ok((row.get(0)?, (semantics, row.get(2)?)))
    })?;
    rows.collect()
}

/// Merges the rows of samples.
fn merge_samples(
    readers: &[BlockReader],
    block: &mut BlockWriter,
    numbers: &[Vec<u32>],
    times: &HashMap<i64, Times>,
    semantics: &HashMap<i64, (Semantics, i64)>,
) -> Result<()> {
    let next = |stream: &mut SampleStream, numbers: &[u32]| -> Result<Option<(i64, Row)>> {
        let mut row = stream.next()?;
        if let Some((_, row)) = &mut row {
            row.stack = numbers.get(row.stack as usize).copied().unwrap_or(0);
        }
        Ok(row)
    };
    let mut streams: Vec<SampleStream> = readers
        .iter()
        .map(BlockReader::samples)
        .collect::<Result<_>>()?;
    let mut waiting = Vec::with_capacity(streams.len());
    for (stream, numbers) in streams.iter_mut().zip(numbers) {
        waiting.push(next(stream, numbers)?);
    }
    let mut rows: Vec<(usize, Row)> = Vec::new();
    let key = |(series, row): &(i64, Row)| (*series, row.stack);
    while let Some(least) = waiting.iter().flatten().map(key).min() {
        rows.clear();
        for place in 0..streams.len() {
            while let Some(row) = waiting[place].take_if(|row| key(row) == least) {
                rows.push((place, row.1));
                waiting[place] = next(&mut streams[place], &numbers[place])?;
            }
        }
        let (series, _) = least;
        let Some((semantics, stream)) = semantics.get(&series) else {
            continue;
        };
        let Some(times) = times.get(stream) else {
            continue;
        };
        let joined = match semantics {
            Semantics::Level => levels(&rows, times),
            Semantics::Cumulative => counts(&rows, times),
            Semantics::Delta => thinned(rows.iter().map(|(_, row)| *row), times),
        };
        for row in &joined {
            block.sample(series, row)?;
        }
    }
    Ok(())
}

/// Joins the stretches of one stack.
fn levels(rows: &[(usize, Row)], times: &Times) -> Vec<Row> {
    let mut joined: Vec<Row> = Vec::new();
    for (_, row) in rows {
        let (Some(time), Some(until)) = (times.from(row.time), times.until(row.until)) else {
            continue;
        };
        if time > until {
            continue;
        }
        let row = Row {
            time,
            until,
            ..*row
        };
        match joined.last_mut() {
            // No profile lies between them.
            Some(last)
                if last.values == row.values && times.from(last.until + 1) == Some(row.time) =>
            {
                last.until = row.until;
            }
            _ => joined.push(row),
        }
    }
    joined
}

/// Joins the increases of one stack: what a block carries in is what the one before ended with,
/// unless there is a gap between them.
fn counts(rows: &[(usize, Row)], times: &Times) -> Vec<Row> {
    let Some(stack) = rows.first().map(|(_, row)| row.stack) else {
        return Vec::new();
    };
    let mut all: Vec<Row> = Vec::with_capacity(rows.len());
    let mut count = [0_i64; 2];
    let mut rows = rows.iter().peekable();
    for (place, ends) in times.ends.iter().enumerate() {
        let Some((first_ms, _)) = ends else {
            continue;
        };
        let mut carried = Row::at(stack, *first_ms);
        carried.carried = count.map(i64::wrapping_neg);
        all.push(carried);
        count = [0; 2];
        while let Some((_, row)) = rows.next_if(|(of, _)| *of == place) {
            all.push(*row);
            for (column, count) in count.iter_mut().enumerate() {
                let both = row.values[column].wrapping_add(row.carried[column]);
                *count = count.wrapping_add(both);
            }
        }
    }
    thinned(all.into_iter(), times)
}

/// Moves rows to the profiles that stay, and makes one of those that meet there.
fn thinned(rows: impl Iterator<Item = Row>, times: &Times) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::new();
    for mut row in rows {
        let Some(time) = times.from(row.time) else {
            continue;
        };
        row.time = time;
        row.until = time;
        match kept.last_mut() {
            Some(last) if last.time == time => last.add(&row),
            _ => kept.push(row),
        }
    }
    kept.retain(|row| !row.is_empty());
    kept
}

/// Merges the points, series by series.
fn merge_points(
    connection: &Connection,
    readers: &[BlockReader],
    block: &mut BlockWriter,
    resolution_ms: i64,
    fail: Fail<'_>,
) -> Result<()> {
    let mut known: HashMap<i64, (bool, i64)> = HashMap::new();
    let mut restarts: HashMap<i64, Vec<i64>> = HashMap::new();
    read_targets(connection, &mut known, &mut restarts).map_err(fail)?;
    let mut ids: HashSet<i64> = HashSet::new();
    for reader in readers {
        reader.each_point(None, Range::ALL, |(series, _)| {
            ids.insert(*series);
        })?;
    }
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    // Some series at a time: a part of a file is read once for all of them.
    for some in ids.chunks(SERIES_AT_ONCE) {
        let mut points: HashMap<i64, Vec<Point>> = HashMap::new();
        for reader in readers {
            reader.each_point(Some(some), Range::ALL, |(series, point)| {
                points.entry(*series).or_default().push(*point);
            })?;
        }
        for series in some {
            let mut points = points.remove(series).unwrap_or_default();
            points.sort_by_key(|point| point.at_ms);
            let (is_counter, target) = known.get(series).copied().unwrap_or((false, 0));
            let restarts = restarts.get(&target).map_or(&[][..], Vec::as_slice);
            let points = if resolution_ms > 0 {
                fewer_points(&points, is_counter, restarts, resolution_ms)
            } else {
                points
            };
            for point in &points {
                block.point(*series, point)?;
            }
        }
    }
    Ok(())
}

/// How many series of points are in memory at once; a day of one is 5,760 points.
const SERIES_AT_ONCE: usize = 256;

/// Learns which series are counters, and the restarts of each target.
fn read_targets(
    connection: &Connection,
    series: &mut HashMap<i64, (bool, i64)>,
    restarts: &mut HashMap<i64, Vec<i64>>,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare("select id, meaning = 'counter', target from series")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        series.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
    }
    let mut select = connection.prepare(
        "select target, first_ms from run
         where id not in (select min(id) from run group by target) order by first_ms",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        restarts.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(())
}

/// Makes one point of those of a step, at the time of the last.
fn fewer_points(
    points: &[Point],
    is_counter: bool,
    restarts: &[i64],
    resolution_ms: i64,
) -> Vec<Point> {
    let mut fewer: Vec<Point> = Vec::new();
    let mut before: Option<&Point> = None;
    for point in points {
        let grown = before.filter(|_| is_counter).map(|before| {
            point.increase.unwrap_or_else(|| {
                let next = restarts.partition_point(|&at_ms| at_ms <= before.at_ms);
                let is_restart = restarts.get(next).is_some_and(|&at| at <= point.at_ms);
                increase(before.last, point.last, is_restart)
            })
        });
        before = Some(point);
        match fewer.last_mut() {
            // By how much a counter grew before a block's first point is known only together with
            // the block before, so that point stays alone.
            Some(last)
                if step_of(last.at_ms, resolution_ms) == step_of(point.at_ms, resolution_ms)
                    && (!is_counter || last.increase.is_some()) =>
            {
                let count = last.count + point.count;
                let weight = point.count as f64 / count as f64;
                last.mean += (point.mean - last.mean) * weight;
                last.min = last.min.min(point.min);
                last.max = last.max.max(point.max);
                last.last = point.last;
                last.at_ms = point.at_ms;
                last.count = count;
                last.increase = last.increase.zip(grown).map(|(a, b)| a + b);
            }
            _ => fewer.push(Point {
                increase: grown.or(point.increase),
                ..*point
            }),
        }
    }
    fewer
}

/// How many histograms are in memory at once.
const HISTOGRAMS_AT_ONCE: usize = 32;

/// Merges the growth of buckets.
fn merge_buckets(
    connection: &Connection,
    readers: &[BlockReader],
    block: &mut BlockWriter,
    resolution_ms: i64,
    fail: Fail<'_>,
) -> Result<()> {
    let mut known: HashMap<i64, (bool, i64)> = HashMap::new();
    let mut restarts: HashMap<i64, Vec<i64>> = HashMap::new();
    read_targets(connection, &mut known, &mut restarts).map_err(fail)?;
    let mut ids: HashSet<i64> = HashSet::new();
    for reader in readers {
        reader.each_bucket(None, Range::ALL, |series, _| {
            ids.insert(series);
        })?;
    }
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    let mut left = ids.as_slice();
    let mut read: HashMap<i64, Vec<(i64, u32, u64)>> = HashMap::new();
    for series in &ids {
        if read.is_empty() {
            let (some, rest) = left.split_at(left.len().min(HISTOGRAMS_AT_ONCE));
            left = rest;
            for id in some {
                read.insert(*id, Vec::new());
            }
            for reader in readers {
                reader.each_bucket(Some(some), Range::ALL, |series, row| {
                    read.entry(series).or_default().push(row);
                })?;
            }
        }
        let series = *series;
        let mut rows = read.remove(&series).unwrap_or_default();
        rows.sort_unstable();
        let target = known.get(&series).map_or(0, |(_, target)| *target);
        let restarts = restarts.get(&target).map_or(&[][..], Vec::as_slice);
        let life = |at_ms: i64| restarts.partition_point(|&start| start <= at_ms);
        // A step's growth stands at the last time in it. What one process counted is never put
        // together with what another did.
        let step = |at_ms: i64| (step_of(at_ms, resolution_ms), life(at_ms));
        for step in rows.chunk_by(|a, b| step(a.0) == step(b.0)) {
            let at_ms = step.last().map_or(0, |(at_ms, ..)| *at_ms);
            let mut buckets: Vec<(u32, u64)> = step.iter().map(|row| (row.1, row.2)).collect();
            buckets.sort_unstable();
            for same in buckets.chunk_by(|a, b| a.0 == b.0) {
                let sum = same.iter().map(|(_, count)| count).sum();
                block.bucket(series, (at_ms, same[0].0, sum))?;
            }
        }
    }
    Ok(())
}
