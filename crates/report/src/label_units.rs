//! The units of numeric labels.

use std::collections::BTreeMap;

use fathom_profile::Profile;
use fathom_profile::units::label_units;

/// What [`label_units`] finds, apart from the profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelUnits {
    units: BTreeMap<String, String>,
    /// Further units under a key.
    ignored: BTreeMap<String, Vec<String>>,
}

impl LabelUnits {
    /// Collects the units in one pass over the labels.
    pub(crate) fn new(profile: &Profile) -> Self {
        let found = label_units(profile);
        let units = found.units.into_iter();
        let ignored = found.ignored.into_iter();
        let owned = |units: Vec<&str>| units.into_iter().map(str::to_owned).collect();
        Self {
            units: units
                .map(|(key, unit)| (key.to_owned(), unit.to_owned()))
                .collect(),
            ignored: ignored
                .map(|(key, units)| (key.to_owned(), owned(units)))
                .collect(),
        }
    }

    /// The unit of a key; empty for a key that no numeric label has.
    pub(crate) fn of(&self, key: &str) -> &str {
        self.units.get(key).map_or("", String::as_str)
    }

    /// Says of which keys some units are not taken into account.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.ignored.iter().map(|(key, units)| {
            format!(
                "For tag {key} used unit {}, also encountered unit(s) {}",
                self.of(key),
                units.join(", ")
            )
        });
        notes.collect()
    }
}
