//! Every plot and series that other tools show, in running programs.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use fathom_gather::{Options, Source, Wanted, Watched};
use fathom_series::plots::{Between, Plot, Style};
use fathom_series::{Look, Taken, cycle_readings};
use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;

/// A row of the table: where another tool's series is.
struct Row {
    theirs: String,
    plot: String,
    line: String,
    /// The minor version of Go 1 that has it.
    from: u16,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../../../../docs/series.md");
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("| tool |"))
        .skip(2);
    table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [tool, their_plot, their_series, plot, line, from] = cells[..] else {
                panic!("not six cells: {line}");
            };
            Row {
                theirs: format!("{tool}: {their_plot}: {their_series}"),
                plot: plot.to_owned(),
                line: line.to_owned(),
                from: from
                    .strip_prefix("1.")
                    .map_or(0, |minor| minor.parse().unwrap()),
            }
        })
        .collect()
}

/// The number of series that each tool shows.
#[test]
fn series_of_other_tools_are_all_listed() {
    let mut counts = BTreeMap::<String, usize>::new();
    for row in rows() {
        let tool = row.theirs.split(':').next().unwrap();
        *counts.entry(tool.to_owned()).or_default() += 1;
    }
    let expected = [
        ("Grafana 3242", 21),
        ("StackImpact", 17),
        ("gcvis", 14),
        ("go-runtime-metrics", 29),
        ("pprofplus", 8),
        ("statsview", 13),
        ("statsviz", 55),
    ];
    let found: Vec<(&str, usize)> = counts
        .iter()
        .map(|(tool, count)| (tool.as_str(), *count))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_series_of_other_tools_is_there_in_go_1_22() {
    every_series_is_there(GoVersion::GO_1_22);
}

#[test]
fn every_series_of_other_tools_is_there_in_go_1_27() {
    every_series_is_there(GoVersion::GO_1_27);
}

fn every_series_is_there(version: GoVersion) {
    let program = Program::new("publisher", version)
        .env("GODEBUG", "gctrace=1")
        .env("GOMEMLIMIT", "4GiB")
        .start()
        .unwrap();
    let source = Source::parse(&program.url()).unwrap();
    let mut watched = Watched::attach(&[source], &Options::default(), &mut |_| {}).unwrap();
    assert_eq!(watched.target().pid, Some(program.pid()));
    let wanted = Wanted {
        profiles: vec!["goroutine".to_owned()],
        mappings: true,
        ..Wanted::numbers()
    };
    let mut look = || -> Look {
        let capture = watched.look(&wanted, &mut |_| {}).unwrap();
        let mut taken = Taken::of(&capture);
        assert_eq!(taken.problems, [] as [&str; 0]);
        assert!(!taken.collections.is_empty());
        let (events, _) = fathom_goruntime::gctrace::parse(program.stderr().as_bytes());
        let last = events.iter().rev().find_map(|event| match event {
            fathom_goruntime::gctrace::Event::Cycle(cycle) => Some(cycle_readings(cycle)),
            _ => None,
        });
        taken.look.readings.extend(last.unwrap());
        taken.look
    };
    let before = look();
    thread::sleep(Duration::from_millis(300));
    program.get("/testbed/gc").unwrap();
    let now = look();
    assert_eq!(before.started_ms, now.started_ms);
    let sample = Between {
        before: Some(&before),
        now: &now,
    };
    for row in rows() {
        let plot = Plot::find(&row.plot).unwrap_or_else(|| panic!("{}: no plot", row.theirs));
        let found = if plot.style == Style::Heatmap {
            assert_eq!(row.line, "*", "{}", row.theirs);
            plot.heat.iter().any(|heat| sample.buckets(heat).is_some())
        } else {
            let line = plot
                .line(&row.line)
                .unwrap_or_else(|| panic!("{}: no line", row.theirs));
            line.value(&sample).is_some_and(f64::is_finite)
        };
        assert_eq!(
            found,
            version.minor() >= row.from,
            "{} is {} / {} with Go 1.{}",
            row.theirs,
            row.plot,
            row.line,
            version.minor()
        );
    }
    // What the program itself counts is a series too.
    let rounds = "publisher_requests_total{kind=\"round\"}";
    assert!(now.number(rounds) > before.number(rounds));
    assert!(now.number("expvar.requests") > before.number("expvar.requests"));
}
