//! Filters and frames made of labels: what is looked at of a profile.
//!
//! The rules are those of google/pprof (`profile/filter.go`, `internal/driver/tagroot.go`,
//! `profile/profile.go` `Aggregate`). Patterns come in as functions over texts, so that
//! this crate knows no dialect of regular expressions. Nothing changes the profile that
//! is refined: each step makes the tables that it changes anew and keeps the others.

use std::borrow::Cow;

use hashbrown::{HashMap, HashSet};

use crate::error::{Error, Position};
use crate::handle::{FunctionId, LocationId, MappingId, NONE, StringId};
use crate::limits::Limits;
use crate::profile::{LabelRefValue, Profile};
use crate::prune;
use crate::tables::{LocationTable, SampleTable};

/// Decides whether a text matches.
pub type Pattern<'a> = &'a (dyn Fn(&str) -> bool + 'a);

/// Patterns over function names, file names and the files of mappings.
#[derive(Clone, Copy, Default)]
pub struct NamePatterns<'a> {
    /// Keeps samples with a location that matches.
    pub focus: Option<Pattern<'a>>,
    /// Drops samples with a location that matches.
    pub ignore: Option<Pattern<'a>>,
    /// Removes lines that match from their locations.
    pub hide: Option<Pattern<'a>>,
    /// Removes lines that do not match from their locations.
    pub show: Option<Pattern<'a>>,
}

impl NamePatterns<'_> {
    fn is_empty(&self) -> bool {
        self.focus.is_none() && self.ignore.is_none() && self.hide.is_none() && self.show.is_none()
    }
}

/// Which patterns matched any location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each pattern")]
pub struct NameMatches {
    /// `focus` did, or was not given.
    pub focus: bool,
    /// `ignore` did.
    pub ignore: bool,
    /// `hide` did.
    pub hide: bool,
    /// `show` left a line of some location.
    pub show: bool,
}

/// A profile and what was changed of it.
#[derive(Debug, Clone)]
pub struct Refined<'p> {
    profile: Cow<'p, Profile>,
}

impl<'p> Refined<'p> {
    /// Begins with the whole profile.
    pub fn new(profile: &'p Profile) -> Self {
        Self {
            profile: Cow::Borrowed(profile),
        }
    }

