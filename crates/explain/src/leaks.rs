//! What grows over a series of heap profiles of one process.

use crate::heap_sites::{HeapSites, Site};
use crate::heap_state::whole;
use fathom_profile::Profile;
use fathom_profile::heap::{HeapColumn, HeapProfile};
use fathom_trends::{
    Check, Condition, Process, Series, Shape, Slope, StackSeries, Thresholds, judge, resets,
    suspects,
};
use serde::Serialize;
use std::collections::HashMap;

/// The contract of [`Leaks`].
pub const LEAKS_SCHEMA: &str = "fathom.leaks/1";

/// Fewer profiles show no trend.
pub const FEWEST_PROFILES: usize = 4;

/// What is kept of a heap profile: a fraction of its size.
#[derive(Debug, Clone)]
pub struct DatedHeap {
    pub(crate) unix_nanos: i64,
    sites: HeapSites,
    /// All bytes that were ever allocated; NaN where the profile does not tell.
    allocated: f64,
}

impl DatedHeap {
    /// Reads a profile that was taken at a time, in nanoseconds since 1970-01-01 UTC; `None`
    /// where it is no heap profile.
    pub fn read(profile: &Profile, unix_nanos: i64) -> Option<Self> {
        let heap = HeapProfile::new(profile).ok()?;
        let column = heap.column(HeapColumn::AllocSpace);
        let allocated = column.map_or(f64::NAN, |column| profile.column_total(column) as f64);
        Some(Self {
            unix_nanos,
            sites: HeapSites::read(profile)?,
            allocated,
        })
    }

    /// When it was taken, in nanoseconds since 1970-01-01 UTC.
    pub const fn unix_nanos(&self) -> i64 {
        self.unix_nanos
    }

    /// Its allocation sites.
    pub(crate) const fn sites(&self) -> &HeapSites {
        &self.sites
    }
}

/// Why a series of profiles shows no trend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeaksError {
    /// There are too few of one run of the process.
    #[error(
        "{found} heap profiles of one run of the process show no trend: {FEWEST_PROFILES} are needed, and half an hour of them to be sure"
    )]
    TooFew {
        /// How many there are since the process started last.
        found: usize,
    },
}

/// What grows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaks {
    /// [`LEAKS_SCHEMA`].
    pub schema: &'static str,
    /// How many profiles were read: those since the process started last.
    pub profiles: usize,
    /// How many were left out, because they are of an earlier run of the process.
    pub profiles_of_earlier_runs: usize,
    /// When the first of them was taken, in nanoseconds since 1970-01-01 UTC.
    pub from_unix_nanos: i64,
    /// When the last was.
    pub until_unix_nanos: i64,
    /// Whether the live heap grows as a leak does: [`Leaks::checks`] all hold.
    pub leaks: bool,
    /// What the live heap does, as `linear` or `saturating`; `unknown` where it was not watched
    /// for long enough.
    pub shape: &'static str,
    /// Live bytes in the first profile.
    pub first_bytes: u64,
    /// Live bytes in the last profile.
    pub last_bytes: u64,
    /// How fast the live heap grows since its last change of course; `None` where there are too
    /// few profiles.
    pub rate: Option<Rate>,
    /// How long until the live heap is as large as the limit that was given.
    pub limit: Option<Limit>,
    /// What must hold for growth to be a leak, and whether it does.
    pub checks: Vec<LeakCheck>,
    /// The sites that make up the growth, first the surest large ones.
    pub sites: Vec<GrowingSite>,
    /// How many sites were looked at.
    pub sites_tested: usize,
    /// The share of the growth that `sites` make up, 0 to 1.
    pub explained: f64,
}

/// A rate with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// Bytes an hour.
    pub bytes_per_hour: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// When a limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limit {
    /// The limit, in bytes.
    pub bytes: u64,
    /// Seconds from the last profile on, at the rate.
    pub seconds: f64,
    /// At the upper end of its interval.
    pub soonest: f64,
    /// At the lower end; `None` for never.
    pub latest: Option<f64>,
}

/// One thing that must hold for growth to be a leak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LeakCheck {
    /// What must hold.
    pub what: &'static str,
    /// Whether it does.
    pub holds: bool,
    /// What was measured.
    pub value: f64,
    /// What it must reach.
    pub needed: f64,
}

