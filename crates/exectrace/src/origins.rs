//! Where goroutines come from: what they run, and the `go` statement that made them.

use hashbrown::HashMap;

use crate::names::Name;
use crate::stacks::FrameId;

/// A handle of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(u32);

impl OriginId {
    /// The place in tables by origin.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a goroutine comes from. Goroutines are grouped by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The function that it began with; [`Name::EMPTY`] where no stack was seen.
    pub entry: Name,
    /// The call that made it; none where it was there before the trace.
    pub site: Option<FrameId>,
}

/// Origins, each once: as many as the program has `go` statements that ran.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    ids: HashMap<Origin, u32>,
    all: Vec<Origin>,
}

impl Origins {
    /// The handle of an origin, which is added where it is new.
    pub(crate) fn intern(&mut self, origin: Origin) -> OriginId {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let at = *self.ids.entry(origin).or_insert(next);
        if at == next {
            self.all.push(origin);
        }
        OriginId(at)
    }

    /// An origin by its handle.
    pub fn get(&self, origin: OriginId) -> Origin {
        self.all.get(origin.index()).copied().unwrap_or(Origin {
            entry: Name::EMPTY,
            site: None,
        })
    }

    /// All origins in the order in which they were met.
    pub fn all(&self) -> impl Iterator<Item = (OriginId, Origin)> {
        (0u32..)
            .zip(&self.all)
            .map(|(at, &origin)| (OriginId(at), origin))
    }
}
