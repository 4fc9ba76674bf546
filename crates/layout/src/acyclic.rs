//! Which edges to turn around so that no cycle remains.
//!
//! A depth-first search follows the heavier edges first and turns those that lead back into
//! the path it is on: of a recursion, the rare call points upwards.

use crate::links::Links;

/// An edge between two nodes of one component, from a tail to a head, with its weight.
pub(crate) type Arc = (usize, usize, u32);

/// Returns for each edge whether it points against the layering. No edge may be a loop.
pub(crate) fn reversed(nodes: usize, edges: &[Arc]) -> Vec<bool> {
    let mut out = Links::new(nodes, edges.iter().map(|edge| edge.0));
    out.sort_by_key(|edge| std::cmp::Reverse(edges[edge].2));
    let mut turned = vec![false; edges.len()];
    let mut search = Search {
        edges,
        out: &out,
        state: vec![State::New; nodes],
    };
    for node in starts(nodes, edges) {
        search.run(node, &mut turned);
    }
    turned
}

/// Returns all nodes, those without callers first, then by how much more leaves them than
/// arrives.
fn starts(nodes: usize, edges: &[Arc]) -> Vec<usize> {
    let mut arriving = vec![0_usize; nodes];
    let mut balance = vec![0_i64; nodes];
    for &(from, to, weight) in edges {
        arriving[to] += 1;
        balance[from] += i64::from(weight);
        balance[to] -= i64::from(weight);
    }
    let mut order: Vec<usize> = (0..nodes).collect();
    order.sort_by_key(|&node| (arriving[node] > 0, -balance[node], node));
    order
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnPath,
    Done,
}

struct Search<'a> {
    edges: &'a [Arc],
    out: &'a Links,
    state: Vec<State>,
}

impl Search<'_> {
    /// Visits what is reached from `start`, without recursion: a graph can be one long path.
    fn run(&mut self, start: usize, turned: &mut [bool]) {
        if self.state[start] != State::New {
            return;
        }
        self.state[start] = State::OnPath;
        let mut path = vec![(start, 0_usize)];
        while let Some(top) = path.last_mut() {
            let (node, next) = *top;
            let Some(&edge) = self.out.of(node).get(next) else {
                self.state[node] = State::Done;
                path.pop();
                continue;
            };
            top.1 += 1;
            let head = self.edges[edge].1;
            match self.state[head] {
                State::New => {
                    self.state[head] = State::OnPath;
                    path.push((head, 0));
                }
                State::OnPath => turned[edge] = true,
                State::Done => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reversed;

    #[test]
    fn the_light_half_of_a_recursion_is_turned() {
        // main -> a, a -> b (often), b -> a (rarely).
        let edges = [(0, 1, 5), (2, 1, 1), (1, 2, 9)];
        assert_eq!(reversed(3, &edges), [false, true, false]);
    }

    #[test]
    fn without_an_entry_the_search_starts_where_most_leaves() {
        let edges = [(0, 1, 1), (1, 2, 9), (2, 0, 1)];
        assert_eq!(reversed(3, &edges), [true, false, false]);
    }

    #[test]
    fn a_long_path_does_not_overflow_the_stack() {
        let edges: Vec<_> = (0..200_000).map(|node| (node, node + 1, 1)).collect();
        assert!(reversed(200_001, &edges).iter().all(|&turned| !turned));
    }
}
