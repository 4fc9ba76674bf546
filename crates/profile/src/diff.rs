//! The difference of two profiles: pprof's `-base` and `-diff_base`.

use crate::error::Error;
use crate::merge::{Source, merge_sources};
use crate::options::Defects;
use crate::profile::Profile;

/// Which difference is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiffMode {
    /// `-base`: the base is subtracted sample by sample, as for two readings of one
    /// counter. Percentages are of what is left.
    Base,
    /// `-diff_base`: the samples of the base stay apart, negative and labelled
    /// [`BASE_LABEL`](crate::BASE_LABEL), as for two measurements. Percentages are of the
    /// base ([`Profile::column_total`]).
    DiffBase,
}

/// Whether the profile is scaled to the base before it is subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Normalize {
    /// Values are taken as they are.
    #[default]
    No,
    /// `-normalize`: each column is multiplied so that its sum is that of the base.
    Yes,
}

/// Subtracts `base` from `profile`; what cancels out is dropped.
///
/// Sample types, units and samples are brought together as [`merge`](crate::merge::merge)
/// does; the duration is the sum of both.
///
/// # Errors
///
/// As [`merge`](crate::merge::merge).
///
/// ```
/// use fathom_profile::diff::{DiffMode, Normalize, subtract};
/// use fathom_profile::{Limits, Profile};
///
/// let limits = Limits::default();
/// let before = Profile::parse(b"a;b 10\na;c 5\n", &limits)?;
/// let after = Profile::parse(b"a;b 17\na;c 5\n", &limits)?;
/// let growth = subtract(&after, &before, DiffMode::Base, Normalize::No)?;
/// assert_eq!(growth.values(0), [7]);
/// # Ok::<(), fathom_profile::Error>(())
/// ```
pub fn subtract(
    profile: &Profile,
    base: &Profile,
    mode: DiffMode,
    normalize: Normalize,
) -> Result<Profile, Error> {
    subtract_with(profile, base, mode, normalize, Defects::Corrected)
}

/// Subtracts `base` from `profile` as [`subtract`] does, with pprof's defects or without.
///
/// # Errors
///
/// As [`merge`](crate::merge::merge).
pub fn subtract_with(
    profile: &Profile,
    base: &Profile,
    mode: DiffMode,
    normalize: Normalize,
    defects: Defects,
) -> Result<Profile, Error> {
    let ratios = match normalize {
        Normalize::No => Vec::new(),
        Normalize::Yes => ratios(profile, base),
    };
    let source = Source {
        ratios,
        ..Source::plain(profile)
    };
    let base = Source {
        negated: true,
        marked: mode == DiffMode::DiffBase,
        ..Source::plain(base)
    };
    merge_sources(&[source, base], defects)
}

/// For each column how often its sum fits into that of the base; 0 for a sum of 0.
fn ratios(profile: &Profile, base: &Profile) -> Vec<f64> {
    (0..profile.sample_types().len())
        .map(|column| {
            let (kind, unit) = profile.sample_type(column);
            let sum = profile.column_sum(column);
            let Some(at) = base.column(kind) else {
                return 1.0;
            };
            if sum == 0 {
                return 0.0;
            }
            let (_, base_unit) = base.sample_type(at);
            let factor = crate::measurement::ratio(base_unit, unit);
            base.column_sum(at) as f64 * factor / sum as f64
        })
        .collect()
}
