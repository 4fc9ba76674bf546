//! What every drawing must keep, whatever the graph.

use fathom_layout::{Drawing, Graph, Options, Point, Route, lay_out};
use proptest::prelude::*;

/// A rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy)]
struct Rectangle([f64; 4]);

/// A touch of borders is no overlap.
const TOLERANCE: f64 = 0.01;

impl Rectangle {
    fn about(centre: Point, width: f64, height: f64) -> Self {
        Self([
            centre.x - width / 2.0,
            centre.y - height / 2.0,
            centre.x + width / 2.0,
            centre.y + height / 2.0,
        ])
    }

    fn overlaps(self, other: Self) -> bool {
        let ([left, top, right, bottom], [o_left, o_top, o_right, o_bottom]) = (self.0, other.0);
        left + TOLERANCE < o_right
            && o_left + TOLERANCE < right
            && top + TOLERANCE < o_bottom
            && o_top + TOLERANCE < bottom
    }

    fn contains(self, point: Point) -> bool {
        let [left, top, right, bottom] = self.0;
        point.x > left + TOLERANCE
            && point.x < right - TOLERANCE
            && point.y > top + TOLERANCE
            && point.y < bottom - TOLERANCE
    }
}

/// Points along a route, some sixteen a curve, with the arrow's tip.
fn along(route: &Route) -> Vec<Point> {
    let mut points = vec![route.points[0]];
    for curve in route.points.windows(4).step_by(3) {
        for step in 1..=16_u8 {
            let part = f64::from(step) / 16.0;
            let mut row = curve.to_vec();
            while row.len() > 1 {
                row = row
                    .windows(2)
                    .map(|pair| {
                        Point::new(
                            pair[0].x + (pair[1].x - pair[0].x) * part,
                            pair[0].y + (pair[1].y - pair[0].y) * part,
                        )
                    })
                    .collect();
            }
            points.push(row[0]);
        }
    }
    points.push(route.arrow.tip);
    points
}

/// Asserts all that a reader relies on: boxes and labels lie apart and within the sheet,
/// edges begin and end at their boxes and pass no other box and no label.
pub(crate) fn check(graph: &Graph, drawing: &Drawing) {
    let boxes: Vec<Rectangle> = graph
        .nodes
        .iter()
        .zip(&drawing.nodes)
        .map(|(node, &centre)| Rectangle::about(centre, node.width, node.height))
        .collect();
    let labels: Vec<Rectangle> = graph
        .edges
        .iter()
        .zip(&drawing.edges)
        .filter_map(|(edge, route)| {
            assert_eq!(edge.label.is_some(), route.label.is_some());
            let size = edge.label?;
            Some(Rectangle::about(route.label?, size.width, size.height))
        })
        .collect();
    let all: Vec<Rectangle> = boxes.iter().chain(&labels).copied().collect();
    for (index, one) in all.iter().enumerate() {
        let [left, top, right, bottom] = one.0;
        assert!(left >= 0.0 && top >= 0.0, "{one:?}");
        assert!(
            right <= drawing.width && bottom <= drawing.height,
            "{one:?}"
        );
        for other in &all[index + 1..] {
            assert!(!one.overlaps(*other), "{one:?} overlaps {other:?}");
        }
    }
    for (index, (edge, route)) in graph.edges.iter().zip(&drawing.edges).enumerate() {
        let (from, to) = (edge.from as usize, edge.to as usize);
        assert_eq!(route.points.len() % 3, 1, "edge {index}");
        assert!(
            on_border(boxes[from], route.points[0]),
            "edge {index} begins at {:?}, not at {:?}",
            route.points[0],
            boxes[from]
        );
        assert!(
            on_border(boxes[to], route.arrow.tip),
            "edge {index} ends at {:?}, not at {:?}",
            route.arrow.tip,
            boxes[to]
        );
        let length = route.arrow.direction.x.hypot(route.arrow.direction.y);
        assert!((length - 1.0).abs() < 1e-6);
        let course = along(route);
        let near: Vec<(usize, Rectangle)> = all
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, rectangle)| rectangle.overlaps(around(&course)))
            .collect();
        for point in course {
            assert!(
                point.x >= 0.0
                    && point.y >= 0.0
                    && point.x <= drawing.width
                    && point.y <= drawing.height
            );
            for &(other, rectangle) in &near {
                assert!(
                    !rectangle.contains(point),
                    "edge {index} ({from} to {to}) runs through {} {rectangle:?} at {point:?}",
                    if other < boxes.len() { "node" } else { "label" },
                );
            }
        }
    }
}

fn around(points: &[Point]) -> Rectangle {
    points.iter().fold(
        Rectangle([f64::MAX, f64::MAX, f64::MIN, f64::MIN]),
        |Rectangle([left, top, right, bottom]), point| {
            Rectangle([
                left.min(point.x - 1.0),
                top.min(point.y - 1.0),
                right.max(point.x + 1.0),
                bottom.max(point.y + 1.0),
            ])
        },
    )
}

fn on_border(rectangle: Rectangle, point: Point) -> bool {
    let [left, top, right, bottom] = rectangle.0;
    let near = |one: f64, other: f64| (one - other).abs() < 1e-6;
    let within = point.x > left - 1e-6
        && point.x < right + 1e-6
        && point.y > top - 1e-6
        && point.y < bottom + 1e-6;
    within && (near(point.y, top) || near(point.y, bottom) || near(point.x, right))
}

fn graphs() -> impl Strategy<Value = Graph> {
    use fathom_layout::{Edge, Node, Size};
    let node = (1.0..200.0, 1.0..90.0).prop_map(|(width, height)| Node { width, height });
    let label = prop::option::weighted(
        0.3,
        (1.0..80.0, 1.0..30.0).prop_map(|(width, height)| Size { width, height }),
    );
    prop::collection::vec(node, 1..30).prop_flat_map(move |nodes| {
        let count = u32::try_from(nodes.len()).unwrap_or(1);
        let edge = (0..count, 0..count, 0..100_u32, 0..4_u32, label.clone()).prop_map(
            |(from, to, weight, min_length, label)| Edge {
                from,
                to,
                weight,
                min_length,
                label,
            },
        );
        prop::collection::vec(edge, 0..60).prop_map(move |edges| Graph {
            nodes: nodes.clone(),
            edges,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_graph_is_drawn_over_itself(graph in graphs()) {
        let options = Options::default();
        let drawing = lay_out(&graph, &options).unwrap();
        check(&graph, &drawing);
        prop_assert_eq!(drawing, lay_out(&graph, &options).unwrap());
    }
}
