//! The courses of edges: smooth curves that pass no box.
//!
//! Between two ranks nothing is in the way. A curve is a function from y to x through the
//! bends of its edge, piecewise cubic and monotone between them, so it never swings out
//! beyond a bend. Where it would still touch a box on a rank that it crosses, it runs straight
//! down there: the bend's place is free from the rank's upper to its lower border.

mod curve;

use crate::drawing::{Arrow, Point, Route};
use crate::graph::{Node, Size};
use crate::layers::{LABEL_GAP, Layers};
use crate::order::Order;

use curve::{Knot, Span};

/// Where everything but the edges stands.
pub(crate) struct Places<'a> {
    pub(crate) layers: &'a Layers,
    pub(crate) order: &'a Order,
    /// The x of every vertex.
    pub(crate) across: &'a [f64],
    /// The y of every rank.
    pub(crate) ranks: &'a [RankSpan],
    /// The boxes of the nodes.
    pub(crate) boxes: &'a [Node],
    pub(crate) arrow_length: f64,
    /// How close to a box of another node a curve may pass.
    pub(crate) clearance: f64,
}

/// What a rank occupies from top to bottom, in points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RankSpan {
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl RankSpan {
    pub(crate) fn centre(self) -> f64 {
        f64::midpoint(self.top, self.bottom)
    }
}

/// Which end of a chain the arrow points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    Lower,
    Upper,
}

/// Where edges run straight down past the boxes of a rank.
struct Upright {
    /// By vertex.
    bends: Vec<bool>,
    /// The edge of each bend.
    owners: Vec<usize>,
    /// By edge: beside its upper node, and beside its lower one.
    ends: Vec<[bool; 2]>,
}

impl Upright {
    fn new(layers: &Layers) -> Self {
        let mut owners = vec![0; layers.ranks.len()];
        for (edge, chain) in layers.chains.iter().enumerate() {
            for &vertex in chain {
                owners[vertex] = edge;
            }
        }
        Self {
            bends: vec![false; layers.ranks.len()],
            owners,
            ends: vec![[false; 2]; layers.chains.len()],
        }
    }

    /// Says whether an edge is upright at a vertex of its chain.
    fn at(&self, edge: usize, chain: &[usize], vertex: usize) -> bool {
        let [upper, lower] = self.ends[edge];
        if vertex == chain[0] {
            upper
        } else if vertex == chain[chain.len() - 1] {
            lower
        } else {
            self.bends[vertex]
        }
    }
}

/// The part of a border's half that edges are attached to.
const BORDER: f64 = 0.84;

