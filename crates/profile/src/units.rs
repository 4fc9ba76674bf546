//! The units of numeric labels (`profile/profile.go`, `NumLabelUnits`).

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashSet;

use crate::profile::Profile;
use crate::tables::LabelValue;

/// The unit of each numeric label's key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelUnits<'p> {
    /// For each key its unit: the first that a sample gives; without any, `bytes` for
    /// `alignment` and `request`, else the key itself.
    pub units: BTreeMap<&'p str, &'p str>,
    /// For each key the other units that samples give, sorted. What they measure is shown
    /// as if it had the first unit.
    pub ignored: BTreeMap<&'p str, Vec<&'p str>>,
}

/// Finds the units of numeric labels.
///
/// ```
/// use fathom_profile::units::label_units;
/// use fathom_profile::{Limits, ProfileBuilder};
///
/// let mut builder = ProfileBuilder::new(&Limits::default());
/// builder.add_sample_type("space", "bytes")?;
/// let label = builder.number_label("size", 3, "kilobytes")?;
/// builder.add_sample(&[], &[3072], &[label])?;
/// let profile = builder.finish();
/// assert_eq!(label_units(&profile).units.get("size"), Some(&"kilobytes"));
/// # Ok::<(), fathom_profile::Error>(())
/// ```
pub fn label_units(profile: &Profile) -> LabelUnits<'_> {
    let mut seen = HashSet::new();
    let mut last = None;
    let mut found = LabelUnits::default();
    let mut ignored: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for label in (0..profile.sample_count()).flat_map(|sample| profile.label_rows(sample)) {
        let LabelValue::Number { unit, .. } = label.value else {
            continue;
        };
        // Labels of one program repeat: most are those of the sample before.
        if last == Some((label.key, unit)) {
            continue;
        }
        last = Some((label.key, unit));
        if !seen.insert((label.key, unit)) {
            continue;
        }
        let (key, unit) = (profile.text(label.key), profile.text(unit));
        let known = found.units.entry(key).or_default();
        if known.is_empty() {
            *known = unit;
        } else if !unit.is_empty() && *known != unit {
            ignored.entry(key).or_default().insert(unit);
        }
    }
    for (key, unit) in &mut found.units {
        if unit.is_empty() {
            *unit = match *key {
                "alignment" | "request" => "bytes",
                key => key,
            };
        }
    }
    found.ignored = ignored
        .into_iter()
        .map(|(key, units)| (key, units.into_iter().collect()))
        .collect();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::ProfileBuilder;
    use crate::limits::Limits;

    #[test]
    fn the_first_unit_counts() {
        let mut builder = ProfileBuilder::new(&Limits::small());
        builder.add_sample_type("space", "bytes").unwrap();
        for (key, unit) in [
            ("a", ""),
            ("a", "seconds"),
            ("a", "minutes"),
            ("a", "hours"),
            ("a", "seconds"),
            ("request", ""),
            ("b", ""),
        ] {
            let label = builder.number_label(key, 1, unit).unwrap();
            builder.add_sample(&[], &[1], &[label]).unwrap();
        }
        let text = builder.text_label("c", "no number").unwrap();
        builder.add_sample(&[], &[1], &[text]).unwrap();
        let profile = builder.finish();
        let found = label_units(&profile);
        let units: Vec<_> = found.units.into_iter().collect();
        assert_eq!(units, [("a", "seconds"), ("b", "b"), ("request", "bytes")]);
        let ignored: Vec<_> = found.ignored.into_iter().collect();
        assert_eq!(ignored, [("a", vec!["hours", "minutes"])]);
    }
}
