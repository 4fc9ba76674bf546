//! Two explanations compared: where the difference in resident memory lies, and
//! what became of each finding.

use crate::amount::{bytes, count, signed_bytes};
use crate::explanation::{About, Explanation};
use crate::heap_sites::{HeapSites, Site};
use crate::heap_state::whole;
use crate::ledger::{Class, Row};
use crate::reconcile::Cause;
use crate::situation::difference as subtract;
use crate::time_use;
use crate::totals::Totals;
use crate::{Explained, Situation};
use fathom_finding::{Confidence, Finding, Severity, rank};
use serde::Serialize;
use std::collections::HashMap;

/// The version of the JSON contract of a comparison.
pub const DIFFERENCE_SCHEMA: &str = "fathom.explain-difference/1";

/// One row of two ledgers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerChange {
    /// The row's id.
    pub id: String,
    /// The id of the row above.
    pub parent: Option<String>,
    /// What people call it.
    pub label: String,
    /// Resident bytes before; 0 where the row was not there.
    pub before_bytes: u64,
    /// Resident bytes after.
    pub after_bytes: u64,
    /// After less before.
    pub delta_bytes: i64,
    /// What the bytes are for.
    pub class: Class,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It was not there before.
    New,
    /// It is no longer there.
    Gone,
    /// It explains more bytes than before.
    Grown,
    /// It explains fewer bytes than before.
    Shrunk,
    /// It explains about as many bytes as before.
    Same,
}

/// One finding before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The finding's id.
    pub id: &'static str,
    /// What became of it.
    pub fate: Fate,
    /// The bytes that it explained before.
    pub before_bytes: Option<u64>,
    /// The bytes that it explains now.
    pub after_bytes: Option<u64>,
    /// Its title now, or before where it is gone.
    pub title: String,
}

/// The difference of two explanations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Always [`DIFFERENCE_SCHEMA`].
    pub schema: &'static str,
    /// Who the first is about.
    pub before: About,
    /// Who the second is about.
    pub after: About,
    /// The first's sums.
    pub before_totals: Totals,
    /// The second's sums.
    pub after_totals: Totals,
    /// The difference of the roots: of resident memory, where both know it.
    pub delta_bytes: i64,
    /// Every row of either ledger. The deltas of the leaves sum to `delta_bytes`.
    pub ledger: Vec<LedgerChange>,
    /// What became of each finding.
    pub changes: Vec<Change>,
    /// What only a comparison can find.
    pub findings: Vec<Finding>,
    /// Words on what limits the comparison.
    pub notes: Vec<String>,
}

/// Compares two explanations, the earlier first.
pub fn difference(before: &Explained, after: &Explained) -> Difference {
    let (first, second) = (&before.explanation, &after.explanation);
    let root = |explanation: &Explanation| explanation.ledger.first().map_or(0, |row| row.bytes);
    Difference {
        schema: DIFFERENCE_SCHEMA,
        before: first.target.clone(),
        after: second.target.clone(),
        before_totals: first.totals,
        after_totals: second.totals,
        delta_bytes: subtract(root(second), root(first)),
        ledger: rows(&first.ledger, &second.ledger),
        changes: changes(&first.findings, &second.findings),
        findings: growth(&before.situation, &after.situation),
        notes: notes(first, second),
    }
}

impl Difference {
    /// Returns the rows that are nobody's parent.
    pub fn leaves(&self) -> impl Iterator<Item = &LedgerChange> {
        self.ledger.iter().filter(|row| {
            !self
                .ledger
                .iter()
                .any(|child| child.parent.as_deref() == Some(row.id.as_str()))
        })
    }
}

/// Names the rows of the first ledger so that a row which stands below another
/// parent in the second is a row of its own: ledgers built from different
/// evidence have different shapes.
fn placed(before: &[Row], after: &[Row]) -> Vec<Row> {
    let mut names: HashMap<&str, String> = HashMap::new();
    let mut placed = Vec::with_capacity(before.len());
    for row in before {
        let parent = row
            .parent
            .as_ref()
            .map(|id| names.get(id.as_str()).unwrap_or(id).clone());
        let elsewhere = after
            .iter()
            .any(|other| other.id == row.id && other.parent != parent);
        let id = if elsewhere {
            format!("{}:before", row.id)
        } else {
            row.id.clone()
        };
        names.insert(&row.id, id.clone());
        placed.push(Row {
            id,
            parent,
            ..row.clone()
        });
    }
    placed
}

