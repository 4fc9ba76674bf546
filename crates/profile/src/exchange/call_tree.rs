//! A profile's samples as a tree of calls, for the formats that write one.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::profile::{Frame, Profile};

/// A frame as other formats know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PlainFrame<'p> {
    /// The function; the address in hexadecimal when it has no name.
    pub(crate) name: Cow<'p, str>,
    /// The file; may be empty.
    pub(crate) file: &'p str,
    /// 0 when unknown.
    pub(crate) line: i64,
    /// 0 when unknown.
    pub(crate) column: i64,
}

impl<'p> PlainFrame<'p> {
    fn new(frame: &Frame<'p>) -> Self {
        let name = if frame.function.is_empty() {
            Cow::Owned(format!("{:#x}", frame.address))
        } else {
            Cow::Borrowed(frame.function)
        };
        Self {
            name,
            file: frame.file,
            line: frame.line,
            column: frame.column,
        }
    }
}

/// A node of the tree: a frame called from another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// The caller, which comes before it.
    pub(crate) parent: Option<u32>,
    /// An index of [`CallTree::frames`].
    pub(crate) frame: u32,
}

/// The tree of all calls of a profile.
#[derive(Debug)]
pub(crate) struct CallTree<'p> {
    pub(crate) frames: Vec<PlainFrame<'p>>,
    pub(crate) nodes: Vec<Node>,
    /// For each sample the node of its leaf; `None` without a stack.
    pub(crate) leaves: Vec<Option<u32>>,
}

impl<'p> CallTree<'p> {
    /// Builds the tree. Costs in proportion to all frames of all samples.
    pub(crate) fn new(profile: &'p Profile) -> Self {
        let mut tree = Self {
            frames: Vec::new(),
            nodes: Vec::new(),
            leaves: Vec::with_capacity(profile.sample_count()),
        };
        let mut frames: HashMap<PlainFrame<'p>, u32> = HashMap::new();
        let mut nodes: HashMap<Node, u32> = HashMap::new();
        // The frames of a location, leaf first, as indices.
        let mut known: Vec<Option<Vec<u32>>> = vec![None; profile.location_count()];
        for sample in 0..profile.sample_count() {
            let mut parent = None;
            for location in profile.stack(sample).iter().rev() {
                let Some(of_location) = known.get_mut(location.index()) else {
                    continue;
                };
                let of_location = of_location.get_or_insert_with(|| {
                    profile
                        .frames_of(std::slice::from_ref(location))
                        .map(|frame| {
                            let frame = PlainFrame::new(&frame);
                            *frames.entry(frame).or_insert_with_key(|frame| {
                                tree.frames.push(frame.clone());
                                index(tree.frames.len())
                            })
                        })
                        .collect()
                });
                for &frame in of_location.iter().rev() {
                    let node = Node { parent, frame };
                    let at = *nodes.entry(node).or_insert_with(|| {
                        tree.nodes.push(node);
                        index(tree.nodes.len())
                    });
                    parent = Some(at);
                }
            }
            tree.leaves.push(parent);
        }
        tree
    }

    /// Fills `stack` with the frames of a node, root first.
    pub(crate) fn stack(&self, leaf: Option<u32>, stack: &mut Vec<u32>) {
        stack.clear();
        let mut next = leaf;
        while let Some(node) = next.and_then(|index| self.nodes.get(index as usize)) {
            stack.push(node.frame);
            next = node.parent;
        }
        stack.reverse();
    }
}

/// The index of the last of so many rows, which are fewer than a profile may have
/// stack entries.
fn index(length: usize) -> u32 {
    u32::try_from(length.saturating_sub(1)).unwrap_or(u32::MAX)
}
