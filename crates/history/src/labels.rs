//! What names a target, and what chooses among targets.

use std::fmt;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The labels of a target: names with their values, sorted by name, each name once.
///
/// ```
/// use fathom_history::Labels;
///
/// let labels = Labels::new([("job", "shop"), ("instance", "10.0.0.7:6060")]);
/// assert_eq!(labels.get("job"), Some("shop"));
/// assert_eq!(labels.to_string(), r#"{instance="10.0.0.7:6060", job="shop"}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "std::collections::BTreeMap<String, String>")]
#[serde(into = "std::collections::BTreeMap<String, String>")]
pub struct Labels(Vec<(String, String)>);

impl Labels {
    /// Sorts labels by name; of those with one name the last counts.
    pub fn new<N: Into<String>, V: Into<String>>(labels: impl IntoIterator<Item = (N, V)>) -> Self {
        let labels: std::collections::BTreeMap<String, String> = labels
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        labels.into()
    }

    /// Finds the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(name));
        at.ok().map(|at| self.0[at].1.as_str())
    }

    /// Goes through names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<std::collections::BTreeMap<String, String>> for Labels {
    fn from(map: std::collections::BTreeMap<String, String>) -> Self {
        Self(map.into_iter().collect())
    }
}

impl From<Labels> for std::collections::BTreeMap<String, String> {
    fn from(labels: Labels) -> Self {
        labels.0.into_iter().collect()
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(formatter, "{separator}{name}={value:?}")?;
        }
        formatter.write_str("}")
    }
}

/// How a label's value is compared.
#[derive(Clone, Debug)]
enum Test {
    Equal(String),
    NotEqual(String),
    Matches(Regex),
    NotMatches(Regex),
}

/// Chooses targets by their labels: all conditions must hold. A label that a target lacks
/// counts as empty.
///
/// ```
/// use fathom_history::{Labels, Selector};
///
/// let shop = Labels::new([("job", "shop"), ("instance", "a:6060")]);
/// let selector = Selector::all().equal("job", "shop").matches("instance", "a:.*")?;
/// assert!(selector.chooses(&shop));
/// assert!(!selector.not_equal("instance", "a:6060").chooses(&shop));
/// # Ok::<(), fathom_history::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selector(Vec<(String, Test)>);

impl Selector {
    /// Chooses every target.
    pub fn all() -> Self {
        Self::default()
    }

    /// Chooses the target with exactly these labels' values (and perhaps further labels).
    pub fn of(labels: &Labels) -> Self {
        labels.iter().fold(Self::all(), |selector, (name, value)| {
            selector.equal(name, value)
        })
    }

    fn and(mut self, name: impl Into<String>, test: Test) -> Self {
        self.0.push((name.into(), test));
        self
    }

    /// Asks that a label has this value.
    #[must_use]
    pub fn equal(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.and(name, Test::Equal(value.into()))
    }

    /// Asks that a label has another value.
    #[must_use]
    pub fn not_equal(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.and(name, Test::NotEqual(value.into()))
    }

    /// Asks that a regular expression matches the whole value.
    ///
    /// # Errors
    ///
    /// When the expression is none.
    pub fn matches(self, name: impl Into<String>, pattern: &str) -> Result<Self> {
        Ok(self.and(name, Test::Matches(anchored(pattern)?)))
    }

    /// Asks that a regular expression does not match the whole value.
    ///
    /// # Errors
    ///
    /// When the expression is none.
    pub fn not_matches(self, name: impl Into<String>, pattern: &str) -> Result<Self> {
        Ok(self.and(name, Test::NotMatches(anchored(pattern)?)))
    }

    /// Whether all conditions hold for these labels.
    pub fn chooses(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(name, test)| {
            let value = labels.get(name).unwrap_or("");
            match test {
                Test::Equal(wanted) => value == wanted,
                Test::NotEqual(unwanted) => value != unwanted,
                Test::Matches(pattern) => pattern.is_match(value),
                Test::NotMatches(pattern) => !pattern.is_match(value),
            }
        })
    }
}

fn anchored(pattern: &str) -> Result<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
        Error::unsuitable(format!(
            "{pattern:?} is no regular expression: {error}; quote special characters with \\"
        ))
    })
}
