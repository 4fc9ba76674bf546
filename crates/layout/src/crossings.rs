//! How tangled a drawing is.

use crate::drawing::{Drawing, Point, Route};
use crate::graph::Graph;

/// How often edges cross in a drawing. Edges that share a node are not counted: near it they
/// cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crossings {
    /// How many pairs of edges would cross if each were a straight line between the centres
    /// of its nodes.
    pub lines: u64,
    /// How many times the curves of two edges cross.
    pub curves: u64,
}

/// Counts the crossings of any drawing of a graph, whoever placed it.
///
/// Each Bézier curve is taken as eight straight pieces. Costs time in proportion to the pieces
/// times those beside them: a second for thousands of edges.
pub fn crossings(graph: &Graph, drawing: &Drawing) -> Crossings {
    let count = graph.edges.len().min(drawing.edges.len());
    let ends = |edge: usize| {
        let edge = graph.edges[edge];
        [edge.from, edge.to]
    };
    let mut lines = Pieces::default();
    let mut curves = Pieces::default();
    for edge in 0..count {
        let [from, to] = ends(edge).map(|node| drawing.nodes[node as usize]);
        lines.push(edge, from, to);
        for pair in flatten(&drawing.edges[edge]).windows(2) {
            curves.push(edge, pair[0], pair[1]);
        }
    }
    let is_apart = |one: usize, other: usize| {
        let (one, other) = (ends(one), ends(other));
        !one.iter().any(|node| other.contains(node))
    };
    Crossings {
        lines: lines.crossings(is_apart),
        curves: curves.crossings(is_apart),
    }
}

/// Straight pieces that a Bézier curve is taken as.
const PIECES: u8 = 8;

fn flatten(route: &Route) -> Vec<Point> {
    let mut points: Vec<Point> = route.points.first().copied().into_iter().collect();
    for start in (0..route.points.len()).step_by(3) {
        let Some(curve) = route.points.get(start..start + 4) else {
            break;
        };
        for piece in 1..=PIECES {
            let part = f64::from(piece) / f64::from(PIECES);
            let rest = 1.0 - part;
            let shares = [
                rest * rest * rest,
                3.0 * rest * rest * part,
                3.0 * rest * part * part,
                part * part * part,
            ];
            let sum = |coordinate: fn(&Point) -> f64| -> f64 {
                curve
                    .iter()
                    .zip(shares)
                    .map(|(point, share)| coordinate(point) * share)
                    .sum()
            };
            points.push(Point::new(sum(|point| point.x), sum(|point| point.y)));
        }
    }
    points
}

/// A straight piece of an edge, from its upper to its lower end.
struct Piece {
    edge: usize,
    upper: Point,
    lower: Point,
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, edge: usize, one: Point, other: Point) {
        let (upper, lower) = if one.y <= other.y {
            (one, other)
        } else {
            (other, one)
        };
        self.0.push(Piece { edge, upper, lower });
    }

    /// Compares each piece, from the top, with those above that reach down to it.
    fn crossings(mut self, is_apart: impl Fn(usize, usize) -> bool) -> u64 {
        self.0
            .sort_by(|one, other| one.upper.y.total_cmp(&other.upper.y));
        let mut crossings = 0;
        let mut reaching: Vec<&Piece> = Vec::new();
        for piece in &self.0 {
            reaching.retain(|other| other.lower.y >= piece.upper.y);
            for other in &reaching {
                if other.edge != piece.edge
                    && piece.crosses(other)
                    && is_apart(piece.edge, other.edge)
                {
                    crossings += 1;
                }
            }
            reaching.push(piece);
        }
        crossings
    }
}

impl Piece {
    fn crosses(&self, other: &Self) -> bool {
        let beside = self.upper.x.max(self.lower.x) < other.upper.x.min(other.lower.x)
            || other.upper.x.max(other.lower.x) < self.upper.x.min(self.lower.x);
        !beside
            && self.is_right(other.upper) != self.is_right(other.lower)
            && other.is_right(self.upper) != other.is_right(self.lower)
    }

    /// Says on which side of the piece's line a point lies. A point on the line counts to one
    /// side, always the same, so that a curve whose joint lies on a line crosses it once.
    fn is_right(&self, point: Point) -> bool {
        let along = Point::new(self.lower.x - self.upper.x, self.lower.y - self.upper.y);
        let to = Point::new(point.x - self.upper.x, point.y - self.upper.y);
        along.x * to.y - along.y * to.x > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Crossings, crossings};
    use crate::{Drawing, Edge, Graph, Node, Point, Route};

    fn route(points: &[(f64, f64)]) -> Route {
        Route {
            points: points.iter().map(|&(x, y)| Point::new(x, y)).collect(),
            ..Route::default()
        }
    }

    fn edge(from: u32, to: u32) -> Edge {
        Edge {
            from,
            to,
            weight: 1,
            min_length: 1,
            label: None,
        }
    }

    #[test]
    fn lines_and_curves_are_counted_apart() {
        let node = Node {
            width: 1.0,
            height: 1.0,
        };
        let graph = Graph {
            nodes: vec![node; 4],
            edges: vec![edge(0, 3), edge(1, 2)],
        };
        let corners = [(0.0, 0.0), (90.0, 0.0), (0.0, 90.0), (90.0, 90.0)];
        let mut drawing = Drawing {
            nodes: corners.iter().map(|&(x, y)| Point::new(x, y)).collect(),
            edges: vec![
                route(&[(0.0, 0.0), (30.0, 30.0), (60.0, 60.0), (90.0, 90.0)]),
                route(&[(90.0, 0.0), (60.0, 30.0), (30.0, 60.0), (0.0, 90.0)]),
            ],
            ..Drawing::default()
        };
        let both = Crossings {
            lines: 1,
            curves: 1,
        };
        assert_eq!(crossings(&graph, &drawing), both);
        // Around the end of the other one.
        drawing.edges[1] = route(&[(90.0, 0.0), (300.0, 100.0), (300.0, 300.0), (0.0, 90.0)]);
        assert_eq!(crossings(&graph, &drawing), Crossings { curves: 0, ..both });
    }

    #[test]
    fn edges_of_one_node_are_not_counted() {
        let graph = Graph {
            nodes: vec![
                Node {
                    width: 1.0,
                    height: 1.0
                };
                3
            ],
            edges: vec![edge(0, 1), edge(0, 2)],
        };
        let drawing = Drawing {
            nodes: vec![Point::default(); 3],
            edges: vec![
                route(&[(0.0, 0.0), (3.0, 3.0), (6.0, 6.0), (9.0, 9.0)]),
                route(&[(9.0, 0.0), (6.0, 3.0), (3.0, 6.0), (0.0, 9.0)]),
            ],
            ..Drawing::default()
        };
        assert_eq!(crossings(&graph, &drawing), Crossings::default());
    }
}