impl Places<'_> {
    /// Returns the course of every edge of the layers, from its tail to its head.
    pub(crate) fn routes(&self, heads: &[Head]) -> Vec<Route> {
        let count = self.layers.chains.len();
        let mut upright = Upright::new(self.layers);
        let mut courses: Vec<(Vec<Knot>, Arrow)> = vec![Default::default(); count];
        let mut waiting: Vec<usize> = (0..count).collect();
        // Each round makes at least one more place upright, so this ends.
        while !waiting.is_empty() {
            let mut collided = vec![false; self.layers.ranks.len()];
            let mut again = vec![false; count];
            for edge in waiting {
                let (knots, arrow) = self.knots(edge, &upright, heads[edge]);
                again[edge] = self.find_collisions(edge, &knots, &mut upright, &mut collided);
                courses[edge] = (knots, arrow);
            }
            self.make_upright(&collided, &mut upright, &mut again);
            waiting = (0..count).filter(|&edge| again[edge]).collect();
        }
        courses
            .into_iter()
            .enumerate()
            .map(|(edge, (knots, arrow))| {
                let mut points = curve::control_points(&knots);
                if heads[edge] == Head::Upper {
                    points.reverse();
                }
                let label = self.layers.labels[edge].map(|bend| self.label_centre(bend));
                Route {
                    points,
                    arrow,
                    label,
                }
            })
            .collect()
    }

    /// Notes the bends of an edge at which its curve touches a box, and makes its ends upright
    /// where it does so there; says whether it did.
    fn find_collisions(
        &self,
        edge: usize,
        knots: &[Knot],
        upright: &mut Upright,
        collided: &mut [bool],
    ) -> bool {
        let chain = &self.layers.chains[edge];
        let spans = curve::spans(knots);
        let mut ends_changed = false;
        for &vertex in chain {
            if upright.at(edge, chain, vertex) || !self.collides(vertex, &spans) {
                continue;
            }
            if vertex == chain[0] {
                upright.ends[edge][0] = true;
                ends_changed = true;
            } else if self.layers.is_bend(vertex) {
                collided[vertex] = true;
            } else {
                upright.ends[edge][1] = true;
                ends_changed = true;
            }
        }
        ends_changed
    }

    /// Makes the bends upright that collided, and with each those that stand with it between the
    /// same two boxes: side by side, all take the same course and do not cross. Marks the edges
    /// of all that changed.
    fn make_upright(&self, collided: &[bool], upright: &mut Upright, again: &mut [bool]) {
        for rank in &self.order.ranks {
            for group in rank.split_inclusive(|&vertex| self.occupies(vertex)) {
                if !group.iter().any(|&vertex| collided[vertex]) {
                    continue;
                }
                for &vertex in group.iter().filter(|&&vertex| self.layers.is_bend(vertex)) {
                    if !std::mem::replace(&mut upright.bends[vertex], true) {
                        again[upright.owners[vertex]] = true;
                    }
                }
            }
        }
    }

    /// Says whether a vertex is a box, or has its label at its right.
    fn occupies(&self, vertex: usize) -> bool {
        !self.layers.is_bend(vertex) || self.layers.extents[vertex].right > 0.0
    }

    fn label_centre(&self, bend: usize) -> Point {
        let right = self.layers.extents[bend].right;
        let width = right - LABEL_GAP;
        Point::new(
            self.across[bend] + right - width / 2.0,
            self.ranks[self.layers.ranks[bend]].centre(),
        )
    }

    /// Returns the knots of an edge from top to bottom, and the arrow that continues them at one end.
    fn knots(&self, edge: usize, upright: &Upright, head: Head) -> (Vec<Knot>, Arrow) {
        let chain = &self.layers.chains[edge];
        let last = chain.len() - 1;
        let [upper_end, lower_end] = upright.ends[edge];
        let mut knots = Vec::with_capacity(chain.len() + 2);
        // The border of the upper node, the bends, the border of the lower node.
        let upper = self.port(chain[0], chain[1], Border::Lower);
        let lower = self.port(chain[last], chain[last - 1], Border::Upper);
        knots.push(Knot::free(upper));
        if upper_end {
            let bottom = self.ranks[self.layers.ranks[chain[0]]].bottom;
            knots[0].slope = Some(0.0);
            knots.push(Knot::upright(Point::new(upper.x, bottom)));
        }
        for &bend in &chain[1..last] {
            let x = self.across[bend];
            let rank = self.ranks[self.layers.ranks[bend]];
            if upright.bends[bend] {
                knots.push(Knot::upright(Point::new(x, rank.top)));
                knots.push(Knot::upright(Point::new(x, rank.bottom)));
            } else {
                knots.push(Knot::free(Point::new(x, rank.centre())));
            }
        }
        let mut lower_knot = Knot::free(lower);
        if lower_end {
            let top = self.ranks[self.layers.ranks[chain[last]]].top;
            lower_knot.slope = Some(0.0);
            knots.push(Knot::upright(Point::new(lower.x, top)));
        }
        knots.push(lower_knot);
        let count = knots.len();
        let (first_slope, last_slope) = (
            end_slope(&knots[0], &knots[1]),
            end_slope(&knots[count - 1], &knots[count - 2]),
        );
        knots[0].slope = Some(first_slope);
        knots[count - 1].slope = Some(last_slope);
        let arrow = match head {
            Head::Lower => self.arrow(&mut knots, count - 1, count - 2),
            Head::Upper => self.arrow(&mut knots, 0, 1),
        };
        (knots, arrow)
    }

    /// Draws the knot at a border back along its slope, to make room for an arrow.
    fn arrow(&self, knots: &mut [Knot], end: usize, before: usize) -> Arrow {
        let tip = knots[end].at;
        let slope = knots[end].slope.unwrap_or(0.0);
        let down = if tip.y >= knots[before].at.y {
            1.0
        } else {
            -1.0
        };
        let length = slope.hypot(1.0);
        let direction = Point::new(down * slope / length, down / length);
        let room = (tip.y - knots[before].at.y).abs() * ARROW_SHARE;
        let arrow_length = self.arrow_length.min(room * length);
        knots[end].at = Point::new(
            tip.x - direction.x * arrow_length,
            tip.y - direction.y * arrow_length,
        );
        Arrow { tip, direction }
    }

    /// Returns where the straight line to a neighbour leaves the box of a node, but always at
    /// its upper or lower border, and not at a corner.
    fn port(&self, node: usize, towards: usize, border: Border) -> Point {
        let centre = Point::new(
            self.across[node],
            self.ranks[self.layers.ranks[node]].centre(),
        );
        let half = self.boxes[node].height / 2.0;
        let (y, distance) = match border {
            Border::Upper => (centre.y - half, -1.0),
            Border::Lower => (centre.y + half, 1.0),
        };
        let other_y = self.ranks[self.layers.ranks[towards]].centre();
        let rise = ((other_y - centre.y) * distance).max(half).max(1.0);
        let reach = self.boxes[node].width / 2.0 * BORDER;
        let offset = (self.across[towards] - centre.x) * half / rise;
        Point::new(centre.x + offset.clamp(-reach, reach), y)
    }

    /// Says whether the curve touches a box or a label on the rank of `vertex`, one of its own
    /// chain.
    fn collides(&self, vertex: usize, spans: &[Span]) -> bool {
        let rank_index = self.layers.ranks[vertex];
        let rank = self.ranks[rank_index];
        let Some((least, most)) = curve::range(spans, rank.top, rank.bottom) else {
            return false;
        };
        let vertices = &self.order.ranks[rank_index];
        let place = self.order.positions[vertex];
        let touches = |other: usize| {
            self.obstacle(other, other == vertex)
                .is_some_and(|obstacle| obstacle.touches(spans))
        };
        let beyond = self.clearance;
        let left = vertices[..=place].iter().rev().copied();
        let right = vertices[place + 1..].iter().copied();
        left.take_while(|&other| {
            other == vertex
                || self.across[other] + self.layers.extents[other].right > least - beyond
        })
        .any(touches)
            || right
                .take_while(|&other| {
                    self.across[other] - self.layers.extents[other].left < most + beyond
                })
                .any(touches)
    }

    /// Returns what a vertex puts in the way of an edge: a node with its loops, or a label. Of
    /// the edge's own nodes only the loops are in its way.
    fn obstacle(&self, vertex: usize, is_own: bool) -> Option<Obstacle> {
        if !self.occupies(vertex) {
            return None;
        }
        let extent = self.layers.extents[vertex];
        let x = self.across[vertex];
        let y = self.ranks[self.layers.ranks[vertex]].centre();
        let (left, clearance) = if self.layers.is_bend(vertex) {
            (x + LABEL_GAP, TOUCH)
        } else if is_own {
            if extent.right <= extent.left {
                return None;
            }
            (x + extent.left, TOUCH)
        } else {
            (x - extent.left, self.clearance)
        };
        Some(Obstacle {
            left: left - clearance,
            right: x + extent.right + clearance,
            top: y - extent.height / 2.0,
            bottom: y + extent.height / 2.0,
        })
    }
}

