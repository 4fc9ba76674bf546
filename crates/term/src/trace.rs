//! What an execution trace says.

mod collector;
mod difference;
mod goroutines;
mod load;
mod overview;
mod tasks;
mod waiting;

pub use collector::collector;
pub use difference::difference;
pub use goroutines::goroutine_groups;
pub use load::{load, utilisation};
pub use overview::overview;
pub use tasks::{regions, tasks};
pub use waiting::{blocked, scheduling, syscalls};

/// A duration in three digits, as `4.21 ms`.
pub(crate) fn duration(nanoseconds: i64) -> String {
    let value = nanoseconds as f64;
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    for (scale, unit) in units {
        // What would be rounded to 1000 of the smaller unit is 1 of this.
        if value.abs() >= scale * 0.9995 {
            let scaled = value / scale;
            let decimals = match scaled.abs() {
                size if size >= 99.95 => 0,
                size if size >= 9.995 => 1,
                _ => 2,
            };
            return format!("{scaled:.decimals$} {unit}");
        }
    }
    format!("{nanoseconds} ns")
}

/// A part of a whole, as `12.3 %`; nothing where there is no whole.
pub(crate) fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return String::new();
    }
    format!("{:.1} %", 100.0 * part as f64 / whole as f64)
}

/// The words for a reason to wait.
pub(crate) fn reason(reason: &str) -> &str {
    if reason.is_empty() {
        "reason unknown"
    } else {
        reason
    }
}

/// Says how many rows a limit hides.
pub(crate) fn hidden(shown: usize, all: usize, what: &str, style: &crate::Style) -> String {
    if all <= shown {
        return String::new();
    }
    let text = format!("{} more {what} not shown; --limit 0 shows all", all - shown);
    format!("{}\n", crate::dim(&text, style))
}

/// As many rows as a limit allows, all with 0.
pub(crate) fn limited<T>(rows: &[T], limit: usize) -> &[T] {
    match limit {
        0 => rows,
        limit => rows.get(..limit).unwrap_or(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.50 µs"),
            (999_600, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (123_456_789, "123 ms"),
            (1_234_567_890, "1.23 s"),
            (99_960_000_000, "100 s"),
            (-2_000_000, "-2.00 ms"),
        ];
        for (nanoseconds, expected) in cases {
            assert_eq!(duration(nanoseconds), expected);
        }
    }
}
