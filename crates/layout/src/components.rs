//! The parts of a graph that no edge connects, and their places beside each other.

use crate::drawing::Point;

/// Returns for each component its nodes in ascending order, the largest component first.
pub(crate) fn split(nodes: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..nodes).collect();
    for (from, to) in edges {
        let (from, to) = (root(&mut parents, from), root(&mut parents, to));
        parents[from.max(to)] = from.min(to);
    }
    let mut members = vec![Vec::new(); nodes];
    for node in 0..nodes {
        let root = root(&mut parents, node);
        members[root].push(node);
    }
    members.retain(|nodes| !nodes.is_empty());
    members.sort_by_key(|nodes| std::cmp::Reverse(nodes.len()));
    members
}

fn root(parents: &mut [usize], mut node: usize) -> usize {
    while parents[node] != node {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    node
}

/// Returns the upper left corner of each of several drawings, and the extent of all.
///
/// They stand side by side in the order given; a new row begins where a row would become
/// wider than the widest of them and than a landscape sheet that holds them all.
pub(crate) fn pack(sizes: &[(f64, f64)], separation: f64) -> (Vec<Point>, f64, f64) {
    let area: f64 = sizes
        .iter()
        .map(|(width, height)| (width + separation) * (height + separation))
        .sum();
    let widest = sizes.iter().map(|size| size.0).fold(0.0, f64::max);
    let row_width = (SHEET_ASPECT * area).sqrt().max(widest);
    let mut corners = Vec::with_capacity(sizes.len());
    let (mut x, mut y, mut row_height) = (0.0, 0.0, 0.0_f64);
    let (mut width, mut height) = (0.0_f64, 0.0_f64);
    for size in sizes {
        if x > 0.0 && x + size.0 > row_width {
            x = 0.0;
            y += row_height + separation;
            row_height = 0.0;
        }
        corners.push(Point::new(x, y));
        width = width.max(x + size.0);
        height = height.max(y + size.1);
        row_height = row_height.max(size.1);
        x += size.0 + separation;
    }
    (corners, width, height)
}

/// Width by height of the sheet that components are arranged on.
const SHEET_ASPECT: f64 = 1.6;

#[cfg(test)]
mod tests {
    use super::{pack, split};

    #[test]
    fn components_are_found_and_the_largest_comes_first() {
        let components = split(6, [(5, 1), (0, 3), (3, 4)].into_iter());
        assert_eq!(components, [vec![0, 3, 4], vec![1, 5], vec![2]]);
    }

    #[test]
    fn small_components_fill_rows_beside_and_below_the_large_one() {
        let sizes = [(300.0, 100.0), (100.0, 40.0), (100.0, 40.0), (100.0, 40.0)];
        let (corners, width, height) = pack(&sizes, 10.0);
        let corners: Vec<_> = corners.iter().map(|corner| (corner.x, corner.y)).collect();
        assert_eq!(
            corners,
            [(0.0, 0.0), (0.0, 110.0), (110.0, 110.0), (0.0, 160.0)]
        );
        assert_eq!((width, height), (300.0, 200.0));
    }
}
