//! Call graphs: nodes, calls between them, and what is left of both when small things are
//! left out.
//!
//! The steps are those of google/pprof `internal/report/report.go` (`newTrimmedGraph`). A
//! graph is built anew for the nodes that stay, because what went through the others is
//! not in the graph but in the samples.

mod entropy;
mod redundant;
mod tags;
mod tree;

use std::borrow::Cow;

pub(crate) use tags::{MAX_TAGS, NodeTags, Tag};

use crate::edge::{Calls, Edge};
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::order::{self, Cutoffs, Large};
use crate::scope::Scope;
use crate::tally::Tally;

/// A call graph.
pub(crate) struct Graph<'p> {
    facts: Facts<'p>,
    /// What fell to each node.
    pub(crate) tallies: Vec<Tally>,
    pub(crate) edges: Vec<Edge>,
    /// By node: its calls in and out, as places in `edges`.
    incoming: Vec<Vec<u32>>,
    outgoing: Vec<Vec<u32>>,
    /// The nodes shown, in order.
    pub(crate) shown: Vec<u32>,
    /// By node; empty where labels are not asked for.
    tags: Vec<NodeTags>,
    pub(crate) dropped: Dropped,
}

/// What the nodes are.
enum Facts<'p> {
    /// One node for all frames alike.
    Graph(NodeTable<'p>),
    /// One node for each path from the root.
    Tree(tree::Tree<'p>),
}

/// How much was left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Nodes below the fraction, and the sum of their absolute flat values.
    pub(crate) nodes: usize,
    pub(crate) nodes_flat: i64,
    /// Calls below the fraction.
    pub(crate) edges: usize,
    /// Nodes above the fraction, shown or not.
    pub(crate) candidates: usize,
    /// The sum of the absolute flat values of those that are not shown.
    pub(crate) further_flat: i64,
}

impl<'p> Graph<'p> {
    /// Builds and trims the graph of a report.
    pub(crate) fn new(scope: &'p Scope<'_>) -> Self {
        let is_picture = scope.format.is_graph();
        let has_paths = is_picture || scope.format == crate::command::Format::Callgrind;
        if scope.options.call_tree && has_paths {
            return tree::graph(scope);
        }
        let table = NodeTable::new(&scope.profile, NodeRules::of(scope));
        let tallies = scope.tallies(&table);
        let large = Large::new(scope, &tallies);
        let cutoffs = large.cutoffs;
        let mut shown = large.nodes;
        let mut kept = (large.small > 0).then(|| order::mask(&shown, table.len()));
        let mut dropped = Dropped {
            nodes: large.small,
            nodes_flat: large.small_flat,
            candidates: shown.len(),
            ..Dropped::default()
        };
        if is_picture {
            let facts = Facts::Graph(table);
            let graph = Self::build(scope, facts, tallies, shown, kept.as_deref());
            return graph.trimmed(scope, cutoffs, dropped);
        }
        order::by_value(&mut shown, &table, &tallies, scope.options.sort == "cum");
        let limit = order::limit(scope.options.nodecount);
        if limit < shown.len() {
            let further = shown.split_off(limit);
            dropped.further_flat = sum_of_flat(&tallies, &further);
            kept = Some(order::mask(&shown, table.len()));
        }
        let mut graph = Self::build(scope, Facts::Graph(table), tallies, shown, kept.as_deref());
        dropped.edges = graph.trim_edges(cutoffs.edge);
        graph.dropped = dropped;
        graph
    }

    /// Chooses what a picture shows.
    fn trimmed(mut self, scope: &'p Scope<'_>, cutoffs: Cutoffs, mut dropped: Dropped) -> Self {
        let limit = order::limit(scope.options.nodecount);
        self.sort_by_entropy();
        // More nodes than boxes are never shown.
        self.collect_tags(scope, limit);
        self.trim_tags(cutoffs.node);
        if limit < usize::MAX {
            self.trim_edges(cutoffs.edge);
            let selected = self.count_with_tags(limit);
            if selected < self.shown.len() {
                dropped.further_flat = self.flat_from(selected);
                self.shown.truncate(selected);
                let kept = order::mask(&self.shown, self.tallies.len());
                // The labels of a node do not depend on which others there are.
                let tags = std::mem::take(&mut self.tags);
                self = Self::build(scope, self.facts, self.tallies, self.shown, Some(&kept));
                self.tags = tags;
                self.sort_by_entropy();
            }
        }
        dropped.edges = self.trim_edges(cutoffs.edge);
        self.remove_redundant_edges();
        self.dropped = dropped;
        self
    }

    fn build(
        scope: &'p Scope<'_>,
        facts: Facts<'p>,
        tallies: Vec<Tally>,
        shown: Vec<u32>,
        kept: Option<&[bool]>,
    ) -> Self {
        let edges = match &facts {
            Facts::Graph(nodes) => Calls { scope, nodes, kept }.edges(),
            Facts::Tree(_) => Vec::new(),
        };
        Self::assemble(facts, tallies, edges, shown)
    }

