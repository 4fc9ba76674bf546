//! The labels of the samples that make up a node: small boxes beside it in a picture.
//!
//! Texts of one sample are joined; numbers are kept apart under them, and only those of
//! `bytes` count (google/pprof `internal/graph/graph.go` `addSample`,
//! `internal/report/report.go` `newGraph`).

use std::ops::Range;

use fathom_profile::{BASE_LABEL, Label, LabelRefValue, measurement};
use hashbrown::HashMap;

use super::{Facts, Graph};
use crate::node::NodeTable;
use crate::parallel::in_parts;
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
        let mut slots = vec![UNWANTED; self.tallies.len()];
        let mut wanted = 0_u32;
        for &node in self.shown.iter().take(limit) {
            if let Some(slot) = slots.get_mut(node as usize) {
                *slot = wanted;
                wanted += 1;
            }
        }
        let found = in_parts(
            scope.profile.sample_count(),
            |samples| self.find_tags(scope, &kinds, &slots, samples),
            |into: &mut Cells<'_>, from| {
                for cell in from.found {
                    into.add(cell.node, cell.kind, cell.first, |tally| {
                        tally.flat.add(cell.tally.flat);
                        tally.cum.add(cell.tally.cum);
                    });
                }
            },
        );
        let mut found = found.found;
        // The first sample gives a label its number.
        found.sort_unstable_by_key(|cell| (cell.first, cell.node, cell.kind));
        for cell in found {
            if let Some(tags) = self.tags.get_mut(cell.node as usize) {
                kinds.add(tags, cell.kind, cell.tally);
            }
        }
    }

    /// Adds up what fell to the samples of each kind at each node that has a slot.
    fn find_tags<'a>(
        &self,
        scope: &Scope<'_>,
        kinds: &Kinds,
        slots: &'a [u32],
        samples: Range<usize>,
    ) -> Cells<'a> {
        let mut cells = Cells::new(slots, kinds.all.len());
        let mut marks = vec![0_u32; slots.len()];
        let places = match &self.facts {
            Facts::Graph(table) => Places::new(table, slots),
            Facts::Tree(_) => Places::default(),
        };
        let mut path = Vec::new();
        for sample in samples {
            let weight = scope.weight(sample);
            let kind = kinds.of_sample.get(sample).copied().unwrap_or(0);
            if weight.is_zero() || kind == 0 {
                continue;
            }
            let number = u32::try_from(sample + 1).unwrap_or(u32::MAX);
            let mut cum = |node: u32, cells: &mut Cells<'_>| {
                if let Some(mark) = marks.get_mut(node as usize)
                    && *mark != number
                {
                    *mark = number;
                    cells.add(node, kind, sample, |tally| tally.cum.add(weight));
                }
            };
            let leaf = match &self.facts {
                Facts::Tree(tree) => {
                    path.clear();
                    tree.path(sample, &mut path);
                    for &node in &path {
                        cum(node, &mut cells);
                    }
                    path.last().copied()
                }
                Facts::Graph(table) => {
                    let stack = scope.profile.stack(sample);
                    for location in stack.iter().rev() {
                        for &node in places.of(location.index()) {
                            cum(node, &mut cells);
                        }
                    }
                    let leaf = stack.first().map(|&location| table.frames(location));
                    leaf.and_then(|frames| frames.first().copied())
                }
            };
            if let Some(leaf) = leaf {
                cells.add(leaf, kind, sample, |tally| tally.flat.add(weight));
            }
        }
        cells
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

/// The slot of nodes whose labels are not asked for.
const UNWANTED: u32 = u32::MAX;

/// The most places that are kept in a table, 16 MB, before they are sought by hash.
const MOST_DENSE: usize = 1 << 22;

/// The nodes of each location whose labels are asked for, outermost first.
#[derive(Default)]
struct Places {
    starts: Vec<u32>,
    nodes: Vec<u32>,
}

impl Places {
    fn new(table: &NodeTable<'_>, slots: &[u32]) -> Self {
        let is_wanted = |node: u32| slots.get(node as usize).is_some_and(|&it| it != UNWANTED);
        let mut places = Self {
            starts: vec![0],
            nodes: Vec::new(),
        };
        for frames in table.all_frames() {
            let wanted = frames.iter().rev().filter(|&&node| is_wanted(node));
            places.nodes.extend(wanted);
            let end = u32::try_from(places.nodes.len()).unwrap_or(u32::MAX);
            places.starts.push(end);
        }
        places
    }

    #[inline]
    fn of(&self, location: usize) -> &[u32] {
        match self.starts.get(location..location + 2) {
            Some(&[start, end]) if start != end => self
                .nodes
                .get(start as usize..end as usize)
                .unwrap_or_default(),
            _ => &[],
        }
    }
}

/// What fell to the samples of one kind at one node.
struct Cell {
    node: u32,
    kind: u32,
    /// The first sample.
    first: usize,
    tally: Tally,
}

/// The cells of nodes by kinds that anything fell to.
struct Cells<'a> {
    /// The slots of nodes; others have no cells.
    slots: &'a [u32],
    kinds: usize,
    /// One more than a cell's place, by slot and kind; empty where that would be too many.
    dense: Vec<u32>,
    sparse: HashMap<(u32, u32), u32>,
    found: Vec<Cell>,
}

impl<'a> Cells<'a> {
    fn new(slots: &'a [u32], kinds: usize) -> Self {
        let wanted = slots.iter().filter(|&&slot| slot != UNWANTED).count();
        let places = wanted.saturating_mul(kinds);
        Self {
            slots,
            kinds,
            dense: vec![0; if places <= MOST_DENSE { places } else { 0 }],
            sparse: HashMap::new(),
            found: Vec::new(),
        }
    }

    /// Adds to the cell of a node and a kind; does nothing for nodes without a slot.
    fn add(&mut self, node: u32, kind: u32, sample: usize, add: impl FnOnce(&mut Tally)) {
        let slot = self.slots.get(node as usize).copied().unwrap_or(UNWANTED);
        if slot == UNWANTED {
            return;
        }
        let Self { dense, sparse, .. } = self;
        let number = match dense.get_mut(slot as usize * self.kinds + kind as usize) {
            Some(number) => number,
            None => sparse.entry((slot, kind)).or_default(),
        };
        if *number == 0 {
            self.found.push(Cell {
                node,
                kind,
                first: sample,
                tally: Tally::default(),
            });
            *number = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        }
        if let Some(cell) = self.found.get_mut(*number as usize - 1) {
            cell.first = cell.first.min(sample);
            add(&mut cell.tally);
        }
    }
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
        let mut of_rows: HashMap<&[Label], u32> = HashMap::new();
        for sample in 0..profile.sample_count() {
            let rows = profile.label_rows(sample);
            if let Some(&kind) = of_rows.get(rows) {
                of_sample.push(kind);
                continue;
            }
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
            let kind = *known.entry(kind).or_insert(next);
            of_rows.insert(rows, kind);
            of_sample.push(kind);
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
