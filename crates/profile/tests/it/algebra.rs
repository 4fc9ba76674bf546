//! Laws that hold for every profile.

use fathom_profile::diff::{DiffMode, Normalize, subtract};
use fathom_profile::merge::merge;
use fathom_profile::scale::{scale, scale_columns};
use fathom_profile::{
    BASE_LABEL, Label, LabelRefValue, Limits, Line, Mapping, Profile, ProfileBuilder,
    Symbolization, encode, folded,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A sample as the generator draws it: frames, values, labels.
type DrawnSample = (Vec<u8>, Vec<i64>, Vec<(u8, bool, i64)>);

fn drawn_samples(columns: usize) -> impl Strategy<Value = Vec<DrawnSample>> {
    let value =
        prop_oneof![4 => -1000_i64..1000, 1 => Just(0), 1 => any::<i32>().prop_map(i64::from)];
    let label = (0_u8..3, any::<bool>(), -3_i64..3);
    vec(
        (vec(0_u8..12, 0..6), vec(value, columns), vec(label, 0..3)),
        0..12,
    )
}

fn build(samples: &[DrawnSample], columns: usize) -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::small());
    for column in 0..columns {
        builder
            .add_sample_type(&format!("type{column}"), "count")
            .unwrap();
    }
    builder.set_period("space", "bytes", 512).unwrap();
    builder.set_time(1_700_000_000_000_000_000, 5);
    builder.add_comment("a comment").unwrap();
    let file = builder.string("/bin/app").unwrap();
    let build_id = builder.string("abc").unwrap();
    let mapping = builder
        .add_mapping(Mapping {
            start: 0x1000,
            limit: 0x9000,
            offset: 0,
            file,
            build_id,
            symbols: Symbolization {
                functions: true,
                ..Symbolization::default()
            },
        })
        .unwrap();
    for (frames, values, labels) in samples {
        let mut stack = Vec::new();
        for &frame in frames {
            let name = format!("main.f{}", frame / 2);
            let function = builder.function(&name, &name, "main.go", 1).unwrap();
            let line = Line {
                function: Some(function),
                line: i64::from(frame),
                column: 0,
            };
            let inlined = Line {
                line: 99,
                column: i64::from(frame % 3),
                ..line
            };
            let lines = if frame % 3 == 0 {
                vec![inlined, line]
            } else {
                vec![line]
            };
            let lines = if frame == 11 { vec![] } else { lines };
            let address = 0x1000 + u64::from(frame) * 16;
            stack.push(
                builder
                    .location(address, Some(mapping), &lines, frame == 5)
                    .unwrap(),
            );
        }
        let labels: Vec<Label> = labels
            .iter()
            .map(|&(key, is_text, value)| {
                let key = format!("key{key}");
                if is_text {
                    builder
                        .text_label(&key, &value.abs().to_string().repeat(2))
                        .unwrap()
                } else {
                    builder
                        .number_label(&key, value, if value > 0 { "bytes" } else { "" })
                        .unwrap()
                }
            })
            .collect();
        builder.add_sample(&stack, values, &labels).unwrap();
    }
    builder.finish()
}

fn sums(profile: &Profile) -> Vec<i64> {
    (0..profile.sample_types().len())
        .map(|column| profile.column_sum(column))
        .collect()
}

/// Samples as texts, sorted: what a profile says whatever its order.
fn said(profile: &Profile) -> Vec<String> {
    let mut rows: Vec<String> = (0..profile.sample_count())
        .map(|sample| {
            let frames: Vec<String> = profile
                .frames(sample)
                .map(|frame| {
                    format!(
                        "{}:{}:{}@{:x}",
                        frame.function, frame.line, frame.column, frame.address
                    )
                })
                .collect();
            let values: Vec<i64> = (0..profile.sample_types().len())
                .map(|at| profile.value(sample, at))
                .collect();
            let labels: Vec<_> = profile.labels(sample).collect();
            format!("{frames:?} {values:?} {labels:?}")
        })
        .collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read_back(samples in drawn_samples(2)) {
        let profile = build(&samples, 2);
        let limits = Limits::small();
        let raw = encode::write_raw_proto(&profile);
        prop_assert_eq!(&Profile::parse(&raw, &limits).unwrap(), &profile);
        let gzipped = encode::write_proto(&profile);
        prop_assert_eq!(&Profile::parse_owned(gzipped, &limits).unwrap(), &profile);
        // Writing is a function of what the profile says.
        let again = Profile::parse(&raw, &limits).unwrap();
        prop_assert_eq!(encode::write_raw_proto(&again), raw);
    }

    #[test]
    fn merging_adds_and_does_not_care_for_grouping(
        a in drawn_samples(2), b in drawn_samples(2), c in drawn_samples(2),
    ) {
        let [a, b, c] = [&a, &b, &c].map(|samples| build(samples, 2));
        let ab = merge(&[&a, &b]).unwrap();
        let bc = merge(&[&b, &c]).unwrap();
        let left = merge(&[&ab, &c]).unwrap();
        let right = merge(&[&a, &bc]).unwrap();
        let all = merge(&[&a, &b, &c]).unwrap();
        prop_assert_eq!(said(&left), said(&all));
        prop_assert_eq!(said(&right), said(&all));
        for (at, sum) in sums(&all).into_iter().enumerate() {
            prop_assert_eq!(sum, sums(&a)[at] + sums(&b)[at] + sums(&c)[at]);
        }
    }

    #[test]
    fn a_profile_less_itself_is_nothing(samples in drawn_samples(2)) {
        let profile = build(&samples, 2);
        let nothing = subtract(&profile, &profile, DiffMode::Base, Normalize::No).unwrap();
        prop_assert_eq!(nothing.sample_count(), 0);
        prop_assert_eq!(nothing.location_count(), 0);
        let apart = subtract(&profile, &profile, DiffMode::DiffBase, Normalize::No).unwrap();
        prop_assert_eq!(sums(&apart), vec![0, 0]);
        for sample in 0..apart.sample_count() {
            let marked = apart
                .labels(sample)
                .any(|label| label.key == BASE_LABEL && label.value == LabelRefValue::Text("true"));
            prop_assert_eq!(marked, apart.is_base_sample(sample));
        }
    }

    #[test]
    fn scaling_keeps_every_sample_that_is_not_zero(samples in drawn_samples(2)) {
        let profile = build(&samples, 2);
        let doubled = scale(&profile, 2.0).unwrap();
        let twice: Vec<i64> = sums(&profile).into_iter().map(|sum| 2 * sum).collect();
        prop_assert_eq!(sums(&doubled), twice);
        // A ratio of 1 in one column must not lose what only that column has.
        let second = scale_columns(&profile, &[0.0, 1.0]).unwrap();
        prop_assert_eq!(sums(&second), vec![0, sums(&profile)[1]]);
    }

    #[test]
    fn folded_stacks_are_read_back(samples in drawn_samples(1)) {
        let profile = build(&samples, 1);
        let text = folded::write(&profile, 0);
        if !text.is_empty() {
            let again = Profile::parse(text.as_bytes(), &Limits::small()).unwrap();
            prop_assert_eq!(folded::write(&again, 0), text);
        }
    }
}

