//! Two heap profiles of one process: what was allocated and what was freed between them.

use hashbrown::HashMap;

use crate::error::Error;
use crate::handle::LocationId;
use crate::heap::{HeapColumn, HeapProfile};
use crate::merge::{Merge, Translation};
use crate::options::Defects;
use crate::profile::Profile;
use crate::sampling::{self, Bucket, Growth};
use crate::site::site_frame;

/// The growth of one site.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteGrowth<'p> {
    /// The function; its address in hexadecimal when it has no name.
    pub function: String,
    /// Its file; may be empty.
    pub file: &'p str,
    /// The line; 0 when unknown.
    pub line: i64,
    /// By how much the bytes in use grew.
    pub growth: Growth,
    /// A sample of the later profile, whose stack shows the callers; `None` when the site
    /// is only in the earlier one.
    pub example: Option<usize>,
}

/// What happened between two heap profiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'p> {
    /// Over all sites.
    pub total: Growth,
    /// Site by site, the largest growth first, then by name.
    pub sites: Vec<SiteGrowth<'p>>,
}

/// One stack and size in both profiles.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    allocated: [u64; 2],
    freed: [u64; 2],
    /// The sample that shows it: in the later profile if it is there.
    sample: Option<(Side, usize)>,
    size: u64,
}

/// Function, file, line; the address when there is no function.
type SiteKey<'p> = (&'p str, &'p str, i64, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Before,
    After,
}

/// Compares two heap profiles of one process by the samples that came and went.
///
/// Both must count allocations (`alloc_objects`) since the start of the same process; a
/// count that fell is taken for no change. The estimate is wrong when the profiles come
/// from two processes, or without a collection between them (nothing new was published
/// then). `None` when profiling was off or its rate changed.
///
/// # Errors
///
/// [`Error::Unsuitable`] when one is no heap profile.
pub fn compare<'p>(
    before: &'p Profile,
    after: &'p Profile,
) -> Result<Option<Comparison<'p>>, Error> {
    let heaps = [HeapProfile::new(before)?, HeapProfile::new(after)?];
    let [rate, later_rate] = heaps.map(|heap| heap.rate());
    let counts_allocations = heaps
        .iter()
        .all(|heap| heap.column(HeapColumn::AllocObjects).is_some());
    if rate != later_rate || rate.is_off() || !counts_allocations {
        return Ok(None);
    }
    let mut merge = Merge::new(Defects::Corrected);
    let mut pairs: HashMap<(Vec<LocationId>, u64), Pair> = HashMap::new();
    for (side, heap) in [(Side::Before, heaps[0]), (Side::After, heaps[1])] {
        let mut translation = Translation::new(heap.profile());
        for record in heap.records().filter(|record| record.alloc_samples > 0) {
            let stack = heap.profile().stack(record.sample);
            let stack: Result<Vec<LocationId>, Error> = stack
                .iter()
                .map(|&id| merge.location(&mut translation, id))
                .collect();
            let pair = pairs.entry((stack?, record.size)).or_default();
            pair.allocated[side as usize] += record.alloc_samples;
            pair.freed[side as usize] += record.freed_samples();
            pair.sample = Some((side, record.sample));
            pair.size = record.size;
        }
    }
    let mut all = Changes::default();
    let mut sites: HashMap<SiteKey<'_>, (Changes, Option<usize>)> = HashMap::new();
    let mut pairs: Vec<Pair> = pairs.into_values().collect();
    pairs.sort_by_key(|pair| pair.sample);
    for pair in pairs {
        all.add(&pair);
        let Some((side, sample)) = pair.sample else {
            continue;
        };
        let profile = heaps[side as usize].profile();
        let frame = site_frame(profile, sample);
        let key = frame.map_or(("", "", 0, 0), |frame| {
            let address = if frame.function.is_empty() {
                frame.address
            } else {
                0
            };
            (frame.function, frame.file, frame.line, address)
        });
        let (changes, example) = sites.entry(key).or_default();
        changes.add(&pair);
        if side == Side::After {
            // The smallest index, whatever the order of the map.
            *example = Some(example.map_or(sample, |known| known.min(sample)));
        }
    }
    let growth = |changes: Changes| {
        let measure = HeapColumn::InuseSpace.measure();
        sampling::growth(rate, measure, changes.allocated, changes.freed)
    };
    let mut sites: Vec<SiteGrowth<'p>> = sites
        .into_iter()
        .filter(|(_, (changes, _))| !changes.is_empty())
        .filter_map(|((function, file, line, address), (changes, example))| {
            let function = if function.is_empty() {
                format!("{address:#x}")
            } else {
                function.to_owned()
            };
            Some(SiteGrowth {
                function,
                file,
                line,
                growth: growth(changes)?,
                example,
            })
        })
        .collect();
    sites.sort_by(|a, b| {
        b.growth
            .net
            .value
            .total_cmp(&a.growth.net.value)
            .then_with(|| (&a.function, a.file, a.line).cmp(&(&b.function, b.file, b.line)))
    });
    Ok(growth(all).map(|total| Comparison { total, sites }))
}

#[derive(Default)]
struct Changes {
    allocated: Vec<Bucket>,
    freed: Vec<Bucket>,
}

impl Changes {
    fn add(&mut self, pair: &Pair) {
        let size = pair.size;
        let change = |[before, after]: [u64; 2]| after.saturating_sub(before);
        for (changes, samples) in [
            (&mut self.allocated, change(pair.allocated)),
            (&mut self.freed, change(pair.freed)),
        ] {
            if samples > 0 {
                changes.push(Bucket { size, samples });
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.allocated.is_empty() && self.freed.is_empty()
    }
}
