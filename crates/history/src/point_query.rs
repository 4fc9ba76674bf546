//! Answering what numbers did over time.

use fathom_series::{Kind, Unit};
use hashbrown::HashMap;
use rusqlite::Connection;

use crate::answer::{Curve, PointsQuery, Range, Steps};
use crate::block::BlockReader;
use crate::curves::{Point, bucket_steps, steps};
use crate::embedded::Snapshot;
use crate::listing::{TargetRow, chosen, runs};
use crate::numbers::{Numbers, growth};
use crate::stream::Fail;
use crate::writer::boundaries_of;
use crate::{Error, Result};

/// So much before a range is read too, for the value that a counter's first increase in the range
/// is counted from.
const LOOK_BACK_MS: i64 = 60 * 60 * 1000;

/// A series with its points.
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) boundaries: Vec<f64>,
    points: Vec<Point>,
    growth: Vec<(i64, u32, u64)>,
}

/// Answers a query.
pub(crate) fn points(snapshot: &Snapshot<'_>, query: &PointsQuery) -> Result<Vec<Curve>> {
    if query.step_ms < 0 {
        return Err(Error::unsuitable(
            "a step cannot be negative; ask for 0 or more",
        ));
    }
    let mut curves = Vec::new();
    for target in chosen(snapshot, &query.selector)? {
        let mut found = series(snapshot, &target, &query.names)?;
        if found.is_empty() {
            continue;
        }
        read_blocks(snapshot, &mut found, query.range)?;
        read_head(snapshot, &target, &mut found, query.range)?;
        let restarts: Vec<i64> = {
            let runs = runs(snapshot, target.id)?;
            let mut restarts: Vec<i64> = runs.iter().skip(1).map(|run| run.first_ms).collect();
            restarts.sort_unstable();
            restarts
        };
        for mut series in found {
            let is_histogram = series.kind == Kind::Histogram;
            let steps = if is_histogram {
                series.growth.sort_by_key(|(at_ms, ..)| *at_ms);
                let buckets = series.boundaries.len().saturating_sub(1);
                Steps::Buckets {
                    steps: bucket_steps(&series.growth, buckets, query.range, query.step_ms),
                    boundaries: series.boundaries,
                }
            } else {
                series.points.sort_by_key(|point| point.at_ms);
                Steps::Numbers(steps(
                    &series.points,
                    series.kind,
                    &restarts,
                    query.range,
                    query.step_ms,
                ))
            };
            curves.push(Curve {
                target: target.labels.clone(),
                name: series.name,
                kind: series.kind,
                unit: series.unit,
                steps,
            });
        }
    }
    Ok(curves)
}

/// The series of numbers of a target, without their points; all when there are no names.
pub(crate) fn series(
    snapshot: &Snapshot<'_>,
    target: &TargetRow,
    names: &[String],
) -> Result<Vec<Found>> {
    let fail = |source| snapshot.fail(source);
    let mut select = snapshot
        .connection
        .prepare_cached(
            "select id, name, meaning, unit, detail from series
             where target = ?1 and stream is null order by name, id",
        )
        .map_err(fail)?;
    let mut rows = select.query([target.id]).map_err(fail)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let name: String = row.get(1).map_err(fail)?;
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        let meaning: String = row.get(2).map_err(fail)?;
        let unit: String = row.get(3).map_err(fail)?;
        let detail: String = row.get(4).map_err(fail)?;
        let Ok(kind) = meaning.parse() else { continue };
        found.push(Found {
            id: row.get(0).map_err(fail)?,
            name,
            kind,
            unit: unit.parse().unwrap_or(Unit::Unknown),
            boundaries: boundaries_of(&detail),
            points: Vec::new(),
            growth: Vec::new(),
        });
    }
    Ok(found)
}

/// What a scrape of the head is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScrapeKind {
    /// The last one before the head, which belongs to a block.
    Base,
    /// The first one of a new run.
    Restart,
    /// Any other.
    Further,
}

