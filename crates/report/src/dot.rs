//! Call graphs in the language of Graphviz, byte for byte as `go tool pprof -dot` writes
//! them (google/pprof `internal/graph/dotgraph.go`).

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::callgraph::{CallGraph, GraphEdge, GraphNode, GraphTag};

impl CallGraph {
    /// Writes the graph in the language of Graphviz.
    pub fn render_dot(&self, zone: &TimeZone) -> String {
        let mut out = String::new();
        let title = if self.title.is_empty() {
            "unnamed"
        } else {
            &self.title
        };
        let _ = writeln!(out, "digraph \"{title}\" {{");
        let _ = writeln!(out, "node [style=filled fillcolor=\"#f8f8f8\"]");
        self.write_legend(&mut out, zone);
        for (place, node) in self.nodes.iter().enumerate() {
            self.write_node(&mut out, place + 1, node);
        }
        for edge in &self.edges {
            self.write_edge(&mut out, edge);
        }
        out.push_str("}\n");
        out
    }

    fn write_legend(&self, out: &mut String, zone: &TimeZone) {
        let lines: Vec<String> = self.legend(zone).iter().map(|line| escape(line)).collect();
        let Some(first) = lines.first() else { return };
        let _ = write!(
            out,
            "subgraph cluster_L {{ \"{first}\" [shape=box fontsize=16 label=\"{}\\l\"",
            lines.join("\\l")
        );
        if !self.title.is_empty() {
            let _ = write!(out, " tooltip=\"{}\"", self.title);
        }
        out.push_str("] }\n");
    }

    fn write_node(&self, out: &mut String, number: usize, node: &GraphNode) {
        let head = &self.head;
        let share = |value: i64| head.percentage(value).trim().to_owned();
        let mut label = String::new();
        for line in &node.lines {
            label.push_str(&if line.is_name {
                escape(&line.text)
            } else {
                line.text.clone()
            });
            label.push_str("\\n");
        }
        let flat = head.format(node.flat);
        if node.flat == 0 {
            label.push('0');
        } else {
            let _ = write!(label, "{flat} ({})", share(node.flat));
        }
        let mut cum = flat;
        if node.cum != node.flat {
            label.push_str(if node.flat == 0 { " " } else { "\\n" });
            cum = head.format(node.cum);
            let _ = write!(label, "of {cum} ({})", share(node.cum));
        }
        let _ = writeln!(
            out,
            "N{number} [label=\"{label}\" id=\"node{number}\" fontsize={} shape=box \
             tooltip=\"{} ({cum})\" color=\"{}\" fillcolor=\"{}\"]",
            node.font_size,
            escape(&node.name),
            self.colour(node.cum).foreground(),
            self.colour(node.cum).background(),
        );
        for tag in &node.tags {
            self.write_tag(out, &format!("N{number}"), tag);
        }
        for tag in &node.numbers {
            self.write_number(out, &format!("N{number}"), tag);
        }
    }

    fn write_tag(&self, out: &mut String, node: &str, tag: &GraphTag) {
        let name = format!("{node}_{}", tag.place);
        let weight = self.head.format(tag.weight);
        let _ = writeln!(
            out,
            "{name} [label = \"{}\" id=\"{name}\" fontsize=8 shape=box3d tooltip=\"{weight}\"]",
            tag.name
        );
        let _ = writeln!(
            out,
            "{node} -> {name} [label=\" {weight}\" weight=100 tooltip=\"{weight}\" labeltooltip=\"{weight}\"]"
        );
        for number in &tag.numbers {
            self.write_number(out, &name, number);
        }
    }

    fn write_number(&self, out: &mut String, source: &str, tag: &GraphTag) {
        let name = format!("N{source}_{}", tag.place);
        let weight = self.head.format(tag.weight);
        let style = if tag.is_partly_removed {
            " style=\"dotted\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "{name} [label = \"{}\" id=\"{name}\" fontsize=8 shape=box3d tooltip=\"{weight}\"]",
            tag.name
        );
        let _ = writeln!(
            out,
            "{source} -> {name} [label=\" {weight}\" weight=100 tooltip=\"{weight}\" labeltooltip=\"{weight}\"{style}]"
        );
    }

    fn write_edge(&self, out: &mut String, edge: &GraphEdge) {
        let weight = self.head.format(edge.weight);
        let inline = if edge.inline { "\\n (inline)" } else { "" };
        let _ = write!(
            out,
            "N{} -> N{} [label=\" {weight}{inline}\"",
            edge.from, edge.to
        );
        if self.head.total != 0 {
            let pull = self.pull(edge.weight);
            if pull > 1 {
                let _ = write!(out, " weight={pull}");
            }
            let width = self.width(edge.weight);
            if width > 1 {
                let _ = write!(out, " penwidth={width}");
            }
            let _ = write!(out, " color=\"{}\"", self.colour(edge.weight).foreground());
        }
        let arrow = if edge.residual { "..." } else { "->" };
        let tooltip = format!(
            "\"{} {arrow} {} ({weight})\"",
            escape(&edge.from_name),
            escape(&edge.to_name)
        );
        let _ = write!(out, " tooltip={tooltip} labeltooltip={tooltip}");
        if edge.residual {
            out.push_str(" style=\"dotted\"");
        }
        if edge.from_has_tags {
            out.push_str(" minlen=2");
        }
        out.push_str("]\n");
    }
}

/// Text inside quotes; lines end at the left.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\l")
}
