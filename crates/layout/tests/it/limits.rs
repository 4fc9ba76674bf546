//! What is too large or makes no sense is refused in words.

use fathom_layout::{Edge, Graph, Limits, Node, Options, lay_out};

fn chain(nodes: u32) -> Graph {
    Graph {
        nodes: vec![
            Node {
                width: 54.0,
                height: 36.0
            };
            nodes as usize
        ],
        edges: (1..nodes)
            .map(|to| Edge {
                from: to - 1,
                to,
                weight: 1,
                min_length: 1,
                label: None,
            })
            .collect(),
    }
}

fn refusal(graph: &Graph, options: &Options) -> String {
    lay_out(graph, options).map_or_else(|error| error.to_string(), |_| "drawn".to_owned())
}

#[test]
fn errors_name_the_index_and_the_limit() {
    let options = Options::default();
    let mut graph = chain(3);
    graph.edges[1].to = 3;
    assert_eq!(
        refusal(&graph, &options),
        "edge 1 names node 3, but there are only 3"
    );
    let mut graph = chain(3);
    graph.nodes[2].width = f64::NAN;
    assert_eq!(
        refusal(&graph, &options),
        "node 2 cannot be NaN by 36 points large"
    );
    let few = Options {
        limits: Limits {
            nodes: 2,
            ..Limits::default()
        },
        ..options
    };
    assert_eq!(
        refusal(&chain(3), &few),
        "the graph has 3 nodes, more than 2"
    );
    let narrow = Options {
        rank_separation: -1.0,
        ..options
    };
    assert_eq!(
        refusal(&chain(3), &narrow),
        "the rank separation cannot be -1 points"
    );
}

#[test]
fn lengths_that_would_fill_all_memory_are_refused_before_they_do() {
    let mut graph = chain(3);
    for edge in &mut graph.edges {
        edge.min_length = u32::MAX;
    }
    let message = refusal(&graph, &Options::default());
    assert!(
        message.ends_with("bends of long edges, more than 1000000"),
        "{message}"
    );
}

#[test]
fn a_long_chain_and_an_empty_graph_are_drawn() {
    let drawing = lay_out(&chain(3_000), &Options::default()).unwrap();
    assert!(
        drawing
            .nodes
            .windows(2)
            .all(|pair| (pair[0].x - pair[1].x).abs() < 0.01 && pair[0].y < pair[1].y)
    );
    let nothing = lay_out(&Graph::default(), &Options::default()).unwrap();
    assert!((nothing.width, nothing.height) == (8.0, 8.0));
}
