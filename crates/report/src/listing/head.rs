//! What stands above listings, and how their numbers are written.

use fathom_profile::measurement;
use serde::Serialize;

use crate::Heading;
use crate::head::percent;
use crate::scope::Scope;

/// What stands above a listing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListingHead {
    /// What the profile says of itself.
    pub heading: Heading,
    /// The unit in which numbers are written; `minimum` and `auto` choose for each.
    pub display_unit: String,
    /// What values are divided by when they are written.
    pub divide_by: f64,
    /// What percentages are of, in the unit of the heading.
    pub total: i64,
}

impl ListingHead {
    pub(super) fn new(scope: &Scope<'_>) -> Self {
        Self {
            heading: scope.heading.clone(),
            display_unit: scope.unit.clone(),
            divide_by: scope.options.divide_by,
            total: scope.total,
        }
    }

    /// Writes a value as pprof does.
    pub fn format(&self, value: i64) -> String {
        self.heading
            .format(value, self.divide_by, &self.display_unit)
    }

    /// Writes a value as pprof does, and 0 as a dot.
    pub fn format_or_dot(&self, value: i64) -> String {
        if value == 0 {
            ".".to_owned()
        } else {
            self.format(value)
        }
    }

    /// Writes a share of the total as pprof does.
    pub fn percentage(&self, value: i64) -> String {
        measurement::percentage(value, self.total)
    }

    /// A share of the total in percent.
    pub(super) fn percent(&self, value: i64) -> f64 {
        percent(value, self.total)
    }
}
