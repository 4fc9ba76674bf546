//! Call graphs of real Go programs, beside Graphviz's drawings of them.

use std::sync::LazyLock;

use fathom_layout::{Drawing, Options, crossings, lay_out};

use crate::geometry;
use crate::recorded::{self, Recorded};

/// All recorded graphs with our drawing of each.
#[expect(clippy::expect_used, reason = "a failure fails the tests")]
static DRAWN: LazyLock<Vec<(Recorded, Drawing)>> = LazyLock::new(|| {
    recorded::all()
        .into_iter()
        .map(|recorded| {
            let drawing = lay_out(&recorded.graph, &Options::default()).expect("a valid graph");
            (recorded, drawing)
        })
        .collect()
});

/// How many times Graphviz's crossings ours may have.
const MOST: f64 = 1.5;

#[test]
fn edges_cross_hardly_more_often_than_graphviz_draws_them() {
    assert!(DRAWN.len() >= 10);
    for (recorded, drawing) in &*DRAWN {
        let ours = crossings(&recorded.graph, drawing);
        let theirs = crossings(&recorded.graph, &recorded.graphviz);
        println!(
            "{}: {} nodes, {} edges: lines {} to {}, curves {} to {}; {:.0}x{:.0} to {:.0}x{:.0}",
            recorded.name,
            recorded.graph.nodes.len(),
            recorded.graph.edges.len(),
            ours.lines,
            theirs.lines,
            ours.curves,
            theirs.curves,
            drawing.width,
            drawing.height,
            recorded.graphviz.width,
            recorded.graphviz.height,
        );
        for (ours, theirs) in [(ours.lines, theirs.lines), (ours.curves, theirs.curves)] {
            assert!(
                ours as f64 <= MOST * theirs as f64,
                "{}: {ours} crossings, Graphviz has {theirs}",
                recorded.name
            );
        }
    }
}

#[test]
fn real_call_graphs_are_not_drawn_over_themselves() {
    for (recorded, drawing) in &*DRAWN {
        println!("{}", recorded.name);
        geometry::check(&recorded.graph, drawing);
    }
}
