//! Times placing the boxes of recorded call graphs, drawing call graphs, and flame graphs.
//!
//! ```text
//! cargo bench -p fathom-bench --bench pictures [-- NAME]
//! ```

use std::fs;
use std::str::FromStr;

use divan::{Bencher, black_box};
use fathom_layout::{Edge, Graph, Node, Size, lay_out};
use fathom_profile::{Limits, Profile};
use fathom_report::callgraph::CallGraph;
use fathom_report::flame::{Flame, FlameOptions, render_html};
use fathom_report::options::Options;
use fathom_testkit::generator::Shape;

fn main() {
    divan::main();
}

/// Call graphs of real programs; the number is that of their nodes.
const RECORDED: [&str; 6] = [
    "vet_cpu_80",
    "json_cpu_120",
    "compile_http_heap_200",
    "compile_types_cpu_250",
    "compile_types_heap_400",
    "http_cpu_500",
];

fn number<N: FromStr>(text: &str) -> N {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is not a number"))
}

/// Reads the sizes and calls of a recorded graph, without Graphviz's places.
fn recorded(name: &str) -> Graph {
    let path = fathom_testkit::repository()
        .join("fixtures/callgraphs/go1.27.3")
        .join(format!("{name}.tsv"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
    let mut graph = Graph::default();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["node", width, height, _] => graph.nodes.push(Node {
                width: number(width),
                height: number(height),
            }),
            ["edge", from, to, weight, min_length, width, height, _] => graph.edges.push(Edge {
                from: number(from),
                to: number(to),
                weight: number(weight),
                min_length: number(min_length),
                label: Some(Size {
                    width: number(width),
                    height: number(height),
                }),
            }),
            _ => {}
        }
    }
    graph
}

#[divan::bench(args = RECORDED, max_time = 3)]
fn layout(bencher: Bencher<'_, '_>, name: &str) {
    let graph = recorded(name);
    let options = fathom_layout::Options::default();
    bencher.bench_local(|| lay_out(black_box(&graph), &options));
}

fn generated(size: &str) -> Profile {
    let shape = match size {
        "small" => Shape::small(),
        "medium" => Shape::medium(),
        _ => Shape::large(),
    };
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = shape.write(&mut bytes);
    Profile::parse(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The SVG of a call graph that is there.
#[divan::bench(max_time = 3)]
fn draw(bencher: Bencher<'_, '_>) {
    let profile = generated("small");
    let graph =
        CallGraph::new(&profile, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    bencher.bench_local(|| graph.draw(black_box(&jiff::tz::TimeZone::UTC)));
}

#[divan::bench(args = ["small", "medium", "large"], max_time = 5)]
fn flame(bencher: Bencher<'_, '_>, size: &str) {
    let profile = generated(size);
    let options = Options::default();
    bencher.bench_local(|| Flame::new(black_box(&profile), &options));
}

#[divan::bench(args = ["small", "medium", "large"], max_time = 5)]
fn flame_page(bencher: Bencher<'_, '_>, size: &str) {
    let flame =
        Flame::new(&generated(size), &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let options = FlameOptions::default();
    bencher.bench_local(|| render_html(black_box(&flame), &options));
}
