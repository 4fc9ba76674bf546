//! Multiplying the values of a profile.

use crate::error::Error;
use crate::merge::{Source, merge_sources};
use crate::options::Defects;
use crate::profile::Profile;

/// Multiplies all values by `factor`, rounding half away from 0 as pprof's `Scale`; samples
/// that become 0 are dropped, and equal samples joined.
///
/// # Errors
///
/// [`Error::Incompatible`] when the profile has no sample types.
pub fn scale(profile: &Profile, factor: f64) -> Result<Profile, Error> {
    scale_columns(profile, &vec![factor; profile.sample_types().len()])
}

/// Multiplies each column by its own factor; a missing factor is 1.
///
/// # Errors
///
/// As [`scale`].
pub fn scale_columns(profile: &Profile, factors: &[f64]) -> Result<Profile, Error> {
    let source = Source {
        ratios: factors.to_vec(),
        ..Source::plain(profile)
    };
    merge_sources(&[source], Defects::Corrected)
}
