//! The drawing of a call graph holds what `-dot` says of it.

use std::collections::HashMap;
use std::collections::HashSet;

use fathom_profile::{Limits, Profile};
use fathom_report::callgraph::CallGraph;
use fathom_report::options::Options;
use fathom_report::{Drawing, picture};
use fathom_testkit::generator::Shape;
use jiff::tz::TimeZone;
use resvg::usvg::roxmltree::{Document, Node};

fn parse(bytes: &[u8]) -> Profile {
    Profile::parse(bytes, &Limits::default()).expect("a profile")
}

fn drawn(profile: &Profile, options: &Options) -> (CallGraph, Drawing) {
    let graph = CallGraph::new(profile, options).expect("a graph");
    let drawing = graph.draw(&TimeZone::UTC).expect("a drawing");
    (graph, drawing)
}

fn generated() -> Profile {
    let mut bytes = Vec::new();
    let shape = Shape {
        samples: 500,
        functions: 150,
        ..Shape::medium()
    };
    shape.write(&mut bytes).expect("written");
    parse(&bytes)
}

fn title<'a>(node: Node<'a, 'a>) -> &'a str {
    node.children()
        .find(|child| child.has_tag_name("title"))
        .and_then(|child| child.text())
        .unwrap_or_default()
}

fn shape<'a>(node: Node<'a, 'a>, name: &str) -> Node<'a, 'a> {
    node.children()
        .find(|child| child.tag_name().name() == name)
        .expect("the shape is there")
}

fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
    let text = node.attribute(attribute).expect("the attribute is there");
    text.parse().expect("a number")
}

fn texts(node: Node<'_, '_>) -> String {
    let lines: Vec<&str> = node
        .children()
        .filter(|child| child.has_tag_name("text"))
        .filter_map(|child| child.text())
        .collect();
    lines.join("\\n")
}

fn by_class<'a>(document: &'a Document<'a>, class: &str) -> Vec<Node<'a, 'a>> {
    document
        .descendants()
        .filter(|node| node.attribute("class") == Some(class))
        .collect()
}

/// What stands between quotes after `name=` in a line of `-dot`.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// What a graph without names that need escapes must look like, by `-dot`.
fn agrees_with_dot(graph: &CallGraph, drawing: &Drawing) {
    let dot = graph.render_dot(&TimeZone::UTC);
    let document = Document::parse(&drawing.svg).expect("well formed");
    let nodes: HashMap<&str, Node<'_, '_>> = by_class(&document, "node")
        .into_iter()
        .map(|node| (node.attribute("id").expect("an id"), node))
        .collect();
    assert_eq!(nodes.len(), graph.nodes.len());
    let edges = by_class(&document, "edge");
    let mut calls = edges.iter();
    let mut seen_edges = 0;
    for line in dot.lines() {
        if let Some(id) = attribute(line, "id").filter(|_| line.contains("shape=box ")) {
            let node = nodes[id];
            let (_, label) = line.split_once("[label=\"").expect("a label");
            assert_eq!(texts(node), label.split('"').next().unwrap_or_default());
            assert_eq!(title(node), attribute(line, "tooltip").expect("a tooltip"));
            let area = shape(node, "rect");
            assert_eq!(area.attribute("fill"), attribute(line, "fillcolor"));
            assert_eq!(area.attribute("stroke"), attribute(line, "color"));
            let (_, size) = line.split_once("fontsize=").expect("a size");
            let size = size.split(' ').next().expect("a size");
            assert_eq!(shape(node, "text").attribute("font-size"), Some(size));
        } else if line.contains(" labeltooltip=") && line.contains(" color=") {
            let edge = loop {
                let edge = calls.next().expect("an edge is missing");
                if edge
                    .children()
                    .any(|child| child.attribute("class") == Some("line"))
                {
                    break *edge;
                }
            };
            seen_edges += 1;
            let path = shape(edge, "path");
            assert_eq!(title(edge), attribute(line, "tooltip").expect("a tooltip"));
            assert_eq!(path.attribute("stroke"), attribute(line, "color"));
            let (_, label) = line.split_once("[label=\" ").expect("a label");
            let label = label.split('"').next().unwrap_or_default();
            assert_eq!(texts(edge), label.replace("\\n ", "\\n"));
            let width = line.split_once(" penwidth=").map_or("1", |(_, rest)| {
                rest.split([' ', ']']).next().unwrap_or_default()
            });
            assert_eq!(path.attribute("stroke-width"), Some(width));
            assert_eq!(
                path.has_attribute("stroke-dasharray"),
                line.contains("style=\"dotted\"")
            );
            let ends = line.split(" [").next().unwrap_or_default();
            let ours = format!(
                "{} -> {}",
                edge.attribute("data-from").unwrap_or_default(),
                edge.attribute("data-to").unwrap_or_default()
            );
            assert_eq!(ours.replace("node", "N"), ends);
        }
    }
    assert_eq!(seen_edges, graph.edges.len());
}

