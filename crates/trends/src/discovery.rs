//! Many tests at once.

/// Which of many tests to believe so that at most a share `rate` of those believed is expected to
/// be false, from the probability of each result by chance.
///
/// The step-up procedure of Benjamini and Hochberg ("Controlling the false discovery rate",
/// Journal of the Royal Statistical Society B 57, 1995). NaN counts as 1.
pub fn benjamini_hochberg(probabilities: &[f64], rate: f64) -> Vec<bool> {
    let chance = |index: usize| {
        let probability = probabilities[index];
        if probability.is_nan() {
            1.0
        } else {
            probability
        }
    };
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&one, &other| chance(one).total_cmp(&chance(other)));
    let count = probabilities.len() as f64;
    let believed = order
        .iter()
        .enumerate()
        .rfind(|&(rank, &index)| chance(index) <= rate * (rank + 1) as f64 / count)
        .map_or(0, |(rank, _)| rank + 1);
    let mut answer = vec![false; probabilities.len()];
    for &index in &order[..believed] {
        answer[index] = true;
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of Benjamini and Hochberg (1995), section 3.2: of fifteen tests the
    /// procedure rejects the four smallest at 5 %.
    #[test]
    fn agrees_with_the_paper() {
        let probabilities = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.000,
        ];
        let believed = benjamini_hochberg(&probabilities, 0.05);
        assert_eq!(believed.iter().filter(|it| **it).count(), 4);
        assert!(believed[..4].iter().all(|it| *it));
        let reversed: Vec<f64> = probabilities.iter().rev().copied().collect();
        assert!(
            benjamini_hochberg(&reversed, 0.05)[11..]
                .iter()
                .all(|it| *it)
        );
        assert!(benjamini_hochberg(&[], 0.05).is_empty());
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.01], 0.05), [false, true]);
    }
}
