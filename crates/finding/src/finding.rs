//! One finding and the order in which findings are shown.

use serde::Serialize;
use std::cmp::Reverse;

/// Says how much a finding matters. The order is the order of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is wrong: this explains a number.
    Info,
    /// Something costs memory or time that need not be spent.
    Warning,
    /// The process is in danger, or already suffers.
    Critical,
}

/// Says how sure a finding is. The order is the order of certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The signature fits, and so would other causes.
    Possible,
    /// The signature fits, and the other known causes are less likely.
    Likely,
    /// The kernel or the runtime says so, or the arithmetic leaves no other cause.
    Certain,
}

/// The number (or word) of an evidence row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number in the row's unit.
    Integer(i64),
    /// A real number in the row's unit.
    Real(f64),
    /// A word, a function, a version.
    Text(String),
}

/// One row of evidence: what was read, and from where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// What was read, in the name that its source gives it (`HeapInuse`, `VmSwap`).
    pub name: String,
    /// The value, in `unit`.
    pub value: Value,
    /// `bytes`, `goroutines`, `percent`, … or empty for a word.
    pub unit: &'static str,
    /// The artefact that the value comes from (`smaps`, `heap profile`).
    pub artefact: String,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The stable id of the rule, such as `goroutine-leak`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The bytes that it explains; 0 where it is not about bytes.
    pub bytes: u64,
    /// How sure it is.
    pub confidence: Confidence,
    /// One sentence with numbers and units, without a full stop.
    pub title: String,
    /// What it means, in full sentences.
    pub detail: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What to do, in full sentences.
    pub action: String,
    /// How to check that the action worked.
    pub verify: String,
}

impl Finding {
    /// Makes a finding without text or evidence, to be filled by the methods below.
    pub fn new(id: &'static str, severity: Severity, confidence: Confidence) -> Self {
        Self {
            id,
            severity,
            bytes: 0,
            confidence,
            title: String::new(),
            detail: String::new(),
            evidence: Vec::new(),
            action: String::new(),
            verify: String::new(),
        }
    }

    /// Sets the bytes that the finding explains.
    #[must_use]
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the title: one sentence with numbers, without a full stop.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets what it means.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Sets what to do.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.action = action.into();
        self
    }

    /// Sets how to check that the action worked.
    #[must_use]
    pub fn verify(mut self, verify: impl Into<String>) -> Self {
        self.verify = verify.into();
        self
    }

    /// Adds a row of evidence in bytes.
    #[must_use]
    pub fn evidence_bytes(self, name: impl Into<String>, bytes: u64, artefact: &str) -> Self {
        self.evidence(name, Value::from(bytes), "bytes", artefact)
    }

    /// Adds a row of evidence.
    #[must_use]
    pub fn evidence(
        mut self,
        name: impl Into<String>,
        value: impl Into<Value>,
        unit: &'static str,
        artefact: &str,
    ) -> Self {
        self.evidence.push(Evidence {
            name: name.into(),
            value: value.into(),
            unit,
            artefact: artefact.to_owned(),
        });
        self
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Real(number as f64), Self::Integer)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<&str> for Value {
    fn from(word: &str) -> Self {
        Self::Text(word.to_owned())
    }
}

impl From<String> for Value {
    fn from(word: String) -> Self {
        Self::Text(word)
    }
}

/// Orders findings as they are shown: by severity, then bytes, then confidence,
/// then id, so that the same evidence always reads the same.
pub fn rank(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        (
            Reverse(finding.severity),
            Reverse(finding.bytes),
            Reverse(finding.confidence),
            finding.id,
        )
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_comes_before_bytes() {
        let ranked = rank(vec![
            Finding::new("b", Severity::Info, Confidence::Certain).bytes(900),
            Finding::new("a", Severity::Warning, Confidence::Possible).bytes(1),
        ]);
        assert_eq!(ranked[0].id, "a");
    }

    #[test]
    fn equal_findings_are_ordered_by_id() {
        let ranked = rank(vec![
            Finding::new("b", Severity::Info, Confidence::Certain),
            Finding::new("a", Severity::Info, Confidence::Certain),
        ]);
        assert_eq!(ranked[0].id, "a");
    }

    #[test]
    fn numbers_beyond_i64_stay_numbers() {
        assert_eq!(Value::from(u64::MAX), Value::Real(u64::MAX as f64));
        assert_eq!(Value::from(7_u64), Value::Integer(7));
    }
}
