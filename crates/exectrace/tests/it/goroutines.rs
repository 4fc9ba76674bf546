//! Goroutines and where their time went, held against the pages of `go tool trace`.

use std::collections::BTreeMap;
use std::path::Path;

use fathom_exectrace::{
    GoroutineRow, RangeTimes, Reader, Rules, States, Summary, SummaryOptions, Tables, Tail, Times,
};
use fathom_testkit::tracing::{self, GoroutineGroup, Reference, Web, record};
use fathom_testkit::{GoVersion, fixtures};

use crate::profiles::LIVE;

pub(crate) fn run(trace: &[u8], rules: Rules) -> (Summary, Tables) {
    let options = SummaryOptions {
        rules,
        rows: true,
        ..SummaryOptions::default()
    };
    let mut reader = Reader::new(trace).expect("a trace").tail(Tail::Drop);
    let mut states = States::new(Summary::new(options));
    reader.run(&mut states).expect("a slice is read");
    let summary = states.finish(reader.tables());
    (summary, reader.into_tables())
}

/// Rows of a page: those with the columns that any row has, as the page has them.
pub(crate) fn breakdown(
    rows: &[(i64, Option<u64>, &Times)],
    tables: &Tables,
) -> Vec<tracing::Times> {
    let columns: Vec<BTreeMap<String, i64>> = rows
        .iter()
        .map(|(_, _, times)| times.columns(&tables.names).into_iter().collect())
        .collect();
    let all: BTreeMap<String, i64> = columns
        .iter()
        .flat_map(|columns| columns.keys().map(|heading| (heading.clone(), 0)))
        .collect();
    let mut rows: Vec<_> = rows
        .iter()
        .zip(columns)
        .map(|((goroutine, task, times), own)| {
            let mut columns = all.clone();
            columns.extend(own);
            tracing::Times {
                goroutine: u64::try_from(*goroutine).expect("a number"),
                task: *task,
                total: times.total(),
                columns,
            }
        })
        .collect();
    rows.sort();
    rows
}

/// Rows of the table of special ranges.
pub(crate) fn ranges(
    rows: &[(i64, Option<u64>, &Times, &RangeTimes)],
    tables: &Tables,
) -> Vec<tracing::Times> {
    let all: BTreeMap<String, i64> = rows
        .iter()
        .flat_map(|(_, _, _, ranges)| ranges.all())
        .map(|(name, _)| (name.text(&tables.names), 0))
        .collect();
    let mut rows: Vec<_> = rows
        .iter()
        .filter(|(_, _, _, ranges)| ranges.all().map(|(_, time)| time).sum::<i64>() != 0)
        .map(|(goroutine, task, times, ranges)| {
            let mut columns = all.clone();
            columns.extend(
                ranges
                    .all()
                    .map(|(name, time)| (name.text(&tables.names), time)),
            );
            tracing::Times {
                goroutine: u64::try_from(*goroutine).expect("a number"),
                task: *task,
                total: times.total(),
                columns,
            }
        })
        .collect();
    rows.sort();
    rows
}

fn groups(rows: &[&GoroutineRow], tables: &Tables) -> Vec<GoroutineGroup> {
    let mut groups = BTreeMap::<&str, (u64, i64)>::new();
    for row in rows {
        let group = groups.entry(tables.names.get(row.entry)).or_default();
        group.0 += 1;
        group.1 += row.times.executing();
    }
    groups
        .into_iter()
        .map(|(name, (count, execution))| GoroutineGroup {
            name: name.to_owned(),
            count,
            execution,
        })
        .collect()
}

/// Asserts that the tables of goroutines of a trace are the same; says how many there are.
fn assert_goroutines(reference: &Reference, trace: &Path, name: &str) -> usize {
    let bytes = std::fs::read(trace).expect("a trace");
    let (summary, tables) = run(&bytes, Rules::Reference);
    let rows = summary.goroutine_rows();
    let rows: Vec<_> = rows.into_iter().map(|(row, _)| row).collect();
    let web = Web::open(reference, trace).expect("the tool serves");
    let mut expected = web.goroutine_groups().expect("a page");
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(groups(&rows, &tables), expected, "{name}");
    for group in expected {
        let of_group = rows
            .iter()
            .filter(|row| tables.names.get(row.entry) == group.name)
            .map(|row| (row.id.0, None, &row.times, &row.ranges));
        let of_group: Vec<_> = of_group.collect();
        let mut page = web.goroutines(&group.name).expect("a page");
        page.breakdown.sort();
        page.ranges.sort();
        let times = of_group
            .iter()
            .map(|&(id, task, times, _)| (id, task, times));
        let times: Vec<_> = times.collect();
        let found = breakdown(&times, &tables);
        assert_eq!(found, page.breakdown, "{name} {}", group.name);
        assert_eq!(
            ranges(&of_group, &tables),
            page.ranges,
            "{name} {}",
            group.name
        );
    }
    rows.len()
}

#[test]
fn goroutines_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    let compared: usize = fixtures::traces()
        .iter()
        .map(|trace| assert_goroutines(&reference, &trace.path, &trace.to_string()))
        .sum();
    assert!(compared > 1_000, "{compared} goroutines");
}

#[test]
fn goroutines_of_live_programs_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    for version in [GoVersion::GO_1_22, GoVersion::GO_1_27] {
        for (scenario, size) in LIVE {
            let trace = record(version, scenario, &["-n", size]).expect("a recording");
            assert_goroutines(&reference, &trace, &format!("{version} {scenario}"));
        }
    }
}

#[test]
fn no_nanosecond_of_ours_is_lost_or_counted_twice() {
    let mut goroutines = 0;
    for trace in fixtures::traces() {
        let (summary, tables) = run(&trace.read(), Rules::Corrected);
        for (row, _) in summary.goroutine_rows() {
            let times = row.times;
            let parts = times.executing()
                + times.runnable()
                + times.syscall()
                + times.syscall_blocked()
                + times.blocked_in_all();
            let name = tables.names.get(row.entry);
            assert_eq!(parts, times.total(), "{trace} {:?} {name}", row.id);
        }
        let groups = summary.goroutine_groups(&tables);
        let rows = summary.goroutine_rows().len() as u64;
        let grouped: u64 = groups.iter().map(|group| group.count).sum();
        // Goroutines of C come again by the same number and have one row.
        assert!(grouped >= rows, "{trace}: {grouped} in groups, {rows} rows");
        assert!(grouped == rows || trace.scenario == "cgo", "{trace}");
        goroutines += rows;
    }
    assert!(goroutines > 10_000, "{goroutines} goroutines");
}