    /// Returns the profile as it is after the steps so far.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Returns the result; the profile that it began with if no step changed anything.
    pub fn finish(self) -> Cow<'p, Profile> {
        self.profile
    }

    /// Filters samples and lines by name. Costs one match for each function and mapping,
    /// and a pass over the stacks.
    ///
    /// A location is ignored rather than focused when both match. A location without
    /// lines left is taken out of the stacks, a sample without locations is dropped.
    pub fn by_name(&mut self, patterns: &NamePatterns<'_>) -> NameMatches {
        let mut matches = NameMatches::default();
        if patterns.is_empty() {
            matches.focus = true;
            return matches;
        }
        let profile = &*self.profile;
        let compiled = |pattern: Option<Pattern<'_>>| pattern.map(|it| Matched::new(profile, it));
        let (focus, ignore) = (compiled(patterns.focus), compiled(patterns.ignore));
        let (hide, show) = (compiled(patterns.hide), compiled(patterns.show));

        let mut verdicts = Vec::with_capacity(profile.location_count());
        let mut lines = LineFilter::new(profile);
        for location in profile.location_ids() {
            let hits =
                |it: &Option<Matched>| it.as_ref().is_some_and(|it| it.location(profile, location));
            let mut verdict = if hits(&ignore) {
                matches.ignore = true;
                Verdict::Ignored
            } else if focus.is_none() || hits(&focus) {
                matches.focus = true;
                Verdict::Focused
            } else {
                Verdict::Neither
            };
            lines.open(location);
            let mut hidden = false;
            if let Some(hide) = hide
                .as_ref()
                .filter(|hide| hide.location(profile, location))
            {
                matches.hide = true;
                if hide.mapping(profile, location) {
                    lines.retain(|_| false);
                } else {
                    lines.retain(|function| !function.is_some_and(|id| hide.function(id)));
                }
                hidden = lines.is_empty();
            }
            if let Some(show) = &show {
                if !show.mapping(profile, location) {
                    lines.retain(|function| function.is_none_or(|id| show.function(id)));
                }
                if lines.is_empty() {
                    hidden = true;
                } else {
                    matches.show = true;
                }
            }
            lines.close();
            if hidden {
                verdict = verdict.hidden();
            }
            verdicts.push(verdict);
        }
        let locations = (hide.is_some() || show.is_some()).then(|| lines.finish());

        let any_hidden = verdicts.iter().any(|verdict| verdict.is_hidden());
        let mut stack = Vec::new();
        let samples = rebuild(profile, |sample, out| {
            let mut focused = false;
            stack.clear();
            for &location in profile.stack(sample) {
                let verdict = verdicts.get(location.index()).copied();
                let verdict = verdict.unwrap_or(Verdict::Neither);
                match verdict {
                    Verdict::Ignored | Verdict::HiddenIgnored => return,
                    Verdict::Focused | Verdict::HiddenFocused => focused = true,
                    Verdict::Neither | Verdict::HiddenNeither => {}
                }
                if !verdict.is_hidden() {
                    stack.push(location);
                }
            }
            if focused && (!any_hidden || !stack.is_empty()) {
                out.sample(sample, &stack);
            }
        });
        self.replace(locations, samples);
        matches
    }

    /// Cuts the callers of the outermost frame that matches and drops samples without
    /// one. Returns whether any location matched.
    pub fn show_from(&mut self, pattern: Pattern<'_>) -> bool {
        let profile = &*self.profile;
        let matched = Matched::new(profile, pattern);
        let mut hits = vec![false; profile.location_count()];
        let mut lines = LineFilter::new(profile);
        for (location, hit) in profile.location_ids().zip(&mut hits) {
            lines.open(location);
            if matched.mapping(profile, location) {
                *hit = true;
            } else if let Some(last) = profile
                .lines(location)
                .rposition(|line| line.function.is_some_and(|id| matched.function(id)))
            {
                *hit = true;
                lines.truncate(last + 1);
            }
            lines.close();
        }
        let locations = lines.finish();
        let is_hit = |location: &LocationId| hits.get(location.index()).copied().unwrap_or(false);
        let samples = rebuild(profile, |sample, out| {
            let stack = profile.stack(sample);
            if let Some(outermost) = stack.iter().rposition(is_hit) {
                out.sample(sample, stack.get(..=outermost).unwrap_or_default());
            }
        });
        let any = hits.contains(&true);
        self.replace(Some(locations), samples);
        any
    }

    /// Keeps the samples for which `keep` says so; it is asked once for each, in order.
    pub fn by_sample(&mut self, mut keep: impl FnMut(&Profile, usize) -> bool) {
        let profile = &*self.profile;
        let samples = rebuild(profile, |sample, out| {
            if keep(profile, sample) {
                out.sample(sample, profile.stack(sample));
            }
        });
        self.replace(None, samples);
    }

    /// Keeps the labels whose key matches `show` and not `hide`. Returns whether each
    /// matched any key; a missing `show` matches all.
    pub fn labels_by_key(
        &mut self,
        show: Option<Pattern<'_>>,
        hide: Option<Pattern<'_>>,
    ) -> (bool, bool) {
        let profile = &*self.profile;
        let mut matches = (false, false);
        let mut known: HashMap<StringId, bool> = HashMap::new();
        let mut samples = SampleTable {
            label_starts: vec![0],
            labels: Vec::new(),
            ..profile.samples.clone()
        };
        for sample in 0..profile.sample_count() {
            for label in profile.label_rows(sample) {
                let stays = *known.entry(label.key).or_insert_with(|| {
                    let key = profile.text(label.key);
                    let shown = show.is_none_or(|show| show(key));
                    let hidden = hide.is_some_and(|hide| hide(key));
                    matches.0 |= shown;
                    matches.1 |= hidden;
                    shown && !hidden
                });
                if stays {
                    samples.labels.push(*label);
                }
            }
            samples
                .label_starts
                .push(u32::try_from(samples.labels.len()).unwrap_or(u32::MAX));
        }
        self.replace(None, samples);
        matches
    }

    /// Adds a frame for each key at the root and at the leaf of every stack, named by the
    /// values that the sample has under the key, in the file named by the key. The first
    /// key of `roots` becomes outermost, the last of `leaves` innermost. `number` writes
    /// the value of a number with its unit. Returns whether any sample has a label of
    /// `roots` and of `leaves`.
    ///
    /// # Errors
    ///
    /// When the new names pass the limits of strings.
    pub fn frames_of_labels(
        &mut self,
        roots: &[&str],
        leaves: &[&str],
        number: &dyn Fn(i64, Option<&str>) -> String,
    ) -> Result<(bool, bool), Error> {
        if roots.is_empty() && leaves.is_empty() {
            return Ok((false, false));
        }
        let mut matches = (false, false);
        let mut names: HashMap<(String, usize), LocationId> = HashMap::new();
        let mut made: Vec<(String, usize)> = Vec::new();
        let keys: Vec<&str> = leaves.iter().chain(roots).copied().collect();
        let profile = &*self.profile;
        let first_new = profile.location_count();
        let mut stack = Vec::new();
        let samples = rebuild(profile, |sample, out| {
            stack.clear();
            let mut add = |range: std::ops::Range<usize>, stack: &mut Vec<LocationId>| {
                let mut any = false;
                for place in range.rev() {
                    let key = keys.get(place).copied().unwrap_or_default();
                    let values = label_values(profile, sample, key, number);
                    any |= !values.is_empty();
                    let name = (values.join(","), place);
                    let id = *names.entry(name).or_insert_with_key(|name| {
                        made.push(name.clone());
                        let index = first_new + made.len() - 1;
                        LocationId(u32::try_from(index).unwrap_or(NONE))
                    });
                    stack.push(id);
                }
                any
            };
            matches.1 |= add(0..leaves.len(), &mut stack);
            stack.extend_from_slice(profile.stack(sample));
            matches.0 |= add(leaves.len()..keys.len(), &mut stack);
            out.sample(sample, &stack);
        });
        self.replace(None, samples);
        let profile = self.profile.to_mut();
        let limits = Limits::default();
        let mut known: HashMap<String, StringId> = HashMap::new();
        let wanted: HashSet<&str> = made
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(keys.iter().copied())
            .collect();
        for (index, text) in profile.strings.iter().enumerate() {
            if let Some(id) = StringId::from_index(index).filter(|_| wanted.contains(text)) {
                known.entry(text.to_owned()).or_insert(id);
            }
        }
        for (name, place) in &made {
            let key = keys.get(*place).copied().unwrap_or_default();
            let mut intern = |text: &str| -> Result<StringId, Error> {
                if let Some(&id) = known.get(text) {
                    return Ok(id);
                }
                let strings = &mut profile.strings;
                let id = strings.push(text.as_bytes(), &limits, Position::Whole)?;
                known.insert(text.to_owned(), id);
                Ok(id)
            };
            let (name, file) = (intern(name)?, intern(key)?);
            if let Some(numbers) = &mut profile.numbers {
                for list in [&mut numbers.functions, &mut numbers.locations] {
                    let largest = list.iter().max().copied().unwrap_or(0);
                    list.push(largest.saturating_add(1));
                }
            }
            let function = u32::try_from(profile.functions.len()).unwrap_or(NONE);
            profile.functions.name.push(name);
            profile.functions.system_name.push(StringId::EMPTY);
            profile.functions.file.push(file);
            profile.functions.start_line.push(0);
            let table = &mut profile.locations;
            table.address.push(0);
            table.mapping.push(NONE);
            table.folded.push(false);
            table.line_function.push(function);
            table.line_number.push(0);
            table.line_column.push(0);
            table.close();
        }
        Ok(matches)
    }

    /// Cuts what the innermost matching function called; that function stays. Names are
    /// matched without their parameters ([`prune::simplified`]).
    pub fn prune_from(&mut self, pattern: Pattern<'_>) {
        let profile = std::mem::replace(&mut self.profile, Cow::Owned(Profile::empty()));
        self.profile = Cow::Owned(prune::prune_from(profile.into_owned(), pattern));
    }

    /// Keeps of each location the outermost line, and columns only if `columns`.
    pub fn without_inlined(&mut self, columns: bool) {
        let profile = &*self.profile;
        let mut lines = LineFilter::new(profile);
        for location in profile.location_ids() {
            lines.open(location);
            lines.outermost();
            lines.close();
        }
        let mut locations = lines.finish();
        if !columns {
            locations.line_column.fill(0);
        }
        let profile = self.profile.to_mut();
        profile.locations = locations;
        for mapping in &mut profile.mappings {
            mapping.symbols.inline_frames = false;
        }
    }

    /// Multiplies every value by `factor`, cutting off fractions.
    #[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
    pub fn scale(&mut self, factor: f64) {
        for column in &mut self.profile.to_mut().samples.values {
            for value in column {
                *value = (*value as f64 * factor) as i64;
            }
        }
    }

    /// Puts new tables in place of the old ones.
    fn replace(&mut self, locations: Option<LocationTable>, samples: SampleTable) {
        match &mut self.profile {
            Cow::Owned(profile) => {
                profile.samples = samples;
                if let Some(locations) = locations {
                    profile.locations = locations;
                }
            }
            Cow::Borrowed(profile) => {
                let locations = locations.unwrap_or_else(|| profile.locations.clone());
                self.profile = Cow::Owned(profile.with_tables(locations, samples));
            }
        }
    }
}

