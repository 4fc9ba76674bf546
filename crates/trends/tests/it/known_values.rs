//! The estimators against other implementations.
//!
//! The expected numbers are those of scipy 1.17.1 (`scipy.stats.theilslopes(values, times)`) and
//! pymannkendall 1.4.3 (`original_test(values)`, `hamed_rao_modification_test(values, lag=...)`).

use fathom_trends::{Autocorrelation, mann_kendall, theil_sen};

/// A noisy rise at uneven times.
const RISE: [f64; 20] = [
    12.1, 11.4, 13.0, 12.8, 14.9, 13.2, 13.2, 15.1, 14.0, 16.3, 15.1, 15.1, 17.2, 16.6, 18.0, 17.1,
    16.9, 18.4, 19.3, 18.8,
];
const UNEVEN: [f64; 20] = [
    0.0, 1.0, 2.0, 4.0, 5.0, 7.0, 8.0, 9.0, 12.0, 13.0, 14.0, 16.0, 17.0, 18.0, 21.0, 22.0, 23.0,
    25.0, 27.0, 28.0,
];

/// Nearly all values are tied.
const TIES: [f64; 36] = [
    5.0, 5.0, 5.0, 6.0, 6.0, 6.0, 6.0, 7.0, 7.0, 7.0, 6.0, 6.0, 6.0, 7.0, 7.0, 8.0, 8.0, 8.0, 8.0,
    8.0, 9.0, 9.0, 9.0, 8.0, 8.0, 8.0, 9.0, 9.0, 10.0, 10.0, 10.0, 10.0, 9.0, 9.0, 9.0, 10.0,
];

/// Autocorrelated noise: each value is 0.8 times the one before and something new.
const MEMORY: [f64; 60] = [
    0.33, 0.741, 1.085, 1.02, 0.672, 0.673, 0.962, 0.696, 0.16, 0.521, 0.453, 0.771, 0.375, 0.16,
    -0.231, -0.286, -0.014, 0.001, -0.007, -0.445, -0.724, -0.389, -0.137, 0.232, -0.224, 0.147,
    0.179, 0.391, 0.245, 0.508, 0.708, 0.8, 0.839, 0.302, 0.754, 1.152, 0.557, 0.925, 1.005, 1.198,
    0.587, 0.412, 0.487, 0.311, 0.751, 1.105, 0.787, 1.216, 0.624, 0.298, 0.066, 0.611, 0.164,
    0.249, 0.399, 0.064, 0.41, 0.276, 0.044, 0.595,
];

fn even(count: usize) -> Vec<f64> {
    (0..count).map(|it| it as f64).collect()
}

fn assert_close(ours: f64, theirs: f64) {
    assert!(
        (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
        "{ours} for {theirs}"
    );
}

#[test]
fn slopes_are_those_of_scipy() {
    let known = [
        (UNEVEN.to_vec(), RISE.to_vec(), [0.25, 0.2, 0.3, 11.725]),
        (
            even(36),
            TIES.to_vec(),
            [
                0.136_363_636_363_636_35,
                0.111_111_111_111_111_1,
                0.16,
                5.613_636_363_636_363,
            ],
        ),
        (
            even(60),
            MEMORY.to_vec(),
            [
                0.001_313_725_490_196_079_2,
                -0.006_018_181_818_181_818,
                0.0077,
                0.372_245_098_039_215_6,
            ],
        ),
    ];
    for (times, values, [slope, low, high, intercept]) in known {
        let line = theil_sen(&times, &values, 1.0).unwrap();
        assert_close(line.per_second, slope);
        assert_close(line.low, low);
        assert_close(line.high, high);
        assert_close(line.intercept, intercept);
        assert_close(line.at(10.0), intercept + 10.0 * slope);
        let wider = theil_sen(&times, &values, 4.0).unwrap();
        assert!(wider.low < line.low && wider.high > line.high);
    }
}

#[test]
fn trends_are_those_of_pymannkendall() {
    use Autocorrelation::{AllLags, Ignored, Lags};
    let known: [(&[f64], _, f64, f64, f64); 9] = [
        (
            &RISE,
            Ignored,
            156.0,
            945.333_333_333_333_4,
            5.041_261_343_943_672,
        ),
        (
            &RISE,
            AllLags,
            156.0,
            1_383.062_819_329_024_5,
            4.167_837_184_000_601,
        ),
        (
            &RISE,
            Lags(3),
            156.0,
            945.333_333_333_333_4,
            5.041_261_343_943_672,
        ),
        (&TIES, Ignored, 470.0, 5178.0, 6.517_661_775_906_005),
        (
            &TIES,
            AllLags,
            470.0,
            2_459.980_902_977_011_3,
            9.455_989_360_522_684,
        ),
        (
            &TIES,
            Lags(3),
            470.0,
            7_590.961_838_974_187,
            5.383_000_729_050_924,
        ),
        (
            &MEMORY,
            Ignored,
            57.0,
            24_582.333_333_333_332,
            0.357_171_234_893_807_75,
        ),
        (
            &MEMORY,
            AllLags,
            57.0,
            55_169.686_758_131_18,
            0.238_417_301_382_420_15,
        ),
        (
            &MEMORY,
            Lags(9),
            57.0,
            140_094.456_904_805_61,
            0.149_615_831_665_802_25,
        ),
    ];
    for (values, autocorrelation, s, variance, z) in known {
        let ours = mann_kendall(values, autocorrelation).unwrap();
        assert_close(ours.s, s);
        assert_close(ours.variance * ours.inflation, variance);
        assert_close(ours.z, z);
    }
    // pymannkendall's Tau.
    let tau = mann_kendall(&TIES, Ignored).unwrap().tau;
    assert_close(tau, 0.746_031_746_031_746);
}

#[test]
fn near_lags_end_at_the_first_without_significance() {
    let near = mann_kendall(&MEMORY, Autocorrelation::NearLags).unwrap();
    let all = mann_kendall(&MEMORY, Autocorrelation::AllLags).unwrap();
    assert!(near.inflation > all.inflation && all.inflation > 1.0);
}

#[test]
fn too_little_has_no_estimate() {
    assert!(theil_sen(&[], &[], 1.0).is_none());
    assert!(theil_sen(&[1.0, 2.0], &[3.0, f64::NAN], 1.0).is_none());
    assert!(mann_kendall(&[1.0, f64::NAN, 2.0], Autocorrelation::AllLags).is_none());
    let constant = mann_kendall(&[7.0; 30], Autocorrelation::AllLags).unwrap();
    assert_close(constant.z, 0.0);
    let missing = theil_sen(&[0.0, 1.0, 2.0, 3.0], &[0.0, f64::NAN, 4.0, 6.0], 1.0).unwrap();
    assert_close(missing.per_second, 2.0);
}
