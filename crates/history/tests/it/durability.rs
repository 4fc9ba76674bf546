//! What is stored stays: locks, versions, the end of a process at any instant, a full disk.

use fathom_history::{Embedded, Error, History, Options, PointsQuery, Range, Selector, Steps};

use crate::support::append;

fn query(step_ms: i64) -> PointsQuery {
    PointsQuery {
        selector: Selector::all(),
        names: Vec::new(),
        range: Range::ALL,
        step_ms,
    }
}

#[test]
fn one_writes_and_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Embedded::open_read_only(folder.path()).unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }));
    let history = Embedded::open(folder.path(), Options::default()).unwrap();
    let second = Embedded::open(folder.path(), Options::default()).unwrap_err();
    assert!(
        second.to_string().contains("another process writes"),
        "{second}"
    );
    append(&history, 1_000, 0, &[]).unwrap();
    let reader = Embedded::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.points(&query(0)).unwrap().len(), 2);
    append(&history, 2_000, 0, &[]).unwrap();
    let curves = reader.points(&query(0)).unwrap();
    assert!(matches!(&curves[0].steps, Steps::Numbers(steps) if steps.len() == 2));
    assert!(matches!(
        append(&reader, 3_000, 0, &[]),
        Err(Error::ReadOnly { .. })
    ));
}

#[test]
fn a_newer_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Embedded::open(folder.path(), Options::default()).unwrap());
    let catalogue = rusqlite::Connection::open(folder.path().join("catalog.sqlite")).unwrap();
    catalogue.execute("update meta set value = 9", []).unwrap();
    drop(catalogue);
    let error = Embedded::open(folder.path(), Options::default()).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9, .. }), "{error}");
}
