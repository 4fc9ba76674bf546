//! Every sample with its stack: `traces`.

use std::fmt::Write as _;

use fathom_profile::{LabelRefValue, Profile, measurement};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::Failure;
use crate::command::Format;
use crate::head::profile_lines;
use crate::node::{NodeInfo, NodeRules, NodeTable};
use crate::options::Options;
use crate::scope::Scope;

const SEPARATOR: &str = "-----------+-------------------------------------------------------";

/// The stacks of a profile.
pub struct Traces<'p> {
    scope: Scope<'p>,
}

/// One sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// Its value, in the unit of the heading.
    pub value: i64,
    /// Its labels, as `key` and values.
    pub labels: Vec<(String, String)>,
    /// Its frames, leaf first.
    pub frames: Vec<TraceFrame>,
}

/// A frame of a stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceFrame {
    /// What it is called.
    pub name: String,
    /// Whether its code lies inside its caller's.
    pub inline: bool,
}

impl<'p> Traces<'p> {
    /// Prepares the view.
    ///
    /// # Errors
    ///
    /// When an option does not fit.
    pub fn new(profile: &'p Profile, options: &Options) -> Result<Self, Failure> {
        let scope = Scope::new(profile, "traces", Format::Traces, options)?;
        Ok(Self { scope })
    }

    /// What to tell about the options.
    pub fn notes(&self) -> &[String] {
        &self.scope.notes
    }

    /// What the profile says of itself.
    pub fn heading(&self) -> &crate::Heading {
        &self.scope.heading
    }

    /// Returns the samples that have frames, in order.
    pub fn traces(&self) -> Vec<Trace> {
        let nodes = self.nodes();
        let names = names(&nodes);
        let samples = 0..self.scope.profile.sample_count();
        let trace = |sample: usize| {
            let frames: Vec<TraceFrame> = self
                .frames(&nodes, sample)
                .map(|(node, inline)| TraceFrame {
                    name: names.get(node as usize).cloned().unwrap_or_default(),
                    inline,
                })
                .collect();
            let (texts, numbers) = self.labels(sample);
            Trace {
                value: self.scope.weight(sample).mean(),
                labels: texts.into_iter().chain(numbers).collect(),
                frames,
            }
        };
        samples
            .map(trace)
            .filter(|trace| !trace.frames.is_empty())
            .collect()
    }

    /// Prints the view as `go tool pprof -traces` does.
    pub fn render_text(&self, zone: &TimeZone) -> String {
        let scope = &self.scope;
        let format = |value| scope.format(value);
        let mut out = profile_lines(&scope.heading, scope.total, zone, &format).join("\n");
        out.push('\n');
        let nodes = self.nodes();
        let names = names(&nodes);
        for sample in 0..scope.profile.sample_count() {
            let mut frames = self.frames(&nodes, sample).peekable();
            if frames.peek().is_none() {
                continue;
            }
            out.push_str(SEPARATOR);
            out.push('\n');
            let (texts, numbers) = self.labels(sample);
            for labels in [texts, numbers] {
                let mut lines: Vec<String> = labels
                    .into_iter()
                    .map(|(key, values)| format!("{key:>10}:  {values}\n"))
                    .collect();
                lines.sort_unstable();
                out.extend(lines);
            }
            let value = scope.format(scope.weight(sample).mean());
            for (place, (node, inline)) in frames.enumerate() {
                let value = if place == 0 { value.as_str() } else { "" };
                let name = names.get(node as usize).map_or("", String::as_str);
                let inline = if inline { " (inline)" } else { "" };
                let _ = writeln!(out, "{value:>10}   {name}{inline}");
            }
        }
        out.push_str(SEPARATOR);
        out.push('\n');
        out
    }

    fn nodes(&self) -> NodeTable<'_> {
        NodeTable::new(&self.scope.profile, NodeRules::of(&self.scope).untrimmed())
    }

    /// The frames of a sample, leaf first, and whether each was inlined.
    fn frames<'a>(
        &'a self,
        nodes: &'a NodeTable<'_>,
        sample: usize,
    ) -> impl Iterator<Item = (u32, bool)> + 'a {
        self.scope
            .profile
            .stack(sample)
            .iter()
            .flat_map(|&location| {
                let frames = nodes.frames(location);
                let last = frames.len().saturating_sub(1);
                frames
                    .iter()
                    .enumerate()
                    .map(move |(place, &node)| (node, place != last))
            })
    }

    /// The labels of a sample, texts and numbers, the values of each key joined.
    #[expect(clippy::type_complexity, reason = "two lists of pairs")]
    fn labels(&self, sample: usize) -> (Vec<(String, String)>, Vec<(String, String)>) {
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        for label in self.scope.profile.labels(sample) {
            let (list, value): (&mut Vec<(String, String)>, _) = match label.value {
                LabelRefValue::Text(text) => (&mut texts, text.to_owned()),
                LabelRefValue::Number { value, .. } => {
                    let unit = self.scope.label_units.of(label.key);
                    (&mut numbers, measurement::label(value, unit))
                }
            };
            match list.last_mut() {
                Some((key, values)) if key == label.key => {
                    values.push(' ');
                    values.push_str(&value);
                }
                _ => list.push((label.key.to_owned(), value)),
            }
        }
        (texts, numbers)
    }
}

fn names(nodes: &NodeTable<'_>) -> Vec<String> {
    let name = |node| nodes.info(node).map(NodeInfo::label).unwrap_or_default();
    (0..nodes.len())
        .map(|node| name(node).into_owned())
        .collect()
}
