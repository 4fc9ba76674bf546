//! The queries of `docs/history.md`, run by DuckDB, answer as the history does.

use std::fs;
use std::path::Path;
use std::process::Command;

use fathom_history::{
    CurveQuery, Embedded, History, Merge, Options, PointsQuery, Range, Selector, Steps,
};
use fathom_testkit::{duckdb_python, repository};
use serde_json::Value;

use crate::support::{HEAP, Sample, append, profile};

const RUN: &str = "
import duckdb, json, sys
print(json.dumps(duckdb.sql(sys.argv[1]).fetchall()))
";

/// Finds a query of the document by its first line, and runs it on a folder.
fn run(folder: &Path, name: &str) -> Value {
    let document = fs::read_to_string(repository().join("docs/history.md")).unwrap();
    let mut queries = document.split("```sql\n").skip(1);
    let query = queries
        .find_map(|query| query.strip_prefix(&format!("-- {name}\n")))
        .unwrap();
    let query = query
        .split("```")
        .next()
        .unwrap()
        .trim()
        .trim_end_matches(';');
    let query = query.replace("'history/", &format!("'{}/", folder.display()));
    let output = Command::new(duckdb_python())
        .args(["-c", RUN, &query])
        .output()
        .unwrap_or_else(|error| panic!("{error}: run cargo xtask fetch, which installs DuckDB"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_documented_queries_answer_as_the_history_does() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        head_ms: 100_000,
        thinning: Vec::new(),
        ..Options::default()
    };
    let history = Embedded::open(folder.path(), options).unwrap();
    for index in 1..=40_i64 {
        // A restart in the middle, and some stacks that come and go.
        let (at_ms, started_ms) = (15_000 * index, if index < 20 { 0 } else { 290_000 });
        let count = index % 20 + 1;
        let mut samples = vec![
            Sample::new(
                &["main", "work", "alloc"],
                &[count, count * 8, index % 3, index % 3 * 8],
            ),
            Sample::new(&["main", "wait"], &[count * 2, count * 32, 1, 16]),
        ];
        if index % 4 > 1 {
            samples.push(Sample::new(
                &["main", "work"],
                &[count, count, count, count],
            ));
        }
        let taken = profile(HEAP, at_ms, &samples);
        append(&history, at_ms, started_ms, &[("heap", &taken)]).unwrap();
    }
    // Nothing stays in the head.
    history.maintain(1_000_000_000).unwrap();

    let merged = history
        .merged(&Selector::all(), "heap", Range::ALL, Merge::Default)
        .unwrap();
    let allocated = run(folder.path(), "allocated");
    let rows = allocated.as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let function = row[0].as_str().unwrap();
        let ours: i64 = (0..merged.sample_count())
            .filter(|sample| merged.frames(*sample).next().unwrap().function == function)
            .map(|sample| merged.value(sample, 1))
            .sum();
        assert_eq!(row[1].as_i64(), Some(ours), "{function}");
    }

    let query = CurveQuery {
        selector: Selector::all(),
        kind: "heap".to_owned(),
        sample_type: None,
        range: Range::ALL,
        step_ms: 0,
    };
    let ours = &history.function_curve(&query, "work").unwrap()[3];
    let ours: Vec<(i64, i64)> = ours
        .steps
        .iter()
        .map(|step| (step.at_ms, step.cum as i64))
        .collect();
    let theirs = run(folder.path(), "in use");
    let theirs: Vec<(i64, i64)> = serde_json::from_value(theirs).unwrap();
    assert_eq!(theirs, ours);

    let query = PointsQuery {
        selector: Selector::all(),
        names: vec!["level".to_owned()],
        range: Range::ALL,
        step_ms: 60_000,
    };
    let curves = history.points(&query).unwrap();
    let Steps::Numbers(steps) = &curves[0].steps else {
        panic!("{curves:?}");
    };
    let ours: Vec<(i64, f64, f64)> = steps
        .iter()
        .map(|step| (step.at_ms, step.mean, step.max))
        .collect();
    let theirs: Vec<(i64, f64, f64)> = serde_json::from_value(run(folder.path(), "level")).unwrap();
    assert_eq!(theirs, ours);
}
