//! Call graphs as they are drawn: boxes, arrows and their looks.
//!
//! The visual language is that of google/pprof `internal/graph/dotgraph.go`: the size of a
//! box's text says how much it holds itself, its colour how much it and all it calls hold;
//! an arrow is as wide and as coloured as what goes through it, dotted where functions in
//! between are left out; small boxes stand for labels.

use fathom_profile::measurement;
use fathom_symbols::names::shortened;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::Failure;
use crate::colour::Score;
use crate::command::{Format, Picture};
use crate::graph::{Graph, MAX_TAGS, NodeTags, Tag};
use crate::handle::Handle;
use crate::head::{Extent, Head};
use crate::memo::Subject;
use crate::node::NodeInfo;
use crate::options::Options;
use crate::paths;
use crate::scope::Scope;

/// A call graph to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallGraph {
    /// What stands above the graph.
    #[serde(flatten)]
    pub head: Head,
    /// The base name of the main binary; empty when unknown.
    pub title: String,
    /// The boxes, the most telling first; arrows refer to them by number, from 1.
    pub nodes: Vec<GraphNode>,
    /// The arrows, the heaviest first.
    pub edges: Vec<GraphEdge>,
    /// What to tell about the options.
    pub notes: Vec<String>,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphNode {
    /// What it is called in full.
    pub name: String,
    /// The handle of its function; nothing where it is no function.
    pub handle: Option<Handle>,
    /// What is written into it before the values: lines that were parts of a name, and
    /// lines that were not.
    pub lines: Vec<GraphLine>,
    /// What fell to it, in the unit of the heading.
    pub flat: i64,
    /// What fell to it and to what it called.
    pub cum: i64,
    /// The size of its text in points: 8 to 24.
    pub font_size: u32,
    /// The texts of labels of its samples.
    pub tags: Vec<GraphTag>,
    /// The numbers of labels of samples without texts.
    pub numbers: Vec<GraphTag>,
}

/// A line of text in a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GraphLine {
    /// The text.
    pub text: String,
    /// Whether it is of the function's name, not an address or a place.
    pub is_name: bool,
}

/// A small box for a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphTag {
    /// Its number among the boxes of the node.
    pub place: usize,
    /// What it says.
    pub name: String,
    /// What fell to it.
    pub weight: i64,
    /// Whether some of it fell to functions that are left out.
    pub is_partly_removed: bool,
    /// Numbers of the same samples.
    pub numbers: Vec<GraphTag>,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphEdge {
    /// The box it leaves, counted from 1; 0 for one that is not shown.
    pub from: usize,
    /// The box it reaches.
    pub to: usize,
    /// The full name of the caller.
    pub from_name: String,
    /// The full name of the callee.
    pub to_name: String,
    /// What went through it.
    pub weight: i64,
    /// Whether functions in between are left out.
    pub residual: bool,
    /// Whether every call was inlined.
    pub inline: bool,
    /// Whether the caller has boxes for labels, which need room.
    pub from_has_tags: bool,
}

impl CallGraph {
    /// Makes the graph.
    ///
    /// # Errors
    ///
    /// When an option does not fit.
    pub fn new<'p>(profile: impl Into<Subject<'p>>, options: &Options) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "dot", Format::Picture(Picture::Svg), options)?;
        let graph = Graph::new(&scope);
        let head = Head::new(&scope, &graph.values(), graph.dropped);
        let mut numbers = vec![0; graph.tallies.len()];
        for (place, &node) in graph.shown.iter().enumerate() {
            if let Some(number) = numbers.get_mut(node as usize) {
                *number = place + 1;
            }
        }
        let number = |node: u32| numbers.get(node as usize).copied().unwrap_or(0);
        let most = graph
            .values()
            .iter()
            .map(|(flat, _)| flat.unsigned_abs())
            .max()
            .unwrap_or(0);
        let nodes: Vec<GraphNode> = graph
            .shown
            .iter()
            .map(|&node| graph_node(&graph, node, most))
            .collect();
        let mut edges = graph.shown_edges();
        graph.sort_edges(&mut edges);
        let edges = edges.into_iter().map(|edge| GraphEdge {
            from: number(edge.from),
            to: number(edge.to),
            from_name: graph.label(edge.from).into_owned(),
            to_name: graph.label(edge.to).into_owned(),
            weight: edge.weight.mean(),
            residual: edge.residual,
            inline: edge.inline,
            from_has_tags: number(edge.from)
                .checked_sub(1)
                .and_then(|place| nodes.get(place))
                .is_some_and(GraphNode::has_tags),
        });
        let edges = edges.collect();
        Ok(Self {
            title: scope.heading.file.clone(),
            head,
            nodes,
            edges,
            notes: scope.notes.clone(),
        })
    }

    /// The lines of the legend.
    pub fn legend(&self, zone: &TimeZone) -> Vec<String> {
        self.head.lines(zone, Extent::Graph)
    }

    /// The colour of a value.
    pub(crate) fn colour(&self, value: i64) -> Score {
        Score::new(value as f64 / self.head.total.unsigned_abs() as f64)
    }

    /// How many points wide an arrow is: 1 to 6.
    pub(crate) fn width(&self, weight: i64) -> i64 {
        1 + self.part(weight, 5)
    }

    /// How much an arrow pulls its boxes together: 1 to 101.
    pub(crate) fn pull(&self, weight: i64) -> i64 {
        1 + self.part(weight, 100)
    }

    /// The share of the total in whole parts of `parts`.
    fn part(&self, weight: i64, parts: i64) -> i64 {
        let part = weight.wrapping_mul(parts).checked_div(self.head.total);
        part.unwrap_or(0).saturating_abs().min(parts)
    }
}

