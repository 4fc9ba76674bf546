//! The totals of a profile.

use fathom_profile::Profile;

use crate::{Kind, Reading, Unit, Value};

/// Makes a reading of the total of each sample type, named `profile.<profile>.<sample type>`.
///
/// The types of a heap profile that begin with `alloc_`, and those of the mutex and block
/// profiles, add up since the start. Those of a CPU profile are its own, and no series.
pub fn profile_readings(name: &str, profile: &Profile) -> Vec<Reading> {
    if name == "cpu" || name == "profile" {
        return Vec::new();
    }
    (0..profile.sample_types().len())
        .map(|column| {
            let (label, unit) = profile.sample_type(column);
            let (unit, scale) = match unit {
                "bytes" => (Unit::Bytes, 1.0),
                "nanoseconds" => (Unit::Seconds, 1e-9),
                "count" => (Unit::Count, 1.0),
                _ => (Unit::Unknown, 1.0),
            };
            let adds_up = label.starts_with("alloc_") || matches!(name, "mutex" | "block");
            Reading {
                name: format!("profile.{name}.{label}"),
                kind: if adds_up { Kind::Counter } else { Kind::Gauge },
                unit,
                value: Value::Number(profile.column_sum(column) as f64 * scale),
            }
        })
        .collect()
}
