//! What a report looks at: the profile after its filters, the value shown, its total and
//! the limits of what is shown.
//!
//! The order of steps is that of google/pprof `internal/driver/driver.go`
//! (`generateRawReport`): options fixed by the command, frames made of labels, the total,
//! filters; filters come before the total where percentages are of what they leave.

use std::borrow::Cow;
use std::sync::Arc;

use fathom_profile::refine::{NamePatterns, Refined};
use fathom_profile::{Profile, measurement};
use regex::Regex;

use crate::command::Format;
use crate::edge::Edge;
use crate::heading::Heading;
use crate::label_units::LabelUnits;
use crate::memo::{Findings, Subject};
use crate::node::NodeTable;
use crate::options::Options;
use crate::tag_filter::TagFilter;
use crate::tally::{Tally, tally};
use crate::{Error, Failure, Granularity, pattern};

/// What a report looks at.
pub(crate) struct Scope<'p> {
    /// The profile that the filters leave.
    pub(crate) profile: Cow<'p, Profile>,
    /// The options, those that the command fixes included.
    pub(crate) options: Options,
    pub(crate) format: Format,
    /// The column shown.
    pub(crate) column: usize,
    /// The column that values are divided by, for averages.
    pub(crate) divisor: Option<usize>,
    /// What percentages are of.
    pub(crate) total: i64,
    /// The unit in which values are written; `minimum` and `auto` choose for each.
    pub(crate) unit: String,
    pub(crate) heading: Heading,
    pub(crate) granularity: Granularity,
    pub(crate) label_units: LabelUnits,
    /// What earlier reports found.
    findings: Option<Arc<Findings>>,
    /// What to tell the user, a line each.
    pub(crate) notes: Vec<String>,
}

impl<'p> Scope<'p> {
    /// Prepares a command's report. `name` tells commands of one format apart.
    pub(crate) fn new(
        subject: impl Into<Subject<'p>>,
        name: &str,
        format: Format,
        options: &Options,
    ) -> Result<Self, Failure> {
        let Subject { profile, memo } = subject.into();
        let label_units = LabelUnits::new(profile);
        let mut notes = label_units.notes();
        let options = fixed(name, format, options);
        match Self::filtered(profile, format, options, label_units, &mut notes) {
            Ok(scope) => Ok(Self {
                notes,
                findings: memo.map(|memo| memo.findings(&scope.options, format.has_objects())),
                ..scope
            }),
            Err(error) => Err(Failure::noted(error, &notes)),
        }
    }

    fn filtered(
        profile: &'p Profile,
        format: Format,
        options: Options,
        label_units: LabelUnits,
        notes: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let mut refined = Refined::new(profile);
        add_label_frames(&mut refined, &options, notes)?;
        let filters = Filters::new(&options, &label_units, notes)?;
        let relative = options.relative_percentages;
        if relative {
            filters.apply(&mut refined, notes);
        }

        if profile.sample_types().is_empty() {
            return Err(Error::NoSamples);
        }
        let column = column(profile, &options.sample_index)?;
        if options.divide_by == 0.0 {
            return Err(Error::ZeroDivisor);
        }
        let granularity = if options.granularity.is_empty() {
            Granularity::Functions
        } else {
            Granularity::from_name(&options.granularity).ok_or(Error::Granularity)?
        };
        let divisor = options.mean.then_some(0);
        let total = total(refined.profile(), column, divisor);
        if !relative {
            filters.apply(&mut refined, notes);
        }
        let heading = Heading::new(refined.profile(), column, options.mean);
        Ok(Self {
            profile: refined.finish(),
            unit: options.unit.clone(),
            format,
            column,
            divisor,
            total,
            heading,
            granularity,
            label_units,
            findings: None,
            notes: Vec::new(),
            options,
        })
    }

