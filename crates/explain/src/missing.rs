//! What was not taken or not understood, and why.

use fathom_evidence::{Artefact, Missing};
use std::fmt::Display;

/// Collects gaps while a capture is parsed.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    rows: Vec<Missing>,
}

impl Gaps {
    pub(crate) fn new(rows: Vec<Missing>) -> Self {
        Self { rows }
    }

    /// Returns the value of a successful parse; notes a failure.
    pub(crate) fn keep<T, E: Display>(
        &mut self,
        artefact: &Artefact,
        parsed: Result<T, E>,
    ) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(error) => {
                self.damaged(artefact, &error);
                None
            }
        }
    }

    /// Notes an artefact that cannot be used.
    pub(crate) fn damaged(&mut self, artefact: &Artefact, why: &dyn Display) {
        let row = Missing::new(artefact.name.clone(), why.to_string());
        if !self.rows.contains(&row) {
            self.rows.push(row);
        }
    }

    /// Notes something that the evidence cannot decide.
    pub(crate) fn undecidable(&mut self, what: &str, why: &str, hint: &str) {
        self.rows.push(Missing::new(what, why).with_hint(hint));
    }

    pub(crate) fn into_rows(self) -> Vec<Missing> {
        self.rows
    }
}
