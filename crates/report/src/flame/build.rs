//! From samples to frames: one partition of the samples after another.
//!
//! All samples below a frame are neighbours in one list. Going down, the list is divided by
//! the next frame of each stack, and a part is gone into only if it is wide enough: what is
//! left out is never built. Counters of functions are marked with the round they were last
//! used in, so that nothing is hashed or cleared.

use fathom_profile::Profile;

use super::facts::Facts;
use super::head;
use super::{Flame, Frames, LeftOut, MOST_FRAMES, SMALLEST_SHARE, difference};
use crate::Failure;
use crate::command::Format;
use crate::node::{NodeRules, NodeTable};
use crate::options::Options;
use crate::scope::Scope;

/// What the root is called.
const ROOT: &str = "all";

/// What percentages are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Totals {
    /// What every report takes.
    Scope,
    /// The new profile for itself, the base for itself.
    Two,
}

pub(super) fn flame(
    profile: &Profile,
    options: &Options,
    totals: Totals,
) -> Result<Flame, Failure> {
    let mut options = options.clone();
    let mut notes = Vec::new();
    if options.mean {
        options.mean = false;
        notes.push("mean has no meaning for a flame graph: averages do not add up".to_owned());
    }
    let scope = Scope::new(profile, "flame", Format::Traces, &options)?;
    let table = NodeTable::new(&scope.profile, NodeRules::of(&scope));
    let facts = Facts::new(&scope.profile, &table, &scope.options);
    let mut builder = Builder::new(&scope, &table, &facts);
    builder.build();
    let is_difference = totals == Totals::Two || builder.has_base;
    let (mut frames, cuts, below) = builder.finish();
    let root = frames.value.first().copied().unwrap_or(0);
    let left_out = left_out(&frames, &cuts, below);
    let functions = facts.used(&mut frames, ROOT);
    let (total, base_total) = if is_difference {
        let whole = head::two_totals(profile, &scope);
        let filtered = (root, frames.base.first().copied().unwrap_or(0));
        let (total, base) = if scope.options.relative_percentages {
            filtered
        } else {
            whole
        };
        (total, Some(base))
    } else {
        (scope.total, None)
    };
    let gone = if is_difference {
        difference::gone(&frames, &functions)
    } else {
        frames.base = Vec::new();
        frames.base_own = Vec::new();
        Vec::new()
    };
    notes.extend(scope.notes.iter().cloned());
    Ok(Flame {
        filters: head::filters(&scope),
        display_unit: head::unit(&scope),
        heading: scope.heading.clone(),
        granularity: scope.granularity,
        divide_by: scope.options.divide_by,
        total,
        base_total,
        functions,
        frames,
        left_out,
        gone,
        notes,
    })
}

/// What the new profile and the base hold.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    value: i64,
    base: i64,
}

impl Sums {
    const fn add(&mut self, other: Self) {
        self.value = self.value.saturating_add(other.value);
        self.base = self.base.saturating_add(other.base);
    }

    fn larger(self) -> i64 {
        self.value.max(self.base)
    }
}

/// A sample on its way from the root to its leaf.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    sample: u32,
    /// How many locations, and frames of the next one, are still to come.
    locations: u32,
    frames: u32,
    /// What it holds; negative for a sample of the base.
    value: i64,
}

impl Cursor {
    const fn sums(&self) -> Sums {
        if self.value < 0 {
            Sums {
                value: 0,
                base: self.value.saturating_neg(),
            }
        } else {
            Sums {
                value: self.value,
                base: 0,
            }
        }
    }
}

/// One part of the samples below a frame.
#[derive(Debug, Clone, Copy)]
struct Part {
    node: u32,
    sums: Sums,
    samples: usize,
    /// Whether every call was inlined.
    inlined: bool,
}

/// A frame that is to be built, with its samples.
#[derive(Debug, Clone, Copy)]
struct Pending {
    part: Part,
    first: usize,
    parent: u32,
    depth: u32,
    start: i64,
}

struct Builder<'a> {
    scope: &'a Scope<'a>,
    table: &'a NodeTable<'a>,
    facts: &'a Facts,
    cursors: Vec<Cursor>,
    /// By node: the round in which it was last met, and its part then.
    marks: Vec<(u32, u32)>,
    round: u32,
    below: i64,
    frames: Frames,
    /// By frame: how many callees are left out.
    cuts: Vec<u32>,
    has_base: bool,
}

