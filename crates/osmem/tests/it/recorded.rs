//! Identities that must hold on every recorded program (Go 1.27.3, Linux 6.18, amd64).

use std::collections::BTreeMap;

use fathom_osmem::cgroup::{Cgroup, Limit, Version};
use fathom_osmem::classify::{AddressSpace, RegionClass};
use fathom_osmem::{Limits, maps, smaps, statm, status};

use crate::cases::Case;

/// The collector's work buffers come in pieces of 32 KiB.
const WORK_BUFFERS: i128 = 32 << 10;

/// `arena rw-p - (HeapSys + StackInuse)`: the work buffers that are in use.
fn arena_gap(case: &Case, space: &AddressSpace) -> i128 {
    let stats = case.mem_stats();
    i128::from(space.arena_rw_size())
        - i128::from(stats.bytes("HeapSys"))
        - i128::from(stats.bytes("StackInuse"))
}

#[test]
fn arenas_are_heap_and_stacks_to_the_byte() {
    for case in Case::all() {
        let gap = arena_gap(&case, &case.space());
        // This one was collecting when it was read.
        let expected = if case.name == "memlimit_thrash" {
            WORK_BUFFERS
        } else {
            0
        };
        assert_eq!(gap, expected, "{}", case.name);
    }
}

#[test]
fn off_heap_memory_is_the_runtime_s_own_classes() {
    const TOLERANCE: i128 = 256 << 10;
    const HEAP_INDEX: i128 = 32 << 20;
    for case in Case::all() {
        let stats = case.mem_stats();
        let space = case.space();
        let classes: i128 = ["MSpanSys", "MCacheSys", "BuckHashSys", "GCSys", "OtherSys"]
            .iter()
            .map(|field| i128::from(stats.bytes(field)))
            .sum();
        let excess =
            i128::from(space.off_heap_rw_size()) - HEAP_INDEX - classes + arena_gap(&case, &space);
        match case.name.as_str() {
            // One mmap(2) of 150 MiB.
            "mmap_anon" => assert_eq!(excess, 157_292_280),
            // 200 MiB of malloc, four arenas and the stacks of four threads.
            "cgo_malloc" => assert!((200 << 20..256 << 20).contains(&excess), "{excess}"),
            name => assert!(excess.abs() <= TOLERANCE, "{name}: {excess}"),
        }
    }
}

#[test]
fn classes_add_up_to_the_resident_size() {
    for case in Case::all() {
        let space = case.space();
        let rss: u64 = space.totals().values().map(|total| total.memory.rss).sum();
        let summary: serde_json::Value =
            serde_json::from_slice(&case.read("summary.json")).unwrap();
        assert_eq!(Some(rss), summary["rss_smaps"].as_u64(), "{}", case.name);
        let memory = space.process_memory().unwrap();
        assert_eq!(memory.rss, rss);
        assert_eq!(memory.uss + memory.shared, rss, "{}", case.name);
        assert!(
            memory.uss <= memory.pss && memory.pss <= rss,
            "{}",
            case.name
        );
    }
}

#[test]
fn the_second_opinion_agrees_class_by_class() {
    for case in Case::all() {
        let summary: serde_json::Value =
            serde_json::from_slice(&case.read("summary.json")).unwrap();
        let tags = &summary["vma_tags"];
        let space = case.space();
        let ours = |classes: &[RegionClass]| -> u64 {
            classes
                .iter()
                .map(|&class| space.class_total(class).memory.rss)
                .sum()
        };
        for (tag, classes) in [
            ("go-arena", [RegionClass::GoArena].as_slice()),
            ("binary-bss", &[RegionClass::BinaryBss]),
            ("main-stack", &[RegionClass::MainStack]),
            ("kernel", &[RegionClass::Kernel]),
            (
                "binary-file",
                &[RegionClass::BinaryText, RegionClass::BinaryData],
            ),
        ] {
            let theirs = |name: &str| tags[name]["rss"].as_u64().unwrap_or(0);
            let theirs = match tag {
                "binary-file" => theirs("binary-file") + theirs("binary-data"),
                tag => theirs(tag),
            };
            // What smaps gave when their numbers were taken may be a moment older.
            assert_eq!(ours(classes), theirs, "{} {tag}", case.name);
        }
    }
}

#[test]
fn the_rollup_and_the_status_agree_with_the_sum() {
    let mut idle = 0;
    for case in Case::all() {
        let space = case.space();
        let sum = space.total().memory;
        let rollup = smaps::parse_rollup(&case.read("smaps_rollup.txt")).unwrap();
        let status = status::parse(&case.read("status.txt")).unwrap();
        let statm = statm::parse(&case.read("statm.txt"), 4096).unwrap();
        assert_eq!(status.name, "prog");
        assert_eq!(
            status.vm_rss.unwrap(),
            status.rss_anon.unwrap() + status.rss_file.unwrap() + status.rss_shmem.unwrap()
        );
        assert_eq!(statm.size.abs_diff(status.vm_size.unwrap()) % 4096, 0);
        // These two were allocating between the readings.
        if ["gogc_headroom", "memlimit_thrash"].contains(&case.name.as_str()) {
            assert!(sum.rss.abs_diff(rollup.rss) < 4 << 20, "{}", case.name);
            continue;
        }
        idle += 1;
        assert_eq!(sum.rss, rollup.rss, "{}", case.name);
        assert_eq!(sum.anonymous, rollup.anonymous, "{}", case.name);
        assert_eq!(Some(sum.rss), status.vm_rss, "{}", case.name);
        assert_eq!(Some(space.virtual_size()), status.vm_size, "{}", case.name);
        assert_eq!(Some(sum.swap), status.vm_swap);
    }
    assert_eq!(idle, 20);
}