impl From<&Check> for LeakCheck {
    fn from(check: &Check) -> Self {
        Self {
            what: check.condition.describe(),
            holds: check.holds,
            value: check.value,
            needed: check.needed,
        }
    }
}

/// A place in the program whose live memory grows by more than sampling explains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowingSite {
    /// The place: `main.readResponse (main.go:20)`.
    pub place: String,
    /// The innermost function that is not the runtime's.
    pub allocated_by: String,
    /// Live bytes in the first profile.
    pub first_bytes: u64,
    /// Live bytes in the last profile.
    pub last_bytes: u64,
    /// The mean of the last quarter of the profiles less that of the first, in bytes.
    pub growth_bytes: u64,
    /// How many standard deviations of the sampling that is.
    pub deviations: f64,
    /// Its share of the growth of all sites, 0 to 1.
    pub share: f64,
    /// How steadily it grows: Kendall's tau, 0 to 1.
    pub monotonicity: f64,
    /// How fast it grows.
    pub rate: Rate,
    /// Live bytes in each profile.
    pub bytes: Vec<u64>,
}

/// Tells what grows over heap profiles of one process, in any order. Where the process started
/// anew between two of them, those before are left out.
///
/// `limit`, in bytes, is what the live heap must not reach.
///
/// # Errors
///
/// [`LeaksError`] where there is no trend to be told.
pub fn leaks(mut heaps: impl AsMut<[DatedHeap]>, limit: Option<u64>) -> Result<Leaks, LeaksError> {
    let heaps = heaps.as_mut();
    heaps.sort_by_key(|heap| heap.unix_nanos);
    let begin = heaps.first().map_or(0, |heap| heap.unix_nanos);
    let seconds = |heap: &DatedHeap| heap.unix_nanos.saturating_sub(begin) as f64 / 1e9;
    let times: Vec<f64> = heaps.iter().map(seconds).collect();
    // What was ever allocated falls only when the process starts anew.
    let allocated = heaps.iter().map(|heap| heap.allocated).collect();
    let restart = Series::new(times.clone(), allocated)
        .ok()
        .and_then(|allocated| resets(&allocated).last().copied());
    let first = restart.map_or(0, |restart| times.partition_point(|&it| it < restart));
    let times = times.get(first..).unwrap_or_default();
    let heaps = heaps.get(first..).unwrap_or_default();
    let too_few = LeaksError::TooFew { found: heaps.len() };
    let (Some(oldest), Some(newest)) = (heaps.first(), heaps.last()) else {
        return Err(too_few);
    };
    let live: Vec<f64> = heaps.iter().map(|heap| heap.sites.total.value).collect();
    // Two profiles of one instant are no series.
    let Ok(series) = Series::new(times.to_vec(), live.clone()) else {
        return Err(too_few);
    };
    if heaps.len() < FEWEST_PROFILES {
        return Err(too_few);
    }
    let verdict = judge(
        &Process {
            values: &series,
            load: None,
            collections: None,
            limit: None,
        },
        &Thresholds::bytes(),
    );
    let is_short = |check: &Check| {
        matches!(check.condition, Condition::Duration | Condition::Points) && !check.holds
    };
    let shape = if verdict.checks.iter().any(is_short) {
        Shape::Unknown
    } else {
        verdict.shape
    };
    let span = series.duration();
    let interval = newest.sites.rate as f64;
    let grown = newest.sites.total.value - oldest.sites.total.value;
    let rate = verdict
        .slope
        .map(|slope| Rate::new(&slope, grown * interval, span));
    let found = growing(times, heaps, interval);
    Ok(Leaks {
        schema: LEAKS_SCHEMA,
        profiles: heaps.len(),
        profiles_of_earlier_runs: first,
        from_unix_nanos: oldest.unix_nanos,
        until_unix_nanos: newest.unix_nanos,
        leaks: verdict.leaks,
        shape: name_of(shape),
        first_bytes: live.first().map_or(0, |&it| whole(it)),
        last_bytes: live.last().map_or(0, |&it| whole(it)),
        rate,
        limit: limit.and_then(|limit| reached(limit, newest.sites.total.value, rate.as_ref()?)),
        checks: verdict.checks.iter().map(LeakCheck::from).collect(),
        sites: found.sites,
        sites_tested: found.tested,
        explained: found.explained,
    })
}

