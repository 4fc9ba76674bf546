//! Stacks of threads by shape: a small inaccessible guard right below `rw-p` memory.

use std::collections::BTreeMap;

use super::{RegionClass, arenas};
use crate::mapping::Mapping;

/// The largest guard that is taken for one: the page size of arm64 with 64 KiB pages, and
/// glibc's least guard on arm64.
const LARGEST_GUARD: u64 = 64 << 10;

/// Stacks are not smaller (musl's default is 128 KiB, `PTHREAD_STACK_MIN` 16 KiB).
const SMALLEST_STACK: u64 = 64 << 10;

/// A single stack is not larger; several of the same size may be.
const LARGEST_SINGLE_STACK: u64 = 16 << 20;

/// Several stacks of one size are not larger.
const LARGEST_STACK: u64 = 256 << 20;

/// Marks stacks and their guards.
pub(super) fn mark(mappings: &[Mapping], classes: &mut [Option<RegionClass>]) {
    let lowest = arenas::highest(mappings);
    let stacks: Vec<usize> = (1..mappings.len())
        .filter(|&index| {
            classes[index].is_none()
                && classes[index - 1].is_none()
                && mappings[index].start >= lowest
                && is_guarded(mappings, index)
        })
        .collect();
    let mut count_by_size: BTreeMap<u64, usize> = BTreeMap::new();
    for &index in &stacks {
        *count_by_size.entry(mappings[index].size()).or_default() += 1;
    }
    for index in stacks {
        let size = mappings[index].size();
        let several = count_by_size.get(&size).is_some_and(|&count| count > 1);
        if size <= LARGEST_SINGLE_STACK || several {
            classes[index - 1] = Some(RegionClass::ThreadStack);
            classes[index] = Some(RegionClass::ThreadStack);
        }
    }
}

/// Tells whether the mapping is `rw-p` memory of a stack's size above a guard.
fn is_guarded(mappings: &[Mapping], index: usize) -> bool {
    let (stack, guard) = (&mappings[index], &mappings[index - 1]);
    let fits = stack.path.is_empty()
        && guard.path.is_empty()
        && stack.is_private_anonymous()
        && guard.is_private_anonymous()
        && stack.is_readable_writable()
        && guard.is_reserved()
        && guard.end == stack.start
        && guard.size() <= LARGEST_GUARD
        && (SMALLEST_STACK..=LARGEST_STACK).contains(&stack.size());
    fits && !ends_a_reservation(mappings, index - 1)
}

/// Tells whether an inaccessible mapping is the end of a larger reservation of which a part in
/// the middle has been made accessible: Go's page summaries look like that, and what lies above
/// them is no stack.
fn ends_a_reservation(mappings: &[Mapping], guard: usize) -> bool {
    let below = |index: usize| index.checked_sub(1).map(|index| &mappings[index]);
    let Some(island) = below(guard) else {
        return false;
    };
    island.end == mappings[guard].start
        && island.is_readable_writable()
        && island.path.is_empty()
        && island.size() < SMALLEST_STACK
        && below(guard - 1)
            .is_some_and(|reserved| reserved.end == island.start && reserved.is_reserved())
}
