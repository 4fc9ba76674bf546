//! Where time goes: live programs of Go 1.22 and 1.27 whose locks, channels and
//! functions are named with their lines, and evidence that is too thin to speak.

use std::time::Duration;

use crate::recorded::incident;
use fathom_evidence::{Artefact, Capture, Kind};
use fathom_explain::{Explained, Explanation, RULES, difference, explain};
use fathom_finding::{Confidence, Finding, Severity, Value};
use fathom_gather::{Options, Source, capture};
use fathom_testkit::program::{Program, Running};
use fathom_testkit::{GoVersion, fixtures, repository};

const IDS: [&str; 4] = [
    "blocked-site",
    "contention-profiling-off",
    "cpu-hot-spot",
    "lock-contention",
];

fn look(running: &Running, profile_seconds: Option<u32>) -> Explained {
    let options = Options {
        profile_seconds,
        // The machine may be busy.
        timeout: Duration::from_secs(30),
        ..Options::default()
    };
    let sources =
        [running.pid().to_string(), running.url()].map(|source| Source::parse(&source).unwrap());
    explain(&capture(&sources, &options, &mut |_| {}).unwrap())
}

/// Writes the place of the one line of a program that holds a text.
fn place(program: &str, function: &str, line: &str) -> String {
    let path = repository().join("testbed").join(program).join("main.go");
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<usize> = (1..)
        .zip(text.lines())
        .filter(|(_, found)| found.contains(line))
        .map(|(number, _)| number)
        .collect();
    let [number] = lines[..] else {
        panic!("{line} stands in the lines {lines:?} of {program}");
    };
    format!("{function} (main.go:{number})")
}

fn found<'a>(explanation: &'a Explanation, id: &str) -> &'a Finding {
    explanation.finding(id).unwrap_or_else(|| {
        let titles: Vec<_> = explanation.findings.iter().map(|f| &f.title).collect();
        panic!("no {id} in {titles:#?}; missing {:#?}", explanation.missing)
    })
}

fn number(finding: &Finding, name: &str) -> f64 {
    match finding
        .evidence
        .iter()
        .find(|row| row.name == name)
        .map(|row| &row.value)
    {
        Some(Value::Real(number)) => *number,
        Some(Value::Integer(number)) => *number as f64,
        other => panic!("{name} is {other:?}: {finding:#?}"),
    }
}

#[test]
fn a_log_lock_that_all_handlers_share_is_named_with_its_line() {
    for version in GoVersion::LIVE {
        let running = Program::new("lock", version)
            .argument("-profile")
            .start()
            .unwrap();
        let first = look(&running, None);
        let second = look(&running, Some(2));
        let finding = found(&second.explanation, "lock-contention");
        let place = place("lock", "main.(*journal).write", "j.mu.Unlock()");
        assert!(finding.title.contains(&place), "{}", finding.title);
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.confidence, Confidence::Certain, "{finding:#?}");
        // One of the 40 clients holds it, and some are on their way.
        let waiting = number(finding, "waiting at a time");
        assert!((20.0..60.0).contains(&waiting), "{finding:#?}");
        assert!((10.0..=40.0).contains(&number(finding, "waiting now")));
        assert!(
            second
                .explanation
                .finding("contention-profiling-off")
                .is_none()
        );
        assert!(second.explanation.finding("blocked-site").is_none());

        // Two captures tell as much as one that waits.
        let compared = difference(&first, &second);
        let between = compared.findings.iter().find(|f| f.id == "lock-contention");
        assert!(
            between.is_some_and(|f| f.title.contains(&place)),
            "{compared:#?}"
        );
    }
}

#[test]
fn a_lock_that_nobody_records_is_named_and_the_switch_is_told() {
    for version in GoVersion::LIVE {
        let running = Program::new("lock", version).start().unwrap();
        let explanation = look(&running, None).explanation;
        let finding = found(&explanation, "contention-profiling-off");
        let place = place("lock", "main.(*journal).write", "j.mu.Lock()");
        assert!(finding.title.contains(&place), "{}", finding.title);
        assert_eq!(finding.confidence, Confidence::Certain, "{finding:#?}");
        assert!(
            finding
                .action
                .contains("runtime.SetMutexProfileFraction(100)")
        );
        assert!(number(finding, "at this lock") >= 10.0);
        assert!(explanation.finding("lock-contention").is_none());
    }
}

