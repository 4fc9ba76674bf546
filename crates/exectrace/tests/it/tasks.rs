//! Tasks and regions, and waits within them, held against the pages of `go tool trace`.

use std::collections::BTreeMap;

use fathom_exectrace::{
    ProfileFilter, RegionFilter, RegionRow, Rules, Summary, Tables, TaskRow, TimeHistogram,
};
use fathom_testkit::fixtures;
use fathom_testkit::tracing::{
    Bucket, Reference, RegionGroup, Task, TaskEvent, TaskGroup, Waits, Web,
};

use crate::goroutines::{breakdown, ranges, run};
use crate::profiles;

fn buckets(histogram: &TimeHistogram) -> Vec<Bucket> {
    if histogram.count() == 0 {
        return Vec::new();
    }
    let rows = histogram.rows().into_iter();
    rows.map(|(from, count)| Bucket { from, count }).collect()
}

fn task_groups(summary: &Summary, tables: &Tables) -> Vec<TaskGroup> {
    let (first, last) = summary.span();
    let mut groups = BTreeMap::<&str, (u64, TimeHistogram)>::new();
    for row in summary.task_rows() {
        let group = groups.entry(tables.names.get(row.kind)).or_default();
        group.0 += 1;
        if row.is_complete() {
            group.1.add(row.nanoseconds(first, last));
        }
    }
    groups
        .into_iter()
        .map(|(name, (count, histogram))| TaskGroup {
            name: name.to_owned(),
            count,
            histogram: buckets(&histogram),
        })
        .collect()
}

fn task(row: &TaskRow, summary: &Summary, tables: &Tables) -> Task {
    let (first, last) = summary.span();
    let mut before = first;
    let events = row.events.iter().map(|moment| {
        let elapsed = moment.time.since(before);
        before = moment.time;
        TaskEvent {
            when: moment.time.since(first),
            elapsed,
            goroutine: moment.goroutine.0,
            what: moment.describe(&tables.names),
        }
    });
    Task {
        id: row.id.0,
        start: row.begin.unwrap_or(first).since(first),
        duration: row.nanoseconds(first, last),
        is_complete: row.is_complete(),
        events: events.collect(),
    }
}

type Key = (String, u64);

fn key(region: &RegionRow, tables: &Tables) -> Key {
    let root = region.root.and_then(|root| tables.stacks.frame(root));
    let kind = tables.names.get(region.kind).to_owned();
    (kind, root.map_or(0, |root| root.address))
}

fn region_groups(regions: &[&RegionRow], summary: &Summary, tables: &Tables) -> Vec<RegionGroup> {
    let (first, last) = summary.span();
    let mut groups = BTreeMap::<Key, (TimeHistogram, &RegionRow)>::new();
    for &region in regions {
        let group = groups.entry(key(region, tables));
        let (histogram, _) = group.or_insert_with(|| (TimeHistogram::default(), region));
        histogram.add(region.nanoseconds(first, last));
    }
    groups
        .into_iter()
        .map(|((name, pc), (histogram, region))| {
            let root = region.root.and_then(|root| tables.stacks.frame(root));
            let text = |name| tables.names.get(name).to_owned();
            RegionGroup {
                name,
                function: root.map_or_else(String::new, |root| text(root.function)),
                pc,
                file: root.map_or_else(String::new, |root| text(root.file)),
                line: root.map_or(0, |root| root.line),
                count: histogram.count(),
                histogram: buckets(&histogram),
            }
        })
        .collect()
}

#[test]
fn tasks_and_regions_are_those_of_the_reference() {
    let reference = Reference::build().expect("the tool builds");
    let (mut tasks_seen, mut regions_seen, mut waits_seen) = (0, 0, 0);
    let annotated = ["annotations", "service", "restarts", "cgo", "flight"];
    for trace in fixtures::traces() {
        if !annotated.contains(&&*trace.scenario) {
            continue;
        }
        let bytes = trace.read();
        let (summary, tables) = run(&bytes, Rules::Reference);
        let web = Web::open(&reference, &trace.path).expect("the tool serves");

        let expected = web.task_groups().expect("a page");
        assert_eq!(task_groups(&summary, &tables), expected, "{trace}");
        for group in expected {
            let mut page = web.tasks(&group.name).expect("a page");
            page.sort_by_key(|task| task.id);
            let mut rows: Vec<_> = summary
                .task_rows()
                .iter()
                .filter(|row| tables.names.get(row.kind) == group.name)
                .map(|row| task(row, &summary, &tables))
                .collect();
            rows.sort_by_key(|task| task.id);
            assert_eq!(rows, page, "{trace} {}", group.name);
            tasks_seen += rows.len();
        }

        let rows = summary.goroutine_rows();
        let regions: Vec<_> = rows.iter().flat_map(|(_, regions)| *regions).collect();
        let expected = web.region_groups().expect("a page");
        assert_eq!(
            region_groups(&regions, &summary, &tables),
            expected,
            "{trace}"
        );
        for group in expected {
            let of_group: Vec<_> = regions
                .iter()
                .filter(|region| key(region, &tables) == (group.name.clone(), group.pc))
                .map(|region| {
                    let task = Some(region.task.0).filter(|&task| task != 0);
                    (region.goroutine.0, task, &region.times, &region.ranges)
                })
                .collect();
            let mut page = web.regions(&group).expect("a page");
            page.breakdown.sort();
            page.ranges.sort();
            let times: Vec<_> = of_group
                .iter()
                .map(|&(id, task, times, _)| (id, task, times))
                .collect();
            assert_eq!(
                breakdown(&times, &tables),
                page.breakdown,
                "{trace} {}",
                group.name
            );
            assert_eq!(
                ranges(&of_group, &tables),
                page.ranges,
                "{trace} {}",
                group.name
            );
            regions_seen += page.breakdown.len();

            let region = RegionFilter {
                kind: Some(group.name.clone()),
                address: Some(group.pc),
                ..RegionFilter::default()
            };
            let filter = ProfileFilter {
                region: Some(region),
                ..ProfileFilter::default()
            };
            waits_seen += assert_waits(&bytes, filter, &trace.to_string(), |waits| {
                web.region_waits(waits, &group).expect("a profile")
            });
        }
        for group in web.goroutine_groups().expect("a page") {
            if group.name.is_empty() {
                // The reference takes this for all goroutines.
                continue;
            }
            let filter = ProfileFilter {
                entry: Some(group.name.clone()),
                ..ProfileFilter::default()
            };
            waits_seen += assert_waits(&bytes, filter, &trace.to_string(), |waits| {
                web.waits(waits, Some(&group.name)).expect("a profile")
            });
        }
    }
    assert!(tasks_seen > 100, "{tasks_seen} tasks");
    assert!(regions_seen > 500, "{regions_seen} regions");
    assert!(waits_seen > 500, "{waits_seen} stacks");
}

/// Asserts that waits through a filter are the same; says how many stacks there were.
fn assert_waits(
    trace: &[u8],
    filter: ProfileFilter,
    name: &str,
    get: impl Fn(Waits) -> Vec<u8>,
) -> usize {
    let what = format!("{name} {filter:?}");
    let (found, tables) = profiles::run(trace, filter);
    let compare = |waits| {
        let expected = profiles::theirs(&get(waits));
        let ours = profiles::ours(found.get(profiles::kind_of(waits)), &tables);
        assert_eq!(ours, expected, "{what} {waits:?}");
        expected.len()
    };
    Waits::ALL.into_iter().map(compare).sum()
}
