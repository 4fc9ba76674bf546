//! What is the same in all profiles of a stream, and what each has of its own.

use fathom_profile::Profile;
use serde::{Deserialize, Serialize};

use crate::scrape::Taken;
use crate::varint::{self, Reader};
use crate::{Error, Result, Semantics};

/// What is the same in all profiles of a stream: a target's profiles of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(crate) types: Vec<SampleType>,
    pub(crate) default_type: String,
    pub(crate) period_type: Option<(String, String)>,
    pub(crate) period: i64,
}

/// A column of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SampleType {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) semantics: Semantics,
}

/// One or two columns of the same semantics, which change together (objects and bytes, waits and
/// time waited) and are stored in the same rows: a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) semantics: Semantics,
    pub(crate) first: usize,
    pub(crate) second: Option<usize>,
}

impl Form {
    /// Reads the form of a profile.
    pub(crate) fn of(taken: &Taken<'_>) -> Result<Self> {
        let Taken { kind, profile, .. } = taken;
        let count = profile.sample_types().len();
        if let Some(semantics) = taken.semantics
            && semantics.len() != count
        {
            return Err(Error::unsuitable(format!(
                "the {kind} profile has {count} sample types, but the meaning of {} is given; give \
                 one for each",
                semantics.len()
            )));
        }
        let types = (0..count).map(|column| {
            let (name, unit) = profile.sample_type(column);
            let semantics = match taken.semantics {
                Some(semantics) => semantics[column],
                None => Semantics::of_go(kind, name),
            };
            SampleType {
                name: name.to_owned(),
                unit: unit.to_owned(),
                semantics,
            }
        });
        let owned = |(name, unit): (&str, &str)| (name.to_owned(), unit.to_owned());
        Ok(Self {
            types: types.collect(),
            default_type: profile.default_sample_type().to_owned(),
            period_type: profile.period_type().map(owned),
            period: profile.period(),
        })
    }

    /// Groups the columns.
    pub(crate) fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for semantics in [Semantics::Cumulative, Semantics::Level, Semantics::Delta] {
            let columns: Vec<usize> = (0..self.types.len())
                .filter(|&column| self.types[column].semantics == semantics)
                .collect();
            pairs.extend(columns.chunks(2).map(|columns| Pair {
                semantics,
                first: columns[0],
                second: columns.get(1).copied(),
            }));
        }
        pairs
    }
}

impl Pair {
    /// The values of its columns in a sample.
    pub(crate) fn of(self, values: &[i64]) -> [i64; 2] {
        [values[self.first], self.second.map_or(0, |at| values[at])]
    }

    /// The columns, each with its place in the pair.
    pub(crate) fn columns(self) -> impl Iterator<Item = (usize, usize)> {
        std::iter::once((0, self.first)).chain(self.second.map(|column| (1, column)))
    }

    /// The names and units of its columns, as the table of series keeps them: JSON.
    pub(crate) fn names(self, form: &Form) -> (String, String) {
        let mut names: Vec<&str> = Vec::new();
        let mut units: Vec<&str> = Vec::new();
        for (_, column) in self.columns() {
            names.push(&form.types[column].name);
            units.push(&form.types[column].unit);
        }
        let text = |words: &[&str]| serde_json::json!(words).to_string();
        (text(&names), text(&units))
    }
}

/// Where the values of a profile begin to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// They go on from the profile before.
    Continues,
    /// The process started anew: all that is counted was counted since then.
    Restart,
    /// It is the first one: what it has counted happened before.
    First,
}

/// What a profile has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at_ms: i64,
    pub(crate) origin: Origin,
    pub(crate) time_nanos: i64,
    pub(crate) duration_nanos: i64,
    /// How many profiles it stands for.
    pub(crate) profiles: u64,
    pub(crate) samples: u64,
    /// The sums of the columns.
    pub(crate) totals: Vec<i64>,
}

impl Entry {
    /// Reads it from a profile.
    pub(crate) fn of(profile: &Profile, at_ms: i64, origin: Origin, samples: u64) -> Self {
        let columns = 0..profile.sample_types().len();
        Self {
            at_ms,
            origin,
            time_nanos: profile.time_nanos(),
            duration_nanos: profile.duration_nanos(),
            profiles: 1,
            samples,
            totals: columns.map(|column| profile.column_sum(column)).collect(),
        }
    }

    /// Writes down all but the time.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let origin = match self.origin {
            Origin::Continues => 0,
            Origin::Restart => 1,
            Origin::First => 2,
        };
        varint::put(&mut bytes, origin);
        varint::put_signed(&mut bytes, self.time_nanos);
        varint::put_signed(&mut bytes, self.duration_nanos);
        varint::put(&mut bytes, self.profiles);
        varint::put(&mut bytes, self.samples);
        for total in &self.totals {
            varint::put_signed(&mut bytes, *total);
        }
        bytes
    }

    /// Reads what [`Entry::encode`] wrote; nothing when it is damaged.
    pub(crate) fn decode(at_ms: i64, bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let origin = match reader.get()? {
            0 => Origin::Continues,
            1 => Origin::Restart,
            2 => Origin::First,
            _ => return None,
        };
        let mut entry = Self {
            at_ms,
            origin,
            time_nanos: reader.get_signed()?,
            duration_nanos: reader.get_signed()?,
            profiles: reader.get()?,
            samples: reader.get()?,
            totals: Vec::new(),
        };
        while !reader.is_empty() {
            entry.totals.push(reader.get_signed()?);
        }
        Some(entry)
    }
}