/// The values that a sample has under a key, texts first.
fn label_values(
    profile: &Profile,
    sample: usize,
    key: &str,
    number: &dyn Fn(i64, Option<&str>) -> String,
) -> Vec<String> {
    let labels = || profile.labels(sample).filter(|label| label.key == key);
    let has_units = labels()
        .any(|label| matches!(label.value, LabelRefValue::Number { unit, .. } if !unit.is_empty()));
    labels()
        .map(|label| match label.value {
            LabelRefValue::Text(text) => text.to_owned(),
            LabelRefValue::Number { value, unit } => number(value, has_units.then_some(unit)),
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Neither,
    Focused,
    Ignored,
    HiddenNeither,
    HiddenFocused,
    HiddenIgnored,
}

impl Verdict {
    const fn hidden(self) -> Self {
        match self {
            Self::Neither | Self::HiddenNeither => Self::HiddenNeither,
            Self::Focused | Self::HiddenFocused => Self::HiddenFocused,
            Self::Ignored | Self::HiddenIgnored => Self::HiddenIgnored,
        }
    }

    const fn is_hidden(self) -> bool {
        matches!(
            self,
            Self::HiddenNeither | Self::HiddenFocused | Self::HiddenIgnored
        )
    }
}

/// Which functions and mappings a pattern matches.
struct Matched {
    functions: Vec<bool>,
    mappings: Vec<bool>,
}

impl Matched {
    fn new(profile: &Profile, pattern: Pattern<'_>) -> Self {
        let functions = (0..profile.function_count())
            .filter_map(FunctionId::from_index)
            .map(|id| pattern(profile.function_name(id)) || pattern(profile.function_file(id)));
        let mappings = profile.mappings().iter();
        Self {
            functions: functions.collect(),
            mappings: mappings
                .map(|mapping| pattern(profile.text(mapping.file)))
                .collect(),
        }
    }

    fn function(&self, id: FunctionId) -> bool {
        self.functions.get(id.index()).copied().unwrap_or(false)
    }

    fn mapping(&self, profile: &Profile, location: LocationId) -> bool {
        let hit = |id: MappingId| self.mappings.get(id.index()).copied().unwrap_or(false);
        profile.location_mapping(location).is_some_and(hit)
    }

    fn location(&self, profile: &Profile, location: LocationId) -> bool {
        let mut lines = profile.lines(location);
        lines.any(|line| line.function.is_some_and(|id| self.function(id)))
            || self.mapping(profile, location)
    }
}

/// Makes a table of locations with fewer lines.
struct LineFilter<'a> {
    profile: &'a Profile,
    table: LocationTable,
    /// Rows of the lines that the open location keeps.
    rows: Vec<usize>,
}

impl<'a> LineFilter<'a> {
    fn new(profile: &'a Profile) -> Self {
        let old = &profile.locations;
        Self {
            profile,
            table: LocationTable {
                address: old.address.clone(),
                mapping: old.mapping.clone(),
                folded: old.folded.clone(),
                ..LocationTable::new()
            },
            rows: Vec::new(),
        }
    }

    fn open(&mut self, location: LocationId) {
        self.rows.clear();
        self.rows
            .extend(self.profile.locations.line_range(location.index()));
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn retain(&mut self, mut keep: impl FnMut(Option<FunctionId>) -> bool) {
        let table = &self.profile.locations;
        self.rows.retain(|&row| keep(table.line(row).function));
    }

    fn truncate(&mut self, lines: usize) {
        self.rows.truncate(lines);
    }

    fn outermost(&mut self) {
        let last = self.rows.last().copied();
        self.rows.clear();
        self.rows.extend(last);
    }

    fn close(&mut self) {
        let old = &self.profile.locations;
        for &row in &self.rows {
            let line = old.line(row);
            let function = line.function.map_or(NONE, |id| id.0);
            self.table.line_function.push(function);
            self.table.line_number.push(line.line);
            self.table.line_column.push(line.column);
        }
        self.table.close();
    }

    fn finish(self) -> LocationTable {
        self.table
    }
}

/// Receives the samples that stay.
struct Kept<'a> {
    profile: &'a Profile,
    table: SampleTable,
}

impl Kept<'_> {
    /// Keeps a sample with this stack.
    fn sample(&mut self, sample: usize, stack: &[LocationId]) {
        self.table.stacks.extend_from_slice(stack);
        for (column, values) in self.table.values.iter_mut().enumerate() {
            values.push(self.profile.value(sample, column));
        }
        self.table
            .labels
            .extend_from_slice(self.profile.label_rows(sample));
        self.table.close();
    }
}

