//! Any graph: a clear error, or a drawing in which everything has a finite place.
//!
//! The first byte is the number of nodes; then two bytes a node (width, height), then five
//! an edge (from, to, weight, least length, width of the label).
#![no_main]

use fathom_layout::{Edge, Graph, Limits, Node, Options, Size, crossings, lay_out};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&count, rest)) = bytes.split_first() else {
        return;
    };
    let (sizes, edges) = rest.split_at(rest.len().min(2 * usize::from(count)));
    let graph = Graph {
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
                // Beyond what the limit allows, now and then.
                min_length: u32::from(edge[3]).pow(3),
                label: (edge[4] > 0).then(|| Size {
                    width: f64::from(edge[4]),
                    height: 12.0,
                }),
            })
            .collect(),
    };
    let options = Options {
        limits: Limits {
            bends: 5_000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let Ok(drawing) = lay_out(&graph, &options) else {
        return;
    };
    assert_eq!(drawing.nodes.len(), graph.nodes.len());
    assert_eq!(drawing.edges.len(), graph.edges.len());
    for route in &drawing.edges {
        assert_eq!(route.points.len() % 3, 1);
        assert!(
            route
                .points
                .iter()
                .all(|point| point.x.is_finite() && point.y.is_finite())
        );
    }
    crossings(&graph, &drawing);
});
