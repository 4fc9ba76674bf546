//! Heap profiles: their columns, their records, and what they estimate.

use crate::error::Error;
use crate::profile::Profile;
use crate::sampling::{self, Bucket, Estimate, Measure, SamplingRate};

/// A column of a heap profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeapColumn {
    /// Objects allocated since the program started.
    AllocObjects,
    /// Bytes allocated since the program started.
    AllocSpace,
    /// Objects in use.
    InuseObjects,
    /// Bytes in use.
    InuseSpace,
}

impl HeapColumn {
    /// All columns, in the order of Go's profiles.
    pub const ALL: [Self; 4] = [
        Self::AllocObjects,
        Self::AllocSpace,
        Self::InuseObjects,
        Self::InuseSpace,
    ];

    /// Returns the column's sample type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllocObjects => "alloc_objects",
            Self::AllocSpace => "alloc_space",
            Self::InuseObjects => "inuse_objects",
            Self::InuseSpace => "inuse_space",
        }
    }

    /// Returns the column of a sample type's name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "objects" => Some(Self::InuseObjects),
            "space" => Some(Self::InuseSpace),
            _ => Self::ALL.into_iter().find(|column| column.name() == name),
        }
    }

    /// Returns what the column counts.
    pub const fn measure(self) -> Measure {
        match self {
            Self::AllocObjects | Self::InuseObjects => Measure::Objects,
            Self::AllocSpace | Self::InuseSpace => Measure::Bytes,
        }
    }
}

/// One record of a heap profile: a stack and a size, with what was sampled and what pprof
/// made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeapRecord {
    /// The sample it stands in.
    pub sample: usize,
    /// The size of the slot, in bytes: the size class, not what was asked for.
    pub size: u64,
    /// Sampled objects in use.
    pub inuse_samples: u64,
    /// Sampled objects since the program started.
    pub alloc_samples: u64,
    /// Objects in use, as scaled.
    pub inuse_objects: i64,
    /// Bytes in use, as scaled.
    pub inuse_bytes: i64,
    /// Objects since the program started, as scaled; 0 when the profile does not say.
    pub alloc_objects: i64,
    /// Bytes since the program started, as scaled; 0 when the profile does not say.
    pub alloc_bytes: i64,
}

impl HeapRecord {
    /// Returns the sampled objects that a column counts.
    pub const fn samples(&self, column: HeapColumn) -> u64 {
        match column {
            HeapColumn::AllocObjects | HeapColumn::AllocSpace => self.alloc_samples,
            HeapColumn::InuseObjects | HeapColumn::InuseSpace => self.inuse_samples,
        }
    }

    /// Returns the sampled objects that were freed.
    pub const fn freed_samples(&self) -> u64 {
        self.alloc_samples.saturating_sub(self.inuse_samples)
    }
}

/// A profile seen as what the heap holds.
#[derive(Debug, Clone, Copy)]
pub struct HeapProfile<'p> {
    profile: &'p Profile,
    /// Positions of [`HeapColumn::ALL`].
    columns: [Option<usize>; 4],
    rate: SamplingRate,
}

impl<'p> HeapProfile<'p> {
    /// Looks for a heap's columns in a profile.
    ///
    /// # Errors
    ///
    /// [`Error::Unsuitable`] when it has no objects and bytes, in use or allocated.
    pub fn new(profile: &'p Profile) -> Result<Self, Error> {
        let mut columns = [None; 4];
        for index in 0..profile.sample_types().len() {
            let (kind, _) = profile.sample_type(index);
            if let Some(column) = HeapColumn::from_name(kind) {
                columns[column as usize].get_or_insert(index);
            }
        }
        let has = |objects: HeapColumn, space: HeapColumn| {
            columns[objects as usize].is_some() && columns[space as usize].is_some()
        };
        if !has(HeapColumn::InuseObjects, HeapColumn::InuseSpace)
            && !has(HeapColumn::AllocObjects, HeapColumn::AllocSpace)
        {
            let reason = "it is no heap profile: it lacks objects and bytes".to_owned();
            return Err(Error::Unsuitable { reason });
        }
        let is_space = profile
            .period_type()
            .is_some_and(|(kind, _)| kind == "space");
        let rate = SamplingRate::new(if is_space { profile.period() } else { 0 });
        Ok(Self {
            profile,
            columns,
            rate,
        })
    }

    /// Returns the profile.
    pub const fn profile(&self) -> &'p Profile {
        self.profile
    }

    /// Returns `runtime.MemProfileRate`; off when the profile does not tell it.
    pub const fn rate(&self) -> SamplingRate {
        self.rate
    }

    /// Returns where the profile keeps a column.
    pub const fn column(&self, column: HeapColumn) -> Option<usize> {
        self.columns[column as usize]
    }

    fn value(&self, sample: usize, column: HeapColumn) -> i64 {
        self.column(column)
            .map_or(0, |index| self.profile.value(sample, index))
    }

    /// Returns the record of a sample.
    ///
    /// The size comes from the label `bytes` that Go writes, else from bytes by objects.
    pub fn record(&self, sample: usize) -> HeapRecord {
        let [alloc_objects, alloc_bytes, inuse_objects, inuse_bytes] =
            HeapColumn::ALL.map(|column| self.value(sample, column));
        let labelled = self
            .profile
            .number_label(sample, "bytes")
            .and_then(|size| u64::try_from(size).ok())
            .filter(|&size| size > 0);
        let mean = |bytes: i64, objects: i64| {
            let mean = bytes.checked_div(objects).filter(|&mean| mean > 0);
            mean.map(i64::unsigned_abs)
        };
        let size = labelled
            .or_else(|| mean(alloc_bytes, alloc_objects))
            .or_else(|| mean(inuse_bytes, inuse_objects))
            .unwrap_or(0);
        HeapRecord {
            sample,
            size,
            inuse_samples: self.rate.samples(inuse_objects, inuse_bytes, size),
            alloc_samples: self.rate.samples(alloc_objects, alloc_bytes, size),
            inuse_objects,
            inuse_bytes,
            alloc_objects,
            alloc_bytes,
        }
    }

    /// Returns the records of all samples.
    pub fn records(&self) -> impl Iterator<Item = HeapRecord> + use<'p> {
        let heap = *self;
        (0..heap.profile.sample_count()).map(move |sample| heap.record(sample))
    }

    /// Estimates a column over some samples, with its interval.
    ///
    /// `None` when profiling was off or the rate is unknown.
    pub fn estimate(
        &self,
        column: HeapColumn,
        samples: impl IntoIterator<Item = usize>,
    ) -> Option<Estimate> {
        let buckets = samples.into_iter().map(|sample| {
            let record = self.record(sample);
            Bucket {
                size: record.size,
                samples: record.samples(column),
            }
        });
        sampling::estimate(self.rate, column.measure(), buckets)
    }

    /// Estimates a column over the whole profile, with its interval.
    ///
    /// `None` when profiling was off or the rate is unknown.
    pub fn total(&self, column: HeapColumn) -> Option<Estimate> {
        self.estimate(column, 0..self.profile.sample_count())
    }
}

/// Returns the records of a heap profile.
///
/// # Errors
///
/// [`Error::Unsuitable`] when it is no heap profile.
pub fn records(profile: &Profile) -> Result<impl Iterator<Item = HeapRecord>, Error> {
    Ok(HeapProfile::new(profile)?.records())
}
