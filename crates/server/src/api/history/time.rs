//! Ranges of time and the widths of their steps.

use fathom_history::{Range, TargetInfo};

use super::super::{Parameter, parameter};
use crate::problem::Problem;
use crate::query::Query;

/// The parameters of a range.
pub(super) const TIMES: [Parameter; 2] = [
    parameter(
        "from",
        "The beginning: milliseconds since 1970 (UTC), or -1h before the end [-1h]",
    ),
    parameter(
        "to",
        "The end: milliseconds since 1970 (UTC) [when the target was last seen]",
    ),
];

/// The parameter of the width of a step.
pub(super) const STEP: Parameter = parameter(
    "step",
    "The width of a step in milliseconds [what makes at most some 500]",
);

/// About the most steps of a curve, unless a width is asked for.
const STEPS: i64 = 500;

/// The most steps of a curve.
const MOST_STEPS: i64 = 50_000;

/// Widths that people can read off an axis, in seconds.
const WIDTHS: [i64; 17] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];

/// A range with the width of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range,
    pub(super) step_ms: i64,
}

impl Span {
    /// Reads `from`, `to` and `step`.
    pub(super) fn of(query: &Query, target: &TargetInfo) -> Result<Self, Problem> {
        Self::until(query, target.last_ms)
    }

    /// Reads them where the last look was at a moment.
    pub(super) fn until(query: &Query, last_ms: i64) -> Result<Self, Problem> {
        let last = last_ms.saturating_add(1);
        Self::parse(query.own("from"), query.own("to"), query.own("step"), last)
    }

    fn parse(
        from: Option<&str>,
        to: Option<&str>,
        step: Option<&str>,
        last: i64,
    ) -> Result<Self, Problem> {
        let number = |text: &str| {
            text.parse::<i64>().map_err(|_| {
                Problem::bad_request(format!("{text:?} is no time"))
                    .hint("milliseconds since 1970 (UTC), or -90s, -15m, -1h, -2d before the end")
            })
        };
        let to_ms = to.map_or(Ok(last), number)?;
        let from = from.unwrap_or("-1h");
        let from_ms = match before(from) {
            Some(length) => to_ms.saturating_sub(length),
            None => number(from)?,
        };
        let length = to_ms.saturating_sub(from_ms);
        if length <= 0 {
            return Err(Problem::bad_request("the range ends before it begins"));
        }
        let step_ms = match step {
            Some(step) => number(step)?.max(1),
            None => width(length),
        };
        if length / step_ms > MOST_STEPS {
            return Err(Problem::bad_request(format!(
                "the range has more than {MOST_STEPS} steps"
            ))
            .hint("take wider steps or a shorter range"));
        }
        Ok(Self {
            range: Range::new(from_ms, to_ms),
            step_ms,
        })
    }
}

/// Reads `-15m` as milliseconds.
fn before(text: &str) -> Option<i64> {
    let length = text.strip_prefix('-')?;
    let unit = length.chars().last().filter(char::is_ascii_alphabetic)?;
    let number: i64 = length.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    number.checked_mul(seconds)?.checked_mul(1000)
}

fn width(length_ms: i64) -> i64 {
    let found = WIDTHS
        .iter()
        .map(|seconds| seconds * 1000)
        .find(|width| length_ms / width <= STEPS);
    found.unwrap_or_else(|| {
        let days = length_ms / STEPS / 86_400_000;
        (days + 1) * 86_400_000
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_where_the_target_was_last_seen() {
        let of = |from, to, step| Span::parse(from, to, step, 10_000_000).map_err(|it| it.status);
        let hour = of(None, None, None).unwrap();
        assert_eq!(hour.range, Range::new(6_400_000, 10_000_000));
        assert_eq!(hour.step_ms, 10_000);
        let exact = of(Some("1000"), Some("61000"), Some("250")).unwrap();
        assert_eq!((exact.range.from_ms, exact.step_ms), (1000, 250));
        assert_eq!(
            of(Some("-2m"), Some("120000"), None).unwrap().range.from_ms,
            0
        );
        assert_eq!(of(Some("5"), Some("5"), None), Err(400));
        assert_eq!(of(Some("-1y"), None, None), Err(400));
        assert_eq!(of(Some("0"), None, Some("1")), Err(400));
        assert_eq!(width(400 * 86_400_000), 86_400_000);
        assert_eq!(width(4000 * 86_400_000), 9 * 86_400_000);
    }
}