    /// What fell to each of the nodes that the options make.
    pub(crate) fn tallies(&self, nodes: &NodeTable<'_>) -> Vec<Tally> {
        let find = || tally(self, nodes);
        match &self.findings {
            Some(findings) => findings.tallies(find),
            None => find(),
        }
    }

    /// What was found of calls between the nodes kept; only of those that may be inlined if
    /// that is all that counts.
    pub(crate) fn calls(
        &self,
        kept: Option<&[bool]>,
        only_inlined: bool,
        find: impl FnOnce() -> Vec<Edge>,
    ) -> Arc<Vec<Edge>> {
        match &self.findings {
            Some(findings) => findings.calls(kept, only_inlined, find),
            None => Arc::new(find()),
        }
    }

    /// The factor of `divide_by`, if it does anything.
    pub(crate) fn ratio(&self) -> Option<f64> {
        ratio(self.options.divide_by)
    }

    /// A value as the report writes it.
    pub(crate) fn format(&self, value: i64) -> String {
        self.heading
            .format(value, self.options.divide_by, &self.unit)
    }

    /// A column's value of a sample and what it is divided by.
    #[inline]
    pub(crate) fn weight(&self, sample: usize) -> Weight {
        Weight {
            value: self.profile.value(sample, self.column),
            divisor: self
                .divisor
                .map_or(0, |column| self.profile.value(sample, column)),
        }
    }

    /// Chooses one unit for all numbers where the option says `minimum`
    /// (`selectOutputUnit` of google/pprof `internal/report/report.go`): that of the
    /// the smallest, or a larger one when the total's differs and two decimals still show
    /// the smallest. `values` are flat and cum of every entry shown.
    pub(crate) fn choose_unit(&self, values: impl IntoIterator<Item = (i64, i64)>) -> String {
        let mut values = values.into_iter().peekable();
        if self.unit != "minimum" || values.peek().is_none() {
            return self.unit.clone();
        }
        let mut smallest = values
            .map(|(flat, cum)| if flat == 0 { cum } else { flat }.wrapping_abs())
            .filter(|&value| value > 0)
            .min()
            .unwrap_or(self.total);
        let mut largest = self.total;
        if let Some(ratio) = self.ratio() {
            smallest = scaled(smallest, ratio);
            largest = scaled(largest, ratio);
        }
        let unit = &self.heading.sample_unit;
        let (_, small_unit) = measurement::scale(smallest, unit, "minimum");
        let (_, large_unit) = measurement::scale(largest, unit, "minimum");
        let hundredfold = smallest.wrapping_mul(100);
        let chosen = if small_unit != large_unit
            && hundredfold < largest
            && self.format != Format::Callgrind
        {
            measurement::scale(hundredfold, unit, "minimum").1
        } else {
            small_unit
        };
        if chosen.is_empty() {
            unit.clone()
        } else {
            chosen.to_owned()
        }
    }
}

/// A value and what averages divide it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Weight {
    pub(crate) value: i64,
    pub(crate) divisor: i64,
}

impl Weight {
    /// Whether there is nothing to count.
    pub(crate) const fn is_zero(self) -> bool {
        self.value == 0 && self.divisor == 0
    }

    /// The value, or the average where there is a divisor.
    pub(crate) const fn mean(self) -> i64 {
        match self.value.checked_div(self.divisor) {
            Some(mean) => mean,
            None => self.value,
        }
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.value = self.value.wrapping_add(other.value);
        self.divisor = self.divisor.wrapping_add(other.divisor);
    }
}

/// The factor of `divide_by`, if it does anything.
pub(crate) fn ratio(divide_by: f64) -> Option<f64> {
    let ratio = 1.0 / divide_by;
    (ratio > 0.0 && ratio.total_cmp(&1.0).is_ne()).then_some(ratio)
}

#[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
pub(crate) fn scaled(value: i64, ratio: f64) -> i64 {
    (value as f64 * ratio) as i64
}

