//! What a flame graph says of its profile.

use fathom_profile::{Profile, measurement};
use jiff::tz::TimeZone;

use super::{Flame, FlameOptions};
use crate::graph::Dropped;
use crate::head::{Head, profile_lines};
use crate::scope::{Scope, ratio};

/// The filters of a report, as `name=value`.
pub(super) fn filters(scope: &Scope<'_>) -> Vec<String> {
    Head::new(scope, &[], Dropped::default()).filters
}

/// The unit of all values: a flame graph's range from the whole to next to nothing, so that
/// each is written in its own unless the options name one.
pub(super) fn unit(scope: &Scope<'_>) -> String {
    if scope.unit == "minimum" {
        "auto".to_owned()
    } else {
        scope.unit.clone()
    }
}

/// What the new profile and the base hold before any filter.
pub(super) fn two_totals(profile: &Profile, scope: &Scope<'_>) -> (i64, i64) {
    let (mut new, mut base) = (0_i64, 0_i64);
    for sample in 0..profile.sample_count() {
        let value = profile.value(sample, scope.column);
        if value < 0 || profile.is_base_sample(sample) {
            base = base.saturating_add(value.saturating_abs());
        } else {
            new = new.saturating_add(value);
        }
    }
    (new, base)
}

/// One unit in which values may be written.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(super) struct Unit {
    /// The least value that is written in it.
    pub(super) from: f64,
    /// How much one is.
    pub(super) size: f64,
    pub(super) name: String,
}

impl Flame {
    /// Writes a value in the unit of the options, as pprof does.
    pub fn format(&self, value: i64) -> String {
        self.heading
            .format(value, self.divide_by, &self.display_unit)
    }

    /// Writes a share of the total.
    pub fn percentage(&self, value: i64) -> String {
        measurement::percentage(value, self.total).trim().to_owned()
    }

    fn ratio(&self) -> f64 {
        ratio(self.divide_by).unwrap_or(1.0)
    }

    /// The units in which values are written, smallest first: found by asking for the labels
    /// of ever larger values, so that a page writes what reports write.
    pub(super) fn units(&self) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        let mut value = 1_i64;
        loop {
            for value in [value, value.saturating_add(value / 2)] {
                let from = &self.heading.sample_unit;
                let (scaled, name) = measurement::scale(value, from, &self.display_unit);
                let is_known = units.iter().any(|unit| unit.name == name);
                if scaled != 0.0 && !is_known {
                    let size = value as f64 / scaled;
                    units.push(Unit {
                        from: size / self.ratio(),
                        size: size / self.ratio(),
                        name: name.to_owned(),
                    });
                }
            }
            match value.checked_mul(2) {
                Some(next) => value = next,
                None => return units,
            }
        }
    }

    /// The title of a page.
    pub(super) fn title(&self, options: &FlameOptions) -> String {
        if !options.title.is_empty() {
            return options.title.clone();
        }
        let kind = &self.heading.sample_type;
        let file = if self.heading.file.is_empty() {
            "profile"
        } else {
            &self.heading.file
        };
        if self.is_difference() {
            format!("{file}: {kind}, difference")
        } else {
            format!("{file}: {kind}")
        }
    }

    /// What stands above the frames: the profile, filters, what is left out.
    pub(super) fn lines(&self, zone: &TimeZone) -> Vec<String> {
        let format = |value| self.format(value);
        let mut lines = profile_lines(&self.heading, self.total, zone, &format);
        if let Some(base) = self.base_total {
            let change = self.total.saturating_sub(base);
            let sign = if change < 0 { "" } else { "+" };
            lines.push(format!(
                "Base {}, new {} ({sign}{})",
                self.format(base),
                self.format(self.total),
                self.format(change)
            ));
        }
        if !self.filters.is_empty() {
            lines.push(format!("Active filters: {}", self.filters.join(", ")));
        }
        lines.extend(self.left_out_summary());
        lines
    }

    /// Tells what is left out; nothing when nothing is.
    pub fn left_out_summary(&self) -> Option<String> {
        let left_out = &self.left_out;
        (left_out.frames > 0).then(|| {
            let plural = if left_out.frames == 1 { "" } else { "s" };
            format!(
                "{} frame{plural} below {} left out with their callees, {} ({})",
                left_out.frames,
                self.format(left_out.below),
                self.format(left_out.value),
                self.percentage(left_out.value)
            )
        })
    }
}
