//! Reads the call graphs under `fixtures/callgraphs` with Graphviz's drawing of each.

#![expect(clippy::unwrap_used, reason = "a fixture that is missing ends the run")]

use std::fs;
use std::path::Path;
use std::str::FromStr;

use fathom_layout::{Drawing, Edge, Graph, Node, Point, Route, Size};

/// A call graph of a real profile, and how `dot` drew it.
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) graph: Graph,
    pub(crate) graphviz: Drawing,
}

/// Returns all recorded call graphs, by name.
pub(crate) fn all() -> Vec<Recorded> {
    let path = fathom_testkit::repository().join("fixtures/callgraphs/go1.27.3");
    let mut files: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(path: &Path) -> Recorded {
    let mut graph = Graph::default();
    let mut graphviz = Drawing::default();
    for line in fs::read_to_string(path).unwrap().lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["size", width, height] => {
                graphviz.width = number(width);
                graphviz.height = number(height);
            }
            ["node", width, height, centre] => {
                graph.nodes.push(Node {
                    width: number(width),
                    height: number(height),
                });
                graphviz.nodes.extend(points(centre));
            }
            ["edge", from, to, weight, min_length, width, height, course] => {
                let label = Size {
                    width: number(width),
                    height: number(height),
                };
                graph.edges.push(Edge {
                    from: number(from),
                    to: number(to),
                    weight: number(weight),
                    min_length: number(min_length),
                    label: (label.width > 0.0).then_some(label),
                });
                graphviz.edges.push(Route {
                    points: points(course),
                    ..Route::default()
                });
            }
            _ => assert!(line.starts_with('#'), "{}: {line}", path.display()),
        }
    }
    Recorded {
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        graph,
        graphviz,
    }
}

fn number<N: FromStr>(text: &str) -> N {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is not a number"))
}

fn points(text: &str) -> Vec<Point> {
    let numbers: Vec<f64> = text.split(' ').map(number).collect();
    numbers
        .chunks_exact(2)
        .map(|pair| Point::new(pair[0], pair[1]))
        .collect()
}
