//! Single profiles and profiles of a range.

use std::sync::Arc;

use fathom_profile::Profile;
use hashbrown::HashMap;
use rayon::prelude::*;

use crate::answer::{At, Merge, ProfileEntry, Range, Total};
use crate::assembly::Assembly;
use crate::block::{BlockInfo, Needs};
use crate::embedded::Snapshot;
use crate::form::{Entry, Form, Pair};
use crate::listing;
use crate::moments::Moments;
use crate::rows::Row;
use crate::sources::{Part, Source, StreamInfo, sources, streams};
use crate::{Error, Labels, Result, Selector, Semantics};

/// Lists profiles.
pub(crate) fn profiles(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    kind: Option<&str>,
    range: Range,
) -> Result<Vec<ProfileEntry>> {
    let streams = streams(snapshot, selector, kind)?;
    let mut found = Vec::new();
    for source in sources(snapshot, &streams, range)? {
        for stream in &streams {
            let entries = source.entries.get(&stream.id).into_iter().flatten();
            found.extend(entries.map(|entry| listed(stream, entry)));
        }
    }
    found.sort_by(|a, b| {
        let key = |entry: &ProfileEntry| (entry.at_ms, entry.kind.clone());
        key(a).cmp(&key(b)).then_with(|| a.target.cmp(&b.target))
    });
    Ok(found)
}

fn listed(stream: &StreamInfo, entry: &Entry) -> ProfileEntry {
    let totals = stream.form.types.iter().zip(&entry.totals);
    ProfileEntry {
        target: stream.target.clone(),
        kind: stream.kind.clone(),
        at_ms: entry.at_ms,
        profiles: entry.profiles,
        samples: entry.samples,
        totals: totals
            .map(|(sample_type, value)| Total {
                sample_type: sample_type.name.clone(),
                unit: sample_type.unit.clone(),
                semantics: sample_type.semantics,
                value: *value,
            })
            .collect(),
    }
}

/// Gives one profile.
pub(crate) fn profile_at(
    snapshot: &Snapshot<'_>,
    target: &Labels,
    kind: &str,
    at: At,
) -> Result<Option<Profile>> {
    let mut streams = streams(snapshot, &Selector::of(target), Some(kind))?;
    streams.retain(|stream| stream.target == *target);
    let head = Source::of_head(snapshot, &streams)?;
    let mut best = nearest(&head, &streams, at).map(|found| (found, head));
    let mut blocks = listing::blocks_in(snapshot, Range::ALL)?;
    let least = |block: &BlockInfo| {
        let moment = at.moment();
        if moment < block.first_ms {
            block.first_ms.abs_diff(moment)
        } else {
            moment.saturating_sub(block.last_ms).max(0).unsigned_abs()
        }
    };
    blocks.retain(|block| at.allows(block.first_ms));
    blocks.sort_by_key(least);
    for block in blocks {
        if let Some((known, _)) = &best
            && known.distance.0 < least(&block)
        {
            break;
        }
        let source = Source::of_block(snapshot, &block, &streams)?;
        if let Some(found) = nearest(&source, &streams, at)
            && best
                .as_ref()
                .is_none_or(|(known, _)| found.distance < known.distance)
        {
            best = Some((found, source));
        }
    }
    match best {
        Some((found, source)) => rebuild(&source, &streams[found.stream], &found.entry).map(Some),
        None => Ok(None),
    }
}

/// A profile that may be the one that is wanted.
struct Candidate {
    /// Smaller is better; of two as near, the earlier.
    distance: (u64, i64),
    stream: usize,
    entry: Entry,
}

/// Finds the nearest profile in a source.
fn nearest(source: &Source<'_, '_>, streams: &[StreamInfo], at: At) -> Option<Candidate> {
    let candidates = streams.iter().enumerate().flat_map(|(place, stream)| {
        let entries = source.entries.get(&stream.id).into_iter().flatten();
        let entries = entries.filter(|entry| at.allows(entry.at_ms));
        entries.map(move |entry| (place, entry))
    });
    let distance = |entry: &Entry| (entry.at_ms.abs_diff(at.moment()), entry.at_ms);
    let (stream, entry) = candidates.min_by_key(|(_, entry)| distance(entry))?;
    Some(Candidate {
        distance: distance(entry),
        stream,
        entry: entry.clone(),
    })
}

impl At {
    const fn moment(self) -> i64 {
        match self {
            Self::Nearest(moment) | Self::AtOrBefore(moment) => moment,
        }
    }

    const fn allows(self, at_ms: i64) -> bool {
        match self {
            Self::Nearest(_) => true,
            Self::AtOrBefore(moment) => at_ms <= moment,
        }
    }
}

