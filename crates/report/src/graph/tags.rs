//! The labels of the samples that make up a node: small boxes beside it in a picture.
//!
//! Texts of one sample are joined; numbers are kept apart under them, and only those of
//! `bytes` count (google/pprof `internal/graph/graph.go` `addSample`,
//! `internal/report/report.go` `newGraph`).

use fathom_profile::{BASE_LABEL, LabelRefValue, Profile, measurement};
use hashbrown::HashMap;

use super::{Facts, Graph};
use crate::scope::{Scope, Weight};
use crate::tally::Tally;

/// At most so many labels of a node are shown.
pub(crate) const MAX_TAGS: usize = 4;

/// The key of the numbers that are shown.
const NUMBERS: &str = "bytes";

/// What fell to the samples of a node that have a label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tag {
    pub(crate) name: String,
    /// Of a number; empty for texts.
    pub(crate) unit: String,
    pub(crate) value: i64,
    pub(crate) tally: Tally,
}

/// The labels of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NodeTags {
    /// Texts, those of one sample joined.
    pub(crate) texts: Vec<Tag>,
    /// Numbers by the texts of their samples.
    pub(crate) numbers: Vec<(String, Vec<Tag>)>,
}

impl NodeTags {
    /// How many have a flat value.
    fn flat_count(&self) -> usize {
        let numbers = self.numbers.iter().flat_map(|(_, tags)| tags);
        let tags = self.texts.iter().chain(numbers);
        tags.filter(|tag| tag.tally.flat.value != 0).count()
    }

    fn trim(&mut self, cutoff: u64) {
        let is_large = |tag: &Tag| {
            let Tally { flat, cum } = tag.tally;
            flat.value.unsigned_abs() >= cutoff || cum.value.unsigned_abs() >= cutoff
        };
        self.texts.retain(is_large);
        for (_, tags) in &mut self.numbers {
            tags.retain(is_large);
        }
    }
}

impl Graph<'_> {
    /// Collects the labels of the first `limit` nodes shown.
    pub(super) fn collect_tags(&mut self, scope: &Scope<'_>, limit: usize) {
        let kinds = Kinds::new(scope);
        self.tags = vec![NodeTags::default(); self.tallies.len()];
        if kinds.is_empty() {
            return;
        }
        let wanted: Vec<u32> = self.shown.iter().take(limit).copied().collect();
        let mask = crate::order::mask(&wanted, self.tallies.len());
        let mut found: HashMap<(u32, u32), Found> = HashMap::new();
        let mut marks = vec![0_u32; self.tallies.len()];
        let mut path = Vec::new();
        for sample in 0..scope.profile.sample_count() {
            let weight = scope.weight(sample);
            let kind = kinds.of_sample.get(sample).copied().unwrap_or(0);
            if weight.is_zero() || kind == 0 {
                continue;
            }
            let has_leaf = self.path(&scope.profile, sample, &mut path);
            let number = u32::try_from(sample + 1).unwrap_or(u32::MAX);
            let mut add = |node: u32, is_flat: bool| {
                if !mask.get(node as usize).copied().unwrap_or(false) {
                    return;
                }
                let found = found.entry((node, kind)).or_insert(Found {
                    first: sample,
                    tally: Tally::default(),
                });
                if is_flat {
                    found.tally.flat.add(weight);
                } else {
                    found.tally.cum.add(weight);
                }
            };
            for &node in &path {
                if let Some(slot) = marks.get_mut(node as usize)
                    && *slot != number
                {
                    *slot = number;
                    add(node, false);
                }
            }
            if let Some(&leaf) = path.last()
                && has_leaf
            {
                add(leaf, true);
            }
        }
        let mut found: Vec<((u32, u32), Found)> = found.into_iter().collect();
        // The first sample gives a label its number.
        found.sort_unstable_by_key(|((node, kind), found)| (found.first, *node, *kind));
        for ((node, kind), found) in found {
            if let Some(tags) = self.tags.get_mut(node as usize) {
                kinds.add(tags, kind, found.tally);
            }
        }
    }

    /// The nodes of a sample that take part, root first; says whether the innermost frame
    /// is among them.
    fn path(&self, profile: &Profile, sample: usize, path: &mut Vec<u32>) -> bool {
        path.clear();
        match &self.facts {
            Facts::Tree(tree) => {
                tree.path(sample, path);
                true
            }
            Facts::Graph(table) => {
                let mut has_leaf = false;
                let frames = profile.stack(sample).iter().rev();
                for &node in frames.flat_map(|&location| table.frames(location).iter().rev()) {
                    has_leaf = self.takes_part(node);
                    if has_leaf {
                        path.push(node);
                    }
                }
                has_leaf
            }
        }
    }

    fn takes_part(&self, node: u32) -> bool {
        let kept = self.kept.as_ref();
        kept.is_none_or(|kept| kept.get(node as usize).copied().unwrap_or(false))
    }

    /// Leaves out labels lighter than `cutoff`.
    pub(super) fn trim_tags(&mut self, cutoff: u64) {
        for tags in &mut self.tags {
            tags.trim(cutoff);
        }
    }

    /// How many of the nodes shown make up `limit` boxes, those of labels counted.
    pub(super) fn count_with_tags(&self, limit: usize) -> usize {
        let mut boxes = 0;
        for (place, &node) in self.shown.iter().enumerate() {
            let tags = self.tags(node).map_or(0, NodeTags::flat_count);
            boxes += tags.min(MAX_TAGS) + 1;
            if boxes >= limit {
                return place + 1;
            }
        }
        self.shown.len()
    }
}

