//! Answering what the buckets of a histogram had counted at a moment.
//!
//! Blocks keep by how much each bucket grew. The counts of the process that is looked at now are
//! known from the last look, and those of any earlier moment are these less what grew since. A
//! process that was seen to start began with nothing. Only of one that ran before it was looked
//! at, and has ended, it stays unknown what it began with.

use crate::answer::{Counted, CountedStep, PointsQuery, Range};
use crate::block::BlockReader;
use crate::curves::step_of;
use crate::embedded::Snapshot;
use crate::listing::{TargetRow, blocks_in, chosen, runs};
use crate::numbers::{Numbers, growth};
use crate::point_query::{Found, ScrapeKind, each_scrape, series};
use crate::stream::Fail;
use crate::{Error, Result};

/// By how much a bucket grew: when, which, how much.
type Growth = (i64, u32, u64);

/// Answers a query, for those of its series that are histograms.
pub(crate) fn counts(snapshot: &Snapshot<'_>, query: &PointsQuery) -> Result<Vec<Counted>> {
    if query.step_ms < 0 {
        return Err(Error::unsuitable(
            "a step cannot be negative; ask for 0 or more",
        ));
    }
    let mut counted = Vec::new();
    for target in chosen(snapshot, &query.selector)? {
        let lives = Lives::of(snapshot, &target)?;
        for found in series(snapshot, &target, &query.names)? {
            if found.kind == fathom_series::Kind::Histogram {
                let read = read(snapshot, &target, &found, lives.needed(query.range))?;
                counted.push(lives.count(&target, found, &read, query));
            }
        }
    }
    Ok(counted)
}

/// When the processes of a target began.
struct Lives {
    /// When each but the first was first seen, sorted.
    restarts: Vec<i64>,
}

impl Lives {
    fn of(snapshot: &Snapshot<'_>, target: &TargetRow) -> Result<Self> {
        let runs = runs(snapshot, target.id)?;
        let mut restarts: Vec<i64> = runs.iter().skip(1).map(|run| run.first_ms).collect();
        restarts.sort_unstable();
        Ok(Self { restarts })
    }

    /// Which process a moment belongs to: the first is 0.
    fn at(&self, at_ms: i64) -> usize {
        self.restarts.partition_point(|&start| start <= at_ms)
    }

    /// When a process began, unless it is the first.
    fn begin(&self, life: usize) -> Option<i64> {
        self.restarts.get(life.checked_sub(1)?).copied()
    }

    /// What must be read for a range: of a process that has ended, from its begin on; of the one
    /// that is looked at now, up to the last look.
    fn needed(&self, range: Range) -> Range {
        let latest = self.restarts.len();
        let first = self.at(range.from_ms);
        let from_ms = if first == latest {
            range.from_ms
        } else {
            self.begin(first).unwrap_or(i64::MIN)
        };
        let to_ms = if self.at(range.to_ms) == latest {
            i64::MAX
        } else {
            range.to_ms
        };
        Range::new(from_ms, to_ms)
    }

