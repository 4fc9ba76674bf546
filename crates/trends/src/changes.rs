//! Where a series changed its course.

use crate::pieces::{Pieces, inflation};

/// How strong a change must be: Wald's statistic of a change of level, slope and effect of the
/// load at an unknown point. Its 5 % critical values are 12 to 16 (D. W. K. Andrews, "Tests for
/// parameter instability and structural change with unknown change point", Econometrica 61,
/// 1993); twice that, because a series is looked at again and again.
const STRENGTH: f64 = 30.0;

/// A stretch is divided into at most so many pieces at once, and these again.
const MOST_PIECES: usize = 6;

/// The shortest piece, in points.
const SHORTEST: usize = 8;

/// The points at which a series changed its course: the indices where a new piece begins, in
/// order.
///
/// A piece is a straight line, or a line and a multiple of the load if one is given, not a level:
/// divided into levels, a steady leak would have changed a moment ago at every moment. The search
/// is divisive, as E-divisive is, but into several pieces at once, so that a rise and a fall do
/// not hide each other, and with Wald's statistic instead of permutations, so that it is
/// deterministic. The statistic is divided by what autocorrelation of the residuals makes of it,
/// so that noise with a memory is not taken to pieces.
///
/// All slices are equally long and hold no NaN (`times` in seconds). Takes time in proportion to
/// the square of the number of points: some milliseconds for 200.
pub fn change_points(times: &[f64], values: &[f64], load: Option<&[f64]>) -> Vec<usize> {
    let count = times.len().min(values.len());
    let load = load.filter(|load| load.len() >= count);
    let pieces = Pieces::new(
        &times[..count],
        load.map(|it| &it[..count]),
        &values[..count],
    );
    changes_of(&pieces, if load.is_some() { 3.0 } else { 2.0 })
}

pub(crate) fn changes_of(pieces: &Pieces, parameters: f64) -> Vec<usize> {
    let shortest = SHORTEST.max(pieces.len() / 20);
    let mut changes = Vec::new();
    let mut open = vec![(0, pieces.len())];
    while let Some((from, until)) = open.pop() {
        let cuts = divide(pieces, from, until, shortest, parameters);
        if cuts.is_empty() {
            continue;
        }
        changes.extend_from_slice(&cuts);
        let begins = std::iter::once(from).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([until]);
        open.extend(begins.zip(ends));
    }
    changes.sort_unstable();
    changes
}

/// The cuts that divide a stretch into at most [`MOST_PIECES`] where each is worth it: against
/// any smaller number of pieces, each cut more must gain [`STRENGTH`].
fn divide(
    pieces: &Pieces,
    from: usize,
    until: usize,
    shortest: usize,
    parameters: f64,
) -> Vec<usize> {
    let whole = pieces.fit(from, until).squares;
    if until - from < 2 * shortest || whole <= pieces.rounding() {
        return Vec::new();
    }
    let mut squares = vec![whole];
    let mut chosen = Vec::new();
    for cuts in partitions(pieces, from, until, shortest) {
        let mut residuals = Vec::with_capacity(until - from);
        let mut left = 0.0;
        let begins = std::iter::once(from).chain(cuts.iter().copied());
        for (begin, end) in begins.zip(cuts.iter().copied().chain([until])) {
            left += pieces.fit(begin, end).squares;
            residuals.extend(pieces.residuals(begin, end));
        }
        let free = (until - from) as f64 - parameters * (cuts.len() + 1) as f64;
        let noise = left.max(pieces.rounding()) / free.max(1.0);
        // With few points left to know the noise from, the statistic varies more.
        let doubt = inflation(&residuals) * (1.0 + 15.0 / free.max(1.0));
        let gained = |before: f64| (before - left) / noise / doubt;
        let worth = (0..cuts.len())
            .all(|fewer| gained(squares[fewer]) > STRENGTH * (cuts.len() - fewer) as f64);
        squares.push(left);
        if worth {
            chosen = cuts;
        }
    }
    chosen
}