    fn assemble(facts: Facts<'p>, tallies: Vec<Tally>, edges: Vec<Edge>, shown: Vec<u32>) -> Self {
        let mut incoming = vec![Vec::new(); tallies.len()];
        let mut outgoing = vec![Vec::new(); tallies.len()];
        for (place, edge) in (0_u32..).zip(&edges) {
            if let Some(list) = incoming.get_mut(edge.to as usize) {
                list.push(place);
            }
            if let Some(list) = outgoing.get_mut(edge.from as usize) {
                list.push(place);
            }
        }
        Self {
            facts,
            tallies,
            edges,
            incoming,
            outgoing,
            shown,
            tags: Vec::new(),
            dropped: Dropped::default(),
        }
    }

    /// What a node is.
    pub(crate) fn info(&self, node: u32) -> Option<&NodeInfo<'p>> {
        match &self.facts {
            Facts::Graph(table) => table.info(node as usize),
            Facts::Tree(tree) => tree.info(node),
        }
    }

    /// What a report calls a node.
    pub(crate) fn label(&self, node: u32) -> Cow<'_, str> {
        self.info(node).map(NodeInfo::label).unwrap_or_default()
    }

    /// What fell to a node.
    pub(crate) fn tally(&self, node: u32) -> Tally {
        self.tallies.get(node as usize).copied().unwrap_or_default()
    }

    /// The labels of a node's samples; `None` where they were not asked for.
    pub(crate) fn tags(&self, node: u32) -> Option<&NodeTags> {
        self.tags.get(node as usize)
    }

    /// The node that stands for all of a node's function: for a tree, among the children
    /// of one caller.
    pub(crate) fn parent(&self, node: u32) -> Option<u32> {
        match &self.facts {
            Facts::Graph(_) => None,
            Facts::Tree(tree) => tree.parent(node),
        }
    }

    /// Calls of a node, in pprof's order.
    pub(crate) fn callers(&self, node: u32) -> Vec<&Edge> {
        self.sorted(self.incoming.get(node as usize))
    }

    /// Calls by a node, in pprof's order.
    pub(crate) fn callees(&self, node: u32) -> Vec<&Edge> {
        self.sorted(self.outgoing.get(node as usize))
    }

    /// The calls by the nodes shown.
    pub(crate) fn shown_edges(&self) -> Vec<&Edge> {
        let places = self
            .shown
            .iter()
            .filter_map(|&node| self.outgoing.get(node as usize));
        let places = places.flatten();
        places
            .filter_map(|&place| self.edges.get(place as usize))
            .collect()
    }

    /// Whether a node calls any other.
    pub(crate) fn has_callees(&self, node: u32) -> bool {
        self.outgoing
            .get(node as usize)
            .is_some_and(|places| !places.is_empty())
    }

    fn sorted(&self, places: Option<&Vec<u32>>) -> Vec<&Edge> {
        let places = places.map(Vec::as_slice).unwrap_or_default();
        let edges = places
            .iter()
            .filter_map(|&place| self.edges.get(place as usize));
        let mut edges: Vec<&Edge> = edges.collect();
        self.sort_edges(&mut edges);
        edges
    }

    /// The heaviest call first, then by the names of its ends.
    pub(crate) fn sort_edges(&self, edges: &mut [&Edge]) {
        edges.sort_by(|left, right| {
            let weight = |edge: &Edge| edge.weight.value.unsigned_abs();
            weight(right)
                .cmp(&weight(left))
                .then_with(|| self.label(left.from).cmp(&self.label(right.from)))
                .then_with(|| self.label(left.to).cmp(&self.label(right.to)))
        });
    }

    /// Flat and cum of the nodes shown.
    pub(crate) fn values(&self) -> Vec<(i64, i64)> {
        let value = |&node: &u32| {
            let tally = self.tally(node);
            (tally.flat.mean(), tally.cum.mean())
        };
        self.shown.iter().map(value).collect()
    }

    fn flat_from(&self, first: usize) -> i64 {
        sum_of_flat(&self.tallies, self.shown.get(first..).unwrap_or_default())
    }

    fn remove_edge(&mut self, place: u32) {
        let Some(edge) = self.edges.get(place as usize).copied() else {
            return;
        };
        for (lists, node) in [
            (&mut self.incoming, edge.to),
            (&mut self.outgoing, edge.from),
        ] {
            if let Some(list) = lists.get_mut(node as usize) {
                list.retain(|&other| other != place);
            }
        }
    }

    /// Leaves out calls of the nodes shown that are lighter than `cutoff`; returns how
    /// many.
    fn trim_edges(&mut self, cutoff: u64) -> usize {
        let light: Vec<u32> = self
            .shown
            .iter()
            .filter_map(|&node| self.incoming.get(node as usize))
            .flatten()
            .copied()
            .filter(|&place| {
                let edge = self.edges.get(place as usize);
                edge.is_some_and(|edge| edge.weight.value.unsigned_abs() < cutoff)
            })
            .collect();
        let mut is_light = vec![false; self.edges.len()];
        for &place in &light {
            if let Some(mark) = is_light.get_mut(place as usize) {
                *mark = true;
            }
        }
        let stays = |place: &u32| !is_light.get(*place as usize).copied().unwrap_or(false);
        for list in self.incoming.iter_mut().chain(&mut self.outgoing) {
            list.retain(stays);
        }
        light.len()
    }
}

fn sum_of_flat(tallies: &[Tally], nodes: &[u32]) -> i64 {
    nodes.iter().fold(0, |sum: i64, &node| {
        let tally = tallies.get(node as usize).copied().unwrap_or_default();
        sum.saturating_add(tally.flat.value.saturating_abs())
    })
}
