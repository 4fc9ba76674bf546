//! Thinning, retention, notes.

use fathom_history::{
    ArtefactInfo, At, Embedded, History, KeptFinding, Labels, Mark, MarkKind, Merge, Options,
    PointsQuery, Range, Selector, Steps,
};
use fathom_series::{Histogram, Look, Reading, Unit};

use crate::support::{HEAP, Sample, append, content, profile, target};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Two days of scrapes every 15 s would take long; every 20 s for three hours of one day does.
fn three_hours(history: &Embedded) -> Vec<(i64, fathom_profile::Profile)> {
    let first_ms = 10 * DAY_MS;
    let times = (0..540).map(|index| first_ms + 20_000 * index);
    times
        .map(|at_ms| {
            let count = (at_ms - first_ms) / 20_000 + 1;
            let level = count % 5;
            let samples = [
                Sample::new(&["main", "a"], &[count, count * 8, level, level * 8]),
                Sample::new(&["main", "b"], &[7, 56, 7, 56]),
            ];
            let taken = profile(HEAP, at_ms, &samples);
            append(history, at_ms, first_ms - 1, &[("heap", &taken)]).unwrap();
            (at_ms, taken)
        })
        .collect()
}

fn count_curve(history: &Embedded, name: &str, step_ms: i64) -> Vec<fathom_history::Step> {
    let query = PointsQuery {
        selector: Selector::all(),
        names: vec![name.to_owned()],
        range: Range::ALL,
        step_ms,
    };
    match history.points(&query).unwrap().remove(0).steps {
        Steps::Numbers(steps) => steps,
        Steps::Buckets { .. } => panic!("{name} is no histogram"),
    }
}

#[test]
fn what_is_thinned_keeps_its_sums_and_its_last_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let history = Embedded::open(folder.path(), Options::default()).unwrap();
    let written = three_hours(&history);
    let by_minute = count_curve(&history, "level", MINUTE_MS);
    let growth: f64 = count_curve(&history, "count", 0)
        .iter()
        .map(|step| step.increase)
        .sum();

    let done = history.maintain(12 * DAY_MS).unwrap();
    assert!(done.compacted >= 1 || done.thinned >= 1, "{done:?}");
    assert_eq!(count_curve(&history, "level", MINUTE_MS), by_minute);
    let thinned: f64 = count_curve(&history, "count", 0)
        .iter()
        .map(|step| step.increase)
        .sum();
    assert!((thinned - growth).abs() < 1e-6, "{thinned} {growth}");
    let entries = history
        .profiles(&Selector::all(), None, Range::ALL)
        .unwrap();
    assert_eq!(entries.len(), 180);
    assert!(entries.iter().all(|entry| entry.profiles == 3));
    // The last profile of each minute is still the one that was taken.
    for (at_ms, taken) in written.iter().skip(2).step_by(3) {
        let read = history
            .profile_at(&target(), "heap", At::AtOrBefore(*at_ms))
            .unwrap();
        assert_eq!(content(&read.unwrap()), content(taken));
    }
    let all = history
        .merged(&Selector::all(), "heap", Range::ALL, Merge::Default)
        .unwrap();
    assert_eq!(all.column_sum(0), 539);

    history.maintain(20 * DAY_MS).unwrap();
    let entries = history
        .profiles(&Selector::all(), None, Range::ALL)
        .unwrap();
    assert_eq!(entries.len(), 18);
    assert_eq!(
        history.maintain(20 * DAY_MS).unwrap(),
        fathom_history::Maintenance::default()
    );
    let all = history
        .merged(&Selector::all(), "heap", Range::ALL, Merge::Default)
        .unwrap();
    assert_eq!(all.column_sum(0), 539);

    let done = history.maintain(60 * DAY_MS).unwrap();
    assert!(done.removed >= 1);
    assert!(
        history
            .profiles(&Selector::all(), None, Range::ALL)
            .unwrap()
            .is_empty()
    );
    assert!(history.usage().unwrap().blocks.is_empty());
}