/// What each stack has at a moment, by some of the rows.
fn held(part: &Part<'_>, semantics: Semantics, at_ms: i64) -> Result<Vec<(u32, [i64; 2])>> {
    let needs = Needs {
        values: [true; 2],
        until: semantics == Semantics::Level,
        carried: semantics == Semantics::Cumulative,
    };
    let mut held: Vec<(u32, [i64; 2])> = Vec::new();
    part.each(needs, None, |row| {
        let holds = match semantics {
            Semantics::Level => row.time <= at_ms && at_ms <= row.until,
            Semantics::Cumulative => row.time <= at_ms,
            Semantics::Delta => row.time == at_ms,
        };
        if !holds {
            return;
        }
        let first = row.values[0].wrapping_add(row.carried[0]);
        let second = row.values[1].wrapping_add(row.carried[1]);
        match held.last_mut() {
            Some((stack, sums)) if *stack == row.stack => {
                *sums = [sums[0].wrapping_add(first), sums[1].wrapping_add(second)];
            }
            _ => held.push((row.stack, [first, second])),
        }
    })?;
    Ok(held)
}

/// Makes the profile of an entry from rows.
fn rebuild(source: &Source<'_, '_>, stream: &StreamInfo, entry: &Entry) -> Result<Profile> {
    let columns = stream.form.types.len();
    let at_ms = entry.at_ms;
    let mut parts: Vec<(&Pair, Part<'_>)> = Vec::new();
    for (pair, series) in &stream.pairs {
        let of_series = source.parts(*series)?;
        parts.extend(of_series.into_iter().map(|part| (pair, part)));
    }
    let read: Vec<Vec<(u32, [i64; 2])>> = parts
        .par_iter()
        .map(|(pair, part)| held(part, pair.semantics, at_ms))
        .collect::<Result<_>>()?;
    let mut values: HashMap<u32, Vec<i64>> = HashMap::new();
    for ((pair, _), held) in parts.iter().zip(read) {
        for (stack, all) in held {
            let sums = values.entry(stack).or_insert_with(|| vec![0; columns]);
            for (place, column) in pair.columns() {
                sums[column] = sums[column].wrapping_add(all[place]);
            }
        }
    }
    values.retain(|_, row| row.iter().any(|value| *value != 0));
    let mut wanted: Vec<u32> = values.keys().copied().collect();
    wanted.sort_unstable();
    let mut assembly = Assembly::new(&stream.form, true)?;
    assembly.set_time(entry.time_nanos, entry.duration_nanos);
    let places = assembly.place(&source.stacks(&wanted)?)?;
    let by_place: HashMap<usize, u32> = places
        .iter()
        .map(|(stack, place)| (*place, *stack))
        .collect();
    assembly.finish(|place| {
        by_place
            .get(&place)
            .map_or_else(|| vec![0; columns], |stack| values[stack].clone())
    })
}

/// Makes one profile of a range.
pub(crate) fn merged(
    snapshot: &Snapshot<'_>,
    selector: &Selector,
    kind: &str,
    range: Range,
    how: Merge,
) -> Result<Profile> {
    let streams = streams(snapshot, selector, Some(kind))?;
    if how == Merge::Sum {
        refuse_sum_of_levels(&streams)?;
    }
    let sources = sources(snapshot, &streams, range)?;
    let entries = || {
        let all = sources.iter().flat_map(|source| source.entries.values());
        all.flatten()
    };
    let (Some(last_nanos), Some(first_nanos)) = (
        entries().map(|entry| entry.time_nanos).max(),
        entries().map(|entry| entry.time_nanos).min(),
    ) else {
        return Err(Error::NoProfile {
            kind: kind.to_owned(),
        });
    };
    let used: Vec<&StreamInfo> = streams
        .iter()
        .filter(|stream| {
            sources
                .iter()
                .any(|source| source.entries.contains_key(&stream.id))
        })
        .collect();
    let Some(form) = used.first().map(|stream| &stream.form) else {
        return Err(Error::NoProfile {
            kind: kind.to_owned(),
        });
    };
    let columns = form.types.len();
    // Maxima are of single stacks; what is added up may as well become one.
    let mut assembly = Assembly::new(form, how == Merge::Max)?;
    assembly.set_time(first_nanos, last_nanos.saturating_sub(first_nanos));
    // By place and column; of maxima by stream as well.
    let mut sums: Vec<f64> = Vec::new();
    let mut maxima: HashMap<(usize, i64), Vec<f64>> = HashMap::new();
    let mut folds = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        for stream in &used {
            if let Some(entries) = source.entries.get(&stream.id) {
                let of_stream = sources
                    .iter()
                    .filter_map(|source| source.entries.get(&stream.id));
                let last_ms = of_stream.clone().filter_map(|entries| entries.last());
                let last_ms = last_ms.map(|entry| entry.at_ms).max();
                let times = Arc::new(Moments::new(entries.iter().map(|entry| entry.at_ms)));
                for (pair, series) in &stream.pairs {
                    for part in source.parts(*series)? {
                        folds.push(Fold {
                            how,
                            range,
                            place,
                            stream: stream.id,
                            columns: columns_of(&stream.form, pair, form),
                            semantics: pair.semantics,
                            part,
                            times: times.clone(),
                            all: of_stream.clone().map(Vec::len).sum(),
                            last_ms: last_ms.unwrap_or(i64::MIN),
                        });
                    }
                }
            }
        }
    }
    let read: Vec<Folded> = folds.par_iter().map(Fold::run).collect::<Result<_>>()?;
    let mut read: Vec<(&Fold<'_>, Folded)> = folds.iter().zip(read).collect();
    for (number, source) in sources.iter().enumerate() {
        // The folds come in the order of their sources.
        let own = read.partition_point(|(fold, _)| fold.place <= number);
        let folds: Vec<_> = read.drain(..own).collect();
        let mut wanted: Vec<u32> = folds
            .iter()
            .flat_map(|(_, values)| values.iter().map(|(stack, _)| *stack))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let places = assembly.place(&source.stacks(&wanted)?)?;
        sums.resize(assembly.len() * columns, 0.0);
        for (fold, values) in folds {
            for (stack, pair) in values {
                let Some(&place) = places.get(&stack) else {
                    continue;
                };
                let known = if how == Merge::Max {
                    let known = maxima.entry((place, fold.stream));
                    known.or_insert_with(|| vec![0.0; columns])
                } else {
                    &mut sums[place * columns..][..columns]
                };
                for &(from, column) in &fold.columns {
                    if how == Merge::Max {
                        known[column] = known[column].max(pair[from]);
                    } else {
                        known[column] += pair[from];
                    }
                }
            }
        }
    }
    for ((place, _), row) in maxima {
        let known = &mut sums[place * columns..][..columns];
        for (known, value) in known.iter_mut().zip(row) {
            *known += value;
        }
    }
    assembly.finish(|place| {
        let row = &sums[place * columns..][..columns];
        row.iter().map(|value| rounded(*value)).collect()
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounded; what does not fit saturates"
)]
fn rounded(value: f64) -> i64 {
    value.round() as i64
}

fn refuse_sum_of_levels(streams: &[StreamInfo]) -> Result<()> {
    for stream in streams {
        let types = stream.form.types.iter();
        let mut levels = types.filter(|sample_type| sample_type.semantics == Semantics::Level);
        if let Some(level) = levels.next() {
            return Err(Error::SumOfLevels {
                kind: stream.kind.clone(),
                sample_type: level.name.clone(),
            });
        }
    }
    Ok(())
}

/// Where the columns of a pair are in the form of an answer.
fn columns_of(own: &Form, pair: &Pair, form: &Form) -> Vec<(usize, usize)> {
    let column_of = |column: usize| {
        let own = &own.types[column];
        let mut others = form.types.iter();
        others.position(|other| other.name == own.name && other.unit == own.unit)
    };
    pair.columns()
        .filter_map(|(place, column)| Some((place, column_of(column)?)))
        .collect()
}

/// Stacks, sorted, with one value for each place of a row.
type Folded = Vec<(u32, [f64; 2])>;

/// How some rows of one stream in one source become one value for each stack.
struct Fold<'r> {
    how: Merge,
    range: Range,
    /// The source's place.
    place: usize,
    stream: i64,
    /// The places in a row with their columns in the answer.
    columns: Vec<(usize, usize)>,
    semantics: Semantics,
    part: Part<'r>,
    /// When the stream's profiles in this source were taken, in order.
    times: Arc<Moments>,
    /// How many profiles of the stream all sources have.
    all: usize,
    /// When the last of these was taken.
    last_ms: i64,
}

impl Fold<'_> {
    fn run(&self) -> Result<Folded> {
        let mean = self.how == Merge::Mean
            || self.how == Merge::Default && self.semantics == Semantics::Level;
        let needs = Needs {
            values: [true; 2],
            until: self.semantics == Semantics::Level,
            carried: false,
        };
        let mut values: Folded = Vec::new();
        self.part.each(needs, None, |row| {
            let weight = self.weight(row);
            if weight == 0 {
                return;
            }
            let weight = if mean { weight as f64 } else { 1.0 };
            let [first, second] = row.values;
            let new = [first as f64 * weight, second as f64 * weight];
            match values.last_mut() {
                Some((stack, sums)) if *stack == row.stack => {
                    for (sum, new) in sums.iter_mut().zip(new) {
                        *sum = if self.how == Merge::Max {
                            sum.max(new)
                        } else {
                            *sum + new
                        };
                    }
                }
                _ => values.push((row.stack, new)),
            }
        })?;
        if mean {
            let all = self.all as f64;
            for (_, sums) in &mut values {
                *sums = sums.map(|sum| sum / all);
            }
        }
        Ok(values)
    }

    /// In how many of the profiles that count a row holds.
    fn weight(&self, row: &Row) -> usize {
        let is_last = self.how == Merge::Last;
        if self.semantics != Semantics::Level {
            let counts = self.range.contains(row.time) && (!is_last || row.time == self.last_ms);
            return usize::from(counts);
        }
        if is_last {
            return usize::from(row.time <= self.last_ms && self.last_ms <= row.until);
        }
        // The times are those of the range.
        let behind = self.times.behind(row.until);
        behind.saturating_sub(self.times.first_from(row.time))
    }
}
