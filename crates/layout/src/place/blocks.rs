//! Vertices that stand exactly below each other, and what keeps them apart and draws them
//! together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::layers::{Layers, Segment};
use crate::links::Links;
use crate::order::Order;

use super::separation_between;

/// A partition of the vertices into columns.
pub(super) struct Blocks {
    /// The block of each vertex.
    pub(super) of: Vec<usize>,
    pub(super) gaps: Vec<Gap>,
    /// The gaps on the left of each block.
    pub(super) gaps_left: Links,
    /// The gaps on the right of each block.
    pub(super) gaps_right: Links,
    pub(super) pulls: Vec<Pull>,
    /// The blocks such that each comes after all that stand left of it.
    pub(super) from_left: Vec<usize>,
}

/// Two blocks that are neighbours on some rank.
pub(super) struct Gap {
    pub(super) left: usize,
    pub(super) right: usize,
    /// The least distance of their centre lines, in points.
    pub(super) distance: f64,
}

/// Two blocks that edges connect.
pub(super) struct Pull {
    pub(super) one: usize,
    pub(super) other: usize,
    pub(super) weight: i64,
}

/// How much more it matters that an edge is straight between two of its bends, and between a
/// bend and a node, than between two nodes. Source: Gansner and others (1993), section 4.
const STRAIGHTNESS: [i64; 3] = [1, 2, 8];

impl Blocks {
    pub(super) fn new(layers: &Layers, order: &Order, separation: f64) -> Self {
        let below = align(layers, order);
        let mut of = vec![usize::MAX; layers.ranks.len()];
        let mut count = 0;
        for &vertex in order.ranks.iter().flatten() {
            if of[vertex] == usize::MAX {
                of[vertex] = count;
                count += 1;
            }
            if let Some(lower) = below[vertex] {
                of[lower] = of[vertex];
            }
        }
        let gaps = gaps(layers, order, separation, &of);
        let gaps_left = Links::new(count, gaps.iter().map(|gap| gap.right));
        let gaps_right = Links::new(count, gaps.iter().map(|gap| gap.left));
        let from_left = from_left(&gaps, &gaps_left, &gaps_right, count);
        Self {
            pulls: pulls(layers, &of),
            of,
            gaps,
            gaps_left,
            gaps_right,
            from_left,
        }
    }

    /// Returns places that keep all distances: midway between as far left and as far right as
    /// the widest rank allows.
    pub(super) fn compact(&self) -> Vec<f64> {
        let mut leftmost = vec![0.0_f64; self.from_left.len()];
        let mut width = 0.0_f64;
        for &block in &self.from_left {
            for &gap in self.gaps_left.of(block) {
                let gap = &self.gaps[gap];
                leftmost[block] = leftmost[block].max(leftmost[gap.left] + gap.distance);
            }
            width = width.max(leftmost[block]);
        }
        let mut rightmost = vec![width; self.from_left.len()];
        for &block in self.from_left.iter().rev() {
            for &gap in self.gaps_right.of(block) {
                let gap = &self.gaps[gap];
                rightmost[block] = rightmost[block].min(rightmost[gap.right] - gap.distance);
            }
        }
        leftmost
            .iter()
            .zip(rightmost)
            .map(|(left, right)| f64::midpoint(*left, right))
            .collect()
    }
}

/// The most ranks that a block spans. Longer blocks are straighter and quicker to place, but
/// make drawings wider: at 4 the recorded call graphs are as wide as those of `dot`, at 8 a
/// tenth wider, without blocks a third narrower, and without a limit twice as wide.
fn tallest(layers: &Layers) -> usize {
    if layers.ranks.len() < 2500 { 4 } else { 8 }
}

/// Returns for each vertex the one on the next rank that is to stand exactly below it.
///
/// Between two ranks the heaviest segments between bends are taken first, and none that
/// crosses one already taken, so that blocks can always be told apart from left to right.
fn align(layers: &Layers, order: &Order) -> Vec<Option<usize>> {
    let mut below = vec![None; layers.ranks.len()];
    let tallest = tallest(layers);
    for (rank, vertices) in order.ranks.iter().enumerate() {
        if rank % tallest == 0 {
            continue;
        }
        let mut candidates: Vec<Segment> = vertices
            .iter()
            .filter(|&&vertex| layers.is_bend(vertex))
            .flat_map(|&vertex| layers.below.of(vertex))
            .map(|&segment| layers.segments[segment])
            .filter(|segment| layers.is_bend(segment.lower))
            .collect();
        candidates.sort_by_key(|segment| Reverse(segment.weight));
        let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
        for segment in candidates {
            let upper = order.positions[segment.upper];
            let lower = order.positions[segment.lower];
            let on_left = taken.range(..upper).next_back();
            let on_right = taken.range(upper..).next();
            if on_left.is_none_or(|(_, &end)| end < lower)
                && on_right.is_none_or(|(_, &end)| end > lower)
            {
                taken.insert(upper, lower);
                below[segment.upper] = Some(segment.lower);
            }
        }
    }
    below
}

fn gaps(layers: &Layers, order: &Order, separation: f64, of: &[usize]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for rank in &order.ranks {
        for pair in rank.windows(2) {
            let (left, right) = (pair[0], pair[1]);
            gaps.push(Gap {
                left: of[left],
                right: of[right],
                distance: separation_between(layers, left, right, separation),
            });
        }
    }
    gaps.sort_by(|one, other| {
        (one.left, one.right)
            .cmp(&(other.left, other.right))
            .then(other.distance.total_cmp(&one.distance))
    });
    gaps.dedup_by_key(|gap| (gap.left, gap.right));
    gaps
}

fn pulls(layers: &Layers, of: &[usize]) -> Vec<Pull> {
    let mut sums: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for segment in &layers.segments {
        let (one, other) = (of[segment.upper], of[segment.lower]);
        if one != other {
            let bends = usize::from(layers.is_bend(segment.upper))
                + usize::from(layers.is_bend(segment.lower));
            // An edge of weight 0 may be long, but not anywhere.
            let weight = i64::from(segment.weight.max(1)) * STRAIGHTNESS[bends];
            *sums.entry((one.min(other), one.max(other))).or_default() += weight;
        }
    }
    sums.into_iter()
        .map(|((one, other), weight)| Pull { one, other, weight })
        .collect()
}

fn from_left(gaps: &[Gap], gaps_left: &Links, gaps_right: &Links, count: usize) -> Vec<usize> {
    let mut missing: Vec<usize> = (0..count).map(|block| gaps_left.of(block).len()).collect();
    let mut sequence: Vec<usize> = (0..count).filter(|&block| missing[block] == 0).collect();
    let mut next = 0;
    while let Some(&block) = sequence.get(next) {
        next += 1;
        for &gap in gaps_right.of(block) {
            let right = gaps[gap].right;
            missing[right] -= 1;
            if missing[right] == 0 {
                sequence.push(right);
            }
        }
    }
    sequence
}
