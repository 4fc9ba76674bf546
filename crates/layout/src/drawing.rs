//! Where everything is.

use serde::{Deserialize, Serialize};

/// A place on the drawing, in points; x grows to the right and y downwards.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// Points from the left border.
    pub x: f64,
    /// Points from the upper border.
    pub y: f64,
}

impl Point {
    /// Makes a point.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// The places of all nodes, edges and labels of a [`Graph`](crate::Graph), in its order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Drawing {
    /// Points.
    pub width: f64,
    /// Points.
    pub height: f64,
    /// The centre of each node.
    pub nodes: Vec<Point>,
    /// The course of each edge.
    pub edges: Vec<Route>,
}

/// The course of an edge from its tail to its head.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Route {
    /// The control points of joined cubic Bézier curves: the first begins at `points[0]`, and
    /// each takes three more, the last of which is its end and the next one's beginning.
    pub points: Vec<Point>,
    /// The arrow's head, which continues the last curve.
    pub arrow: Arrow,
    /// The centre of the edge's label, if it has one.
    pub label: Option<Point>,
}

/// The head of an arrow; its base is the last point of the route.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Arrow {
    /// Where it touches the border of the head's box.
    pub tip: Point,
    /// Where it points, as a vector of length 1.
    pub direction: Point,
}

impl Drawing {
    /// Moves everything.
    pub(crate) fn shift(&mut self, x: f64, y: f64) {
        let shift = |point: &mut Point| {
            point.x += x;
            point.y += y;
        };
        self.nodes.iter_mut().for_each(shift);
        for route in &mut self.edges {
            route.points.iter_mut().for_each(shift);
            route.label.iter_mut().for_each(shift);
            shift(&mut route.arrow.tip);
        }
    }
}
