//! The boxes and arrows of a call graph with their texts and sizes.

use std::fmt::Write as _;

use fathom_layout::{Edge, Node, Size};

use crate::callgraph::{CallGraph, GraphEdge, GraphNode, GraphTag};
use crate::picture::font;

/// Points between a box's text and its border, as Graphviz leaves.
const MARGIN_X: f64 = 8.0;
const MARGIN_Y: f64 = 5.0;
/// No box is smaller: half of what Graphviz makes of an empty one.
const LEAST_WIDTH: f64 = 36.0;
const LEAST_HEIGHT: f64 = 20.0;
/// The size of the text beside arrows, and of that in the boxes of labels, in points.
pub(super) const ARROW_TEXT: f64 = 11.0;
const TAG_TEXT: f64 = 9.0;
/// From one line to the next, in parts of the size.
pub(super) const LINE: f64 = 1.2;
/// How strongly a label's box is kept below its function's: as pprof asks of Graphviz.
const TAG_PULL: u32 = 100;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A function, by its number.
    Function(usize),
    /// A label.
    Tag,
}

/// A box.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DrawnBox {
    pub(super) kind: Kind,
    /// The name that `-dot` gives it.
    pub(super) id: String,
    pub(super) lines: Vec<String>,
    pub(super) tooltip: String,
    /// Points.
    pub(super) font_size: f64,
    /// The colours of border and area.
    pub(super) border: String,
    pub(super) area: String,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arrow {
    /// The places of its boxes.
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) lines: Vec<String>,
    pub(super) tooltip: String,
    pub(super) colour: String,
    /// Points.
    pub(super) width: f64,
    pub(super) is_dotted: bool,
    /// Whether it leads to a label.
    pub(super) is_tag: bool,
    pull: u32,
    least_ranks: u32,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    pub(super) nodes: Vec<DrawnBox>,
    pub(super) arrows: Vec<Arrow>,
}

impl DrawnBox {
    pub(super) fn size(&self) -> Node {
        let text = text_size(&self.lines, self.font_size);
        Node {
            width: (text.width + 2.0 * MARGIN_X).max(LEAST_WIDTH),
            height: (text.height + 2.0 * MARGIN_Y).max(LEAST_HEIGHT),
        }
    }
}

impl Arrow {
    pub(super) fn edge(&self) -> Edge {
        let text = text_size(&self.lines, ARROW_TEXT);
        Edge {
            from: self.from,
            to: self.to,
            weight: self.pull,
            min_length: self.least_ranks,
            label: Some(Size {
                width: text.width + ARROW_TEXT,
                height: text.height + 2.0,
            }),
        }
    }
}

/// The size of some lines of text.
pub(super) fn text_size(lines: &[String], size: f64) -> Size {
    let widths = lines.iter().map(|line| font::width(line, size));
    Size {
        width: widths.fold(0.0, f64::max),
        height: lines.len() as f64 * size * LINE,
    }
}

impl Boxes {
    pub(super) fn new(graph: &CallGraph) -> Self {
        let mut boxes = Self::default();
        for (place, node) in graph.nodes.iter().enumerate() {
            boxes.nodes.push(function(graph, place + 1, node));
        }
        for (place, node) in (0_u32..).zip(&graph.nodes) {
            let name = format!("N{}", place + 1);
            for tag in &node.tags {
                let child = boxes.tag(graph, place, format!("{name}_{}", tag.place), tag);
                for number in &tag.numbers {
                    let id = format!("N{name}_{}_{}", tag.place, number.place);
                    boxes.tag(graph, child, id, number);
                }
            }
            for number in &node.numbers {
                boxes.tag(graph, place, format!("N{name}_{}", number.place), number);
            }
        }
        for edge in &graph.edges {
            boxes.arrows.extend(call(graph, edge));
        }
        boxes
    }

    /// Adds the box of a label below another one.
    fn tag(&mut self, graph: &CallGraph, above: u32, id: String, tag: &GraphTag) -> u32 {
        let place = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let weight = graph.head.format(tag.weight);
        self.nodes.push(DrawnBox {
            kind: Kind::Tag,
            id,
            lines: tag_lines(&tag.name),
            tooltip: weight.clone(),
            font_size: TAG_TEXT,
            border: "#000000".to_owned(),
            area: "#f8f8f8".to_owned(),
        });
        self.arrows.push(Arrow {
            from: above,
            to: place,
            lines: vec![weight.clone()],
            tooltip: weight,
            colour: "#000000".to_owned(),
            width: 1.0,
            is_dotted: tag.is_partly_removed,
            is_tag: true,
            pull: TAG_PULL,
            least_ranks: 1,
        });
        place
    }
}

/// A label's name; pprof writes line breaks as Graphviz understands them.
fn tag_lines(name: &str) -> Vec<String> {
    name.split("\\n")
        .flat_map(str::lines)
        .map(str::to_owned)
        .collect()
}

fn function(graph: &CallGraph, number: usize, node: &GraphNode) -> DrawnBox {
    let head = &graph.head;
    let share = |value: i64| head.percentage(value).trim().to_owned();
    let mut lines: Vec<String> = node.lines.iter().map(|line| line.text.clone()).collect();
    let flat = head.format(node.flat);
    let mut cum = flat.clone();
    let mut last = if node.flat == 0 {
        "0".to_owned()
    } else {
        format!("{flat} ({})", share(node.flat))
    };
    if node.cum != node.flat {
        if node.flat == 0 {
            last.push(' ');
        } else {
            lines.push(std::mem::take(&mut last));
        }
        cum = head.format(node.cum);
        let _ = write!(last, "of {cum} ({})", share(node.cum));
    }
    lines.push(last);
    let colour = graph.colour(node.cum);
    DrawnBox {
        kind: Kind::Function(number),
        id: format!("node{number}"),
        lines,
        tooltip: format!("{} ({cum})", node.name),
        font_size: f64::from(node.font_size),
        border: colour.foreground(),
        area: colour.background(),
    }
}

/// An arrow between boxes that are there.
fn call(graph: &CallGraph, edge: &GraphEdge) -> Option<Arrow> {
    let place = |number: usize| {
        let place = number.checked_sub(1)?;
        (place < graph.nodes.len())
            .then(|| u32::try_from(place).ok())
            .flatten()
    };
    let weight = graph.head.format(edge.weight);
    let arrow = if edge.residual { "..." } else { "->" };
    let tooltip = format!("{} {arrow} {} ({weight})", edge.from_name, edge.to_name);
    let mut lines = vec![weight];
    if edge.inline {
        lines.push("(inline)".to_owned());
    }
    let is_weighed = graph.head.total != 0;
    Some(Arrow {
        from: place(edge.from)?,
        to: place(edge.to)?,
        lines,
        tooltip,
        colour: if is_weighed {
            graph.colour(edge.weight).foreground()
        } else {
            "#000000".to_owned()
        },
        width: if is_weighed {
            graph.width(edge.weight) as f64
        } else {
            1.0
        },
        is_dotted: edge.residual,
        is_tag: false,
        pull: if is_weighed {
            u32::try_from(graph.pull(edge.weight)).unwrap_or(1)
        } else {
            1
        },
        least_ranks: if edge.from_has_tags { 2 } else { 1 },
    })
}
