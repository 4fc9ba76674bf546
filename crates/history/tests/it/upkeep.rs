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

/// Stores one look: the moment, when the process started, and its counts.
fn count(history: &Embedded, at_ms: i64, started_ms: i64, counts: [u64; 2]) {
    let look = Look {
        at_ms,
        started_ms: Some(started_ms),
        readings: vec![Reading::histogram(
            "allocated",
            Unit::Bytes,
            Histogram {
                buckets: vec![0.0, 8.0, 16.0],
                counts: counts.to_vec(),
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

fn counted(history: &Embedded, range: Range, step_ms: i64) -> fathom_history::Counted {
    let query = PointsQuery {
        selector: Selector::all(),
        names: vec!["allocated".to_owned()],
        range,
        step_ms,
    };
    history.counts(&query).unwrap().remove(0)
}

#[test]
fn counts_of_any_range_are_those_that_were_read() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        head_ms: 30_000,
        ..Options::default()
    };
    let history = Embedded::open(folder.path(), options).unwrap();
    let told = |from_ms| {
        let counted = counted(&history, Range::new(from_ms, i64::MAX), 0);
        let steps = counted.steps.into_iter();
        let steps: Vec<_> = steps.map(|step| (step.at_ms, step.counts)).collect();
        (counted.known_from_ms, counted.before, steps)
    };
    // The process had counted before it was looked at first.
    let first = [[100, 5], [103, 5], [103, 9], [110, 9], [120, 10]];
    for (place, counts) in (1..).zip(first) {
        count(&history, 15_000 * place, 1_000, counts);
    }
    let of_first = [
        (30_000, vec![103, 5]),
        (45_000, vec![103, 9]),
        (60_000, vec![110, 9]),
        (75_000, vec![120, 10]),
    ];
    assert_eq!(told(i64::MIN), (i64::MIN, vec![100, 5], of_first.to_vec()));
    assert_eq!(
        told(50_000),
        (i64::MIN, vec![103, 9], of_first[2..].to_vec())
    );
    // Nothing changed since: the counts are those of the last look.
    assert_eq!(told(80_000), (i64::MIN, vec![120, 10], Vec::new()));

    // Another process begins with nothing, and has already counted further when it is seen.
    count(&history, 90_000, 85_000, [200, 0]);
    count(&history, 105_000, 85_000, [201, 2]);
    let of_second = [(90_000, vec![200, 0]), (105_000, vec![201, 2])];
    assert_eq!(
        told(100_000),
        (i64::MIN, vec![200, 0], of_second[1..].to_vec())
    );
    // What the first began with is gone with it.
    let (known_from, before, steps) = told(50_000);
    assert_eq!((known_from, before), (90_000, vec![3, 4]));
    assert_eq!(steps[..2], [(60_000, vec![10, 4]), (75_000, vec![20, 5])]);
    assert_eq!(steps[2..], of_second);
    let all = told(i64::MIN);

    history.maintain(3 * DAY_MS).unwrap();
    let by_minute = counted(&history, Range::new(60_000, i64::MAX), MINUTE_MS);
    assert_eq!(by_minute.known_from_ms, 90_000);
    let last = by_minute.steps.last().unwrap();
    assert_eq!((last.at_ms, &last.counts), (60_000, &vec![201, 2]));
    // A third, and what was thinned of the ones before keeps its sums.
    count(&history, 4 * DAY_MS, 4 * DAY_MS - 1, [1, 1]);
    let (known_from, _, steps) = told(i64::MIN);
    assert_eq!((known_from, all.0), (90_000, 90_000));
    assert_eq!(steps.last(), Some(&(4 * DAY_MS, vec![1, 1])));
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
