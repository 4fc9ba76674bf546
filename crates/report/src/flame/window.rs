//! Which part of the stacks a flame graph shows, and how finely.

use super::walk::name_hash;
use super::{Flame, SMALLEST_SHARE};

/// Which way stacks are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Walk {
    /// From callers to callees: from the root, or from the pivot to what it calls.
    #[default]
    Callees,
    /// From callees to callers: from the leaf, or from the pivot to what calls it.
    Callers,
}

/// Which part of the stacks a flame graph shows, and how finely. The default is all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Which way stacks are followed.
    pub walk: Walk,
    /// Stacks begin at the outermost call of the function of this name; those without one
    /// have no part in the graph.
    pub pivot: Option<String>,
    /// The way from the root to the frame that fills the window, as the
    /// [hashes](Flame::name_hashes) of the names on it, without the root. Of what is beside
    /// the way nothing is shown; a way that leads nowhere ends the graph where it does.
    pub path: Vec<u32>,
    /// Frames narrower than this share of the last frame of the way are left out.
    pub smallest_share: f64,
    /// Whether what fell to each frame is told in every sample type, not of differences.
    pub columns: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            walk: Walk::default(),
            pivot: None,
            path: Vec::new(),
            smallest_share: SMALLEST_SHARE,
            columns: false,
        }
    }
}

impl Flame {
    /// Returns the hash of each function's name, by which a [`Window`] names its way.
    pub fn name_hashes(&self) -> Vec<u32> {
        let names = self.functions.iter().map(|function| function.name.as_str());
        names.map(name_hash).collect()
    }
}
