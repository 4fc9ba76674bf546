//! The SVG of a placed graph.

use std::fmt::{self, Write as _};

use fathom_layout::{Drawing as Places, Node, Point, Route};

use super::Drawing;
use super::boxes::{ARROW_TEXT, Arrow, Boxes, DrawnBox, Kind, LINE, text_size};
use crate::callgraph::CallGraph;
use crate::picture::font;
use crate::xml::Escaped;

/// Pans, zooms and shows neighbours in a browser.
const SCRIPT: &str = include_str!("script.js");

/// Only what differs on a dark ground: everything else stands beside the shapes, for readers
/// without style sheets.
const STYLE: &str = "\
.node{cursor:pointer}\
.faded{opacity:.12}\
@media (prefers-color-scheme:dark){\
.ground{fill:#1d2025}\
.outside{fill:#d5d8dc}\
.tag-line{stroke:#a0a5ab}\
.tag-tip{fill:#a0a5ab;stroke:#a0a5ab}\
.legend rect{fill:#2a2e35;stroke:#5a6069}\
}";

/// The size of the legend's text and the space around the legend, in points.
const LEGEND_TEXT: f64 = 12.0;
const LEGEND_MARGIN: f64 = 8.0;
/// Where a line of text stands on its line, in parts of its size.
const BASELINE: f64 = 0.92;
/// How far the side of a label's box is drawn aside, in points.
const DEPTH: f64 = 3.0;

/// Writes a drawing.
pub(super) fn write(
    graph: &CallGraph,
    boxes: &Boxes,
    places: &Places,
    legend: &[String],
) -> Drawing {
    let mut size = text_size(legend, LEGEND_TEXT);
    if !legend.is_empty() {
        size.width += 2.0 * LEGEND_MARGIN;
        size.height += 2.0 * LEGEND_MARGIN;
    }
    let below = if legend.is_empty() {
        0.0
    } else {
        size.height + 2.0 * LEGEND_MARGIN
    };
    let mut page = Page {
        out: String::new(),
        width: places.width.max(size.width + 2.0 * LEGEND_MARGIN).ceil(),
        height: (places.height + below).ceil(),
    };
    // Writing to a string does not fail.
    let _ = page.document(graph, boxes, places, legend, below);
    Drawing {
        svg: page.out,
        width: page.width,
        height: page.height,
    }
}

struct Page {
    out: String,
    width: f64,
    height: f64,
}

