//! What becomes of what is found.

use fathom_collect::{Found, Watchdog};
use fathom_evidence::{Artefact, Capture, Kind};
use fathom_history::{History, MarkKind, Range, Selector};

use crate::simulated::{START, Simulated, labels, open};

#[test]
fn what_is_found_is_kept_with_a_capture_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let history: std::sync::Arc<dyn History> = std::sync::Arc::new(open(folder.path()));
    // It leaks for two hours, and is mended by a restart.
    let process = Simulated {
        restart: Some(7200.0),
        ..Simulated::new()
    };
    let process = process.line("main.leak", |second| {
        if second < 7200.0 { second * 100e3 } else { 0.0 }
    });
    process.record(&*history, 3.0);
    let watchdog = Watchdog::new(history.clone(), None);
    let captured = std::cell::Cell::new(0);
    let capture = || {
        captured.set(captured.get() + 1);
        let mut capture = Capture::new();
        capture.push(Artefact::new(
            Kind::MemInfo,
            "host/meminfo.txt",
            b"MemTotal: 1 kB\n".to_vec(),
        ));
        Ok(capture)
    };
    let mut told = Vec::new();
    for minutes in [60_i64, 65, 110, 130, 140, 150, 170] {
        let now_ms = START + minutes * 60_000;
        let mut tell = |found: Found<'_>| {
            told.push(match found {
                Found::New(finding) => format!("{minutes} new {}", finding.id),
                Found::Over(id) => format!("{minutes} over {id}"),
                Found::Trouble(line) => format!("{minutes} trouble {line}"),
            });
        };
        watchdog
            .judge(&labels(), now_ms, &capture, &mut tell)
            .unwrap();
    }
    assert_eq!(
        told,
        ["60 new growth-live-heap", "130 over growth-live-heap"]
    );
    assert_eq!(captured.get(), 1);
    let kept = history.findings(&Selector::all(), Range::ALL).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].first_ms, START + 60 * 60_000);
    assert_eq!(kept[0].last_ms, START + 110 * 60_000);
    let artefacts = history.artefacts(&Selector::all(), Range::ALL).unwrap();
    assert_eq!(artefacts[0].finding.as_deref(), Some("growth-live-heap"));
    let bytes = history.artefact(artefacts[0].id).unwrap().unwrap();
    let bundle = Capture::read_bundle(&bytes, "kept", &fathom_evidence::Limits::default()).unwrap();
    assert!(bundle.first(Kind::MemInfo).is_some());
    let marks = history.marks(&Selector::all(), Range::ALL).unwrap();
    assert!(marks.iter().any(|mark| mark.mark.kind == MarkKind::Capture));
}
