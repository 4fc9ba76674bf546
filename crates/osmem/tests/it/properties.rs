//! What holds for every address space.

use fathom_osmem::classify::{AddressSpace, RegionClass};
use fathom_osmem::mapping::{Mapping, Permissions};
use fathom_osmem::{Limits, maps};
use proptest::prelude::*;

use crate::any_input::read_everything;

const PAGE: u64 = 4096;
const ARENA: u64 = 64 << 20;

fn permissions() -> impl Strategy<Value = Permissions> {
    any::<[bool; 4]>().prop_map(|[read, write, execute, shared]| Permissions {
        read,
        write,
        execute,
        shared,
    })
}

fn mapping() -> impl Strategy<Value = Mapping> {
    (
        0u64..1 << 34,
        1u64..1 << 16,
        permissions(),
        prop_oneof![
            Just((0, String::new())),
            Just((0, "[heap]".to_owned())),
            Just((0, "[anon: Go: heap]".to_owned())),
            (1u64..1000, "/[a-z ]{1,12}[a-z]").prop_map(|(inode, path)| (inode, path)),
        ],
        any::<bool>(),
    )
        .prop_map(
            |(start, pages, permissions, (inode, path), deleted)| Mapping {
                start: start * PAGE,
                end: (start + pages) * PAGE,
                permissions,
                inode,
                deleted: deleted && path.starts_with('/'),
                path,
                ..Mapping::default()
            },
        )
}

fn written(mapping: &Mapping) -> String {
    format!(
        "{:08x}-{:08x} {} {:08x} {:02x}:{:02x} {} {:>26}{}{}\n",
        mapping.start,
        mapping.end,
        mapping.permissions,
        mapping.offset,
        mapping.device.0,
        mapping.device.1,
        mapping.inode,
        "",
        mapping.path,
        if mapping.deleted { " (deleted)" } else { "" }
    )
}

/// Go arenas: where they begin, how many, which pieces of each are accessible.
fn arenas() -> impl Strategy<Value = (u64, Vec<u64>)> {
    (
        64u64..(1 << 46) / ARENA - 64,
        prop::collection::vec(0u64..=16, 1..8),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(mappings in prop::collection::vec(mapping(), 1..20)) {
        let text: String = mappings.iter().map(written).collect();
        prop_assert_eq!(maps::parse(text.as_bytes(), &Limits::default()).unwrap(), mappings);
    }

    #[test]
    fn every_mapping_has_one_class(mappings in prop::collection::vec(mapping(), 0..40)) {
        let size: u64 = mappings.iter().map(Mapping::size).sum();
        let count = mappings.len();
        let space = AddressSpace::classify(mappings, None);
        let totals = space.totals();
        prop_assert_eq!(totals.values().map(|total| total.size).sum::<u64>(), size);
        prop_assert_eq!(totals.values().map(|total| total.mappings).sum::<usize>(), count);
        prop_assert!(space.arena_rw_size() + space.off_heap_rw_size() <= size);
    }

    /// Whatever part of its arenas a runtime has made accessible, the sizes add up.
    #[test]
    fn arenas_are_found_wherever_they_lie((first, accessible) in arenas(), lead in 0u64..4) {
        // Each arena begins with up to 12 MiB that are not accessible, in steps of 4 MiB.
        let mut mappings = Vec::new();
        for (index, &pieces) in (0u64..).zip(&accessible) {
            let start = (first + index) * ARENA;
            let lead = lead.min(16 - pieces);
            let cuts = [start, start + (lead << 22), start + ((lead + pieces) << 22), start + ARENA];
            for (piece, edges) in cuts.windows(2).enumerate() {
                if edges[0] < edges[1] {
                    mappings.push(Mapping {
                        start: edges[0],
                        end: edges[1],
                        permissions: Permissions { read: piece == 1, write: piece == 1, ..Permissions::default() },
                        ..Mapping::default()
                    });
                }
            }
        }
        let total = accessible.iter().sum::<u64>() << 22;
        mappings.push(Mapping {
            start: 0x7ffc_faaf_3000,
            end: 0x7ffc_fab1_4000,
            path: "[stack]".to_owned(),
            ..Mapping::default()
        });
        let space = AddressSpace::classify(mappings, None);
        prop_assert_eq!(space.arena_rw_size(), total);
        if total > 0 {
            prop_assert_eq!(space.class_total(RegionClass::GoArena).size, ARENA * accessible.len() as u64);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_everything(&bytes);
    }

    #[test]
    fn near_misses_are_read_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                mapping().prop_map(|mapping| written(&mapping)),
                "(Rss|Pss|Swap|VmFlags|MemTotal|MemFree|Name|Pid|anon|some|0:|4:memory:/a): {1,3}[0-9]{0,21}( kB)?\n?",
                "memory\\.(current|max|usage_in_bytes) (max|[0-9]{1,20})\n",
            ],
            0..30,
        )
    ) {
        read_everything(lines.concat().as_bytes());
    }
}