impl Page {
    fn document(
        &mut self,
        graph: &CallGraph,
        boxes: &Boxes,
        places: &Places,
        legend: &[String],
        below: f64,
    ) -> fmt::Result {
        let (width, height) = (self.width, self.height);
        writeln!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{}\">",
            font::FAMILIES
        )?;
        let title = if graph.title.is_empty() {
            "unnamed"
        } else {
            &graph.title
        };
        writeln!(self.out, "<title>{}</title>", Escaped(title))?;
        writeln!(self.out, "<style>{STYLE}</style>")?;
        writeln!(
            self.out,
            "<rect class=\"ground\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"
        )?;
        writeln!(self.out, "<g id=\"view\">")?;
        self.legend(graph, legend)?;
        // A narrow graph stands in the middle below a wide legend.
        let aside = ((width - places.width) / 2.0).max(0.0);
        writeln!(
            self.out,
            "<g id=\"graph\" transform=\"translate({aside:.2} {below:.2})\">"
        )?;
        for (place, (arrow, route)) in boxes.arrows.iter().zip(&places.edges).enumerate() {
            self.arrow(boxes, place + 1, arrow, route)?;
        }
        for (drawn, &centre) in boxes.nodes.iter().zip(&places.nodes) {
            self.node(drawn, centre)?;
        }
        writeln!(self.out, "</g>\n</g>")?;
        writeln!(self.out, "<script><![CDATA[\n{SCRIPT}]]></script>\n</svg>")
    }

    fn legend(&mut self, graph: &CallGraph, lines: &[String]) -> fmt::Result {
        if lines.is_empty() {
            return Ok(());
        }
        let text = text_size(lines, LEGEND_TEXT);
        writeln!(
            self.out,
            "<g class=\"legend\"><title>{}</title><rect x=\"{m}\" y=\"{m}\" width=\"{:.2}\" \
             height=\"{:.2}\" fill=\"#f8f8f8\" stroke=\"#000000\" stroke-width=\"0.7\"/>",
            Escaped(&graph.title),
            text.width + 2.0 * LEGEND_MARGIN,
            text.height + 2.0 * LEGEND_MARGIN,
            m = LEGEND_MARGIN,
        )?;
        for (place, line) in lines.iter().enumerate() {
            writeln!(
                self.out,
                "<text class=\"outside\" x=\"{}\" y=\"{:.2}\" font-size=\"{LEGEND_TEXT}\">{}</text>",
                2.0 * LEGEND_MARGIN,
                2.0 * LEGEND_MARGIN + (place as f64 * LINE + BASELINE) * LEGEND_TEXT,
                Escaped(line)
            )?;
        }
        writeln!(self.out, "</g>")
    }

    fn node(&mut self, drawn: &DrawnBox, centre: Point) -> fmt::Result {
        let size = drawn.size();
        let class = match drawn.kind {
            Kind::Function(_) => "node",
            Kind::Tag => "tag",
        };
        writeln!(
            self.out,
            "<g id=\"{}\" class=\"{class}\"><title>{}</title>",
            Escaped(&drawn.id),
            Escaped(&drawn.tooltip)
        )?;
        let (left, top) = (centre.x - size.width / 2.0, centre.y - size.height / 2.0);
        writeln!(
            self.out,
            "<rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{}\" \
             stroke=\"{}\"/>",
            size.width, size.height, drawn.area, drawn.border
        )?;
        if drawn.kind == Kind::Tag {
            self.side(left, top, size)?;
        }
        self.lines(&drawn.lines, centre, drawn.font_size, "")?;
        writeln!(self.out, "</g>")
    }

    /// The upper and right side of a label's box, which looks like a block.
    fn side(&mut self, left: f64, top: f64, size: Node) -> fmt::Result {
        let (right, bottom) = (left + size.width, top + size.height);
        writeln!(
            self.out,
            "<path d=\"M{left:.2} {top:.2}l{DEPTH} -{DEPTH}H{:.2}V{:.2}l-{DEPTH} {DEPTH}\
             M{right:.2} {top:.2}l{DEPTH} -{DEPTH}\" fill=\"none\" stroke=\"#000000\" \
             class=\"tag-line\"/>",
            right + DEPTH,
            bottom - DEPTH,
        )
    }

    fn arrow(&mut self, boxes: &Boxes, number: usize, arrow: &Arrow, route: &Route) -> fmt::Result {
        let id = |place: u32| {
            let drawn = boxes.nodes.get(place as usize);
            drawn.map_or("", |drawn| drawn.id.as_str())
        };
        writeln!(
            self.out,
            "<g id=\"edge{number}\" class=\"edge\" data-from=\"{}\" data-to=\"{}\">\
             <title>{}</title>",
            Escaped(id(arrow.from)),
            Escaped(id(arrow.to)),
            Escaped(&arrow.tooltip)
        )?;
        let (line, tip) = if arrow.is_tag {
            ("tag-line", "tag-tip")
        } else {
            ("line", "tip")
        };
        write!(self.out, "<path class=\"{line}\" d=\"")?;
        for (place, point) in route.points.iter().enumerate() {
            let letter = match place {
                0 => "M",
                1 => "C",
                _ => " ",
            };
            write!(self.out, "{letter}{:.2},{:.2}", point.x, point.y)?;
        }
        write!(
            self.out,
            "\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"",
            arrow.colour, arrow.width
        )?;
        if arrow.is_dotted {
            // Dots as Graphviz spaces them, longer on wide lines so that they stay apart.
            write!(
                self.out,
                " stroke-dasharray=\"{} {}\"",
                arrow.width + 0.5,
                arrow.width + 2.0
            )?;
        }
        writeln!(self.out, "/>")?;
        if let Some(base) = route.points.last() {
            self.tip(arrow, route, *base, tip)?;
        }
        if let Some(centre) = route.label {
            self.lines(&arrow.lines, centre, ARROW_TEXT, " class=\"outside\"")?;
        }
        writeln!(self.out, "</g>")
    }

    fn tip(&mut self, arrow: &Arrow, route: &Route, base: Point, class: &str) -> fmt::Result {
        let head = route.arrow;
        // Wide lines need wide heads.
        let half = 3.0 + arrow.width * 0.8;
        let (x, y) = (head.direction.x * half, head.direction.y * half);
        writeln!(
            self.out,
            "<polygon class=\"{class}\" points=\"{:.2},{:.2} {:.2},{:.2} {:.2},{:.2}\" \
             fill=\"{colour}\"/>",
            head.tip.x,
            head.tip.y,
            base.x - y,
            base.y + x,
            base.x + y,
            base.y - x,
            colour = arrow.colour,
        )
    }

    /// Lines of text around a centre.
    fn lines(
        &mut self,
        lines: &[String],
        centre: Point,
        size: f64,
        attributes: &str,
    ) -> fmt::Result {
        let top = centre.y - lines.len() as f64 * size * LINE / 2.0;
        for (place, line) in lines.iter().enumerate() {
            writeln!(
                self.out,
                "<text{attributes} x=\"{:.2}\" y=\"{:.2}\" font-size=\"{size}\" \
                 text-anchor=\"middle\">{}</text>",
                centre.x,
                top + (place as f64 * LINE + BASELINE) * size,
                Escaped(line)
            )?;
        }
        Ok(())
    }
}