impl GraphNode {
    /// Whether it has boxes for labels.
    pub(crate) fn has_tags(&self) -> bool {
        !self.tags.is_empty() || !self.numbers.is_empty()
    }
}

fn graph_node(graph: &Graph<'_>, node: u32, most: u64) -> GraphNode {
    let tally = graph.tally(node);
    let (flat, cum) = (tally.flat.mean(), tally.cum.mean());
    // What a node without callees keeps of them are labels of callees left out.
    let is_flat = graph.has_callees(node);
    let (tags, numbers) = graph
        .tags(node)
        .map(|tags| small_boxes(tags, is_flat))
        .unwrap_or_default();
    GraphNode {
        name: graph.label(node).into_owned(),
        handle: graph.info(node).and_then(NodeInfo::handle),
        lines: graph.info(node).map(lines).unwrap_or_default(),
        flat,
        cum,
        font_size: font_size(flat.unsigned_abs(), most),
        tags,
        numbers,
    }
}

/// From 8 to 24 points, by the root of the share of the largest flat value.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 16"
)]
fn font_size(flat: u64, most: u64) -> u32 {
    const SMALLEST: u32 = 8;
    const GROWTH: f64 = 16.0;
    if flat == 0 || most == 0 {
        return SMALLEST;
    }
    SMALLEST + (GROWTH * (flat as f64 / most as f64).sqrt()).ceil() as u32
}

/// What is written into a box: the name short and broken where its parts end.
fn lines(info: &NodeInfo<'_>) -> Vec<GraphLine> {
    let short = shortened(info.name).replace("[...]", "[…]");
    let name: Vec<&str> = short.split("::").flat_map(|part| part.split('.')).collect();
    let line = |text: &str, is_name: bool| GraphLine {
        text: text.to_owned(),
        is_name,
    };
    let base = NodeInfo {
        name: if info.name.is_empty() { "" } else { "-" },
        file: if info.file.is_empty() {
            "".into()
        } else {
            paths::base(&info.file).to_owned().into()
        },
        ..info.clone()
    };
    let mut lines = Vec::new();
    for component in base.components() {
        if component == "-" && !info.name.is_empty() {
            lines.extend(name.iter().map(|part| line(part, true)));
        } else {
            lines.push(line(&component, false));
        }
    }
    lines
}

/// The boxes for labels of a node: texts with their numbers, and numbers alone.
fn small_boxes(tags: &NodeTags, is_flat: bool) -> (Vec<GraphTag>, Vec<GraphTag>) {
    let numbers_of = |texts: &str| {
        let found = tags.numbers.iter().find(|(of, _)| of == texts);
        found
            .map(|(_, numbers)| number_boxes(numbers, is_flat))
            .unwrap_or_default()
    };
    let mut texts = tags.texts.clone();
    sort(&mut texts, is_flat);
    texts.truncate(MAX_TAGS);
    let boxes = texts.iter().enumerate().filter_map(|(place, tag)| {
        let weight = if is_flat {
            tag.tally.flat.mean()
        } else {
            tag.tally.cum.mean()
        };
        (weight != 0).then(|| GraphTag {
            place,
            name: tag.name.clone(),
            weight,
            is_partly_removed: false,
            numbers: numbers_of(&tag.name),
        })
    });
    (boxes.collect(), numbers_of(""))
}

