//! Every rule has a case that triggers it and one that must not.

use crate::recorded::{Look, capture, incident};
use fathom_explain::{Check, Explained, RULES, explain};
use fathom_finding::{Rule, Severity};
use fathom_testkit::fixtures::Cause;

fn explained(case: &str) -> Explained {
    match Cause::named(case) {
        Some(recorded) => explain(&capture(recorded, Look::First)),
        None => explain(&incident(case)),
    }
}

fn fires(rule: &Check, case: &str) -> bool {
    rule.check(&explained(case).situation).is_some()
}

#[test]
fn every_rule_fires_on_its_case_and_not_on_the_other() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let id = rule.doc.id;
        if !fires(rule, rule.triggered_by) {
            wrong.push(format!("{id} misses {}", rule.triggered_by));
        }
        if fires(rule, rule.spared) {
            wrong.push(format!("{id} fires on {}", rule.spared));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ids_are_unique_and_words_are_there() {
    let mut ids: Vec<_> = RULES.iter().map(|rule| rule.doc.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    for rule in RULES {
        assert!(!rule.doc.checks.is_empty() && !rule.doc.source.is_empty());
        assert!(!rule.needs.is_empty());
    }
}

#[test]
fn every_finding_says_what_to_do_and_how_to_check() {
    for cause in Cause::all() {
        for finding in explain(&capture(cause, Look::First)).explanation.findings {
            for text in [
                &finding.title,
                &finding.detail,
                &finding.action,
                &finding.verify,
            ] {
                assert!(!text.is_empty(), "{}: an empty sentence", finding.id);
            }
            assert!(!finding.title.ends_with('.'), "{}", finding.title);
        }
    }
}

#[test]
fn a_quiet_process_is_healthy_and_a_wasteful_one_is_not() {
    let finding = |case| explained(case).explanation.finding("healthy").is_some();
    assert!(finding("healthy"));
    assert!(!finding("idle_retained"));
    assert!(!finding("slice_retention"));
}

#[test]
fn the_demo_shows_an_incident_with_four_causes() {
    let explanation = explained("orders").explanation;
    let alarms: Vec<_> = explanation
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info)
        .map(|finding| finding.id)
        .collect();
    assert_eq!(
        alarms,
        ["heap-idle-retained", "non-go-memory", "goroutine-leak"]
    );
    assert!(explanation.sites[0].place.starts_with("main.parseOrder"));
}
