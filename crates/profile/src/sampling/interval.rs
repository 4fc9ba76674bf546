//! The interval of a binomial's number of trials, and the special functions it needs.

/// The tail on each side. Nominally 2 %, so that discreteness never takes the interval
/// below 93 %; see the head of [`crate::sampling`].
const TAIL: f64 = 0.02;

/// The normal quantile of 97.5 %.
const NORMAL: f64 = 1.959_963_984_540_054;

/// From how many samples on the score interval is as good as the mid-P interval.
const MANY: f64 = 500.0;

/// Below this chance of being missed, what was seen is all there is.
const CERTAIN: f64 = 1e-7;

/// Returns the bounds of the number of trials `N`, of which `n` succeeded with probability
/// `p` each. Neither needs to be whole: sums of several sizes are matched to such a
/// binomial.
pub(super) fn trials(n: f64, p: f64) -> (f64, f64) {
    if n <= 0.0 {
        let most = (1.0 - super::CONFIDENCE).ln() / (-p).ln_1p();
        return (0.0, if p > 0.0 { most } else { f64::INFINITY });
    }
    if 1.0 - p < CERTAIN {
        return (n, n);
    }
    let (score_low, score_high) = score(n, p);
    if n >= MANY {
        return (score_low, score_high);
    }
    // The mid-P bounds lie near the score bounds.
    let low = if upper_tail(n, n, p) >= TAIL {
        n
    } else {
        solve(n, n / p, |trials| upper_tail(n, trials, p) - TAIL)
    };
    let top = score_high + 4.0 * (n.sqrt() + 2.0) / p;
    let high = solve(n / p, top, |trials| upper_tail(n, trials, p) - (1.0 - TAIL));
    (low, high)
}

/// The roots of `p²N² - (2np + z²p(1-p))N + n² = 0`.
fn score(n: f64, p: f64) -> (f64, f64) {
    let half = n * p + NORMAL * NORMAL * p * (1.0 - p) / 2.0;
    let root = (half * half - p * p * n * n).max(0.0).sqrt();
    (((half - root) / (p * p)).max(n), (half + root) / (p * p))
}

/// Returns `P(X > n) + P(X = n) / 2` of `trials` trials: grows with them.
fn upper_tail(n: f64, trials: f64, p: f64) -> f64 {
    let misses = (trials - n).max(0.0);
    let exactly = ln_gamma(trials + 1.0) - ln_gamma(n + 1.0) - ln_gamma(misses + 1.0)
        + n * p.ln()
        + misses * (-p).ln_1p();
    beta(n, misses + 1.0, p) - exactly.exp() / 2.0
}

/// Finds where a growing function passes 0 between two points, to six digits: regula
/// falsi, halving the weight of an end that stays (the Illinois rule).
fn solve(mut low: f64, mut high: f64, function: impl Fn(f64) -> f64) -> f64 {
    let mut at_low = function(low);
    let mut at_high = function(high);
    if at_low >= 0.0 {
        return low;
    }
    let mut last_moved_low = None;
    for _ in 0..60 {
        let guess = (low * at_high - high * at_low) / (at_high - at_low);
        let inside = guess > low && guess < high;
        let next = if inside {
            guess
        } else {
            f64::midpoint(low, high)
        };
        let at_next = function(next);
        let moves_low = at_next < 0.0;
        let moved = if moves_low { next - low } else { high - next };
        if moves_low {
            (low, at_low) = (next, at_next);
            at_high /= if last_moved_low == Some(true) {
                2.0
            } else {
                1.0
            };
        } else {
            (high, at_high) = (next, at_next);
            at_low /= if last_moved_low == Some(false) {
                2.0
            } else {
                1.0
            };
        }
        if at_next.abs() < 1e-9 || moved < 1e-7 * high || high - low < 1e-7 * high {
            return next;
        }
        last_moved_low = Some(moves_low);
    }
    f64::midpoint(low, high)
}

/// Returns the regularised incomplete beta function, by its continued fraction.
fn beta(a: f64, b: f64, x: f64) -> f64 {
    if b <= 0.0 {
        return 0.0;
    }
    if a <= 0.0 {
        return 1.0;
    }
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    if x < (a + 1.0) / (a + b + 2.0) {
        front.exp() * beta_fraction(a, b, x) / a
    } else {
        1.0 - front.exp() * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// Lentz's evaluation of the fraction.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..2000_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-12 {
            break;
        }
    }
    value
}

/// Returns the logarithm of the gamma function of a positive number, by Stirling's series
/// after lifting small arguments.
fn ln_gamma(x: f64) -> f64 {
    let mut lifted = x;
    let mut product = 1.0;
    while lifted < 12.0 {
        product *= lifted;
        lifted += 1.0;
    }
    let square = 1.0 / (lifted * lifted);
    let series = (1.0 / 12.0
        - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0))))
        / lifted;
    (lifted - 0.5) * lifted.ln() - lifted + 0.5 * std::f64::consts::TAU.ln() + series
        - f64::ln(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * (1.0 + b.abs())
    }

    #[test]
    fn special_functions_have_their_known_values() {
        assert!(close(ln_gamma(1.0), 0.0));
        assert!(close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln()));
        assert!(close(ln_gamma(11.0), 3_628_800.0_f64.ln()));
        // I_x(1, b) = 1 - (1-x)^b and I_x(a, 1) = x^a.
        assert!(close(beta(1.0, 3.0, 0.2), 1.0 - 0.8_f64.powi(3)));
        assert!(close(beta(5.0, 1.0, 0.9), 0.9_f64.powi(5)));
        // Two heads or more of four fair throws: 11/16.
        assert!(close(beta(2.0, 3.0, 0.5), 11.0 / 16.0));
    }

    #[test]
    fn bounds_solve_their_equation() {
        for (n, p) in [(1.0, 0.001), (3.0, 0.3), (12.5, 0.05), (40.0, 0.63)] {
            let (low, high) = trials(n, p);
            assert!((upper_tail(n, low, p) - TAIL).abs() < 1e-4, "{n} {p} {low}");
            assert!(
                (upper_tail(n, high, p) - (1.0 - TAIL)).abs() < 1e-4,
                "{n} {p} {high}"
            );
        }
    }

    #[test]
    fn the_score_interval_takes_over_without_a_jump() {
        for p in [0.0001, 0.1, 0.63, 0.95] {
            let (low, high) = trials(MANY - 1.0, p);
            let (score_low, score_high) = score(MANY - 1.0, p);
            let width = score_high - score_low;
            assert!((low - score_low).abs() < 0.06 * width, "{p}");
            assert!((high - score_high).abs() < 0.06 * width, "{p}");
        }
    }

    #[test]
    fn what_is_always_sampled_is_exact() {
        assert_eq!(trials(7.0, 1.0), (7.0, 7.0));
        let (low, high) = trials(10.0, 0.9);
        assert!(
            low.to_bits() == 10.0_f64.to_bits() && high < 15.0,
            "{low} {high}"
        );
    }
}
