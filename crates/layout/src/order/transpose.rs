//! Neighbours on a rank change places as long as that saves crossings.

use super::Order;
use crate::layers::Layers;

/// Passes over a rank that exchange neighbours, at most, before the next rank's turn.
const PASSES: u32 = 64;

/// The sorted positions of what the vertices of one rank are connected to, above and below.
#[derive(Default)]
pub(super) struct Scratch {
    above: Positions,
    below: Positions,
}

#[derive(Default)]
struct Positions {
    starts: Vec<usize>,
    values: Vec<usize>,
}

impl Positions {
    fn clear(&mut self) {
        self.values.clear();
        self.starts.clear();
        self.starts.push(0);
    }

    fn push(&mut self, positions: impl Iterator<Item = usize>) {
        let start = self.values.len();
        self.values.extend(positions);
        self.values[start..].sort_unstable();
        self.starts.push(self.values.len());
    }

    fn of(&self, index: usize) -> &[usize] {
        &self.values[self.starts[index]..self.starts[index + 1]]
    }
}

/// Exchanges neighbours until no exchange saves a crossing; with `even`, also once where it
/// costs nothing, which opens new ways.
pub(super) fn improve(layers: &Layers, order: &mut Order, scratch: &mut Scratch, even: bool) {
    let count = layers.rank_count;
    let mut waiting = vec![true; count];
    let mut first = true;
    loop {
        let mut changed = false;
        for rank in 0..count {
            if !std::mem::take(&mut waiting[rank]) {
                continue;
            }
            if improve_rank(layers, order, scratch, rank, even && first) {
                changed = true;
                waiting[rank.saturating_sub(1)] = true;
                waiting[(rank + 1).min(count - 1)] = true;
            }
        }
        first = false;
        if !changed {
            return;
        }
    }
}

/// Improves one rank and says whether a crossing was saved.
fn improve_rank(
    layers: &Layers,
    order: &mut Order,
    scratch: &mut Scratch,
    rank: usize,
    even: bool,
) -> bool {
    scratch.above.clear();
    scratch.below.clear();
    for &vertex in &order.ranks[rank] {
        let positions = &order.positions;
        scratch
            .above
            .push(layers.uppers(vertex).map(|upper| positions[upper]));
        scratch
            .below
            .push(layers.lowers(vertex).map(|lower| positions[lower]));
    }
    // Indices into the scratch, in the order that the rank is to have.
    let mut places: Vec<usize> = (0..order.ranks[rank].len()).collect();
    let (mut moved, mut saved) = (false, false);
    for pass in 0..PASSES {
        let mut better = false;
        for left in 1..places.len() {
            let (one, other) = (places[left - 1], places[left]);
            let (above, below) = (&scratch.above, &scratch.below);
            let (now, then) = {
                let (now_above, then_above) = crossings(above.of(one), above.of(other));
                let (now_below, then_below) = crossings(below.of(one), below.of(other));
                (now_above + now_below, then_above + then_below)
            };
            if then < now {
                better = true;
            } else if !(even && pass == 0 && then == now && now > 0) {
                continue;
            }
            places.swap(left - 1, left);
            moved = true;
        }
        saved |= better;
        if !better {
            break;
        }
    }
    if moved {
        let vertices = &order.ranks[rank];
        let arranged = places.iter().map(|&place| vertices[place]).collect();
        order.ranks[rank] = arranged;
        order.renumber(rank);
    }
    saved
}

/// Counts the pairs of sorted ends that cross when `one` stands left of `other`, and when it
/// stands right of it.
fn crossings(one: &[usize], other: &[usize]) -> (usize, usize) {
    if let ([one], [other]) = (one, other) {
        return (usize::from(one > other), usize::from(one < other));
    }
    let (mut greater, mut less) = (0, 0);
    let (mut smaller, mut not_greater) = (0, 0);
    for &end in one {
        while smaller < other.len() && other[smaller] < end {
            smaller += 1;
        }
        while not_greater < other.len() && other[not_greater] <= end {
            not_greater += 1;
        }
        greater += smaller;
        less += other.len() - not_greater;
    }
    (greater, less)
}

#[cfg(test)]
mod tests {
    use super::crossings;

    #[test]
    fn both_orders_of_a_pair_are_counted_at_once() {
        for (one, other) in [
            (&[1, 3, 3, 7][..], &[0, 3, 5][..]),
            (&[2], &[2]),
            (&[], &[1, 2]),
            (&[4], &[1, 2, 9]),
        ] {
            let pairs = |crosses: fn(usize, usize) -> bool| {
                one.iter()
                    .flat_map(|&end| other.iter().filter(move |&&it| crosses(end, it)))
                    .count()
            };
            assert_eq!(
                crossings(one, other),
                (
                    pairs(|one, other| one > other),
                    pairs(|one, other| one < other)
                )
            );
        }
    }
}
