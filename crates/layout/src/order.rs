//! The order of the vertices on each rank, chosen so that few edges cross.
//!
//! After Gansner and others (1993), section 3: sweeps down and up put every vertex at the
//! median of its neighbours on the rank before, then neighbours change places as long as that
//! saves crossings. Several initial orders are tried; everything is deterministic.

mod initial;
mod transpose;

use crate::layers::Layers;

/// The vertices of each rank from left to right, and each vertex's index in its rank.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) ranks: Vec<Vec<usize>>,
    pub(crate) positions: Vec<usize>,
}

impl Order {
    fn new(layers: &Layers, sequence: &[usize]) -> Self {
        let mut ranks = vec![Vec::new(); layers.rank_count];
        let mut positions = vec![0; layers.ranks.len()];
        for &vertex in sequence {
            let rank = &mut ranks[layers.ranks[vertex]];
            positions[vertex] = rank.len();
            rank.push(vertex);
        }
        Self { ranks, positions }
    }

    fn renumber(&mut self, rank: usize) {
        for (position, &vertex) in self.ranks[rank].iter().enumerate() {
            self.positions[vertex] = position;
        }
    }
}

/// Sweeps without a better order after which an initial order is given up.
const PATIENCE: u32 = 8;

/// Sweeps after which an order is given up that has a quarter more crossings than the best.
const TRIAL: u32 = 6;

/// Returns the best order found in at most `rounds` sweeps from each initial order.
pub(crate) fn reduce_crossings(layers: &Layers, rounds: u32) -> Order {
    let mut best: Option<(u64, Order)> = None;
    for sequence in initial::sequences(layers) {
        let to_beat = best.as_ref().map_or(u64::MAX, |(fewest, _)| *fewest);
        let (crossings, order) = sweep(layers, Order::new(layers, &sequence), rounds, to_beat);
        if best.as_ref().is_none_or(|(fewest, _)| crossings < *fewest) {
            best = Some((crossings, order));
        }
        if best.as_ref().is_some_and(|(fewest, _)| *fewest == 0) {
            break;
        }
    }
    match best {
        Some((_, order)) => order,
        None => Order::new(layers, &[]),
    }
}

fn sweep(layers: &Layers, mut order: Order, rounds: u32, to_beat: u64) -> (u64, Order) {
    let mut scratch = transpose::Scratch::default();
    let mut tally = Tally::default();
    let mut best = order.clone();
    let mut fewest = tally.crossings(layers, &order);
    let mut waited = 0;
    for round in 0..rounds {
        let is_hopeless = round >= TRIAL && fewest > to_beat.saturating_add(to_beat / 4);
        if fewest == 0 || waited == PATIENCE || is_hopeless {
            break;
        }
        // Ties keep their order in two sweeps and turn it in the next two.
        let turn_ties = round % 4 >= 2;
        if round % 2 == 0 {
            for rank in 1..layers.rank_count {
                to_medians(layers, &mut order, rank, Side::Above, turn_ties);
            }
        } else {
            for rank in (0..layers.rank_count.saturating_sub(1)).rev() {
                to_medians(layers, &mut order, rank, Side::Below, turn_ties);
            }
        }
        transpose::improve(layers, &mut order, &mut scratch, turn_ties);
        let crossings = tally.crossings(layers, &order);
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&order);
            waited = 0;
        } else {
            waited += 1;
        }
    }
    (fewest, best)
}

/// Which neighbours of a rank are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// Sorts a rank by the medians of its vertices' neighbours on one side; vertices without
/// such neighbours stay where they are.
fn to_medians(layers: &Layers, order: &mut Order, rank: usize, side: Side, turn_ties: bool) {
    let mut slots = Vec::new();
    let mut medians = Vec::new();
    let mut neighbours = Vec::new();
    for (slot, &vertex) in order.ranks[rank].iter().enumerate() {
        neighbours.clear();
        match side {
            Side::Above => neighbours.extend(layers.uppers(vertex).map(|it| order.positions[it])),
            Side::Below => neighbours.extend(layers.lowers(vertex).map(|it| order.positions[it])),
        }
        neighbours.sort_unstable();
        if let Some(median) = median(&neighbours) {
            slots.push(slot);
            medians.push((median, vertex));
        }
    }
    if turn_ties {
        medians.reverse();
    }
    medians.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (slot, (_, vertex)) in slots.into_iter().zip(medians) {
        order.ranks[rank][slot] = vertex;
    }
    order.renumber(rank);
}

