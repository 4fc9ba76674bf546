//! What must hold for every input; the fuzz target `smaps` runs the same.

use fathom_osmem::cgroup::{
    Cgroup, CgroupStat, Mounts, Pressure, files_to_read, levels, nearest_limit, parse_membership,
};
use fathom_osmem::classify::{AddressSpace, ClassTotals, RegionClass};
use fathom_osmem::mapping::{Mapping, MappingMemory};
use fathom_osmem::process::ProcessMemory;
use fathom_osmem::{Limits, huge_pages, maps, meminfo, smaps, statm, status};

/// Reads the bytes as every kind of file and checks what follows from a reading.
pub(crate) fn read_everything(bytes: &[u8]) {
    let limits = Limits {
        bytes: 1 << 20,
        mappings: 5000,
        line_bytes: 8192,
    };
    if let Ok(partial) = smaps::parse_partial(bytes, &limits) {
        match smaps::parse(bytes, &limits) {
            Ok(mappings) => assert_eq!(mappings, partial.mappings),
            Err(error) => assert_eq!(Some(error), partial.stopped_by),
        }
        classify(partial.mappings);
    }
    if let Ok(mappings) = maps::parse(bytes, &limits) {
        assert!(mappings.iter().all(|mapping| mapping.memory.is_none()));
        classify(mappings);
    }
    if let Ok(sum) = smaps::parse_rollup(bytes) {
        assert_eq!(ProcessMemory::from(&sum).rss, sum.rss);
    }
    if let Ok(status) = status::parse(bytes) {
        assert!(status.pid.is_some());
    }
    let _ = statm::parse(bytes, 4096);
    if let Ok(info) = meminfo::parse(bytes) {
        assert!(info.used() <= info.total);
        assert!(info.droppable_cache() <= info.buffers_and_cache());
    }
    let _ = huge_pages::chosen(bytes);
    if let Ok(group) = Cgroup::from_combined_text(bytes) {
        check_group(&group);
    }
    for name in [
        "memory.current",
        "memory.max",
        "memory.events",
        "memory.oom_control",
    ] {
        if let Ok(groups) = levels([(name, bytes)]) {
            groups.iter().for_each(check_group);
        }
    }
    let _ = CgroupStat::parse(bytes);
    let _ = Pressure::parse(bytes);
    let membership = parse_membership(bytes).unwrap_or_default();
    let mounts = Mounts::parse(bytes).unwrap_or_default();
    for path in files_to_read(&membership, &mounts) {
        assert!(
            !membership
                .v2
                .iter()
                .chain(&membership.memory_v1)
                .any(|group| {
                    group.split('/').any(|part| part == "..") && path.contains(group.as_str())
                })
        );
    }
}

fn check_group(group: &Cgroup) {
    if let (Some(current), Some(working_set)) = (group.current, group.working_set()) {
        assert!(working_set <= current);
    }
    if let Some(binding) = nearest_limit(std::slice::from_ref(group), Some(1 << 40)) {
        assert!(binding.limit < 1 << 40);
    }
}

/// Every mapping has one class, and the classes add up to the whole.
fn classify(mappings: Vec<Mapping>) {
    let count = mappings.len();
    let rss: MappingMemory = mappings.iter().filter_map(|mapping| mapping.memory).sum();
    let space = AddressSpace::classify(mappings, None);
    assert_eq!(space.regions().len(), count);
    let totals = space.totals();
    assert!(totals.keys().all(|class| RegionClass::ALL.contains(class)));
    let sum =
        |part: fn(&ClassTotals) -> u64| totals.values().map(part).fold(0, u64::saturating_add);
    assert_eq!(sum(|total| total.memory.rss), rss.rss);
    assert_eq!(sum(|total| total.size), space.total().size);
    let named: usize = totals.values().map(|total| total.mappings).sum();
    assert_eq!(named, count);
    assert!(space.largest_anonymous(3).len() <= 3);
    let _ = (space.files(), space.shared_memory(), space.go_names());
}
