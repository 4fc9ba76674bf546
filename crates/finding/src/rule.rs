//! The rule trait: diagnosis as data.

use crate::finding::{Finding, rank};

/// The words of a rule that do not depend on what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleDoc {
    /// The stable id that findings carry.
    pub id: &'static str,
    /// What the rule looks for, as one sentence.
    pub checks: &'static str,
    /// Where the signature comes from: a file of the Go tree, an issue, a document.
    pub source: &'static str,
}

/// One diagnosis rule over a situation `S`.
pub trait Rule<S: ?Sized>: Sync {
    /// Returns the rule's constant words.
    fn doc(&self) -> &RuleDoc;

    /// Looks at the situation; `None` says that the signature is not there or
    /// that the evidence cannot tell.
    fn check(&self, situation: &S) -> Option<Finding>;
}

/// Runs every rule and ranks what they found.
pub fn run<S: ?Sized>(rules: &[&dyn Rule<S>], situation: &S) -> Vec<Finding> {
    rank(
        rules
            .iter()
            .filter_map(|rule| rule.check(situation))
            .collect(),
    )
}