fn number_boxes(numbers: &[Tag], is_flat: bool) -> Vec<GraphTag> {
    let collapsed = collapsed(numbers, is_flat);
    let boxes = collapsed.iter().enumerate().filter_map(|(place, tag)| {
        let (flat, cum) = (tag.tally.flat.mean(), tag.tally.cum.mean());
        let is_whole = is_flat || flat == cum;
        let weight = if is_whole { flat } else { cum };
        (weight != 0).then(|| GraphTag {
            place,
            name: tag.name.clone(),
            weight,
            is_partly_removed: !is_whole,
            numbers: Vec::new(),
        })
    });
    boxes.collect()
}

/// The heaviest first, then by name.
fn sort(tags: &mut [Tag], is_flat: bool) {
    tags.sort_by(|left, right| {
        let flat = |tag: &Tag| tag.tally.flat.value.unsigned_abs();
        let cum = |tag: &Tag| tag.tally.cum.value.unsigned_abs();
        let by_cum = if is_flat {
            std::cmp::Ordering::Equal
        } else {
            cum(right).cmp(&cum(left))
        };
        by_cum
            .then_with(|| flat(right).cmp(&flat(left)))
            .then_with(|| left.name.cmp(&right.name))
    });
}

/// At most [`MAX_TAGS`] numbers: the others join the nearest of the heaviest, as ranges.
fn collapsed(numbers: &[Tag], is_flat: bool) -> Vec<Tag> {
    let mut numbers = numbers.to_vec();
    sort(&mut numbers, is_flat);
    if numbers.len() <= MAX_TAGS {
        return numbers;
    }
    let others = numbers.split_off(MAX_TAGS);
    let mut groups: Vec<Vec<Tag>> = numbers.into_iter().map(|tag| vec![tag]).collect();
    for tag in others {
        let mut nearest: Option<(usize, f64)> = None;
        for (place, group) in groups.iter().enumerate() {
            let Some(first) = group.first() else { continue };
            let distance = distance(&tag, first);
            if nearest.is_none_or(|(_, least)| distance < least) {
                nearest = Some((place, distance));
            }
        }
        if let Some(group) = nearest.and_then(|(place, _)| groups.get_mut(place)) {
            group.push(tag);
        }
    }
    let mut joined: Vec<Tag> = groups.iter().map(|group| join(group)).collect();
    sort(&mut joined, is_flat);
    joined
}

fn distance(tag: &Tag, other: &Tag) -> f64 {
    let (value, _) = measurement::scale(other.value, &other.unit, &tag.unit);
    (tag.value as f64 - value).abs()
}

/// One tag for a group: the range of its numbers and the sum of what fell to them.
fn join(group: &[Tag]) -> Tag {
    let Some(first) = group.first() else {
        return Tag::default();
    };
    let (mut least, mut most) = (first, first);
    let mut tally = first.tally;
    let label = |tag: &Tag| measurement::label(tag.value, &tag.unit);
    if group.len() == 1 {
        return Tag {
            name: label(first),
            unit: String::new(),
            value: 0,
            tally: averaged(first.tally),
        };
    }
    #[expect(clippy::cast_possible_truncation, reason = "cut off as pprof does")]
    let in_unit = |tag: &Tag, of: &Tag| measurement::scale(tag.value, &tag.unit, &of.unit).0 as i64;
    for tag in group.iter().skip(1) {
        if in_unit(tag, least) < least.value {
            least = tag;
        }
        if in_unit(tag, most) > most.value {
            most = tag;
        }
        tally.flat.add(tag.tally.flat);
        tally.cum.add(tag.tally.cum);
    }
    Tag {
        name: format!("{}..{}", label(least), label(most)),
        unit: String::new(),
        value: 0,
        tally: averaged(tally),
    }
}

/// Averages taken, nothing left to divide by.
fn averaged(tally: crate::tally::Tally) -> crate::tally::Tally {
    let plain = |value| crate::scope::Weight { value, divisor: 0 };
    crate::tally::Tally {
        flat: plain(tally.flat.mean()),
        cum: plain(tally.cum.mean()),
    }
}
