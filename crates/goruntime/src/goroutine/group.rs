//! Goroutines that stand at the same place in the same state.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Creator, Dump, Elided, Frame, Goroutine};

/// Bounds the ids that a group shows.
const SAMPLE: usize = 10;

/// Are the minutes at which the classes of waits begin; each ends where the next one
/// begins, the last (a day) never.
pub const WAIT_CLASSES: [u32; 7] = [1, 2, 5, 15, 60, 240, 1440];

/// Tells how long goroutines have waited at least, in whole minutes; of those
/// alone that have waited a minute or more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Waits {
    /// Counts the goroutines with a known wait.
    pub known: u64,
    /// Is the shortest.
    pub min: u32,
    /// Is the one in the middle, the longer of two.
    pub median: u32,
    /// Is the longest.
    pub max: u32,
    /// Counts the goroutines of each of [`WAIT_CLASSES`]; they sum to `known`.
    pub classes: [u64; WAIT_CLASSES.len()],
}

/// Is all goroutines with one stack, one creator and one state.
///
/// Stacks are the same if functions, files and lines are; the instruction's
/// offset does not count.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// Counts the goroutines.
    pub count: u64,
    /// Is their state, as `chan receive`.
    pub state: String,
    /// Is their stack, innermost call first; offsets are those of the first.
    pub stack: Arc<[Frame]>,
    /// Says how many frames are missing after the first `elided_after`.
    pub elided_frames: Option<Elided>,
    /// Is the number of frames before the missing ones.
    pub elided_after: usize,
    /// Is who started them; its `goroutine` is kept only if all have the same.
    pub created_by: Option<Creator>,
    /// Tells how long they have waited; none if all waited less than a minute,
    /// or no collection ran meanwhile.
    pub waits: Option<Waits>,
    /// Counts those wired to a thread.
    pub locked: u64,
    /// Counts those that the runtime found leaked.
    pub leaked: u64,
    /// Holds the labels that all of them have, sorted.
    pub labels: Vec<(String, String)>,
    /// Holds the ids of the first few.
    pub ids: Vec<u64>,
}

/// Says in which order groups stand.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// Longest wait first, then the most goroutines.
    #[default]
    Wait,
    /// The most goroutines first, then the longest wait.
    Count,
}

/// Counts the goroutines in one state.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StateCount {
    /// Is the state.
    pub state: String,
    /// Counts the goroutines.
    pub count: u64,
    /// Counts those that the runtime found leaked.
    pub leaked: u64,
    /// Is the longest wait in minutes.
    pub longest_minutes: Option<u32>,
}

/// Groups the goroutines of a dump by stack, creator and state, longest wait
/// first. Linear in the dump.
pub fn groups(dump: &Dump) -> Vec<Group> {
    let mut order = Vec::new();
    let mut members: HashMap<Key<'_>, Vec<&Goroutine>> = HashMap::new();
    for goroutine in &dump.goroutines {
        let key = Key::of(goroutine);
        let group = members.entry(key).or_default();
        if group.is_empty() {
            order.push(goroutine);
        }
        group.push(goroutine);
    }
    let mut groups: Vec<Group> = order
        .into_iter()
        .filter_map(|first| {
            members
                .get(&Key::of(first))
                .map(|members| group(first, members))
        })
        .collect();
    sort(&mut groups, Order::Wait);
    groups
}

/// Sorts groups; the same groups always end in the same order.
pub fn sort(groups: &mut [Group], order: Order) {
    groups.sort_by(|a, b| {
        let waits = b
            .waits
            .map(|waits| waits.max)
            .cmp(&a.waits.map(|waits| waits.max));
        let counts = b.count.cmp(&a.count);
        let first = match order {
            Order::Wait => waits.then(counts),
            Order::Count => counts.then(waits),
        };
        let place = |frame: &Frame| (frame.line, Arc::clone(&frame.function));
        first
            .then_with(|| a.state.cmp(&b.state))
            .then_with(|| a.stack.iter().map(place).cmp(b.stack.iter().map(place)))
    });
}

/// Counts the goroutines by state, most first.
pub fn by_state(dump: &Dump) -> Vec<StateCount> {
    let mut states: HashMap<&str, StateCount> = HashMap::new();
    for goroutine in &dump.goroutines {
        let state = states
            .entry(&goroutine.state)
            .or_insert_with(|| StateCount {
                state: goroutine.state.to_string(),
                count: 0,
                leaked: 0,
                longest_minutes: None,
            });
        state.count = state.count.saturating_add(1);
        state.leaked = state.leaked.saturating_add(u64::from(goroutine.leaked));
        state.longest_minutes = state.longest_minutes.max(goroutine.wait_minutes);
    }
    let mut states: Vec<StateCount> = states.into_values().collect();
    states.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.state.cmp(&b.state)));
    states
}

