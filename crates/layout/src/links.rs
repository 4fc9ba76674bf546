//! The edges at each node, in one array.

/// For every node, the indices of its edges.
pub(crate) struct Links {
    starts: Vec<usize>,
    edges: Vec<usize>,
}

impl Links {
    /// Groups edges by the node that `ends` names for each of them, in order.
    pub(crate) fn new(nodes: usize, ends: impl Iterator<Item = usize> + Clone) -> Self {
        let mut starts = vec![0; nodes + 1];
        for node in ends.clone() {
            starts[node + 1] += 1;
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut free = starts.clone();
        let mut edges = vec![0; starts[nodes]];
        for (edge, node) in ends.enumerate() {
            edges[free[node]] = edge;
            free[node] += 1;
        }
        Self { starts, edges }
    }

    /// Returns the same groups with something else in place of each edge.
    pub(crate) fn map(&self, replace: impl Fn(usize) -> usize) -> Self {
        Self {
            starts: self.starts.clone(),
            edges: self.edges.iter().map(|&edge| replace(edge)).collect(),
        }
    }

    /// Returns the edges of a node.
    pub(crate) fn of(&self, node: usize) -> &[usize] {
        &self.edges[self.starts[node]..self.starts[node + 1]]
    }

    /// Sorts the edges of every node, keeping the order of equals.
    pub(crate) fn sort_by_key<K: Ord>(&mut self, key: impl Fn(usize) -> K) {
        for node in 0..self.starts.len() - 1 {
            self.edges[self.starts[node]..self.starts[node + 1]].sort_by_key(|&edge| key(edge));
        }
    }
}