    fn count(&self, target: &TargetRow, found: Found, read: &Read, query: &PointsQuery) -> Counted {
        let latest = self.restarts.len();
        let buckets = found.boundaries.len().saturating_sub(1);
        let Range { from_ms, to_ms } = query.range;
        let begun = self.before_latest(read, buckets);
        let known_from = if begun.is_some() && self.at(from_ms) == latest {
            i64::MIN
        } else {
            let kept = self.restarts.iter().find(|&&start| start >= read.kept_from);
            match (kept, &begun) {
                (Some(&start), _) => start,
                (None, Some(_)) => self.begin(latest).unwrap_or(i64::MIN),
                (None, None) => i64::MAX,
            }
        };
        let begun = begun.unwrap_or_else(|| vec![0; buckets]);
        let first = self.at(read.range.from_ms);
        let mut state = if first == latest {
            begun.clone()
        } else {
            vec![0; buckets]
        };
        let mut life = first;
        let mut before = None;
        let mut steps: Vec<CountedStep> = Vec::new();
        let mut put = |at_ms: i64, state: &[u64]| {
            if !query.range.contains(at_ms) {
                return;
            }
            let at_ms = step_of(at_ms, query.step_ms);
            match steps.last_mut() {
                Some(step) if step.at_ms == at_ms => step.counts.copy_from_slice(state),
                _ => steps.push(CountedStep {
                    at_ms,
                    counts: state.to_vec(),
                }),
            }
        };
        let mut rows = read.growth.iter().peekable();
        loop {
            let next = rows.peek().map(|(at_ms, ..)| *at_ms);
            // A process that begins counts from nothing, also while nothing is counted.
            let start = self.restarts.get(life).copied();
            let start = start.filter(|start| next.is_none_or(|next| *start <= next));
            let Some(at_ms) = start.or(next).filter(|at_ms| *at_ms < to_ms) else {
                break;
            };
            if at_ms >= from_ms && before.is_none() {
                before = Some(state.clone());
            }
            if start.is_some() {
                life += 1;
                if life == latest {
                    state.clone_from(&begun);
                } else {
                    state.fill(0);
                }
            } else {
                while let Some((_, bucket, count)) = rows.next_if(|row| row.0 == at_ms) {
                    if let Some(slot) = state.get_mut(*bucket as usize) {
                        *slot = slot.saturating_add(*count);
                    }
                }
            }
            put(at_ms, &state);
        }
        Counted {
            target: target.labels.clone(),
            name: found.name,
            unit: found.unit,
            boundaries: found.boundaries,
            known_from_ms: known_from,
            before: before.unwrap_or(state),
            steps,
        }
    }

    /// What the process that is looked at now had counted before the growth that was read: the
    /// counts of the last look less all growth of this process.
    fn before_latest(&self, read: &Read, buckets: usize) -> Option<Vec<u64>> {
        let mut counts = vec![0_u64; buckets];
        for (bucket, count) in read.last.as_ref()? {
            if let Some(slot) = counts.get_mut(*bucket as usize) {
                *slot = *count;
            }
        }
        let begin = self.begin(self.restarts.len()).unwrap_or(i64::MIN);
        for (_, bucket, count) in read.growth.iter().filter(|(at_ms, ..)| *at_ms >= begin) {
            let slot = counts.get_mut(*bucket as usize)?;
            // More growth than counts: it started anew without being seen to.
            *slot = slot.checked_sub(*count)?;
        }
        Some(counts)
    }
}

/// What is stored of a histogram.
struct Read {
    range: Range,
    /// In order of time.
    growth: Vec<Growth>,
    /// The counts of the last look.
    last: Option<Vec<(u32, u64)>>,
    /// When what is still kept begins.
    kept_from: i64,
}

fn read(snapshot: &Snapshot<'_>, target: &TargetRow, found: &Found, range: Range) -> Result<Read> {
    let mut read = Read {
        range,
        growth: Vec::new(),
        last: None,
        kept_from: i64::MAX,
    };
    for block in blocks_in(snapshot, Range::ALL)? {
        read.kept_from = read.kept_from.min(block.first_ms);
    }
    for block in blocks_in(snapshot, range)? {
        let reader = BlockReader::new(block.path(snapshot.folder));
        reader.each_bucket(Some(&[found.id]), range, |_, row| read.growth.push(row))?;
    }
    let fail: Fail<'_> = &|source| snapshot.fail(source);
    let mut before: Option<Numbers> = None;
    each_scrape(
        snapshot.connection,
        target.id,
        fail,
        |at_ms, kind, numbers| {
            if let Some(counts) = numbers.histogram(found.id) {
                let known = before
                    .as_ref()
                    .and_then(|before| before.histogram(found.id));
                let is_restart = kind == ScrapeKind::Restart;
                if kind != ScrapeKind::Base {
                    read.kept_from = read.kept_from.min(at_ms);
                    // What was counted before the first look belongs to no interval.
                    if range.contains(at_ms) && (known.is_some() || is_restart) {
                        let grown = growth(known, counts, is_restart).into_iter();
                        let grown = grown.map(|(bucket, count)| (at_ms, bucket, count));
                        read.growth.extend(grown);
                    }
                }
                read.last = Some(counts.to_vec());
            }
            before = Some(numbers);
        },
    )?;
    read.growth.sort_by_key(|(at_ms, ..)| *at_ms);
    Ok(read)
}