pub(crate) const fn name_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Flat => "flat",
        Shape::Linear => "linear",
        Shape::Step => "step",
        Shape::Saturating => "saturating",
        Shape::SawTooth => "saw-tooth",
        Shape::GrowsWithLoad => "grows-with-load",
        Shape::Falling => "falling",
        _ => "unknown",
    }
}

impl Rate {
    /// A slope whose interval allows for the sampling too, which the scatter of the series does
    /// not show: what stays alive is sampled once, when it is allocated. `variance` is that of
    /// the growth over `span` seconds, in bytes squared.
    fn new(slope: &Slope, variance: f64, span: f64) -> Self {
        const HOUR: f64 = 3600.0;
        const NORMAL: f64 = 1.96;
        let sampling = NORMAL * variance.abs().sqrt() / span.max(1.0);
        let below = (slope.per_second - slope.low).hypot(sampling);
        let above = (slope.high - slope.per_second).hypot(sampling);
        Self {
            bytes_per_hour: slope.per_second * HOUR,
            low: (slope.per_second - below) * HOUR,
            high: (slope.per_second + above) * HOUR,
        }
    }
}

/// When what grows at a rate is as large as a limit; `None` where it is, or does not grow.
pub(crate) fn reached(limit: u64, now: f64, rate: &Rate) -> Option<Limit> {
    let left = limit as f64 - now;
    let seconds = |rate: f64| (rate > 0.0).then(|| left / rate * 3600.0);
    Some(Limit {
        bytes: limit,
        seconds: seconds(rate.bytes_per_hour).filter(|_| left > 0.0)?,
        soonest: seconds(rate.high)?,
        latest: seconds(rate.low),
    })
}

/// The sites that grow.
struct Growing {
    sites: Vec<GrowingSite>,
    tested: usize,
    explained: f64,
}

/// A site in all profiles.
struct Followed<'h> {
    site: &'h Site,
    bytes: Vec<f64>,
    /// All bytes and objects that were seen in it.
    seen: (f64, f64),
}

impl Followed<'_> {
    /// The mean size of its objects.
    fn object_bytes(&self) -> f64 {
        self.seen.0 / self.seen.1.max(1.0)
    }
}

/// Follows all sites through profiles that sample once in `interval` bytes.
fn growing(times: &[f64], heaps: &[DatedHeap], interval: f64) -> Growing {
    let mut places: HashMap<(&str, i64, &str), usize> = HashMap::new();
    let mut followed: Vec<Followed<'_>> = Vec::new();
    for (at, heap) in heaps.iter().enumerate() {
        for site in &heap.sites.sites {
            let place = *places.entry(site.identity()).or_insert_with(|| {
                followed.push(Followed {
                    site,
                    bytes: vec![0.0; heaps.len()],
                    seen: (0.0, 0.0),
                });
                followed.len() - 1
            });
            if let Some(known) = followed.get_mut(place) {
                if let Some(bytes) = known.bytes.get_mut(at) {
                    *bytes += site.value;
                }
                known.seen.0 += site.value;
                known.seen.1 += site.objects;
            }
        }
    }
    let series: Vec<StackSeries<'_, usize>> = followed
        .iter()
        .enumerate()
        .map(|(key, followed)| StackSeries {
            key,
            object_bytes: followed.object_bytes(),
            bytes: &followed.bytes,
        })
        .collect();
    let span = times.last().copied().unwrap_or(0.0) - times.first().copied().unwrap_or(0.0);
    let found = suspects(times, &series, interval);
    let sites = found.stacks.iter().filter_map(|suspect| {
        let followed = followed.get(suspect.key)?;
        let grown = followed.bytes.last()? - followed.bytes.first()?;
        let grain = followed.object_bytes().max(interval);
        Some(GrowingSite {
            place: followed.site.place(),
            allocated_by: followed.site.leaf.clone(),
            first_bytes: followed.bytes.first().map_or(0, |&it| whole(it)),
            last_bytes: followed.bytes.last().map_or(0, |&it| whole(it)),
            growth_bytes: whole(suspect.growth),
            deviations: suspect.growth / suspect.deviation.max(1.0),
            share: suspect.share,
            monotonicity: suspect.monotonicity,
            rate: Rate::new(&suspect.slope, grown * grain, span),
            bytes: followed.bytes.iter().map(|&it| whole(it)).collect(),
        })
    });
    Growing {
        sites: sites.collect(),
        tested: found.tested,
        explained: found.explained,
    }
}
