//! The units of numeric labels.

use std::collections::{BTreeMap, BTreeSet};

use fathom_profile::{LabelRefValue, Profile};

/// One unit for each key of a numeric label: the first that a sample gives, else what the
/// key suggests (google/pprof `profile/profile.go`, `NumLabelUnits`).
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelUnits {
    units: BTreeMap<String, String>,
    /// Further units under a key.
    ignored: BTreeMap<String, BTreeSet<String>>,
}

impl LabelUnits {
    /// Collects the units in one pass over the labels.
    pub(crate) fn new(profile: &Profile) -> Self {
        let mut found: BTreeMap<&str, &str> = BTreeMap::new();
        let mut ignored: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        // Labels of one program repeat: most are those of the sample before.
        let mut last = ("", "");
        for sample in 0..profile.sample_count() {
            for label in profile.labels(sample) {
                let LabelRefValue::Number { unit, .. } = label.value else {
                    continue;
                };
                if (label.key, unit) == last {
                    continue;
                }
                last = (label.key, unit);
                let known = found.entry(label.key).or_insert("");
                if unit.is_empty() || *known == unit {
                    continue;
                }
                if known.is_empty() {
                    *known = unit;
                } else {
                    let units = ignored.entry(label.key.to_owned()).or_default();
                    units.insert(unit.to_owned());
                }
            }
        }
        let units = found.into_iter().map(|(key, unit)| {
            let unit = match (unit, key) {
                ("", "alignment" | "request") => "bytes",
                ("", key) => key,
                (unit, _) => unit,
            };
            (key.to_owned(), unit.to_owned())
        });
        Self {
            units: units.collect(),
            ignored,
        }
    }

    /// The unit of a key; empty for a key that no numeric label has.
    pub(crate) fn of(&self, key: &str) -> &str {
        self.units.get(key).map_or("", String::as_str)
    }

    /// Says of which keys some units are not taken into account.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.ignored.iter().map(|(key, units)| {
            let units: Vec<&str> = units.iter().map(String::as_str).collect();
            format!(
                "For tag {key} used unit {}, also encountered unit(s) {}",
                self.of(key),
                units.join(", ")
            )
        });
        notes.collect()
    }
}
