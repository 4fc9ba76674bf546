//! Regular expressions that are compiled when first used.

use std::sync::OnceLock;

use regex::{Captures, Regex};

/// A constant regular expression. Classes are spelled out in it: Go's `\d` and `\s` are
/// ASCII, and its `\s` has no vertical tab.
pub(crate) struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// Returns the groups of the leftmost match.
    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        // A pattern that does not compile matches nothing; tests compile each of them.
        let compiled = self.compiled.get_or_init(|| Regex::new(self.text).ok());
        compiled.as_ref()?.captures(text)
    }

    /// Whether it compiles.
    #[cfg(test)]
    pub(crate) fn is_valid(&self) -> bool {
        Regex::new(self.text).is_ok()
    }
}

/// Returns the text of a group; empty when it took no part in the match.
pub(crate) fn group<'t>(captures: &Captures<'t>, index: usize) -> &'t str {
    captures.get(index).map_or("", |found| found.as_str())
}
