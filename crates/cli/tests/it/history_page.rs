//! The pages of a history in a real browser: two programs are recorded and shown.

use std::time::{SystemTime, UNIX_EPOCH};

use fathom_history::{ArtefactInfo, Embedded, History, KeptFinding, Labels, Options};
use fathom_testkit::GoVersion;
use fathom_testkit::program::Program;
use serde_json::json;

use super::*;

const MINUTE_MS: i64 = 60_000;

/// What the watchdog would find after hours.
fn find(
    history: &Embedded,
    target: &Labels,
    id: &str,
    severity: &str,
    title: &str,
    seen: [i64; 2],
) {
    let payload = json!({
        "id": id,
        "severity": severity,
        "bytes": 96 << 20,
        "confidence": "likely",
        "title": title,
        "detail": "The live heap after each collection rises steadily and does not level off.",
        "evidence": [
            {"name": "live heap then", "value": 12 << 20, "unit": "bytes"},
            {"name": "live heap now", "value": 108 << 20, "unit": "bytes"},
            {"name": "growth an hour", "value": 48 << 20, "unit": "bytes"},
        ],
        "action": "Look at what main.remember keeps, and drop what is no longer asked for.",
        "verify": "The live heap levels off within an hour.",
    });
    let finding = KeptFinding {
        id: id.to_owned(),
        target: target.clone(),
        first_ms: seen[0],
        last_ms: seen[1],
        payload,
    };
    history.put_finding(&finding).unwrap();
}

/// Adds what was found of two targets, of which one is named, and a capture that is kept with it.
fn remember_findings(folder: &Path, instance: &str) {
    let history = Embedded::open(folder, Options::default()).unwrap();
    let mut targets = history.targets().unwrap();
    // Whichever was stored first.
    targets.sort_by_key(|target| target.labels.get("instance") != Some(instance));
    let [first, second] = &targets[..] else {
        panic!("{targets:?}");
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    // The mark is to lie among the looks.
    let seen = [first.last_ms; 2];
    let title = "The live heap grows by 48 MB an hour";
    find(
        &history,
        &first.labels,
        "heap-growth",
        "critical",
        title,
        seen,
    );
    let title = "Goroutines grew by 40 an hour";
    let earlier = [now - 50 * MINUTE_MS, now - 30 * MINUTE_MS];
    find(
        &history,
        &second.labels,
        "goroutine-growth",
        "warning",
        title,
        earlier,
    );
    let bundle = fixtures().join("incidents/go1.27.3/orders.fathom");
    let info = ArtefactInfo {
        id: 0,
        target: first.labels.clone(),
        finding: Some("heap-growth".to_owned()),
        name: format!("heap-growth-{now}.fathom"),
        at_ms: now,
        bytes: 0,
    };
    let bytes = std::fs::read(bundle).unwrap();
    history.put_artefact(&info, &bytes).unwrap();
}

#[test]
fn the_pages_of_a_history_in_a_browser() {
    let start = || {
        let program = Program::new("publisher", GoVersion::GO_1_27);
        program.start().unwrap()
    };
    let programs = [start(), start()];
    let addresses = programs.each_ref().map(|it| it.address().to_string());
    let [first, second] = addresses.each_ref().map(String::as_str);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    let done = fathom(&[
        "record",
        first,
        second,
        "-o",
        kept,
        "--interval",
        "1s",
        "--profiles",
        "1s",
        "--for",
        "3s",
    ]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    remember_findings(Path::new(kept), first);

    let chromium = fathom_testkit::chromium().expect("Chromium: apt-get install chromium");
    let mut node = Command::new("node");
    node.args(["tests/history.mjs", chromium, env!("CARGO_BIN_EXE_fathom")])
        .args([kept, first, second])
        // Pictures of what is tested, for people to look at.
        .args(std::env::var_os("FATHOM_PICTURES"))
        .env_remove("FATHOM_TOKEN")
        .env_remove("FATHOM_PASSWORD")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web"));
    let done = node.output().unwrap();
    let told = [&done.stdout[..], &done.stderr[..]].concat();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&told));
}
