//! The labels that tell one target from another.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};

/// The labels of a target: names and values, sorted by name. A label whose value is empty is the
/// same as none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(BTreeMap<String, String>);

/// Prefix of labels that serve discovery and relabelling and end with them.
const INTERNAL: &str = "__";

impl Labels {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a label; the empty text if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Sets a label; the empty value removes it.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        if value.is_empty() {
            self.0.remove(&name);
        } else {
            self.0.insert(name, value);
        }
    }

    /// Sets a label that has no value yet.
    pub fn set_default(&mut self, name: &str, value: &str) {
        if self.get(name).is_empty() {
            self.set(name, value);
        }
    }

    /// Keeps the labels whose name passes.
    pub fn retain_names(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|name, _| keep(name));
    }

    /// Returns the labels that are a target's own: all but those that begin with two underscores.
    #[must_use]
    pub fn public(&self) -> Self {
        let mut public = self.clone();
        public.retain_names(|name| !name.starts_with(INTERNAL));
        public
    }

    /// The labels in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number of labels.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number that is the same for the same labels in every run and on every machine.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fingerprint::default();
        for (name, value) in self.iter() {
            hash.add(name.as_bytes());
            hash.add(value.as_bytes());
        }
        hash.finish()
    }
}

/// Whether a text can be the name of a label.
pub fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl FromIterator<(String, String)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut labels = Self::new();
        for (name, value) in pairs {
            labels.set(name, value);
        }
        labels
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = BTreeMap::<String, String>::deserialize(deserializer)?;
        if let Some(name) = pairs.keys().find(|name| !is_label_name(name)) {
            return Err(serde::de::Error::custom(format_args!(
                "{name:?} is no name of a label: letters, digits and _, no digit first"
            )));
        }
        Ok(pairs.into_iter().collect())
    }
}

impl fmt::Display for Labels {
    /// Writes `{job="api", instance="host:6060"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

/// A hash that stays the same over versions, unlike that of the standard library: FNV-1a with the
/// finisher of `SplitMix64`, so that all bits depend on all bytes.
#[derive(Clone)]
pub(crate) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Adds bytes and an end that no UTF-8 has.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) fn finish(&self) -> u64 {
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// Mixes a number into a hash.
pub(crate) fn mixed(hash: u64, number: u64) -> u64 {
    let mut fingerprint = Fingerprint(hash);
    fingerprint.add(&number.to_le_bytes());
    fingerprint.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn an_empty_value_is_no_label() {
        let mut some = labels(&[("a", "1"), ("b", "")]);
        assert_eq!(some.len(), 1);
        some.set("a", "");
        assert!(some.is_empty());
        assert_eq!(some.get("a"), "");
    }

    #[test]
    fn the_fingerprint_does_not_change_over_versions() {
        // A change moves every target to another moment of its interval.
        let one = labels(&[("instance", "a:1"), ("job", "x")]);
        assert_eq!(
            one.fingerprint(),
            labels(&[("job", "x"), ("instance", "a:1")]).fingerprint()
        );
        assert_ne!(
            one.fingerprint(),
            labels(&[("instance", "a:1x"), ("job", "")]).fingerprint()
        );
        assert_eq!(Labels::new().fingerprint(), 0xf52a_15e9_a9b5_e89b);
    }

    #[test]
    fn internal_labels_are_not_public() {
        let all = labels(&[("__address__", "a:1"), ("__meta_x", "y"), ("job", "z")]);
        assert_eq!(all.public().to_string(), "{job=\"z\"}");
    }
}
