//! From samples to frames: one partition of the samples after another.
//!
//! All samples below a frame are neighbours in one list. Going down, the list is divided by
//! the next frame of each stack, and a part is gone into only if it is wide enough: what is
//! left out is never built. Counters of functions are marked with the round they were last
//! used in, so that nothing is hashed or cleared.

use fathom_profile::Profile;

use super::facts::Facts;
use super::head;
use super::walk::{Cursor, Heads, Starts, Sums, advance, name_hash, retreat};
use super::window::{Walk, Window};
use super::{Flame, Frames, LeftOut, MOST_FRAMES, difference};
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
    window: &Window,
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
    let mut builder = Builder::new(&scope, &table, &facts, window);
    builder.build();
    let is_difference = totals == Totals::Two || builder.has_base;
    let Built {
        mut frames,
        cuts,
        below,
        columns,
    } = builder.finish();
    let root = frames.value.first().copied().unwrap_or(0);
    let left_out = left_out(&frames, &cuts, below, window.path.len());
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
        columns,
        notes,
    })
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
    heads: Heads,
    /// By node: the round in which it was last met, and its part then.
    marks: Vec<(u32, u32)>,
    round: u32,
    below: i64,
    frames: Frames,
    /// By frame: how many callees are left out.
    cuts: Vec<u32>,
    /// By sample type and frame: what fell to the frame.
    columns: Vec<Vec<i64>>,
    has_base: bool,
    window: &'a Window,
}

/// What a builder made.
struct Built {
    frames: Frames,
    /// By frame: how many callees are left out.
    cuts: Vec<u32>,
    /// Below which value.
    below: i64,
    columns: Vec<Vec<i64>>,
}

impl<'a> Builder<'a> {
    fn new(
        scope: &'a Scope<'a>,
        table: &'a NodeTable<'a>,
        facts: &'a Facts,
        window: &'a Window,
    ) -> Self {
        let profile = &scope.profile;
        let mut cursors = Vec::with_capacity(profile.sample_count());
        let mut heads = Heads::new(profile.sample_count());
        let mut all = Sums::default();
        let mut has_base = false;
        let starts = Starts::new(scope, table, facts, window);
        for (sample, number) in (0..profile.sample_count()).zip(0_u32..) {
            let value = signed(scope, sample);
            if value == 0 && !window.columns {
                continue;
            }
            let Some((locations, frames)) = starts.of(sample) else {
                continue;
            };
            has_base |= value < 0;
            let cursor = Cursor {
                sample: number,
                locations,
                frames,
                passed: 0,
                value,
            };
            heads.read(profile.stack(sample), &cursor);
            all.add(cursor.sums());
            cursors.push(cursor);
        }
        let columns = if window.columns && !has_base {
            vec![Vec::new(); profile.sample_types().len()]
        } else {
            Vec::new()
        };
        #[expect(clippy::cast_possible_truncation, reason = "a share of an i64")]
        let below = if scope.options.trim {
            (all.larger() as f64 * window.smallest_share) as i64
        } else {
            0
        };
        Self {
            scope,
            table,
            facts,
            cursors,
            heads,
            marks: vec![(0, 0); table.len()],
            round: 0,
            below: below.max(1),
            frames: Frames::default(),
            cuts: Vec::new(),
            columns,
            has_base,
            window,
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
            let way = self.window.path.get(next.depth as usize).copied();
            if way.is_none() && next.depth as usize == self.window.path.len() && next.depth > 0 {
                self.look_into(next.part.sums);
            }
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
            self.charge(frame, samples.start..first);
            let mut callees: Vec<Pending> = Vec::with_capacity(parts.len());
            let mut cut = 0;
            for &part in &parts {
                let is_wide = match way {
                    Some(wanted) => name_hash(self.facts.name(part.node)) == wanted,
                    None => part.sums.larger() >= self.below,
                };
                if is_wide {
                    callees.push(Pending {
                        part,
                        first,
                        parent: frame,
                        depth: next.depth.saturating_add(1),
                        start: 0,
                    });
                } else {
                    // What holds nothing is no frame that is missed.
                    cut += u32::from(way.is_none() && part.sums.larger() > 0);
                    self.charge(frame, first..first + part.samples);
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

    /// Says what is too narrow from here on: a share of this frame.
    fn look_into(&mut self, sums: Sums) {
        if self.scope.options.trim {
            #[expect(clippy::cast_possible_truncation, reason = "a share of an i64")]
            let below = (sums.larger() as f64 * self.window.smallest_share) as i64;
            self.below = below.max(1);
        }
    }

    /// Lets samples that go no further fall to a frame, in every sample type.
    fn charge(&mut self, frame: u32, samples: std::ops::Range<usize>) {
        let cursors = self.cursors.get(samples).unwrap_or_default();
        for (column, sums) in self.columns.iter_mut().enumerate() {
            let Some(sum) = sums.get_mut(frame as usize) else {
                continue;
            };
            for cursor in cursors {
                let value = self.scope.profile.value(cursor.sample as usize, column);
                *sum = sum.saturating_add(value);
            }
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
        for column in &mut self.columns {
            column.push(0);
        }
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
        let (scope, table, heads) = (self.scope, self.table, &self.heads);
        for cursor in self.cursors.get(samples.clone()).unwrap_or_default() {
            let sums = cursor.sums();
            let next = match self.window.walk {
                Walk::Callees => advance(scope, table, heads, *cursor),
                Walk::Callers => retreat(scope, table, *cursor),
            };
            let Some((node, inlined, cursor)) = next else {
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

    fn finish(mut self) -> Built {
        // What fell to a frame fell to its callers, too.
        for column in &mut self.columns {
            for place in (1..column.len()).rev() {
                let value = column.get(place).copied().unwrap_or(0);
                let parent = self.frames.parent.get(place).copied().unwrap_or(0);
                if let Some(sum) = column.get_mut(parent as usize) {
                    *sum = sum.saturating_add(value);
                }
            }
        }
        if self.frames.value.len() > MOST_FRAMES {
            self.narrow();
        }
        Built {
            frames: self.frames,
            cuts: self.cuts,
            below: self.below,
            columns: self.columns,
        }
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
        for column in &mut self.columns {
            let mut places = places.iter();
            column.retain(|_| places.next().is_some_and(|&place| place != u32::MAX));
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

/// What the frames do not show of what is below them, those above `top` aside.
fn left_out(frames: &Frames, cuts: &[u32], below: i64, top: usize) -> LeftOut {
    let mut missing = 0_i128;
    let depths = frames.depth.iter().map(|&depth| depth as usize);
    for ((depth, &value), &own) in depths.zip(&frames.value).zip(&frames.own) {
        // Each frame is itself and what it calls; all but the first are called by another.
        if depth >= top {
            missing += i128::from(value) - i128::from(own);
        }
        if depth > top {
            missing -= i128::from(value);
        }
    }
    LeftOut {
        below,
        frames: cuts.iter().map(|&cut| u64::from(cut)).sum(),
        value: i64::try_from(missing).unwrap_or(i64::MAX),
    }
}
