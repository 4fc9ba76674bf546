//! Values as people read them.

use fathom_explain::{bytes, count};
use fathom_series::Unit;

/// What no memory holds.
const NO_LIMIT: f64 = (1_u64 << 62) as f64;

/// Writes a value in its unit, in three digits or so: `312 MB/s`, `1.50 ms`, `35 %`.
pub(crate) fn amount(value: f64, unit: Unit, per_second: bool) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    let text = match unit {
        // The runtime says so where there is no limit.
        Unit::Bytes if size >= NO_LIMIT => return "none".to_owned(),
        Unit::Bytes => bytes(whole(size)),
        // Seconds a second are a number without a unit: processors.
        Unit::Seconds if per_second => return format!("{sign}{}", digits(size)),
        Unit::Seconds => seconds(size),
        Unit::Fraction => format!("{} %", digits(size * 100.0)),
        Unit::Percent => format!("{} %", digits(size)),
        Unit::Count | Unit::Unknown if size >= 1000.0 => count(whole(size)),
        Unit::Count | Unit::Unknown => digits(size),
    };
    let rate = if per_second { "/s" } else { "" };
    format!("{sign}{text}{rate}")
}

fn seconds(size: f64) -> String {
    match size {
        0.0 => "0 s".to_owned(),
        ..1e-6 => format!("{} ns", digits(size * 1e9)),
        ..1e-3 => format!("{} us", digits(size * 1e6)),
        ..1.0 => format!("{} ms", digits(size * 1e3)),
        _ => format!("{} s", digits(size)),
    }
}

/// Three digits; whole numbers as such.
fn digits(size: f64) -> String {
    if (size - size.round()).abs() < 1e-9 || size >= 99.95 {
        format!("{size:.0}")
    } else if size >= 9.995 {
        format!("{size:.1}")
    } else if size >= 0.01 {
        format!("{size:.2}")
    } else if size >= 1e-4 {
        format!("{size:.4}")
    } else {
        format!("{size:.0e}")
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative; what does not fit saturates"
)]
fn whole(size: f64) -> u64 {
    size.round() as u64
}

/// Returns a step for the labels of an axis that divides `greatest` into at most `parts`.
pub(crate) fn step(greatest: f64, parts: usize, unit: Unit) -> f64 {
    if !greatest.is_finite() || greatest <= 0.0 {
        return 1.0;
    }
    let least = greatest / parts.max(1) as f64;
    if unit == Unit::Bytes {
        // Powers of two read well in binary units.
        return 2.0_f64.powf(least.log2().ceil()).max(1.0);
    }
    let power = 10.0_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_units() {
        assert_eq!(amount(312.0 * 1_048_576.0, Unit::Bytes, true), "312 MB/s");
        assert_eq!(amount(-1_048_576.0, Unit::Bytes, false), "-1.00 MB");
        assert_eq!(amount(0.0015, Unit::Seconds, false), "1.50 ms");
        assert_eq!(amount(0.354, Unit::Seconds, true), "0.35");
        assert_eq!(amount(0.354, Unit::Fraction, false), "35.4 %");
        assert_eq!(amount(12_345.0, Unit::Count, false), "12,345");
        assert_eq!(amount(7.0, Unit::Count, false), "7");
        assert_eq!(amount(f64::NAN, Unit::Count, false), "-");
        assert_eq!(amount(0.0, Unit::Seconds, false), "0 s");
        assert_eq!(amount(0.0034, Unit::Seconds, true), "0.0034");
        assert_eq!(amount(i64::MAX as f64, Unit::Bytes, false), "none");
    }

    #[test]
    fn steps_are_round() {
        let mb = 1_048_576.0;
        let is = |found: f64, wanted: f64| (found - wanted).abs() < 1e-9;
        assert!(is(step(300.0 * mb, 4, Unit::Bytes), 128.0 * mb));
        assert!(is(step(90.0, 4, Unit::Count), 50.0));
        assert!(is(step(40.0, 4, Unit::Count), 10.0));
        assert!(is(step(0.0, 4, Unit::Count), 1.0));
        assert!((step(0.003, 3, Unit::Seconds) - 0.001).abs() < 1e-9);
    }
}
