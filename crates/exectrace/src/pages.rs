//! What the reference's pages print beside plain rows: its histogram of durations, and what
//! happened to a task in words.

use crate::event::{TaskId, Time};
use crate::names::Names;
use crate::tasks::{TaskEvent, TaskMoment, TaskRow};
use crate::text::push_quoted;

/// The reference's histogram of durations: five buckets for every power of ten
/// (`src/internal/trace/traceviewer/histogram.go`, Go 1.27.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeHistogram {
    counts: Vec<u64>,
    least: usize,
    most: usize,
    count: u64,
}

/// A text as Go's `%q` writes it.
fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    push_quoted(&mut out, text.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

fn step() -> f64 {
    10f64.powf(1.0 / 5.0).ln()
}

impl TimeHistogram {
    /// Counts a duration in nanoseconds.
    pub fn add(&mut self, nanoseconds: i64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 95"
        )]
        let bucket = if nanoseconds > 0 {
            ((nanoseconds as f64).ln() / step()) as usize
        } else {
            0
        };
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        if bucket < self.least || self.most == 0 {
            self.least = bucket;
        }
        self.most = self.most.max(bucket);
        self.count += 1;
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The rows: from how many nanoseconds on, and how many.
    pub fn rows(&self) -> Vec<(i64, u64)> {
        let counts = self.counts.iter().enumerate();
        counts
            .take(self.most + 1)
            .skip(self.least)
            .map(|(bucket, &count)| {
                #[expect(clippy::cast_possible_truncation, reason = "as the reference does")]
                let from = (bucket as f64 * step()).exp() as i64;
                (from, count)
            })
            .collect()
    }
}

impl TaskMoment {
    /// What happened, in the reference's words (`describeEvent` of `src/cmd/trace/tasks.go`).
    pub fn describe(&self, names: &Names) -> String {
        match &self.what {
            TaskEvent::Begin(task) => {
                // No task is the largest number there is, which the reference prints.
                let parent = task.parent.0;
                let kind = quoted(names.get(task.kind));
                format!("task {kind} (ID {}, parent {parent}) begin", task.id.0)
            }
            TaskEvent::End => "task end".to_owned(),
            TaskEvent::Log(category, message) => match names.get(*category) {
                "" => format!("log {}", quoted(message)),
                category => format!("log (category: {category}): {}", quoted(message)),
            },
            TaskEvent::RegionBegin(kind) => format!("region {} begin", quoted(names.get(*kind))),
            TaskEvent::RegionEnd(kind) => format!("region {} end", quoted(names.get(*kind))),
            TaskEvent::Transition(from, to) => format!("{} -> {}", from.name(), to.name()),
        }
    }
}

impl TaskRow {
    /// Whether the trace saw its beginning and its end.
    pub fn is_complete(&self) -> bool {
        self.begin.is_some() && self.end.is_some()
    }

    /// Whether it is the one that stands for having no task.
    pub fn is_background(&self) -> bool {
        self.id == TaskId::BACKGROUND
    }

    /// How long it lasted; what the trace did not see begins and ends with the trace.
    pub fn nanoseconds(&self, first: Time, last: Time) -> i64 {
        self.end.unwrap_or(last).since(self.begin.unwrap_or(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_power_of_ten_has_five_buckets() {
        let mut histogram = TimeHistogram::default();
        for nanoseconds in [1_500_000, 1_600_000, 900_000] {
            histogram.add(nanoseconds);
        }
        assert_eq!(histogram.count(), 3);
        assert_eq!(
            histogram.rows(),
            [(630_957, 1), (1_000_000, 1), (1_584_893, 1)]
        );
    }
}
