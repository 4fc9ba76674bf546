//! Smooth curves that give x as a function of y.

use crate::drawing::Point;

/// A point that a curve passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Knot {
    pub(super) at: Point,
    /// The slope there, x by y, where it is not left to the curve.
    pub(super) slope: Option<f64>,
}

impl Knot {
    pub(super) fn free(at: Point) -> Self {
        Self { at, slope: None }
    }

    pub(super) fn upright(at: Point) -> Self {
        Self {
            at,
            slope: Some(0.0),
        }
    }
}

/// One cubic of a curve: x at evenly spaced y, as the control points of a Bézier curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    top: f64,
    bottom: f64,
    x: [f64; 4],
}

/// The steepest slope at a knot, in x by y: flatter courses swing into their direction, side by
/// side with others.
pub(super) const STEEPEST: f64 = 1.5;

/// Returns the cubics between knots that go downwards.
///
/// The slopes make the curve monotone between knots: the harmonic mean of the two adjoining
/// secants weighted by their lengths, and 0 where the curve turns. Source: F. N. Fritsch,
/// J. Butland, "A Method for Constructing Local Monotone Piecewise Cubic Interpolants" (1984).
pub(super) fn spans(knots: &[Knot]) -> Vec<Span> {
    let slopes: Vec<f64> = (0..knots.len())
        .map(|index| slope_at(knots, index))
        .collect();
    (1..knots.len())
        .map(|index| {
            let (upper, lower) = (knots[index - 1].at, knots[index].at);
            let third = (lower.y - upper.y) / 3.0;
            Span {
                top: upper.y,
                bottom: lower.y,
                x: [
                    upper.x,
                    upper.x + slopes[index - 1] * third,
                    lower.x - slopes[index] * third,
                    lower.x,
                ],
            }
        })
        .collect()
}

fn slope_at(knots: &[Knot], index: usize) -> f64 {
    if let Some(slope) = knots[index].slope {
        return slope;
    }
    if index == 0 || index + 1 == knots.len() {
        return 0.0;
    }
    let (before, at, after) = (knots[index - 1].at, knots[index].at, knots[index + 1].at);
    let (above, below) = (at.y - before.y, after.y - at.y);
    if above <= 0.0 || below <= 0.0 {
        return 0.0;
    }
    let (first, second) = ((at.x - before.x) / above, (after.x - at.x) / below);
    if first * second <= 0.0 {
        return 0.0;
    }
    let share = (above + 2.0 * below) / (3.0 * (above + below));
    let mean = first * second / (share * second + (1.0 - share) * first);
    mean.clamp(-STEEPEST, STEEPEST)
}

/// Returns the control points of the curve through the knots; what is straight and upright is
/// one piece.
pub(super) fn control_points(knots: &[Knot]) -> Vec<Point> {
    let mut spans = spans(knots);
    spans.dedup_by(|next, kept| {
        let is_joined = next.is_upright() && kept.is_upright();
        if is_joined {
            kept.bottom = next.bottom;
        }
        is_joined
    });
    let mut points: Vec<Point> = knots.first().map(|knot| knot.at).into_iter().collect();
    for span in spans {
        let third = (span.bottom - span.top) / 3.0;
        points.push(Point::new(span.x[1], span.top + third));
        points.push(Point::new(span.x[2], span.bottom - third));
        points.push(Point::new(span.x[3], span.bottom));
    }
    points
}

impl Span {
    fn is_upright(&self) -> bool {
        self.x
            .windows(2)
            .all(|pair| (pair[0] - pair[1]).abs() < 1e-9)
    }

    /// Returns the parts of x at the two ends and between them where x turns.
    fn x_at(&self, part: f64) -> f64 {
        let rest = 1.0 - part;
        let [start, first, second, end] = self.x;
        rest * rest * rest * start
            + 3.0 * rest * rest * part * first
            + 3.0 * rest * part * part * second
            + part * part * part * end
    }
}

/// Returns the least and the greatest x of a curve between two y, or nothing where it is not
/// there.
///
/// Between knots a curve is monotone but for its slopes at the ends, which are at most those
/// of the straight line to the next knot; so the ends of each piece tell.
pub(super) fn range(spans: &[Span], top: f64, bottom: f64) -> Option<(f64, f64)> {
    let first = spans.partition_point(|span| span.bottom < top);
    let mut range: Option<(f64, f64)> = None;
    for span in spans[first..].iter().take_while(|span| span.top <= bottom) {
        let height = span.bottom - span.top;
        let part = |y: f64| {
            if height > 0.0 {
                ((y - span.top) / height).clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        for y in [top.max(span.top), bottom.min(span.bottom)] {
            let x = if height > 0.0 {
                span.x_at(part(y))
            } else {
                span.x[3]
            };
            range = Some(range.map_or((x, x), |(least, most)| (least.min(x), most.max(x))));
        }
    }
    range
}

#[cfg(test)]
mod tests {
    use super::{Knot, control_points, range, spans};
    use crate::drawing::Point;

    fn knots(points: &[(f64, f64)]) -> Vec<Knot> {
        points
            .iter()
            .map(|&(x, y)| Knot::free(Point::new(x, y)))
            .collect()
    }

    #[test]
    fn a_curve_never_swings_beyond_its_knots() {
        let knots = knots(&[
            (0.0, 0.0),
            (5.0, 10.0),
            (100.0, 20.0),
            (101.0, 90.0),
            (40.0, 99.0),
        ]);
        let spans = spans(&knots);
        for pair in knots.windows(2) {
            let (upper, lower) = (pair[0].at, pair[1].at);
            for step in 0..20_u8 {
                let y = upper.y + (lower.y - upper.y) * f64::from(step) / 20.0;
                let (x, _) = range(&spans, y, y).unwrap();
                assert!(x >= upper.x.min(lower.x) - 1e-9 && x <= upper.x.max(lower.x) + 1e-9);
            }
        }
        assert_eq!(range(&spans, 100.0, 120.0), None);
    }

    #[test]
    fn an_upright_course_is_one_piece() {
        let knots = knots(&[(7.0, 0.0), (7.0, 10.0), (7.0, 20.0), (7.0, 50.0)]);
        let points = control_points(&knots);
        assert_eq!(points.len(), 4);
        assert_eq!((points[3].x, points[3].y), (7.0, 50.0));
    }
}
