//! Every recorded case is recognised, and nothing else alarms.

use crate::recorded::{Look, expected, explanation};
use fathom_explain::Explanation;
use fathom_finding::Severity;
use fathom_testkit::fixtures::Cause;

fn assert_recognised(cause: Cause, look: Look) {
    let explanation = explanation(cause, look);
    let id = expected(cause);
    let ids: Vec<_> = explanation
        .findings
        .iter()
        .map(|finding| (finding.id, finding.severity, finding.bytes >> 20))
        .collect();
    let place = explanation
        .findings
        .iter()
        .position(|finding| finding.id == id)
        .unwrap_or_else(|| panic!("{}: no {id} in {ids:?}", cause.name()));
    assert!(place < 2, "{}: {id} stands behind {ids:?}", cause.name());
    let alarms: Vec<_> = explanation
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info && finding.id != id)
        .map(|finding| finding.id)
        .collect();
    assert!(alarms.is_empty(), "{}: {alarms:?} alarm too", cause.name());
}

#[test]
fn every_case_is_recognised_at_first_look() {
    for cause in Cause::all() {
        assert_recognised(cause, Look::First);
    }
}

#[test]
fn every_case_is_recognised_with_a_forced_collection() {
    for cause in Cause::all() {
        assert_recognised(cause, Look::WithGc);
    }
}

/// Without runtime/metrics the live heap, GOMEMLIMIT and the collector's CPU
/// time are unknown: one cause becomes undecidable, and the explanation says so.
#[test]
fn without_vars_the_rest_is_recognised_and_the_gap_is_named() {
    let mut undecided = Vec::new();
    for cause in Cause::all() {
        let explanation = explanation(cause, Look::WithoutVars);
        let id = expected(cause);
        let found = explanation.finding(&id).is_some();
        if !found {
            undecided.push(cause.name());
            assert!(
                names_undecided(&explanation, &id),
                "{}: {id} is neither found nor called undecidable",
                cause.name()
            );
        }
        let alarms: Vec<_> = explanation
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info && finding.id != id)
            .map(|finding| finding.id)
            .collect();
        assert!(alarms.is_empty(), "{}: {alarms:?} alarm", cause.name());
    }
    assert_eq!(undecided, ["memlimit_thrash"]);
}

fn names_undecided(explanation: &Explanation, id: &str) -> bool {
    explanation.missing.iter().any(|row| row.why.contains(id))
}

#[test]
fn every_recorded_artefact_is_understood() {
    for cause in Cause::all() {
        let damaged: Vec<_> = explanation(cause, Look::WithGc)
            .missing
            .into_iter()
            .filter(|row| row.hint.is_none())
            // These two texts of 100 MB were cut when they were recorded.
            .filter(|row| cause != Cause::ProfileBuckets || !row.what.starts_with("heap"))
            .collect();
        assert!(damaged.is_empty(), "{}: {damaged:?}", cause.name());
    }
}

#[test]
fn headroom_is_never_an_alarm() {
    for look in [
        Look::First,
        Look::WithGc,
        Look::WithoutVars,
        Look::KernelOnly,
        Look::RuntimeOnly,
    ] {
        let explanation = explanation(Cause::GogcHeadroom, look);
        assert!(
            explanation
                .findings
                .iter()
                .all(|finding| finding.severity == Severity::Info)
        );
    }
}

#[test]
fn always_calm_findings_are_info() {
    let calm = [
        "profile-stale",
        "sampling-error",
        "profiling-rate",
        "virtual-reservation",
        "untouched-heap",
        "gc-headroom",
        "healthy",
        "dominant-allocation-site",
    ];
    for cause in Cause::all() {
        for look in [
            Look::First,
            Look::WithGc,
            Look::WithoutVars,
            Look::KernelOnly,
            Look::RuntimeOnly,
        ] {
            for finding in explanation(cause, look).findings {
                if calm.contains(&finding.id) {
                    assert_eq!(finding.severity, Severity::Info, "{}", finding.id);
                }
            }
        }
    }
}

#[test]
fn the_table_is_what_people_read() {
    let mut lines = Vec::new();
    for cause in Cause::all() {
        lines.push(cause.name().to_owned());
        for finding in explanation(cause, Look::First).findings {
            lines.push(format!(
                "  {:?} {:?} {}: {}",
                finding.severity, finding.confidence, finding.id, finding.title
            ));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
