//! Units and the texts of numbers, byte for byte as pprof's
//! `internal/measurement/measurement.go` (google/pprof b9395ee) makes them.

/// A unit of a family: its printed name, the lower-case names it is known by, and its
/// size in the family's smallest terms.
struct Unit {
    name: &'static str,
    aliases: &'static [&'static str],
    factor: f64,
}

/// Units that convert into each other, smallest first.
struct Family {
    units: &'static [Unit],
    default: &'static Unit,
}

const fn unit(name: &'static str, aliases: &'static [&'static str], factor: f64) -> Unit {
    Unit {
        name,
        aliases,
        factor,
    }
}

const KIB: f64 = 1024.0;

static MEMORY: [Unit; 6] = [
    unit("B", &["b", "byte"], 1.0),
    unit("kB", &["kb", "kbyte", "kilobyte"], KIB),
    unit("MB", &["mb", "mbyte", "megabyte"], KIB * KIB),
    unit("GB", &["gb", "gbyte", "gigabyte"], KIB * KIB * KIB),
    unit("TB", &["tb", "tbyte", "terabyte"], KIB * KIB * KIB * KIB),
    unit(
        "PB",
        &["pb", "pbyte", "petabyte"],
        KIB * KIB * KIB * KIB * KIB,
    ),
];

static TIME: [Unit; 5] = [
    unit("ns", &["ns", "nanosecond"], 1.0),
    unit("us", &["μs", "us", "microsecond"], 1e3),
    unit("ms", &["ms", "millisecond"], 1e6),
    unit("s", &["s", "sec", "second"], 1e9),
    unit("hrs", &["hour", "hr"], 3600e9),
];

static COMPUTE: [Unit; 9] = [
    unit("n*GCU", &["nanogcu"], 1e-9),
    unit("u*GCU", &["microgcu"], 1e-6),
    unit("m*GCU", &["milligcu"], 1e-3),
    unit("GCU", &["gcu"], 1.0),
    unit("k*GCU", &["kilogcu"], 1e3),
    unit("M*GCU", &["megagcu"], 1e6),
    unit("G*GCU", &["gigagcu"], 1e9),
    unit("T*GCU", &["teragcu"], 1e12),
    unit("P*GCU", &["petagcu"], 1e15),
];

static FAMILIES: [Family; 3] = [
    Family {
        units: &MEMORY,
        default: &MEMORY[0],
    },
    Family {
        units: &TIME,
        default: &TIME[3],
    },
    Family {
        units: &COMPUTE,
        default: &COMPUTE[3],
    },
];

impl Family {
    fn find(&self, name: &str) -> Option<&'static Unit> {
        let lower = name.to_lowercase();
        let singular = match lower.strip_suffix('s') {
            Some(singular) if lower.len() > 2 => singular,
            _ => &lower,
        };
        self.units
            .iter()
            .find(|unit| unit.aliases.contains(&singular))
    }

    /// Chooses the largest unit in which the value is at least 1.
    fn automatic(&self, value: f64) -> &'static Unit {
        self.units
            .iter()
            .rev()
            .find(|unit| value / unit.factor >= 1.0)
            .unwrap_or(self.default)
    }
}

/// Converts `value` from the unit `from` to the unit `to`; returns the unit to print.
///
/// `to` may be `auto` or `minimum`, both of which choose the largest unit in which the
/// value is at least 1. A unit unknown to the family of `from` becomes the family's own
/// (`B`, `s`, `GCU`). Between units of no family nothing is converted, and `to` is printed
/// as it is, unless it is one of `count`, `sample`, `unit`, `minimum`, `auto`.
///
/// ```
/// use fathom_profile::measurement::scale;
///
/// assert_eq!(scale(1536, "bytes", "auto"), (1.5, "kB"));
/// assert_eq!(scale(90_000_000_000, "nanoseconds", "ms"), (90_000.0, "ms"));
/// assert_eq!(scale(7, "count", "auto"), (7.0, ""));
/// ```
pub fn scale<'a>(value: i64, from: &str, to: &'a str) -> (f64, &'a str) {
    if let Some(positive) = value.checked_neg().filter(|_| value < 0) {
        let (scaled, unit) = scale(positive, from, to);
        return (-scaled, unit);
    }
    for family in &FAMILIES {
        let Some(source) = family.find(from) else {
            continue;
        };
        let base = value as f64 * source.factor;
        let target = match to {
            "minimum" | "auto" => family.automatic(base),
            _ => family.find(to).unwrap_or(family.default),
        };
        return (base / target.factor, target.name);
    }
    match to {
        "count" | "sample" | "unit" | "minimum" | "auto" => (value as f64, ""),
        _ => (value as f64, to),
    }
}