fn nothing_overlaps(drawing: &Drawing) {
    let document = Document::parse(&drawing.svg).expect("well formed");
    let mut boxes: Vec<[f64; 4]> = Vec::new();
    for class in ["node", "tag"] {
        for node in by_class(&document, class) {
            let area = shape(node, "rect");
            let [x, y, width, height] =
                ["x", "y", "width", "height"].map(|name| number(area, name));
            boxes.push([x, y, x + width, y + height]);
            // The text stays inside.
            for text in node.children().filter(|child| child.has_tag_name("text")) {
                let baseline = number(text, "y");
                assert!(baseline > y && baseline < y + height);
            }
        }
    }
    for (place, a) in boxes.iter().enumerate() {
        assert!(a[0] >= 0.0 && a[2] <= drawing.width && a[3] <= drawing.height);
        for b in &boxes[place + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{a:?} {b:?}");
        }
    }
    // The tip of an arrow touches its box.
    let homes: HashMap<&str, [f64; 4]> = ["node", "tag"]
        .into_iter()
        .flat_map(|class| by_class(&document, class))
        .filter_map(|node| node.attribute("id"))
        .zip(boxes.iter().copied())
        .collect();
    for edge in by_class(&document, "edge") {
        let points = shape(edge, "polygon").attribute("points").expect("points");
        let tip: Vec<f64> = points
            .split([' ', ','])
            .take(2)
            .map(|part| part.parse().expect("a number"))
            .collect();
        let [left, top, right, bottom] = homes[edge.attribute("data-to").expect("an end")];
        let aside = (left - tip[0]).max(tip[0] - right).max(0.0);
        let above = (top - tip[1]).max(tip[1] - bottom).max(0.0);
        assert!(
            aside.hypot(above) < 1.5,
            "{tip:?} is not at {left} {top} {right} {bottom}"
        );
    }
}

#[test]
fn every_box_and_arrow_looks_as_dot_says() {
    let profile = generated();
    for (nodecount, call_tree) in [(-1, false), (30, true), (110, false)] {
        let options = Options {
            nodecount,
            call_tree,
            tagshow: "nothing".to_owned(),
            ..Options::default()
        };
        let (graph, drawing) = drawn(&profile, &options);
        agrees_with_dot(&graph, &drawing);
        nothing_overlaps(&drawing);
    }
}

#[test]
fn labels_have_boxes_of_their_own() {
    let (graph, drawing) = drawn(&generated(), &Options::default());
    let document = Document::parse(&drawing.svg).expect("well formed");
    let tags = by_class(&document, "tag");
    let expected: usize = graph
        .nodes
        .iter()
        .map(|node| {
            let below: usize = node.tags.iter().map(|tag| tag.numbers.len()).sum();
            node.tags.len() + below + node.numbers.len()
        })
        .sum();
    assert!(expected > 0);
    assert_eq!(tags.len(), expected);
    let dot = graph.render_dot(&TimeZone::UTC);
    for tag in &tags {
        let id = tag.attribute("id").expect("an id");
        assert!(
            dot.contains(&format!("{id} [label = \"{}\" id=\"{id}\"", texts(*tag))),
            "{id}"
        );
    }
    let ids: HashSet<_> = tags.iter().map(|tag| tag.attribute("id")).collect();
    assert_eq!(ids.len(), tags.len());
    nothing_overlaps(&drawing);
}

#[test]
fn names_are_text_and_never_markup() {
    let profile = parse(b"main;</svg><script>alert(1)</script>;a&\"b' 7\nmain;x 3\n");
    let (_, drawing) = drawn(&profile, &Options::default());
    let document = Document::parse(&drawing.svg).expect("well formed");
    let scripts = document
        .descendants()
        .filter(|node| node.has_tag_name("script"));
    assert_eq!(scripts.count(), 1);
    let titles: Vec<&str> = by_class(&document, "node").into_iter().map(title).collect();
    assert!(titles.contains(&"a&\"b' (7)"), "{titles:?}");
    assert!(titles.contains(&"</svg><script>alert(1)</script> (7)"));
}

#[test]
fn a_small_graph() {
    let profile = parse(b"main;work;parse 60\nmain;work;write 25\nmain;idle 15\n");
    let (_, drawing) = drawn(&profile, &Options::default());
    let script = drawing.svg.find("<script>").expect("a script");
    insta::assert_snapshot!(&drawing.svg[..script]);
}

#[test]
fn a_profile_of_nothing_is_a_legend() {
    let profile = parse(b"main;work 5\n");
    let options = Options {
        focus: "absent".to_owned(),
        ..Options::default()
    };
    let (graph, drawing) = drawn(&profile, &options);
    assert!(graph.nodes.is_empty());
    let document = Document::parse(&drawing.svg).expect("well formed");
    assert_eq!(by_class(&document, "legend").len(), 1);
    assert!(picture::png(&drawing.svg, 1.0).is_ok());
}
