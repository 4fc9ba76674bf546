//! What a history tells over the API.

use fathom_history::{
    ArtefactInfo, Build, Embedded, History, KeptFinding, Labels, Options as Keeping, Scrape,
};
use fathom_series::{Histogram, Look, Reading, Unit};
use fathom_server::Past;
use serde_json::json;
use tempfile::TempDir;

use super::*;

const MINUTE_MS: i64 = 60_000;

fn labels(instance: &str) -> Labels {
    Labels::new([("job", "shop"), ("instance", instance)])
}

fn scrape(history: &Embedded, instance: &str, at_ms: i64, readings: Vec<Reading>) {
    let look = Look {
        at_ms,
        started_ms: Some(0),
        readings,
    };
    let scrape = Scrape {
        target: &labels(instance),
        look: &look,
        build: &Build::default(),
        profiles: &[],
        marks: &[],
    };
    history.append(&scrape).unwrap();
}

fn find(history: &Embedded, instance: &str, id: &str, minutes: (i64, i64)) {
    let finding = KeptFinding {
        id: id.to_owned(),
        target: labels(instance),
        first_ms: minutes.0 * MINUTE_MS,
        last_ms: minutes.1 * MINUTE_MS,
        payload: json!({"title": format!("{id} at {instance}")}),
    };
    history.put_finding(&finding).unwrap();
}

/// A server of a history, which goes with the folder.
fn serving(fill: impl FnOnce(&Embedded)) -> (Running, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let history = Embedded::open(folder.path(), Keeping::default()).unwrap();
    fill(&history);
    let (_, stored) = tokio::sync::watch::channel(0);
    let running = Running::start(settings());
    running.slot.ready(Subject {
        past: Some(Past::new(Arc::new(history), stored, None)),
        ..Subject::default()
    });
    (running, folder)
}

#[test]
fn findings_of_all_targets_say_whether_they_hold() {
    let (running, _folder) = serving(|history| {
        for minute in 0..=60 {
            scrape(history, "a:1", minute * MINUTE_MS, Vec::new());
            scrape(history, "b:1", minute * MINUTE_MS, Vec::new());
        }
        find(history, "a:1", "heap-grows", (10, 58));
        find(history, "b:1", "heap-grows", (20, 40));
        find(history, "b:1", "goroutines-grow", (1, 5));
    });
    let told = |query: &str| -> Vec<(String, bool)> {
        let answer = running.get(&format!("/api/v1/history/findings{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        assert_eq!(answer["schema"], "fathom.findings/1");
        let findings = answer["findings"].as_array().unwrap();
        let of = |finding: &Value| {
            let title = finding["payload"]["title"].as_str().unwrap().to_owned();
            (title, finding["holds"].as_bool().unwrap())
        };
        findings.iter().map(of).collect()
    };
    let (a, b) = ("heap-grows at a:1", "heap-grows at b:1");
    assert_eq!(told("?from=-30m"), [(a.into(), true), (b.into(), false)]);
    assert_eq!(told("?from=-10m"), [(a.into(), true)]);
    assert_eq!(told("").len(), 3);
    let targets = running.get("/api/v1/history/targets").json();
    let b_id = targets["targets"][1]["id"].as_str().unwrap();
    assert_eq!(
        told(&format!("?from=-30m&target={b_id}")),
        [(b.into(), false)]
    );
    let of_none = running.get("/api/v1/history/findings?target=t0");
    assert_eq!(of_none.status, 404);
}

#[test]
fn a_capture_is_a_file_with_its_name() {
    let (running, _folder) = serving(|history| {
        scrape(history, "a:1", MINUTE_MS, Vec::new());
        let info = ArtefactInfo {
            id: 0,
            target: labels("a:1"),
            finding: Some("heap-grows".to_owned()),
            name: "heap \"grows\".fathom".to_owned(),
            at_ms: MINUTE_MS,
            bytes: 0,
        };
        history.put_artefact(&info, b"PK\x03\x04 a bundle").unwrap();
    });
    let list = running.get("/api/v1/history/artefacts").json();
    let kept = &list["artefacts"][0];
    assert_eq!(kept["finding"], "heap-grows");
    assert_eq!(kept["bytes"], 13);
    let path = format!("/api/v1/history/artefacts/{}", kept["id"]);
    let answer = running.get(&path);
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, &b"PK\x03\x04 a bundle"[..])
    );
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"heap__grows_.fathom\"")
    );
    for wrong in ["99", "x", "-1", "1/2", "1%20"] {
        let answer = running.get(&format!("/api/v1/history/artefacts/{wrong}"));
        assert_eq!(answer.status, 404, "{wrong}");
    }
    // The path says which, whatever else is asked.
    assert_eq!(running.get(&format!("{path}?id=99")).status, 200);
}

#[test]
fn live_objects_by_size_are_all_that_there_are() {
    let sizes = |name: &str, counts: [u64; 2]| {
        let histogram = Histogram {
            buckets: vec![0.0, 8.0, 16.0],
            counts: counts.to_vec(),
        };
        Reading::histogram(name, Unit::Bytes, histogram)
    };
    let (running, _folder) = serving(|history| {
        let looks = [
            ([100, 50], [60, 50]),
            ([130, 50], [60, 50]),
            ([130, 58], [125, 50]),
        ];
        for (minute, (added, freed)) in (1..).zip(looks) {
            let readings = vec![
                sizes("memstats.BySize.Mallocs", added),
                sizes("memstats.BySize.Frees", freed),
            ];
            scrape(history, "a:1", minute * MINUTE_MS, readings);
        }
    });
    let rows = |from: i64| {
        let path = format!(
            "/api/v1/history/curves?plot=size-classes&step=60000&from={from}&to={}",
            4 * MINUTE_MS
        );
        running.get(&path).json()["heatmap"]["rows"].clone()
    };
    // Also what was there before the first look and before the range.
    assert_eq!(rows(0), json!([[70, 0], [5, 8]]));
    assert_eq!(rows(3 * MINUTE_MS), json!([[5, 8]]));
}