/// The best cuts into 2, 3, ... pieces: those that leave the least squares (dynamic programming).
fn partitions(pieces: &Pieces, from: usize, until: usize, shortest: usize) -> Vec<Vec<usize>> {
    let count = until - from;
    // `best[k][end]`: the least squares of the points before `end` in k + 1 pieces, and where the
    // last of these begins.
    let mut best = vec![vec![(f64::INFINITY, 0); count + 1]];
    for (end, first) in best[0].iter_mut().enumerate().skip(shortest) {
        *first = (pieces.fit(from, from + end).squares, 0);
    }
    let most = MOST_PIECES.min(count / shortest);
    let mut costs = vec![f64::INFINITY; (count + 1) * (count + 1)];
    for begin in shortest..count {
        for end in begin + shortest..=count {
            costs[begin * (count + 1) + end] = pieces.fit(from + begin, from + end).squares;
        }
    }
    let mut answers = Vec::new();
    for fewer in 0..most.saturating_sub(1) {
        let mut next = vec![(f64::INFINITY, 0); count + 1];
        for (end, least) in next.iter_mut().enumerate().skip(2 * shortest) {
            for begin in shortest..=end - shortest {
                let squares = best[fewer][begin].0 + costs[begin * (count + 1) + end];
                if squares < least.0 {
                    *least = (squares, begin);
                }
            }
        }
        best.push(next);
        if best[fewer + 1][count].0.is_infinite() {
            break;
        }
        let mut cuts = Vec::with_capacity(fewer + 1);
        let mut end = count;
        for row in best[1..=fewer + 1].iter().rev() {
            end = row[end].1;
            cuts.push(from + end);
        }
        cuts.reverse();
        answers.push(cuts);
    }
    answers
}

/// Where a single change of level fits points better than a straight line does, if it does.
pub(crate) fn step(pieces: &Pieces) -> Option<usize> {
    let line = pieces.fit(0, pieces.len()).squares;
    let best = (1..pieces.len())
        .map(|at| {
            let squares =
                pieces.squares_about_mean(0, at) + pieces.squares_about_mean(at, pieces.len());
            (at, squares)
        })
        .min_by(|(_, one), (_, other)| one.total_cmp(other))?;
    (best.1 < line && line > pieces.rounding()).then_some(best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wobble(index: usize) -> f64 {
        // A fixed sequence without a pattern of its own, between -1 and 1.
        ((index * 7919 + 104_729) % 1009) as f64 / 504.0 - 1.0
    }

    fn changes(value: impl Fn(usize) -> f64) -> Vec<usize> {
        let times: Vec<f64> = (0..120).map(|it| f64::from(it) * 30.0).collect();
        let values: Vec<f64> = (0..120).map(|it| value(it) + wobble(it)).collect();
        change_points(&times, &values, None)
    }

    fn near(found: &[usize], expected: &[usize]) {
        assert_eq!(found.len(), expected.len(), "{found:?} for {expected:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.abs_diff(*expected) <= 2, "{found} for {expected}");
        }
    }

    #[test]
    fn finds_steps_and_bends() {
        near(&changes(|at| if at < 70 { 0.0 } else { 10.0 }), &[70]);
        near(&changes(|at| at.saturating_sub(50) as f64), &[50]);
        near(
            &changes(|at| match at {
                0..40 => 20.0,
                40..90 => 20.0 + (at - 40) as f64,
                _ => 5.0,
            }),
            &[40, 90],
        );
    }

    #[test]
    fn leaves_a_line_whole() {
        near(&changes(|_| 3.0), &[]);
        near(&changes(|at| at as f64 * 2.0), &[]);
        let times: Vec<f64> = (0..50).map(f64::from).collect();
        near(&change_points(&times, &times, None), &[]);
        near(&change_points(&times, &[4.0; 50], None), &[]);
        near(&change_points(&[], &[], None), &[]);
    }

    #[test]
    fn follows_a_load() {
        let times: Vec<f64> = (0..120).map(f64::from).collect();
        let load: Vec<f64> = (0..120).map(|it| f64::from(it / 30 % 2)).collect();
        let values: Vec<f64> = (0..120).map(|it| load[it] * 30.0 + wobble(it)).collect();
        assert_eq!(change_points(&times, &values, None).len(), 3);
        near(&change_points(&times, &values, Some(&load)), &[]);
    }
}