#[test]
fn units_are_brought_to_the_finest() {
    let make = |unit: &str, value: i64| {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        builder.add_sample_type("cpu", unit).unwrap();
        builder.set_period("cpu", unit, 10).unwrap();
        let function = builder.function("f", "f", "f.go", 1).unwrap();
        let leaf = builder.call(16, function, 1).unwrap();
        builder.add_sample(&[leaf], &[1, value], &[]).unwrap();
        builder.finish()
    };
    let merged = merge(&[&make("milliseconds", 3), &make("microseconds", 500)]).unwrap();
    assert_eq!(merged.sample_type(1), ("cpu", "microseconds"));
    assert_eq!(sums(&merged), [2, 3500]);
    assert_eq!(merged.period(), 10_000);

    let error = merge(&[&make("seconds", 3), &make("bytes", 500)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "profiles do not go together: cpu in seconds and cpu in bytes do not convert"
    );
}

#[test]
fn sample_types_are_those_all_have() {
    let make = |kinds: &[&str]| {
        let mut builder = ProfileBuilder::new(&Limits::default());
        for kind in kinds {
            builder.add_sample_type(kind, "count").unwrap();
        }
        builder.set_default_sample_type(kinds[0]).unwrap();
        let values: Vec<i64> = (1..).take(kinds.len()).collect();
        let leaf = builder.location(1, None, &[], false).unwrap();
        builder.add_sample(&[leaf], &values, &[]).unwrap();
        builder.finish()
    };
    let merged = merge(&[&make(&["a", "b", "c"]), &make(&["c", "b"])]).unwrap();
    assert_eq!(
        (merged.sample_type(0).0, merged.sample_type(1).0),
        ("b", "c")
    );
    assert_eq!(sums(&merged), [4, 4]);
    assert_eq!(merged.default_sample_type(), "b");
    let error = merge(&[&make(&["a"]), &make(&["c"])]).unwrap_err();
    assert!(
        error.to_string().contains("no sample type in common"),
        "{error}"
    );
}

#[test]
fn inlined_columns_keep_locations_apart() {
    let make = |column: i64| {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        let function = builder.function("f", "f", "f.go", 1).unwrap();
        let outer = Line {
            function: Some(function),
            line: 3,
            column: 1,
        };
        let inner = Line { column, ..outer };
        let leaf = builder.location(16, None, &[inner, outer], false).unwrap();
        builder.add_sample(&[leaf], &[1], &[]).unwrap();
        builder.finish()
    };
    let merged = merge(&[&make(3), &make(9)]).unwrap();
    assert_eq!((merged.location_count(), merged.sample_count()), (2, 2));
}

#[test]
fn the_total_of_a_comparison_is_that_of_its_base() {
    let limits = Limits::default();
    let before = Profile::parse(b"a;b 100\na;c 50\n", &limits).unwrap();
    let after = Profile::parse(b"a;b 170\na;c 50\n", &limits).unwrap();
    let apart = subtract(&after, &before, DiffMode::DiffBase, Normalize::No).unwrap();
    assert_eq!((apart.sample_count(), apart.column_total(0)), (4, 150));
    let joined = subtract(&after, &before, DiffMode::Base, Normalize::No).unwrap();
    assert_eq!((joined.sample_count(), joined.column_total(0)), (1, 70));
    // 220 scaled to 150: 116 and 34.
    let level = subtract(&after, &before, DiffMode::Base, Normalize::Yes).unwrap();
    assert_eq!(level.values(0), [16, -16]);
}