/// Shows the scrapes of a target in the head, in the order in which they came.
pub(crate) fn each_scrape(
    connection: &Connection,
    target: i64,
    fail: Fail<'_>,
    mut see: impl FnMut(i64, ScrapeKind, Numbers),
) -> Result<()> {
    let mut select = connection
        .prepare_cached(
            "select at_ms, 0, points, 1 from head_points_base where target = ?1
             union all
             select at_ms, is_restart, points, 0 from
                 (select * from scrape where target = ?1 order by id)",
        )
        .map_err(fail)?;
    let mut rows = select.query([target]).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let at_ms: i64 = row.get(0).map_err(fail)?;
        let is_restart: bool = row.get(1).map_err(fail)?;
        let is_base: bool = row.get(3).map_err(fail)?;
        let bytes = row.get_ref(2).map_err(fail)?;
        let numbers = bytes.as_blob().ok().and_then(Numbers::decode);
        let numbers = numbers.ok_or_else(|| {
            let reason = format!("the numbers of a scrape at {at_ms} are damaged");
            fail(rusqlite::Error::InvalidColumnName(reason))
        })?;
        let kind = match (is_base, is_restart) {
            (true, _) => ScrapeKind::Base,
            (false, true) => ScrapeKind::Restart,
            (false, false) => ScrapeKind::Further,
        };
        see(at_ms, kind, numbers);
    }
    Ok(())
}

/// Adds what the head holds.
fn read_head(
    snapshot: &Snapshot<'_>,
    target: &TargetRow,
    found: &mut [Found],
    range: Range,
) -> Result<()> {
    let places: HashMap<i64, usize> = found
        .iter()
        .enumerate()
        .map(|(place, series)| (series.id, place))
        .collect();
    let range = looking_back(range);
    let mut before: Option<Numbers> = None;
    let fail: Fail<'_> = &|source| snapshot.fail(source);
    each_scrape(
        snapshot.connection,
        target.id,
        fail,
        |at_ms, kind, numbers| {
            if kind != ScrapeKind::Base && range.contains(at_ms) {
                for (id, value) in &numbers.values {
                    if let Some(&place) = places.get(id) {
                        found[place].points.push(Point::single(at_ms, *value));
                    }
                }
                for (id, counts) in &numbers.histograms {
                    let Some(&place) = places.get(id) else {
                        continue;
                    };
                    let known = before.as_ref().and_then(|before| before.histogram(*id));
                    let is_restart = kind == ScrapeKind::Restart;
                    // What was counted before the first look belongs to no interval.
                    if known.is_some() || is_restart {
                        let grown = growth(known, counts, is_restart).into_iter();
                        let grown = grown.map(|(bucket, count)| (at_ms, bucket, count));
                        found[place].growth.extend(grown);
                    }
                }
            }
            before = Some(numbers);
        },
    )
}

/// Adds what the blocks hold.
fn read_blocks(snapshot: &Snapshot<'_>, found: &mut [Found], range: Range) -> Result<()> {
    let range = looking_back(range);
    let places: HashMap<i64, usize> = found
        .iter()
        .enumerate()
        .map(|(place, series)| (series.id, place))
        .collect();
    let ids = |is_histogram: bool| -> Vec<i64> {
        let wanted = found.iter();
        let wanted = wanted.filter(|series| (series.kind == Kind::Histogram) == is_histogram);
        let mut ids: Vec<i64> = wanted.map(|series| series.id).collect();
        ids.sort_unstable();
        ids
    };
    let (numbers, histograms) = (ids(false), ids(true));
    for block in crate::listing::blocks_in(snapshot, range)? {
        let reader = BlockReader::new(block.path(snapshot.folder));
        if !numbers.is_empty() {
            reader.each_point(Some(&numbers), range, |(series, point)| {
                found[places[series]].points.push(*point);
            })?;
        }
        if !histograms.is_empty() {
            reader.each_bucket(Some(&histograms), range, |series, row| {
                found[places[&series]].growth.push(row);
            })?;
        }
    }
    Ok(())
}

const fn looking_back(range: Range) -> Range {
    Range::new(range.from_ms.saturating_sub(LOOK_BACK_MS), range.to_ms)
}
