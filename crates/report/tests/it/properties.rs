//! The algebra of `top` over profiles of any shape.

use fathom_profile::{Limits, Profile, ProfileBuilder};
use fathom_report::Granularity;
use fathom_report::options::Options;
use fathom_report::top::{Intervals, Top};
use proptest::collection::vec;
use proptest::prelude::*;

/// Stacks of few functions, so that they recur, with values of both signs.
fn stacks() -> impl Strategy<Value = Vec<(Vec<u8>, i64)>> {
    vec((vec(0_u8..12, 0..9), -1_000_i64..1_000_000), 0..60)
}

/// Every third location has the function before it inlined.
fn profile(stacks: &[(Vec<u8>, i64)]) -> Profile {
    let mut builder = ProfileBuilder::new(&Limits::default());
    builder
        .add_sample_type("inuse_space", "bytes")
        .expect("a column");
    for (stack, value) in stacks {
        let mut locations = Vec::new();
        for &number in stack {
            let mut line = |number: u8| {
                let name = format!("main.f{number}");
                let function = builder.function(&name, &name, "main.go", 1).expect("fits");
                fathom_profile::Line {
                    function: Some(function),
                    line: 7,
                    column: 0,
                }
            };
            let own = line(number);
            let lines = if number % 3 == 1 {
                vec![line(number - 1), own]
            } else {
                vec![own]
            };
            let address = 0x1000 + u64::from(number);
            locations.push(
                builder
                    .location(address, None, &lines, false)
                    .expect("fits"),
            );
        }
        builder
            .add_sample(&locations, &[*value], &[])
            .expect("fits");
    }
    builder.finish()
}

fn everything() -> Options {
    Options {
        nodefraction: 0.0,
        ..Options::default()
    }
}

/// The flat values of all rows; a row that cancels out is not among them but is 0.
fn flat_sum(top: &Top) -> i64 {
    top.rows.iter().map(|row| row.flat).sum()
}

proptest! {
    #[test]
    fn flat_adds_up(stacks in stacks()) {
        let total: i64 =
            stacks.iter().filter(|(stack, _)| !stack.is_empty()).map(|(_, value)| value).sum();
        let profile = profile(&stacks);
        for granularity in Granularity::ALL {
            let top = Top::new(&profile, &Options { granularity: granularity.name().to_owned(), ..everything() }, Intervals::Omit).unwrap();
            prop_assert_eq!(flat_sum(&top), total);
            prop_assert_eq!(top.head.shown, total);
        }
    }

    #[test]
    fn focus_and_ignore_partition(stacks in stacks()) {
        let profile = profile(&stacks);
        let all = Top::new(&profile, &everything(), Intervals::Omit).unwrap();
        let pattern = || "f[25]$".to_owned();
        let focused = Top::new(&profile, &Options { focus: pattern(), ..everything() }, Intervals::Omit).unwrap();
        let ignored = Top::new(&profile, &Options { ignore: pattern(), ..everything() }, Intervals::Omit).unwrap();
        prop_assert_eq!(flat_sum(&focused) + flat_sum(&ignored), flat_sum(&all));
    }

    #[test]
    fn a_node_count_only_cuts(stacks in stacks(), count in 1_usize..8) {
        let profile = profile(&stacks);
        for sort in ["flat", "cum"] {
            let all = Top::new(&profile, &Options { sort: sort.to_owned(), ..everything() }, Intervals::Omit).unwrap();
            let options = Options { sort: sort.to_owned(), nodecount: i64::try_from(count).unwrap(), ..everything() };
            let few = Top::new(&profile, &options, Intervals::Omit).unwrap();
            prop_assert_eq!(few.rows.len(), all.rows.len().min(count));
            prop_assert_eq!(few.rows.len() + few.head.hidden.further_rows, all.rows.len());
            for (few, all) in few.rows.iter().zip(&all.rows) {
                prop_assert_eq!((&few.name, few.flat, few.cum), (&all.name, all.flat, all.cum));
            }
        }
    }
}

/// The work is split between threads from 50,000 samples on.
#[test]
fn many_samples_give_what_few_give() {
    let stacks: Vec<(Vec<u8>, i64)> = (0..120_000_u32)
        .map(|sample| {
            let stack = (0..sample % 7).map(|step| ((sample / 7 + step * step) % 12) as u8);
            (stack.collect(), i64::from(sample % 13))
        })
        .collect();
    let whole = Top::new(&profile(&stacks), &everything(), Intervals::Omit).unwrap();
    let mut sums = std::collections::BTreeMap::<String, (i64, i64)>::new();
    for part in stacks.chunks(40_000) {
        for row in Top::new(&profile(part), &everything(), Intervals::Omit)
            .unwrap()
            .rows
        {
            let sum = sums.entry(row.name).or_default();
            *sum = (sum.0 + row.flat, sum.1 + row.cum);
        }
    }
    assert_eq!(whole.rows.len(), sums.len());
    for row in &whole.rows {
        assert_eq!(sums[&row.name], (row.flat, row.cum), "{}", row.name);
    }
}
