//! Which samples of a profile a view looks at.
//!
//! The rules are those of google/pprof (`profile/filter.go`, `FilterSamplesByName`): a
//! pattern is looked for in the function names and file names of every line of a location
//! and in the file of its mapping. A sample stays when a location of it is focused and
//! none is ignored; a location that matches both is ignored.

use fathom_profile::{FunctionId, LocationId, MappingId, Profile};
use regex::Regex;

use crate::{Error, pattern};

/// The samples that stay, and what to tell about filters that matched nothing.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// By sample; `None` when all stay.
    kept: Option<Vec<bool>>,
    pub(crate) notes: Vec<String>,
}

impl Selection {
    /// Applies the patterns. Costs one match for each function and mapping, and a pass
    /// over the stacks.
    pub(crate) fn by_name(
        profile: &Profile,
        focus: Option<&str>,
        ignore: Option<&str>,
    ) -> Result<Self, Error> {
        let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        if !given(focus) && !given(ignore) {
            return Ok(Self::default());
        }
        let focused = Matched::new(profile, "focus", focus)?;
        let ignored = Matched::new(profile, "ignore", ignore)?;
        let mut any = (false, false);
        let verdicts: Vec<Verdict> = (0..profile.location_count())
            .filter_map(LocationId::from_index)
            .map(|location| {
                if ignored
                    .as_ref()
                    .is_some_and(|matched| matched.location(profile, location))
                {
                    any.1 = true;
                    Verdict::Ignored
                } else if focused
                    .as_ref()
                    .is_none_or(|matched| matched.location(profile, location))
                {
                    any.0 = true;
                    Verdict::Focused
                } else {
                    Verdict::Neither
                }
            })
            .collect();
        let mut notes = Vec::new();
        if focused.is_some() && !any.0 {
            notes.push("Focus expression matched no samples".to_owned());
        }
        if ignored.is_some() && !any.1 {
            notes.push("Ignore expression matched no samples".to_owned());
        }
        let stays = |sample: usize| {
            let mut kept = false;
            for location in profile.stack(sample) {
                match verdicts.get(location.index()) {
                    Some(Verdict::Ignored) => return false,
                    Some(Verdict::Focused) => kept = true,
                    _ => {}
                }
            }
            kept
        };
        let kept = (0..profile.sample_count()).map(stays).collect();
        Ok(Self {
            kept: Some(kept),
            notes,
        })
    }

    /// Whether a sample stays.
    #[inline]
    pub(crate) fn keeps(&self, sample: usize) -> bool {
        self.kept
            .as_ref()
            .is_none_or(|kept| kept.get(sample).copied().unwrap_or(false))
    }

    /// What percentages are of when they are of the samples that stay: the sum of absolute
    /// values, of the base of a difference alone if there is one.
    pub(crate) fn total(&self, profile: &Profile, column: usize) -> i64 {
        let Some(kept) = &self.kept else {
            return profile.column_total(column);
        };
        let (mut all, mut base) = (0_i64, 0_i64);
        for (sample, _) in kept.iter().enumerate().filter(|&(_, &kept)| kept) {
            let value = profile.value(sample, column).saturating_abs();
            all = all.saturating_add(value);
            if profile.is_base_sample(sample) {
                base = base.saturating_add(value);
            }
        }
        if base > 0 { base } else { all }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Neither,
    Focused,
    Ignored,
}

/// Which functions and mappings a pattern matches.
struct Matched {
    functions: Vec<bool>,
    mappings: Vec<bool>,
}

impl Matched {
    fn new(
        profile: &Profile,
        option: &'static str,
        text: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let regex: Regex = pattern::compile(option, text)?;
        let functions = (0..profile.function_count())
            .filter_map(FunctionId::from_index)
            .map(|id| {
                regex.is_match(profile.function_name(id))
                    || regex.is_match(profile.function_file(id))
            })
            .collect();
        let mappings = profile
            .mappings()
            .iter()
            .map(|mapping| regex.is_match(profile.text(mapping.file)))
            .collect();
        Ok(Some(Self {
            functions,
            mappings,
        }))
    }

    fn location(&self, profile: &Profile, location: LocationId) -> bool {
        let function = |id: FunctionId| self.functions.get(id.index()).copied().unwrap_or(false);
        let mapping = |id: MappingId| self.mappings.get(id.index()).copied().unwrap_or(false);
        profile
            .lines(location)
            .any(|line| line.function.is_some_and(function))
            || profile.location_mapping(location).is_some_and(mapping)
    }
}
