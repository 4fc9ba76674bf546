//! Small curves of one row.

use crate::live::Timeline;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '_', '.', '-', '-', '=', '+', '#'];

/// Draws values from 0 to the greatest, a cell each; a space where there is none.
pub(crate) fn spark(values: &[Option<f64>], unicode: bool) -> String {
    let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
    let steps = if unicode { BLOCKS } else { ASCII };
    let cell = |value: &Option<f64>| {
        let Some(value) = value else {
            return ' ';
        };
        if greatest <= 0.0 {
            return steps[0];
        }
        let share = (value.max(0.0) / greatest * 8.0).ceil();
        let index = (1_u8..=8)
            .find(|step| f64::from(*step) >= share)
            .unwrap_or(8);
        steps.get(usize::from(index) - 1).copied().unwrap_or(' ')
    };
    values.iter().map(cell).collect()
}

/// The mean of a track in each of `cells` parts of a range of time.
pub(crate) fn means(
    timeline: &Timeline,
    track: usize,
    (from_ms, until_ms): (i64, i64),
    cells: usize,
) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_u32); cells];
    let span = until_ms.saturating_sub(from_ms).max(1);
    for point in timeline.points() {
        let at = point.until_ms.saturating_sub(from_ms);
        let Some(band) = point.band(track).filter(|_| at >= 0 && at <= span) else {
            continue;
        };
        let cell = usize::try_from(at).unwrap_or(0) * cells / usize::try_from(span).unwrap_or(1);
        if let Some((sum, count)) = sums.get_mut(cell.min(cells.saturating_sub(1))) {
            *sum += band.mean;
            *count += 1;
        }
    }
    let mut means: Vec<Option<f64>> = sums
        .into_iter()
        .map(|(sum, count)| (count > 0).then(|| sum / f64::from(count)))
        .collect();
    // Between two looks that are further apart than a cell nothing is missing.
    let looks = timeline
        .points()
        .filter(|point| point.until_ms >= from_ms)
        .count()
        .max(1);
    let apart = cells.div_ceil(looks) + 1;
    let mut last = None;
    for index in 0..means.len() {
        match means.get(index).copied().flatten() {
            Some(value) => last = Some((index, value)),
            None => {
                if let (Some((at, value)), Some(cell)) = (last, means.get_mut(index))
                    && index - at <= apart
                    && cells > looks
                {
                    *cell = Some(value);
                }
            }
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_fills_the_row_and_gaps_stay_empty() {
        let values = [Some(0.0), Some(1.0), None, Some(8.0), Some(4.0)];
        assert_eq!(spark(&values, true), "▁▁ █▄");
        assert_eq!(spark(&values, false), "__ #-");
        assert_eq!(spark(&[None, Some(0.0)], true), " ▁");
    }
}
