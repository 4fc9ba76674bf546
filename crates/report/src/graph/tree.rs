//! Trees of calls: one node for each path from the root.

use fathom_profile::Profile;
use hashbrown::HashMap;

use super::{Dropped, Facts, Graph};
use crate::edge::Edge;
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::order::{self, Large};
use crate::scope::Scope;
use crate::tally::Tally;

/// The paths of a profile.
pub(super) struct Tree<'p> {
    table: NodeTable<'p>,
    /// By node of the tree: the node it is reached from, or `ROOT`.
    parents: Vec<u32>,
    /// By node of the tree: what it is.
    facts: Vec<u32>,
    /// By sample: where its path ends, or `ROOT`.
    leaves: Vec<u32>,
}

const ROOT: u32 = u32::MAX;

impl<'p> Tree<'p> {
    pub(super) fn info(&self, node: u32) -> Option<&NodeInfo<'p>> {
        let fact = self.facts.get(node as usize)?;
        self.table.info(*fact as usize)
    }

    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.parents.get(node as usize).copied();
        parent.filter(|&parent| parent != ROOT)
    }

    /// The nodes of a sample, root first.
    pub(super) fn path(&self, sample: usize, path: &mut Vec<u32>) {
        let mut next = self
            .leaves
            .get(sample)
            .copied()
            .filter(|&leaf| leaf != ROOT);
        while let Some(node) = next {
            path.push(node);
            next = self.parent(node);
        }
        path.reverse();
    }
}

/// Builds and trims the tree of a report (google/pprof `internal/graph/graph.go`,
/// `newTree`, and `internal/report/report.go`, `newTrimmedGraph`).
pub(super) fn graph<'p>(scope: &'p Scope<'_>) -> Graph<'p> {
    let profile = &*scope.profile;
    let table = NodeTable::new(profile, NodeRules::of(scope));
    let (tree, tallies, inline) = build(scope, profile, table);
    let large = Large::new(scope, &tallies);
    let cutoffs = large.cutoffs;
    let mut edges = Vec::new();
    for (node, (&parent, &inline)) in (0_u32..).zip(tree.parents.iter().zip(&inline)) {
        let tally = tallies.get(node as usize).copied().unwrap_or_default();
        if parent != ROOT {
            edges.push(Edge {
                from: parent,
                to: node,
                weight: tally.cum,
                residual: false,
                inline,
            });
        }
    }
    let mut dropped = Dropped {
        nodes: large.small,
        nodes_flat: large.small_flat,
        candidates: large.nodes.len(),
        ..Dropped::default()
    };
    let everything: Vec<u32> = {
        let whole = |tally: &Tally| Large::counts(scope, tally);
        let nodes = (0_u32..).zip(&tallies);
        nodes
            .filter(|(_, tally)| whole(tally))
            .map(|(node, _)| node)
            .collect()
    };
    let is_picture = scope.format.is_graph();
    let mut graph = Graph::assemble(Facts::Tree(tree), tallies, edges, everything);
    if large.small > 0 {
        graph.trim_tree(large.nodes);
    }
    graph.sort_tree(scope, is_picture);
    if is_picture {
        graph.collect_tags(scope, usize::MAX);
        graph.trim_tags(cutoffs.node);
    }
    let limit = order::limit(scope.options.nodecount);
    if limit < usize::MAX {
        graph.trim_edges(cutoffs.edge);
        let selected = if is_picture {
            graph.count_with_tags(limit)
        } else {
            limit
        };
        if selected < graph.shown.len() {
            dropped.further_flat = graph.flat_from(selected);
            let kept = graph.shown.get(..selected).unwrap_or_default().to_vec();
            graph.trim_tree(kept);
            graph.sort_tree(scope, is_picture);
        }
    }
    dropped.edges = graph.trim_edges(cutoffs.edge);
    if is_picture {
        graph.remove_redundant_edges();
    }
    graph.dropped = dropped;
    graph
}

fn build<'p>(
    scope: &Scope<'_>,
    profile: &Profile,
    table: NodeTable<'p>,
) -> (Tree<'p>, Vec<Tally>, Vec<bool>) {
    let mut children: HashMap<(u32, u32), u32> = HashMap::new();
    let mut tree = Tree {
        table,
        parents: Vec::new(),
        facts: Vec::new(),
        leaves: Vec::with_capacity(profile.sample_count()),
    };
    let mut tallies: Vec<Tally> = Vec::new();
    // Whether every call of a node was inlined.
    let mut inline: Vec<bool> = Vec::new();
    for sample in 0..profile.sample_count() {
        let weight = scope.weight(sample);
        let mut parent = ROOT;
        if !weight.is_zero() {
            for &location in profile.stack(sample).iter().rev() {
                let frames = tree.table.frames(location);
                for (place, &fact) in frames.iter().enumerate().rev() {
                    let node = *children.entry((parent, fact)).or_insert_with(|| {
                        tree.parents.push(parent);
                        tree.facts.push(fact);
                        tallies.push(Tally::default());
                        inline.push(true);
                        u32::try_from(tallies.len() - 1).unwrap_or(ROOT)
                    });
                    if let Some(tally) = tallies.get_mut(node as usize) {
                        tally.cum.add(weight);
                    }
                    if place + 1 == frames.len()
                        && let Some(inline) = inline.get_mut(node as usize)
                    {
                        *inline = false;
                    }
                    parent = node;
                }
            }
        }
        if let Some(tally) = tallies.get_mut(parent as usize) {
            tally.flat.add(weight);
        }
        tree.leaves.push(parent);
    }
    (tree, tallies, inline)
}

impl Graph<'_> {
    fn sort_tree(&mut self, scope: &Scope<'_>, is_picture: bool) {
        if is_picture {
            self.sort_by_entropy();
            return;
        }
        let by_cum = scope.options.sort == "cum";
        let mut shown = std::mem::take(&mut self.shown);
        order::sort(
            &mut shown,
            |node| self.info(node),
            |node| {
                let Tally { flat, cum } = self.tally(node);
                let (flat, cum) = (flat.value.unsigned_abs(), cum.value.unsigned_abs());
                if by_cum { (cum, flat) } else { (flat, cum) }
            },
        );
        self.shown = shown;
    }

    /// Takes out the nodes that are not `kept`: what they called is called by their
    /// caller instead, across them.
    fn trim_tree(&mut self, kept: Vec<u32>) {
        let mask = order::mask(&kept, self.tallies.len());
        let old = std::mem::replace(&mut self.shown, kept);
        for node in old {
            if mask.get(node as usize).copied().unwrap_or(false) {
                continue;
            }
            let called = self.outgoing.get_mut(node as usize).map(std::mem::take);
            let called = called.unwrap_or_default();
            let into_it = self
                .incoming
                .get(node as usize)
                .and_then(|places| places.first().copied());
            let Some(place) = into_it else {
                // What it called becomes a root.
                for place in called {
                    let to = self.edges.get(place as usize).map(|edge| edge.to);
                    if let Some(list) = to.and_then(|to| self.incoming.get_mut(to as usize)) {
                        list.retain(|&other| other != place);
                    }
                }
                continue;
            };
            let Some(above) = self.edges.get(place as usize).copied() else {
                continue;
            };
            self.remove_edge(place);
            for place in called {
                if let Some(edge) = self.edges.get_mut(place as usize) {
                    edge.from = above.from;
                    edge.residual = true;
                    edge.inline &= above.inline;
                }
                if let Some(list) = self.outgoing.get_mut(above.from as usize) {
                    list.push(place);
                }
            }
        }
    }
}