/// Is a function, a file and a line.
type Place<'a> = (&'a str, &'a str, u32);

/// Is what makes two goroutines of one group.
struct Key<'a> {
    state: &'a str,
    frames: &'a Arc<[Frame]>,
    elided: Option<Elided>,
    creator: Option<Place<'a>>,
}

impl<'a> Key<'a> {
    fn of(goroutine: &'a Goroutine) -> Self {
        let creator = goroutine.created_by.as_ref();
        Self {
            state: &goroutine.state,
            frames: &goroutine.frames,
            elided: goroutine.elided_frames,
            creator: creator.map(|creator| (&*creator.function, &*creator.file, creator.line)),
        }
    }

    fn rest(&self) -> (&str, Option<Elided>, Option<Place<'_>>) {
        (self.state, self.elided, self.creator)
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same_place = |(a, b): (&Frame, &Frame)| {
            a.line == b.line && a.function == b.function && a.file == b.file
        };
        let same_stack = Arc::ptr_eq(self.frames, other.frames)
            || (self.frames.len() == other.frames.len()
                && self.frames.iter().zip(other.frames.iter()).all(same_place));
        same_stack && self.rest() == other.rest()
    }
}

impl Eq for Key<'_> {}

impl std::hash::Hash for Key<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.rest().hash(state);
        for frame in self.frames.iter() {
            frame.function.hash(state);
            frame.line.hash(state);
        }
    }
}

fn group(first: &Goroutine, members: &[&Goroutine]) -> Group {
    let count = |has: fn(&Goroutine) -> bool| {
        members.iter().filter(|goroutine| has(goroutine)).count() as u64
    };
    let mut labels: Vec<(String, String)> = first
        .labels
        .iter()
        .filter(|label| {
            members
                .iter()
                .all(|goroutine| goroutine.labels.contains(label))
        })
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    labels.sort_unstable();
    let creator_of = |goroutine: &Goroutine| {
        goroutine
            .created_by
            .as_ref()
            .and_then(|creator| creator.goroutine)
    };
    let one_creator = members
        .iter()
        .all(|goroutine| creator_of(goroutine) == creator_of(first));
    let created_by = first.created_by.clone().map(|creator| Creator {
        goroutine: creator.goroutine.filter(|_| one_creator),
        ..creator
    });
    Group {
        count: members.len() as u64,
        state: first.state.to_string(),
        stack: Arc::clone(&first.frames),
        elided_frames: first.elided_frames,
        elided_after: first.elided_after,
        created_by,
        waits: waits(members),
        locked: count(|goroutine| goroutine.locked_to_thread),
        leaked: count(|goroutine| goroutine.leaked),
        labels,
        ids: members
            .iter()
            .take(SAMPLE)
            .map(|goroutine| goroutine.id)
            .collect(),
    }
}

fn waits(members: &[&Goroutine]) -> Option<Waits> {
    let mut minutes: Vec<u32> = members
        .iter()
        .filter_map(|goroutine| goroutine.wait_minutes)
        .collect();
    minutes.sort_unstable();
    let median = *minutes.get(minutes.len() / 2)?;
    Some(Waits {
        known: minutes.len() as u64,
        min: *minutes.first()?,
        median,
        max: *minutes.last()?,
        classes: classes(&minutes),
    })
}

/// Counts sorted waits by their class. The runtime tells no wait below a minute.
fn classes(sorted: &[u32]) -> [u64; WAIT_CLASSES.len()] {
    let mut counts = [0; WAIT_CLASSES.len()];
    let mut end = sorted.len();
    for (count, from) in counts.iter_mut().zip(WAIT_CLASSES).rev() {
        let begin = if from == WAIT_CLASSES[0] {
            0
        } else {
            sorted.partition_point(|&minutes| minutes < from)
        };
        *count = end.saturating_sub(begin) as u64;
        end = begin;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_has_one_class() {
        let minutes = [1, 1, 2, 4, 5, 14, 59, 60, 1439, 1440, u32::MAX];
        assert_eq!(classes(&minutes), [2, 2, 2, 1, 1, 1, 2]);
        assert_eq!(classes(&[]), [0; 7]);
        assert_eq!(classes(&[0, 3]), [1, 1, 0, 0, 0, 0, 0]);
    }
}