/// Finds the column of a sample index, with pprof's words where there is none.
fn column(profile: &Profile, index: &str) -> Result<usize, Error> {
    profile.select_column(index).map_err(|_| {
        let kinds = 0..profile.sample_types().len();
        if index.parse::<i64>().is_ok() {
            Error::ColumnNumber {
                index: index.to_owned(),
                last: kinds.end.saturating_sub(1),
            }
        } else {
            Error::ColumnName {
                name: index.to_owned(),
                known: kinds
                    .map(|column| profile.sample_type(column).0.to_owned())
                    .collect(),
            }
        }
    })
}

/// The options with what the command fixes (`applyCommandOverrides` of google/pprof
/// `internal/driver/driver.go`).
fn fixed(name: &str, format: Format, options: &Options) -> Options {
    let mut fixed = options.clone();
    let mut set_count = |default: i64| {
        if fixed.nodecount == -1 {
            fixed.nodecount = default;
        }
    };
    match name {
        "disasm" | "weblist" => {
            fixed.trim = false;
            "addresses".clone_into(&mut fixed.granularity);
            // One line for each address, else cumulative values count inlined calls
            // again; a page shows the inlined calls by itself.
            fixed.noinlines = name == "disasm";
        }
        "peek" => fixed.trim = false,
        "list" => {
            fixed.trim = false;
            "lines".clone_into(&mut fixed.granularity);
        }
        "text" | "top" | "topproto" => set_count(0),
        _ => set_count(80),
    }
    if matches!(format, Format::Proto | Format::Raw | Format::Callgrind) {
        fixed.trim = false;
        "addresses".clone_into(&mut fixed.granularity);
    }
    if !fixed.trim {
        fixed.nodecount = 0;
        fixed.nodefraction = 0.0;
        fixed.edgefraction = 0.0;
    }
    fixed
}

/// What percentages are of: the sum of absolute values, of the base of a difference alone
/// if there is one (`computeTotal` of google/pprof `internal/report/report.go`).
fn total(profile: &Profile, column: usize, divisor: Option<usize>) -> i64 {
    let total = profile.column_total(column);
    let Some(divisor) = divisor else {
        return total;
    };
    // Divisors have their sign, unlike values.
    let mut all = 0_i64;
    let (mut base, mut base_total) = (0_i64, 0_i64);
    for sample in 0..profile.sample_count() {
        let count = profile.value(sample, divisor);
        all = all.wrapping_add(count);
        if profile.is_base_sample(sample) {
            base = base.wrapping_add(count);
            base_total = base_total.saturating_add(profile.value(sample, column).saturating_abs());
        }
    }
    let count = if base_total > 0 { base } else { all };
    total.checked_div(count).unwrap_or(total)
}

/// The keys of a list of labels.
fn keys(list: &str) -> Vec<&str> {
    list.split(',').filter(|key| !key.is_empty()).collect()
}

fn add_label_frames(
    refined: &mut Refined<'_>,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let unit = options.unit.as_str();
    let number = |value: i64, of: Option<&str>| match of {
        Some(of) => measurement::scaled_label(value, of, unit),
        None => measurement::scaled_label(value, "", ""),
    };
    let (roots, leaves) = (keys(&options.tagroot), keys(&options.tagleaf));
    let (root, leaf) = refined
        .frames_of_labels(&roots, &leaves, &number)
        .map_err(|source| Error::Frames { source })?;
    let mut missed = |given: &str, matched: bool, option: &str| {
        if !given.is_empty() && !matched {
            notes.push(unmatched(option));
        }
    };
    missed(&options.tagroot, root, "TagRoot");
    missed(&options.tagleaf, leaf, "TagLeaf");
    Ok(())
}

fn unmatched(option: &str) -> String {
    format!("{option} expression matched no samples")
}

