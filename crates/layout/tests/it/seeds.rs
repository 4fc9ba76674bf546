//! Replays the seeds of the fuzz target, with the checks of every drawing.

use std::fs;

use fathom_layout::{Edge, Error, Graph, Limits, Node, Options, Size, lay_out};

use crate::geometry;

/// Reads a graph as the fuzz target does.
fn graph(bytes: &[u8]) -> Graph {
    let (&count, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let (sizes, edges) = rest.split_at(rest.len().min(2 * usize::from(count)));
    Graph {
        nodes: sizes
            .chunks_exact(2)
            .map(|size| Node {
                width: f64::from(size[0]),
                height: f64::from(size[1]),
            })
            .collect(),
        edges: edges
            .chunks_exact(5)
            .map(|edge| Edge {
                from: u32::from(edge[0]),
                to: u32::from(edge[1]),
                weight: u32::from(edge[2]),
                min_length: u32::from(edge[3]).pow(3),
                label: (edge[4] > 0).then(|| Size {
                    width: f64::from(edge[4]),
                    height: 12.0,
                }),
            })
            .collect(),
    }
}

#[test]
fn every_seed_is_drawn_or_refused_for_what_is_wrong() {
    let path = fathom_testkit::repository().join("fuzz/seeds/layout");
    let mut refused = Vec::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let graph = graph(&fs::read(&path).unwrap());
        let options = Options {
            limits: Limits {
                bends: 5_000,
                ..Limits::default()
            },
            ..Options::default()
        };
        match lay_out(&graph, &options) {
            Ok(drawing) => geometry::check(&graph, &drawing),
            Err(error) => refused.push(error),
        }
    }
    refused.sort_by_key(ToString::to_string);
    assert!(
        matches!(
            refused[..],
            [
                Error::NoSuchNode { node: 7, .. },
                Error::Limit { limit: 5_000, .. }
            ]
        ),
        "{refused:?}"
    );
}
