//! What only the base of a difference has.

use serde::Serialize;

use super::{FlameFunction, Frames};

/// The most that are listed.
pub(super) const MOST: usize = 200;

/// A call that the new profile no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// The frame.
    pub frame: u32,
    /// What it is called.
    pub name: String,
    /// Its callers, the nearest first, without the root.
    pub callers: Vec<String>,
    /// What fell to it, and to what it called, in the base.
    pub base: i64,
}

/// The frames of the base alone whose callers the new profile has too, heaviest first.
pub(super) fn gone(frames: &Frames, functions: &[FlameFunction]) -> Vec<Gone> {
    let value = |place: u32| frames.value.get(place as usize).copied().unwrap_or(0);
    let base = |place: u32| frames.base.get(place as usize).copied().unwrap_or(0);
    let parent = |place: u32| frames.parent.get(place as usize).copied().unwrap_or(0);
    let name = |place: u32| {
        let function = frames.function.get(place as usize).copied().unwrap_or(0);
        let function = functions.get(function as usize);
        function.map_or("", |function| &function.name)
    };
    let count = u32::try_from(frames.value.len()).unwrap_or(u32::MAX);
    let is_gone = |place: u32| value(place) == 0 && base(place) > 0;
    let mut places: Vec<u32> = (1..count)
        .filter(|&place| is_gone(place) && (parent(place) == 0 || !is_gone(parent(place))))
        .collect();
    places.sort_by(|&a, &b| base(b).cmp(&base(a)).then_with(|| name(a).cmp(name(b))));
    places.truncate(MOST);
    let callers = |mut place: u32| {
        let mut callers = Vec::new();
        while parent(place) != 0 {
            place = parent(place);
            callers.push(name(place).to_owned());
        }
        callers
    };
    let gone = places.into_iter().map(|place| Gone {
        frame: place,
        name: name(place).to_owned(),
        callers: callers(place),
        base: base(place),
    });
    gone.collect()
}
