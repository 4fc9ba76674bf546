//! What the view says beyond what pprof prints.

use fathom_profile::{Limits, Profile};
use fathom_report::options::Options;
use fathom_report::top::{Intervals, TextOptions, Top, render_text};

const FOLDED: &[u8] = b"main;serve;parse 700\nmain;serve;write 250\nmain;idle 46\nmain;tick 4\n";

fn parse(bytes: &[u8]) -> Profile {
    Profile::parse(bytes, &Limits::default()).expect("a profile")
}

#[test]
fn hidden_rows_are_announced() {
    let profile = parse(FOLDED);
    let options = Options {
        nodecount: 3,
        ..Options::default()
    };
    let top = Top::new(&profile, &options, Intervals::Omit).expect("a view");
    insta::assert_snapshot!(
        top.hidden_summary().unwrap_or_default(),
        @"1 node (0.4 %) hidden by --nodefraction, 2 nodes (0.0 %) hidden by --nodecount"
    );
    let all = Options {
        nodefraction: 0.0,
        ..Options::default()
    };
    assert_eq!(
        Top::new(&profile, &all, Intervals::Omit)
            .expect("a view")
            .hidden_summary(),
        None
    );
}

#[test]
fn filters_that_match_nothing_say_so() {
    let options = Options {
        focus: "absent".to_owned(),
        ignore: "neither".to_owned(),
        ..Options::default()
    };
    let top = Top::new(&parse(FOLDED), &options, Intervals::Omit).expect("a view");
    insta::assert_snapshot!(top.notes.join("\n"), @r"
    Focus expression matched no samples
    Ignore expression matched no samples
    ");
    assert!(top.rows.is_empty());
}

#[test]
fn json_carries_numbers() {
    let options = Options {
        nodecount: 1,
        ..Options::default()
    };
    let top = Top::new(&parse(FOLDED), &options, Intervals::Omit).expect("a view");
    let json = serde_json::to_value(&top).expect("serialisable");
    assert_eq!(json["rows"][0]["name"], "parse");
    assert_eq!(json["rows"][0]["flat"], 700);
    assert_eq!(json["rows"][0]["flat_percent"], 70.0);
    assert_eq!(json["rows"][0]["intervals"], serde_json::Value::Null);
    assert_eq!(json["total"], 1000);
    assert_eq!(json["granularity"], "functions");
    assert_eq!(json["hidden"]["small_rows"], 1);
}

#[test]
fn time_is_told_in_the_zone_asked_for() {
    let bytes =
        std::fs::read(fathom_testkit::repository().join("fixtures/formats/go1.27.3/heap.pb.gz"))
            .expect("a fixture");
    let top = Top::new(&parse(&bytes), &Options::default(), Intervals::Omit).expect("a view");
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(-3));
    let line = |options: &TextOptions| {
        let text = render_text(&top, options);
        text.lines()
            .find(|line| line.starts_with("Time:"))
            .map(str::to_owned)
            .unwrap_or_default()
    };
    insta::assert_snapshot!(line(&TextOptions::default()), @"Time: 2026-11-21 02:13:52 UTC");
    insta::assert_snapshot!(line(&TextOptions { zone, handles: false }), @"Time: 2026-11-20 23:13:52 -03");
}

#[test]
fn wrong_options_are_named() {
    let error = |options: Options| {
        Top::new(&parse(FOLDED), &options, Intervals::Omit)
            .expect_err("a wrong option")
            .to_string()
    };
    let text = |text: &str| text.to_owned();
    insta::assert_snapshot!(
        error(Options { focus: text("a("), ..Options::default() }),
        @"parsing focus regexp: unclosed group"
    );
    insta::assert_snapshot!(
        error(Options { divide_by: 0.0, ..Options::default() }),
        @"zero divisor specified"
    );
    let wrong = error(Options {
        sample_index: text("absent"),
        ..Options::default()
    });
    assert!(
        wrong.contains("absent") && wrong.contains("samples"),
        "{wrong}"
    );
}
