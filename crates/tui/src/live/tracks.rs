//! The numbers that are kept of each look: a track for each line of each plot, and for each row
//! of each heatmap.

use std::sync::LazyLock;

use fathom_series::plots::{Between, Heat, PLOTS, Plot, Style};
use fathom_series::{Histogram, Unit};

/// The rows of a heatmap.
pub const HEAT_ROWS: usize = 16;

/// Where the tracks of each plot begin, and at the end how many there are.
static BEGINNINGS: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut at = 0;
    let mut beginnings = vec![0];
    for plot in PLOTS {
        at += tracks_of(plot);
        beginnings.push(at);
    }
    beginnings
});

const fn tracks_of(plot: &Plot) -> usize {
    match plot.style {
        Style::Heatmap => HEAT_ROWS,
        _ => plot.lines.len(),
    }
}

/// How many tracks there are.
pub fn count() -> usize {
    BEGINNINGS.last().copied().unwrap_or_default()
}

/// The tracks of a plot, by its place in [`PLOTS`]: one a line, or one a row of the heatmap, the
/// smallest values first.
pub fn of(plot: usize) -> std::ops::Range<usize> {
    let at = |index: usize| BEGINNINGS.get(index).copied().unwrap_or_else(count);
    at(plot)..at(plot + 1)
}

/// The track of a line, by the id of its plot and its label.
pub fn named(id: &str, label: &str) -> Option<usize> {
    let index = PLOTS.iter().position(|plot| plot.id == id)?;
    let plot = PLOTS.get(index)?;
    let line = plot.lines.iter().position(|line| line.label == label)?;
    Some(of(index).start + line)
}

/// Computes all tracks of an interval; NaN where the readings are not there.
pub fn values(between: &Between<'_>) -> Box<[f64]> {
    let mut values = Vec::with_capacity(count());
    for plot in PLOTS {
        if plot.style == Style::Heatmap {
            let found = plot.heat.iter().find_map(|heat| shares(between, heat));
            match found {
                Some(rows) => values.extend(rows),
                None => values.extend([f64::NAN; HEAT_ROWS]),
            }
        } else {
            let of_line = |line: &fathom_series::plots::Line| line.value(between);
            values.extend(
                plot.lines
                    .iter()
                    .map(|line| of_line(line).unwrap_or(f64::NAN)),
            );
        }
    }
    values.into_boxed_slice()
}

/// Sorts the buckets of a histogram into the rows of a heatmap.
fn shares(between: &Between<'_>, heat: &Heat) -> Option<[f64; HEAT_ROWS]> {
    let unit = between.now.get(heat.added)?.unit;
    let histogram = between.buckets(heat)?;
    let mut rows = [0.0; HEAT_ROWS];
    for (index, count) in histogram.counts.iter().enumerate() {
        let row = row_of(bound(&histogram, index), unit);
        if let Some(cell) = rows.get_mut(row) {
            *cell += *count as f64;
        }
    }
    Some(rows)
}

/// The lower bound of a bucket; of one that begins nowhere, nothing.
fn bound(histogram: &Histogram, index: usize) -> f64 {
    let low = histogram.buckets.get(index).copied().unwrap_or(0.0);
    if low.is_finite() { low.max(0.0) } else { 0.0 }
}

/// The smallest value of the second row, and the factor from row to row.
const fn scale(unit: Unit) -> (f64, f64) {
    match unit {
        // 1 us to 10 s, two rows a factor of ten.
        Unit::Seconds => (1e-6, 3.162_277_660_168_379_5),
        // 8 B to 32 KiB, the small size classes of Go, and beyond.
        _ => (16.0, 2.0),
    }
}

fn row_of(value: f64, unit: Unit) -> usize {
    let (first, factor) = scale(unit);
    (1..HEAT_ROWS)
        .rev()
        // What lies on a bound belongs above it, in spite of rounding.
        .find(|row| value * (1.0 + 1e-9) >= first * factor.powi(exponent(*row)))
        .unwrap_or(0)
}

fn exponent(row: usize) -> i32 {
    i32::try_from(row).unwrap_or(i32::MAX) - 1
}

/// From what value on a row counts; 0 for the first.
pub fn row_begins(row: usize, unit: Unit) -> f64 {
    if row == 0 {
        return 0.0;
    }
    let (first, factor) = scale(unit);
    first * factor.powi(exponent(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathom_series::{Look, Reading};

    #[test]
    fn every_line_has_a_track_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for plot in PLOTS {
            for line in plot.lines {
                assert!(seen.insert(named(plot.id, line.label).unwrap()));
            }
        }
        assert!(seen.iter().all(|track| *track < count()));
        assert_eq!(named("resident", "RSS"), Some(0));
        assert_eq!(named("resident", "nothing"), None);
    }

    #[test]
    fn pauses_fall_into_rows_by_their_length() {
        let histogram = |counts: [u64; 4]| Look {
            readings: vec![Reading::histogram(
                "/sched/latencies:seconds",
                Unit::Seconds,
                Histogram {
                    buckets: vec![f64::NEG_INFINITY, 1e-6, 1e-5, 1e-3, f64::INFINITY],
                    counts: counts.to_vec(),
                },
            )],
            ..Look::default()
        };
        let (before, now) = (histogram([1, 1, 1, 1]), histogram([1, 3, 6, 2]));
        let all = values(&Between {
            before: Some(&before),
            now: &now,
        });
        let index = PLOTS
            .iter()
            .position(|plot| plot.id == "latencies")
            .unwrap();
        let rows = &all[of(index)];
        assert_eq!(rows[..8], [0.0, 2.0, 0.0, 5.0, 0.0, 0.0, 0.0, 1.0]);
        assert!((row_begins(3, Unit::Seconds) - 1e-5).abs() < 1e-12);
    }
}
