//! The sampling intervals that rows carry.

use fathom_profile::diff::{DiffMode, Normalize, subtract};
use fathom_profile::{Limits, Profile};
use fathom_report::options::Options;
use fathom_report::top::{Intervals, TextOptions, Top, render_text};
use fathom_testkit::sampler::{Sampler, Site, heap_text};

const RATE: u64 = 512 << 10;

fn with_intervals() -> Options {
    Options {
        nodefraction: 0.0,
        ..Options::default()
    }
}

fn sampled(seed: u64, sites: &[Site]) -> Profile {
    let buckets = Sampler::seeded(seed, RATE).run(sites);
    let text = heap_text(sites, &buckets, RATE);
    Profile::parse(text.as_bytes(), &Limits::default()).expect("a heap profile")
}

/// Of many simulated processes, about 95 in 100 hold their truth in the interval of the row.
#[test]
fn rows_hold_the_truth() {
    let sites = [
        Site::held("main.small", 64, 200_000),
        Site::held("main.medium", 4096, 4_000),
        Site::held("main.large", 1 << 20, 30),
    ];
    let truth = |name: &str| {
        sites
            .iter()
            .find(|site| name.ends_with(site.function.as_str()))
            .map(|site| i64::try_from(site.in_use_bytes()).expect("fits"))
    };
    let (mut held, mut rows) = (0_u32, 0_u32);
    for seed in 0..300 {
        let profile = sampled(seed, &sites);
        let top = Top::new(&profile, &with_intervals(), Intervals::Compute).expect("a view");
        for row in &top.rows {
            let (Some(truth), Some(intervals)) = (truth(&row.name), row.intervals) else {
                continue;
            };
            let Some(flat) = intervals.flat else { continue };
            assert!(flat.low <= row.flat && row.flat <= flat.high, "{row:?}");
            rows += 1;
            held += u32::from((flat.low..=flat.high).contains(&truth));
        }
    }
    assert!(rows > 800, "{rows}");
    let share = f64::from(held) / f64::from(rows);
    assert!((0.93..=0.99).contains(&share), "{share}");
}

#[test]
fn rows_that_noise_cannot_order_are_marked() {
    let sites = [
        Site::held("main.huge", 1 << 20, 400),
        Site::held("main.twin", 64, 320_000),
        Site::held("main.other", 64, 318_000),
    ];
    let top = Top::new(&sampled(7, &sites), &with_intervals(), Intervals::Compute).expect("a view");
    let row = |name: &str| {
        let row = top
            .rows
            .iter()
            .find(|row| row.name.ends_with(name))
            .expect("a row");
        row.intervals.expect("intervals")
    };
    assert!(!row("main.huge").tied_with_next);
    assert_eq!(row("main.huge").group, Some(1));
    assert_eq!(row("main.twin").group, Some(2));
    assert_eq!(row("main.other").group, Some(2));
    let ties = top
        .rows
        .iter()
        .filter(|row| row.intervals.is_some_and(|row| row.tied_with_next));
    assert_eq!(ties.count(), 1);
    let sampling = top.sampling.expect("a sampled heap");
    assert_eq!(sampling.rate_bytes, 512 << 10);
    assert_eq!(sampling.unlisted_bytes, 1_570_627);
    let total = sampling.total.expect("an interval");
    assert!(total.low < top.head.total && top.head.total < total.high);

    let text = render_text(&top, &TextOptions::default());
    let twin = text
        .lines()
        .filter(|line| line.contains(" ~ "))
        .collect::<Vec<_>>();
    assert_eq!(twin.len(), 1, "{text}");
}

#[test]
fn cum_order_compares_cum() {
    let sites = [
        Site::held("main.a", 64, 300_000),
        Site::held("main.b", 1 << 20, 100),
    ];
    let options = Options {
        sort: "cum".to_owned(),
        ..with_intervals()
    };
    let top = Top::new(&sampled(1, &sites), &options, Intervals::Compute).expect("a view");
    let groups: Vec<_> = top
        .rows
        .iter()
        .map(|row| row.intervals.and_then(|row| row.group))
        .collect();
    assert!(
        groups.is_sorted() && groups.first() == Some(&Some(1)),
        "{groups:?}"
    );
}

/// A difference has noise of its own, and other profiles are no sampled heaps.
#[test]
fn nothing_is_claimed_where_nothing_is_known() {
    let sites = [Site::held("main.a", 64, 300_000)];
    let (before, after) = (sampled(1, &sites), sampled(2, &sites));
    for (left, right) in [(&before, &after), (&after, &before)] {
        let difference = subtract(left, right, DiffMode::DiffBase, Normalize::No).expect("fits");
        let top = Top::new(&difference, &with_intervals(), Intervals::Compute).expect("a view");
        assert_eq!(top.sampling, None);
        assert!(top.rows.iter().all(|row| row.intervals.is_none()));
    }
    let folded = Profile::parse(b"main;work 3\n", &Limits::default()).expect("stacks");
    let top = Top::new(&folded, &with_intervals(), Intervals::Compute).expect("a view");
    assert_eq!(top.sampling, None);
}