impl<'a> Builder<'a> {
    fn new(scope: &'a Scope<'a>, table: &'a NodeTable<'a>, facts: &'a Facts) -> Self {
        let profile = &scope.profile;
        let mut cursors = Vec::with_capacity(profile.sample_count());
        let mut all = Sums::default();
        let mut has_base = false;
        for (sample, number) in (0..profile.sample_count()).zip(0_u32..) {
            let value = signed(scope, sample);
            if value == 0 {
                continue;
            }
            has_base |= value < 0;
            let locations = u32::try_from(profile.stack(sample).len()).unwrap_or(u32::MAX);
            let cursor = Cursor {
                sample: number,
                locations,
                frames: 0,
                value,
            };
            all.add(cursor.sums());
            cursors.push(cursor);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a share of an i64")]
        let below = if scope.options.trim {
            (all.larger() as f64 * SMALLEST_SHARE) as i64
        } else {
            0
        };
        Self {
            scope,
            table,
            facts,
            cursors,
            marks: vec![(0, 0); table.len()],
            round: 0,
            below: below.max(1),
            frames: Frames::default(),
            cuts: Vec::new(),
            has_base,
        }
    }

    fn build(&mut self) {
        let mut all = Sums::default();
        for cursor in &self.cursors {
            all.add(cursor.sums());
        }
        let mut pending = vec![Pending {
            part: Part {
                node: Facts::ROOT,
                sums: all,
                samples: self.cursors.len(),
                inlined: false,
            },
            first: 0,
            parent: 0,
            depth: 0,
            start: 0,
        }];
        let mut sorted = Vec::new();
        let mut parts = Vec::new();
        while let Some(next) = pending.pop() {
            let frame = self.push(&next);
            let samples = next.first..next.first + next.part.samples;
            parts.clear();
            let own = self.divide(samples.clone(), &mut parts, &mut sorted);
            if let (Some(value), Some(base)) =
                (self.frames.own.last_mut(), self.frames.base_own.last_mut())
            {
                (*value, *base) = (own.value, own.base);
            }
            // What ended here stands first in the list.
            let below: usize = parts.iter().map(|part| part.samples).sum();
            let mut first = samples.end - below;
            let mut callees: Vec<Pending> = Vec::with_capacity(parts.len());
            let mut cut = 0;
            for &part in &parts {
                if part.sums.larger() >= self.below {
                    callees.push(Pending {
                        part,
                        first,
                        parent: frame,
                        depth: next.depth.saturating_add(1),
                        start: 0,
                    });
                } else {
                    cut += 1;
                }
                first += part.samples;
            }
            if let Some(cuts) = self.cuts.last_mut() {
                *cuts = cut;
            }
            let mut start = next.start;
            self.sort(&mut callees);
            for callee in &mut callees {
                callee.start = start;
                start = start.saturating_add(callee.part.sums.value);
            }
            pending.extend(callees.into_iter().rev());
        }
    }

    /// The widest first, then by what they were, then by name.
    fn sort(&self, callees: &mut [Pending]) {
        callees.sort_by(|left, right| {
            let (a, b) = (left.part.sums, right.part.sums);
            b.value
                .cmp(&a.value)
                .then_with(|| b.base.cmp(&a.base))
                .then_with(|| {
                    self.facts
                        .name(left.part.node)
                        .cmp(self.facts.name(right.part.node))
                })
                .then_with(|| left.part.node.cmp(&right.part.node))
        });
    }

    fn push(&mut self, next: &Pending) -> u32 {
        let frames = &mut self.frames;
        let place = u32::try_from(frames.value.len()).unwrap_or(u32::MAX);
        frames.parent.push(next.parent);
        frames.depth.push(next.depth);
        frames.function.push(next.part.node);
        frames.value.push(next.part.sums.value);
        frames.own.push(0);
        frames.start.push(next.start);
        frames.inlined.push(next.part.inlined);
        frames.base.push(next.part.sums.base);
        frames.base_own.push(0);
        self.cuts.push(0);
        place
    }

    /// Sorts samples by their next frame, those without one first; returns what these hold.
    fn divide(
        &mut self,
        samples: std::ops::Range<usize>,
        parts: &mut Vec<Part>,
        sorted: &mut Vec<(u32, Cursor)>,
    ) -> Sums {
        const ENDED: u32 = u32::MAX;
        self.round += 1;
        let mut own = Sums::default();
        let mut ended = 0;
        sorted.clear();
        let (scope, table) = (self.scope, self.table);
        for cursor in self.cursors.get(samples.clone()).unwrap_or_default() {
            let sums = cursor.sums();
            let Some((node, inlined, cursor)) = advance(scope, table, *cursor) else {
                own.add(sums);
                ended += 1;
                sorted.push((ENDED, *cursor));
                continue;
            };
            let Some(mark) = self.marks.get_mut(node as usize) else {
                continue;
            };
            if mark.0 != self.round {
                *mark = (self.round, u32::try_from(parts.len()).unwrap_or(ENDED));
                parts.push(Part {
                    node,
                    sums: Sums::default(),
                    samples: 0,
                    inlined: true,
                });
            }
            if let Some(part) = parts.get_mut(mark.1 as usize) {
                part.sums.add(sums);
                part.samples += 1;
                part.inlined &= inlined;
            }
            sorted.push((mark.1, cursor));
        }
        // Where each part begins, then each sample to its place.
        let mut places = Vec::with_capacity(parts.len());
        let mut place = samples.start + ended;
        for part in &*parts {
            places.push(place);
            place += part.samples;
        }
        let mut first = samples.start;
        for &(part, cursor) in &*sorted {
            let place = places.get_mut(part as usize).unwrap_or(&mut first);
            if let Some(slot) = self.cursors.get_mut(*place) {
                *slot = cursor;
            }
            *place += 1;
        }
        own
    }

    /// The frames, how many callees of each are left out, and below which value.
    fn finish(mut self) -> (Frames, Vec<u32>, i64) {
        if self.frames.value.len() > MOST_FRAMES {
            self.narrow();
        }
        (self.frames, self.cuts, self.below)
    }

    /// Leaves out the narrowest frames until few enough are left.
    fn narrow(&mut self) {
        let frames = &self.frames;
        let larger = |place: usize| {
            let of = |column: &[i64]| column.get(place).copied().unwrap_or(0);
            of(&frames.value).max(of(&frames.base))
        };
        let mut sizes: Vec<i64> = (0..frames.value.len()).map(larger).collect();
        let (_, &mut last, _) = sizes.select_nth_unstable_by(MOST_FRAMES, |a, b| b.cmp(a));
        self.below = last.saturating_add(1);
        let mut kept = Frames::default();
        let mut cuts: Vec<u32> = Vec::new();
        // Callers come first, and are at least as wide as their callees.
        let mut places = vec![u32::MAX; frames.value.len()];
        for place in 0..frames.value.len() {
            let parent = frames.parent.get(place).copied().unwrap_or(0);
            let parent = if place == 0 {
                0
            } else {
                places.get(parent as usize).copied().unwrap_or(u32::MAX)
            };
            if larger(place) < self.below && place != 0 {
                if let Some(cut) = cuts.get_mut(parent as usize) {
                    *cut += 1;
                }
                continue;
            }
            if let Some(slot) = places.get_mut(place) {
                *slot = u32::try_from(kept.value.len()).unwrap_or(u32::MAX);
            }
            cuts.push(self.cuts.get(place).copied().unwrap_or(0));
            kept.push_from(frames, place, parent);
        }
        self.frames = kept;
        self.cuts = cuts;
    }
}

impl Frames {
    fn push_from(&mut self, from: &Self, place: usize, parent: u32) {
        fn copy<T: Copy>(into: &mut Vec<T>, from: &[T], place: usize) {
            into.extend(from.get(place).copied());
        }
        self.parent.push(parent);
        copy(&mut self.depth, &from.depth, place);
        copy(&mut self.function, &from.function, place);
        copy(&mut self.value, &from.value, place);
        copy(&mut self.own, &from.own, place);
        copy(&mut self.start, &from.start, place);
        copy(&mut self.inlined, &from.inlined, place);
        copy(&mut self.base, &from.base, place);
        copy(&mut self.base_own, &from.base_own, place);
    }
}

/// What a sample holds, negative for one of the base: those are marked, or negative at least.
fn signed(scope: &Scope<'_>, sample: usize) -> i64 {
    let value = scope.profile.value(sample, scope.column);
    if value > 0 && scope.profile.is_base_sample(sample) {
        -value
    } else {
        value
    }
}

/// The next frame of a sample, whether it is inlined, and where the sample then stands.
fn advance(scope: &Scope<'_>, table: &NodeTable<'_>, at: Cursor) -> Option<(u32, bool, Cursor)> {
    let stack = scope.profile.stack(at.sample as usize);
    let mut at = at;
    while at.frames == 0 {
        // The root is the last location of a stack.
        let location = stack.get(at.locations.checked_sub(1)? as usize)?;
        at.frames = u32::try_from(table.frames(*location).len()).unwrap_or(u32::MAX);
        if at.frames == 0 {
            at.locations -= 1;
        }
    }
    let location = stack.get(at.locations.checked_sub(1)? as usize)?;
    let frames = table.frames(*location);
    // The innermost call is the first.
    let place = at.frames as usize - 1;
    let node = *frames.get(place)?;
    let is_outermost = place + 1 == frames.len();
    at.frames -= 1;
    if at.frames == 0 {
        at.locations -= 1;
    }
    Some((node, !is_outermost, at))
}

/// What the frames do not show of what is below them.
fn left_out(frames: &Frames, cuts: &[u32], below: i64) -> LeftOut {
    let values: i128 = frames.value.iter().map(|&value| i128::from(value)).sum();
    let root = frames.value.first().copied().unwrap_or(0);
    let own: i128 = frames.own.iter().map(|&own| i128::from(own)).sum();
    // Each frame is itself and what it calls; all but the root are called by another.
    let missing = (values - own) - (values - i128::from(root));
    LeftOut {
        below,
        frames: cuts.iter().map(|&cut| u64::from(cut)).sum(),
        value: i64::try_from(missing).unwrap_or(i64::MAX),
    }
}