/// Joins two ledgers by id. A row that is a leaf on one side and a parent on the
/// other keeps the sum exact through a leaf of its own.
fn rows(before: &[Row], after: &[Row]) -> Vec<LedgerChange> {
    let before = placed(before, after);
    let before = before.as_slice();
    let mut joined: Vec<LedgerChange> = Vec::new();
    let bytes_of = |rows: &[Row], id: &str| {
        rows.iter()
            .find(|row| row.id == id)
            .map_or(0, |row| row.bytes)
    };
    let is_parent =
        |rows: &[Row], id: &str| rows.iter().any(|row| row.parent.as_deref() == Some(id));
    let has = |rows: &[Row], id: &str| rows.iter().any(|row| row.id == id);
    let mut order: Vec<&Row> = Vec::new();
    for row in after.iter().chain(before) {
        if order.iter().any(|known| known.id == row.id) {
            continue;
        }
        // A row of the first ledger alone goes behind its siblings.
        let place = order
            .iter()
            .rposition(|known| known.parent == row.parent || Some(&known.id) == row.parent.as_ref())
            .map_or(order.len(), |index| end_of_subtree(&order, index));
        order.insert(place, row);
    }
    for row in order {
        let (was, is) = (bytes_of(before, &row.id), bytes_of(after, &row.id));
        joined.push(LedgerChange {
            id: row.id.clone(),
            parent: row.parent.clone(),
            label: row.label.clone(),
            before_bytes: was,
            after_bytes: is,
            delta_bytes: subtract(is, was),
            class: row.class,
        });
        let one_sided = |leaf: &[Row], parent: &[Row]| {
            has(leaf, &row.id) && !is_parent(leaf, &row.id) && is_parent(parent, &row.id)
        };
        let undivided = if one_sided(before, after) {
            Some((was, 0))
        } else if one_sided(after, before) {
            Some((0, is))
        } else {
            None
        };
        if let Some((was, is)) = undivided {
            joined.push(LedgerChange {
                id: format!("{}:undivided", row.id),
                parent: Some(row.id.clone()),
                label: format!("{}, not told apart", row.label),
                before_bytes: was,
                after_bytes: is,
                delta_bytes: subtract(is, was),
                class: Class::Unattributed,
            });
        }
    }
    joined
}

/// Returns the position behind a row and all that lies below it.
fn end_of_subtree(order: &[&Row], index: usize) -> usize {
    let mut below = vec![order[index].id.as_str()];
    let mut end = index + 1;
    while let Some(row) = order.get(end) {
        match row.parent.as_deref() {
            Some(parent) if below.contains(&parent) => below.push(&row.id),
            _ => break,
        }
        end += 1;
    }
    end
}

fn changes(before: &[Finding], after: &[Finding]) -> Vec<Change> {
    let mut changes: Vec<Change> = after
        .iter()
        .map(|now| {
            let was = before.iter().find(|finding| finding.id == now.id);
            let fate = was.map_or(Fate::New, |was| fate(was.bytes, now.bytes));
            Change {
                id: now.id,
                fate,
                before_bytes: was.map(|was| was.bytes),
                after_bytes: Some(now.bytes),
                title: now.title.clone(),
            }
        })
        .collect();
    changes.extend(
        before
            .iter()
            .filter(|was| after.iter().all(|now| now.id != was.id))
            .map(|was| Change {
                id: was.id,
                fate: Fate::Gone,
                before_bytes: Some(was.bytes),
                after_bytes: None,
                title: was.title.clone(),
            }),
    );
    changes
}

/// Calls a change of less than a tenth, or of less than 1 MiB, none.
fn fate(before: u64, after: u64) -> Fate {
    let change = before.abs_diff(after);
    if change < 1 << 20 || change < before / 10 {
        Fate::Same
    } else if after > before {
        Fate::Grown
    } else {
        Fate::Shrunk
    }
}

fn notes(before: &Explanation, after: &Explanation) -> Vec<String> {
    let mut notes = Vec::new();
    let root = |explanation: &Explanation| explanation.ledger.first().map(|row| row.id.clone());
    if root(before) != root(after) {
        notes.push(
            "the two ledgers have different roots (one knows the kernel's side, the other does not)".to_owned(),
        );
    }
    if before.target.pid != after.target.pid {
        notes.push("the two are of different processes".to_owned());
    }
    if before.target.go_version != after.target.go_version {
        notes.push(format!(
            "built with {} before and {} after",
            before
                .target
                .go_version
                .as_deref()
                .unwrap_or("an unknown Go version"),
            after
                .target
                .go_version
                .as_deref()
                .unwrap_or("an unknown Go version"),
        ));
    }
    notes
}

/// Finds what only two moments show.
fn growth(before: &Situation, after: &Situation) -> Vec<Finding> {
    rank(
        [goroutine_growth(before, after), site_growth(before, after)]
            .into_iter()
            .flatten()
            .chain(time_use::between(before, after))
            .collect(),
    )
}

