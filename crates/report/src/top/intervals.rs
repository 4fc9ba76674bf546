//! What Go's sampling heap profiler leaves open about each row.

use fathom_profile::Profile;
use fathom_profile::heap::{HeapColumn, HeapProfile};
use fathom_profile::sampling::{self, Bucket, Estimate, Measure, SamplingRate};
use hashbrown::HashMap;
use serde::Serialize;

use super::TopRow;
use crate::node::NodeTable;
use crate::scope::Scope;

/// A 95 % interval, in the unit of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// The least that agrees with the samples.
    pub low: i64,
    /// The most that agrees with the samples.
    pub high: i64,
    /// How many objects were sampled.
    pub samples: u64,
}

impl Interval {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and is rounded outwards"
    )]
    fn of(estimate: Estimate) -> Self {
        Self {
            low: estimate.low.floor() as i64,
            high: estimate.high.ceil() as i64,
            samples: estimate.samples,
        }
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// What sampling leaves open about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RowIntervals {
    /// Of what fell to the row itself; `None` when nothing of it was sampled.
    pub flat: Option<Interval>,
    /// Of what fell to the row and to what it called.
    pub cum: Option<Interval>,
    /// Whether this row's interval and the next row's overlap, in the value by which rows
    /// are ordered: which of the two is larger is not known.
    pub tied_with_next: bool,
    /// Rows of one group overlap with its first row; groups are counted from 1. `None`
    /// without an interval to compare.
    pub group: Option<usize>,
}

/// What sampling leaves open about a whole view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sampling {
    /// The mean number of bytes between two samples (`runtime.MemProfileRate`).
    pub rate_bytes: i64,
    /// The interval of the total of all samples in the view.
    pub total: Option<Interval>,
    /// How many bytes a place may hold of which the profile shows nothing.
    pub unlisted_bytes: i64,
}

/// Collects what was sampled and attaches intervals to rows.
pub(super) struct Estimator<'a, 'p> {
    pub(super) scope: &'a Scope<'p>,
    pub(super) nodes: &'a NodeTable<'a>,
    /// The node of each row.
    pub(super) shown: &'a [u32],
}

/// Sampled objects of one row by their size.
#[derive(Default)]
struct Sampled {
    flat: HashMap<u64, u64>,
    cum: HashMap<u64, u64>,
}

impl Estimator<'_, '_> {
    /// Attaches intervals to `rows`. `None`, and no intervals, when the column is not one
    /// of a sampled heap, its rate is unknown, or it holds a difference: what came and
    /// what went have noise of their own, which a difference no longer shows.
    pub(super) fn attach(&self, rows: &mut [TopRow]) -> Option<Sampling> {
        let (kind, _) = self.profile().sample_type(self.scope.column);
        let column = HeapColumn::from_name(kind)?;
        let heap = HeapProfile::new(self.profile()).ok()?;
        let rate = heap.rate();
        if rate.is_off() || self.scope.options.mean || self.is_difference() {
            return None;
        }
        let (sampled, total) = self.collect(&heap, column);
        for (row, sampled) in rows.iter_mut().zip(&sampled) {
            row.intervals = Some(RowIntervals {
                flat: interval(rate, column.measure(), &sampled.flat),
                cum: interval(rate, column.measure(), &sampled.cum),
                tied_with_next: false,
                group: None,
            });
        }
        group(rows, &self.scope.options.sort);
        #[expect(clippy::cast_possible_truncation, reason = "a few megabytes")]
        let unlisted_bytes = sampling::unlisted_bound(rate).ceil() as i64;
        Some(Sampling {
            rate_bytes: rate.bytes(),
            total: interval(rate, column.measure(), &total),
            unlisted_bytes,
        })
    }

    fn is_difference(&self) -> bool {
        let profile = self.profile();
        let mut values = profile.values(self.scope.column).iter();
        values.any(|&value| value < 0)
            || (0..profile.sample_count()).any(|sample| profile.is_base_sample(sample))
    }

    fn profile(&self) -> &Profile {
        &self.scope.profile
    }

    fn collect(
        &self,
        heap: &HeapProfile<'_>,
        column: HeapColumn,
    ) -> (Vec<Sampled>, HashMap<u64, u64>) {
        const NO_ROW: u32 = u32::MAX;
        let mut rows = vec![NO_ROW; self.nodes.len()];
        for (row, &node) in self.shown.iter().enumerate() {
            if let (Some(slot), Ok(row)) = (rows.get_mut(node as usize), u32::try_from(row)) {
                *slot = row;
            }
        }
        let row_of = |node: u32| {
            rows.get(node as usize)
                .copied()
                .filter(|&row| row != NO_ROW)
                .map(|row| row as usize)
        };
        let mut sampled: Vec<Sampled> = self.shown.iter().map(|_| Sampled::default()).collect();
        let mut marks = vec![0_usize; self.shown.len()];
        let mut total = HashMap::new();
        let values = self.profile().values(self.scope.column);
        for (sample, &value) in values.iter().enumerate() {
            if value == 0 {
                continue;
            }
            let record = heap.record(sample);
            let count = record.samples(column);
            let add = |sizes: &mut HashMap<u64, u64>| {
                let known = sizes.entry(record.size).or_insert(0);
                *known = known.saturating_add(count);
            };
            add(&mut total);
            let stack = self.profile().stack(sample);
            for &node in stack
                .iter()
                .flat_map(|&location| self.nodes.frames(location))
            {
                let Some(row) = row_of(node) else { continue };
                if let (Some(mark), Some(sampled)) = (marks.get_mut(row), sampled.get_mut(row))
                    && *mark != sample + 1
                {
                    *mark = sample + 1;
                    add(&mut sampled.cum);
                }
            }
            let leaf = stack
                .first()
                .and_then(|&leaf| self.nodes.frames(leaf).first());
            if let Some(row) = leaf.and_then(|&node| row_of(node))
                && let Some(sampled) = sampled.get_mut(row)
            {
                add(&mut sampled.flat);
            }
        }
        (sampled, total)
    }
}

fn interval(rate: SamplingRate, measure: Measure, sizes: &HashMap<u64, u64>) -> Option<Interval> {
    // In order, so that sums of floats do not depend on the map's.
    let mut buckets: Vec<Bucket> = sizes
        .iter()
        .map(|(&size, &samples)| Bucket { size, samples })
        .collect();
    buckets.sort_unstable_by_key(|bucket| bucket.size);
    sampling::estimate(rate, measure, buckets)
        .filter(|estimate| estimate.samples > 0)
        .map(Interval::of)
}

/// Marks rows whose order is not known.
fn group(rows: &mut [TopRow], sort: &str) {
    let ordered_by: Vec<Option<Interval>> = rows
        .iter()
        .map(|row| {
            row.intervals.and_then(|intervals| match sort {
                "cum" => intervals.cum,
                _ => intervals.flat,
            })
        })
        .collect();
    let (mut number, mut first) = (0, None::<Interval>);
    for (index, row) in rows.iter_mut().enumerate() {
        let own = ordered_by.get(index).copied().flatten();
        let next = ordered_by.get(index + 1).copied().flatten();
        let Some((intervals, own)) = row.intervals.as_mut().zip(own) else {
            continue;
        };
        if !first.is_some_and(|first| first.overlaps(&own)) {
            number += 1;
            first = Some(own);
        }
        intervals.group = Some(number);
        intervals.tied_with_next = next.is_some_and(|next| own.overlaps(&next));
    }
}
