//! What a function, or one place of a flame graph, cost over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use crate::answer::{CurveQuery, FunctionCurve, FunctionStep};
use crate::block::Needs;
use crate::curves::step_of;
use crate::dictionary::FrameRow;
use crate::embedded::Snapshot;
use crate::form::Pair;
use crate::moments::Moments;
use crate::sources::{Part, Source, StreamInfo, sources, streams};
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

impl CurveQuery {
    fn wants(&self, sample_type: &str) -> bool {
        self.sample_type
            .as_deref()
            .is_none_or(|wanted| wanted == sample_type)
    }
}

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
        for sample_type in stream
            .form
            .types
            .iter()
            .filter(|one| query.wants(&one.name))
        {
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
    let mut found = Vec::new();
    for source in &sources {
        let hits = Arc::new(Hits::find(source, place)?);
        if hits.few.as_ref().is_some_and(HashSet::is_empty) {
            continue;
        }
        for stream in &streams {
            let Some(entries) = source.entries.get(&stream.id) else {
                continue;
            };
            let times = Arc::new(Moments::new(entries.iter().map(|entry| entry.at_ms)));
            for (pair, series) in &stream.pairs {
                let mut values = [false; 2];
                for (place, column) in pair.columns() {
                    values[place] = query.wants(&stream.form.types[column].name);
                }
                if values == [false; 2] {
                    continue;
                }
                let parts = source.parts(*series)?.into_iter();
                found.extend(parts.map(|part| Found {
                    part,
                    hits: hits.clone(),
                    times: times.clone(),
                    stream,
                    pair,
                    values,
                }));
            }
        }
    }
    let read: Vec<Sides> = found.par_iter().map(Found::read).collect::<Result<_>>()?;
    for (found, sides) in found.iter().zip(read) {
        found.add(&sides, query, &counts, &mut curves);
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

/// The stacks of a source that are asked for.
struct Hits {
    /// By the stacks' numbers.
    by_stack: Vec<Option<Hit>>,
    /// The numbers, where they are few.
    few: Option<HashSet<u32>>,
}

impl Hits {
    fn find(source: &Source<'_, '_>, place: Place<'_>) -> Result<Self> {
        let mut by_stack: Vec<Option<Hit>> = Vec::new();
        source.each_stack(
            |frames| place.frames(frames),
            |wanted, stack, frames| {
                let stack = stack as usize;
                if by_stack.len() <= stack {
                    by_stack.resize(stack + 1, None);
                }
                by_stack[stack] = place.hit(wanted, frames);
            },
        )?;
        let all = (0..).zip(&by_stack).filter(|(_, hit)| hit.is_some());
        // Rows are skipped where that is less work than to read all.
        let few = (all.clone().count() * 8 <= by_stack.len())
            .then(|| all.map(|(stack, _)| stack).collect());
        Ok(Self { by_stack, few })
    }

    fn of(&self, stack: u32) -> Option<Hit> {
        self.by_stack.get(stack as usize).copied().flatten()
    }
}

/// By place in a pair, flat and cum, at each profile.
type Sides = [[Vec<f64>; 2]; 2];

/// Some rows of one stream in one source, with the stacks that are asked for.
struct Found<'f> {
    part: Part<'f>,
    hits: Arc<Hits>,
    /// When the stream's profiles were taken.
    times: Arc<Moments>,
    stream: &'f StreamInfo,
    pair: &'f Pair,
    /// Which of the pair's values are asked for.
    values: [bool; 2],
}

impl Found<'_> {
    fn read(&self) -> Result<Sides> {
        let times = self.times.all();
        let mut sides: Sides = Default::default();
        for side in sides.iter_mut().flatten() {
            side.resize(times.len() + 1, 0.0);
        }
        let is_level = self.pair.semantics == Semantics::Level;
        let needs = Needs {
            values: self.values,
            until: is_level,
            carried: false,
        };
        // Rows of a stack follow each other.
        let mut last: (u32, Option<Hit>) = (u32::MAX, None);
        let [[flat_a, cum_a], [flat_b, cum_b]] = &mut sides;
        self.part.each(needs, self.hits.few.as_ref(), |row| {
            if last.0 != row.stack {
                last = (row.stack, self.hits.of(row.stack));
            }
            let Some(hit) = last.1 else {
                return;
            };
            let first = self.times.first_from(row.time);
            let [a, b] = row.values;
            let (a, b) = (a as f64, b as f64);
            let mut add = |place: usize, sign: f64| {
                cum_a[place] += sign * a;
                cum_b[place] += sign * b;
                if hit == Hit::Ends {
                    flat_a[place] += sign * a;
                    flat_b[place] += sign * b;
                }
            };
            if is_level {
                let behind = self.times.behind(row.until);
                if first < behind {
                    add(first, 1.0);
                    add(behind, -1.0);
                }
            } else if times.get(first) == Some(&row.time) {
                add(first, 1.0);
            }
        })?;
        if is_level {
            // What changed at each profile becomes what is there.
            for side in sides.iter_mut().flatten() {
                let mut now = 0.0;
                for change in side {
                    now += *change;
                    *change = now;
                }
            }
        }
        Ok(sides)
    }

    fn add(
        &self,
        sides: &Sides,
        query: &CurveQuery,
        counts: &HashMap<(i64, i64), u64>,
        curves: &mut HashMap<Key, Sums>,
    ) {
        for (place, column) in self.pair.columns() {
            let Some(curve) = curves.get_mut(&key(&self.stream.form.types[column])) else {
                continue;
            };
            for (index, at_ms) in self.times.all().iter().enumerate() {
                let step = step_of(*at_ms, query.step_ms);
                let divisor = if self.pair.semantics == Semantics::Level {
                    counts.get(&(self.stream.id, step)).copied().unwrap_or(1) as f64
                } else {
                    1.0
                };
                let sum = curve.entry(step).or_default();
                for kind in 0..2 {
                    sum[kind] += sides[place][kind][index] / divisor;
                }
            }
        }
    }
}