#[test]
fn a_send_that_nobody_takes_is_named_and_idle_workers_are_not() {
    for version in GoVersion::LIVE {
        let running = Program::new("slow_consumer", version).start().unwrap();
        let explanation = look(&running, Some(2)).explanation;
        let finding = found(&explanation, "blocked-site");
        let place = place("slow_consumer", "main.produce", "readings <- value");
        assert!(finding.title.contains(&place), "{}", finding.title);
        let waiting = number(finding, "waiting at a time");
        assert!((10.0..30.0).contains(&waiting), "{finding:#?}");
        assert!(number(finding, "set aside: idle workers and the runtime") > 0.0);
        assert!(explanation.finding("lock-contention").is_none());
    }
}

#[test]
fn a_hot_line_is_named_with_the_error_of_its_share() {
    for version in GoVersion::LIVE {
        let running = Program::new("hot_function", version).start().unwrap();
        // On a busy machine a hundred samples take longer.
        let explanation = [2, 10, 40]
            .into_iter()
            .map(|seconds| look(&running, Some(seconds)).explanation)
            .find(|explanation| explanation.finding("cpu-hot-spot").is_some())
            .expect("a hot spot");
        let finding = found(&explanation, "cpu-hot-spot");
        let place = place("hot_function", "main.digest", "sha256.Sum256(last[:])");
        assert!(finding.title.starts_with(&place), "{}", finding.title);
        assert!(
            finding.detail.contains("95 % confidence"),
            "{}",
            finding.detail
        );
        assert!(number(finding, "samples here") > 0.8 * number(finding, "samples"));
    }
}

/// The recorded program contends a lock once, for 194 ms: a fact, no finding.
#[test]
fn one_long_wait_is_no_contention() {
    for version in GoVersion::RECORDED {
        let mut capture = Capture::new();
        for (kind, file) in [
            (Kind::Mutex, "mutex.pb.gz"),
            (Kind::Mutex, "mutex_debug1.txt"),
            (Kind::Block, "block.pb.gz"),
            (Kind::Block, "block_debug1.txt"),
            (Kind::Goroutine, "goroutine.pb.gz"),
        ] {
            let bytes = fixtures::read(&fixtures::format(version, file));
            capture.push(Artefact::new(kind, file, bytes));
        }
        let explanation = explain(&capture).explanation;
        let of_time: Vec<_> = explanation
            .findings
            .iter()
            .filter(|finding| IDS.contains(&finding.id))
            .collect();
        assert!(of_time.is_empty(), "{version}: {of_time:#?}");
        let damaged = explanation.missing.iter().find(|row| row.hint.is_none());
        assert!(damaged.is_none(), "{version}: {damaged:?}");
    }
}

/// Nobody knows over what time a single profile was added up.
#[test]
fn a_saved_profile_alone_makes_a_possibility_and_goroutines_make_it_likely() {
    let whole = incident("lock");
    let with = |kinds: &[Kind]| {
        let mut capture = Capture::new();
        for artefact in &whole.artefacts {
            if kinds.contains(&artefact.kind) && artefact.round == 0 {
                capture.push(artefact.clone());
            }
        }
        explain(&capture).explanation
    };
    let alone = with(&[Kind::Mutex]);
    let finding = found(&alone, "lock-contention");
    assert_eq!(
        (finding.severity, finding.confidence),
        (Severity::Info, Confidence::Possible)
    );
    assert!(finding.title.contains("(main.go:45)"), "{}", finding.title);
    let queue = with(&[Kind::Mutex, Kind::Goroutine]);
    let finding = found(&queue, "lock-contention");
    assert_eq!(
        (finding.severity, finding.confidence),
        (Severity::Warning, Confidence::Likely)
    );
    // Without a mutex profile the block profile names the line that waits.
    let waiting = with(&[Kind::Block, Kind::Goroutine]);
    let finding = found(&waiting, "lock-contention");
    assert!(finding.title.contains("(main.go:43)"), "{}", finding.title);
}

#[test]
fn the_page_on_time_has_every_rule_as_it_is() {
    let path = repository().join("docs/time.md");
    let page = std::fs::read_to_string(path).unwrap();
    for rule in RULES.iter().filter(|rule| IDS.contains(&rule.doc.id)) {
        assert!(
            page.contains(&format!("## `{}`", rule.doc.id)),
            "{}",
            rule.doc.id
        );
        assert!(page.contains(rule.doc.checks), "{}", rule.doc.checks);
    }
}