/// Goroutines that became half as many again, and at least 100 more.
fn goroutine_growth(before: &Situation, after: &Situation) -> Option<Finding> {
    let (was, is) = (before.goroutine_count()?, after.goroutine_count()?);
    let more = is.checked_sub(was)?;
    if more < 100 || more < was / 2 {
        return None;
    }
    let stacks = |s: &Situation| s.heap_state.map_or(0, |state| state.stacks);
    let grown = stacks(after).saturating_sub(stacks(before));
    let group = after.goroutines.as_ref().and_then(|now| {
        now.groups
            .iter()
            .map(|group| {
                let earlier = before
                    .goroutines
                    .as_ref()
                    .and_then(|then| {
                        then.groups.iter().find(|other| {
                            other.functions == group.functions && other.state == group.state
                        })
                    })
                    .map_or(0, |other| other.count);
                (group.count.saturating_sub(earlier), group)
            })
            .max_by_key(|(growth, _)| *growth)
    });
    let place = group.map_or_else(String::new, |(growth, group)| {
        format!(", {} of them at {}", count(growth), group.place)
    });
    Some(
        Finding::new("goroutine-growth", Severity::Warning, Confidence::Likely)
            .bytes(grown)
            .title(format!(
                "Goroutines grew from {} to {}{place}",
                count(was),
                count(is)
            ))
            .detail(
                "A count that grows between two moments of like load is a leak; one that follows the load is not.",
            )
            .evidence("goroutines before", was, "goroutines", "goroutine profile")
            .evidence("goroutines after", is, "goroutines", "goroutine profile")
            .evidence_bytes("growth of StackInuse", grown, "MemStats")
            .action(
                "Make the blocked operation end: ctx.Done() in a select, a closed channel, a deadline. fathom goroutines \
                 --base lists which stacks grew.",
            )
            .verify("The count returns to where it was when the load does."),
    )
}

/// An allocation site whose growth the sampling error cannot explain.
fn site_growth(before: &Situation, after: &Situation) -> Option<Finding> {
    let heap = |s: &Situation| -> Option<HeapSites> { s.heap_after_gc.clone().or(s.heap.clone()) };
    let (then, now) = (heap(before)?, heap(after)?);
    let mut earlier: HashMap<_, &Site> = HashMap::new();
    for site in &then.sites {
        earlier.entry(site.identity()).or_insert(site);
    }
    let (grown, surely, site) = now
        .sites
        .iter()
        .filter_map(|site| {
            let was = earlier.get(&site.identity());
            let grown = whole(site.value - was.map_or(0.0, |was| was.value));
            if grown < after.floor() {
                return None;
            }
            let surely = site.bytes().low - was.map_or(0.0, |was| was.bytes().high);
            (surely > 0.0).then(|| (grown, whole(surely), site))
        })
        .max_by_key(|(grown, _, _)| *grown)?;
    Some(
        Finding::new("dominant-allocation-site", Severity::Warning, Confidence::Likely)
            .bytes(grown)
            .title(format!("Live memory from {} grew by {}", site.place(), bytes(grown)))
            .detail(format!(
                "That is more than the sampling error: at least {}. Whether it is a leak or a larger load, this is where to look.",
                bytes(surely)
            ))
            .evidence_bytes("live bytes now", whole(site.value), "heap profile")
            .evidence_bytes("growth", grown, "heap profile")
            .action("Find who keeps these objects: a cache without bound, a map or slice that only grows, goroutines that wait.")
            .verify("A third capture shows the site flat."),
    )
}

/// Writes a cause as text, for faces that list gaps.
impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", signed_bytes(self.bytes), self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Basis;

    fn row(id: &str, parent: Option<&str>, bytes: u64) -> Row {
        Row {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            label: id.to_owned(),
            bytes,
            low_bytes: bytes,
            high_bytes: bytes,
            basis: Basis::Measured,
            class: Class::Total,
        }
    }

    fn leaf_sum(rows: &[LedgerChange]) -> i64 {
        rows.iter()
            .filter(|row| {
                !rows
                    .iter()
                    .any(|other| other.parent.as_ref() == Some(&row.id))
            })
            .map(|row| row.delta_bytes)
            .sum()
    }

    #[test]
    fn leaves_sum_to_the_difference_of_the_roots() {
        let before = [
            row("rss", None, 10),
            row("a", Some("rss"), 4),
            row("b", Some("rss"), 6),
        ];
        let after = [
            row("rss", None, 30),
            row("b", Some("rss"), 25),
            row("c", Some("rss"), 5),
        ];
        let joined = rows(&before, &after);
        assert_eq!(leaf_sum(&joined), 20);
        assert_eq!(
            joined.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(),
            ["rss", "b", "c", "a"]
        );
    }

    #[test]
    fn a_leaf_that_becomes_a_parent_keeps_the_sum() {
        let before = [row("rss", None, 10), row("heap", Some("rss"), 10)];
        let after = [
            row("rss", None, 12),
            row("heap", Some("rss"), 12),
            row("live", Some("heap"), 7),
            row("dead", Some("heap"), 5),
        ];
        for (first, second, delta) in [(&before[..], &after[..], 2), (&after[..], &before[..], -2)]
        {
            assert_eq!(leaf_sum(&rows(first, second)), delta);
        }
    }

    #[test]
    fn small_changes_are_none() {
        assert_eq!(fate(100 << 20, 105 << 20), Fate::Same);
        assert_eq!(fate(100 << 20, 150 << 20), Fate::Grown);
        assert_eq!(fate(100 << 20, 50 << 20), Fate::Shrunk);
        assert_eq!(fate(0, 1 << 10), Fate::Same);
    }
}