struct Found {
    /// The first sample.
    first: usize,
    tally: Tally,
}

/// The different sets of labels that samples have.
struct Kinds {
    /// By sample; 0 is none at all.
    of_sample: Vec<u32>,
    all: Vec<Kind>,
    unit: String,
    /// Texts of numbers.
    numbers: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Kind {
    texts: String,
    /// A place in `numbers` and the number.
    numbers: Vec<(u32, i64)>,
}

impl Kinds {
    fn new(scope: &Scope<'_>) -> Self {
        let profile = &*scope.profile;
        let mut known: HashMap<Kind, u32> = HashMap::from_iter([(Kind::default(), 0)]);
        let mut numbers: Vec<String> = Vec::new();
        let mut number_places: HashMap<i64, u32> = HashMap::new();
        let unit = scope.label_units.of(NUMBERS).to_owned();
        let mut of_sample = Vec::with_capacity(profile.sample_count());
        for sample in 0..profile.sample_count() {
            let mut kind = Kind::default();
            let mut texts: Vec<String> = Vec::new();
            for label in profile.labels(sample) {
                match label.value {
                    LabelRefValue::Text(_) if label.key == BASE_LABEL => {}
                    LabelRefValue::Text(text) => texts.push(format!("{}:{text}", label.key)),
                    LabelRefValue::Number { value, .. } if label.key == NUMBERS => {
                        let place = *number_places.entry(value).or_insert_with(|| {
                            let output = &scope.options.unit;
                            numbers.push(measurement::scaled_label(value, &unit, output));
                            u32::try_from(numbers.len() - 1).unwrap_or(u32::MAX)
                        });
                        kind.numbers.push((place, value));
                    }
                    LabelRefValue::Number { .. } => {}
                }
            }
            texts.sort_unstable();
            kind.texts = texts.join("\\n");
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            of_sample.push(*known.entry(kind).or_insert(next));
        }
        let mut kinds: Vec<(Kind, u32)> = known.into_iter().collect();
        kinds.sort_unstable_by_key(|(_, place)| *place);
        Self {
            of_sample,
            all: kinds.into_iter().map(|(kind, _)| kind).collect(),
            unit,
            numbers,
        }
    }

    fn is_empty(&self) -> bool {
        self.all.len() <= 1
    }

    /// Adds what fell to samples of a kind to the labels of a node.
    fn add(&self, tags: &mut NodeTags, kind: u32, tally: Tally) {
        let Some(kind) = self.all.get(kind as usize) else {
            return;
        };
        if !kind.texts.is_empty() {
            add(&mut tags.texts, &kind.texts, "", 0, tally);
        }
        if kind.numbers.is_empty() {
            return;
        }
        let found = tags
            .numbers
            .iter()
            .position(|(texts, _)| *texts == kind.texts);
        let place = found.unwrap_or_else(|| {
            tags.numbers.push((kind.texts.clone(), Vec::new()));
            tags.numbers.len() - 1
        });
        if let Some((_, numbers)) = tags.numbers.get_mut(place) {
            for &(text, value) in &kind.numbers {
                let name = self.numbers.get(text as usize).map_or("", String::as_str);
                add(numbers, name, &self.unit, value, tally);
            }
        }
    }
}

fn add(tags: &mut Vec<Tag>, name: &str, unit: &str, value: i64, tally: Tally) {
    let found = tags.iter().position(|tag| tag.name == name);
    let place = found.unwrap_or_else(|| {
        tags.push(Tag {
            name: name.to_owned(),
            unit: unit.to_owned(),
            value,
            tally: Tally::default(),
        });
        tags.len() - 1
    });
    if let Some(tag) = tags.get_mut(place) {
        let sum = |into: &mut Weight, from: Weight| into.add(from);
        sum(&mut tag.tally.flat, tally.flat);
        sum(&mut tag.tally.cum, tally.cum);
    }
}
