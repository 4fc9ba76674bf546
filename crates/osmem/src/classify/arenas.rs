//! Arenas by shape and place: Go's and those of glibc's malloc, both 64 MiB and aligned.

use super::RegionClass;
use crate::mapping::Mapping;

/// The size and alignment of an arena of Go on 64-bit systems (`heapArenaBytes`) and of glibc
/// (`HEAP_MAX_SIZE` = 2 × `DEFAULT_MMAP_THRESHOLD_MAX`).
const ARENA: u64 = 64 << 20;

/// Go never puts an arena below 4 GiB on 64-bit systems.
const LOWEST: u64 = 4 << 30;

/// The first arena of Go up to 1.25, and of later ones under the race, memory and address
/// sanitizers (`runtime/malloc.go`, `mallocinit`): amd64 and arm64. Further bases differ in the
/// bits from 2^40.
const FIXED_BASES: [u64; 2] = [0x00c0 << 32, 0x0040 << 32];

/// Returns the address below which Go asks for its arenas: half of the half that mmap(2) fills
/// from the top, so 2^46 where user space ends at 2^47 (amd64) and 2^47 where it ends at 2^48
/// (arm64).
pub(super) fn highest(mappings: &[Mapping]) -> u64 {
    let top = mappings
        .iter()
        .filter(|mapping| mapping.start < 1 << 63)
        .map(|mapping| mapping.end)
        .max()
        .unwrap_or(0);
    if top > 1 << 47 { 1 << 47 } else { 1 << 46 }
}

/// Marks Go's arenas.
pub(super) fn mark_go(mappings: &[Mapping], classes: &mut [Option<RegionClass>]) {
    let highest = highest(mappings);
    let candidates: Vec<bool> = mappings
        .iter()
        .zip(classes.iter())
        .map(|(mapping, class)| {
            class.is_none()
                && mapping.path.is_empty()
                && mapping.is_private_anonymous()
                && (mapping.is_readable_writable() || mapping.is_reserved())
                && mapping.start >= LOWEST
                && mapping.end <= highest
        })
        .collect();

    let mut arenas: Vec<std::ops::Range<usize>> = Vec::new();
    let mut first = 0;
    while first < mappings.len() {
        if !candidates[first] {
            first += 1;
            continue;
        }
        let mut end = first + 1;
        while end < mappings.len()
            && candidates[end]
            && mappings[end].start == mappings[end - 1].end
        {
            end += 1;
        }
        arenas.extend(
            parts(&mappings[first..end])
                .into_iter()
                .map(|part| first + part.start..first + part.end),
        );
        first = end;
    }

    let fixed_base = arenas
        .iter()
        .map(|arena| mappings[arena.start].start)
        .find(|start| FIXED_BASES.contains(start));
    for arena in arenas {
        // Shadow memory of the sanitizers is aligned as well, but not where Go's next base is.
        let start = mappings[arena.start].start;
        let is_shadow =
            fixed_base.is_some_and(|base| start >= 1 << 40 && start % (1 << 40) != base);
        if !is_shadow {
            classes[arena].fill(Some(RegionClass::GoArena));
        }
    }
}

/// Returns the parts of a run of adjacent mappings that are arenas. The run's edges are those of
/// arenas unless other memory happens to lie right beside them; then the mappings between the
/// outermost aligned edges are taken, and where the kernel merged a neighbour into the last (or
/// first) mapping of the arenas, that one too if the greater part of it is theirs.
fn parts(run: &[Mapping]) -> Vec<std::ops::Range<usize>> {
    let aligned_start = run
        .iter()
        .position(|mapping| mapping.start.is_multiple_of(ARENA));
    let aligned_end = run
        .iter()
        .rposition(|mapping| mapping.end.is_multiple_of(ARENA));
    let mut parts = Vec::new();
    match (aligned_start, aligned_end) {
        (Some(start), Some(end)) if start <= end => parts.push(start..end + 1),
        (start, end) => {
            if let Some(end) = end {
                parts.push(before(run, end));
            }
            if let Some(start) = start {
                parts.push(after(run, start));
            }
        }
    }
    parts.retain(|part| run[part.clone()].iter().any(Mapping::is_readable_writable));
    parts
}

/// The mappings from the aligned start of `run[start]` to the last multiple of 64 MiB.
fn after(run: &[Mapping], start: usize) -> std::ops::Range<usize> {
    let end_of_run = run.last().map_or(0, |mapping| mapping.end);
    let limit = end_of_run - end_of_run % ARENA;
    let count = run[start..]
        .iter()
        .take_while(|mapping| {
            let inside = limit.min(mapping.end).saturating_sub(mapping.start);
            inside > mapping.size() / 2
        })
        .count();
    start..start + count
}

/// The mappings from the first multiple of 64 MiB to the aligned end of `run[end]`.
fn before(run: &[Mapping], end: usize) -> std::ops::Range<usize> {
    let start_of_run = run.first().map_or(0, |mapping| mapping.start);
    let limit = start_of_run
        .checked_next_multiple_of(ARENA)
        .unwrap_or(u64::MAX);
    let count = run[..=end]
        .iter()
        .rev()
        .take_while(|mapping| {
            let inside = mapping.end.saturating_sub(limit.max(mapping.start));
            inside > mapping.size() / 2
        })
        .count();
    end + 1 - count..end + 1
}

/// Marks the arenas of glibc's malloc: from a multiple of 64 MiB some `rw-p`, then `---p` to the
/// next multiple. They are mapped with `MAP_NORESERVE` (flag `nr`), which Go's tables are not.
pub(super) fn mark_glibc(mappings: &[Mapping], classes: &mut [Option<RegionClass>]) {
    let lowest = highest(mappings);
    for first in 0..mappings.len() {
        let start = mappings[first].start;
        if !start.is_multiple_of(ARENA) || start < lowest || !mappings[first].is_readable_writable()
        {
            continue;
        }
        if let Some(count) = glibc_arena(&mappings[first..])
            && classes[first..first + count].iter().all(Option::is_none)
        {
            classes[first..first + count].fill(Some(RegionClass::CArena));
        }
    }
}

/// Returns how many of the mappings make up the arena at the first one's start.
fn glibc_arena(mappings: &[Mapping]) -> Option<usize> {
    let start = mappings.first()?.start;
    let arena_end = start.checked_add(ARENA)?;
    let mut expected = start;
    let mut reserved = false;
    for (index, mapping) in mappings.iter().enumerate() {
        let flags = mapping.vm_flags;
        let fits = mapping.start == expected
            && mapping.path.is_empty()
            && mapping.is_private_anonymous()
            && (flags.is_empty() || flags.contains("nr"))
            && (mapping.is_reserved() || (mapping.is_readable_writable() && !reserved));
        if !fits {
            return None;
        }
        reserved |= mapping.is_reserved();
        expected = mapping.end;
        if mapping.end == arena_end {
            // Without flags a mapping of exactly 64 MiB says nothing.
            return (reserved || flags.contains("nr")).then_some(index + 1);
        }
        if mapping.end > arena_end {
            return None;
        }
    }
    None
}
