//! Prints crossings, extent and time (the best of five) for each recorded call graph, beside Graphviz's, and
//! writes our drawing of each as SVG into the directory given.
//!
//!     cargo run --release -p fathom-layout --example measure -- target/callgraphs

#![expect(clippy::print_stdout, reason = "that is its purpose")]
#![expect(clippy::unwrap_used, reason = "a tool for developers")]

#[path = "../tests/it/recorded.rs"]
mod recorded;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Instant;

use fathom_layout::{Drawing, Graph, Options, crossings, lay_out};

fn main() {
    let directory = std::env::args().nth(1);
    for recorded in recorded::all() {
        let drawing = lay_out(&recorded.graph, &Options::default()).unwrap();
        let time = (0..5)
            .map(|_| {
                let start = Instant::now();
                lay_out(&recorded.graph, &Options::default()).unwrap();
                start.elapsed()
            })
            .min()
            .unwrap_or_default();
        let ours = crossings(&recorded.graph, &drawing);
        let theirs = crossings(&recorded.graph, &recorded.graphviz);
        println!(
            "{:24} {:4} nodes {:4} edges  lines {:5} / {:5} = {:.2}  curves {:5} / {:5} = {:.2}  {:6.0}x{:5.0} / {:6.0}x{:5.0}  {:4} ms",
            recorded.name,
            recorded.graph.nodes.len(),
            recorded.graph.edges.len(),
            ours.lines,
            theirs.lines,
            ours.lines as f64 / theirs.lines as f64,
            ours.curves,
            theirs.curves,
            ours.curves as f64 / theirs.curves as f64,
            drawing.width,
            drawing.height,
            recorded.graphviz.width,
            recorded.graphviz.height,
            time.as_millis(),
        );
        if let Some(directory) = &directory {
            let path = Path::new(directory).join(format!("{}.svg", recorded.name));
            fs::write(path, svg(&recorded.graph, &drawing)).unwrap();
        }
    }
}

fn svg(graph: &Graph, drawing: &Drawing) -> String {
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}'>\
         <rect width='100%' height='100%' fill='white'/>\n",
        drawing.width.ceil(),
        drawing.height.ceil()
    );
    for (edge, route) in graph.edges.iter().zip(&drawing.edges) {
        let start = route.points[0];
        write!(
            svg,
            "<path fill='none' stroke='#555' d='M{:.1} {:.1}C",
            start.x, start.y
        )
        .unwrap();
        for point in &route.points[1..] {
            write!(svg, " {:.1} {:.1}", point.x, point.y).unwrap();
        }
        svg.push_str("'/>\n");
        let (tip, to) = (route.arrow.tip, route.arrow.direction);
        let base = route.points.iter().copied().min_by(|one, other| {
            let distance = |point: &fathom_layout::Point| (point.x - tip.x).hypot(point.y - tip.y);
            distance(one).total_cmp(&distance(other))
        });
        let base = base.unwrap();
        writeln!(
            svg,
            "<path fill='#555' d='M{:.1} {:.1}L{:.1} {:.1} {:.1} {:.1}Z'/>",
            tip.x,
            tip.y,
            base.x - to.y * 3.5,
            base.y + to.x * 3.5,
            base.x + to.y * 3.5,
            base.y - to.x * 3.5
        )
        .unwrap();
        if let (Some(label), Some(size)) = (route.label, edge.label) {
            writeln!(
                svg,
                "<rect fill='#cde' x='{:.1}' y='{:.1}' width='{:.1}' height='{:.1}'/>",
                label.x - size.width / 2.0,
                label.y - size.height / 2.0,
                size.width,
                size.height
            )
            .unwrap();
        }
    }
    for (node, centre) in graph.nodes.iter().zip(&drawing.nodes) {
        writeln!(
            svg,
            "<rect fill='#fed' stroke='#a52' x='{:.1}' y='{:.1}' width='{:.1}' height='{:.1}'/>",
            centre.x - node.width / 2.0,
            centre.y - node.height / 2.0,
            node.width,
            node.height
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}
