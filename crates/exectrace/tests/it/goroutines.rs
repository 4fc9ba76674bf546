//! Goroutines and where their time went, held against the pages of `go tool trace`.

use std::collections::BTreeMap;

use fathom_exectrace::{
    GoroutineRow, RangeTimes, Reader, Rules, States, Summary, SummaryOptions, Tables, Tail, Times,
};
use fathom_testkit::fixtures;
use fathom_testkit::tracing::{self, GoroutineGroup, Reference, Web};

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

#[test]
fn goroutines_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    let mut compared = 0;
    for trace in fixtures::traces() {
        let (summary, tables) = run(&trace.read(), Rules::Reference);
        let rows: Vec<_> = summary
            .goroutine_rows()
            .into_iter()
            .map(|(row, _)| row)
            .collect();
        let web = Web::open(&reference, &trace.path).expect("the tool serves");
        let mut expected = web.goroutine_groups().expect("a page");
        expected.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(groups(&rows, &tables), expected, "{trace}");
        for group in expected {
            let of_group: Vec<_> = rows
                .iter()
                .filter(|row| tables.names.get(row.entry) == group.name)
                .collect();
            let mut page = web.goroutines(&group.name).expect("a page");
            page.breakdown.sort();
            page.ranges.sort();
            let times: Vec<_> = of_group
                .iter()
                .map(|row| (row.id.0, None, &row.times))
                .collect();
            assert_eq!(
                breakdown(&times, &tables),
                page.breakdown,
                "{trace} {}",
                group.name
            );
            let special: Vec<_> = of_group
                .iter()
                .map(|row| (row.id.0, None, &row.times, &row.ranges))
                .collect();
            assert_eq!(
                ranges(&special, &tables),
                page.ranges,
                "{trace} {}",
                group.name
            );
            compared += page.breakdown.len();
        }
    }
    assert!(compared > 1_000, "{compared} goroutines");
}
