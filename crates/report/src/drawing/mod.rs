//! A call graph as a drawing: sizes from the text, places from `fathom-layout`, SVG.
//!
//! The looks are those of google/pprof `internal/graph/dotgraph.go` as Graphviz draws them,
//! the distances Graphviz's (a box's margins, inches of 72 points between ranks).

mod boxes;
mod svg;

use fathom_layout::{Graph, Options, lay_out};
use jiff::tz::TimeZone;

use self::boxes::Boxes;
use crate::Error;
use crate::callgraph::CallGraph;

/// A drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// The SVG.
    pub svg: String,
    /// Points.
    pub width: f64,
    /// Points.
    pub height: f64,
}

/// Points from the base of an arrow's head to its tip.
const ARROW_LENGTH: f64 = 10.0;

impl CallGraph {
    /// Draws the graph: boxes and arrows placed by the built-in layout, above them the legend.
    ///
    /// The SVG needs nothing from elsewhere. A browser pans and zooms it with pointer, wheel
    /// and keys, shows a box's callers and callees when it is chosen, and follows the reader's
    /// choice of a dark or light ground; without scripts it is still the whole picture.
    ///
    /// Calls to and from functions that are not shown have no box to start or end at and are
    /// left out; `-dot` names them `N0`.
    ///
    /// # Errors
    ///
    /// When the graph is larger than the layout's limits.
    pub fn draw(&self, zone: &TimeZone) -> Result<Drawing, Error> {
        let boxes = Boxes::new(self);
        let graph = Graph {
            nodes: boxes.nodes.iter().map(boxes::DrawnBox::size).collect(),
            edges: boxes.arrows.iter().map(boxes::Arrow::edge).collect(),
        };
        let options = Options {
            arrow_length: ARROW_LENGTH,
            ..Options::default()
        };
        let places = lay_out(&graph, &options).map_err(|error| Error::Layout {
            reason: error.to_string(),
        })?;
        Ok(svg::write(self, &boxes, &places, &self.legend(zone)))
    }
}
