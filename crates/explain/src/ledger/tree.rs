//! The tree of resident bytes: rows whose leaves sum to the root.

use serde::Serialize;

/// Says where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The kernel counted it.
    Measured,
    /// The Go runtime says it.
    Reported,
    /// It follows from others within the row's bounds.
    Estimated,
}

impl Basis {
    /// Returns the word that output uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Reported => "reported",
            Self::Estimated => "estimated",
        }
    }
}

/// What the bytes are for. Faces give each class one stable colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A sum of classes.
    Total,
    /// Objects that the last collection found alive.
    HeapLive,
    /// Garbage, and what was allocated since the last collection.
    HeapDead,
    /// Free slots in spans that hold objects, and free spans kept.
    HeapFree,
    /// Goroutine stacks.
    Stacks,
    /// The runtime's own tables.
    Runtime,
    /// The program's binary and its libraries.
    Binary,
    /// Memory that Go did not allocate.
    NonGo,
    /// Mapped files.
    Files,
    /// Shared memory and tmpfs.
    Shared,
    /// What no evidence tells apart.
    Unattributed,
}

/// One row of the ledger. `bytes` of a row with children is their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The stable id, such as `heap-live`.
    pub id: String,
    /// The id of the row above; `None` at the root.
    pub parent: Option<String>,
    /// What people call it.
    pub label: String,
    /// Resident bytes.
    pub bytes: u64,
    /// The fewest bytes that the evidence allows.
    pub low_bytes: u64,
    /// The most bytes that the evidence allows.
    pub high_bytes: u64,
    /// Where the number comes from.
    pub basis: Basis,
    /// What the bytes are for.
    pub class: Class,
}

/// A number that stands beside the tree: not resident, or not the process's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// The stable id, such as `virtual-size`.
    pub id: &'static str,
    /// What people call it.
    pub label: String,
    /// The bytes.
    pub bytes: u64,
    /// One sentence that says what to make of it.
    pub note: String,
}

/// The tree of resident bytes, parents before children, and what stands beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The rows in depth-first order; empty where nothing is known.
    pub rows: Vec<Row>,
    /// Numbers beside the tree.
    pub beside: Vec<Beside>,
}

impl Ledger {
    /// Returns the root row.
    pub fn root(&self) -> Option<&Row> {
        self.rows.first()
    }

    /// Returns the row with this id.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// Returns the bytes of the row with this id, or 0.
    pub fn bytes(&self, id: &str) -> u64 {
        self.row(id).map_or(0, |row| row.bytes)
    }
}

/// Returns the rows that are nobody's parent. They sum to the root.
pub fn leaves(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| is_leaf(rows, row))
}

/// Says whether a row of a ledger is nobody's parent.
pub fn is_leaf(rows: &[Row], row: &Row) -> bool {
    !rows
        .iter()
        .any(|child| child.parent.as_deref() == Some(row.id.as_str()))
}

/// A node while the tree is built.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    id: String,
    label: String,
    class: Class,
    bytes: u64,
    low: u64,
    high: u64,
    basis: Basis,
    children: Vec<Node>,
}

impl Node {
    /// Makes a leaf whose value is exact.
    pub(crate) fn leaf(
        id: impl Into<String>,
        label: impl Into<String>,
        class: Class,
        bytes: u64,
        basis: Basis,
    ) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            class,
            bytes,
            low: bytes,
            high: bytes,
            basis,
            children: Vec::new(),
        }
    }

    /// Sets the bounds of a leaf; they always contain its value. Where they leave
    /// more than a hundredth open, the value is an estimate.
    pub(crate) fn between(mut self, low: u64, high: u64) -> Self {
        self.low = low.min(self.bytes);
        self.high = high.max(self.bytes);
        if self.high - self.low > self.bytes / 100 {
            self.basis = Basis::Estimated;
        }
        self
    }

    /// Makes a sum of its children; empty leaves are left out. The sum itself
    /// has the given basis and is exact, whatever its parts are.
    pub(crate) fn sum(
        id: impl Into<String>,
        label: impl Into<String>,
        class: Class,
        basis: Basis,
        children: Vec<Node>,
    ) -> Self {
        let children: Vec<Node> = children.into_iter().filter(|node| node.bytes > 0).collect();
        let bytes = children.iter().map(|node| node.bytes).sum();
        Self {
            id: id.into(),
            label: label.into(),
            class,
            bytes,
            low: bytes,
            high: bytes,
            basis,
            children,
        }
    }

    /// Flattens the tree, parents before children.
    pub(crate) fn rows(self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.flatten(None, &mut rows);
        rows
    }

    fn flatten(self, parent: Option<&str>, rows: &mut Vec<Row>) {
        rows.push(Row {
            id: self.id.clone(),
            parent: parent.map(str::to_owned),
            label: self.label,
            bytes: self.bytes,
            low_bytes: self.low,
            high_bytes: self.high,
            basis: self.basis,
            class: self.class,
        });
        for child in self.children {
            child.flatten(Some(&self.id), rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_sum_to_the_root_and_empty_ones_are_left_out() {
        let tree = Node::sum(
            "rss",
            "resident",
            Class::Total,
            Basis::Measured,
            vec![
                Node::leaf("a", "a", Class::HeapLive, 5, Basis::Reported).between(3, 9),
                Node::leaf("b", "b", Class::HeapFree, 0, Basis::Reported),
                Node::sum(
                    "c",
                    "c",
                    Class::Binary,
                    Basis::Measured,
                    vec![Node::leaf("d", "d", Class::Binary, 7, Basis::Measured)],
                ),
            ],
        );
        let ledger = Ledger {
            rows: tree.rows(),
            beside: Vec::new(),
        };
        assert_eq!(ledger.root().unwrap().bytes, 12);
        assert_eq!(leaves(&ledger.rows).map(|row| row.bytes).sum::<u64>(), 12);
        assert!(ledger.row("b").is_none());
        assert_eq!(ledger.row("a").unwrap().basis, Basis::Estimated);
        assert_eq!(ledger.row("d").unwrap().parent.as_deref(), Some("c"));
    }
}
