//! Draws blocks towards what they are connected with.

use super::blocks::Blocks;
use crate::links::Links;

/// Passes from left to right and back, at most.
const PASSES: usize = 40;

/// A pass that moves no block farther than this, in points, is the last one.
const STILL: f64 = 0.5;

/// Moves every block in turn to the weighted mean of its neighbours' places, as far as the
/// blocks beside it allow.
pub(super) fn towards_neighbours(blocks: &Blocks, places: &mut [f64]) {
    let count = places.len();
    let ones = Links::new(count, blocks.pulls.iter().map(|pull| pull.one));
    let others = Links::new(count, blocks.pulls.iter().map(|pull| pull.other));
    let from_right: Vec<usize> = blocks.from_left.iter().rev().copied().collect();
    for pass in 0..PASSES {
        let sequence = if pass % 2 == 0 {
            &from_right
        } else {
            &blocks.from_left
        };
        let mut farthest = 0.0_f64;
        for &block in sequence {
            let (mut sum, mut weights) = (0.0, 0.0);
            for &pull in ones.of(block).iter().chain(others.of(block)) {
                let pull = &blocks.pulls[pull];
                let weight = pull.weight as f64;
                sum += weight * places[pull.one ^ pull.other ^ block];
                weights += weight;
            }
            if weights == 0.0 {
                continue;
            }
            let mut place = sum / weights;
            for &gap in blocks.gaps_right.of(block) {
                let gap = &blocks.gaps[gap];
                place = place.min(places[gap.right] - gap.distance);
            }
            for &gap in blocks.gaps_left.of(block) {
                let gap = &blocks.gaps[gap];
                place = place.max(places[gap.left] + gap.distance);
            }
            farthest = farthest.max((place - places[block]).abs());
            places[block] = place;
        }
        if farthest < STILL {
            break;
        }
    }
}
