//! What is wrong in a trace, as findings with evidence, an action and a check.
//!
//! A rule looks at a whole [`TraceView`]. What makes it speak is a number with a name in its
//! file, and the reason for that number beside it.

mod collector;
mod goroutines;
mod pauses;
mod scheduling;
mod whole;

use fathom_finding::{Finding, Rule, RuleDoc};

use crate::analyses::TraceView;

/// What evidence comes from.
const ARTEFACT: &str = "execution trace";

/// A rule over a trace.
#[derive(Debug)]
pub struct TraceRule {
    doc: RuleDoc,
    check: fn(&TraceView) -> Option<Finding>,
}

impl Rule<TraceView> for TraceRule {
    fn doc(&self) -> &RuleDoc {
        &self.doc
    }

    fn check(&self, view: &TraceView) -> Option<Finding> {
        (self.check)(view)
    }
}

/// All rules over traces.
pub const RULES: [&TraceRule; 9] = [
    &whole::DAMAGED,
    &pauses::LONG,
    &pauses::OFTEN,
    &collector::SHARE,
    &collector::ASSISTS,
    &scheduling::LATENCY,
    &scheduling::STARVED,
    &goroutines::FOREVER,
    &goroutines::PILE_UP,
];

/// What is wrong in a trace, what matters most first.
pub fn findings(view: &TraceView) -> Vec<Finding> {
    let rules = RULES.map(|rule| rule as &dyn Rule<TraceView>);
    fathom_finding::run(&rules, view)
}

/// A time for people: three digits and a unit.
fn time(nanoseconds: i64) -> String {
    let nanoseconds = nanoseconds as f64;
    let (value, unit) = match nanoseconds {
        ..1e3 => (nanoseconds, "ns"),
        1e3..1e6 => (nanoseconds / 1e3, "µs"),
        1e6..1e9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    let digits = match value {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// A part for people.
fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_parts_read_well() {
        assert_eq!(time(12), "12.0 ns");
        assert_eq!(time(1_234), "1.23 µs");
        assert_eq!(time(45_678_901), "45.7 ms");
        assert_eq!(time(250_000_000_000), "250 s");
        assert_eq!(percent(0.257), "25.7 %");
    }

    #[test]
    fn rules_have_their_own_ids() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.doc().id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        assert!(ids.iter().all(|id| id.starts_with("trace-")));
    }
}