/// The filters of the options, ready to be applied.
struct Filters {
    focus: Option<Regex>,
    ignore: Option<Regex>,
    hide: Option<Regex>,
    show: Option<Regex>,
    show_from: Option<Regex>,
    tag_focus: Option<TagFilter>,
    tag_ignore: Option<TagFilter>,
    tag_show: Option<Regex>,
    tag_hide: Option<Regex>,
    prune_from: Option<Regex>,
}

impl Filters {
    fn new(
        options: &Options,
        label_units: &LabelUnits,
        notes: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let compile = |option: &'static str, text: &str| {
            (!text.is_empty())
                .then(|| pattern::compile(option, text))
                .transpose()
        };
        let mut tag =
            |option: &'static str, text: &str| TagFilter::new(option, text, label_units, notes);
        Ok(Self {
            focus: compile("focus", &options.focus)?,
            ignore: compile("ignore", &options.ignore)?,
            hide: compile("hide", &options.hide)?,
            show: compile("show", &options.show)?,
            show_from: compile("show_from", &options.show_from)?,
            tag_focus: tag("tagfocus", &options.tagfocus)?,
            tag_ignore: tag("tagignore", &options.tagignore)?,
            prune_from: compile("prune_from", &options.prune_from)?,
            tag_show: compile("tagshow", &options.tagshow)?,
            tag_hide: compile("taghide", &options.taghide)?,
        })
    }

    /// Applies the filters in pprof's order (`applyFocus` of google/pprof
    /// `internal/driver/driver_focus.go`).
    fn apply(&self, refined: &mut Refined<'_>, notes: &mut Vec<String>) {
        fn of(regex: &Regex) -> impl Fn(&str) -> bool {
            |text| regex.is_match(text)
        }
        let mut missed = |given: bool, matched: bool, option: &str| {
            if given && !matched {
                notes.push(unmatched(option));
            }
        };
        let [
            focus,
            ignore,
            hide,
            show,
            show_from,
            tag_show,
            tag_hide,
            prune_from,
        ] = [
            &self.focus,
            &self.ignore,
            &self.hide,
            &self.show,
            &self.show_from,
            &self.tag_show,
            &self.tag_hide,
            &self.prune_from,
        ]
        .map(|regex| regex.as_ref().map(of));
        let matches = refined.by_name(&NamePatterns {
            focus: focus.as_ref().map(|it| it as _),
            ignore: ignore.as_ref().map(|it| it as _),
            hide: hide.as_ref().map(|it| it as _),
            show: show.as_ref().map(|it| it as _),
        });
        missed(focus.is_some(), matches.focus, "Focus");
        missed(ignore.is_some(), matches.ignore, "Ignore");
        missed(hide.is_some(), matches.hide, "Hide");
        missed(show.is_some(), matches.show, "Show");

        if let Some(show_from) = &show_from {
            let found = refined.show_from(show_from);
            missed(true, found, "ShowFrom");
        }
        if self.tag_focus.is_some() || self.tag_ignore.is_some() {
            let (mut focused, mut ignored) = (false, false);
            refined.by_sample(|profile, sample| {
                let hits = |filter: &TagFilter| filter.matches(profile, sample);
                let focus = self.tag_focus.as_ref().is_none_or(hits);
                let ignore = self.tag_ignore.as_ref().is_some_and(hits);
                focused |= focus;
                ignored |= ignore;
                focus && !ignore
            });
            missed(self.tag_focus.is_some(), focused, "TagFocus");
            missed(self.tag_ignore.is_some(), ignored, "TagIgnore");
        }
        if tag_show.is_some() || tag_hide.is_some() {
            let (shown, hidden) = refined.labels_by_key(
                tag_show.as_ref().map(|it| it as _),
                tag_hide.as_ref().map(|it| it as _),
            );
            missed(tag_show.is_some(), shown, "TagShow");
            missed(tag_hide.is_some(), hidden, "TagHide");
        }
        if let Some(prune_from) = &prune_from {
            refined.prune_from(prune_from);
        }
    }
}