/// Makes a table of samples by asking `each` for every sample in order.
fn rebuild(profile: &Profile, mut each: impl FnMut(usize, &mut Kept<'_>)) -> SampleTable {
    let mut kept = Kept {
        profile,
        table: SampleTable::new(profile.sample_types().len()),
    };
    for sample in 0..profile.sample_count() {
        each(sample, &mut kept);
    }
    kept.table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str) -> Profile {
        Profile::parse(text.as_bytes(), &Limits::default()).expect("folded stacks")
    }

    /// The stacks with their values, root first.
    fn folded(profile: &Profile) -> Vec<String> {
        (0..profile.sample_count())
            .map(|sample| {
                let mut names: Vec<_> = profile.frames(sample).map(|it| it.function).collect();
                names.reverse();
                format!("{} {}", names.join(";"), profile.value(sample, 0))
            })
            .collect()
    }

    const STACKS: &str = "main;work;read 3\nmain;work 4\nmain;idle 5\n";

    #[test]
    fn focus_and_ignore_part_the_samples() {
        let profile = profile(STACKS);
        let mut refined = Refined::new(&profile);
        let is_work = |text: &str| text == "work";
        let matches = refined.by_name(&NamePatterns {
            focus: Some(&is_work),
            ..NamePatterns::default()
        });
        assert!(matches.focus);
        assert_eq!(
            folded(refined.profile()),
            ["main;work;read 3", "main;work 4"]
        );

        let mut refined = Refined::new(&profile);
        let matches = refined.by_name(&NamePatterns {
            ignore: Some(&is_work),
            ..NamePatterns::default()
        });
        assert!(matches.ignore);
        assert_eq!(folded(refined.profile()), ["main;idle 5"]);
        assert_eq!(folded(&profile).len(), 3, "the profile itself is unchanged");
    }

    #[test]
    fn hide_and_show_take_frames_out() {
        let profile = profile(STACKS);
        let mut refined = Refined::new(&profile);
        let is_work = |text: &str| text == "work";
        let patterns = NamePatterns {
            hide: Some(&is_work),
            ..NamePatterns::default()
        };
        assert!(refined.by_name(&patterns).hide);
        assert_eq!(
            folded(refined.profile()),
            ["main;read 3", "main 4", "main;idle 5"]
        );
        let mut refined = Refined::new(&profile);
        let patterns = NamePatterns {
            show: Some(&is_work),
            ..NamePatterns::default()
        };
        assert!(refined.by_name(&patterns).show);
        // A sample without frames left is dropped.
        assert_eq!(folded(refined.profile()), ["work 3", "work 4"]);
    }

    #[test]
    fn prune_from_cuts_the_callees_and_keeps_the_match() {
        let profile = profile("a;b;c;b;d 1\na;d 2\n");
        let mut refined = Refined::new(&profile);
        refined.prune_from(&|text| text == "b");
        assert_eq!(folded(refined.profile()), ["a;b;c;b 1", "a;d 2"]);
    }

    #[test]
    fn show_from_cuts_the_callers() {
        let profile = profile("a;b;c;b 1\na;d 2\n");
        let mut refined = Refined::new(&profile);
        assert!(refined.show_from(&|text| text == "b"));
        assert_eq!(folded(refined.profile()), ["b;c;b 1"]);
        let mut refined = Refined::new(&profile);
        assert!(!refined.show_from(&|text| text == "e"));
        assert_eq!(refined.profile().sample_count(), 0);
    }
}