/// How close to a label or a loop a curve may pass, in points.
const TOUCH: f64 = 0.5;

/// The part of the way to the knot before that an arrow may take.
const ARROW_SHARE: f64 = 0.7;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Border {
    Upper,
    Lower,
}

/// A rectangle that a curve must not enter.
struct Obstacle {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Obstacle {
    fn touches(&self, spans: &[Span]) -> bool {
        curve::range(spans, self.top, self.bottom)
            .is_some_and(|(least, most)| least < self.right && most > self.left)
    }
}

fn end_slope(end: &Knot, next: &Knot) -> f64 {
    if let Some(slope) = end.slope {
        return slope;
    }
    let rise = next.at.y - end.at.y;
    if rise == 0.0 {
        return 0.0;
    }
    ((next.at.x - end.at.x) / rise).clamp(-curve::STEEPEST, curve::STEEPEST)
}

/// The edges from a node to itself: one beyond the other at its right border, and beyond the
/// last their labels.
#[derive(Default)]
pub(crate) struct Loops {
    labels: Vec<Option<Size>>,
}

/// How much farther each loop of a node reaches than the one before, in points.
const LOOP_STEP: f64 = 8.0;

impl Loops {
    pub(crate) fn push(&mut self, label: Option<Size>) {
        self.labels.push(label);
    }

    /// Returns how far the loops and their labels reach beyond the border.
    pub(crate) fn reach(&self, arrow_length: f64) -> f64 {
        let labels = self.labels.iter().flatten();
        turn(self.labels.len(), arrow_length)
            + labels.map(|size| LABEL_GAP + size.width).sum::<f64>()
    }

    /// Returns the height of the tallest label.
    pub(crate) fn label_height(&self) -> f64 {
        let labels = self.labels.iter().flatten();
        labels.map(|size| size.height).fold(0.0, f64::max)
    }

    /// Draws the loops of a node, in order.
    pub(crate) fn routes(
        &self,
        centre: Point,
        node: Node,
        arrow_length: f64,
    ) -> impl Iterator<Item = Route> {
        let border = centre.x + node.width / 2.0;
        let mut label_end = border + turn(self.labels.len(), arrow_length);
        (1..).zip(&self.labels).map(move |(count, label)| Route {
            label: label.map(|size| {
                label_end += LABEL_GAP + size.width;
                Point::new(label_end - size.width / 2.0, centre.y)
            }),
            ..side_loop(centre, node, turn(count, arrow_length), arrow_length)
        })
    }
}

/// Returns how far from the border the last of several loops turns back.
fn turn(count: usize, arrow_length: f64) -> f64 {
    arrow_length + count as f64 * LOOP_STEP
}

/// Draws a loop at the right border of a node.
fn side_loop(centre: Point, node: Node, turn: f64, arrow_length: f64) -> Route {
    let border = centre.x + node.width / 2.0;
    let (upper, lower) = (centre.y - node.height / 4.0, centre.y + node.height / 4.0);
    let far = border + turn;
    let base = border + arrow_length;
    Route {
        points: vec![
            Point::new(border, upper),
            Point::new(border + turn / 2.0, upper),
            Point::new(far, f64::midpoint(upper, centre.y)),
            Point::new(far, centre.y),
            Point::new(far, f64::midpoint(lower, centre.y)),
            Point::new(f64::midpoint(base, far), lower),
            Point::new(base, lower),
        ],
        arrow: Arrow {
            tip: Point::new(border, lower),
            direction: Point::new(-1.0, 0.0),
        },
        label: None,
    }
}