/// Returns how much of `to` one `from` is.
pub fn ratio(from: &str, to: &str) -> f64 {
    scale(1, from, to).0
}

/// Whether both units are of one family.
pub fn same_family(a: &str, b: &str) -> bool {
    FAMILIES
        .iter()
        .any(|family| family.find(a).is_some() && family.find(b).is_some())
}

/// Prints a value of unit `from` in unit `to`: at most two decimals, `.00` left out, and
/// a zero without a unit.
///
/// ```
/// use fathom_profile::measurement::scaled_label;
///
/// assert_eq!(scaled_label(1_100_000_000, "ns", "auto"), "1.10s");
/// assert_eq!(scaled_label(4096, "bytes", "auto"), "4kB");
/// assert_eq!(scaled_label(-1, "bytes", "MB"), "0");
/// ```
pub fn scaled_label(value: i64, from: &str, to: &str) -> String {
    let (scaled, unit) = scale(value, from, to);
    let mut text = format!("{scaled:.2}");
    if let Some(whole) = text.strip_suffix(".00") {
        text.truncate(whole.len());
    }
    if text == "0" || text == "-0" {
        return "0".to_owned();
    }
    text.push_str(unit);
    text
}

/// Prints a value in the unit that suits it, as [`scaled_label`] with `auto`.
pub fn label(value: i64, unit: &str) -> String {
    scaled_label(value, unit, "auto")
}

/// Prints how many percent of `total` the size of `value` is, six characters wide or
/// more; 0 % of a total of 0.
///
/// ```
/// use fathom_profile::measurement::percentage;
///
/// assert_eq!(percentage(1, 2), "50.00%");
/// assert_eq!(percentage(89, 10_000), " 0.89%");
/// assert_eq!(percentage(1, 1), "  100%");
/// assert_eq!(percentage(0, 1), "    0%");
/// assert_eq!(percentage(1, 10_000_000), "1e-05%");
/// ```
pub fn percentage(value: i64, total: i64) -> String {
    let ratio = if total == 0 {
        0.0
    } else {
        (value as f64 / total as f64).abs() * 100.0
    };
    if (99.95..=100.05).contains(&ratio) {
        return "  100%".to_owned();
    }
    if ratio >= 1.0 {
        return format!("{ratio:5.2}%");
    }
    format!("{:>5}%", two_digits(ratio))
}

/// Prints a number below 1 as Go's `%.2g`.
fn two_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.1e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    if exponent < -4 {
        return format!("{digits}e-{:02}", exponent.unsigned_abs());
    }
    let plain: String = digits.chars().filter(char::is_ascii_digit).collect();
    match usize::try_from(-exponent) {
        Ok(0) | Err(_) => digits.to_owned(),
        Ok(zeros) => format!("0.{}{plain}", "0".repeat(zeros - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_units_are_found_as_pprof_finds_them() {
        assert_eq!(scale(2, "Hours", "s"), (7200.0, "s"));
        assert_eq!(scale(2, "hrs", "s"), (7200.0, "s"));
        // pprof cuts the `s` of the three bytes and does not know what is left.
        assert_eq!(scale(5, "μs", "us"), (5.0, "us"));
        assert_eq!(scale(5, "Bytes", "nonsense"), (5.0, "B"));
        assert_eq!(scale(5, "kilogcus", "auto"), (5.0, "k*GCU"));
        assert_eq!(scale(5, "cycles", "cycles"), (5.0, "cycles"));
        assert_eq!(scale(-1536, "bytes", "minimum"), (-1.5, "kB"));
        assert_eq!(
            scale(i64::MIN, "bytes", "B"),
            (-9_223_372_036_854_775_808.0, "B")
        );
        assert_eq!(scale(0, "ns", "auto"), (0.0, "s"));
        assert_eq!(scale(0, "bytes", "auto"), (0.0, "B"));
    }

    #[test]
    fn small_percentages_have_two_digits_as_in_go() {
        let cases = [
            (0.123, " 0.12%"),
            (0.5, "  0.5%"),
            (0.999, "    1%"),
            (0.0094, "0.0094%"),
            (0.009, "0.009%"),
            (0.000_123, "0.00012%"),
            (0.000_012_3, "1.2e-05%"),
        ];
        for (ratio, text) in cases {
            assert_eq!(format!("{:>5}%", two_digits(ratio)), text);
        }
        assert_eq!(percentage(-3, 2), "150.00%");
        assert_eq!(percentage(9_996, 10_000), "  100%");
        assert_eq!(percentage(1, 100), " 1.00%");
    }
}