/// Returns the median of sorted positions; between two middle ones it leans to the side where
/// the positions lie closer together.
fn median(positions: &[usize]) -> Option<f64> {
    let middle = positions.len() / 2;
    let (&first, &last) = (positions.first()?, positions.last()?);
    if positions.len() % 2 == 1 {
        return Some(positions[middle] as f64);
    }
    let (lower, upper) = (positions[middle - 1], positions[middle]);
    let (left, right) = ((lower - first) as f64, (last - upper) as f64);
    if left + right == 0.0 {
        return Some((lower + upper) as f64 / 2.0);
    }
    Some((lower as f64 * right + upper as f64 * left) / (left + right))
}

/// Counts crossings by sums over prefixes of a rank (a Fenwick tree).
#[derive(Default)]
struct Tally {
    sums: Vec<u64>,
    ends: Vec<usize>,
}

impl Tally {
    fn crossings(&mut self, layers: &Layers, order: &Order) -> u64 {
        let mut crossings = 0;
        for pair in order.ranks.windows(2) {
            self.sums.clear();
            self.sums.resize(pair[1].len() + 1, 0);
            let mut counted = 0;
            for &upper in &pair[0] {
                self.ends.clear();
                self.ends
                    .extend(layers.lowers(upper).map(|lower| order.positions[lower]));
                // The segments of one vertex do not cross each other: count first, then add.
                for &end in &self.ends {
                    crossings += counted - prefix(&self.sums, end + 1);
                }
                for &end in &self.ends {
                    add(&mut self.sums, end + 1);
                    counted += 1;
                }
            }
        }
        crossings
    }
}

fn prefix(sums: &[u64], mut index: usize) -> u64 {
    let mut sum = 0;
    while index > 0 {
        sum += sums[index];
        index &= index - 1;
    }
    sum
}

fn add(sums: &mut [u64], mut index: usize) {
    while index < sums.len() {
        sums[index] += 1;
        index += index & index.wrapping_neg();
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Tally, median, reduce_crossings};
    use crate::layers::{DownEdge, Extent, Layers};

    fn layers(ranks: &[usize], edges: &[(usize, usize)]) -> Layers {
        let extent = Extent {
            left: 5.0,
            right: 5.0,
            height: 10.0,
        };
        let edges: Vec<_> = edges
            .iter()
            .map(|&(upper, lower)| DownEdge {
                upper,
                lower,
                weight: 1,
                label: None,
            })
            .collect();
        Layers::new(&vec![extent; ranks.len()], ranks.to_vec(), &edges, 1000).unwrap()
    }

    #[test]
    fn crossings_are_counted_as_pairs() {
        let layers = layers(&[0, 0, 1, 1], &[(0, 2), (0, 3), (1, 2), (1, 3)]);
        let order = Order::new(&layers, &[0, 1, 2, 3]);
        assert_eq!(Tally::default().crossings(&layers, &order), 1);
        let layers = self::layers(&[0, 0, 0, 1, 1, 1], &[(0, 5), (1, 4), (2, 3)]);
        let order = Order::new(&layers, &[0, 1, 2, 3, 4, 5]);
        assert_eq!(Tally::default().crossings(&layers, &order), 3);
    }

    #[test]
    fn the_median_leans_to_where_neighbours_are_close() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[4]), Some(4.0));
        assert_eq!(median(&[2, 5]), Some(3.5));
        assert_eq!(median(&[1, 2, 9]), Some(2.0));
        assert_eq!(median(&[0, 1, 8, 15]), Some(15.0 / 8.0));
    }

    #[test]
    fn a_shuffled_planar_graph_is_untangled() {
        // A binary tree of 63 nodes whose lower ranks are listed in a scrambled order.
        let count = 63_usize;
        let scrambled = |node: usize| (node * 29 + 5) % count;
        let mut ranks = vec![0; count];
        let mut edges = Vec::new();
        for node in 0..count {
            ranks[scrambled(node)] = (node + 1).ilog2() as usize;
            if node > 0 {
                edges.push((scrambled((node - 1) / 2), scrambled(node)));
            }
        }
        let layers = layers(&ranks, &edges);
        let order = reduce_crossings(&layers, 24);
        assert_eq!(Tally::default().crossings(&layers, &order), 0);
    }
}
