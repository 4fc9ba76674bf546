//! What a function, or one place of a flame graph, cost over time.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use crate::answer::{CurveQuery, FunctionCurve, FunctionStep};
use crate::curves::step_of;
use crate::dictionary::FrameRow;
use crate::embedded::Snapshot;
use crate::form::Entry;
use crate::sources::{Source, StreamInfo, sources, streams};
use crate::{Error, Result, Semantics};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'q> {
    /// All stacks with a function.
    Function(&'q str),
    /// All stacks that begin with a path, from the outermost call on.
    Path(&'q [&'q str]),
}

/// Whether a stack ends with what is asked for, or only passes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hit {
    Ends,
    Passes,
}

impl Place<'_> {
    /// The frames that are asked for: of a path, step by step.
    fn frames(self, frames: &[FrameRow]) -> Vec<HashSet<u32>> {
        let named = |name: &str| -> HashSet<u32> {
            let all = (0..).zip(frames);
            let of_name = all.filter(|(_, frame)| frame.function == name);
            of_name.map(|(number, _)| number).collect()
        };
        match self {
            Self::Function(name) => vec![named(name)],
            Self::Path(path) => path.iter().map(|name| named(name)).collect(),
        }
    }

    fn hit(self, wanted: &[HashSet<u32>], stack: &[u32]) -> Option<Hit> {
        let ends = match self {
            Self::Function(_) => {
                let wanted = wanted.first()?;
                stack.iter().find(|frame| wanted.contains(*frame))?;
                stack.last().is_some_and(|leaf| wanted.contains(leaf))
            }
            Self::Path(_) => {
                if stack.len() < wanted.len() {
                    return None;
                }
                let mut pairs = stack.iter().zip(wanted);
                if !pairs.all(|(frame, wanted)| wanted.contains(frame)) {
                    return None;
                }
                stack.len() == wanted.len()
            }
        };
        Some(if ends { Hit::Ends } else { Hit::Passes })
    }
}

/// A sample type, as the curves are told apart: name, unit, meaning.
type Key = (String, String, Semantics);

/// The steps of a curve while they grow: flat and cum.
type Sums = BTreeMap<i64, [f64; 2]>;

/// Answers a query.
pub(crate) fn curves(
    snapshot: &Snapshot<'_>,
    query: &CurveQuery,
    place: Place<'_>,
) -> Result<Vec<FunctionCurve>> {
    if query.step_ms < 0 {
        return Err(Error::unsuitable(
            "a step cannot be negative; ask for 0 or more",
        ));
    }
    let streams = streams(snapshot, &query.selector, Some(&query.kind))?;
    let sources = sources(snapshot, &streams, query.range)?;
    // How many profiles of a stream are in a step: levels are means over them.
    let mut counts: HashMap<(i64, i64), u64> = HashMap::new();
    for source in &sources {
        for (stream, entries) in &source.entries {
            for entry in entries {
                let step = step_of(entry.at_ms, query.step_ms);
                *counts.entry((*stream, step)).or_default() += 1;
            }
        }
    }
    let mut order: Vec<Key> = Vec::new();
    let mut curves: HashMap<Key, Sums> = HashMap::new();
    for stream in &streams {
        for sample_type in &stream.form.types {
            let key = key(sample_type);
            if !order.contains(&key) {
                order.push(key.clone());
            }
            let sums = curves.entry(key).or_default();
            for (_, step) in counts.keys().filter(|(id, _)| *id == stream.id) {
                sums.entry(*step).or_default();
            }
        }
    }
    for source in &sources {
        let mut hits: HashMap<u32, Hit> = HashMap::new();
        source.each_stack(
            |frames| place.frames(frames),
            |wanted, stack, frames| {
                if let Some(hit) = place.hit(wanted, frames) {
                    hits.insert(stack, hit);
                }
            },
        )?;
        let wanted: HashSet<u32> = hits.keys().copied().collect();
        if wanted.is_empty() {
            continue;
        }
        for stream in &streams {
            if let Some(entries) = source.entries.get(&stream.id) {
                let found = Found {
                    hits: &hits,
                    wanted: &wanted,
                    entries,
                    counts: &counts,
                };
                found.add(source, stream, query, &mut curves)?;
            }
        }
    }
    let finished = order.into_iter().map(|key| {
        let sums = curves.remove(&key).unwrap_or_default();
        let steps = sums.into_iter();
        let (sample_type, unit, semantics) = key;
        FunctionCurve {
            sample_type,
            unit,
            semantics,
            steps: steps
                .map(|(at_ms, [flat, cum])| FunctionStep { at_ms, flat, cum })
                .collect(),
        }
    });
    Ok(finished.collect())
}

fn key(sample_type: &crate::form::SampleType) -> Key {
    let (name, unit) = (sample_type.name.clone(), sample_type.unit.clone());
    (name, unit, sample_type.semantics)
}

/// The stacks of a source that are asked for, and the profiles of one stream there.
struct Found<'f> {
    hits: &'f HashMap<u32, Hit>,
    wanted: &'f HashSet<u32>,
    entries: &'f [Entry],
    counts: &'f HashMap<(i64, i64), u64>,
}

impl Found<'_> {
    fn add(
        &self,
        source: &Source<'_, '_>,
        stream: &StreamInfo,
        query: &CurveQuery,
        curves: &mut HashMap<Key, Sums>,
    ) -> Result<()> {
        for (pair, series) in &stream.pairs {
            // By place in the pair, flat and cum: of levels the change at each profile.
            let mut sums: [[Vec<f64>; 2]; 2] = Default::default();
            for sum in sums.iter_mut().flatten() {
                sum.resize(self.entries.len() + 1, 0.0);
            }
            source.each_row(*series, Some(self.wanted), |row| {
                let is_flat = self.hits.get(&row.stack) == Some(&Hit::Ends);
                let first = self.entries.partition_point(|entry| entry.at_ms < row.time);
                let until = if pair.semantics == Semantics::Level {
                    row.until
                } else {
                    row.time
                };
                let behind = self.entries.partition_point(|entry| entry.at_ms <= until);
                if first >= behind {
                    return;
                }
                for (place, value) in row.values.iter().enumerate() {
                    let value = *value as f64;
                    let [flat, cum] = &mut sums[place];
                    let both = [(flat, is_flat), (cum, true)];
                    for (sum, _) in both.into_iter().filter(|(_, counts)| *counts) {
                        sum[first] += value;
                        sum[behind] -= value;
                    }
                }
            })?;
            for (place, column) in pair.columns() {
                let Some(curve) = curves.get_mut(&key(&stream.form.types[column])) else {
                    continue;
                };
                let mut now = [0.0; 2];
                for (index, entry) in self.entries.iter().enumerate() {
                    let step = step_of(entry.at_ms, query.step_ms);
                    let divisor = if pair.semantics == Semantics::Level {
                        self.counts.get(&(stream.id, step)).copied().unwrap_or(1) as f64
                    } else {
                        1.0
                    };
                    let sum = curve.entry(step).or_default();
                    for kind in 0..2 {
                        now[kind] += sums[place][kind][index];
                        sum[kind] += now[kind] / divisor;
                    }
                }
            }
        }
        Ok(())
    }
}
