//! The plots that readings make.
//!
//! A line of a plot is computed from readings by the first of its [`Expr`]essions whose readings
//! are there: the same line comes from runtime/metrics where a program exports them, and else from
//! MemStats, gctrace or the kernel.

mod expr;
mod make;
mod table;

pub use expr::{Between, Expr, Mode, Sample};
pub use table::PLOTS;

use serde::Serialize;

use crate::Unit;

/// Which page or tab a plot stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// What the process holds, as the kernel and the runtime see it.
    Memory,
    /// The heap and its allocations.
    Heap,
    /// The garbage collector.
    Gc,
    /// Goroutines, threads and the scheduler.
    Scheduler,
    /// Where CPU time went.
    Cpu,
}

/// How a plot is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// A line each.
    Lines,
    /// Areas above each other, which sum to something.
    Stacked,
    /// A column of shades for each interval: a distribution over time.
    Heatmap,
}

/// One plot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Plot {
    /// Names it in URLs and in `--json`.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Says what it shows, in a sentence.
    pub about: &'static str,
    /// Where it stands.
    pub group: Group,
    /// How it is drawn.
    pub style: Style,
    /// What its values are measured in, for a heatmap those of the distribution.
    pub unit: Unit,
    /// Whether the values are a second (`bytes/s`).
    pub per_second: bool,
    /// Its lines; a heatmap has none.
    pub lines: &'static [Line],
    /// What a heatmap shows: the first that is there.
    pub heat: &'static [Heat],
}

/// One line of a plot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Its label in the legend.
    pub label: &'static str,
    /// How it is computed: by the first whose readings are there.
    #[serde(skip)]
    pub from: &'static [Expr],
}

/// The distribution of a heatmap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Heat {
    /// The histogram that is shown.
    pub added: &'static str,
    /// The histogram that is taken off, where what is shown is a state: what was allocated and not
    /// freed. Without one, what an interval added is shown.
    pub taken: Option<&'static str>,
}

impl Plot {
    /// Finds a plot by its id.
    pub fn find(id: &str) -> Option<&'static Self> {
        PLOTS.iter().find(|plot| plot.id == id)
    }

    /// Finds a line by its label.
    pub fn line(&self, label: &str) -> Option<&'static Line> {
        self.lines.iter().find(|line| line.label == label)
    }
}

impl Line {
    /// Computes its value of one interval, or nothing if the readings are not there.
    pub fn value(&self, sample: &dyn Sample) -> Option<f64> {
        self.from.iter().find_map(|expr| expr.value(sample))
    }

    /// The expression that readings of these names allow.
    pub fn source(&self, has: &dyn Fn(&str) -> bool) -> Option<&'static Expr> {
        self.from.iter().find(|expr| expr.names().all(has))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_and_labels_are_unique_and_every_plot_shows_something() {
        let ids: HashSet<_> = PLOTS.iter().map(|plot| plot.id).collect();
        assert_eq!(ids.len(), PLOTS.len());
        for plot in PLOTS {
            let labels: HashSet<_> = plot.lines.iter().map(|line| line.label).collect();
            assert_eq!(labels.len(), plot.lines.len(), "{}", plot.id);
            assert_eq!(
                plot.style == Style::Heatmap,
                plot.lines.is_empty(),
                "{}",
                plot.id
            );
            assert_eq!(plot.lines.is_empty(), !plot.heat.is_empty(), "{}", plot.id);
            assert!(plot.lines.iter().all(|line| !line.from.is_empty()));
            assert!(plot.about.ends_with('.'), "{}", plot.id);
        }
    }

    #[test]
    fn names_of_runtime_metrics_exist() {
        let names = PLOTS
            .iter()
            .flat_map(|plot| {
                let lines = plot.lines.iter().flat_map(|line| line.from);
                let heat = plot
                    .heat
                    .iter()
                    .flat_map(|heat| [Some(heat.added), heat.taken]);
                lines.flat_map(Expr::names).chain(heat.flatten())
            })
            .filter(|name| name.starts_with('/'));
        for name in names {
            assert!(
                fathom_goruntime::metrics::names::describe(name).is_some(),
                "{name}"
            );
        }
    }
}