#[test]
fn the_oldest_is_removed_when_there_are_too_many_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        head_ms: 600_000,
        keep_bytes: 420_000,
        ..Options::default()
    };
    let history = Embedded::open(folder.path(), options).unwrap();
    let written = three_hours(&history);
    let before = history.usage().unwrap();
    assert!(before.total() > 420_000, "{before:?}");
    let done = history.maintain(written[539].0).unwrap();
    assert!(done.removed > 0);
    assert!(
        history.usage().unwrap().total() <= 420_000,
        "{:?}",
        history.usage()
    );
    // The newest stays, and single profiles of it are whole, whatever was before them.
    let (at_ms, taken) = &written[539];
    let read = history
        .profile_at(&target(), "heap", At::Nearest(*at_ms))
        .unwrap();
    assert_eq!(content(&read.unwrap()), content(taken));
}

#[test]
fn histograms_are_told_by_their_growth() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        head_ms: 30_000,
        ..Options::default()
    };
    let history = Embedded::open(folder.path(), options).unwrap();
    for index in 1..=6_u64 {
        let look = Look {
            at_ms: 15_000 * index.cast_signed(),
            started_ms: Some(0),
            readings: vec![Reading::histogram(
                "/gc/pauses:seconds",
                Unit::Seconds,
                Histogram {
                    buckets: vec![f64::NEG_INFINITY, 0.001, 0.1, f64::INFINITY],
                    counts: vec![0, index * 3, 10],
                },
            )],
        };
        let scrape = fathom_history::Scrape {
            target: &target(),
            look: &look,
            build: &fathom_history::Build::default(),
            profiles: &[],
            marks: &[],
        };
        history.append(&scrape).unwrap();
    }
    let query = PointsQuery {
        selector: Selector::all(),
        names: Vec::new(),
        range: Range::ALL,
        step_ms: DAY_MS,
    };
    let mut answers = vec![history.points(&query).unwrap()];
    history.maintain(3 * DAY_MS).unwrap();
    answers.push(history.points(&query).unwrap());
    for curves in answers {
        let Steps::Buckets { boundaries, steps } = &curves[0].steps else {
            panic!("{curves:?}");
        };
        assert_eq!(boundaries[..2], [f64::NEG_INFINITY, 0.001]);
        assert_eq!(steps[0].counts, [0, 15, 0]);
    }
}

#[test]
fn notes_are_kept_with_their_targets() {
    let folder = tempfile::tempdir().unwrap();
    let history = Embedded::open(folder.path(), Options::default()).unwrap();
    append(&history, 1_000, 0, &[]).unwrap();
    let other = Labels::new([("job", "other")]);
    let mark = |at_ms, text: &str| Mark {
        at_ms,
        kind: MarkKind::Note,
        text: text.to_owned(),
    };
    history.add_mark(Some(&target()), &mark(5, "ours")).unwrap();
    history.add_mark(Some(&other), &mark(6, "theirs")).unwrap();
    history.add_mark(None, &mark(4, "all")).unwrap();
    let shop = Selector::all().equal("job", "shop");
    let texts: Vec<String> = history
        .marks(&shop, Range::ALL)
        .unwrap()
        .into_iter()
        .map(|mark| mark.mark.text)
        .collect();
    assert_eq!(texts, ["all", "ours"]);

    let finding = KeptFinding {
        id: "leak".to_owned(),
        target: target(),
        first_ms: 10,
        last_ms: 20,
        payload: serde_json::json!({"bytes": 3}),
    };
    history.put_finding(&finding).unwrap();
    let later = KeptFinding {
        first_ms: 15,
        last_ms: 30,
        ..finding
    };
    history.put_finding(&later).unwrap();
    let kept = history.findings(&shop, Range::new(25, 26)).unwrap();
    assert_eq!((kept[0].first_ms, kept[0].last_ms), (10, 30));

    let info = ArtefactInfo {
        id: 0,
        target: target(),
        finding: Some("leak".to_owned()),
        name: "shop.fathom".to_owned(),
        at_ms: 20,
        bytes: 0,
    };
    let info = history.put_artefact(&info, b"bundle").unwrap();
    assert_eq!(
        history.artefacts(&shop, Range::ALL).unwrap(),
        std::slice::from_ref(&info)
    );
    assert_eq!(
        history.artefact(info.id).unwrap().as_deref(),
        Some(&b"bundle"[..])
    );
    assert_eq!(history.artefact(info.id + 1).unwrap(), None);
    let done = history.maintain(40 * DAY_MS).unwrap();
    assert_eq!(done.artefacts_removed, 1);
    assert!(history.marks(&shop, Range::ALL).unwrap().is_empty());
}