#[test]
fn maps_alone_gives_the_same_classes() {
    for case in Case::all() {
        let by_address = |space: &AddressSpace| -> BTreeMap<(u64, u64), RegionClass> {
            space
                .regions()
                .iter()
                .map(|region| ((region.mapping.start, region.mapping.end), region.class))
                .collect()
        };
        let mappings = maps::parse(&case.read("maps.txt"), &Limits::default()).unwrap();
        let by_maps_alone = AddressSpace::classify(mappings, None);
        assert_eq!(by_maps_alone.process_memory(), None);
        let with_memory = by_address(&case.space());
        let mut compared = 0;
        for (address, class) in by_address(&by_maps_alone) {
            // Without flags, relocated data that is read-only now looks like text.
            let relro = with_memory.get(&address) == Some(&RegionClass::BinaryData)
                && class == RegionClass::BinaryText;
            if let Some(expected) = with_memory.get(&address)
                && !relro
            {
                assert_eq!(class, *expected, "{} {address:x?}", case.name);
                compared += 1;
            }
        }
        assert!(compared > 15, "{} {compared}", case.name);
    }
}

#[test]
fn what_the_programs_did_is_where_it_belongs() {
    let rss = |name: &str, class| Case::named(name).space().class_total(class).memory.rss >> 20;
    assert_eq!(rss("shmem", RegionClass::SharedMemory), 128);
    assert_eq!(rss("mmap_file", RegionClass::FileMapped), 200);
    assert_eq!(rss("mmap_anon", RegionClass::OtherAnonymous), 150);
    assert_eq!(rss("idle_retained", RegionClass::GoArena), 400);

    let shared = Case::named("shmem").space().shared_memory();
    assert_eq!(shared.len(), 1);
    assert!(shared[0].path.starts_with("/dev/shm/fathom") && shared[0].deleted);
    assert_eq!(shared[0].size, 128 << 20);

    let files = Case::named("mmap_file").space().files();
    assert!(files[0].path.starts_with("/data/mmapfile") && files[0].deleted);
    assert_eq!(files[0].memory.rss, 200 << 20);
    assert_eq!(files[1].path, "/src/mmap_file/prog");
    assert_eq!(
        Case::named("mmap_file").space().exe(),
        Some("/src/mmap_file/prog")
    );

    let space = Case::named("mmap_anon").space();
    let largest = space.largest_anonymous(2);
    assert_eq!(largest.len(), 2);
    assert_eq!(largest[0].mapping.memory.unwrap().rss, 150 << 20);
}

#[test]
fn lazy_free_and_huge_pages_lie_in_the_arenas() {
    let arena = |name: &str| {
        Case::named(name)
            .space()
            .class_total(RegionClass::GoArena)
            .memory
    };
    assert!(arena("madv_free").lazy_free > 190 << 20);
    assert_eq!(arena("thp").anon_huge_pages, 102 << 20);
    assert_eq!(arena("idle_retained").lazy_free, 0);
}

#[test]
fn a_cgo_program_shows_c_s_arenas_stacks_and_heap() {
    let space = Case::named("cgo_malloc").space();
    let count = |class| space.class_total(class).mappings;
    // Four arenas of `rw-p` and `---p`; four stacks, each with its guard.
    assert_eq!(count(RegionClass::CArena), 8);
    assert_eq!(count(RegionClass::ThreadStack), 8);
    assert_eq!(space.class_total(RegionClass::CArena).size, 4 * (64 << 20));
    assert_eq!(
        space.class_total(RegionClass::ThreadStack).size,
        4 * ((8 << 20) + 4096)
    );
    assert_eq!(count(RegionClass::CHeap), 1);
    assert_eq!(count(RegionClass::LibraryFile), 10);
    assert_eq!(count(RegionClass::GoArena), 3);
    // The page that was relocated and then made read-only.
    assert_eq!(count(RegionClass::BinaryData), 2);
    assert_eq!(count(RegionClass::BinaryText), 3);
}

#[test]
fn charges_of_version_1() {
    for case in Case::all() {
        let group = Cgroup::from_combined_text(&case.read("cgroup.txt")).unwrap();
        assert_eq!(group.version, Version::V1);
        assert_eq!(group.limit, Some(Limit::Unlimited));
        assert_eq!(group.failcnt, Some(0));
        // Charges come in batches of 64 pages a CPU, so the parts explain all but those.
        let gap = group.identity().unwrap().gap();
        assert!((0..1 << 20).contains(&gap), "{}: {gap}", case.name);
        if case.name == "madv_free" {
            // 197.7 MiB were released with MADV_FREE; they moved to the file list.
            assert_eq!(group.file_lists_gap(), Some(207_335_424));
            continue;
        }
        assert_eq!(group.file_lists_gap(), Some(0), "{}", case.name);
        assert!(
            group.anon_lists_gap().unwrap().abs() <= 64 << 10,
            "{}",
            case.name
        );
    }
}

#[test]
fn the_working_set_leaves_the_inactive_cache_out() {
    let group =
        |name: &str| Cgroup::from_combined_text(&Case::named(name).read("cgroup.txt")).unwrap();
    let page_cache = group("page_cache");
    assert_eq!(page_cache.current, Some(164_352_000));
    assert_eq!(page_cache.working_set(), Some(164_352_000 - 157_286_400));
    assert_eq!(page_cache.page_cache(), Some(157_298_688));
    assert_eq!(page_cache.reclaimable(), Some(157_298_688 - 4096));
    let shmem = group("shmem");
    assert_eq!(shmem.working_set(), shmem.current);
    assert_eq!(shmem.page_cache(), Some(0));
}
